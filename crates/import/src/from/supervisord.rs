//! supervisord: `[program:x]` and `[group:x]` are mapped, everything else is named.

use std::time::Duration;

use super::common::{program, take_port};
use crate::{
    error::ImportError,
    kind::Kind,
    names::Names,
    note::join,
    read::Reader,
    service::{RestartWhen, Run, Service},
    text::{self, Section, duration, escape, flag, size, split},
};

const SECOND: Duration = Duration::from_secs(1);

/// Settings of a program that have no equivalent, and what to do instead.
const LOST: [(&str, &str, &str); 10] = [
    ("priority", "there is no order by number", "say what it needs: depends_on = { db = \"ready\" }"),
    ("process_name", "instances are named by their number", "nothing to do"),
    ("numprocs_start", "instances are counted from 0", "nothing to do"),
    ("stdout_events_enabled", "there are no event listeners", "follow the log: ostler logs -f --json"),
    ("stderr_events_enabled", "there are no event listeners", "follow the log: ostler logs -f --json"),
    ("stdout_syslog", "output goes to Ostler's own files", "read it: ostler logs"),
    ("stderr_syslog", "output goes to Ostler's own files", "read it: ostler logs"),
    ("serverurl", "there is no XML-RPC server", "use the control socket: ostler socket"),
    ("stdout_capture_maxbytes", "there is no capture mode", "follow the log: ostler logs -f"),
    ("stderr_capture_maxbytes", "there is no capture mode", "follow the log: ostler logs -f"),
];

/// Settings that mean what Ostler does anyway, or that only matter with its own files.
const QUIET: [&str; 5] =
    ["redirect_stderr", "stopasgroup", "killasgroup", "stderr_logfile_maxbytes", "stderr_logfile_backups"];

pub(crate) fn read(text: &str, reader: &mut Reader<'_>) -> Result<Vec<Service>, ImportError> {
    let sections = text::ini(text)?;
    let is_ours =
        |name: &str| name.contains(':') || name.starts_with("supervisor") || name.ends_with("http_server");
    if !sections.iter().any(|section| is_ours(&section.name)) {
        let missing = "it has no [program:…] section".to_owned();
        return Err(ImportError::WrongKind { kind: Kind::Supervisord, missing, looks: None });
    }
    let mut names = Names::default();
    let mut services = Vec::new();
    for section in &sections {
        match section.name.split_once(':') {
            Some(("program", origin)) => services.extend(one(origin.trim(), section, &mut names, reader)),
            Some(("group", _)) => {}
            _ => named_only(section, reader),
        }
    }
    for section in &sections {
        if let Some(("group", group)) = section.name.split_once(':') {
            members(group.trim(), section, &names, &mut services, reader);
        }
    }
    Ok(services)
}

/// A section that is no program: one note.
fn named_only(section: &Section, reader: &mut Reader<'_>) {
    let key = format!("[{}]", section.name);
    let kind = section.name.split(':').next().unwrap_or_default();
    let (message, instead) = match kind {
        "eventlistener" => ("there are no event listeners", "use hooks, or follow: ostler logs -f --json"),
        "fcgi-program" => {
            ("sockets are not held for FastCGI programs", "let the program open its own socket")
        }
        "include" => ("files that are included are not read", "import each of them"),
        "unix_http_server" | "inet_http_server" | "rpcinterface" | "supervisorctl" => {
            return reader.notes.kept(
                section.line,
                key,
                "Ostler has its own control socket",
                "ostler socket",
            );
        }
        "supervisord" => {
            return reader.notes.kept(
                section.line,
                key,
                "the supervisor has its own settings",
                "see [supervisor]",
            );
        }
        _ => ("is no section of supervisord", "nothing to do"),
    };
    reader.notes.lost(section.line, key, message, instead);
}

fn members(group: &str, section: &Section, names: &Names, services: &mut [Service], reader: &mut Reader<'_>) {
    for setting in &section.settings {
        let key = format!("[{}].{}", section.name, setting.key);
        if setting.key != "programs" {
            reader.notes.lost(
                setting.line,
                key,
                "there is no order by number",
                "say what needs what: depends_on",
            );
            continue;
        }
        for origin in setting.value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let name = names.get(origin);
            match services.iter_mut().find(|service| Some(service.name.as_str()) == name) {
                Some(service) => service.group = Some(escape(group)),
                None => {
                    reader.notes.lost(
                        setting.line,
                        &*key,
                        "names a program that is not here",
                        "import its file too",
                    );
                }
            }
        }
    }
}

