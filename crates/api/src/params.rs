//! Parameters of the methods: strict, an unknown field is an error.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! params {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
            #[serde(deny_unknown_fields, default)]
            pub struct $name {
                $($(#[$field_doc])* #[serde(skip_serializing_if = "is_default")] pub $field: $type,)*
            }
        )*
    };
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

params! {
    /// `hello`.
    HelloParams {
        /// The client's name: `ostler 0.1.0`.
        client: String,
        /// The client's version.
        version: String,
        /// The token, over TCP.
        token: Option<String>,
        /// In place of the token, over TCP: the client's part of the mutual proof.
        nonce: Option<String>,
    }
    /// `status`, `health_check`, `env`, `why`.
    ServiceParams {
        /// A service or instance; none = all, where that makes sense.
        service: Option<String>,
    }
    /// `start`, `stop`, `restart`.
    ActionParams {
        /// One service, instance, glob (`api*`), `group:NAME` or `mode:NAME`.
        service: Option<String>,
        /// Several of them.
        services: Vec<String>,
        /// All services of a group.
        group: Option<String>,
        /// All services.
        all: bool,
        /// Arguments that replace the configured ones, until the next reload.
        args: Option<Vec<String>>,
        /// Do not start what it depends on.
        no_deps: bool,
        /// What to wait for; `accepted` if not given.
        wait: Wait,
        /// Seconds to wait at most; 120 if not given, 600 at most.
        timeout: Option<f64>,
    }
    /// `reload_config`.
    ReloadParams {
        /// Another file than the engine's own.
        config_path: Option<String>,
        /// Only say what would change.
        plan_only: bool,
    }
    /// `config_validate`.
    ConfigValidateParams {
        /// The text.
        text: String,
    }
    /// `set_mode`.
    SetModeParams {
        /// The mode.
        mode: String,
    }
    /// `shutdown`.
    ShutdownParams {
        /// What to do with the services; `on_quit` if not given.
        services: Option<crate::OnQuit>,
    }
    /// `watch`.
    WatchParams {
        /// Go on after this event.
        since: Option<u64>,
        /// Only events of these services (globs).
        filter: Vec<String>,
        /// Also sample metrics while watching.
        metrics: bool,
    }
    /// `logs`.
    LogsParams {
        /// Services, instances or globs; `supervisor` is the supervisor's own log; empty = all services.
        services: Vec<String>,
        /// Go on with `log` notifications.
        follow: bool,
        /// The latest lines of each, at most 10,000; 100 if not given.
        lines: Option<u32>,
        /// Only lines after this: a time (RFC 3339) or a span back from now (`10min`).
        since: Option<String>,
        /// Only lines that match this regular expression.
        grep: Option<String>,
        /// Only lines of this level or worse, as far as a level can be read from the line.
        level: Option<String>,
        /// Forget what was written so far, after answering.
        clear: bool,
        /// Of these instances only lines before a cursor: the page before one that was `truncated`, by the cursor of
        /// each instance's first line there.
        before: std::collections::BTreeMap<String, String>,
    }
    /// `metrics`.
    MetricsParams {
        /// A service or instance; none = all.
        service: Option<String>,
        /// With the samples kept so far.
        history: bool,
    }
    /// `signal`.
    SignalParams {
        /// The service or instance.
        service: String,
        /// `SIGHUP`, `hup` or `1`; `reload` is the service's own `reload_signal`.
        signal: String,
    }
    /// `scale`.
    ScaleParams {
        /// The service.
        service: String,
        /// How many slots.
        instances: u16,
    }
    /// `drop_connection`.
    DropConnectionParams {
        /// Which, as `connections` numbers them.
        id: u64,
        /// Why, for the records.
        reason: Option<String>,
    }
    /// Methods without parameters.
    NoParams {}
}

/// What an action waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// The wish is accepted.
    #[default]
    Accepted,
    /// Nothing moves any more: it runs, failed, or is down.
    Settled,
    /// It is ready, or failed.
    Ready,
}
