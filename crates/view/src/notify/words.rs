//! The words of notifications.

use jiff::Timestamp;
use ostler_api::{Banner, InstanceStatus, Word};

use super::{Health, Note, NoteButton, Topic, Track};
use crate::{Clock, nearest_cause, plain, say, say_count, say_with, span_text, why_line};

/// The most characters of a notification's text.
const BODY_MAX: usize = 240;

/// A service is in trouble.
pub(super) fn trouble(name: &str, track: &Track, instance: &InstanceStatus, clock: &Clock) -> Note {
    let shown = plain(name);
    let (title, body) = match track.health {
        Health::Well | Health::Failed => {
            (say_with("%1 failed", &[&shown]), why_line(instance, clock).unwrap_or_default())
        }
        Health::Loops => (say_with("%1 keeps crashing", &[&shown]), crashes(track, instance, clock)),
    };
    let mut buttons = vec![NoteButton::ShowLog, NoteButton::Mute];
    if instance.word == Word::Failed {
        buttons.insert(0, NoteButton::StartAgain);
    }
    let topic = Topic::Service(name.to_owned());
    Note { topic, title, body: shortened(body), buttons, is_trouble: true }
}

/// `4 crashes in 6 min, last exit 1. Next try in 18 s.`
fn crashes(track: &Track, instance: &InstanceStatus, clock: &Clock) -> String {
    if instance.word == Word::Failed {
        return why_line(instance, clock).unwrap_or_default();
    }
    let first = track.crashes.first().copied().unwrap_or(clock.now);
    let span = std::time::Duration::try_from(clock.now.duration_since(first)).unwrap_or_default();
    let count = say_count("1 crash", "%n crashes", track.crashes.len());
    let mut text = say_with("%1 in %2", &[&count, &span_text(span)]);
    let last = nearest_cause(instance).map(|cause| crate::short_cause(&cause.text));
    if let Some(last) = last.filter(|it| !it.is_empty()) {
        text.push_str(", ");
        text.push_str(&say_with("last %1", &[&last]));
    }
    text.push('.');
    let next = instance.next_try.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
    let wait = next.and_then(|at| std::time::Duration::try_from(at.duration_since(clock.now)).ok());
    if let Some(wait) = wait.filter(|it| it.as_millis() > 500) {
        let rounded = std::time::Duration::from_secs(wait.as_secs_f64().round() as u64);
        text.push(' ');
        text.push_str(&say_with("Next try in %1.", &[&span_text(rounded)]));
    }
    text
}

/// A service was in trouble.
pub(super) fn runs_again(name: &str) -> Note {
    let topic = Topic::Service(name.to_owned());
    quiet(topic, say_with("%1 runs again", &[&plain(name)]))
}

/// Many services are in trouble.
pub(super) fn digest(count: usize, since: &str) -> Note {
    let title = say_count("1 service failed", "%n services failed", count);
    Note {
        topic: Topic::Digest,
        title: say_with("%1 since %2", &[&title, &since]),
        body: String::new(),
        buttons: vec![NoteButton::Open],
        is_trouble: true,
    }
}

/// Nothing of what the digest counted is in trouble any more.
pub(super) fn all_run_again(count: usize) -> Note {
    quiet(Topic::Digest, say_count("1 service is well again", "%n services are well again", count))
}

/// The configuration was refused.
pub(super) fn config(refused: &Banner) -> Note {
    Note {
        topic: Topic::Config,
        title: plain(&refused.subject),
        body: shortened(if refused.text.is_empty() {
            say("The running configuration stays in force.")
        } else {
            plain(&refused.text)
        }),
        buttons: vec![NoteButton::Open],
        is_trouble: true,
    }
}

fn quiet(topic: Topic, title: String) -> Note {
    Note { topic, title, body: String::new(), buttons: Vec::new(), is_trouble: false }
}

fn shortened(text: String) -> String {
    if text.chars().count() <= BODY_MAX {
        return text;
    }
    let kept: String = text.chars().take(BODY_MAX - 1).collect();
    format!("{}…", kept.trim_end())
}
