//! Commands beside the services: what can be asked for, and what became of it.

use std::{collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, value::MapAccessDeserializer},
};

use crate::{InstanceStatus, Wait};

/// `execute_command`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecuteCommandParams {
    /// A name from `[commands]`, or a command as it is.
    pub command: CommandRef,
    /// Arguments after its own.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Seconds until it is killed, 3600 at most; its own `timeout` or 60 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<f64>,
}

/// `custom_restart`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomRestartParams {
    /// The service.
    pub service: String,
    /// Run in order while the old run still works; one that fails leaves everything as it is.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub pre_commands: Vec<CommandRef>,
    /// Arguments that replace the configured ones, until the next reload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_args: Option<Vec<String>>,
    /// Run in order once the new run is ready.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub post_commands: Vec<CommandRef>,
    /// Variables set over the configured ones, until the next reload.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub env_vars: BTreeMap<String, String>,
    /// `accepted` answers at once, and the rest goes on; everything else, or nothing, waits for the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
}

/// Which command: a text is a name from `[commands]`, an object is the command itself.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandRef {
    /// The name of an entry of `[commands]`.
    Named(String),
    /// The command itself.
    Inline(InlineCommand),
}

/// A command as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineCommand {
    /// How `command` is run.
    #[serde(default)]
    pub command_type: CommandType,
    /// The target, task, line or program.
    pub command: String,
    /// Its arguments.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Where it runs; the folder of the configuration, or of the service, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// Variables set for it.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// What it does, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `false` is refused from remote actors; `true` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_safe: Option<bool>,
    /// Whether remote actors may run it in mode `production`; `false` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_in_production: Option<bool>,
}

/// How a command is run. On the wire in any case: `make`, `Make`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum CommandType {
    /// `make COMMAND ARGS`.
    Make,
    /// `cargo COMMAND ARGS`.
    Cargo,
    /// `npm run COMMAND -- ARGS`.
    Npm,
    /// `sh -c COMMAND` with `ARGS` as `$1…`, or `cmd /c COMMAND` on Windows.
    Shell,
    /// COMMAND is the program.
    #[default]
    Binary,
}

/// The answer to `execute_command`: what became of a command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandReply {
    /// The command line, without secrets.
    pub command: String,
    /// Its name in `[commands]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it ended with success.
    pub ok: bool,
    /// The exit code, if it returned one.
    pub exit_code: Option<i32>,
    /// The signal, if one ended it: `SIGKILL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// Whether its time was over, and it was killed with all it had started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timed_out: bool,
    /// Its standard output.
    pub stdout: CommandOutput,
    /// Its standard error.
    pub stderr: CommandOutput,
    /// Processes that it left behind, and that were killed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_behind: u32,
    /// Milliseconds it took.
    pub duration_ms: u64,
    /// What went wrong, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What is kept of an output: its beginning and its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandOutput {
    /// The text; a line in its middle says how much was left out.
    pub text: String,
    /// Bytes that were left out.
    #[serde(default, skip_serializing_if = "is_none_lost")]
    pub dropped: u64,
}

/// The answer to `custom_restart`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomRestartReply {
    /// The service.
    pub service: String,
    /// Whether everything went as asked, so far if it is under way.
    pub ok: bool,
    /// Whether it was accepted and goes on; nothing else is known then, and `watch` tells the steps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub under_way: bool,
    /// The pre commands that ran.
    pub pre_commands: Vec<CommandReply>,
    /// Whether the service came up anew.
    pub restarted: bool,
    /// Its instances as they were after the restart; none if a pre command failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<InstanceStatus>,
    /// The post commands that ran.
    pub post_commands: Vec<CommandReply>,
    /// Milliseconds it took.
    pub duration_ms: u64,
    /// What went wrong and what that means for the service, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a command belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandStep {
    /// `execute_command`.
    Execute,
    /// Before the restart.
    Pre,
    /// The restart itself.
    Restart,
    /// After the restart.
    Post,
    /// The end of a custom restart.
    Done,
    /// Another that this build does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

impl CommandType {
    const ALL: [Self; 5] = [Self::Make, Self::Cargo, Self::Npm, Self::Shell, Self::Binary];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::Cargo => "cargo",
            Self::Npm => "npm",
            Self::Shell => "shell",
            Self::Binary => "binary",
        }
    }
}

impl TryFrom<String> for CommandType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(&text));
        found.ok_or_else(|| format!("{text:?} is none of make, cargo, npm, shell, binary"))
    }
}

impl JsonSchema for CommandType {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CommandType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words = Self::ALL.map(Self::as_str).join("|");
        json_schema!({
            "description": "How a command is run, in any case.",
            "type": "string",
            "pattern": format!("^(?i:{words})$"),
        })
    }
}

impl Default for CommandRef {
    fn default() -> Self {
        Self::Named(String::new())
    }
}

impl Serialize for CommandRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(name) => serializer.serialize_str(name),
            Self::Inline(command) => command.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for CommandRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RefVisitor)
    }
}

struct RefVisitor;

impl<'de> de::Visitor<'de> for RefVisitor {
    type Value = CommandRef;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a command, or an object with `command`")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<CommandRef, E> {
        Ok(CommandRef::Named(name.to_owned()))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<CommandRef, A::Error> {
        InlineCommand::deserialize(MapAccessDeserializer::new(map)).map(CommandRef::Inline)
    }
}

impl JsonSchema for CommandRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CommandRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inline = generator.subschema_for::<InlineCommand>();
        json_schema!({
            "description": "A name from `[commands]`, or a command as it is.",
            "anyOf": [{ "type": "string" }, inline],
        })
    }
}

/// Clients of other supervisors send `null` for what they leave out.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn is_none_lost(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_name_or_an_object_in_any_case_with_nulls() {
        let read = |text: &str| serde_json::from_str::<CommandRef>(text).map_err(|error| error.to_string());
        assert_eq!(read("\"clean\""), Ok(CommandRef::Named("clean".to_owned())));
        let wire = r#"{"command_type":"Make","command":"clean","args":null,"working_dir":null,"env":null,
            "description":"Cleans","is_safe":true,"allowed_in_production":false}"#;
        let Ok(CommandRef::Inline(found)) = read(wire) else { panic!("{:?}", read(wire)) };
        assert_eq!((found.command_type, found.command.as_str()), (CommandType::Make, "clean"));
        assert!(read("7").unwrap_err().contains("the name of a command"));
        assert!(read(r#"{"command":"x","shell":true}"#).unwrap_err().contains("unknown field"));
        assert!(read(r#"{"command":"x","command_type":"perl"}"#).unwrap_err().contains("none of make"));
    }
}
