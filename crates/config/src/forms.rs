//! Rules for texts: each says what is wrong in words.

use std::net::IpAddr;

use ostler_core::{NAME_MAX, ServiceName, Signal};
use regex::RegexBuilder;

use crate::keys::Form;

/// The most memory a compiled regular expression may take.
pub(crate) const REGEX_BYTES_MAX: usize = 1 << 20;

const RLIMITS: [&str; 16] = [
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

pub(crate) static NAME: Form = Form { what: "a name", check: name, pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" };
pub(crate) static VARIABLE: Form =
    Form { what: "the name of a variable", check: variable, pattern: "^[^=\\x00]+$" };
pub(crate) static HEADER: Form =
    Form { what: "the name of a header", check: header, pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" };
pub(crate) static SIGNAL: Form = Form { what: "the name of a signal", check: signal, pattern: "" };
pub(crate) static REGEX: Form = Form { what: "a regular expression", check: regex, pattern: "" };
pub(crate) static CRON: Form = Form { what: "a cron expression", check: cron, pattern: "" };
pub(crate) static TIMEZONE: Form = Form { what: "a time zone", check: timezone, pattern: "" };
pub(crate) static STATUS: Form =
    Form { what: "an HTTP status", check: status, pattern: "^[1-5](xx|[0-9]{2}(-[1-5][0-9]{2})?)$" };
pub(crate) static UMASK: Form = Form { what: "an octal mask", check: umask, pattern: "^0?[0-7]{3}$" };
pub(crate) static URL: Form = Form { what: "a URL", check: url, pattern: "" };
pub(crate) static OPAMP_URL: Form = Form { what: "a URL", check: opamp_url, pattern: "" };
pub(crate) static OPTIONAL_URL: Form = Form { what: "a URL or nothing", check: optional_url, pattern: "" };
pub(crate) static ORIGIN: Form = Form { what: "an origin", check: origin, pattern: "" };
pub(crate) static ADDRESS: Form = Form { what: "an address", check: address, pattern: "" };
pub(crate) static HOST: Form = Form { what: "a host", check: host, pattern: "" };
pub(crate) static NETWORK: Form = Form { what: "an IP address or network", check: network, pattern: "" };
pub(crate) static PATH: Form = Form { what: "a path that begins with `/`", check: url_path, pattern: "^/" };
pub(crate) static GLOB: Form = Form { what: "a file pattern", check: file_glob, pattern: "" };
pub(crate) static NOT_EMPTY: Form = Form { what: "a text", check: not_empty, pattern: "." };
pub(crate) static BEARER: Form = Form { what: "a key without spaces", check: bearer, pattern: "^[!-~]+$" };
pub(crate) static FILTER: Form = Form { what: "a log level or filter", check: filter, pattern: "" };
pub(crate) static LOSS: Form = Form { what: "what happens to services", check: loss, pattern: "" };
pub(crate) static CGROUP: Form = Form { what: "\"auto\", \"off\" or a path", check: cgroup, pattern: "" };
pub(crate) static METHOD: Form =
    Form { what: "a command or \"*\"", check: method, pattern: "^(\\*|[a-z_]+)$" };
pub(crate) static RLIMIT: Form = Form { what: "the name of a limit", check: rlimit, pattern: "" };

fn name(text: &str) -> Result<(), String> {
    match ServiceName::new(text) {
        Ok(_) => Ok(()),
        // The core speaks of services; here it may be any name.
        Err(error) => Err(error.to_string().replacen("service name", "the name", 1)),
    }
}

fn variable(text: &str) -> Result<(), String> {
    match text {
        "" => Err("the name of the variable is empty".to_owned()),
        _ if text.contains('=') => Err(format!("the name of a variable contains no `=`, found {text:?}")),
        _ if text.contains('\0') => Err("the name of a variable contains a NUL".to_owned()),
        _ => Ok(()),
    }
}

fn header(text: &str) -> Result<(), String> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !text.is_empty() && text.chars().all(is_token) {
        Ok(())
    } else {
        Err(format!("{text:?} cannot be the name of a header"))
    }
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("the text is empty".to_owned());
    }
    if text.contains('\0') { Err("the text contains a NUL character".to_owned()) } else { Ok(()) }
}

fn bearer(text: &str) -> Result<(), String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err("the value is not a key without spaces".to_owned())
    }
}

