//! A line is answered in a task of its own.

use std::sync::Arc;

use ostler_api::{ApiError, ErrorCode, HelloParams, Method};
use serde_json::Value;

use super::{
    dialect::Asked,
    reading::Connection,
    tasks::{Job, Outcome},
};
use crate::{
    dialect::{Caller, Turn},
    dispatch::{self, Answer},
    encode,
    limits::SUBSCRIPTIONS_MAX,
    outbox::Gone,
    peer::client_name,
    policy,
    request::{self, Call},
    text,
};

impl Connection {
    /// Begins to answer a line, or refuses it.
    pub(super) async fn serve(&mut self, asked: Asked) -> Result<(), Gone> {
        match asked {
            Asked::Words(line) => {
                self.words(line);
                Ok(())
            }
            Asked::Call(call) => self.call(call).await,
            Asked::Turn(turn) => {
                self.turn(turn);
                Ok(())
            }
            Asked::Refused(_, reply) => self.outbox.put(reply).await,
        }
    }

    fn words(&mut self, line: Vec<u8>) {
        let (engine, actor) = (self.shared.engine.clone(), self.actor.clone());
        self.spawn(
            Job::Command,
            async move { Ok(Outcome::Spoken(text::answer(&engine, &actor, &line).await)) },
        );
    }

    fn turn(&mut self, turn: Turn) {
        if let Some(client) = turn.client() {
            let hello = HelloParams { client: client.to_owned(), ..HelloParams::default() };
            self.actor = self.peer.named(&hello);
            self.listed.named(&client_name(&hello));
        }
        let (method, params) = turn.stands_for();
        tracing::debug!(method = method.as_str(), "a line of another dialect");
        let caller = Caller {
            engine: self.shared.engine.clone(),
            actor: self.actor.clone(),
            seat: Arc::clone(&self.seat),
            hub: Arc::clone(&self.shared.hub),
        };
        let outbox = self.outbox.clone();
        let permitted = policy::permit(&caller.engine, &caller.actor, method, &params);
        self.spawn(Job::Turn(turn.dialect()), async move {
            let answer = match permitted {
                Ok(()) => turn.answer(&caller).await,
                Err(error) => turn.dialect().refusal(&error),
            };
            outbox.put(answer).await?;
            Ok(Outcome::Over)
        });
    }

    async fn call(&mut self, call: Call) -> Result<(), Gone> {
        if call.method == Method::Hello
            && let Ok(hello) = request::params::<HelloParams>(call.params.clone())
            && !hello.client.is_empty()
        {
            // At once, so that the requests behind it have its name.
            self.actor = self.peer.named(&hello);
            self.listed.named(&client_name(&hello));
        }
        self.end_subscription(&call.id);
        if is_subscription(&call)
            && self.count(|job| matches!(job, Job::Subscription(_))) >= SUBSCRIPTIONS_MAX
        {
            let message = format!("this connection has {SUBSCRIPTIONS_MAX} watches already");
            let error =
                ApiError::new(ErrorCode::Busy, message).hint("open another connection, or close this");
            return self.outbox.put(encode::error(&call.id, error)).await;
        }
        let (engine, actor, outbox) = (self.shared.engine.clone(), self.actor.clone(), self.outbox.clone());
        let (id, listed, hub) = (call.id.clone(), Arc::clone(&self.listed), Arc::clone(&self.shared.hub));
        self.spawn(Job::Request(id.clone()), async move {
            match dispatch::answer_on(&listed, &hub, &engine, &actor, call).await {
                Ok(Answer { line, then }) => {
                    outbox.put(line).await?;
                    Ok(Outcome::Answered(id, then))
                }
                Err(error) => {
                    outbox.put(encode::error(&id, error)).await?;
                    Ok(Outcome::Over)
                }
            }
        });
        Ok(())
    }
}

fn is_subscription(call: &Call) -> bool {
    matches!(call.method, Method::Watch | Method::Attach)
        || call.method == Method::Logs && call.params.get("follow") == Some(&Value::Bool(true))
}
