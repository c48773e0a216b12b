//! The mirror against an origin that answers, lies, and is away.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod registry;
mod releases;

use registry::{ARCHIVE, Registry, fixture, version};
use std::{collections::BTreeMap, path::Path};
use terrane_mirror::{Archive, Error, Mirror, Platform, Provider, Version, archive};
use tokio::io::AsyncReadExt;

fn amd64() -> Platform {
    Platform::parse("linux_amd64").unwrap()
}

pub(crate) async fn bytes(archive: Archive) -> Vec<u8> {
    let (mut file, mut bytes) = (archive.file, Vec::new());
    file.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes.len() as u64, archive.bytes);
    bytes
}

async fn fetch(mirror: &Mirror, provider: &Provider) -> Result<Vec<u8>, Error> {
    match mirror.archive(provider, &version(), &amd64()).await {
        Ok(archive) => Ok(bytes(archive).await),
        Err(error) => Err(error),
    }
}

#[tokio::test]
async fn a_provider_is_fetched_once_and_outlives_its_registry() {
    let registry = Registry::open().await;
    let (mirror, provider) = (registry.mirror(|_| {}), registry.provider());
    assert_eq!(mirror.versions(&provider).await.unwrap().into_iter().collect::<Vec<_>>(), [version()]);
    let archives = mirror.archives(&provider, &version()).await.unwrap();
    let platforms: Vec<_> = archives.keys().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux_amd64", "linux_arm64"]);
    let zh = "zh:10ff0511d4840860fee393e3b856eef3a63284678d20ab9b787e2bc457fdac0e";
    assert_eq!(archives[&amd64()], [zh]);
    for _ in 0..2 {
        assert_eq!(fetch(&mirror, &provider).await.unwrap(), fixture(ARCHIVE));
    }
    let archives = mirror.archives(&provider, &version()).await.unwrap();
    let h1 =
        archive::h1_of_archive(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/provider").join(ARCHIVE));
    assert_eq!(archives[&amd64()], [h1.unwrap().as_str(), zh]);
    assert_eq!((registry.asked(ARCHIVE), registry.asked("SHA256SUMS"), registry.asked("versions")), (1, 1, 1));

    // Another process on the same files, the registry away.
    let (host, folder) = (registry.host.clone(), registry.go_down().await);
    let mut options = terrane_mirror::Options::new(folder.path().join("mirror"));
    (options.hosts, options.private) = (vec![host], true);
    let mirror = Mirror::open(options).unwrap();
    assert_eq!(mirror.versions(&provider).await.unwrap().len(), 1);
    assert_eq!(fetch(&mirror, &provider).await.unwrap(), fixture(ARCHIVE));
    let other = mirror.archive(&provider, &version(), &Platform::parse("linux_arm64").unwrap()).await;
    assert!(matches!(other, Err(Error::Unavailable(_))), "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_first_requests_are_one_fetch() {
    let registry = Registry::open().await;
    let (mirror, provider) = (registry.mirror(|_| {}), registry.provider());
    let all = (0..40).map(|_| {
        let (mirror, provider) = (mirror.clone(), provider.clone());
        tokio::spawn(async move { fetch(&mirror, &provider).await.unwrap() })
    });
    for fetched in futures::future::join_all(all).await {
        assert_eq!(fetched.unwrap(), fixture(ARCHIVE));
    }
    assert_eq!((registry.asked(ARCHIVE), registry.asked("SHA256SUMS"), registry.asked("versions")), (1, 1, 1));
}

#[tokio::test]
async fn what_is_not_as_published_is_never_handed_on() {
    let sums = String::from_utf8(fixture("terraform-provider-cloud_1.2.3_SHA256SUMS")).unwrap();
    let other_key =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rsa2048.asc")).unwrap();
    let keys = serde_json::json!({ "filename": ARCHIVE, "download_url": format!("/files/{ARCHIVE}"),
        "shasums_url": "/files/terraform-provider-cloud_1.2.3_SHA256SUMS",
        "shasums_signature_url": "/files/terraform-provider-cloud_1.2.3_SHA256SUMS.sig",
        "signing_keys": { "gpg_public_keys": [{ "ascii_armor": other_key }] } });
    let lies: [(&str, u16, Vec<u8>, &str); 5] = [
        (ARCHIVE, 200, b"another archive".to_vec(), "check sum"),
        ("SHA256SUMS", 200, sums.replace("10ff", "20ff").into_bytes(), "signature"),
        ("SHA256SUMS.sig", 200, b"no signature".to_vec(), "signature"),
        ("download/linux/amd64", 200, keys.to_string().into_bytes(), "none of the trusted keys"),
        (ARCHIVE, 302, b"http://127.0.0.1:1/x.zip".to_vec(), "no https"),
    ];
    for (end, status, body, words) in lies {
        let registry = Registry::open().await;
        let (mirror, provider) = (registry.mirror(|_| {}), registry.provider());
        registry.lie(end, status, body);
        let refused = fetch(&mirror, &provider).await.unwrap_err().to_string();
        assert!(refused.contains(words), "{end}: {refused}");
        let kept = std::fs::read_dir(registry.folder.path().join("mirror/archives")).unwrap().count();
        assert_eq!(kept, 0, "{end}");
        // It was not remembered either.
        registry.told.lock().unwrap().lies.clear();
        assert_eq!(fetch(&mirror, &provider).await.unwrap(), fixture(ARCHIVE), "{end}");
    }
}

#[tokio::test]
async fn a_registry_that_fails_is_told_from_one_that_does_not_know() {
    let registry = Registry::open().await;
    let mirror = registry.mirror(|_| {});
    let unknown = Provider::parse(&registry.host, "acme", "none").unwrap();
    assert!(matches!(mirror.versions(&unknown).await, Err(Error::NotFound(_))));
    let nowhere = mirror.archives(&registry.provider(), &Version::new(9, 9, 9)).await;
    assert!(matches!(nowhere, Err(Error::NotFound(_))));
    registry.lie("versions", 500, "broken");
    let registry_fails =
        registry.mirror(|options| options.directory.push("other")).versions(&registry.provider()).await;
    assert!(matches!(registry_fails, Err(Error::Unavailable(_))), "{registry_fails:?}");
    registry.lie("versions", 200, "nonsense");
    let nonsense = registry.mirror(|options| options.directory.push("another")).versions(&registry.provider()).await;
    assert!(matches!(nonsense, Err(Error::Unavailable(_))), "{nonsense:?}");
}

#[tokio::test]
async fn nobody_else_is_asked_and_nothing_private() {
    let registry = Registry::open().await;
    let foreign = Provider::parse("169.254.169.254", "acme", "cloud").unwrap();
    let refused = registry.mirror(|_| {}).versions(&foreign).await.unwrap_err();
    assert!(matches!(&refused, Error::NotFound(text) if text.contains("--mirror-hosts")), "{refused}");
    let port = registry.host.rsplit_once(':').unwrap().1;
    for host in [registry.host.clone(), format!("localhost:{port}")] {
        let mirror = registry.mirror(|options| {
            options.private = false;
            options.hosts = vec![host.clone()];
        });
        let refused = mirror.versions(&Provider::parse(&host, "acme", "cloud").unwrap()).await.unwrap_err().to_string();
        assert!(refused.contains("--mirror-private"), "{host}: {refused}");
    }
    assert_eq!(registry.asked(""), 0);
}

#[tokio::test]
async fn what_is_kept_has_bounds() {
    let registry = Registry::open().await;
    let (mirror, provider) = (registry.mirror(|options| options.bytes = 1_000), registry.provider());
    assert_eq!(fetch(&mirror, &provider).await.unwrap(), fixture(ARCHIVE));
    let other = Platform::parse("linux_arm64").unwrap();
    bytes(mirror.archive(&provider, &version(), &other).await.unwrap()).await;
    let names = std::fs::read_dir(registry.folder.path().join("mirror/archives")).unwrap();
    let kept: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(kept.iter().filter(|name| name.ends_with(".zip")).count(), 1, "{kept:?}");
    assert_eq!(fetch(&mirror, &provider).await.unwrap(), fixture(ARCHIVE));
    assert_eq!(registry.asked(ARCHIVE), 2);
    let small = registry.mirror(|options| {
        options.bytes = 100;
        options.directory.push("small");
    });
    assert!(matches!(fetch(&small, &provider).await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn a_folder_answers_alone_for_what_it_has() {
    let registry = Registry::open().await;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join(registry.provider().to_string());
    std::fs::create_dir_all(at.join("1.2.3/linux_amd64")).unwrap();
    std::fs::write(at.join("1.2.3/linux_amd64/terraform-provider-cloud_v1.2.3"), "unpacked").unwrap();
    std::fs::write(at.join("terraform-provider-cloud_1.2.4_linux_amd64.zip"), fixture(ARCHIVE)).unwrap();
    let mirror = registry.mirror(|options| {
        options.providers = Some(folder.path().into());
        options.hosts.clear();
    });
    let provider = registry.provider();
    let versions: Vec<_> = mirror.versions(&provider).await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["1.2.3", "1.2.4"]);
    assert_eq!(mirror.patterns().await.unwrap(), [provider.to_string()]);
    let h1 = mirror.archives(&provider, &version()).await.unwrap()[&amd64()].clone();
    let packed = fetch(&mirror, &provider).await.unwrap();
    std::fs::write(folder.path().join("packed.zip"), packed).unwrap();
    assert_eq!(h1, [archive::h1_of_archive(&folder.path().join("packed.zip")).unwrap()]);
    let whole = mirror.archive(&provider, &Version::new(1, 2, 4), &amd64()).await.unwrap();
    assert_eq!(bytes(whole).await, fixture(ARCHIVE));
    assert_eq!(registry.asked(""), 0);
    let all: BTreeMap<_, _> = mirror.archives(&provider, &Version::new(1, 2, 4)).await.unwrap();
    assert!(all[&amd64()][0].starts_with("zh:10ff"), "{all:?}");
}
