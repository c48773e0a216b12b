//! What is uploaded to the registry is looked at before it counts: whoever has the signed address may upload, once it fits.

use super::file::read_small;
use crate::{App, Error, Result, vault::Reader};
use domain::id::{BlobId, ModuleVersionId, PlatformId, ProviderVersionId};
use std::io::Cursor;
use store::{
    Tx,
    registry::{File, Owner, Platform, ProviderVersion},
};

/// What is there of a provider's version, by which more of it is judged.
pub(super) struct Beside {
    pub(super) shasums: Option<File>,
    signature: Option<File>,
    platforms: Vec<Platform>,
}

impl Beside {
    pub(super) async fn read(tx: &mut Tx, version: &ProviderVersionId) -> store::Result<Self> {
        let owner = Owner::Provider(version.clone());
        Ok(Self {
            shasums: store::registry::find_file_of(tx, &owner, "shasums").await?,
            signature: store::registry::find_file_of(tx, &owner, "signature").await?,
            platforms: store::registry::list_platforms(tx, version).await?,
        })
    }

    /// Reads it again once nobody else can change it, and refuses if it is no longer what was judged by.
    pub(super) async fn hold(&self, tx: &mut Tx, version: &ProviderVersionId, with_platforms: bool) -> Result<()> {
        if !store::registry::hold_provider_version(tx, version).await? {
            return Err(Error::not_found(format!("provider version {version}")));
        }
        let now = Self::read(tx, version).await?;
        if now.files() == self.files() && (!with_platforms || now.ids().eq(self.ids())) {
            return Ok(());
        }
        Err(Error::Conflict(
            "something else was sent to this version at the same time, so that this was judged by what is no longer there; send it again"
                .into(),
        ))
    }

    fn files(&self) -> [Option<&BlobId>; 2] {
        [&self.shasums, &self.signature].map(|file| file.as_ref().map(|file| &file.id))
    }

    fn ids(&self) -> impl Iterator<Item = &PlatformId> {
        self.platforms.iter().map(|platform| &platform.id)
    }
}

impl App {
    /// Takes the archive of a module's version.
    pub async fn upload_module(&self, id: &ModuleVersionId, body: Reader) -> Result<()> {
        let missing = || Error::not_found(format!("module version {id}"));
        let found = self.store.look(async |mut tx| store::registry::find_module_version(&mut tx, id).await).await?;
        let version = found.ok_or_else(missing)?;
        if version.status == "ok" {
            return Err(Error::Conflict(
                "this version was uploaded already, and a version never changes; make another".into(),
            ));
        }
        let name = format!("{}.tar.gz", version.version);
        let (file, _) = self.seal_file(&version.organization_id, ("archive", &name), body).await?;
        if let Err(why) = self.check(self.open_file(&file).await?).await? {
            self.forget_file(&file).await;
            let failed = "reg_ingress_failed";
            let said = self
                .store
                .write(async |mut tx| store::registry::set_module_status(&mut tx, id, failed, Some(&why)).await);
            said.await?;
            return Err(Error::invalid("archive", why));
        }
        self.keep(&file, &Owner::Module(id.clone()), None).await
    }

    /// Takes the check sums of a provider's version (`shasums`), or their signature (`signature`). The second of the two has to fit the first.
    pub async fn upload_sums(&self, id: &ProviderVersionId, kind: &str, body: Reader) -> Result<()> {
        let found = self.store.look(async |mut tx| store::registry::find_provider_version(&mut tx, id).await).await?;
        let version = found.ok_or_else(|| Error::not_found(format!("provider version {id}")))?;
        if version.is_signed() {
            return Err(Error::Conflict(
                "check sums and signature are here already, and a version never changes; make another".into(),
            ));
        }
        let bytes = read_small(body).await?;
        let beside = self.store.read(async |mut tx| Beside::read(&mut tx, id).await).await?;
        if kind == "shasums" {
            for platform in &beside.platforms {
                sum_of(&bytes, platform)?;
            }
            if let Some(signature) = &beside.signature {
                self.check_signature(&version, &bytes, &self.file_bytes(signature).await?).await?;
            }
        } else if let Some(shasums) = &beside.shasums {
            self.check_signature(&version, &self.file_bytes(shasums).await?, &bytes).await?;
        }
        let name = if kind == "shasums" { "SHA256SUMS" } else { "SHA256SUMS.sig" };
        let body = Box::pin(Cursor::new(bytes));
        let (file, _) = self.seal_file(&version.organization_id, (kind, name), body).await?;
        self.keep(&file, &Owner::Provider(id.clone()), Some(&beside)).await
    }

