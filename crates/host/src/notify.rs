//! Telling a service manager that the engine is ready or ends (`sd_notify`).

#[cfg(unix)]
pub(crate) fn tell(state: &str) {
    use std::{env, os::unix::net::UnixDatagram};

    let Some(address) = env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty()) else { return };
    let send = || -> std::io::Result<()> {
        let socket = UnixDatagram::unbound()?;
        #[cfg(target_os = "linux")]
        if let Some(name) = address.to_string_lossy().strip_prefix('@') {
            use std::os::linux::net::SocketAddrExt as _;
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
            return socket.send_to_addr(state.as_bytes(), &address).map(drop);
        }
        socket.send_to(state.as_bytes(), &address).map(drop)
    };
    if let Err(error) = send() {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

#[cfg(not(unix))]
pub(crate) fn tell(_: &str) {}
