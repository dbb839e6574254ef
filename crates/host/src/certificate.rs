//! What is said of the certificate of an open port.

use jiff::Timestamp;
use ostler_api::{Check, CheckState};
use ostler_server::{Facts, Looked, Tls, TlsError, Validity};

/// Says how the certificate is that a port opens with. Nothing goes into the log; the [`Look`] that follows says it there.
pub(crate) fn first(tls: &Tls, url: &str, check: Check) -> Check {
    add(check, trouble(tls, url, None), tls)
}

/// Looks whether there is a newer one, and says how it is; what is said goes into the log once.
#[derive(Debug, Default)]
pub(crate) struct Look {
    told: String,
}

impl Look {
    /// Looks, and adds to what is said of the port. May wait for a disk.
    pub(crate) fn look(&mut self, tls: &Tls, url: &str, check: Check) -> Check {
        let newer = match tls.look(Timestamp::now()) {
            Looked::Same => None,
            Looked::New => {
                let facts = tls.facts();
                tracing::info!(sha256 = facts.sha256, until = %facts.not_after, "another certificate is shown");
                None
            }
            Looked::Worse(error) => Some(error),
        };
        let trouble = trouble(tls, url, newer.as_ref());
        let told = trouble.as_ref().map(|(text, _)| text.clone()).unwrap_or_default();
        if told != self.told {
            if let Some((text, mend)) = &trouble {
                tracing::warn!(error = text, mend, "the certificate of HTTP");
            }
            self.told = told;
        }
        add(check, trouble, tls)
    }
}

/// Adds what is to be said of the certificate to what is said of the port.
fn add(mut check: Check, trouble: Option<(String, String)>, tls: &Tls) -> Check {
    let Some((text, mend)) = trouble else {
        if check.state == CheckState::Ok {
            check.text =
                format!("{}; its certificate is good until {}", check.text, day(tls.facts().not_after));
        }
        return check;
    };
    check.state = CheckState::Warn;
    check.text = format!("{}; {text}", check.text);
    check.mend = Some(check.mend.map_or(mend.clone(), |first| format!("{first}; {mend}")));
    check
}

/// What is wrong with it, and the mend.
fn trouble(tls: &Tls, url: &str, newer: Option<&TlsError>) -> Option<(String, String)> {
    let renew = || {
        let files = "renew it at http.tls.cert and http.tls.key; it is read again by itself";
        if tls.is_own() { "check the clock of this machine".to_owned() } else { files.to_owned() }
    };
    if let Some(error) = newer {
        let text = format!("the newer certificate is not used: {}", crate::front::chain(error));
        return Some((text, error.hint()));
    }
    let facts = tls.facts();
    let text = match facts.validity(Timestamp::now()) {
        Validity::Expired => format!("its certificate expired on {}", day(facts.not_after)),
        Validity::NotYet => format!("its certificate is not valid before {}", day(facts.not_before)),
        Validity::Ending => format!("its certificate expires on {}", day(facts.not_after)),
        Validity::Good => return foreign(&facts, url),
    };
    Some((text, renew()))
}

/// What is wrong if it is good, but for others than the address that everybody is told.
fn foreign(facts: &Facts, url: &str) -> Option<(String, String)> {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    if facts.is_for(host) {
        return None;
    }
    let names = facts.names.join(", ");
    let text = format!("its certificate is for {names}, not for {host}: who verifies it goes away");
    let own = "have it made for 127.0.0.1 or localhost too";
    let plain = facts.names.iter().find(|name| !name.starts_with('*'));
    let mend = plain.map_or(own.to_owned(), |name| {
        format!("add \"{name}:{port}\" to http.allowed_hosts if this machine has that name, or {own}")
    });
    Some((text, mend))
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
