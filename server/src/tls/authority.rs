//! The local authority: a key and a certificate for ten years, made at the first start, that sign the server's certificates. A person
//! trusts it once; the server's certificate may then change as often as it likes.

use super::{Error, read};
use crate::files;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use std::{
    fmt::Write as _,
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime};

/// The authority's certificate, in the data directory.
pub const CA_FILE: &str = "ca.pem";

const CA_LIFE: Duration = Duration::days(3_652);

/// Browsers refuse certificates of more than 398 days.
const SERVER_LIFE: Duration = Duration::days(397);

/// Clocks differ: what is signed now must already be valid where it is a little earlier.
const EARLIER: Duration = Duration::hours(1);

/// The local authority of one data directory.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) certificate: PathBuf,
}

impl Authority {
    /// Reads the authority of the data directory, or makes one where there is none at all.
    pub(super) fn open(data: &Path, now: OffsetDateTime) -> Result<Self, Error> {
        let directory = data.join("tls");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&directory);
        made.map_err(|source| Error::File { verb: "write", path: directory.clone(), source })?;
        let (key_file, certificate) = (directory.join("ca.key"), data.join(CA_FILE));
        let key = if key_file.exists() {
            KeyPair::from_pem(&read(&key_file)?).map_err(|error| Error::Content {
                path: key_file,
                wrong: format!("no private key ({error})"),
                next: "restore it, or remove it and ca.pem to make a new authority that clients have to trust anew",
            })?
        } else if certificate.exists() {
            return Err(Error::Content {
                path: key_file,
                wrong: "the key of ca.pem is missing".to_owned(),
                next: "restore it, or remove ca.pem as well to make a new authority that clients have to trust anew",
            });
        } else {
            let key = generate("the local authority")?;
            write(&key_file, &key.serialize_pem(), 0o600)?;
            key
        };
        // The name follows from the key: an issuer can be made again without reading a certificate, and two authorities in one
        // list of trusted ones can be told apart.
        let name = name(&key);
        if !certificate.exists() {
            let signed = parameters(&name, now).self_signed(&key);
            let signed = signed.map_err(|source| Error::Issue { names: name.clone(), source })?;
            write(&certificate, &signed.pem(), 0o644)?;
        }
        Ok(Self { issuer: Issuer::new(parameters(&name, now), key), certificate })
    }

    /// Makes a key and a certificate for a server with these names, and keeps both in one file, so that they always belong together.
    pub(super) fn issue(&self, names: &[String], file: &Path, now: OffsetDateTime) -> Result<(), Error> {
        let failed = |source| Error::Issue { names: names.join(", "), source };
        let key = generate("the server")?;
        let mut parameters = CertificateParams::new(names).map_err(failed)?;
        parameters.distinguished_name.push(DnType::CommonName, "Terrane server");
        (parameters.not_before, parameters.not_after) = (now - EARLIER, now + SERVER_LIFE);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(failed)?;
        write(file, &format!("{}{}", certificate.pem(), key.serialize_pem()), 0o600)
    }
}

fn generate(whose: &str) -> Result<KeyPair, Error> {
    // P-256: every client knows it, and a key takes well under a millisecond.
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|source| Error::Issue { names: whose.to_owned(), source })
}

fn name(key: &KeyPair) -> String {
    let identifier = CertificateParams::default().key_identifier(key);
    let mut name = "Terrane local CA ".to_owned();
    for byte in identifier.iter().take(4) {
        // Writing to a String does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

fn parameters(name: &str, now: OffsetDateTime) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    (parameters.not_before, parameters.not_after) = (now - EARLIER, now + CA_LIFE);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    files::write(path, text, mode).map_err(|source| Error::File { verb: "write", path: path.to_owned(), source })
}
