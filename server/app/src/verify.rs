//! Whether everything that was entrusted to this site can still be read: every sealed value is opened, every state is compared with its hashes.
//! It only reads, and may go on beside servers.

use crate::{App, Reader, Result, log::piece_context, vault};
use futures::{StreamExt as _, stream};
use md5::{Digest as _, Md5};
use ring::digest::{Context, SHA256};
use secrets::DataKey;
use std::collections::HashMap;
use store::{
    Tx,
    sealed::{self, Sealed},
    state::StateVersion,
};
use tokio::io::AsyncReadExt as _;

/// So many rows are looked at together; each has 64 KiB at most, and a little.
const PAGE: i64 = 100;
/// So many values are opened at once.
const AT_ONCE: usize = 4;
/// What is read at once: bytes.
const PIECE: usize = 64 << 10;

/// Something that cannot be read, or is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is: which row of which table, and which states or workspace it belongs to.
    pub what: String,
    /// What is wrong with it.
    pub wrong: String,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    /// State versions whose bytes have their hashes.
    pub states: u64,
    /// Blobs that opened: states, configurations, plans and what else belongs to runs.
    pub blobs: u64,
    /// Pieces of logs that opened.
    pub log_pieces: u64,
    /// Files of the registry that opened.
    pub files: u64,
    /// Keys, variables and hooks that opened.
    pub values: u64,
    /// Bytes, as they were entrusted.
    pub bytes: u64,
    /// What is wrong.
    pub findings: u64,
}

/// The name of a table of sealed values, and how its rows are listed.
macro_rules! tables {
    ($($table:literal $list:ident),*) => {
        async fn list(tx: &mut Tx, table: &str, after: &str) -> Result<Vec<Sealed>, store::Error> {
            match table {
                $($table => sealed::$list(tx, after, PAGE).await,)*
                other => Err(store::Error::Shape(format!("nothing sealed is known of the table {other}"))),
            }
        }
        const TABLES: &[&str] = &[$($table),*];
    };
}
tables! {
    "data_keys" list_data_keys, "identity_keys" list_identity_keys, "ssh_keys" list_ssh_keys, "hooks" list_hooks,
    "variables" list_variables, "runs" list_run_variables, "registry_files" list_files, "blobs" list_blobs
}

/// What a value turned out to be.
struct Opened {
    bytes: u64,
    md5: String,
    sha256: String,
}

impl App {
    /// Opens everything. What is wrong is reported as it is found.
    ///
    /// # Errors
    /// When the database does not answer; that something is wrong with a value is no error.
    pub async fn verify(&self, report: &mut (dyn FnMut(Finding) + Send)) -> Result<Verified> {
        let mut verified = Verified::default();
        for table in TABLES {
            let mut after = String::new();
            loop {
                let page = self.store.look(async |mut tx| list(&mut tx, table, &after).await).await?;
                let Some(last) = page.last() else { break };
                let before = std::mem::replace(&mut after, last.mark.clone());
                self.verify_page(table, &before, page, &mut verified, report).await?;
            }
        }
        self.verify_logs(&mut verified, report).await?;
        Ok(verified)
    }

    async fn verify_page(
        &self,
        table: &str,
        before: &str,
        page: Vec<Sealed>,
        verified: &mut Verified,
        report: &mut (dyn FnMut(Finding) + Send),
    ) -> Result<()> {
        let mut states: HashMap<String, Vec<StateVersion>> = HashMap::new();
        if table == "blobs" {
            let ids: Vec<&str> = page.iter().map(|row| row.id.as_str()).collect();
            for version in self.store.look(async |mut tx| store::state::list_of_blobs(&mut tx, &ids).await).await? {
                if let Some(blob) = version.blob_id.clone() {
                    states.entry(blob).or_default().push(version);
                }
            }
        }
        let opened = stream::iter(page).map(|row| async { (self.open_sealed(table, &row).await, row) });
        let mut opened = opened.buffer_unordered(AT_ONCE);
        while let Some((outcome, row)) = opened.next().await {
            let versions = states.remove(&row.id).unwrap_or_default();
            let mut find = |wrong: String| {
                verified.findings += 1;
                report(Finding { what: described(table, &row, &versions), wrong });
            };
            let opened = match outcome {
                Ok(opened) => opened,
                // Removed since it was listed: then nothing is wrong.
                Err(_) if !self.is_listed(table, before, &row.mark).await? => continue,
                Err(wrong) => {
                    find(wrong);
                    continue;
                }
            };
            match row.size {
                Some(size) if u64::try_from(size).is_ok_and(|size| size != opened.bytes) => {
                    find(format!("it has {} bytes, and its row says {size}", opened.bytes));
                    continue;
                }
                _ => {}
            }
            verified.bytes += opened.bytes;
            let wrong = versions.iter().find_map(|version| differs(version, &opened));
            if let Some(wrong) = wrong {
                find(wrong);
                continue;
            }
            verified.states += versions.len() as u64;
            match table {
                "blobs" => verified.blobs += 1,
                "registry_files" => verified.files += 1,
                _ => verified.values += 1,
            }
        }
        Ok(())
    }

