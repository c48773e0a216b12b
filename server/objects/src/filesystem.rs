//! Objects as files of a folder.

use crate::{Entry, Error, Key, Result, Store, work::PIECE};
use bytes::Bytes;
use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use ring::rand::{SecureRandom, SystemRandom};
use std::{
    fmt,
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};
use tokio::{fs as files, io::AsyncWriteExt, task::spawn_blocking};
use tokio_util::io::ReaderStream;

/// Where files are written before they get their name. No key begins with a dot.
const INCOMING: &str = ".incoming";

/// A store in a folder. A file gets its name only when it is whole and on disk; a crash leaves at most a nameless file for
/// [`Store::sweep`].
#[derive(Debug)]
pub struct Filesystem {
    root: PathBuf,
}

impl Filesystem {
    /// Uses this folder, and makes it (for its owner alone) if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let incoming = root.join(INCOMING);
        spawn_blocking(move || make(&incoming)).await?.map_err(failed("making the folder of", &root.display()))?;
        Ok(Self { root })
    }

    /// Writes the content to a nameless file and onto the disk.
    async fn write(&self, key: &Key, mut content: BoxStream<'_, Result<Bytes>>) -> Result<(Draft, u64)> {
        let writing = || failed("writing", key);
        let mut random = [0; 8];
        SystemRandom::new().fill(&mut random).map_err(|_| secrets::Error::Randomness)?;
        let path = self.root.join(INCOMING).join(format!("{:016x}", u64::from_be_bytes(random)));
        let mut file =
            files::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await.map_err(writing())?;
        let draft = Draft { path, named: false };
        points::pass("objects.file.made");
        let mut size = 0;
        while let Some(piece) = content.try_next().await? {
            size += piece.len() as u64;
            file.write_all(&piece).await.map_err(writing())?;
        }
        file.flush().await.map_err(writing())?;
        points::pass("objects.file.written");
        file.sync_all().await.map_err(writing())?;
        points::pass("objects.file.synced");
        Ok((draft, size))
    }

    /// Gives a written file its name.
    async fn publish(&self, draft: Draft, key: &Key) -> Result<()> {
        let root = self.root.clone();
        let relative = PathBuf::from(key.as_str());
        spawn_blocking(move || draft.publish(&root, &relative)).await?.map_err(failed("naming", key))
    }
}

impl Store for Filesystem {
    fn put<'a>(&'a self, key: &'a Key, content: BoxStream<'a, Result<Bytes>>) -> BoxFuture<'a, Result<u64>> {
        async move {
            let (draft, size) = self.write(key, content).await?;
            self.publish(draft, key).await?;
            Ok(size)
        }
        .boxed()
    }

    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<BoxStream<'static, Result<Bytes>>>> {
        async move {
            let file = match files::File::open(self.root.join(key.as_str())).await {
                Ok(file) => file,
                Err(error) if is_absent(&error) => return Err(Error::NotFound(key.clone())),
                Err(error) => return Err(failed("opening", key)(error)),
            };
            if !file.metadata().await.map_err(failed("opening", key))?.is_file() {
                return Err(Error::NotFound(key.clone()));
            }
            let name = key.clone();
            Ok(ReaderStream::with_capacity(file, PIECE).map_err(move |error| failed("reading", &name)(error)).boxed())
        }
        .boxed()
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>> {
        let path = self.root.join(key.as_str());
        async move {
            points::pass("objects.file.delete");
            let removed = spawn_blocking(move || match fs::remove_file(&path) {
                Ok(()) => path.parent().map_or(Ok(()), sync),
                Err(error) if is_absent(&error) || path.is_dir() => Ok(()),
                Err(error) => Err(error),
            });
            removed.await?.map_err(failed("deleting", key))
        }
        .boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxStream<'a, Result<Entry>> {
        // The folders named whole in the prefix need not be searched for.
        let start = prefix.rsplit_once('/').map_or("", |(folders, _)| folders);
        if !start.is_empty() && Key::new(start).is_err() {
            return stream::empty().boxed();
        }
        let walk = Walk { prefix, folders: vec![start.to_owned()], open: None };
        stream::try_unfold(walk, move |mut walk| async move {
            Ok(walk.next(&self.root).await.map_err(failed("listing", prefix))?.map(|entry| (entry, walk)))
        })
        .boxed()
    }

    fn sweep(&self, before: i64) -> BoxFuture<'_, Result<u64>> {
        async move {
            let sweeping = || failed("sweeping", INCOMING);
            let mut folder = files::read_dir(self.root.join(INCOMING)).await.map_err(sweeping())?;
            let mut count = 0;
            while let Some(file) = folder.next_entry().await.map_err(sweeping())? {
                // One that is gone meanwhile got its name.
                let gone = |error: &io::Error| error.kind() == ErrorKind::NotFound;
                match file.metadata().await {
                    Ok(metadata) if modified(&metadata) < before => match files::remove_file(file.path()).await {
                        Ok(()) => count += 1,
                        Err(error) if gone(&error) => {}
                        Err(error) => return Err(sweeping()(error)),
                    },
                    Err(error) if !gone(&error) => return Err(sweeping()(error)),
                    _ => {}
                }
            }
            Ok(count)
        }
        .boxed()
    }
}

