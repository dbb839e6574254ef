//! Certificates that are made, renewed, swapped and broken.

use std::{fs, path::Path, time::Duration};

use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::{Looked, Tls, TlsWish, Validity};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn own(folder: &Path, hosts: &[&str], now: Timestamp) -> Tls {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let wish = TlsWish::Own { folder: folder.join("tls") };
    Tls::open(wish, "127.0.0.1:3457".parse().unwrap(), &hosts, now).unwrap()
}

fn ca(folder: &Path) -> String {
    fs::read_to_string(folder.join("tls/ca.pem")).unwrap()
}

#[test]
fn ours_is_made_once_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let now = at("2026-03-01T12:00:00Z");
    let first = own(home.path(), &["box.local:3457", "[2001:db8::1]:3457", "*.evil:1", "a b"], now);
    assert!(first.has_new_ca() && first.is_own());
    let facts = first.facts();
    let mut names = facts.names.clone();
    names.sort();
    assert_eq!(names, ["127.0.0.1", "2001:db8::1", "::1", "box.local", "localhost"]);
    assert_eq!(facts.validity(now), Validity::Good);
    assert!(facts.subject.contains("Ostler's HTTP at") && facts.issuer.contains("Ostler at"), "{facts:?}");
    let again = own(home.path(), &["box.local:3457", "[2001:db8::1]:3457"], now.checked_add(DAY).unwrap());
    assert!(!again.has_new_ca());
    assert_eq!(again.facts(), facts);
    assert!(matches!(again.look(now.checked_add(DAY * 2).unwrap()), Looked::Same));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_our_keys_and_what_they_could_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let now = at("2026-03-01T12:00:00Z");
    let first = own(home.path(), &[], now).facts();
    let mode = |name: &str| fs::metadata(home.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("tls"), 0o700);
    let files = fs::read_dir(home.path().join("tls")).unwrap().map(|file| file.unwrap().file_name());
    let mut files: Vec<_> = files.map(|name| name.into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["ca-key.pem", "ca.pem", "server.pem"]);
    for file in files {
        assert_eq!(mode(&format!("tls/{file}")), 0o600, "{file}");
    }
    let path = home.path().join("tls/ca-key.pem");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let other = own(home.path(), &[], now);
    assert!(other.has_new_ca(), "who may have read the key may have used it");
    assert_ne!(other.facts().issuer, "");
    assert_ne!(other.facts().sha256, first.sha256);
}

#[test]
fn ours_is_renewed_before_it_ends_and_the_authority_that_people_trust_stays() {
    let home = tempfile::tempdir().unwrap();
    let now = at("2026-03-01T12:00:00Z");
    let tls = own(home.path(), &[], now);
    let (first, trusted) = (tls.facts(), ca(home.path()));
    let late = now.checked_add(DAY * 360).unwrap();
    assert!(matches!(tls.look(late), Looked::Same));
    let later = now.checked_add(DAY * 370).unwrap();
    assert!(matches!(tls.look(later), Looked::New));
    assert_ne!(tls.facts().sha256, first.sha256);
    assert!(tls.facts().not_after > first.not_after && !tls.has_new_ca());
    assert_eq!(ca(home.path()), trusted);
    // Ten years on, and after a time in which nobody looked.
    let far = own(home.path(), &[], now.checked_add(DAY * 3400).unwrap());
    assert!(far.has_new_ca());
    assert_ne!(ca(home.path()), trusted);
}

#[test]
fn other_names_need_another_certificate_and_only_more_of_them_another_authority() {
    let home = tempfile::tempdir().unwrap();
    let now = at("2026-03-01T12:00:00Z");
    let first = own(home.path(), &["box.local:1"], now).facts();
    let fewer = own(home.path(), &[], now);
    assert!(!fewer.has_new_ca());
    assert_ne!(fewer.facts().sha256, first.sha256);
    let more = own(home.path(), &["other.local:1"], now);
    assert!(more.has_new_ca(), "the authority may not vouch for a name that it was not made for");
}