    /// Opens a value to its end; what is wrong in words.
    async fn open_sealed(&self, table: &str, row: &Sealed) -> Result<Opened, String> {
        if table == "data_keys" {
            let wrapped = row.wrapped.as_deref().unwrap_or_default();
            self.unwrap_key(&vault::key_context(&row.id), wrapped).await.map_err(|error| error.to_string())?;
            return Ok(Opened { bytes: 0, md5: String::new(), sha256: String::new() });
        }
        let context = vault::context(table, &row.id, &row.organization);
        let workspace = row.workspace.as_deref().map(str::parse).transpose();
        let key = match (workspace.map_err(|_| "its workspace has no id".to_owned())?, row.wrapped.as_deref()) {
            (Some(workspace), _) => self.workspace_key(&workspace).await,
            (None, Some(wrapped)) => self.unwrap_key(&context, wrapped).await.map(Into::into),
            (None, None) => return Err("nobody knows its key".to_owned()),
        };
        let key = key.map_err(|error| error.to_string())?;
        if matches!(table, "blobs" | "registry_files") {
            let reader = self.sealed_reader(table, row, &key).await.map_err(|error| error.to_string())?;
            return hashed(reader).await.map_err(|error| error.to_string());
        }
        let sealed = row.sealed.as_deref().unwrap_or_default();
        let value = secrets::open(&key, &context, sealed).map(zeroize::Zeroizing::new);
        let bytes = value.map_err(|error| error.to_string())?.len() as u64;
        Ok(Opened { bytes, md5: String::new(), sha256: String::new() })
    }

    /// The bytes of a blob as whoever asks for a state gets them, or of a file of the registry.
    async fn sealed_reader(&self, table: &str, row: &Sealed, key: &DataKey) -> Result<Reader> {
        if table == "blobs" {
            return self.blob_stream(&row.id).await;
        }
        let context = vault::context(table, &row.id, &row.organization);
        let lying = (row.sealed.as_ref(), row.object_key.as_ref());
        self.vault.open(key, &context, lying, row.size.unwrap_or_default()).await
    }

    /// Whether a row that came after `before` is still there.
    async fn is_listed(&self, table: &str, before: &str, mark: &str) -> Result<bool> {
        let page = self.store.look(async |mut tx| list(&mut tx, table, before).await).await?;
        Ok(page.iter().any(|found| found.mark == mark))
    }

    async fn verify_logs(&self, verified: &mut Verified, report: &mut (dyn FnMut(Finding) + Send)) -> Result<()> {
        let mut after = String::new();
        loop {
            let phases = self.store.look(async |mut tx| sealed::list_logged(&mut tx, &after, PAGE).await).await?;
            let Some(last) = phases.last() else { return Ok(()) };
            after.clone_from(last);
            for id in phases {
                let Some(phase) = self.store.look(async |mut tx| store::phase::find(&mut tx, &id).await).await? else {
                    continue;
                };
                let mut offset = 0;
                while offset < phase.log_end {
                    let pieces =
                        self.store.look(async |mut tx| store::log::list_from(&mut tx, &id, offset, PAGE).await).await?;
                    let Some(last) = pieces.last() else { break };
                    let next = last.start + last.length.max(1);
                    for piece in pieces {
                        let context = piece_context(&phase, piece.start);
                        let length = u64::try_from(piece.length).unwrap_or_default();
                        let opened =
                            self.open_compressed(&phase.workspace_id, &context.borrow(), &piece.sealed, length).await;
                        match opened {
                            Ok(bytes) if bytes.len() as u64 == length => {
                                verified.log_pieces += 1;
                                verified.bytes += length;
                            }
                            outcome => {
                                let wrong =
                                    outcome.map_or_else(|error| error.to_string(), |_| "it is too short".into());
                                let what = format!("the log of {id} of {} at byte {}", phase.run_id, piece.start);
                                verified.findings += 1;
                                report(Finding { what, wrong });
                            }
                        }
                    }
                    offset = next;
                }
            }
        }
    }
}

async fn hashed(mut reader: Reader) -> std::io::Result<Opened> {
    let (mut md5, mut sha256, mut bytes) = (Md5::new(), Context::new(&SHA256), 0);
    let mut piece = vec![0; PIECE];
    loop {
        let read = reader.read(&mut piece).await?;
        if read == 0 {
            return Ok(Opened { bytes, md5: hex::encode(md5.finalize()), sha256: hex::encode(sha256.finish()) });
        }
        md5.update(&piece[..read]);
        sha256.update(&piece[..read]);
        bytes += read as u64;
    }
}

/// What a state version's row says otherwise than its bytes.
fn differs(version: &StateVersion, opened: &Opened) -> Option<String> {
    if !version.md5.eq_ignore_ascii_case(&opened.md5) {
        return Some(format!(
            "its bytes have the MD5 {}, and {} was stored with {}",
            opened.md5, version.id, version.md5
        ));
    }
    match &version.sha256 {
        Some(sha256) if *sha256 != opened.sha256 => {
            Some(format!("its bytes have the SHA-256 {}, and {} was stored with {sha256}", opened.sha256, version.id))
        }
        _ => None,
    }
}

fn described(table: &str, row: &Sealed, versions: &[StateVersion]) -> String {
    let mut what = format!("{} of {table}", row.id);
    if let Some(workspace) = row.workspace.as_ref().filter(|workspace| **workspace != row.id) {
        what += &format!(", of workspace {workspace}");
    }
    if let Some(object) = &row.object_key {
        what += &format!(", object {object}");
    }
    for version in versions {
        what += &format!(", state version {} (serial {})", version.id, version.serial);
    }
    what
}
