//! The certificate that HTTP shows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `tls`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TlsReply {
    /// Where HTTP listens; none while it is closed.
    pub url: Option<String>,
    /// Whether it speaks TLS.
    pub is_on: bool,
    /// Whether the certificate is of the engine's own making.
    pub is_own: bool,
    /// The certificate that is shown.
    pub certificate: Option<CertificateStatus>,
    /// The engine's own authority that vouches for it.
    pub ca: Option<CertificateStatus>,
    /// Where the certificate is.
    pub certificate_file: Option<String>,
    /// Where its key is.
    pub key_file: Option<String>,
    /// The certificates that a client trusts to reach this listener.
    pub ca_file: Option<String>,
}

/// What a certificate says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateStatus {
    /// Whose it is.
    pub subject: String,
    /// Who vouches for it.
    pub issuer: String,
    /// The names and addresses it is good for.
    pub names: Vec<String>,
    /// SHA-256 of it, in pairs of digits.
    pub sha256: String,
    /// From when on it is good, RFC 3339.
    pub not_before: String,
    /// Until when, RFC 3339.
    pub not_after: String,
    /// Whether it is good now.
    pub is_good: bool,
}
