//! What a person is told who does not look at the window: when, in which words, with which buttons.
//!
//! One notification per service, which is replaced and never repeated; a change is told after it has lasted. When
//! many fail together, one notification tells how many. Nothing is told of what the person sees in the window,
//! has muted or did on purpose.

mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ostler_api::{BannerKind, InstanceStatus, ServiceStatus, Snapshot, Word};

use crate::{Clock, LinkState, is_known, worst_instance};

/// How long a change lasts before it is told.
const SETTLES: Duration = Duration::from_secs(3);

/// How long a service that kept crashing runs before it counts as well.
const LOOP_SETTLES: Duration = Duration::from_secs(30);

/// The time in which crashes are counted.
const LOOP_WINDOW: Duration = Duration::from_secs(600);

/// As many crashes within the window are "keeps crashing".
const LOOP_CRASHES: usize = 3;

/// The most crashes that are remembered of a service.
const CRASHES_MAX: usize = 32;

/// As many services in trouble at once are told in one sentence.
const DIGEST_FROM: usize = 4;

/// How long "Mute 1 h" lasts.
const MUTED_FOR: Duration = Duration::from_secs(3600);

/// What a notification is about; there is one at most about each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A service.
    Service(String),
    /// Many services.
    Digest,
    /// The configuration.
    Config,
}

/// A button of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteButton {
    /// Starts the service again.
    StartAgain,
    /// Shows its log.
    ShowLog,
    /// Says nothing of it for an hour.
    Mute,
    /// Opens the window where the matter is.
    Open,
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub topic: Topic,
    /// Its first line.
    pub title: String,
    /// The rest; no markup.
    pub body: String,
    /// Its buttons.
    pub buttons: Vec<NoteButton>,
    /// Whether something is wrong.
    pub is_trouble: bool,
}

/// What is to be done with notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Show this, in place of what is shown about the same.
    Put(Note),
    /// Take away what is shown about this.
    Withdraw(Topic),
}

/// Whether the person wants to be told, and sees it without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    /// The window is in front.
    pub is_in_front: bool,
    /// Notifications are off.
    pub is_off: bool,
    /// Until when they are paused.
    pub quiet_until: Option<Timestamp>,
}

impl Attention {
    fn is_silent(&self, now: Timestamp) -> bool {
        self.is_in_front || self.is_off || self.quiet_until.is_some_and(|until| now < until)
    }
}

/// How a service is, as far as it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Health {
    /// Nothing to tell: it runs, has completed, or was stopped on purpose.
    #[default]
    Well,
    /// It failed.
    Failed,
    /// It fails again and again.
    Loops,
}

/// What the state of a service says at one moment.
enum Sign {
    /// It is so.
    Is(Health),
    /// It kept crashing and runs: well when it still does after this long.
    Calms(Duration),
    /// It is down on purpose, or gone.
    Away,
    /// It is on the way to something.
    Open,
}

/// What is known of a service.
#[derive(Clone, Debug, Default)]
struct Track {
    /// What counts.
    health: Health,
    /// What it may become, and since when.
    next: Option<(Health, Timestamp)>,
    /// Whether the trouble was told by a notification of its own.
    is_told: bool,
    /// Whether the trouble is counted in the digest.
    is_counted: bool,
    /// The last run of each instance that ended by itself.
    exits: BTreeMap<String, u64>,
    crashes: Vec<Timestamp>,
    /// Since when it runs.
    up_since: Option<Timestamp>,
    muted_until: Option<Timestamp>,
}

/// Decides what is told.
#[derive(Clone, Debug, Default)]
pub struct Notifier {
    has_begun: bool,
    tracks: BTreeMap<String, Track>,
    digest_since: Option<Timestamp>,
    digest_count: usize,
    config: Option<(Timestamp, bool)>,
    due: Option<Duration>,
}

impl Notifier {
    /// Looks at the state and says what is to be told. What it meets first is not told: it is no change.
    pub fn heed(
        &mut self,
        snapshot: &Snapshot,
        link: &LinkState,
        attention: Attention,
        clock: &Clock,
    ) -> Vec<Telling> {
        self.due = None;
        if !link.is_live() || !is_known(snapshot) {
            return Vec::new();
        }
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let is_silent = is_first || attention.is_silent(clock.now);
        let mut tellings = self.forget_the_gone(snapshot);
        let mut changed = Vec::new();
        for (name, service) in &snapshot.services {
            let track = self.tracks.entry(name.clone()).or_default();
            match track.look(service, is_first, clock.now) {
                Step::Nothing => {}
                Step::Waits(rest) => {
                    self.due = Some(self.due.map_or(rest, |due: Duration| due.min(rest)));
                }
                Step::Turned(from) => changed.push((name.clone(), from)),
                Step::Away => {
                    track.is_counted = false;
                    if std::mem::take(&mut track.is_told) {
                        tellings.push(Telling::Withdraw(Topic::Service(name.clone())));
                    }
                }
            }
        }
        self.tell_services(snapshot, changed, is_silent, clock, &mut tellings);
        if attention.is_in_front {
            self.withdraw_all(&mut tellings);
        }
        self.tell_config(snapshot, is_first, attention, clock, &mut tellings);
        tellings
    }

