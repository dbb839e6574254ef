//! The connection to an engine, as the verbs need it.

use std::path::PathBuf;

use ostler_api::{
    ActionParams, ActionReply, ApiError, AttachParams, AttachReply, Effect, Event, HelloParams, HelloReply,
    LogNotification, LogReply, LogsParams, Method, Snapshot, Token, WatchParams,
};
use ostler_client::{Attached, Client, ClientError, Endpoint, Follow, Watch, WatchItem};
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::DuplexStream;

use crate::failure::Failure;

const NAME: &str = "ostler";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A connection to an engine. Clones share it.
#[derive(Clone)]
pub(crate) struct Link {
    client: Client,
}

/// What is done to services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Start,
    Stop,
    Restart,
}

/// What happens, as it happens.
pub(crate) struct Events(Watch);

/// One thing that a watch tells.
pub(crate) enum News {
    /// What happened.
    Event(Box<Event>),
    /// Everything anew, after events were missed.
    Snapshot(Box<Snapshot>),
}

/// Output, as it is written.
pub(crate) struct Lines(Option<Follow>);

impl Link {
    /// Connects to the first socket where an engine answers; none if there is none.
    pub(crate) async fn first(sockets: &[PathBuf]) -> Result<Option<Self>, Failure> {
        match Client::connect_first(sockets).await {
            Ok(client) => Ok(Some(Self { client })),
            Err(ClientError::NoEngine { .. }) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    /// Connects to a port, where both sides prove that they know the token.
    pub(crate) async fn over_tcp(host: &str, port: u16, token: Token) -> Result<Self, Failure> {
        let endpoint = Endpoint::Tcp { host: host.to_owned(), port, token };
        Ok(Self { client: Client::connect(&endpoint).await.map_err(refused)? })
    }

    /// Speaks over a stream within this process.
    pub(crate) fn over(stream: DuplexStream) -> Self {
        Self { client: Client::over(stream) }
    }

    /// Calls a method that answers at once.
    pub(crate) async fn call<P: Serialize, R: DeserializeOwned>(
        &self,
        method: Method,
        params: &P,
    ) -> Result<R, Failure> {
        self.introduce(method).await?;
        self.client.call(method, params).await.map_err(refused)
    }

    /// Starts, stops or restarts, and waits as long as the parameters say.
    pub(crate) async fn act(&self, action: Action, params: &ActionParams) -> Result<ActionReply, Failure> {
        self.hello().await?;
        let reply = match action {
            Action::Start => self.client.start(params).await,
            Action::Stop => self.client.stop(params).await,
            Action::Restart => self.client.restart(params).await,
        };
        reply.map_err(refused)
    }

    /// What is.
    pub(crate) async fn status(&self, params: &ostler_api::ServiceParams) -> Result<Snapshot, Failure> {
        self.client.status(params).await.map_err(refused)
    }

    /// Asks the probes now.
    pub(crate) async fn health(
        &self,
        params: &ostler_api::ServiceParams,
    ) -> Result<ostler_api::HealthReply, Failure> {
        self.client.health_check(params).await.map_err(refused)
    }

    /// Runs a command to its end.
    pub(crate) async fn execute_command(
        &self,
        params: &ostler_api::ExecuteCommandParams,
    ) -> Result<ostler_api::CommandReply, Failure> {
        self.hello().await?;
        self.client.execute_command(params).await.map_err(refused)
    }

    /// Restarts with commands before and after, and waits for the end.
    pub(crate) async fn custom_restart(
        &self,
        params: &ostler_api::CustomRestartParams,
    ) -> Result<ostler_api::CustomRestartReply, Failure> {
        self.hello().await?;
        self.client.custom_restart(params).await.map_err(refused)
    }

    /// Who the engine is.
    pub(crate) async fn hello(&self) -> Result<HelloReply, Failure> {
        let (client, version) = (NAME.to_owned(), VERSION.to_owned());
        let params = HelloParams { client, version, ..HelloParams::default() };
        self.client.hello(&params).await.map_err(refused)
    }

    /// What is, and what happens then.
    pub(crate) async fn watch(&self, params: WatchParams) -> Result<(Snapshot, Events), Failure> {
        let mut watch = self.client.watch(&params).await.map_err(refused)?;
        loop {
            if let WatchItem::Snapshot(snapshot) = watch.next().await.map_err(refused)? {
                return Ok((*snapshot, Events(watch)));
            }
        }
    }

    /// Attaches to a service's terminal, or to its standard input.
    pub(crate) async fn attach(&self, params: &AttachParams) -> Result<(AttachReply, Attached), Failure> {
        self.hello().await?;
        self.client.attach(params).await.map_err(refused)
    }

    /// Output, and what follows if asked.
    pub(crate) async fn logs(&self, params: LogsParams) -> Result<(LogReply, Lines), Failure> {
        let (reply, follow) = self.client.logs(&params).await.map_err(refused)?;
        Ok((reply, Lines(follow)))
    }

    /// The engine's records say who asked for a change.
    async fn introduce(&self, method: Method) -> Result<(), Failure> {
        match method.effect() {
            Effect::Read => Ok(()),
            Effect::Change => self.hello().await.map(drop),
        }
    }
}

impl Events {
    /// Waits for more; nothing when the engine has ended.
    pub(crate) async fn next(&mut self) -> Option<News> {
        loop {
            match self.0.next().await.ok()? {
                WatchItem::Event(event) => return Some(News::Event(event)),
                WatchItem::Snapshot(snapshot) => return Some(News::Snapshot(snapshot)),
                WatchItem::Gap { .. } => {}
            }
        }
    }
}

impl Lines {
    /// Waits for more; nothing when the engine has ended.
    pub(crate) async fn next(&mut self) -> Option<LogNotification> {
        self.0.as_mut()?.next().await.ok()
    }
}

fn refused(error: ClientError) -> Failure {
    Failure::Api(ApiError::from(error))
}
