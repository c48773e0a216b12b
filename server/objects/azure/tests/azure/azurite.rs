//! A container in Azurite.

use crate::peers::process::Peer;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use objects::Pace;
use ring::hmac;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Once,
    time::Duration,
};
use tempfile::TempDir;
use terrane_objects_azure::{Access, Azure, Options};

/// The account that every Azurite has, and its key, which everybody knows.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Azurite, with the container `states`.
pub(crate) struct Azurite {
    peer: Peer,
    _folder: TempDir,
}

impl Azurite {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let peer = Peer::start("azurite/node_modules/.bin/azurite-blob", |port| {
            let arguments = ["--blobHost", "127.0.0.1", "--blobPort", port, "--location", &path, "--silent"];
            let more = ["--skipApiVersionCheck", "--disableTelemetry"];
            arguments.into_iter().chain(more).map(str::to_owned).collect()
        });
        let azurite = Self { peer, _folder: folder };
        azurite.make_container();
        azurite
    }

    pub(crate) fn port(&self) -> u16 {
        self.peer.port
    }

    pub(crate) async fn store(&self, prefix: &str) -> Azure {
        Azure::open(options(self.port(), prefix)).unwrap()
    }

    /// The store cannot and need not make one; here it is asked for with the account's key, as the protocol has it.
    fn make_container(&self) {
        let (date, version) = ("Thu, 26 Nov 2026 12:00:00 GMT", "2021-12-02");
        let canonical = format!("PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{version}\n");
        let resource = format!("/{ACCOUNT}/{ACCOUNT}/states\nrestype:container");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64_STANDARD.decode(KEY).unwrap());
        let signature = BASE64_STANDARD.encode(hmac::sign(&key, format!("{canonical}{resource}").as_bytes()));
        let mut connection = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        let head = format!(
            "PUT /{ACCOUNT}/states?restype=container HTTP/1.1\r\nhost: 127.0.0.1\r\nx-ms-date: {date}\r\nx-ms-version: {version}\r\n\
             authorization: SharedKey {ACCOUNT}:{signature}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
}

/// A container at this port, for tests that have little time.
pub(crate) fn options(port: u16, prefix: &str) -> Options {
    static RING: Once = Once::new();
    RING.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    let text = format!("AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT}");
    Options {
        container: "states".to_owned(),
        prefix: prefix.to_owned(),
        access: Access::parse(&text, "states").unwrap(),
        certificates: Vec::new(),
        pace: Pace {
            connect: Duration::from_secs(1),
            answer: Duration::from_secs(2),
            attempts: 3,
            total: Duration::from_secs(10),
        },
    }
}