    /// How long from the last look until there may be something to tell by itself.
    pub fn due(&self) -> Option<Duration> {
        self.due
    }

    /// Says nothing of a service for a while. What is shown of it stays until it is closed.
    pub fn mute(&mut self, service: &str, now: Timestamp) {
        let track = self.tracks.entry(service.to_owned()).or_default();
        track.muted_until = Some(after(now, MUTED_FOR));
        track.is_told = false;
    }

    fn forget_the_gone(&mut self, snapshot: &Snapshot) -> Vec<Telling> {
        let mut tellings = Vec::new();
        self.tracks.retain(|name, track| {
            let is_there = snapshot.services.contains_key(name);
            if !is_there && track.is_told {
                tellings.push(Telling::Withdraw(Topic::Service(name.clone())));
            }
            is_there
        });
        tellings
    }

    fn tell_services(
        &mut self,
        snapshot: &Snapshot,
        changed: Vec<(String, Health)>,
        is_silent: bool,
        clock: &Clock,
        tellings: &mut Vec<Telling>,
    ) {
        let mut worse = Vec::new();
        let mut better = Vec::new();
        for (name, from) in changed {
            let Some(track) = self.tracks.get_mut(&name) else { continue };
            let is_muted = is_silent || track.muted_until.is_some_and(|until| clock.now < until);
            match track.health {
                Health::Well => {
                    track.is_counted = false;
                    if std::mem::take(&mut track.is_told) {
                        better.push((name, is_muted));
                    }
                }
                Health::Failed | Health::Loops if is_muted => {}
                Health::Failed | Health::Loops => worse.push((name, from)),
            }
        }
        for (name, is_muted) in better {
            tellings.push(if is_muted {
                Telling::Withdraw(Topic::Service(name))
            } else {
                Telling::Put(words::runs_again(&name))
            });
        }
        let known = self.tracks.values().filter(|it| it.is_told || it.is_counted).count();
        let new = worse.iter().filter(|(name, _)| self.tracks.get(name).is_some_and(Track::is_new)).count();
        if known + new >= DIGEST_FROM && !worse.is_empty() {
            self.tell_digest(worse, clock, tellings);
        } else {
            for (name, _) in worse {
                let note = snapshot.services.get(&name).and_then(|it| worst_instance(it));
                let Some((instance, track)) = note.zip(self.tracks.get_mut(&name)) else { continue };
                track.is_told = true;
                tellings.push(Telling::Put(words::trouble(&name, track, instance, clock)));
            }
        }
        self.settle_digest(is_silent, tellings);
    }

    /// All that is in trouble becomes one notification.
    fn tell_digest(&mut self, worse: Vec<(String, Health)>, clock: &Clock, tellings: &mut Vec<Telling>) {
        for (name, _) in worse {
            if let Some(track) = self.tracks.get_mut(&name) {
                track.is_counted = true;
            }
        }
        for (name, track) in &mut self.tracks {
            if std::mem::take(&mut track.is_told) {
                track.is_counted = true;
                tellings.push(Telling::Withdraw(Topic::Service(name.clone())));
            }
        }
        let since = *self.digest_since.get_or_insert(clock.now);
        let count = self.tracks.values().filter(|it| it.is_counted).count();
        if count > self.digest_count {
            self.digest_count = count;
            tellings.push(Telling::Put(words::digest(count, &clock.minute(&since.to_string()))));
        }
    }

    /// The digest goes when nothing that it counted is in trouble any more.
    fn settle_digest(&mut self, is_silent: bool, tellings: &mut Vec<Telling>) {
        if self.digest_since.is_none() || self.tracks.values().any(|it| it.is_counted) {
            return;
        }
        self.digest_since = None;
        let count = std::mem::take(&mut self.digest_count);
        tellings.push(if is_silent {
            Telling::Withdraw(Topic::Digest)
        } else {
            Telling::Put(words::all_run_again(count))
        });
    }

    /// The person looks: what the window shows is not said beside it.
    fn withdraw_all(&mut self, tellings: &mut Vec<Telling>) {
        for (name, track) in &mut self.tracks {
            track.is_counted = false;
            if std::mem::take(&mut track.is_told) {
                tellings.push(Telling::Withdraw(Topic::Service(name.clone())));
            }
        }
        if self.digest_since.take().is_some() {
            self.digest_count = 0;
            tellings.push(Telling::Withdraw(Topic::Digest));
        }
    }

