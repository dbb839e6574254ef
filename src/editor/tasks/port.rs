//! Another port in the place of a taken one: one change of the file as it is on disk, held against its hash.
//!
//! What a person types meanwhile is not touched: an open document hears of the new file as of any other change.

use ostler_api::{ActionParams, ActionReply, ConfigSaveParams, ConfigSaveReply, Method};
use ostler_client::Client;
use ostler_config::{edit, form};
use ostler_view::{capitalised, say_with};

use super::super::disk;
use super::Editor;
use crate::link;

impl Editor {
    /// Writes another port, and starts the service with it.
    pub(super) async fn use_port(&mut self, service: &str, taken: u16, free: u16) {
        let Some(client) = self.reach.client() else { return };
        match self.write_port(&client, service, taken, free).await {
            Ok(said) => self.reach.notice(said),
            Err(why) => self.reach.notice(why),
        }
    }

    async fn write_port(
        &self,
        client: &Client,
        service: &str,
        taken: u16,
        free: u16,
    ) -> Result<String, String> {
        let base = disk::read(&self.store).await.map_err(|why| capitalised(&why))?;
        let file = self.reach.paths.config.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(path) = form::port_path(&base.text, service, taken) else {
            return Err(say_with(
                "Port %1 of %2 is not written in %3 itself. Change it where it stands.",
                &[&taken, &service, &file],
            ));
        };
        let edited = edit::edit(&base.text, &path, Some(&i64::from(free).into()));
        let edited = edited.map_err(|error| capitalised(&error.to_string()))?;
        let others = form::naming(&edited.text, service, taken);
        let params =
            ConfigSaveParams { text: base.ends.given_to(&edited.text), base_hash: base.hash.clone() };
        let saved = client.call::<_, ConfigSaveReply>(Method::ConfigSave, &params).await;
        saved.map_err(|error| link::told(&error))?;
        let start = ActionParams { service: Some(service.to_owned()), ..Default::default() };
        let started = client.call::<_, ActionReply>(Method::Start, &start).await;
        started.map_err(|error| link::told(&error))?;
        let line = edited.line.unwrap_or(1);
        let said = say_with("%1 uses port %2 now: %3, line %4.", &[&service, &free, &file, &line]);
        Ok(match others.as_slice() {
            [] => said,
            keys => {
                format!("{said} {}", say_with("Its %1 still names port %2.", &[&keys.join(", "), &taken]))
            }
        })
    }
}
