//! A registry of one provider on this machine, over TLS, that counts what it is asked and lies when it is told to.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use terrane_mirror::{Mirror, Options, Provider, Version};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

pub(crate) const ARCHIVE: &str = "terraform-provider-cloud_1.2.3_linux_amd64.zip";

/// What it answers instead of the truth, by the end of the path.
pub(crate) type Lies = BTreeMap<&'static str, (u16, Vec<u8>)>;

#[derive(Default)]
pub(crate) struct Told {
    pub(crate) asked: Vec<String>,
    pub(crate) lies: Lies,
}

pub(crate) struct Registry {
    pub(crate) host: String,
    pub(crate) told: Arc<Mutex<Told>>,
    pub(crate) folder: tempfile::TempDir,
    serving: JoinHandle<()>,
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/provider").join(name)).unwrap()
}

impl Registry {
    pub(crate) async fn open() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let folder = tempfile::tempdir().unwrap();
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.cert.pem()).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(certificate.signing_key.serialize_der().into());
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let told = Arc::<Mutex<Told>>::default();
        let (of_requests, name) = (Arc::clone(&told), host.clone());
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, told, host) = (acceptor.clone(), Arc::clone(&of_requests), name.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => head.push(byte),
                            Err(_) => return,
                        }
                    }
                    let path = String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned();
                    let (status, extra, body) = answer(&told, &host, &path);
                    let head = format!(
                        "HTTP/1.1 {status} X\r\n{extra}Content-Length: {}\r\nConnection: close\r\n\r\n",
                        body.len()
                    );
                    stream.write_all(&[head.as_bytes(), &body].concat()).await.ok();
                    stream.shutdown().await.ok();
                });
            }
        });
        Self { host, told, folder, serving }
    }

    /// A mirror that asks it, and keeps things in a folder of its own.
    pub(crate) fn mirror(&self, change: impl FnOnce(&mut Options)) -> Mirror {
        let mut options = Options::new(self.folder.path().join("mirror"));
        options.hosts = vec![self.host.clone()];
        options.private = true;
        options.certificates = vec![self.certificate()];
        change(&mut options);
        Mirror::open(options).unwrap()
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn provider(&self) -> Provider {
        Provider::parse(&self.host, "acme", "cloud").unwrap()
    }

    pub(crate) fn lie(&self, end: &'static str, status: u16, body: impl Into<Vec<u8>>) {
        self.told.lock().unwrap().lies.insert(end, (status, body.into()));
    }

    /// How often something was asked whose path ends like this.
    pub(crate) fn asked(&self, end: &str) -> usize {
        self.told.lock().unwrap().asked.iter().filter(|path| path.ends_with(end)).count()
    }

    /// From now on nobody listens.
    pub(crate) async fn go_down(self) -> tempfile::TempDir {
        self.serving.abort();
        self.serving.await.ok();
        self.folder
    }
}

pub(crate) fn version() -> Version {
    Version::new(1, 2, 3)
}

fn answer(told: &Mutex<Told>, host: &str, path: &str) -> (u16, String, Vec<u8>) {
    let mut told = told.lock().unwrap();
    told.asked.push(path.to_owned());
    let lie = told.lies.iter().find(|(end, _)| path.ends_with(**end)).map(|(_, lie)| lie.clone());
    if let Some((status, body)) = lie {
        let location =
            if status == 302 { format!("Location: {}\r\n", String::from_utf8_lossy(&body)) } else { String::new() };
        return (status, location, body);
    }
    let platforms = r#"[{"os":"linux","arch":"amd64"},{"os":"linux","arch":"arm64"}]"#;
    let found = match path {
        "/.well-known/terraform.json" => Some(br#"{"providers.v1":"/v1/providers/"}"#.to_vec()),
        "/v1/providers/acme/cloud/versions" => Some(
            format!(
                r#"{{"versions":[{{"version":"1.2.3","platforms":{platforms}}},{{"version":"../x","platforms":[]}}]}}"#
            )
            .into_bytes(),
        ),
        "/v1/providers/acme/cloud/1.2.3/download/linux/amd64"
        | "/v1/providers/acme/cloud/1.2.3/download/linux/arm64" => {
            let architecture = path.rsplit('/').next().unwrap();
            let base = "terraform-provider-cloud_1.2.3";
            let key = serde_json::Value::from(String::from_utf8(fixture("key.asc")).unwrap());
            Some(
                format!(
                    r#"{{"filename":"{base}_linux_{architecture}.zip","download_url":"https://{host}/files/{base}_linux_{architecture}.zip","shasums_url":"/files/{base}_SHA256SUMS","shasums_signature_url":"/files/{base}_SHA256SUMS.sig","signing_keys":{{"gpg_public_keys":[{{"key_id":"K","ascii_armor":{key}}}]}}}}"#
                )
                .into_bytes(),
            )
        }
        other => other.strip_prefix("/files/").map(fixture),
    };
    found.map_or((404, String::new(), b"{}".to_vec()), |body| (200, String::new(), body))
}
