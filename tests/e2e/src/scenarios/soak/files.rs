//! Changes of the configuration file: whole, broken, through the engine and past it.

use serde_json::json;

use crate::SLOT;

use super::fleet::Kind;
use super::moves::Mover;

/// What changes in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rewrite {
    /// A comment, which restarts nobody.
    Comment,
    /// One variable of one service.
    Variable,
}

impl Mover<'_> {
    /// Another text on disk; half of the time the engine is told, else it finds it.
    pub(super) fn rewrite(&mut self, what: Rewrite) -> Result<String, String> {
        if self.whole.is_some() {
            return Ok("the file is broken now".to_owned());
        }
        let text = std::fs::read_to_string(self.place.config()).map_err(|error| error.to_string())?;
        let number = self.number;
        let (text, said) = match what {
            Rewrite::Variable => {
                let Some(name) = self.pick(|kind, _| kind != Kind::Task) else { return Ok(String::new()) };
                (with_variable(&text, &name, number), format!("variable of {name} in the file"))
            }
            Rewrite::Comment => {
                let body = text.strip_prefix("# number ").and_then(|text| text.split_once('\n'));
                let body = body.map_or(&*text, |(_, body)| body);
                (format!("# number {number}\n{body}"), "comment in the file".to_owned())
            }
        };
        self.place.write_config(&text);
        if self.random.below(2) == 0 {
            return Ok(said);
        }
        self.call("reload_config", json!({}))?;
        Ok(format!("{said}, and reload"))
    }

    pub(super) fn edit(&mut self) -> Result<String, String> {
        let Some(name) = self.pick(|kind, _| kind != Kind::Task) else { return Ok(String::new()) };
        if self.whole.is_some() {
            return Ok("the file is broken now".to_owned());
        }
        let value = self.number.to_string();
        self.call("config_edit", json!({"path": format!("services.{name}.env.SOAK"), "value": value}))?;
        Ok(format!("edit {name}"))
    }

    pub(super) fn break_file(&mut self) -> String {
        if self.whole.is_some() {
            return "the file is broken already".to_owned();
        }
        let Ok(text) = std::fs::read_to_string(self.place.config()) else { return "no file".to_owned() };
        self.place.write_config(&format!("{text}\n[services.broken]\ncomand = 1\n"));
        self.whole = Some(text);
        "break the file".to_owned()
    }
}

/// The text with another value of a service's variable; a text that was edited keeps its form.
fn with_variable(text: &str, name: &str, number: u64) -> String {
    let mark = format!("{SLOT} = \"{name}/");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in lines.iter_mut().filter(|line| line.contains(&mark)) {
        let rest = line.split(", FILE = ").next().unwrap_or_default().trim_end_matches(" }").to_owned();
        let after =
            line.split(", SOAK = ").nth(1).map(|it| it.split(['"']).nth(1).unwrap_or_default().to_owned());
        let rest = rest.split(", SOAK = ").next().unwrap_or_default().to_owned();
        let edited = after.map(|value| format!(", SOAK = \"{value}\"")).unwrap_or_default();
        *line = format!("{rest}{edited}, FILE = \"{number}\" }}");
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;

    #[test]
    fn a_variable_is_set_beside_the_one_that_was_edited() {
        let text = Service::new("a", &["x"]).toml();
        let once = with_variable(&text, "a", 1);
        assert!(once.contains("/${instance}\", FILE = \"1\" }"), "{once}");
        let edited = once.replace(", FILE = \"1\" }", ", FILE = \"1\", SOAK = \"9\" }");
        let twice = with_variable(&edited, "a", 2);
        assert!(twice.contains("/${instance}\", SOAK = \"9\", FILE = \"2\" }"), "{twice}");
    }
}
