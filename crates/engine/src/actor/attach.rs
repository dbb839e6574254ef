//! Who may be attached to. What is shown and typed passes by the actor.

use ostler_api::{ApiError, AttachMode, AttachParams, ErrorCode, Word};
use ostler_core::{Actor as Who, InstanceId, Stdio};

use super::{Actor, slot, targets};
use crate::terminal::Wanted;

impl Actor {
    /// Finds what somebody wants to attach to.
    pub(super) fn attach(&mut self, params: &AttachParams, who: &Who) -> Result<Wanted, ApiError> {
        let wanted = self.find_attachable(params);
        let result = wanted.as_ref().err().map_or("accepted", |error| error.message.as_str()).to_owned();
        self.audit(who, "attach", params.service.clone(), &result);
        wanted
    }

    fn find_attachable(&self, params: &AttachParams) -> Result<Wanted, ApiError> {
        let id = self.the_one(&params.service)?;
        let mode = match self.stdio(&id) {
            Stdio::Pty => AttachMode::Pty,
            Stdio::Log => AttachMode::Log,
            Stdio::Stream => {
                let message = format!("{id} speaks with a program over its streams");
                return Err(ApiError::new(ErrorCode::NotAvailable, message).hint(format!(
                    "set services.{0}.stdio = \"pty\" to speak with it yourself; what it says on stderr: \
                     `ostler logs {0}`",
                    id.service
                )));
            }
        };
        self.must_run(&id)?;
        Ok(self.wanted(&id, mode))
    }

    /// Finds a run whose streams somebody wants.
    pub(super) fn streams(&self, name: &str) -> Result<Wanted, ApiError> {
        let id = self.the_one(name)?;
        match self.stdio(&id) {
            Stdio::Stream => {}
            Stdio::Pty | Stdio::Log => {
                return Err(ApiError::new(ErrorCode::NotAvailable, format!("{id} has no streams"))
                    .hint(format!("set services.{}.stdio = \"stream\"", id.service)));
            }
        }
        self.must_run(&id)?;
        Ok(self.wanted(&id, AttachMode::Unknown))
    }

    fn wanted(&self, id: &InstanceId, mode: AttachMode) -> Wanted {
        let link = self.slots.get(id).and_then(|slot| slot.link.as_ref());
        Wanted { screen: self.terminals.of(id, link.map(|link| (link.number(), link.requests()))), mode }
    }

    fn stdio(&self, id: &InstanceId) -> Stdio {
        self.supervisor.instance(id).map_or(Stdio::Log, |instance| instance.spec().launch.stdio)
    }

    /// The only instance that a name means.
    fn the_one(&self, name: &str) -> Result<InstanceId, ApiError> {
        let mut found = targets::instances(&self.supervisor, Some(name))?;
        match (found.pop(), found.is_empty()) {
            (Some(id), true) => Ok(id),
            (None, _) => Err(ApiError::new(ErrorCode::NotRunning, format!("{name} has no instance"))),
            (Some(last), false) => {
                found.push(last);
                let names: Vec<String> = found.iter().map(ToString::to_string).collect();
                let mut error = ApiError::new(
                    ErrorCode::InvalidParams,
                    format!("{name} means {} instances: {}", names.len(), names.join(", ")),
                )
                .hint(format!("name one: `ostler attach {}`", names[0]));
                error.path = Some("service".to_owned());
                Err(error)
            }
        }
    }

    /// Those that wait for their next try are worth waiting for.
    fn must_run(&self, id: &InstanceId) -> Result<(), ApiError> {
        let state = match self.supervisor.instance(id).map(slot::word) {
            Some(Word::Stopped) => "is stopped",
            Some(Word::Disabled) => "is disabled, and stopped",
            Some(Word::Completed) => "has completed",
            Some(Word::Failed) => "has failed",
            Some(
                Word::Backoff
                | Word::Degraded
                | Word::Stopping
                | Word::Starting
                | Word::Running
                | Word::Unknown,
            )
            | None => return Ok(()),
        };
        let hint = format!("start it with `ostler start {0}`; why it is so: `ostler why {0}`", id.service);
        Err(ApiError::new(ErrorCode::NotRunning, format!("{id} {state}")).hint(hint))
    }
}
