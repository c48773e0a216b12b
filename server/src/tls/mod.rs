//! TLS for the server's own connections: where its certificate comes from, and how it is replaced while connections go on.

mod authority;
mod certificate;

pub use authority::CA_FILE;
pub use certificate::Certificate;

use crate::{clock::Clock, config};
use rustls::{ServerConfig, crypto::CryptoProvider, crypto::ring};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot {verb} {path}: {source}", path = .path.display())]
    File {
        /// `read` or `write`.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path}: {wrong}; {next}", path = .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        wrong: String,
        /// What to do.
        next: &'static str,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate for {names}: {source}")]
    Issue {
        /// The names it was to bear.
        names: String,
        /// Why not.
        source: rcgen::Error,
    },
    /// TLS itself refused.
    #[error("cannot set up TLS: {0}")]
    Rustls(#[from] rustls::Error),
}

/// What the server uses for all its cryptography, so that nothing depends on what a process happened to install.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Makes [`provider`] the one that clients in this process take. Call it first in `main`.
pub fn install() {
    // A second call finds the same provider in place.
    let _ = ring::default_provider().install_default();
}

/// The certificate that the configuration asks for, made if it is to be made; `None` where TLS is off. `bound` is where the server listens.
pub fn certificate(
    server: &config::Server,
    bound: SocketAddr,
    clock: Clock,
) -> Result<Option<Arc<Certificate>>, Error> {
    let source = match &server.tls {
        config::Tls::Off => return Ok(None),
        config::Tls::Auto => {
            certificate::Source::Authority { data: server.data.clone(), names: server.certificate_names(bound) }
        }
        config::Tls::Files { certificate, key } => {
            certificate::Source::Files { certificate: certificate.clone(), key: key.clone() }
        }
    };
    Certificate::load(source, clock).map(|certificate| Some(Arc::new(certificate)))
}

/// The TLS configuration of the accept loop: HTTP/2 and HTTP/1.1, tickets instead of a session store.
pub fn server_config(certificate: Arc<Certificate>) -> Result<Arc<ServerConfig>, Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = ring::Ticketer::new()?;
    Ok(Arc::new(config))
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::File { verb: "read", path: path.to_owned(), source })
}
