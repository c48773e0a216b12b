use super::*;
use std::os::unix::fs::PermissionsExt;
use time::macros::datetime;

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

fn start() -> OffsetDateTime {
    datetime!(2026-01-01 0:00 UTC)
}

fn later() -> OffsetDateTime {
    start() + Duration::days(366)
}

fn latest() -> OffsetDateTime {
    start() + Duration::days(368)
}

fn load(data: &Path, names: &[&str], clock: Clock) -> Result<Certificate, Error> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Certificate::load(Source::Authority { data: data.to_owned(), names }, clock)
}

fn shown(certificate: &Certificate) -> Arc<CertifiedKey> {
    certificate.current.read().unwrap().clone()
}

fn vouches(data: &Path, certificate: &Certificate, name: &str, at: OffsetDateTime) -> Result<(), Error> {
    outlives(&shown(certificate), &data.join("ca.pem"), &[name.to_owned()], at)
}

#[test]
fn the_first_start_makes_an_authority_and_a_certificate() {
    let data = tempfile::tempdir().unwrap();
    let names: Vec<&str> = NAMES.into_iter().chain(["terrane.example.com", "192.0.2.7"]).collect();
    let certificate = load(data.path(), &names, start).unwrap();
    for name in names {
        vouches(data.path(), &certificate, name, start()).unwrap();
        vouches(data.path(), &certificate, name, start() + Duration::days(396)).unwrap();
        assert!(vouches(data.path(), &certificate, name, start() + Duration::days(398)).is_err());
    }
    assert!(vouches(data.path(), &certificate, "other.example.com", start()).is_err());
    for (file, mode) in [("tls", 0o700), ("tls/ca.key", 0o600), ("tls/server.pem", 0o600), ("ca.pem", 0o644)] {
        let permissions = std::fs::metadata(data.path().join(file)).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, mode, "{file}");
    }
    assert!(!std::fs::read_to_string(data.path().join("ca.pem")).unwrap().contains("PRIVATE"));
}

#[test]
fn the_certificate_stays_while_it_fits_and_is_renewed_when_it_does_not() {
    let data = tempfile::tempdir().unwrap();
    let first = shown(&load(data.path(), &NAMES, start).unwrap()).cert.clone();
    let ca = std::fs::read(data.path().join("ca.pem")).unwrap();
    // 31 days are left: the same certificate.
    assert_eq!(shown(&load(data.path(), &NAMES, later).unwrap()).cert, first);
    // 29 days are left.
    let renewed = load(data.path(), &NAMES, latest).unwrap();
    assert_ne!(shown(&renewed).cert, first);
    vouches(data.path(), &renewed, "localhost", latest() + Duration::days(396)).unwrap();
    // Another name.
    let named = load(data.path(), &["localhost", "terrane.example.com"], latest).unwrap();
    assert_ne!(shown(&named).cert, shown(&renewed).cert);
    vouches(data.path(), &named, "terrane.example.com", latest()).unwrap();
    // Half a file is no certificate.
    std::fs::write(data.path().join("tls/server.pem"), "-----BEGIN CERT").unwrap();
    vouches(data.path(), &load(data.path(), &NAMES, latest).unwrap(), "::1", latest()).unwrap();
    // The authority that clients trust stays the same through all of it.
    assert_eq!(std::fs::read(data.path().join("ca.pem")).unwrap(), ca);
}

#[test]
fn a_lost_certificate_of_the_authority_is_made_again_but_a_lost_key_is_not_replaced() {
    let data = tempfile::tempdir().unwrap();
    let certificate = load(data.path(), &NAMES, start).unwrap();
    std::fs::remove_file(data.path().join("ca.pem")).unwrap();
    load(data.path(), &NAMES, start).unwrap();
    // Same key, same name: what the old one signed is good under the new one.
    vouches(data.path(), &certificate, "localhost", start()).unwrap();

    std::fs::remove_file(data.path().join("tls/ca.key")).unwrap();
    let error = load(data.path(), &NAMES, start).unwrap_err().to_string();
    assert!(
        error.contains("tls/ca.key: the key of ca.pem is missing; restore it, or remove ca.pem as well"),
        "{error}"
    );
}

#[test]
fn an_authority_of_elsewhere_is_refused() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    load(data.path(), &NAMES, start).unwrap();
    load(other.path(), &NAMES, start).unwrap();
    std::fs::copy(other.path().join("ca.pem"), data.path().join("ca.pem")).unwrap();
    let error = load(data.path(), &NAMES, start).unwrap_err().to_string();
    assert!(error.contains("ca.pem: it does not vouch for the server's certificate"), "{error}");
}

#[test]
fn files_are_read_again_on_request_and_bad_ones_leave_the_old() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = load(data.path(), &NAMES, start).unwrap();
    let next = load(other.path(), &NAMES, start).unwrap();
    let file = data.path().join("tls/server.pem");
    let brought = Source::Files { certificate: file.clone(), key: file.clone() };
    let certificate = Certificate::load(brought, start).unwrap();
    assert_eq!(shown(&certificate).cert, shown(&made).cert);

    std::fs::copy(other.path().join("tls/server.pem"), &file).unwrap();
    certificate.reload().unwrap();
    assert_eq!(shown(&certificate).cert, shown(&next).cert);

    std::fs::write(&file, "nothing").unwrap();
    let error = certificate.reload().unwrap_err().to_string();
    assert!(error.contains("server.pem: no certificate in it; --tls takes"), "{error}");
    assert_eq!(shown(&certificate).cert, shown(&next).cert);
}

#[test]
fn the_key_of_another_certificate_is_refused() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    load(data.path(), &NAMES, start).unwrap();
    load(other.path(), &NAMES, start).unwrap();
    let (certificate, key) = (data.path().join("tls/server.pem"), other.path().join("tls/server.pem"));
    let error = Certificate::load(Source::Files { certificate, key }, start).unwrap_err().to_string();
    assert!(error.contains("server.pem: not the key of "), "{error}");
}
