//! What is shown to those who come.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use jiff::Timestamp;
use ostler_api::TlsReply;
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{
    Facts, TlsError,
    given::{self, Mark},
    own::{Own, bare},
};

/// What is spoken within TLS, what is preferred first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsWish {
    /// Of our own making, kept in this folder.
    Own {
        /// For us alone.
        folder: PathBuf,
    },
    /// PEM files.
    Files {
        /// The certificate, and those that vouch for it.
        cert: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// What came of another look at the files.
#[derive(Debug)]
pub enum Looked {
    /// All is as it was.
    Same,
    /// Another certificate is shown from now on.
    New,
    /// What is newer is no good; the last one is still shown.
    Worse(TlsError),
}

/// The certificate of a listener, and how it speaks TLS.
#[derive(Debug)]
pub struct Tls {
    source: Source,
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

#[derive(Debug)]
enum Source {
    Own(Own),
    Files { cert: PathBuf, key: PathBuf },
}

#[derive(Debug)]
struct Shown {
    now: RwLock<Showing>,
}

#[derive(Debug)]
struct Showing {
    certified: Arc<CertifiedKey>,
    facts: Facts,
    /// Our authority, if it is ours.
    ca: Option<Facts>,
    /// What the files were when they were read.
    marks: [Mark; 2],
    is_new_ca: bool,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).certified))
    }
}

impl Source {
    fn files(&self) -> [PathBuf; 2] {
        match self {
            Self::Own(own) => [own.leaf(), own.ca()],
            Self::Files { cert, key } => [cert.clone(), key.clone()],
        }
    }

    fn marks(&self) -> [Mark; 2] {
        let [one, other] = self.files();
        given::marks([&one, &other])
    }

    fn read(&self, now: Timestamp) -> Result<Showing, TlsError> {
        // Before reading: what changes meanwhile is read again.
        let before = self.marks();
        Ok(match self {
            Self::Files { cert, key } => {
                let material = given::read(cert, key)?;
                let certified = Arc::new(material.certified);
                Showing { certified, facts: material.facts, ca: None, marks: before, is_new_ca: false }
            }
            Self::Own(own) => {
                let kept = own.read_or_make(now)?;
                let certified = Arc::new(kept.material.certified);
                let (facts, ca) = (kept.material.facts, Some(kept.ca));
                Showing { certified, facts, ca, marks: self.marks(), is_new_ca: kept.is_new_ca }
            }
        })
    }
}

impl Tls {
    /// Reads or makes what is shown. May wait for a disk.
    ///
    /// # Errors
    /// There is nothing that could be shown.
    pub(crate) fn open(
        wish: TlsWish,
        address: SocketAddr,
        hosts: &[String],
        now: Timestamp,
    ) -> Result<Self, TlsError> {
        let source = match wish {
            TlsWish::Own { folder } => Source::Own(Own::new(folder, names(address, hosts))),
            TlsWish::Files { cert, key } => Source::Files { cert, key },
        };
        let shown = Arc::new(Shown { now: RwLock::new(source.read(now)?) });
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        Ok(Self { source, config: Arc::new(config), shown })
    }

    /// Looks whether there is something newer to be shown, and shows it to those who come from now on. May wait for a
    /// disk.
    pub fn look(&self, now: Timestamp) -> Looked {
        let (marks, is_ending) = {
            let showing = self.shown.now.read().unwrap_or_else(PoisonError::into_inner);
            let is_own = matches!(self.source, Source::Own(_));
            (showing.marks, is_own && showing.facts.is_over_after(now, super::own::RENEW_BEFORE))
        };
        let found = self.source.marks();
        if found == marks && !is_ending {
            return Looked::Same;
        }
        match self.source.read(now) {
            Ok(fresh) => {
                let mut showing = self.shown.now.write().unwrap_or_else(PoisonError::into_inner);
                let is_same = showing.facts == fresh.facts;
                *showing = fresh;
                if is_same { Looked::Same } else { Looked::New }
            }
            // Half of a renewal: the other half is read when it comes.
            Err(error) => Looked::Worse(error),
        }
    }

    /// How TLS is spoken.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// What the certificate says that is shown now.
    pub fn facts(&self) -> Facts {
        self.shown.now.read().unwrap_or_else(PoisonError::into_inner).facts.clone()
    }

    /// Whether people must be asked to trust a new authority of ours.
    pub fn has_new_ca(&self) -> bool {
        self.shown.now.read().unwrap_or_else(PoisonError::into_inner).is_new_ca
    }

    /// Whether it is of our own making.
    pub fn is_own(&self) -> bool {
        matches!(self.source, Source::Own(_))
    }

    /// The file of certificates that a client trusts to reach this listener, and no other.
    pub fn trusted_file(&self) -> PathBuf {
        match &self.source {
            Source::Own(own) => own.ca(),
            Source::Files { cert, .. } => cert.clone(),
        }
    }

    /// All that is to be said of it.
    pub(crate) fn reply(&self, url: &str, now: Timestamp) -> TlsReply {
        let showing = self.shown.now.read().unwrap_or_else(PoisonError::into_inner);
        let path = |path: PathBuf| path.display().to_string();
        let (certificate_file, key_file) = match &self.source {
            Source::Own(own) => (path(own.leaf()), path(own.leaf())),
            Source::Files { cert, key } => (path(cert.clone()), path(key.clone())),
        };
        TlsReply {
            url: Some(url.to_owned()),
            is_on: true,
            is_own: self.is_own(),
            certificate: Some(showing.facts.status(now)),
            ca: showing.ca.as_ref().map(|ca| ca.status(now)),
            certificate_file: Some(certificate_file),
            key_file: Some(key_file),
            ca_file: Some(path(self.trusted_file())),
        }
    }
}

/// The names under which a listener is reached.
fn names(address: SocketAddr, hosts: &[String]) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    if !address.ip().is_unspecified() {
        names.push(address.ip().to_string());
    }
    names.extend(hosts.iter().filter_map(|host| bare(host)));
    names
}
