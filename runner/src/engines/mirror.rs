//! Fetches engines from a release mirror into the engines directory. What does not have the published check sum, or is not signed where keys are
//! given, is never unpacked.

use super::{Executable, Wanted};
use crate::{Mirror, Options};
use bytes::Bytes;
use protocol::Engine;
use ring::digest::{SHA256, digest};
use secrecy::ExposeSecret as _;
use semver::Version;
use serde::{Deserialize, de::IgnoredAny};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// How long an index is taken for the newest one.
const FRESH: Duration = Duration::from_secs(600);
/// The largest answers: bytes.
const LARGEST_TEXT: u64 = 32 << 20;
const LARGEST_ARCHIVE: u64 = 512 << 20;
/// The largest engine: bytes.
const LARGEST_ENGINE: u64 = 1 << 30;

/// Why an engine could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{address} cannot be fetched: {reason}")]
    Fetch { address: String, reason: String },
    #[error("{address} is refused: its {what}")]
    Refused { address: String, what: String },
    #[error("the engine cannot be put into {directory}: {source}")]
    Write { directory: String, source: io::Error },
}

/// A client of one mirror.
pub(crate) struct Releases {
    mirror: Mirror,
    directory: PathBuf,
    client: reqwest::Client,
    known: Mutex<HashMap<&'static str, (Instant, Vec<Version>)>>,
}

impl Releases {
    pub(crate) fn new(mirror: &Mirror, options: &Options) -> Result<Self, reqwest::Error> {
        let mut client =
            reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).read_timeout(Duration::from_secs(60));
        for path in &options.certificates {
            let pem = fs::read(path).unwrap_or_default(); // whoever gathers them for the runs has told what cannot be read
            for certificate in reqwest::Certificate::from_pem_bundle(&pem)? {
                client = client.add_root_certificate(certificate);
            }
        }
        let (mirror, directory) = (mirror.clone(), options.engines.clone());
        Ok(Self { mirror, directory, client: client.build()?, known: Mutex::default() })
    }

    /// Every version that the mirror has.
    pub(crate) async fn versions(&self, engine: Engine) -> Result<Vec<Version>, Failure> {
        #[derive(Deserialize)]
        struct Index {
            versions: BTreeMap<String, IgnoredAny>,
        }
        let mut known = self.known.lock().await;
        if let Some((_, versions)) = known.get(engine.program()).filter(|(since, _)| since.elapsed() < FRESH) {
            return Ok(versions.clone());
        }
        let address = format!("{}/{}/index.json", self.mirror.address, engine.program());
        let json = self.fetch(&address, LARGEST_TEXT).await?;
        let index: Index =
            serde_json::from_slice(&json).map_err(|error| Failure::Fetch { address, reason: error.to_string() })?;
        let versions: Vec<_> = index.versions.keys().filter_map(|version| Version::parse(version).ok()).collect();
        known.insert(engine.program(), (Instant::now(), versions.clone()));
        Ok(versions)
    }

    /// The newest version that is as wanted, fetched; `None` when there is none.
    pub(crate) async fn get(&self, engine: Engine, wanted: &Wanted) -> Result<Option<Executable>, Failure> {
        let versions = self.versions(engine).await?;
        let Some(version) = versions.into_iter().filter(|version| wanted.accepts(version)).max() else {
            return Ok(None);
        };
        let program = engine.program();
        let path = self.directory.join(version.to_string()).join(program);
        let _one_at_a_time = self.known.lock().await;
        if path.exists() {
            return Ok(Some(Executable::at(version, path)));
        }
        let base = format!("{}/{program}/{version}/{program}_{version}", self.mirror.address);
        let sums_address = format!("{base}_SHA256SUMS");
        let sums = self.fetch(&sums_address, LARGEST_TEXT).await?;
        if let Some(keys) = &self.mirror.keys {
            let address = format!("{sums_address}.sig");
            let signature = self.fetch(&address, LARGEST_TEXT).await?;
            let refused = |what: String| Failure::Refused { address: address.clone(), what };
            let keys =
                fs::read_to_string(keys).map_err(|error| refused(format!("key file {}: {error}", keys.display())))?;
            ::mirror::signature::verify(&keys, &sums, &signature)
                .map_err(|error| refused(format!("signature: {error}")))?;
        }
        let file = format!("{program}_{version}_linux_{}.zip", architecture());
        let address = format!("{}/{program}/{version}/{file}", self.mirror.address);
        let archive = self.fetch(&address, LARGEST_ARCHIVE).await?;
        let sum = hex::encode(digest(&SHA256, &archive));
        if !String::from_utf8_lossy(&sums).lines().any(|line| line.split_whitespace().eq([sum.as_str(), file.as_str()]))
        {
            return Err(Failure::Refused {
                address,
                what: format!("check sum is {sum}, which is not the published one"),
            });
        }
        let target = path.clone();
        let unpacked = tokio::task::spawn_blocking(move || unpack(archive, program, &target)).await;
        let failed = |source| Failure::Write { directory: self.directory.display().to_string(), source };
        unpacked.map_err(io::Error::other).flatten().map_err(failed)?;
        tracing::info!(program, %version, "an engine was fetched");
        Ok(Some(Executable::at(version, path)))
    }

    async fn fetch(&self, address: &str, largest: u64) -> Result<Bytes, Failure> {
        let failed = |reason: String| Failure::Fetch { address: address.to_owned(), reason };
        let mut request = self.client.get(address);
        if let Some(token) = &self.mirror.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        let mut answer = answer.map_err(|error| failed(error.without_url().to_string()))?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(error.without_url().to_string()))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > largest {
                return Err(failed(format!("it is larger than {largest} bytes")));
            }
        }
        Ok(bytes.into())
    }
}

/// The machine's architecture as vendors name it.
pub(crate) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

/// Puts the engine where it belongs, in one step.
fn unpack(archive: Bytes, program: &str, target: &Path) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(io::Cursor::new(archive)).map_err(io::Error::other)?;
    let member = archive.by_name(program).map_err(io::Error::other)?;
    let directory = target.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory)?;
    let new = directory.join(format!(".{program}.new"));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o755).open(&new)?;
    io::copy(&mut member.take(LARGEST_ENGINE), &mut file)?;
    file.sync_all()?;
    fs::rename(new, target)
}
