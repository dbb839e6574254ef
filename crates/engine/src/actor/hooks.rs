//! Commands run on events of a service's life, and the webhook.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use hyper::body::Bytes;
use ostler_core::{
    ExitStatus, InstanceId, Phase, PhaseKind, Rest, RunId, ServiceName, ServiceSpec, Template,
};

use super::{Actor, fact::Fact, time};
use crate::{
    hooks::{Address, Line, post},
    process::Job,
    wire,
};

/// From the start of a hook to the kill of its tree.
const HOOK_TIMEOUT: Duration = Duration::from_secs(30);
/// Kept of a hook's output, in bytes.
const HOOK_OUTPUT_MAX: usize = 16 * 1024;
/// Between two posts about the same instance.
const WEBHOOK_QUIET: Duration = Duration::from_secs(10);
/// How long an orderly end waits for hooks.
const FAREWELL: Duration = Duration::from_secs(5);
const TOPIC: &str = "hooks";

/// Who is told of what, and what waits to be told.
#[derive(Debug)]
pub(crate) struct Hooks {
    lines: BTreeMap<ServiceName, Line<Call>>,
    webhook: Line<Bytes>,
    /// Instances that failed and were not well since.
    failed: BTreeMap<InstanceId, String>,
    /// What is wrong with the webhook.
    pub trouble: Option<String>,
}

/// A hook to be run.
#[derive(Debug)]
struct Call {
    name: &'static str,
    instance: InstanceId,
    argv: Vec<Template>,
    variables: Vec<(&'static str, String)>,
}

/// What became of a hook or a post.
pub(crate) enum HookNews {
    /// A command has ended; `Err` says how it went wrong.
    Ran { instance: InstanceId, name: &'static str, result: Result<(), String> },
    /// A body was posted, or not.
    Posted { result: Result<(), String> },
}

impl Hooks {
    pub(super) fn new() -> Self {
        Self {
            lines: BTreeMap::new(),
            webhook: Line::new(WEBHOOK_QUIET),
            failed: BTreeMap::new(),
            trouble: None,
        }
    }

    /// When a waiting note may be told.
    pub(super) fn due(&self) -> Option<Instant> {
        self.lines.values().filter_map(Line::due).chain(self.webhook.due()).min()
    }

    /// Services that are gone need no line.
    pub(super) fn forget(&mut self, is_known: impl Fn(&ServiceName) -> bool) {
        self.lines.retain(|service, line| !line.is_idle() || is_known(service));
    }

    fn is_idle(&self) -> bool {
        self.lines.values().all(Line::is_idle)
    }
}

impl Actor {
    /// A run has ended.
    pub(super) fn exit_hook(&mut self, instance: &InstanceId, run: RunId, status: ExitStatus) {
        let Some(spec) = self.supervisor.instance(instance).map(|it| it.spec().clone()) else { return };
        if spec.hooks.on_exit.is_empty() {
            return;
        }
        let (code, signal) = match status {
            ExitStatus::Code(code) => (code.to_string(), String::new()),
            ExitStatus::Signal(signal) => (String::new(), signal.name()),
            ExitStatus::Unknown => (String::new(), String::new()),
        };
        let more = vec![
            ("OSTLER_RUN", run.to_string()),
            ("OSTLER_EXIT_CODE", code),
            ("OSTLER_EXIT_SIGNAL", signal),
            ("OSTLER_CAUSE", wire::exit(status)),
        ];
        self.call("on_exit", &spec.hooks.on_exit, instance, more);
    }

    /// A service was given up.
    pub(super) fn failed_hook(&mut self, instance: &InstanceId, why: &str) {
        self.hooks.failed.insert(instance.clone(), why.to_owned());
        let Some(spec) = self.supervisor.instance(instance).map(|it| it.spec().clone()) else { return };
        self.call("on_failed", &spec.hooks.on_failed, instance, self.last_exit_variables(instance, why));
        self.post("failed", instance, why);
    }

