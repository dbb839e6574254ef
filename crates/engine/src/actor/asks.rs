//! Answering wishes and questions.

use std::sync::Arc;

use ostler_api as api;
use ostler_api::{ApiError, ErrorCode};
use ostler_core::{Actor as Who, Effect, Input, InstanceId, Plan, Request, Signal};

use super::{Actor, fronts::Front, reload, targets, until_dropped};
use crate::{
    ask::{Accepted, Ask},
    wait::Wish,
};

/// In place of a signal: the `reload_signal` of the service.
const RELOAD_SIGNAL: &str = "reload";

impl Actor {
    pub(super) fn answer(&mut self, ask: Ask) {
        // An asker that left meanwhile is no fault: every `send` may find nobody.
        match ask {
            Ask::Action { wish, params, actor, reply } => {
                let subject = named(&params);
                let result = self.act(wish, params, &actor);
                self.after(wish.verb(), subject, &actor, &result);
                let _ = reply.send(result);
            }
            Ask::Reload { params, actor, reply } => self.reload_asked(params, actor, reply),
            Ask::SetMode { params, actor, reply } => {
                let subject = params.mode.clone();
                let result = self.set_mode(params, &actor);
                self.after("set_mode", subject, &actor, &result);
                let _ = reply.send(result);
            }
            Ask::Scale { params, actor, reply } => {
                let subject = format!("{} to {}", params.service, params.instances);
                let result = self.scale(params, &actor);
                self.after("scale", subject, &actor, &result);
                let _ = reply.send(result);
            }
            Ask::Shutdown { params, actor, reply } => self.shut_down(&params, &actor, reply),
            Ask::Signal { params, actor, reply } => {
                let result = self.send_signal(&params);
                let subject = format!("{} {}", params.signal, params.service);
                self.after("signal", subject, &actor, &result);
                let _ = reply.send(result);
            }
            Ask::Status { params, reply } => {
                let _ = reply.send(self.status(&params));
            }
            Ask::Health { params, reply } => self.check_health(&params, reply),
            Ask::Probes { params, reply } => drop(reply.send(self.probes_of(&params))),
            Ask::ConfigGet { reply } => self.config_get(reply),
            Ask::ConfigSave { wish, actor, reply } => self.save(wish, actor, reply),
            Ask::ConfigHistory { reply } => self.config_history(reply),
            Ask::ConfigValidate { params, reply } => self.config_validate(params, reply),
            Ask::Metrics { params, reply } => self.metrics(&params, reply),
            Ask::Env { params, reply } => self.env(&params, reply),
            Ask::Logs { params, actor, reply } => self.logs(params, &actor, reply),
            Ask::ExecuteCommand { params, actor, reply } => self.execute_command(&params, actor, reply),
            Ask::CustomRestart { params, actor, reply } => self.custom_restart(params, actor, reply),
            Ask::Doctor { reply } => self.doctor(reply),
            Ask::Attach { params, actor, reply } => drop(reply.send(self.attach(&params, &actor))),
            Ask::Streams { service, reply } => drop(reply.send(self.streams(&service))),
            Ask::Front { check, url } => self.front_reported(Front { check, url }),
            Ask::FrontGone { name } => self.front_gone(name),
            // Publishing looks at their number.
            Ask::Listeners => {}
            Ask::Note { kind } => self.note(None, kind),
            Ask::Incidents { params, reply } => self.incidents(params, reply),
            Ask::Fault { action, subject, text } => self.audit(&Who::Supervisor, action, subject, &text),
            Ask::Power { news, reply } => {
                self.power_news(news);
                let _ = reply.send(Ok(()));
            }
            Ask::Look { until } => {
                self.lookers.spawn(until_dropped(until));
                self.next_sample.get_or_insert_with(tokio::time::Instant::now);
            }
        }
    }

    /// Audits a wish, and keeps what is wanted before the answer leaves.
    fn after<T>(&mut self, action: &'static str, subject: String, who: &Who, result: &Result<T, ApiError>) {
        let text = result.as_ref().err().map_or("accepted", |error| error.message.as_str()).to_owned();
        if result.is_ok() {
            self.keep_intent();
        }
        self.audit(who, action, subject, &text);
    }

