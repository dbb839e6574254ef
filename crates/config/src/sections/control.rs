//! `[control]`.

use ostler_core::ServiceName;

use super::PORT;
use crate::{
    forms,
    keys::{
        Expand, Key, Kind,
        Plain::{Bool, Integer, Text},
        Section,
    },
    view::View,
};

pub(crate) static CONTROL: Section = Section::new("How the supervisor is talked to.", &KEYS);

static KEYS: [Key; 6] = [
    Key::new("socket", Kind::Bool, "The local socket or named pipe.", "true").default(Bool(true)),
    Key::new("tcp", Kind::Bool, "TCP on `host`:`port`.", "false").default(Bool(false)),
    Key::new("host", Kind::Formed(Expand::Load, &forms::HOST), "Where TCP listens.", "\"127.0.0.1\"")
        .default(Text("127.0.0.1")),
    Key::new("port", PORT, "The TCP port.", "8081").default(Integer(8081)),
    Key::new(
        "tcp_auth",
        Kind::Choice(&["token", "none"]),
        "\"none\" admits peers of the same user on this machine, verified through the operating system.",
        "\"token\"",
    )
    .default(Text("token"))
    .also(&["auth"]),
    Key::new(
        "default_service",
        Kind::Formed(Expand::Not, &forms::NAME),
        "The service meant by clients whose commands name none.",
        "\"api\"",
    ),
];

/// `[control]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlSettings {
    /// Whether the local socket or named pipe is open.
    pub socket: bool,
    /// Whether TCP is open.
    pub tcp: bool,
    /// Where TCP listens: an IP address or a host name.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// Who may speak over TCP.
    pub tcp_auth: TcpAuth,
    /// The service meant by clients whose commands name none.
    pub default_service: Option<ServiceName>,
}

/// Who may speak over TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpAuth {
    /// Who knows the token.
    Token,
    /// Peers of the same user on this machine.
    None,
}

impl Default for ControlSettings {
    /// What an empty file says.
    fn default() -> Self {
        Self {
            socket: true,
            tcp: false,
            host: "127.0.0.1".to_owned(),
            port: 8081,
            tcp_auth: TcpAuth::Token,
            default_service: None,
        }
    }
}

pub(crate) fn read(view: &View<'_>) -> ControlSettings {
    ControlSettings {
        socket: view.flag("socket"),
        tcp: view.flag("tcp"),
        host: view.plain("host").unwrap_or_default(),
        port: view.integer("port"),
        tcp_auth: view.choice("tcp_auth", [TcpAuth::Token, TcpAuth::None]),
        default_service: view.plain("default_service").and_then(|name| ServiceName::new(&name).ok()),
    }
}
