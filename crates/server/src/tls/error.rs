//! Why there is no TLS.

use std::{io, path::PathBuf};

use tokio_rustls::rustls;

use super::given::FILE_MAX;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("the {what} {} cannot be read", path.display())]
    Read {
        /// Certificate or key.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// There is too much in it.
    #[error("the {what} {} is longer than {} KiB", path.display(), FILE_MAX / 1024)]
    TooLong {
        /// Certificate or key.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// It is something else.
    #[error("{} holds no {what} in PEM form", path.display())]
    NotPem {
        /// Certificate or key.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// Only one who knows a password can use it.
    #[error("the key {} is locked with a password", path.display())]
    Locked {
        /// Where.
        path: PathBuf,
    },
    /// The certificate is none.
    #[error("the certificate {} makes no sense: {reason}", path.display())]
    Certificate {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key is of a kind that is not known.
    #[error("the key {} cannot be used", path.display())]
    Key {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// The key is that of another certificate.
    #[error("the key {} does not belong to the certificate {}", key.display(), cert.display())]
    Mismatch {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// Our own cannot be kept.
    #[error("the certificate {} cannot be kept", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Our own cannot be made.
    #[error("no certificate can be made: {0}")]
    Make(String),
    /// The library refuses.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

impl TlsError {
    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::Read { source, path, .. } if source.kind() == io::ErrorKind::NotFound => {
                format!("put it at {}, or set http.tls.self_signed = true; it is tried again", path.display())
            }
            Self::Read { path, .. } => {
                format!("let the user of the engine read {}; it is tried again", path.display())
            }
            Self::TooLong { .. } | Self::NotPem { .. } | Self::Certificate { .. } => {
                "http.tls.cert is the certificate followed by those that vouch for it, http.tls.key its key, \
                 both as PEM; it is tried again"
                    .to_owned()
            }
            Self::Locked { path } => {
                format!("unlock it: openssl pkey -in {} -out KEY.pem", path.display())
            }
            Self::Key { .. } => "make one of the kind ECDSA P-256, RSA or Ed25519".to_owned(),
            Self::Mismatch { .. } => {
                "name the key that the certificate was made for; it is tried again".to_owned()
            }
            Self::Write { path, .. } => {
                let folder = path.parent().unwrap_or(path);
                format!("check the permissions of, and the room at, {}", folder.display())
            }
            Self::Make(_) | Self::Setup(_) => {
                "set http.tls.cert and http.tls.key instead of self_signed".to_owned()
            }
        }
    }
}
