//! `ostler tls`.

use ostler_api::{CertificateStatus, ErrorCode, Method, NoParams, TlsReply};
use serde::Serialize;

use crate::{
    context::Context,
    failure::{Failure, OK, Outcome},
    print::{DIM, WARN, paint, safe},
};

const EXAMPLES: &str = "\
Examples:
  ostler tls                              the certificate that HTTP shows, until when it is good, where it is
  ostler tls trust                        how browsers, curl, Node, Python and this system trust it
  curl --cacert \"$(ostler tls trust --file)\" https://127.0.0.1:3457/healthz";

const TRUST_EXAMPLES: &str = "\
Examples:
  ostler tls trust                        how each program is told
  ostler tls trust --file                 the file of certificates alone, for scripts
  NODE_EXTRA_CA_CERTS=\"$(ostler tls trust --file)\" node app.js";

/// Show the certificate of HTTP, and how to trust it
///
/// HTTP speaks TLS with `[http.tls] self_signed = true`, or with `cert` and `key`. With the first the engine makes an
/// authority for this machine and a certificate that it vouches for, and renews it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Tell how to make programs trust the certificate; changes nothing
    Trust(Trust),
}

/// Tell how to make programs trust the certificate; changes nothing
#[derive(Debug, clap::Args)]
#[command(after_help = TRUST_EXAMPLES)]
struct Trust {
    /// Print only where the certificates are that are to be trusted
    #[arg(long)]
    file: bool,
}

/// How one kind of program is told.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Way {
    program: &'static str,
    how: String,
}

#[derive(Debug, Serialize)]
struct Ways<'a> {
    ca_file: &'a str,
    sha256: &'a str,
    ways: Vec<Way>,
}

/// Does it.
pub(crate) async fn run(args: Args, context: &mut Context) -> Outcome {
    let link = context.connect().await?;
    let reply: TlsReply = link.call(Method::Tls, &NoParams::default()).await?;
    match args.verb {
        None => context.out.either(&reply, || text(&reply))?,
        Some(Verb::Trust(trust)) => {
            let (ca_file, vouching) = trusted(&reply)?;
            if trust.file && !context.out.is_json() {
                context.out.line(ca_file)?;
                return Ok(OK);
            }
            let url = reply.url.as_deref().unwrap_or_default();
            let ways = Ways { ca_file, sha256: &vouching.sha256, ways: ways(ca_file, url) };
            context.out.either(&ways, || trust_text(&reply, &ways))?;
        }
    }
    Ok(OK)
}

/// What is to be trusted.
fn trusted(reply: &TlsReply) -> Result<(&str, &CertificateStatus), Failure> {
    let vouching = reply.ca.as_ref().or(reply.certificate.as_ref());
    match (reply.ca_file.as_deref(), vouching) {
        (Some(file), Some(vouching)) => Ok((file, vouching)),
        _ if reply.url.is_none() => Err(Failure::new(
            ErrorCode::NotAvailable,
            "HTTP is closed, so that there is no certificate",
            "`ostler doctor` says what is in the way",
        )),
        _ => Err(Failure::new(
            ErrorCode::NotAvailable,
            "HTTP speaks without TLS, so that there is nothing to trust",
            "set http.tls = { self_signed = true }",
        )),
    }
}

fn text(reply: &TlsReply) -> String {
    let Some(url) = &reply.url else { return "HTTP is closed; `ostler doctor` says why.\n".to_owned() };
    let Some(certificate) = &reply.certificate else {
        return format!(
            "{} speaks without TLS.\n{}\n",
            safe(url),
            paint(DIM, "To have it: http.tls = { self_signed = true }, or cert and key.")
        );
    };
    let whose = if reply.is_own { "of the engine's own making" } else { "from the files of the settings" };
    let mut text = format!("{} shows a certificate {whose}.\n\n", safe(url));
    text.push_str(&certificate_text("Certificate", certificate));
    for (name, file) in [("file", &reply.certificate_file), ("key", &reply.key_file)] {
        if let Some(file) = file {
            text.push_str(&row(name, file));
        }
    }
    if let Some(ca) = &reply.ca {
        text.push('\n');
        text.push_str(&certificate_text("Authority", ca));
        text.push_str(&row("file", reply.ca_file.as_deref().unwrap_or_default()));
    }
    text.push_str(&format!("\n{}\n", paint(DIM, "Programs that do not trust it yet: ostler tls trust")));
    text
}