    fn tell_config(
        &mut self,
        snapshot: &Snapshot,
        is_first: bool,
        attention: Attention,
        clock: &Clock,
        tellings: &mut Vec<Telling>,
    ) {
        let refused = snapshot.banner.iter().find(|banner| banner.kind == BannerKind::ConfigRefused);
        let Some(refused) = refused else {
            if self.config.take().is_some_and(|(_, is_told)| is_told) {
                tellings.push(Telling::Withdraw(Topic::Config));
            }
            return;
        };
        let is_new = self.config.is_none();
        let (since, is_told) = self.config.get_or_insert((clock.now, false));
        if is_new && is_first {
            // It was refused before there was somebody to tell; the banner says so.
            *since = Timestamp::MIN;
        }
        if *is_told || *since == Timestamp::MIN {
            if *is_told && attention.is_in_front {
                (*since, *is_told) = (Timestamp::MIN, false);
                tellings.push(Telling::Withdraw(Topic::Config));
            }
            return;
        }
        *since = (*since).min(clock.now);
        match rest(*since, clock.now, SETTLES) {
            Some(rest) => self.due = Some(self.due.map_or(rest, |due| due.min(rest))),
            None if attention.is_silent(clock.now) => *since = Timestamp::MIN,
            None => {
                *is_told = true;
                tellings.push(Telling::Put(words::config(refused)));
            }
        }
    }
}

/// What one look at a service brought.
enum Step {
    /// Nothing new.
    Nothing,
    /// A change has to last for this long.
    Waits(Duration),
    /// Its health changed, from this.
    Turned(Health),
    /// It is down on purpose.
    Away,
}

impl Track {
    fn is_new(&self) -> bool {
        !self.is_told && !self.is_counted
    }

    fn look(&mut self, service: &ServiceStatus, is_first: bool, now: Timestamp) -> Step {
        self.count_crashes(service, is_first, now);
        let is_up = matches!(service.status, Word::Running | Word::Completed);
        // A clock that was set back begins anew.
        self.up_since = is_up.then(|| self.up_since.map_or(now, |since| since.min(now)));
        match self.sign(service, now) {
            Sign::Open => Step::Nothing,
            Sign::Away => {
                (self.health, self.next) = (Health::Well, None);
                self.crashes.clear();
                Step::Away
            }
            Sign::Calms(rest) if self.health == Health::Loops => {
                self.next = None;
                Step::Waits(rest)
            }
            Sign::Is(health) if is_first => {
                self.health = health;
                Step::Nothing
            }
            Sign::Is(health) if health == self.health => {
                self.next = None;
                Step::Nothing
            }
            sign @ (Sign::Is(_) | Sign::Calms(_)) => {
                let health = if let Sign::Is(health) = sign { health } else { Health::Loops };
                let since = match self.next {
                    // A clock that was set back begins anew.
                    Some((next, since)) if next == health && since <= now => since,
                    Some(_) | None => {
                        self.next = Some((health, now));
                        now
                    }
                };
                let is_calm = (self.health, health) == (Health::Loops, Health::Well);
                if let Some(rest) = rest(since, now, SETTLES).filter(|_| !is_calm) {
                    return Step::Waits(rest);
                }
                self.next = None;
                Step::Turned(std::mem::replace(&mut self.health, health))
            }
        }
    }

    fn sign(&self, service: &ServiceStatus, now: Timestamp) -> Sign {
        let keeps_crashing = self.crashes.len() >= LOOP_CRASHES;
        match service.status {
            Word::Failed if service.instances.iter().any(gave_up) => Sign::Is(Health::Loops),
            Word::Failed => Sign::Is(Health::Failed),
            Word::Backoff if keeps_crashing => Sign::Is(Health::Loops),
            Word::Running | Word::Completed => {
                let up_since = self.up_since.filter(|_| keeps_crashing || self.health == Health::Loops);
                match up_since.and_then(|since| rest(since, now, LOOP_SETTLES)) {
                    Some(rest) => Sign::Calms(rest),
                    None => Sign::Is(Health::Well),
                }
            }
            Word::Stopped | Word::Disabled | Word::Stopping => Sign::Away,
            Word::Backoff | Word::Degraded | Word::Starting | Word::Unknown => Sign::Open,
        }
    }

    /// A run that ended and left its service waiting or given up is a crash.
    fn count_crashes(&mut self, service: &ServiceStatus, is_first: bool, now: Timestamp) {
        for instance in &service.instances {
            let Some(exit) = &instance.last_exit else { continue };
            let is_down = matches!(instance.word, Word::Backoff | Word::Failed);
            if is_down && self.exits.insert(instance.id.clone(), exit.run) != Some(exit.run) && !is_first {
                self.crashes.push(now);
            }
        }
        self.exits.retain(|id, _| service.instances.iter().any(|instance| instance.id == *id));
        self.crashes.retain(|at| rest(*at, now, LOOP_WINDOW).is_some());
        let surplus = self.crashes.len().saturating_sub(CRASHES_MAX);
        self.crashes.drain(..surplus);
    }
}

/// Whether it was given up after too many crashes.
fn gave_up(instance: &InstanceStatus) -> bool {
    instance.word == Word::Failed && instance.cause.iter().any(|cause| cause.code == "crash-loop")
}

/// What is left of a span that began at a time; nothing when it is over.
fn rest(since: Timestamp, now: Timestamp, span: Duration) -> Option<Duration> {
    let past = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    span.checked_sub(past).filter(|rest| !rest.is_zero())
}

fn after(now: Timestamp, span: Duration) -> Timestamp {
    now.checked_add(signed(span)).unwrap_or(Timestamp::MAX)
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests;