fn signal(text: &str) -> Result<(), String> {
    Signal::parse(text).map(|_| ()).ok_or_else(|| format!("{text:?} is not a signal"))
}

fn regex(text: &str) -> Result<(), String> {
    let built = RegexBuilder::new(text).size_limit(REGEX_BYTES_MAX).build();
    match built {
        Ok(_) if text.is_empty() => {
            Err("the regular expression is empty and would match every line".to_owned())
        }
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => Err("the regular expression is too large".to_owned()),
        Err(error) => {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Err(format!("the regular expression is wrong: {reason}"))
        }
    }
}

fn cron(text: &str) -> Result<(), String> {
    let fields = text.split_whitespace().count();
    if !text.trim_start().starts_with('@') && fields != 5 && fields != 6 {
        return Err(format!(
            "a cron expression has 5 fields (minute hour day month weekday), found {fields}"
        ));
    }
    let parsed: Result<croner::Cron, _> = text.parse();
    parsed.map(|_| ()).map_err(|error| {
        let text = error.to_string();
        let reason = text.rsplit(": ").next().unwrap_or(&text).trim_end_matches('.');
        format!("the cron expression is wrong: {reason}")
    })
}

fn timezone(text: &str) -> Result<(), String> {
    let database = jiff::tz::db();
    if matches!(text, "local" | "UTC") || database.is_definitively_empty() || database.get(text).is_ok() {
        return Ok(());
    }
    Err(format!("there is no time zone {text:?}"))
}

/// Reads `"2xx"`, `"401"` or `"200-204"` as an inclusive range.
pub(crate) fn parse_status(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|n| text.len() == 3 && (100..=599).contains(n));
    if let Some(class) = text.strip_suffix("xx") {
        let class = class.parse::<u16>().ok().filter(|n| class.len() == 1 && (1..=5).contains(n))?;
        return Some((class * 100, class * 100 + 99));
    }
    match text.split_once('-') {
        Some((first, last)) => Some((number(first)?, number(last)?)).filter(|(first, last)| first <= last),
        None => number(text).map(|n| (n, n)),
    }
}

fn status(text: &str) -> Result<(), String> {
    parse_status(text).map(|_| ()).ok_or_else(|| format!("{text:?} is not an HTTP status"))
}

fn umask(text: &str) -> Result<(), String> {
    let is_octal =
        matches!(text.len(), 3 | 4) && u32::from_str_radix(text, 8).is_ok_and(|mask| mask <= 0o777);
    if is_octal { Ok(()) } else { Err("a mask has three octal digits".to_owned()) }
}

fn url_of(text: &str, schemes: &[&str]) -> Result<(), String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("the URL has no scheme".to_owned());
    };
    if !schemes.contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(format!("the scheme of the URL must be {}", crate::nearest::either(schemes)));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host_port.is_empty() || host_port.starts_with(':') {
        return Err("the URL has no host".to_owned());
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("the URL contains a space".to_owned());
    }
    let port =
        host_port.rsplit_once(']').map_or(host_port, |(_, after)| after).rsplit_once(':').map(|(_, p)| p);
    match port {
        Some(port) if port.parse::<u16>().is_ok_and(|port| port > 0) => Ok(()),
        Some(_) => Err("the port of the URL is not a number from 1 to 65535".to_owned()),
        None => Ok(()),
    }
}

fn url(text: &str) -> Result<(), String> {
    url_of(text, &["http", "https"])
}

fn opamp_url(text: &str) -> Result<(), String> {
    url_of(text, &["ws", "wss", "http", "https"])
}

fn optional_url(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { url(text) }
}

fn origin(text: &str) -> Result<(), String> {
    url(text)?;
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    if text.contains('*') {
        return Err("an origin is exact: no `*`".to_owned());
    }
    if rest.contains(['/', '?', '#', '@']) { Err("an origin has no path".to_owned()) } else { Ok(()) }
}