    fn act(&mut self, wish: Wish, params: api::ActionParams, actor: &Who) -> Result<Accepted, ApiError> {
        self.refuse_while_ending()?;
        let mut targets = targets::of_action(&self.supervisor, &params)?;
        if wish == Wish::Restart && params.all {
            // All that is wanted: what is down on purpose stays down.
            let slots = self.supervisor.instances().filter(|it| it.goal() == ostler_core::Goal::Up);
            let wanted: Vec<_> = slots.map(ostler_core::Instance::id).collect();
            targets.retain(|target| wanted.iter().any(|id| targets::is_meant(target, id)));
        }
        if let Some(args) = params.args {
            for target in &targets {
                let (ostler_core::Target::Service(service)
                | ostler_core::Target::Instance(InstanceId { service, .. })) = target;
                self.overrides.entry(service.clone()).or_default().args = Some(args.clone());
            }
        }
        match wish {
            Wish::Start | Wish::Restart => self.resume_watches(&targets),
            Wish::Stop => {}
        }
        let request = match wish {
            Wish::Start => Request::Start { targets: targets.clone(), with_dependencies: !params.no_deps },
            Wish::Stop => Request::Stop { targets: targets.clone() },
            Wish::Restart => Request::Restart { targets: targets.clone() },
        };
        self.command(request, actor);
        self.publish();
        let meant = |id: &InstanceId| targets.iter().any(|target| targets::is_meant(target, id));
        let instances = self.supervisor.instances().map(ostler_core::Instance::id);
        Ok(Accepted {
            seq: self.journal.last(),
            instances: instances.filter(|id| meant(id)).map(InstanceId::to_string).collect(),
        })
    }

    /// Passes a wish to core. What it is about is shown anew, even if nothing changed.
    pub(super) fn command(&mut self, request: Request, actor: &Who) {
        let actor = actor.clone();
        let effects: Vec<Effect> = self.supervisor.handle(self.time.now, Input::Command { request, actor });
        self.perform(effects);
        for (id, slot) in &mut self.slots {
            let is_waiting = self.supervisor.instance(id).is_some_and(|it| {
                it.is_pending_restart() || it.is_pending_stop() || it.waiting_for().is_some()
            });
            slot.is_dirty |= is_waiting;
        }
    }

    fn set_mode(&mut self, params: api::SetModeParams, actor: &Who) -> Result<api::PlanReply, ApiError> {
        self.refuse_while_ending()?;
        let fleet = Arc::clone(self.supervisor.fleet());
        if !fleet.modes.contains(&params.mode) {
            return Err(targets::unknown_mode(&fleet, &params.mode));
        }
        let plan = Plan::for_mode(&fleet, self.supervisor.mode(), &params.mode);
        let plan = reload::plan(&plan, fleet.services.len());
        self.command(Request::SetMode { mode: params.mode }, actor);
        self.publish();
        Ok(api::PlanReply { plan, hash: self.config.hash.clone(), accepted_at: self.journal.last() })
    }

    fn scale(&mut self, params: api::ScaleParams, actor: &Who) -> Result<api::PlanReply, ApiError> {
        self.refuse_while_ending()?;
        let fleet = Arc::clone(self.supervisor.fleet());
        let service = targets::service(&fleet, &params.service)?;
        let most = fleet.services.get(&service).map_or(1, |spec| spec.max_instances);
        if params.instances == 0 || params.instances > most {
            let mut error = ApiError::new(
                ErrorCode::InvalidParams,
                format!("{service} can have 1 to {most} instances, not {}", params.instances),
            )
            .hint(format!("raise services.{service}.max_instances in the configuration"));
            error.path = Some("instances".to_owned());
            return Err(error);
        }
        let before =
            self.supervisor.instances().filter(|it| it.id().service == service && !it.is_leaving()).count();
        if before == usize::from(params.instances) {
            let notice = format!("{service} has {before} instances already; nothing changes");
            let plan =
                api::Plan { untouched: fleet.services.len(), notices: vec![notice], ..api::Plan::default() };
            return Ok(api::PlanReply {
                plan,
                hash: self.config.hash.clone(),
                accepted_at: self.journal.last(),
            });
        }
        self.command(Request::Scale { service: service.clone(), instances: params.instances }, actor);
        self.new_services.insert(service.clone());
        self.publish();
        let text = format!("{service} has {} instances instead of {before}", params.instances);
        let change = api::PlanChange {
            service: service.to_string(),
            action: api::PlanAction::Change,
            keys: vec!["instances".to_owned()],
            text,
        };
        let plan =
            api::Plan { changes: vec![change], untouched: fleet.services.len() - 1, notices: Vec::new() };
        Ok(api::PlanReply { plan, hash: self.config.hash.clone(), accepted_at: self.journal.last() })
    }

