//! One file per kind: from its tree to services.

mod common;
mod compose;
mod mcp_client;
mod package_json;
mod pitchfork;
mod pm2;
mod process_compose;
mod procfile;
mod section;
mod supervisord;

pub(crate) use compose::read as compose;
pub(crate) use mcp_client::read as mcp_client;
pub(crate) use package_json::read as package_json;
pub(crate) use pitchfork::read as pitchfork;
pub(crate) use pm2::read as pm2;
pub(crate) use process_compose::read as process_compose;
pub(crate) use procfile::read as procfile;
pub(crate) use section::read as section;
pub(crate) use supervisord::read as supervisord;