/// What `%(…)s` is filled with, and whether something was left.
struct Holes<'a> {
    program: &'a str,
    folder: String,
    has_unknown: bool,
    /// A number was wanted with leading zeros.
    has_width: bool,
}

impl Holes<'_> {
    /// Fills `%(program_name)s`, `%(here)s`, `%(ENV_X)s`, `%(process_num)d`, `%%`; other dollars stay.
    fn fill(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            out.push_str(&escape(&rest[..at]));
            let after = &rest[at + 1..];
            if let Some(next) = after.strip_prefix('%') {
                out.push('%');
                rest = next;
            } else if let Some((name, next)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')'))
            {
                // The letter of the format, with its width.
                let end = next.find(|c: char| c.is_ascii_alphabetic()).map_or(next.len(), |at| at + 1);
                self.has_width |= name == "process_num" && next[..end].starts_with('0');
                out.push_str(&self.hole(name));
                rest = &next[end..];
            } else {
                out.push('%');
                rest = after;
            }
        }
        out.push_str(&escape(rest));
        out
    }

    fn hole(&mut self, name: &str) -> String {
        match name {
            "program_name" | "group_name" => escape(self.program),
            "here" => self.folder.clone(),
            "process_num" => "${instance}".to_owned(),
            _ => match name.strip_prefix("ENV_") {
                Some(variable) => format!("${{env:{variable}:-}}"),
                None => {
                    self.has_unknown = true;
                    String::new()
                }
            },
        }
    }
}

fn one(origin: &str, section: &Section, names: &mut Names, reader: &mut Reader<'_>) -> Option<Service> {
    let path = format!("[{}]", section.name);
    let mut service = Service {
        origin: origin.to_owned(),
        line: section.line,
        working_dir: reader.folder(None),
        ..Service::default()
    };
    let here = reader.folder(None).unwrap_or_else(|| "${config_dir}".to_owned());
    let mut holes = Holes { program: origin, folder: here, has_unknown: false, has_width: false };
    let mut seconds = None;
    for setting in &section.settings {
        let key = join(&path, &setting.key);
        let before = holes.has_unknown;
        let value = setting.value.trim();
        match expected(&setting.key, value) {
            Some(expected) => {
                let message = format!("is not {expected}, and was left out");
                reader.notes.lost(setting.line, &*key, &message, "write the value itself");
            }
            None if apply(&setting.key, value, &mut service, &mut holes, reader)
                || QUIET.contains(&setting.key.as_str()) => {}
            None => leftover(setting, &key, value, &mut service, reader),
        }
        if std::mem::take(&mut holes.has_width) {
            let message = "counts with leading zeros; here it is the plain number of the instance";
            reader.notes.changed(setting.line, &*key, message, "give ports by `ports`, and use ${port}");
        }
        if setting.key == "startsecs" {
            seconds = duration(value, SECOND);
        }
        if holes.has_unknown && !before {
            let message = "holds %(…)s that Ostler does not fill in";
            reader.notes.lost(setting.line, key, message, "write the value, or ${env:NAME}");
        }
    }
    if matches!(&service.run, Run::Shell(line) if line.is_empty()) {
        reader.notes.lost(section.line, path, "has no command, and was left out", "give it one");
        return None;
    }
    // A program that may end at once and is not restarted is a task.
    service.oneshot = seconds == Some(Duration::ZERO) && service.restart.policy == Some(RestartWhen::Never);
    service.ports.extend(take_port(&mut service.env).map(|port| (String::new(), port)));
    service.name = names.add(origin);
    Some(service)
}

/// What a setting should say, if it does not. A value may be an expression that only supervisord can fill in.
fn expected(key: &str, value: &str) -> Option<&'static str> {
    let is_number = value.parse::<i64>().is_ok_and(|number| number >= 0);
    match key {
        "autostart" => flag(value).is_none().then_some("true or false"),
        "autorestart" => (flag(value).is_none() && !value.eq_ignore_ascii_case("unexpected"))
            .then_some("true, false or unexpected"),
        "startsecs" | "stopwaitsecs" => duration(value, SECOND).is_none().then_some("a number of seconds"),
        "startretries" | "stdout_logfile_backups" => (!is_number).then_some("a number"),
        "numprocs" => value.parse::<u16>().is_err().then_some("a number of processes"),
        "stdout_logfile_maxbytes" => (value != "0" && size(value).is_none()).then_some("a size"),
        "umask" => {
            u32::from_str_radix(value.trim_start_matches("0o"), 8).is_err().then_some("an octal number")
        }
        "exitcodes" => {
            value.split(',').any(|code| code.trim().parse::<u8>().is_err()).then_some("a list of exit codes")
        }
        _ => None,
    }
}

