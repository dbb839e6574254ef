//! Certificates of our own making: an authority, and what it vouches for.

use std::{
    fs,
    io::{self, Write as _},
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use tokio_rustls::rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};

use super::{
    Facts, TlsError,
    given::{Material, read},
    os,
};

/// The authority, as people trust it.
const CA: &str = "ca.pem";
/// Its key.
const CA_KEY: &str = "ca-key.pem";
/// The certificate with its key, in one file, so that one never goes without the other.
const LEAF: &str = "server.pem";

const DAY: Duration = Duration::from_secs(24 * 3600);
const CA_DAYS: u32 = 3650;
/// Browsers take no longer ones.
const LEAF_DAYS: u32 = 397;
/// It is made anew so long before it ends.
pub(super) const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);
/// The authority must outlive what it vouches for.
const CA_RENEW_BEFORE: Duration = Duration::from_secs(400 * 24 * 3600);

/// Where ours are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Own {
    folder: PathBuf,
    names: Vec<String>,
}

/// What is shown, and whom one trusts for it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) material: Material,
    pub(super) ca: Facts,
    /// Whether people must trust a new authority.
    pub(super) is_new_ca: bool,
}

impl Own {
    pub(super) fn new(folder: PathBuf, mut names: Vec<String>) -> Self {
        names.sort();
        names.dedup();
        Self { folder, names }
    }

    /// The authority, for those who trust it.
    pub(super) fn ca(&self) -> PathBuf {
        self.folder.join(CA)
    }

    /// The certificate with its key.
    pub(super) fn leaf(&self) -> PathBuf {
        self.folder.join(LEAF)
    }

    /// What is kept, if it is good for a while and for all names; else it is made.
    ///
    /// # Errors
    /// It cannot be made or kept.
    pub(super) fn read_or_make(&self, now: Timestamp) -> Result<Kept, TlsError> {
        if let Some(kept) = self.kept(now) {
            return Ok(kept);
        }
        os::create_folder(&self.folder)
            .map_err(|source| TlsError::Write { path: self.folder.clone(), source })?;
        if let Some(key) = self.ca_key(now) {
            self.make_leaf(&key, now)?;
            if let Some(kept) = self.kept(now) {
                return Ok(kept);
            }
        }
        // It is near its end, may not vouch for one of the names, or is damaged.
        let key = self.make_ca(now)?;
        self.make_leaf(&key, now)?;
        let kept = self.kept(now).ok_or_else(|| TlsError::Make("what was made is no good".to_owned()))?;
        Ok(Kept { is_new_ca: true, ..kept })
    }

    /// What is kept, if those who trust the authority accept it under every name, now and for a while.
    fn kept(&self, now: Timestamp) -> Option<Kept> {
        let (ca, leaf) = (self.ca(), self.leaf());
        if !os::is_private(&leaf) || !os::is_private(&self.folder.join(CA_KEY)) {
            return None;
        }
        let authority = CertificateDer::from_pem_file(&ca).ok()?;
        let material = read(&leaf, &leaf).ok()?;
        let mut names = material.facts.names.clone();
        names.sort();
        let is_ending = material.facts.is_over_after(now, RENEW_BEFORE);
        if names != self.names || is_ending || now < material.facts.not_before {
            return None;
        }
        let shown = material.certified.cert.first()?;
        self.names.iter().all(|name| is_accepted(&authority, shown, name, now)).then_some(())?;
        Some(Kept { material, ca: Facts::of(&authority).ok()?, is_new_ca: false })
    }