#[test]
fn what_is_damaged_is_made_anew() {
    for (file, text) in [
        ("ca.pem", ""),
        ("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("ca-key.pem", "x"),
        ("server.pem", "half"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let now = at("2026-03-01T12:00:00Z");
        drop(own(home.path(), &[], now));
        fs::write(home.path().join("tls").join(file), text).unwrap();
        let tls = own(home.path(), &[], now);
        assert_eq!(tls.facts().validity(now), Validity::Good, "{file}");
    }
}

/// A certificate with its key that somebody else has made.
fn given(folder: &Path, name: &str, from: i32, to: i32) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

fn open(folder: &Path, now: Timestamp) -> Result<Tls, String> {
    let wish = TlsWish::Files { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    Tls::open(wish, "127.0.0.1:3457".parse().unwrap(), &[], now).map_err(|error| {
        assert!(!error.hint().is_empty());
        error.to_string().replace(&folder.display().to_string(), "").replace('\\', "/")
    })
}

#[test]
fn what_cannot_work_is_refused_in_words() {
    let now = at("2026-03-01T12:00:00Z");
    let check = |prepare: &dyn Fn(&Path), expected: &str| {
        let home = tempfile::tempdir().unwrap();
        given(home.path(), "localhost", 2026, 2027);
        prepare(home.path());
        assert_eq!(open(home.path(), now).map(drop).unwrap_err(), expected);
    };
    let remove = |name: &'static str| move |folder: &Path| fs::remove_file(folder.join(name)).unwrap();
    let put = |name: &'static str, text: &'static str| {
        move |folder: &Path| fs::write(folder.join(name), text).unwrap()
    };
    check(&remove("cert.pem"), "the certificate /cert.pem cannot be read");
    check(&remove("key.pem"), "the key /key.pem cannot be read");
    check(&put("cert.pem", ""), "/cert.pem holds no certificate in PEM form");
    check(&put("key.pem", "nonsense"), "/key.pem holds no key in PEM form");
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    check(&put("key.pem", locked), "the key /key.pem is locked with a password");
    let folder = |folder: &Path| {
        fs::remove_file(folder.join("key.pem")).unwrap();
        fs::create_dir(folder.join("key.pem")).unwrap();
    };
    check(&folder, "the key /key.pem cannot be read");
    let other = |folder: &Path| {
        fs::write(folder.join("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    };
    check(&other, "the key /key.pem does not belong to the certificate /cert.pem");
    let long = |folder: &Path| fs::write(folder.join("cert.pem"), vec![b'x'; 300_000]).unwrap();
    check(&long, "the certificate /cert.pem is longer than 256 KiB");
}

#[test]
fn a_certificate_out_of_its_time_is_shown_and_known_as_such() {
    let now = at("2026-03-01T12:00:00Z");
    for (from, to, expected) in
        [(2020, 2021, Validity::Expired), (2030, 2031, Validity::NotYet), (2020, 2031, Validity::Good)]
    {
        let home = tempfile::tempdir().unwrap();
        given(home.path(), "localhost", from, to);
        assert_eq!(open(home.path(), now).unwrap().facts().validity(now), expected);
    }
    let home = tempfile::tempdir().unwrap();
    given(home.path(), "localhost", 2020, 2027);
    let tls = open(home.path(), now).unwrap();
    assert_eq!(tls.facts().validity(at("2026-12-28T00:00:00Z")), Validity::Ending);
}

#[test]
fn a_renewal_is_seen_and_half_of_one_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let now = at("2026-03-01T12:00:00Z");
    given(home.path(), "a.example", 2026, 2027);
    let tls = open(home.path(), now).unwrap();
    let first = tls.facts();
    assert!(matches!(tls.look(now), Looked::Same));
    let old_key = fs::read(home.path().join("key.pem")).unwrap();
    given(home.path(), "b.example", 2026, 2028);
    let new_key = fs::read(home.path().join("key.pem")).unwrap();
    fs::write(home.path().join("key.pem"), old_key).unwrap();
    assert!(matches!(tls.look(now), Looked::Worse(super::TlsError::Mismatch { .. })));
    assert_eq!(tls.facts(), first);
    fs::write(home.path().join("key.pem"), new_key).unwrap();
    assert!(matches!(tls.look(now), Looked::New));
    assert_eq!(tls.facts().names, ["b.example"]);
    fs::remove_file(home.path().join("cert.pem")).unwrap();
    assert!(matches!(tls.look(now), Looked::Worse(super::TlsError::Read { .. })));
    assert_eq!(tls.facts().names, ["b.example"]);
}