/// A listing that is under way: folders still to be read, and the one that is being read.
struct Walk<'a> {
    prefix: &'a str,
    folders: Vec<String>,
    open: Option<(String, files::ReadDir)>,
}

impl Walk<'_> {
    async fn next(&mut self, root: &Path) -> io::Result<Option<Entry>> {
        loop {
            let Some((folder, entries)) = &mut self.open else {
                let Some(folder) = self.folders.pop() else { return Ok(None) };
                match files::read_dir(root.join(&folder)).await {
                    Ok(entries) => self.open = Some((folder, entries)),
                    Err(error) if is_absent(&error) => {}
                    Err(error) => return Err(error),
                }
                continue;
            };
            let Some(entry) = entries.next_entry().await? else {
                self.open = None;
                continue;
            };
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let shared = path.len().min(self.prefix.len());
            if path.as_bytes()[..shared] != self.prefix.as_bytes()[..shared] {
                continue;
            }
            let Ok(key) = Key::new(path) else { continue };
            match entry.metadata().await {
                Ok(metadata) if metadata.is_dir() => self.folders.push(key.to_string()),
                Ok(metadata) if metadata.is_file() && key.as_str().starts_with(self.prefix) => {
                    return Ok(Some(Entry { key, size: metadata.len(), modified: modified(&metadata) }));
                }
                Err(error) if !is_absent(&error) => return Err(error),
                _ => {}
            }
        }
    }
}

/// A written file without a name; it goes when this is dropped.
struct Draft {
    path: PathBuf,
    named: bool,
}

impl Draft {
    fn publish(mut self, root: &Path, relative: &Path) -> io::Result<()> {
        let target = root.join(relative);
        let folder = target.parent().unwrap_or(root);
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::rename(&self.path, &target)?;
        self.named = true;
        points::pass("objects.file.renamed");
        // Every folder up to the root: another writer may have made one of them a moment ago and not synced it yet.
        folder.ancestors().take(relative.components().count()).try_for_each(sync)?;
        points::pass("objects.file.named");
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.named {
            // What cannot be removed now is swept later.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a folder and those above it, and has them on disk.
fn make(folder: &Path) -> io::Result<()> {
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // The parent of a relative name of one part is the empty path: the folder that we are in.
    let parents = missing.iter().filter_map(|folder| folder.parent());
    parents.map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent }).try_for_each(sync)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn modified(metadata: &fs::Metadata) -> i64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn failed(doing: &'static str, key: &(impl fmt::Display + ?Sized)) -> impl FnOnce(io::Error) -> Error {
    move |error| Error::store(doing, key, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem;

    /// A process that is killed runs no destructors: the draft is forgotten between write and rename.
    #[tokio::test]
    async fn a_kill_before_the_rename_leaves_nothing_under_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::new("org-1/ws-1/blob-1").unwrap();
        let store = Filesystem::open(folder.path()).await.unwrap();
        let content = stream::iter([Ok(Bytes::from_static(b"whole and on disk"))]);
        let (draft, _) = store.write(&key, content.boxed()).await.unwrap();
        let path = draft.path.clone();
        mem::forget(draft);

        let store = Filesystem::open(folder.path()).await.unwrap();
        assert!(matches!(store.get(&key).await.map(drop), Err(Error::NotFound(_))));
        assert_eq!(store.list("").try_collect::<Vec<_>>().await.unwrap(), []);
        let written = modified(&fs::metadata(&path).unwrap());
        assert_eq!(store.sweep(written).await.unwrap(), 0, "it may still be written");
        assert!(path.exists());
        assert_eq!(store.sweep(written + 1).await.unwrap(), 1);
        assert!(!path.exists());
    }
}
