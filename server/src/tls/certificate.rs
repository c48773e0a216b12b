//! The certificate that new connections are shown. It is read again on request, and the local authority's is renewed before it ends.

use super::{Error, authority::Authority, provider, read};
use crate::clock::Clock;
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};
use time::{Duration, OffsetDateTime};

/// How long before its end a certificate of the local authority is replaced.
const RENEW_BEFORE: Duration = Duration::days(30);

/// Where the certificate comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// The local authority makes it.
    Authority {
        /// The data directory.
        data: PathBuf,
        /// The names and addresses it must bear.
        names: Vec<String>,
    },
    /// A person brings it.
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

/// The server's certificate as it is now.
#[derive(Debug)]
pub struct Certificate {
    source: Source,
    clock: Clock,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    pub(super) fn load(source: Source, clock: Clock) -> Result<Self, Error> {
        let current = RwLock::new(source.read(clock())?);
        Ok(Self { source, clock, current })
    }

    /// Reads the certificate again, and renews it where that is ours to do. New connections see the new one; after an error the old one
    /// stays.
    pub fn reload(&self) -> Result<(), Error> {
        let new = self.source.read((self.clock)())?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Source {
    fn read(&self, now: OffsetDateTime) -> Result<Arc<CertifiedKey>, Error> {
        match self {
            Self::Files { certificate, key } => certified(certificate, key),
            Self::Authority { data, names } => {
                let authority = Authority::open(data, now)?;
                let file = data.join("tls").join("server.pem");
                if let Ok(certified) = certified(&file, &file)
                    && outlives(&certified, &authority.certificate, names, now + RENEW_BEFORE).is_ok()
                {
                    return Ok(certified);
                }
                authority.issue(names, &file, now)?;
                let certified = certified(&file, &file)?;
                outlives(&certified, &authority.certificate, names, now)?;
                Ok(certified)
            }
        }
    }
}

fn certified(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, Error> {
    let content = |path: &Path, wrong: String| Error::Content {
        path: path.to_owned(),
        wrong,
        next: "--tls takes the certificate with its intermediates and the private key, both as PEM",
    };
    let text = read(certificate)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let chain = chain.map_err(|error| content(certificate, format!("no certificate ({error})")))?;
    if chain.is_empty() {
        return Err(content(certificate, "no certificate in it".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_slice(read(key)?.as_bytes())
        .map_err(|error| content(key, format!("no private key ({error})")))?;
    let certified = CertifiedKey::from_der(chain, private, &provider());
    certified.map(Arc::new).map_err(|error| content(key, format!("not the key of {} ({error})", certificate.display())))
}

/// Judges the certificate as a client would who trusts the authority: right signature, every name, valid at `at`.
fn outlives(certified: &CertifiedKey, authority: &Path, names: &[String], at: OffsetDateTime) -> Result<(), Error> {
    let content = |wrong: String| Error::Content {
        path: authority.to_owned(),
        wrong,
        next: "restore it together with tls/ca.key, or remove both to make a new authority that clients have to trust anew",
    };
    let refused = |error: rustls::Error| content(format!("it does not vouch for the server's certificate ({error})"));
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(read(authority)?.as_bytes());
    roots.add(root.map_err(|error| content(format!("no certificate ({error})")))?).map_err(refused)?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let verifier = verifier.map_err(|error| content(error.to_string()))?;
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or(0);
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let own = certified.end_entity_cert().map_err(refused)?;
    for name in names {
        let name = ServerName::try_from(name.as_str()).map_err(|error| content(format!("{name}: {error}")))?;
        verifier.verify_server_cert(own, &certified.cert[1..], &name, &[], at).map_err(refused)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
