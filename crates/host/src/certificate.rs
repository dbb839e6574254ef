//! What is said of the certificate of an open port.

use jiff::Timestamp;
use ostler_api::{Check, CheckState};
use ostler_server::{Looked, Tls, TlsError, Validity};

/// Says how the certificate is that a port opens with. Nothing goes into the log; the [`Look`] that follows says it there.
pub(crate) fn first(tls: &Tls, check: Check) -> Check {
    add(check, trouble(tls, None), tls)
}

/// Looks whether there is a newer one, and says how it is; what is said goes into the log once.
#[derive(Debug, Default)]
pub(crate) struct Look {
    told: String,
}

impl Look {
    /// Looks, and adds to what is said of the port. May wait for a disk.
    pub(crate) fn look(&mut self, tls: &Tls, check: Check) -> Check {
        let newer = match tls.look(Timestamp::now()) {
            Looked::Same => None,
            Looked::New => {
                let facts = tls.facts();
                tracing::info!(sha256 = facts.sha256, until = %facts.not_after, "another certificate is shown");
                None
            }
            Looked::Worse(error) => Some(error),
        };
        let trouble = trouble(tls, newer.as_ref());
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
fn trouble(tls: &Tls, newer: Option<&TlsError>) -> Option<(String, String)> {
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
        Validity::Good => return None,
    };
    Some((text, renew()))
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
