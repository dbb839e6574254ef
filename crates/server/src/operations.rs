//! What takes its time: begun by one request, looked at by others.
//!
//! Each operation is a task that goes on whoever listens; a bounded number of them is kept, so that one can still ask
//! how it ended. Nothing is allocated before the first.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use ostler_api::{ApiError, ErrorCode};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::limits::{OPERATIONS_KEPT_MAX, OPERATIONS_RUNNING_MAX};

/// All operations.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    kept: VecDeque<Arc<Operation>>,
    tasks: JoinSet<()>,
    last: u64,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Operation {
    id: String,
    method: &'static str,
    service: Option<String>,
    started_at: Timestamp,
    state: watch::Sender<State>,
}

/// How far it is.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// It goes on.
    Running,
    /// It has ended, with what it has to say.
    Ended {
        /// When.
        at: Timestamp,
        /// The answer, or the error.
        outcome: Result<Value, ApiError>,
    },
}

impl State {
    /// Whether it ended as it was wished.
    fn is_good(outcome: &Result<Value, ApiError>) -> bool {
        outcome.as_ref().is_ok_and(|value| value["ok"] != Value::Bool(false))
    }
}

impl Operations {
    /// Begins one. Its number is unique for a life of the server, which `epoch` names.
    ///
    /// # Errors
    /// `busy`: too many are running.
    pub(crate) fn begin(
        &self,
        epoch: &str,
        method: &'static str,
        service: Option<String>,
        work: impl Future<Output = Result<Value, ApiError>> + Send + 'static,
    ) -> Result<Arc<Operation>, ApiError> {
        let mut inner = self.lock();
        while inner.tasks.try_join_next().is_some() {}
        if inner.tasks.len() >= OPERATIONS_RUNNING_MAX {
            let text = format!("{OPERATIONS_RUNNING_MAX} operations are running already");
            return Err(ApiError::new(ErrorCode::Busy, text).hint("wait for one of them: /api/v1/operations"));
        }
        inner.last += 1;
        let operation = Arc::new(Operation {
            id: format!("{epoch}-{}", inner.last),
            method,
            service,
            started_at: Timestamp::now(),
            state: watch::Sender::new(State::Running),
        });
        if inner.kept.len() >= OPERATIONS_KEPT_MAX {
            // Fewer run than are kept, so that one of them has ended.
            let ended = inner.kept.iter().position(|operation| operation.has_ended()).unwrap_or_default();
            inner.kept.remove(ended);
        }
        inner.kept.push_back(Arc::clone(&operation));
        let begun = Begun(Arc::clone(&operation));
        inner.tasks.spawn(async move { begun.ends(work.await) });
        Ok(operation)
    }

    /// One of them.
    ///
    /// # Errors
    /// `invalid-params`: there is none, or not any more.
    pub(crate) fn get(&self, id: &str) -> Result<Arc<Operation>, ApiError> {
        let found = self.lock().kept.iter().find(|operation| operation.id == id).cloned();
        found.ok_or_else(|| {
            ApiError::new(ErrorCode::UnknownMethod, format!("there is no operation {id:?}"))
                .hint(format!("/api/v1/operations lists the last {OPERATIONS_KEPT_MAX} of this engine's run"))
        })
    }

    /// All that are kept, in order.
    pub(crate) fn list(&self) -> Value {
        let kept: Vec<Arc<Operation>> = self.lock().kept.iter().cloned().collect();
        json!({ "operations": kept.iter().map(|operation| operation.value()).collect::<Vec<_>>() })
    }

    /// Forgets one that was refused at once: whoever asked is told, and there is nothing to look at.
    pub(crate) fn forget(&self, operation: &Operation) {
        self.lock().kept.retain(|kept| kept.id != operation.id);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that goes on. What breaks off is told to be over as well.
struct Begun(Arc<Operation>);

impl Begun {
    fn ends(&self, outcome: Result<Value, ApiError>) {
        self.0.state.send_replace(State::Ended { at: Timestamp::now(), outcome });
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.0.has_ended() {
            self.ends(Err(lost()));
        }
    }
}

fn lost() -> ApiError {
    ApiError::new(ErrorCode::Internal, "the operation broke off: this is a defect of Ostler")
        .hint("look at the log of the supervisor; what it has done so far stays")
}

impl Operation {
    /// Where it is looked at.
    pub(crate) fn path(&self) -> String {
        format!("/api/v1/operations/{}", self.id)
    }

    /// How far it is, and what follows.
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Waits for its end.
    pub(crate) async fn ended(&self) -> Result<Value, ApiError> {
        let mut state = self.watch();
        loop {
            if let State::Ended { outcome, .. } = &*state.borrow_and_update() {
                return outcome.clone();
            }
            if state.changed().await.is_err() {
                return Err(lost());
            }
        }
    }

    fn has_ended(&self) -> bool {
        matches!(*self.state.borrow(), State::Ended { .. })
    }

    /// All that is to be said of it.
    pub(crate) fn value(&self) -> Value {
        let state = self.state.borrow().clone();
        let (word, finished_at, result, error) = match state {
            State::Running => ("running", None, None, None),
            State::Ended { at, outcome } => {
                let word = if State::is_good(&outcome) { "done" } else { "failed" };
                let (result, error) = match outcome {
                    Ok(result) => (Some(result), None),
                    Err(error) => (None, Some(error)),
                };
                (word, Some(format!("{at:.3}")), result, error)
            }
        };
        json!({
            "id": self.id,
            "method": self.method,
            "service": self.service,
            "state": word,
            "started_at": format!("{:.3}", self.started_at),
            "finished_at": finished_at,
            "result": result,
            "error": error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_are_kept_and_what_runs_is_never_forgotten() {
        let operations = Operations::default();
        let begin = |work: bool| {
            operations.begin("a", "start", None, async move {
                if work { Ok(json!({})) } else { std::future::pending().await }
            })
        };
        let running: Vec<_> = (1..OPERATIONS_RUNNING_MAX).map(|_| begin(false).unwrap()).collect();
        for _ in 0..OPERATIONS_KEPT_MAX * 2 {
            begin(true).unwrap().ended().await.unwrap();
        }
        assert!(running.iter().all(|operation| operations.get(&operation.id).is_ok()));
        assert_eq!(operations.list()["operations"].as_array().unwrap().len(), OPERATIONS_KEPT_MAX);
        begin(false).unwrap();
        assert_eq!(begin(true).unwrap_err().code, ErrorCode::Busy);
    }

    #[tokio::test]
    async fn one_that_breaks_off_is_over() {
        let operations = Operations::default();
        let operation = operations.begin("a", "start", None, async { panic!("for the test") }).unwrap();
        let error = tokio::time::timeout(std::time::Duration::from_secs(20), operation.ended()).await;
        assert_eq!(error.expect("it ends").unwrap_err().code, ErrorCode::Internal);
        assert_eq!(operation.value()["state"], "failed");
    }

    #[tokio::test]
    async fn an_end_that_was_not_wished_is_a_failure() {
        let operations = Operations::default();
        let check = async |outcome: Result<Value, ApiError>, word: &str| {
            let operation =
                operations.begin("a", "start", Some("web".to_owned()), async { outcome }).unwrap();
            let _ = operation.ended().await;
            let value = operation.value();
            assert_eq!(value["state"], word, "{value}");
            assert!(value["finished_at"].is_string());
        };
        check(Ok(json!({"accepted_at": 1, "ok": true})), "done").await;
        check(Ok(json!({"accepted_at": 1, "ok": false})), "failed").await;
        check(Err(ApiError::new(ErrorCode::Timeout, "late")), "failed").await;
    }
}
