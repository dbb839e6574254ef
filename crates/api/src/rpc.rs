//! JSON-RPC 2.0, one object per line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ApiError, ErrorCode};

/// The longest request line in bytes.
pub const REQUEST_MAX: usize = 2 * 1024 * 1024;
/// The longest reply line in bytes.
pub const REPLY_MAX: usize = 16 * 1024 * 1024;

/// A request. `jsonrpc` may be left out by people typing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Always `2.0`.
    #[serde(default = "version")]
    pub jsonrpc: String,
    /// A number or a text; without one it is a notification, which is refused.
    #[serde(default)]
    pub id: Value,
    /// The method.
    pub method: String,
    /// Its parameters.
    #[serde(default)]
    pub params: Value,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// Always `2.0`.
    #[serde(default = "version")]
    pub jsonrpc: String,
    /// That of the request.
    #[serde(default)]
    pub id: Value,
    /// What it asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it did not happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RpcError>,
}

/// A message that nobody asked for: `event`, `log`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// Always `2.0`.
    #[serde(default = "version")]
    pub jsonrpc: String,
    /// `event`, `log`, `snapshot_part`.
    pub method: String,
    /// What.
    pub params: Value,
}

/// An error as JSON-RPC has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RpcError {
    /// -32700 no JSON, -32600 no request, -32601 no such method, -32602 bad parameters, -32000 all else.
    pub code: i32,
    /// One sentence.
    pub message: String,
    /// The whole of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<ApiError>,
}

impl From<ApiError> for RpcError {
    fn from(error: ApiError) -> Self {
        let code = if error.code == ErrorCode::UnknownMethod {
            -32601
        } else if error.code == ErrorCode::InvalidParams {
            -32602
        } else {
            -32000
        };
        Self { code, message: error.message.clone(), data: Some(error) }
    }
}

fn version() -> String {
    "2.0".to_owned()
}