/// Takes a setting that has an equivalent.
fn apply(key: &str, value: &str, service: &mut Service, holes: &mut Holes<'_>, reader: &Reader<'_>) -> bool {
    let count =
        |text: &str| text.parse::<i64>().ok().filter(|count| (0..=i64::from(u32::MAX)).contains(count));
    match key {
        "command" => {
            let filled = |text: &str, holes: &mut Holes<'_>| holes.fill(text);
            service.run = match split(value).filter(|words| !words.is_empty()) {
                Some(words) if !words[0].contains(char::is_whitespace) => {
                    let mut words = words.iter().map(|word| filled(word, holes));
                    Run::Program(words.next().unwrap_or_default(), words.collect())
                }
                Some(words) => program(words),
                None => Run::Shell(filled(value, holes)),
            };
        }
        "directory" => {
            let folder = holes.fill(value);
            let is_whole = folder.starts_with(['/', '~', '$']);
            service.working_dir = if is_whole { Some(folder) } else { reader.folder(Some(value)) };
        }
        "autostart" => service.enabled = flag(value).filter(|flag| !flag),
        "autorestart" => {
            service.restart.policy = match value.to_ascii_lowercase().as_str() {
                "unexpected" => Some(RestartWhen::OnFailure),
                _ => Some(if flag(value) == Some(true) { RestartWhen::Always } else { RestartWhen::Never }),
            };
        }
        "startsecs" => service.restart.startup_crash = duration(value, SECOND),
        "startretries" => service.restart.startup_retries = count(value),
        "exitcodes" => {
            service.success_exit_codes =
                value.split(',').filter_map(|code| code.trim().parse().ok()).collect();
        }
        "stopsignal" => service.stop.signal = Some(format!("SIG{}", value.trim_start_matches("SIG"))),
        "stopwaitsecs" => service.stop.grace = duration(value, SECOND),
        "numprocs" => service.instances = value.parse().ok().filter(|&count| count > 0),
        "user" => service.user = Some(holes.fill(value)).filter(|user| !user.is_empty()),
        "umask" => service.umask = Some(format!("{:0>3}", value.trim_start_matches("0o"))),
        // No limit is no size here; the default stays.
        "stdout_logfile_maxbytes" => service.log_size = size(value),
        "stdout_logfile_backups" => service.log_files = count(value).map(|backups| (backups + 1).min(1000)),
        "environment" => service.env = environment(value, holes),
        _ => return false,
    }
    true
}

fn leftover(setting: &text::Setting, key: &str, value: &str, service: &mut Service, reader: &mut Reader<'_>) {
    match setting.key.as_str() {
        "stdout_logfile" | "stderr_logfile" => {
            let is_plain =
                matches!(value, "AUTO" | "NONE" | "/dev/stdout" | "/dev/stderr" | "/dev/fd/1" | "/dev/fd/2");
            if !is_plain {
                let message = "output goes to Ostler's own files";
                reader.notes.lost(
                    setting.line,
                    key,
                    message,
                    &format!("read it: ostler logs {}", service.origin),
                );
            }
        }
        _ => match LOST.iter().find(|(lost, ..)| *lost == setting.key) {
            Some((_, message, instead)) => reader.notes.lost(setting.line, key, message, instead),
            None => {
                let instead = "look for a key of the same meaning: ostler config schema";
                reader.notes.lost(setting.line, key, "is not known, and was left out", instead);
            }
        },
    }
}

/// `A="1",B='2',C=3`, over several lines.
fn environment(value: &str, holes: &mut Holes<'_>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = value.trim();
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == ',');
        let after = after.trim_start();
        let (value, next) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            Some(_) | None => {
                let end = after.find([',', '\n']).unwrap_or(after.len());
                (after[..end].trim(), &after[end..])
            }
        };
        if !name.is_empty() {
            pairs.push((name.to_owned(), holes.fill(value)));
        }
        rest = next.trim_start_matches([',', ' ', '\n', '\t', '\r']);
    }
    pairs
}
