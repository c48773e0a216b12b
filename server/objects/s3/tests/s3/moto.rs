//! A bucket in moto's S3.

use crate::peers::process::Peer;
use objects::Pace;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};
use terrane_objects_s3::{Credential, Encryption, Options, S3};

/// Moto's S3, with the bucket `states`.
pub(crate) struct Moto(Peer);

impl Moto {
    pub(crate) fn start() -> Self {
        let moto =
            Self(Peer::start("venv/bin/moto_server", |port| ["-H", "127.0.0.1", "-p", port].map(str::to_owned).into()));
        assert!(moto.ask("PUT /states").starts_with("HTTP/1.1 200"));
        moto
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }

    pub(crate) async fn store(&self, prefix: &str) -> S3 {
        S3::open(options(self.port(), prefix)).await.unwrap()
    }

    /// Uploads that have begun and not ended.
    pub(crate) fn unfinished(&self) -> usize {
        self.ask("GET /states?uploads").matches("<UploadId>").count()
    }

    fn ask(&self, line: &str) -> String {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        write!(connection, "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }
}

/// A bucket at this port, for tests that have little time.
pub(crate) fn options(port: u16, prefix: &str) -> Options {
    Options {
        bucket: "states".to_owned(),
        prefix: prefix.to_owned(),
        region: None,
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        path_style: true,
        encryption: Encryption::Unsaid,
        credential: Some(Credential { id: "nobody".to_owned(), secret: "nothing".to_owned().into() }),
        certificates: Vec::new(),
        pace: Pace {
            connect: Duration::from_secs(1),
            answer: Duration::from_secs(2),
            attempts: 3,
            total: Duration::from_secs(10),
        },
    }
}