    /// Takes the archive of a provider for one platform: the one that was announced, and no other.
    pub async fn upload_platform(&self, id: &PlatformId, body: Reader) -> Result<()> {
        let missing = || Error::not_found(format!("provider platform {id}"));
        let found = self
            .store
            .read(async |mut tx| {
                let Some(platform) = store::registry::find_platform(&mut tx, id).await? else { return Ok(None) };
                let version = store::registry::find_provider_version(&mut tx, &platform.version_id).await?;
                Ok::<_, store::Error>(version.map(|version| (platform, version)))
            })
            .await?;
        let (platform, version) = found.ok_or_else(missing)?;
        if platform.files > 0 {
            return Err(Error::Conflict(
                "the archive is here already, and a version never changes; make another".into(),
            ));
        }
        let named = ("archive", platform.filename.as_str());
        let (file, sum) = self.seal_file(&version.organization_id, named, body).await?;
        if sum != platform.shasum {
            self.forget_file(&file).await;
            let detail = format!(
                "the SHA-256 of what arrived is {sum}, not {} as announced; send the right file",
                platform.shasum
            );
            return Err(Error::invalid("shasum", detail));
        }
        self.keep(&file, &Owner::Platform(id.clone()), None).await
    }

    async fn check_signature(&self, version: &ProviderVersion, sums: &[u8], signature: &[u8]) -> Result<()> {
        let (organization, key) = (&version.organization_id, &version.key_id);
        let found = self.store.look(async |mut tx| store::registry::find_key(&mut tx, organization, key).await).await?;
        let key = found.ok_or_else(|| Error::Internal(format!("{} has no key", version.id)))?;
        if signature.starts_with(b"-----") {
            return Err(Error::invalid(
                "signature",
                "the signature is armored, which the CLI does not read; make it binary (gpg --detach-sign)",
            ));
        }
        let (armor, sums, signature) = (key.ascii_armor, sums.to_vec(), signature.to_vec());
        let judged = tokio::task::spawn_blocking(move || mirror::signature::verify(&armor, &sums, &signature)).await;
        judged.map_err(|e| Error::internal("verifying a signature", e))?.map_err(|failure| {
            Error::invalid(
                "signature",
                format!("the signature of the check sums by {} is no good: {failure}", key.key_id),
            )
        })
    }

    /// Saves a file, if it still fits what is beside it. One that is not saved leaves no object.
    async fn keep(&self, file: &File, owner: &Owner, beside: Option<&Beside>) -> Result<()> {
        let now = self.now();
        let saved = self
            .store
            .write(async |mut tx| {
                make_room(&mut tx, file, owner, beside).await?;
                let inserted = store::registry::insert_file(&mut tx, file, owner, now).await;
                inserted.map_err(super::taken("registry_files", "file"))
            })
            .await;
        // After a commit whose outcome nobody knows the row may be there: what is not certain is left to the sweep.
        if matches!(saved, Err(Error::Invalid(_) | Error::Conflict(_) | Error::NotFound(_))) {
            self.forget_file(file).await;
        }
        saved
    }
}

/// Judges once more whether a file may be saved, now that nobody else can change what it belongs to, and removes the one that it replaces.
async fn make_room(tx: &mut Tx, file: &File, owner: &Owner, beside: Option<&Beside>) -> Result<()> {
    match owner {
        Owner::Module(id) => {
            if store::registry::set_module_status(tx, id, "ok", None).await? == 0 {
                let detail = "another archive of this version was taken meanwhile, or the version was removed";
                return Err(Error::Conflict(detail.into()));
            }
        }
        Owner::Provider(id) => {
            let Some(beside) = beside else { return Ok(()) };
            let are_sums = file.kind == "shasums";
            beside.hold(tx, id, are_sums).await?;
            if let Some(before) = if are_sums { &beside.shasums } else { &beside.signature } {
                store::registry::delete_file(tx, &before.id).await?;
            }
        }
        Owner::Platform(id) => {
            if store::registry::find_platform(tx, id).await?.is_none() {
                return Err(Error::not_found(format!("provider platform {id}")));
            }
        }
    }
    Ok(())
}

/// Refuses check sums in which the archive of a platform stands with another sum, or not at all.
pub(super) fn sum_of(sums: &[u8], platform: &Platform) -> Result<()> {
    let text = std::str::from_utf8(sums).map_err(|_| Error::invalid("shasums", "the check sums are no text"))?;
    let mut lines = text.lines().filter_map(|line| line.split_once("  "));
    let found = lines.find(|(_, name)| *name == platform.filename).map(|(sum, _)| sum);
    match found {
        Some(sum) if sum == platform.shasum => Ok(()),
        Some(sum) => Err(Error::invalid(
            "shasum",
            format!("{} has the sum {} here, and {sum} among the check sums", platform.filename, platform.shasum),
        )),
        None => Err(Error::invalid("filename", format!("{} does not stand among the check sums", platform.filename))),
    }
}