    /// The authority that is kept, if it is good for long enough.
    fn ca_key(&self, now: Timestamp) -> Option<Issuer<'static, KeyPair>> {
        let path = self.folder.join(CA_KEY);
        os::is_private(&path).then_some(())?;
        let pem = fs::read_to_string(self.ca()).ok()?;
        let facts = Facts::of(&CertificateDer::from_pem_slice(pem.as_bytes()).ok()?).ok()?;
        if now < facts.not_before || facts.is_over_after(now, CA_RENEW_BEFORE) {
            return None;
        }
        let key = KeyPair::from_pem(&fs::read_to_string(path).ok()?).ok()?;
        Issuer::from_ca_cert_pem(&pem, key).ok()
    }

    fn make_ca(&self, now: Timestamp) -> Result<Issuer<'static, KeyPair>, TlsError> {
        let key = KeyPair::generate().map_err(made)?;
        let mut params = CertificateParams::default();
        set_days(&mut params, now, CA_DAYS);
        params.distinguished_name = called(&format!("Ostler at {}", os::machine()));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let permitted = self.names.iter().map(|name| match name.parse::<IpAddr>() {
            Ok(ip) => {
                let bits = if ip.is_ipv4() { 32 } else { 128 };
                GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(ip, bits))
            }
            Err(_) => GeneralSubtree::DnsName(name.clone()),
        });
        let permitted_subtrees = permitted.collect();
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        let certificate = params.self_signed(&key).map_err(made)?;
        // The key first: without the certificate it is nobody's.
        self.write(CA_KEY, &key.serialize_pem())?;
        self.write(CA, &certificate.pem())?;
        Ok(Issuer::new(params, key))
    }

    fn make_leaf(&self, issuer: &Issuer<'_, KeyPair>, now: Timestamp) -> Result<(), TlsError> {
        let key = KeyPair::generate().map_err(made)?;
        let mut params = CertificateParams::new(self.names.clone()).map_err(made)?;
        set_days(&mut params, now, LEAF_DAYS);
        // Words and not a name, so that nobody takes it for one.
        params.distinguished_name = called(&format!("Ostler's HTTP at {}", os::machine()));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, issuer).map_err(made)?;
        self.write(LEAF, &format!("{}{}", certificate.pem(), key.serialize_pem()))
    }

    /// Puts a file in place, whole or not at all, for us alone.
    fn write(&self, name: &str, text: &str) -> Result<(), TlsError> {
        let path = self.folder.join(name);
        let draft = self.folder.join(format!("{name}.{}.new", std::process::id()));
        // Left by a process that vanished and had our number.
        let _ = fs::remove_file(&draft);
        let put = || -> io::Result<()> {
            let mut file = os::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            os::replace(&draft, &path)
        };
        put().map_err(|source| {
            let _ = fs::remove_file(&draft);
            TlsError::Write { path: path.clone(), source }
        })
    }
}

fn made(error: rcgen::Error) -> TlsError {
    TlsError::Make(error.to_string())
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::OrganizationName, "Ostler");
    // Longer ones are not allowed.
    called.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    called
}

/// From yesterday, as clocks differ, for so many days.
fn set_days(params: &mut CertificateParams, now: Timestamp, days: u32) {
    let begin = |then: Timestamp| {
        let date = then.to_zoned(TimeZone::UTC).date();
        let month = u8::try_from(date.month()).unwrap_or(1);
        date_time_ymd(i32::from(date.year()), month, u8::try_from(date.day()).unwrap_or(1))
    };
    params.not_before = begin(now.checked_sub(DAY).unwrap_or(now));
    params.not_after = begin(now.checked_add(DAY * days).unwrap_or(now));
}

/// Whether one who trusts only the authority accepts a certificate under a name.
fn is_accepted(ca: &CertificateDer<'_>, leaf: &CertificateDer<'_>, name: &str, now: Timestamp) -> bool {
    let mut roots = RootCertStore::empty();
    if roots.add(ca.clone().into_owned()).is_err() {
        return false;
    }
    let provider = Arc::new(ring::default_provider());
    let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build() else {
        return false;
    };
    let Ok(name) = ServerName::try_from(name) else { return false };
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    verifier.verify_server_cert(leaf, &[], &name, &[], now).is_ok()
}

/// Whether a name can stand in a certificate.
pub(super) fn can_be_certified(name: &str) -> bool {
    !name.contains('*') && ServerName::try_from(name).is_ok()
}

/// The part of a `Host` header that a certificate names.
pub(super) fn bare(host: &str) -> Option<String> {
    let authority: http::uri::Authority = host.parse().ok()?;
    let name = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    can_be_certified(&name).then_some(name)
}