    /// What failed and is well again.
    fn find_recovered(&mut self) {
        let is_well = |id: &&InstanceId| {
            self.supervisor
                .instance(id)
                .is_some_and(|it| it.is_ready() || matches!(it.phase(), Phase::Stopped(Rest::Completed)))
        };
        let well: Vec<_> = self.hooks.failed.keys().filter(is_well).cloned().collect();
        for instance in well {
            let why = self.hooks.failed.remove(&instance).unwrap_or_default();
            let Some(spec) = self.supervisor.instance(&instance).map(|it| it.spec().clone()) else {
                continue;
            };
            let more = vec![("OSTLER_CAUSE", format!("well again after: {why}"))];
            self.call("on_recovered", &spec.hooks.on_recovered, &instance, more);
            self.post("recovered", &instance, &why);
        }
        let supervisor = &self.supervisor;
        self.hooks.failed.retain(|id, _| supervisor.instance(id).is_some());
    }

    fn last_exit_variables(&self, instance: &InstanceId, why: &str) -> Vec<(&'static str, String)> {
        let exit = self.slots.get(instance).and_then(|slot| slot.last_exit.clone()).unwrap_or_default();
        vec![
            ("OSTLER_EXIT_CODE", exit.code.map_or_else(String::new, |code| code.to_string())),
            ("OSTLER_EXIT_SIGNAL", exit.signal.unwrap_or_default()),
            ("OSTLER_CAUSE", why.to_owned()),
        ]
    }