fn address(text: &str) -> Result<(), String> {
    let (host, port) = text.rsplit_once(':').ok_or_else(|| "the address has no port".to_owned())?;
    if host.is_empty() {
        return Err("the address has no host".to_owned());
    }
    if text.contains("://") {
        return Err("the address is a URL".to_owned());
    }
    if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
        return Err("an IPv6 address stands in brackets".to_owned());
    }
    match port.parse::<u16>() {
        Ok(1..) => Ok(()),
        Ok(0) | Err(_) => Err("the port of the address is not a number from 1 to 65535".to_owned()),
    }
}

/// Whether a host as written in the file is this machine only.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn host(text: &str) -> Result<(), String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let is_name = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let looks_like_ip = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if text.is_empty() {
        return Err("the host is empty".to_owned());
    }
    if bare.parse::<IpAddr>().is_ok() || (is_name && !looks_like_ip) {
        return Ok(());
    }
    Err(format!("{text:?} is neither an IP address nor a host name"))
}

fn network(text: &str) -> Result<(), String> {
    let wrong = || format!("{text:?} is neither an IP address nor a network");
    let (ip, bits) = text.split_once('/').map_or((text, None), |(ip, bits)| (ip, Some(bits)));
    let ip: IpAddr = ip.parse().map_err(|_| wrong())?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    match bits.map(str::parse::<u8>) {
        None => Ok(()),
        Some(Ok(bits)) if bits <= most => Ok(()),
        Some(Ok(_) | Err(_)) => Err(wrong()),
    }
}

fn url_path(text: &str) -> Result<(), String> {
    if !text.starts_with('/') {
        return Err(format!("the path {text:?} does not begin with `/`"));
    }
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#');
    if text.contains(is_bad) {
        Err(format!("the path {text:?} has a character that no path has"))
    } else {
        Ok(())
    }
}

fn file_glob(text: &str) -> Result<(), String> {
    not_empty(text)?;
    glob::Pattern::new(text).map(|_| ()).map_err(|error| format!("the pattern is wrong: {}", error.msg))
}

fn filter(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("the level is empty".to_owned());
    }
    let is_level = |word: &str| LEVELS.contains(&word.to_ascii_lowercase().as_str());
    for directive in text.split(',').map(str::trim) {
        match directive.rsplit_once('=') {
            Some((_, level)) if !is_level(level.trim()) => {
                return Err(format!("{level:?} is not a log level"));
            }
            None if !is_level(directive) && !text.contains([',', '=', '[']) => {
                return Err(format!("{directive:?} is not a log level"));
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn loss(text: &str) -> Result<(), String> {
    match text.split_once(' ') {
        None if matches!(text, "revive" | "keep") => Ok(()),
        None if text == "stop-after" => Err("\"stop-after\" needs a duration".to_owned()),
        Some(("stop-after", duration)) => crate::quantity::parse_duration(duration).map(|_| ()),
        Some(_) | None => Err(format!("{text:?} is unknown here")),
    }
}

fn cgroup(text: &str) -> Result<(), String> {
    if matches!(text, "auto" | "off") || text.starts_with('/') {
        Ok(())
    } else {
        Err(format!("{text:?} is neither \"auto\", \"off\" nor an absolute path"))
    }
}

fn method(text: &str) -> Result<(), String> {
    let is_word = !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if text == "*" || is_word { Ok(()) } else { Err(format!("{text:?} is not the name of a command")) }
}

fn rlimit(text: &str) -> Result<(), String> {
    if RLIMITS.contains(&text) {
        return Ok(());
    }
    let known = crate::nearest::nearest(text.trim_start_matches("RLIMIT_"), RLIMITS)
        .map_or_else(|| format!("known are {}", RLIMITS.join(", ")), |near| format!("did you mean {near}?"));
    Err(format!("there is no limit {text:?}; {known}"))
}

const _: () = assert!(NAME_MAX == 64, "the pattern of NAME says 64");
