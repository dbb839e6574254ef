//! Notifications over the session bus, as the Desktop Notifications Specification 1.2 says.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use ostler_view::{Mood, Note, NoteButton, Topic};
use zbus::connection::{Builder, Connection};
use zbus::export::futures_core::Stream;
use zbus::proxy::{self, CacheProperties, Proxy, SignalStream};
use zbus::zvariant::Value;

use super::{Reaction, label};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How long the bus or the service may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Messages of the bus that may wait for us.
const QUEUED_MAX: usize = 16;
/// The most notifications whose numbers are kept.
const SHOWN_MAX: usize = 1024;

const DEFAULT: &str = "default";
const BUTTONS: [(NoteButton, &str); 4] = [
    (NoteButton::StartAgain, "start"),
    (NoteButton::ShowLog, "log"),
    (NoteButton::Mute, "mute"),
    (NoteButton::Open, "open"),
];

/// The service that shows notifications, as far as it is known.
#[derive(Default)]
pub(super) struct Bus {
    service: Option<Service>,
    shown: HashMap<Topic, u32>,
}

struct Service {
    proxy: Proxy<'static>,
    signals: SignalStream<'static>,
    _bus: Connection,
}

impl Bus {
    /// Shows a notification in place of the last about the same.
    pub(super) async fn put(&mut self, note: &Note) -> Result<(), String> {
        let replaced = self.shown.get(&note.topic).copied().unwrap_or_default();
        let number = self.notify(replaced, Some(note), &note.title, &note.body).await?;
        if self.shown.len() < SHOWN_MAX {
            self.shown.insert(note.topic.clone(), number);
        }
        Ok(())
    }

    /// Shows something that nobody has to answer.
    pub(super) async fn hint(&mut self, text: &str) -> Result<(), String> {
        self.notify(0, None, "Ostler", text).await.map(drop)
    }

    /// Takes a notification away, if it is still there.
    pub(super) async fn withdraw(&mut self, topic: &Topic) -> Result<(), String> {
        let (Some(number), Some(service)) = (self.shown.remove(topic), &self.service) else { return Ok(()) };
        // It may be gone already: then this is an error that concerns nobody.
        if let Err(error) = service.proxy.call::<_, _, ()>("CloseNotification", &(number,)).await {
            tracing::debug!(%error, "a notification was gone already");
        }
        Ok(())
    }

    /// What is done with notifications next.
    pub(super) async fn reaction(&mut self) -> Reaction {
        loop {
            let Some(service) = &mut self.service else { return std::future::pending().await };
            let Some(message) = poll_fn(|cx| Pin::new(&mut service.signals).poll_next(cx)).await else {
                self.service = None;
                continue;
            };
            let header = message.header();
            let member = header.member().map(|it| it.as_str().to_owned()).unwrap_or_default();
            let body = message.body();
            match member.as_str() {
                "ActionInvoked" => {
                    let Ok((number, key)) = body.deserialize::<(u32, String)>() else { continue };
                    if let Some(reaction) = self.chosen(number, &key) {
                        return reaction;
                    }
                }
                "ActivationToken" => {
                    let Ok((number, token)) = body.deserialize::<(u32, String)>() else { continue };
                    if self.topic(number).is_some() {
                        return Reaction::Token(token);
                    }
                }
                "NotificationClosed" => {
                    let Ok((number, _)) = body.deserialize::<(u32, u32)>() else { continue };
                    self.shown.retain(|_, shown| *shown != number);
                    return Reaction::Nothing;
                }
                _ => {}
            }
        }
    }

    fn chosen(&self, number: u32, key: &str) -> Option<Reaction> {
        let topic = self.topic(number)?;
        if key == DEFAULT {
            return Some(Reaction::Body(topic));
        }
        let (button, _) = BUTTONS.iter().find(|(_, it)| *it == key)?;
        Some(Reaction::Button(topic, *button))
    }