fn certificate_text(title: &str, certificate: &CertificateStatus) -> String {
    let until = format!("{} to {}", day(&certificate.not_before), day(&certificate.not_after));
    let valid = if certificate.is_good { until } else { paint(WARN, format!("{until}: not now")) };
    let names = if certificate.names.is_empty() { "none".to_owned() } else { certificate.names.join(", ") };
    let mut text = format!("{title}\n");
    text.push_str(&row("subject", &certificate.subject));
    text.push_str(&row("issuer", &certificate.issuer));
    if title == "Certificate" {
        text.push_str(&row("names", &names));
    }
    text.push_str(&format!("  {:<8} {valid}\n", "valid"));
    text.push_str(&row("SHA-256", &certificate.sha256));
    text
}

fn row(name: &str, value: &str) -> String {
    format!("  {name:<8} {}\n", safe(value))
}

fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

/// How each kind of program is told.
fn ways(file: &str, url: &str) -> Vec<Way> {
    let quoted = shlex::try_quote(file).map_or_else(|_| file.to_owned(), |quoted| quoted.into_owned());
    let way = |program, how: String| Way { program, how };
    vec![
        way("curl", format!("curl --cacert {quoted} {url}/healthz")),
        way("Node.js", format!("NODE_EXTRA_CA_CERTS={quoted} node app.js")),
        way("Python", format!("SSL_CERT_FILE={quoted} python app.py  (requests: REQUESTS_CA_BUNDLE={quoted})")),
        way(
            "Firefox",
            "Settings, Certificates, View Certificates, Authorities, Import: choose the file, trust it for websites"
                .to_owned(),
        ),
        way(
            "Chromium",
            format!(
                "certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n ostler -i {quoted}  (package libnss3-tools)"
            ),
        ),
        way(
            "Debian, Ubuntu",
            format!("sudo install -m 644 {quoted} /usr/local/share/ca-certificates/ostler.crt && sudo update-ca-certificates"),
        ),
        way("Fedora, Arch", format!("sudo trust anchor {quoted}")),
        way(
            "macOS",
            format!("security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {quoted}"),
        ),
        way("Windows", format!("certutil -user -addstore Root {quoted}")),
    ]
}

fn trust_text(reply: &TlsReply, ways: &Ways<'_>) -> String {
    let what = if reply.is_own {
        "The authority that the engine made for this machine; it can vouch only for the names in its certificate."
    } else {
        "The certificate of the settings. If a known authority signed it, programs trust it already."
    };
    let mut text = format!(
        "{what}\n\n  {}\n  SHA-256 {}\n\nNothing is changed by this; to have a program trust it:\n",
        safe(ways.ca_file),
        ways.sha256
    );
    for Way { program, how } in &ways.ways {
        text.push_str(&format!("\n{program}\n  {}\n", safe(how)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn reply() -> TlsReply {
        let certificate = CertificateStatus {
            subject: "CN=web".to_owned(),
            issuer: "CN=ca".to_owned(),
            names: vec!["localhost".to_owned(), "::1".to_owned()],
            sha256: "AB:CD".to_owned(),
            not_before: "2026-03-01T00:00:00Z".to_owned(),
            not_after: "2027-03-01T00:00:00Z".to_owned(),
            is_good: false,
        };
        TlsReply {
            url: Some("https://127.0.0.1:3457".to_owned()),
            is_on: true,
            is_own: true,
            ca: Some(CertificateStatus { is_good: true, ..certificate.clone() }),
            certificate: Some(certificate),
            certificate_file: Some("/s/server.pem".to_owned()),
            key_file: Some("/s/server.pem".to_owned()),
            ca_file: Some("/s/my ca.pem".to_owned()),
        }
    }

    #[test]
    fn what_is_in_force_is_said_with_all_that_one_compares() {
        let text = plain(&text(&reply()));
        for part in
            ["of the engine's own making", "localhost, ::1", "2026-03-01 to 2027-03-01: not now", "AB:CD"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        let closed = plain(&super::text(&TlsReply::default()));
        assert_eq!(closed, "HTTP is closed; `ostler doctor` says why.\n");
        let bare = TlsReply { url: Some("http://127.0.0.1:1".to_owned()), ..TlsReply::default() };
        assert!(plain(&super::text(&bare)).contains("speaks without TLS"));
    }

    #[test]
    fn a_file_with_a_blank_in_its_name_is_one_word_of_each_command() {
        let reply = reply();
        let (file, _) = trusted(&reply).expect("there is one");
        let ways = ways(file, "https://127.0.0.1:3457");
        assert_eq!(ways[0].how, "curl --cacert '/s/my ca.pem' https://127.0.0.1:3457/healthz");
        assert!(trusted(&TlsReply::default()).is_err());
    }
}
