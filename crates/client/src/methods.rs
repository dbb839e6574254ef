//! The methods by name.

use std::time::Duration;

use ostler_api::{
    ActionParams, ActionReply, AttachParams, AttachReply, ConfigEditParams, ConfigHistory,
    ConfigRestoreParams, ConfigSaveParams, ConfigSaveReply, ConfigText, ConfigValidateParams, ConfigVerdict,
    DoctorReply, EnvReply, HealthReply, HelloParams, HelloReply, LogReply, LogsParams, Method, MetricsParams,
    MetricsReply, NoParams, PlanReply, ReloadParams, ScaleParams, ServiceParams, SetModeParams,
    ShutdownParams, ShutdownReply, SignalParams, SignalReply, Snapshot, Wait, WatchParams, WhyReply,
};

use crate::{Attached, Client, ClientError, Follow, Watch, client::ANSWER_DEADLINE};

/// Longer than what the engine itself allows.
const WAIT_MARGIN: Duration = Duration::from_secs(5);
/// What the engine waits for if nothing is said.
const WAIT_DEFAULT_SECONDS: f64 = 120.0;
/// Probes have timeouts of their own.
const HEALTH_DEADLINE: Duration = Duration::from_secs(120);

/// The engine ends commands by their own time; this is for one that never answers.
const COMMANDS_DEADLINE: Duration = Duration::from_secs(24 * 3600);

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident $method:ident ($params:ty) -> $reply:ty;)*) => {
        impl Client {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// As [`Self::call`].
                pub async fn $name(&self, params: &$params) -> Result<$reply, ClientError> {
                    self.call(Method::$method, params).await
                }
            )*
        }
    };
}

calls! {
    /// Says who we are, and hears who the engine is.
    hello Hello (HelloParams) -> HelloReply;
    /// Reads the configuration again.
    reload_config ReloadConfig (ReloadParams) -> PlanReply;
    /// What is wrong with a text, and what it would change.
    config_validate ConfigValidate (ConfigValidateParams) -> ConfigVerdict;
    /// Replaces the text of the configuration.
    config_save ConfigSave (ConfigSaveParams) -> ConfigSaveReply;
    /// Sets or removes one key.
    config_edit ConfigEdit (ConfigEditParams) -> ConfigSaveReply;
    /// Goes back to a kept version.
    config_restore ConfigRestore (ConfigRestoreParams) -> ConfigSaveReply;
    /// Switches the mode.
    set_mode SetMode (SetModeParams) -> PlanReply;
    /// Ends the engine.
    shutdown Shutdown (ShutdownParams) -> ShutdownReply;
    /// Why services are as they are.
    why Why (ServiceParams) -> WhyReply;
    /// Use of CPU and memory.
    metrics Metrics (MetricsParams) -> MetricsReply;
    /// Sends a signal.
    signal Signal (SignalParams) -> SignalReply;
    /// Another number of slots.
    scale Scale (ScaleParams) -> PlanReply;
    /// Frozen evidence of crashes.
    incidents Incidents (ostler_api::IncidentsParams) -> ostler_api::IncidentsReply;
    /// The environment of a run.
    env Env (ServiceParams) -> EnvReply;
}

impl Client {
    /// Brings services up, and waits as long as the parameters say.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn start(&self, params: &ActionParams) -> Result<ActionReply, ClientError> {
        self.call_within(action_deadline(params), Method::Start, params).await
    }

    /// Brings services down, and waits as long as the parameters say.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn stop(&self, params: &ActionParams) -> Result<ActionReply, ClientError> {
        self.call_within(action_deadline(params), Method::Stop, params).await
    }

    /// Gives services a new run, and waits as long as the parameters say.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn restart(&self, params: &ActionParams) -> Result<ActionReply, ClientError> {
        self.call_within(action_deadline(params), Method::Restart, params).await
    }

    /// Runs a command beside the services, and waits for its end.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn execute_command(
        &self,
        params: &ostler_api::ExecuteCommandParams,
    ) -> Result<ostler_api::CommandReply, ClientError> {
        self.call_within(COMMANDS_DEADLINE, Method::ExecuteCommand, params).await
    }

    /// Restarts a service with commands before and after, and waits for the end.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn custom_restart(
        &self,
        params: &ostler_api::CustomRestartParams,
    ) -> Result<ostler_api::CustomRestartReply, ClientError> {
        self.call_within(COMMANDS_DEADLINE, Method::CustomRestart, params).await
    }

    /// Asks the probes now.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn health_check(&self, params: &ServiceParams) -> Result<HealthReply, ClientError> {
        self.call_within(HEALTH_DEADLINE, Method::HealthCheck, params).await
    }

    /// The configuration's text.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn config_get(&self) -> Result<ConfigText, ClientError> {
        self.call(Method::ConfigGet, &NoParams {}).await
    }

    /// The kept versions of the configuration.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn config_history(&self) -> Result<ConfigHistory, ClientError> {
        self.call(Method::ConfigHistory, &NoParams {}).await
    }

    /// Self-check.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn doctor(&self) -> Result<DoctorReply, ClientError> {
        self.call(Method::Doctor, &NoParams {}).await
    }

    /// What is.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn status(&self, params: &ServiceParams) -> Result<Snapshot, ClientError> {
        crate::watch::status(self, params).await
    }

    /// What is, then what happens.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn watch(&self, params: &WatchParams) -> Result<Watch, ClientError> {
        Watch::begin(self, params.clone()).await
    }

    /// Attaches to a service's terminal, or to its standard input when its output is logged.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn attach(&self, params: &AttachParams) -> Result<(AttachReply, Attached), ClientError> {
        Attached::begin(self, params).await
    }

    /// The latest output, and what follows if the parameters say so.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn logs(&self, params: &LogsParams) -> Result<(LogReply, Option<Follow>), ClientError> {
        Follow::begin(self, params).await
    }
}

fn action_deadline(params: &ActionParams) -> Duration {
    match params.wait {
        Wait::Accepted => ANSWER_DEADLINE,
        Wait::Settled | Wait::Ready => {
            let seconds = params.timeout.unwrap_or(WAIT_DEFAULT_SECONDS);
            // What is no span of time is refused by the engine, soon.
            Duration::try_from_secs_f64(seconds).unwrap_or(ANSWER_DEADLINE).saturating_add(WAIT_MARGIN)
        }
    }
}