    fn shut_down(
        &mut self,
        params: &api::ShutdownParams,
        actor: &Who,
        reply: crate::ask::Reply<api::ShutdownReply>,
    ) {
        let services = params.services.unwrap_or_else(|| self.on_quit());
        self.audit(actor, "shutdown", format!("services: {services:?}").to_lowercase(), "accepted");
        match services {
            api::OnQuit::Keep => self.is_leaving = true,
            api::OnQuit::Stop | api::OnQuit::Unknown => {
                // Said twice: those that still end politely are killed.
                if self.supervisor.is_shutting_down() {
                    let targets = self.supervisor.fleet().services.keys().cloned();
                    let targets = targets.map(ostler_core::Target::Service).collect();
                    self.command(Request::Stop { targets }, actor);
                }
                self.command(Request::Shutdown, actor);
            }
        }
        let _ = reply.send(Ok(api::ShutdownReply { services_kept: services == api::OnQuit::Keep }));
    }

    fn send_signal(&mut self, params: &api::SignalParams) -> Result<api::SignalReply, ApiError> {
        let given = Signal::parse(&params.signal);
        if given.is_none() && params.signal != RELOAD_SIGNAL {
            let mut error =
                ApiError::new(ErrorCode::InvalidParams, format!("there is no signal {:?}", params.signal))
                    .hint("give a name such as SIGHUP or a number from 1 to 31");
            error.path = Some("signal".to_owned());
            return Err(error);
        }
        let instances = targets::instances(&self.supervisor, Some(&params.service))?;
        let mut delivered = Vec::new();
        for id in instances {
            let own = || self.supervisor.fleet().services.get(&id.service)?.reload_signal;
            let Some(signal) = given.or_else(own) else {
                let message = format!("{} has no reload_signal", id.service);
                return Err(ApiError::new(ErrorCode::NotAvailable, message)
                    .hint(format!("restart it with `ostler restart {}`", id.service)));
            };
            let Some(pid) = self.supervisor.instance(&id).and_then(ostler_core::Instance::pid) else {
                continue;
            };
            let Some(slot) = self.slots.get(&id) else { continue };
            let (Some(link), Some(state)) = (&slot.link, &slot.run) else { continue };
            link.send(&ostler_keeper::protocol::Request::Signal {
                run: state.run.0,
                signal: signal.0,
                whole_group: false,
            });
            delivered.push(format!("{id} (pid {pid})"));
        }
        if delivered.is_empty() {
            return Err(ApiError::new(ErrorCode::NotRunning, format!("{} does not run", params.service))
                .hint(format!("start it with `ostler start {}`", params.service)));
        }
        Ok(api::SignalReply { delivered })
    }

    fn status(&mut self, params: &api::ServiceParams) -> Result<api::Snapshot, ApiError> {
        let wanted = match params.service.as_deref() {
            Some(name) => Some(targets::instances(&self.supervisor, Some(name))?),
            None => None,
        };
        Ok(self.fresh_snapshot(wanted.as_deref()))
    }

    pub(super) fn refuse_while_ending(&self) -> Result<(), ApiError> {
        if self.supervisor.is_shutting_down() {
            return Err(ApiError::new(ErrorCode::Conflict, "the supervisor is shutting down")
                .hint("wait for it to end, then `ostler up`"));
        }
        Ok(())
    }

    pub(super) fn on_quit(&self) -> api::OnQuit {
        match self.config.config.supervisor.on_quit {
            ostler_config::OnQuit::Stop => api::OnQuit::Stop,
            ostler_config::OnQuit::Keep => api::OnQuit::Keep,
        }
    }
}

/// Whom a wish names, as it was said.
fn named(params: &api::ActionParams) -> String {
    if params.all {
        return "all".to_owned();
    }
    let group = params.group.iter().map(|group| format!("group:{group}"));
    let names: Vec<_> = params.service.iter().chain(&params.services).cloned().chain(group).collect();
    names.join(", ")
}
