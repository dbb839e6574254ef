//! What remote actors may do. Everybody else may do what the user may do.
//!
//! Asked before a method meets the engine; which command `execute_command` and `custom_restart` may run is the
//! engine's own question after that.

use ostler_api::{ApiError, ErrorCode, Method};
use ostler_config::SecuritySettings;
use ostler_engine::{Actor, EngineHandle};
use serde_json::Value;

const KEY: &str = "security.allowed_commands";
/// The safe set, not everything.
const SAFE: &str = "*";
/// `args` of a start or restart.
const ARGS: &str = "args";
/// `env_vars` of a restart.
const ENV_VARS: &str = "env_vars";
/// `clear` of `logs`.
const LOGS_CLEAR: &str = "logs_clear";

/// Whether somebody may call a method with these parameters now.
///
/// # Errors
/// `not-permitted`, with the key to set.
pub(crate) fn permit(
    engine: &EngineHandle,
    actor: &Actor,
    method: Method,
    params: &Value,
) -> Result<(), ApiError> {
    match actor {
        Actor::Local(_) | Actor::Desktop | Actor::Supervisor => Ok(()),
        Actor::Remote(who) => permit_remote(&engine.security().security, method, params).inspect_err(|error| {
            tracing::info!(target: "ostler::audit", who, method = method.as_str(), %error, "not permitted");
        }),
    }
}

fn permit_remote(security: &SecuritySettings, method: Method, params: &Value) -> Result<(), ApiError> {
    let is_named = |name: &str| security.allowed_commands.iter().any(|allowed| allowed == name);
    let need = |name: &str| if is_named(name) { Ok(()) } else { Err(refusal(name)) };
    let says = |name: &str| params.get(name).is_some_and(|value| !value.is_null());
    match standing(method) {
        Standing::Open => return Ok(()),
        Standing::Safe if is_named(SAFE) => {}
        Standing::Safe | Standing::Named => need(method.as_str())?,
    }
    match method {
        Method::Start | Method::Stop | Method::Restart if says("args") => need(ARGS),
        Method::CustomRestart => {
            if says("start_args") {
                need(ARGS)?;
            }
            if says("env_vars") { need(ENV_VARS) } else { Ok(()) }
        }
        Method::Logs if params.get("clear") == Some(&Value::Bool(true)) => need(LOGS_CLEAR),
        Method::ReloadConfig if says("config_path") => {
            let message =
                "another configuration file can only be chosen on this machine, over the local socket";
            Err(ApiError::new(ErrorCode::NotPermitted, message).hint("leave config_path out"))
        }
        _ => Ok(()),
    }
}

/// What a method needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing.
    Open,
    /// `*`, or its name.
    Safe,
    /// Its name.
    Named,
}

fn standing(method: Method) -> Standing {
    match method {
        Method::Hello => Standing::Open,
        Method::Status
        | Method::Start
        | Method::Stop
        | Method::Restart
        | Method::ReloadConfig
        | Method::Logs
        | Method::Watch
        | Method::HealthCheck
        | Method::SubscribeEvents
        | Method::EventStats
        | Method::EmitTestEvent
        | Method::Metrics
        | Method::Why
        | Method::Doctor => Standing::Safe,
        // Whatever is not known to be safe must be named, what comes later too.
        _ => Standing::Named,
    }
}

fn refusal(name: &str) -> ApiError {
    ApiError::new(ErrorCode::NotPermitted, format!("`{name}` is not allowed over the network"))
        .hint(format!("add \"{name}\" to {KEY} in the configuration, or use the local socket"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(allowed: &[&str], method: Method, params: Value) -> Result<(), String> {
        let security = SecuritySettings {
            allowed_commands: allowed.iter().map(|name| (*name).to_owned()).collect(),
            ..SecuritySettings::default()
        };
        permit_remote(&security, method, &params).map_err(|error| {
            assert_eq!(error.code, ErrorCode::NotPermitted);
            format!("{} / {}", error.message, error.hint.unwrap_or_default())
        })
    }

    #[test]
    fn the_star_is_the_safe_set_and_everything_else_must_be_named() {
        let safe = [
            "hello",
            "status",
            "start",
            "stop",
            "restart",
            "reload_config",
            "logs",
            "watch",
            "health_check",
            "subscribe_events",
            "event_stats",
            "emit_test_event",
            "metrics",
            "why",
            "doctor",
        ];
        for method in Method::ALL {
            let name = method.as_str();
            let is_open = name == "hello";
            assert_eq!(check(&["*"], *method, json!({})).is_ok(), safe.contains(&name), "{name} with *");
            assert_eq!(check(&[], *method, json!({})).is_ok(), is_open, "{name} with nothing");
            assert_eq!(check(&[name], *method, json!({})), Ok(()), "{name} by name");
            let refused = check(&["no_such"], *method, json!({}));
            assert!(is_open || refused.unwrap_err().contains(KEY), "{name} names the key");
        }
    }

    #[test]
    fn what_a_method_is_given_may_need_a_name_of_its_own() {
        let args = json!({"service": "api", "args": ["--evil"]});
        assert!(check(&["*"], Method::Restart, args.clone()).unwrap_err().starts_with("`args`"));
        assert_eq!(check(&["*", "args"], Method::Restart, args), Ok(()));
        assert_eq!(check(&["*"], Method::Restart, json!({"service": "api", "args": null})), Ok(()));
        let custom = json!({"service": "api", "start_args": [], "env_vars": {"A": "b"}});
        assert!(check(&["custom_restart"], Method::CustomRestart, custom.clone()).is_err());
        assert!(check(&["custom_restart", "args"], Method::CustomRestart, custom.clone()).is_err());
        assert_eq!(check(&["custom_restart", "args", "env_vars"], Method::CustomRestart, custom), Ok(()));
        assert!(check(&["*"], Method::Logs, json!({"clear": true})).unwrap_err().contains("logs_clear"));
        assert!(
            check(&["*", "reload_config"], Method::ReloadConfig, json!({"config_path": "/tmp/x"})).is_err()
        );
        assert_eq!(check(&["*"], Method::ReloadConfig, json!({"plan_only": true})), Ok(()));
    }
}