    fn call(
        &mut self,
        name: &'static str,
        argv: &[Template],
        instance: &InstanceId,
        more: Vec<(&'static str, String)>,
    ) {
        if argv.is_empty() {
            return;
        }
        let phase = self.supervisor.instance(instance).map_or(PhaseKind::Stopped, |it| it.phase_kind());
        let mut variables = vec![
            ("OSTLER_HOOK", name.to_owned()),
            ("OSTLER_SERVICE", instance.service.to_string()),
            ("OSTLER_INSTANCE", instance.to_string()),
            ("OSTLER_PHASE", format!("{phase:?}").to_lowercase()),
        ];
        variables.extend(more);
        let call = Call { name, instance: instance.clone(), argv: argv.to_vec(), variables };
        let line = self.hooks.lines.entry(instance.service.clone());
        let line = line.or_insert_with(|| Line::new(Duration::ZERO));
        if !line.add(self.time.now, "", call) {
            tracing::warn!(%instance, hook = name, "hook left out: too many wait already");
            let text = format!("{name} was left out: the hooks before it are not done yet");
            self.remark(&instance.service, TOPIC, Some(text));
        }
    }

    fn post(&mut self, event: &str, instance: &InstanceId, why: &str) {
        if self.config.config.notify.webhook.is_none() {
            return;
        }
        let body = serde_json::json!({
            "event": event,
            "service": instance.service.to_string(),
            "instance": instance.to_string(),
            "at": time::text(self.time.wall),
            "cause": why,
            "supervisor": self.options.paths.id,
            // What chats show.
            "text": format!("{instance} {event}: {why}"),
        });
        let body = Bytes::from(body.to_string());
        if !self.hooks.webhook.add(self.time.now, &instance.to_string(), body) {
            tracing::warn!(%instance, event, "webhook left out: too many wait already");
        }
    }

    /// Tells what may be told now.
    pub(super) fn tell_others(&mut self) {
        self.find_recovered();
        let now = self.time.now;
        let calls: Vec<_> = self.hooks.lines.values_mut().filter_map(|line| line.take(now)).collect();
        for note in calls {
            self.run_hook(note.what);
        }
        if let Some(note) = self.hooks.webhook.take(now) {
            let url = self.config.config.notify.webhook.as_ref();
            let address = url
                .map_or_else(|| Err("there is none any more".to_owned()), |url| Address::new(url.expose()));
            if note.folded + note.dropped > 0 {
                tracing::warn!(
                    folded = note.folded,
                    dropped = note.dropped,
                    "webhook was told less than happened"
                );
            }
            self.jobs.spawn(async move {
                let result = match address {
                    Ok(address) => post(address, note.what).await,
                    Err(error) => Err(error),
                };
                Fact::Hook(HookNews::Posted { result })
            });
        }
    }

    fn run_hook(&mut self, call: Call) {
        let Call { name, instance, argv, variables } = call;
        let spec = self.supervisor.instance(&instance).map(|it| it.spec().clone());
        let spec = spec.or_else(|| self.supervisor.fleet().services.get(&instance.service).cloned());
        let job = match spec {
            Some(spec) => self.hook_job(&instance, &argv, &spec, variables),
            None => Err("its service is gone".to_owned()),
        };
        self.jobs.spawn(async move {
            let result = match job {
                Ok(job) => run(job).await,
                Err(error) => Err(error),
            };
            Fact::Hook(HookNews::Ran { instance, name, result })
        });
    }

    fn hook_job(
        &self,
        instance: &InstanceId,
        argv: &[Template],
        spec: &ServiceSpec,
        variables: Vec<(&'static str, String)>,
    ) -> Result<Job, String> {
        let mut job = self.command_job(instance, argv, spec).map_err(|error| error.to_string())?;
        job.timeout = HOOK_TIMEOUT;
        job.output_max = HOOK_OUTPUT_MAX;
        job.env.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        Ok(job)
    }

    pub(super) fn hook_news(&mut self, news: HookNews) {
        match news {
            HookNews::Ran { instance, name, result } => {
                if let Some(line) = self.hooks.lines.get_mut(&instance.service) {
                    line.done();
                }
                match result {
                    Ok(()) => {
                        tracing::info!(%instance, hook = name, "hook ran");
                        self.remark(&instance.service, TOPIC, None);
                    }
                    Err(error) => {
                        tracing::warn!(%instance, hook = name, %error, "hook failed");
                        let text = format!("{name} failed: {error}");
                        self.remark(&instance.service, TOPIC, Some(text.clone()));
                        self.tell(instance, "hook-failed", &[("hook", name)], text);
                    }
                }
            }
            HookNews::Posted { result } => {
                self.hooks.webhook.done();
                let trouble = result.err().map(|error| format!("the webhook was not told: {error}"));
                if let Some(trouble) = &trouble {
                    tracing::warn!(%trouble, "webhook");
                }
                if self.hooks.trouble != trouble {
                    self.hooks.trouble = trouble;
                    let banner = self.published_banner();
                    self.note(None, ostler_api::EventKind::Banner { banner });
                }
            }
        }
    }

    /// Lets hooks that were called finish, before an orderly end.
    pub(super) async fn finish_hooks(&mut self) {
        let finish = async {
            while !self.hooks.is_idle() {
                self.time = super::Time::look();
                self.tell_others();
                match self.jobs.join_next().await {
                    Some(Ok(Fact::Hook(news))) => self.hook_news(news),
                    Some(_) => {}
                    None => return,
                }
            }
        };
        if tokio::time::timeout(FAREWELL, finish).await.is_err() {
            tracing::warn!("some hooks did not end in time and are ended");
        }
    }
}

async fn run(job: Job) -> Result<(), String> {
    let outcome = job.run().await.map_err(|error| format!("it cannot be run: {error}"))?;
    let line = outcome.last_line().map_or(String::new(), |line| format!(": {line}"));
    match outcome.status {
        Some(status) if status.success() => Ok(()),
        Some(status) => match status.code() {
            Some(code) => Err(format!("exit {code}{line}")),
            None => Err(format!("ended by a signal{line}")),
        },
        None => Err(format!("killed after {} s{line}", HOOK_TIMEOUT.as_secs())),
    }
}
