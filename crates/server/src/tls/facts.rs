//! What a certificate says.

use std::{net::IpAddr, time::Duration};

use jiff::Timestamp;
use ostler_api::CertificateStatus;
use sha2::{Digest as _, Sha256};
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer as _, X509Certificate},
};

/// A certificate that ends so soon is worth a warning.
const SOON: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whose it is.
    pub subject: String,
    /// Who vouches for it.
    pub issuer: String,
    /// The names and addresses it is good for.
    pub names: Vec<String>,
    /// SHA-256 of it, in pairs of digits.
    pub sha256: String,
    /// From when on it is good.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
}

/// Whether a certificate is good at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It is.
    Good,
    /// For a few days more.
    Ending,
    /// Its time has not come.
    NotYet,
    /// Its time is over.
    Expired,
}

impl Facts {
    /// Reads a certificate.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(super) fn of(der: &[u8]) -> Result<Self, String> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
        let names = match certificate.subject_alternative_name() {
            Ok(Some(names)) => names.value.general_names.iter().filter_map(name).collect(),
            Ok(None) => Vec::new(),
            Err(error) => return Err(error.to_string()),
        };
        let time = |seconds| Timestamp::from_second(seconds).map_err(|error| error.to_string());
        let digest = Sha256::digest(der);
        let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names,
            sha256: pairs.join(":"),
            not_before: time(certificate.validity().not_before.timestamp())?,
            not_after: time(certificate.validity().not_after.timestamp())?,
        })
    }

    /// Whether it is good for a name or an address, as those who verify it see it.
    pub fn is_for(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let is_address = host.parse::<IpAddr>().is_ok();
        self.names.iter().any(|name| {
            let name = name.to_ascii_lowercase();
            let below = name.strip_prefix("*.").zip(host.split_once('.'));
            name == host || (!is_address && below.is_some_and(|(domain, (_, rest))| domain == rest))
        })
    }

    /// Whether it is good at a time.
    pub fn validity(&self, now: Timestamp) -> Validity {
        if now < self.not_before {
            Validity::NotYet
        } else if now > self.not_after {
            Validity::Expired
        } else if self.is_over_after(now, SOON) {
            Validity::Ending
        } else {
            Validity::Good
        }
    }

    /// Whether its time is over so long after.
    pub(super) fn is_over_after(&self, now: Timestamp, after: Duration) -> bool {
        now.checked_add(after).map_or(true, |then| then > self.not_after)
    }

    /// The same on the wire.
    pub(super) fn status(&self, now: Timestamp) -> CertificateStatus {
        CertificateStatus {
            subject: self.subject.clone(),
            issuer: self.issuer.clone(),
            names: self.names.clone(),
            sha256: self.sha256.clone(),
            not_before: self.not_before.to_string(),
            not_after: self.not_after.to_string(),
            is_good: matches!(self.validity(now), Validity::Good | Validity::Ending),
        }
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            _ => None,
        },
        // What else a certificate may name, no browser looks at.
        _ => None,
    }
}
