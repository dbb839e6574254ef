//! Procfile: `NAME: shell line`.

use crate::{
    error::ImportError,
    names::Names,
    read::Reader,
    service::{Run, Service},
    text::escape,
};

/// The port that foreman, overmind and honcho give to the first process.
const FIRST_PORT: u16 = 5000;
/// From one process to the next.
const PORT_STEP: u16 = 100;

pub(crate) fn read(text: &str, reader: &mut Reader<'_>) -> Result<Vec<Service>, ImportError> {
    let mut services = Vec::new();
    let mut names = Names::default();
    for (line, raw) in (1..).zip(text.lines()) {
        let bare = raw.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let is_name = |name: &str| {
            !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        };
        let Some((origin, command)) = bare.split_once(':').filter(|(name, _)| is_name(name.trim())) else {
            return Err(wrong(line, "a line of a Procfile is `name: command`"));
        };
        let (origin, command) = (origin.trim(), command.trim());
        if command.is_empty() {
            return Err(wrong(line, &format!("`{origin}` has no command")));
        }
        if services.iter().any(|service: &Service| service.origin == origin) {
            return Err(wrong(line, &format!("`{origin}` stands here twice")));
        }
        let mut service = Service {
            name: names.add(origin),
            origin: origin.to_owned(),
            line,
            run: Run::Shell(escape(command)),
            working_dir: reader.folder(None),
            ..Service::default()
        };
        if reader.has_dotenv() {
            service.env_file = vec![".env".to_owned()];
        }
        let place = u16::try_from(services.len()).unwrap_or(u16::MAX).saturating_mul(PORT_STEP);
        if command.contains("$PORT") || command.contains("${PORT") {
            service.ports.push((String::new(), FIRST_PORT.saturating_add(place)));
            service
                .remarks
                .push("The port that a Procfile runner would give it; any free one is \"auto\".".to_owned());
        }
        if origin == "release" {
            (service.oneshot, service.enabled) = (true, Some(false));
            let instead = "start it by hand: ostler start release; or let others depend on it: completed";
            reader.notes.changed(
                line,
                origin,
                "runs at a release; here it is a task that waits to be started",
                instead,
            );
        }
        services.push(service);
    }
    if services.len() > 1 {
        let message = "a Procfile runner ends all when one ends; here each is restarted on its own";
        reader.notes.changed(
            0,
            "Procfile",
            message,
            "to run them together in a terminal: ostler run --exit-on-failure",
        );
    }
    Ok(services)
}

impl Reader<'_> {
    /// Whether the runners of this kind would read a `.env`.
    fn has_dotenv(&self) -> bool {
        (self.source.has_sibling)(".env")
    }
}

fn wrong(line: usize, message: &str) -> ImportError {
    ImportError::Syntax { line, column: 1, message: message.to_owned() }
}
