//! Releases of engines: from a folder, from an origin, verified.

use crate::{bytes, registry::Registry};
use std::path::Path;
use terrane_mirror::{Error, Mirror, Release, ReleaseOrigin, Url};

const SUMS: &str = "terraform_9.9.8_SHA256SUMS";
const ZIP: &str = "terraform_9.9.8_linux_amd64.zip";
const PATH: &str = "9.9.8/terraform_9.9.8_linux_amd64.zip";

/// The fixtures of a whole small mirror.
fn vendor(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runner/tests/fixtures/mirror/terraform").join(path))
        .unwrap()
}

fn mirror(registry: &Registry, key: Option<&str>) -> Mirror {
    registry.lie("terraform/index.json", 200, r#"{"name":"terraform","versions":{"9.9.8":{"builds":[]},"9.9.7":{}}}"#);
    registry.lie("9.9.8/terraform_9.9.8_SHA256SUMS", 200, vendor("9.9.8/terraform_9.9.8_SHA256SUMS"));
    registry.lie("9.9.8/terraform_9.9.8_SHA256SUMS.sig", 200, vendor("9.9.8/terraform_9.9.8_SHA256SUMS.sig"));
    registry.lie(PATH, 200, vendor(PATH));
    let keys = key.map(|key| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(key));
    let address = Url::parse(&format!("https://{}/", registry.host)).unwrap();
    registry.mirror(|options| options.release_origin = Some(ReleaseOrigin { address, keys }))
}

fn release(file: &str) -> Release {
    Release::parse("terraform", "9.9.8", file).unwrap()
}

#[tokio::test]
async fn a_signed_release_is_fetched_once() {
    let registry = Registry::open().await;
    let mirror = mirror(&registry, Some("rsa3072.asc"));
    let index = mirror.releases("terraform").await.unwrap();
    assert_eq!(index.versions.keys().collect::<Vec<_>>(), ["9.9.7", "9.9.8"]);
    assert!(index.versions["9.9.8"]["builds"].is_array());
    for _ in 0..2 {
        assert_eq!(bytes(mirror.release(&release(ZIP)).await.unwrap()).await, vendor(PATH));
        assert_eq!(
            bytes(mirror.release(&release(SUMS)).await.unwrap()).await,
            vendor("9.9.8/terraform_9.9.8_SHA256SUMS")
        );
    }
    assert_eq!((registry.asked(PATH), registry.asked(SUMS), registry.asked("index.json")), (1, 1, 1));
    mirror.releases("terraform").await.unwrap();
    assert_eq!(registry.asked("index.json"), 1);
}

#[tokio::test]
async fn a_release_that_is_not_as_published_or_not_signed_is_never_handed_on() {
    let registry = Registry::open().await;
    let refused = mirror(&registry, Some("rsa2048.asc")).release(&release(ZIP)).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused(text) if text.contains("signature")), "{refused}");
    let registry = Registry::open().await;
    let mirror = mirror(&registry, None);
    registry.lie(PATH, 200, "another archive");
    let refused = mirror.release(&release(ZIP)).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused(text) if text.contains("check sum")), "{refused}");
    let none = Release::parse("terraform", "9.9.8", "terraform_9.9.8_plan9_amd64.zip").unwrap();
    assert!(matches!(mirror.release(&none).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_folder_of_releases_needs_nobody() {
    let registry = Registry::open().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runner/tests/fixtures/mirror");
    let mirror = registry.mirror(|options| options.releases = Some(folder));
    let index = mirror.releases("terraform").await.unwrap();
    assert_eq!(index.versions.keys().collect::<Vec<_>>(), ["9.9.7", "9.9.8"]);
    assert_eq!(bytes(mirror.release(&release(ZIP)).await.unwrap()).await, vendor(PATH));
    assert!(matches!(mirror.releases("tofu").await, Err(Error::NotFound(_))));
    assert_eq!(registry.asked(""), 0);
}
