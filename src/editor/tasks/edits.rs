//! Changes of the text that are not typed: by the form, by a suggestion, by what was found.

use ostler_config::edit::{self, KeyPath};
use ostler_config::{Os, World as _, form};
use ostler_view::editor::splice;
use ostler_view::{capitalised, say, say_with};

use super::super::finds::{self, Finds};
use super::Editor;
use crate::bridge::document;

impl Editor {
    pub(super) async fn fix(&mut self, at: usize) {
        let Some(problem) = self.problems.get(at) else { return };
        let (Some(place), Some(fix)) = (problem.at, &problem.fix) else { return };
        if self.checked.as_deref() != Some(self.text.as_str()) {
            return;
        }
        let mut lines: Vec<String> = self.text.split('\n').map(str::to_owned).collect();
        let Some(line) = lines.get_mut(place.line - 1) else { return };
        let head: String = line.chars().take(place.column.saturating_sub(1)).collect();
        let tail: String = line.chars().skip(place.end_column.saturating_sub(1)).collect();
        *line = format!("{head}{}{tail}", fix.text);
        self.put_text(lines.join("\n")).await;
    }

    pub(super) async fn set_key(&mut self, service: &str, key: &str, typed: &str) {
        match form::value(&self.text, service, key, typed) {
            Ok(value) => self.edit_key(&form::path_of(service, key), value.as_ref()).await,
            Err(why) => self.failure = capitalised(&why),
        }
    }

    pub(super) async fn add_service(
        &mut self,
        name: &str,
        line: &str,
        folder: &str,
        port: &str,
        is_enabled: bool,
    ) {
        let is_taken = self.services.as_ref().is_some_and(|services| services.iter().any(|it| it == name));
        if is_taken {
            self.failure = say_with("There is a service %1 already", &[&name]);
            return;
        }
        let mut table = toml::Table::new();
        table.insert("shell".to_owned(), line.replace('$', "$$").into());
        if !folder.is_empty() {
            table.insert("working_dir".to_owned(), folder.into());
        }
        if let Ok(port) = port.trim().parse::<i64>() {
            table.insert("ports".to_owned(), toml::Value::Array(vec![port.into()]));
        }
        if !is_enabled {
            table.insert("enabled".to_owned(), false.into());
        }
        self.edit_key(&KeyPath::of_keys(["services", name]), Some(&table.into())).await;
    }

    pub(super) async fn edit_key(&mut self, path: &KeyPath, value: Option<&toml::Value>) {
        match edit::edit(&self.text, path, value) {
            Ok(edited) => {
                self.failure.clear();
                self.put_text(edited.text).await;
            }
            // What is not there is removed already.
            Err(edit::EditError::Missing(_)) => {}
            Err(error) => self.failure = capitalised(&error.to_string()),
        }
    }

    /// Looks for what could be a service.
    pub(super) async fn look(&mut self, typed: String) {
        if !self.is_loaded {
            self.load().await;
        }
        let before = self.finds.folder.clone();
        let taken = self.services.iter().flatten().cloned().collect();
        let config = self.reach.paths.config.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let home = Os.home();
            let folder = match (typed.is_empty(), before.is_empty()) {
                (false, _) => finds::folder_of(&typed, home.as_deref()),
                (true, false) => finds::folder_of(&before, home.as_deref()),
                (true, true) => std::env::current_dir().ok().or(home.clone()).unwrap_or_default(),
            };
            Finds::look(&folder, home.as_deref(), &config, &taken)
        });
        match looked.await {
            Ok(finds) => self.finds = finds,
            Err(_) => self.failure = say("Looking for services came to no end"),
        }
    }

    pub(super) fn find_lines(&self) -> String {
        let text: toml::Table = toml::from_str(&self.text).unwrap_or_default();
        let modes = text.get("modes").and_then(toml::Value::as_table);
        self.finds.lines(&modes.into_iter().flat_map(|modes| modes.keys().cloned()).collect())
    }

    pub(super) async fn append(&mut self, lines: &str) {
        let mut text = self.text.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(lines);
        self.put_text(text).await;
    }

    /// Puts another text into the document, as one step that undo takes back.
    pub(super) async fn put_text(&mut self, text: String) {
        if let (Some(object), true, Some(change)) =
            (&self.object, self.is_attached, splice(&self.text, &text))
        {
            let before = self.text.clone();
            object.queue(move |_| document::replace(&before, change.start, change.end, &change.text)).ok();
        }
        self.text = text;
        // The person may have typed on meanwhile; then the document is right.
        self.sync().await;
        self.examine().await;
    }
}
