//! What clients meet: the certificate, and whether a server answers.

use super::Line;
use crate::{
    config::{Config, Tls},
    instance::{self, Lock},
    ping, tls,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::path::Path;
use time::{Duration, OffsetDateTime};
use x509_parser::parse_x509_certificate;

/// A certificate that ends sooner deserves a look.
const SOON: Duration = Duration::days(14);

pub(super) fn certificate(config: &Config, now: OffsetDateTime) -> Vec<Line> {
    match &config.server.tls {
        Tls::Off if config.server.listen.ip().is_loopback() => {
            vec![Line::good("certificate", "none: without TLS, on this machine alone")]
        }
        // The configuration's own warning says it.
        Tls::Off => Vec::new(),
        Tls::Auto => {
            let ca = config.server.data.join(tls::CA_FILE);
            if !ca.exists() {
                return vec![Line::good("certificate", "the server makes its own authority when it starts")];
            }
            let server = config.server.data.join("tls").join("server.pem");
            let advice =
                "terrane trust tells how clients trust the authority; its certificates are renewed by themselves";
            [ca, server].iter().filter(|file| file.exists()).map(|file| judged(file, now, advice)).collect()
        }
        Tls::Files { certificate, .. } => {
            vec![judged(
                certificate,
                now,
                "renew it and send the server a SIGHUP: it reads it again, and no connection breaks",
            )]
        }
    }
}

fn judged(file: &Path, now: OffsetDateTime, advice: &str) -> Line {
    let about = "certificate";
    let ends = match ends(file) {
        Ok(ends) => ends,
        Err(wrong) => {
            return Line::bad(about, format!("{}: {wrong}", file.display()), "put the certificate there, as PEM");
        }
    };
    let left = ends - now;
    let says = format!("{} ends on {}, in {} days", file.display(), ends.date(), left.whole_days());
    if left <= Duration::ZERO {
        Line::bad(about, format!("{} has ended on {}", file.display(), ends.date()), advice)
    } else if left < SOON {
        Line::warning(about, says, advice)
    } else {
        Line::good(about, says)
    }
}

/// When the first certificate of a file ends.
fn ends(file: &Path) -> Result<OffsetDateTime, String> {
    let der = CertificateDer::from_pem_file(file).map_err(|error| error.to_string())?;
    let (_, certificate) = parse_x509_certificate(&der).map_err(|error| error.to_string())?;
    Ok(certificate.validity().not_after.to_datetime())
}

pub(super) async fn server(config: &Config) -> Vec<Line> {
    // Whether one should answer: if one has the data directory.
    let runs = matches!(Lock::take(&config.server.data), Err(instance::Error::Taken { .. }));
    if !runs || config.server.listen.port() == 0 {
        return Vec::new();
    }
    vec![match ping::ping(config).await {
        Ok(()) => Line::good("server", "it answers that it is ready"),
        Err(error) => Line::bad("server", format!("{error:#}"), "see its log"),
    }]
}