    fn topic(&self, number: u32) -> Option<Topic> {
        self.shown.iter().find(|(_, shown)| **shown == number).map(|(topic, _)| topic.clone())
    }

    async fn notify(
        &mut self,
        replaced: u32,
        note: Option<&Note>,
        title: &str,
        body: &str,
    ) -> Result<u32, String> {
        let is_trouble = note.is_some_and(|note| note.is_trouble);
        let service = self.service().await?;
        let can = service.capabilities().await;
        let can = match can {
            Ok(can) => can,
            Err(error) => {
                // The service may come later; the next notification looks again.
                self.service = None;
                return Err(error);
            }
        };
        let has = |what: &str| can.iter().any(|it| it == what);
        let body = if has("body-markup") { escaped(body) } else { body.to_owned() };
        let mut actions = Vec::new();
        if let Some(note) = note.filter(|_| has("actions")) {
            // Without words: a click on the notification itself, not one more button.
            actions.extend([DEFAULT.to_owned(), String::new()]);
            for button in &note.buttons {
                let Some((_, key)) = BUTTONS.iter().find(|(it, _)| it == button) else { continue };
                actions.extend([(*key).to_owned(), label(*button)]);
            }
        }
        let mood = if is_trouble { Mood::Failed } else { Mood::Ok };
        let mut hints: HashMap<&str, Value<'_>> = HashMap::new();
        hints.insert("desktop-entry", Value::from("dev.ostler.app"));
        hints.insert("urgency", Value::from(if is_trouble { 1_u8 } else { 0_u8 }));
        if let Some((side, bytes)) = crate::tray::picture(mood) {
            let picture = (side, side, side * 4, true, 8, 4, bytes);
            hints.insert("image-data", Value::from(zbus::zvariant::Structure::from(picture)));
        }
        let arguments = ("Ostler", replaced, "", title, body, actions, hints, -1);
        service.proxy.call("Notify", &arguments).await.map_err(|error| error.to_string())
    }

    async fn service(&mut self) -> Result<&Service, String> {
        if self.service.is_none() {
            self.service = Some(Service::find().await.map_err(|error| error.to_string())?);
            // Another service counts from one again.
            self.shown.clear();
        }
        self.service.as_ref().ok_or_else(|| "the session bus is gone".to_owned())
    }
}

impl Service {
    async fn find() -> zbus::Result<Self> {
        let connecting = Builder::session()?.method_timeout(ANSWER_WITHIN).max_queued(QUEUED_MAX).build();
        let late = |_| zbus::Error::InputOutput(std::sync::Arc::new(std::io::ErrorKind::TimedOut.into()));
        let bus = tokio::time::timeout(ANSWER_WITHIN, connecting).await.map_err(late)??;
        let proxy: Proxy<'static> = proxy::Builder::new(&bus)
            .destination(NAME)?
            .path(PATH)?
            .interface(NAME)?
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        let signals = proxy.receive_all_signals().await?;
        Ok(Self { proxy, signals, _bus: bus })
    }

    async fn capabilities(&self) -> Result<Vec<String>, String> {
        self.proxy.call("GetCapabilities", &()).await.map_err(|error| error.to_string())
    }
}

/// A text that is not taken for markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_are_not_markup() {
        assert_eq!(escaped("<b>a & b</b>"), "&lt;b&gt;a &amp; b&lt;/b&gt;");
    }

    #[test]
    fn a_button_is_of_the_notification_that_shows_it() {
        let topic = Topic::Service("api".to_owned());
        let bus = Bus { service: None, shown: [(topic.clone(), 7)].into() };
        assert!(
            matches!(bus.chosen(7, "log"), Some(Reaction::Button(it, NoteButton::ShowLog)) if it == topic)
        );
        assert!(matches!(bus.chosen(7, "default"), Some(Reaction::Body(_))));
        assert!(bus.chosen(8, "log").is_none() && bus.chosen(7, "explode").is_none());
    }
}
