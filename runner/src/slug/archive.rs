//! Reads the members of a gzipped tar one after another. Headers that announce long names are read here with a limit of their own: the `tar`
//! crate would take as much memory as they ask for.

use super::{Error, Limits, beneath};
use flate2::read::GzDecoder;
use std::{
    cell::Cell,
    io::{self, Read},
    path::{Path, PathBuf},
    rc::Rc,
};
use tar::{Entry, EntryType, PaxExtensions};

/// The longest announced name: bytes.
const LONG: u64 = 64 << 10;
/// What may come out before the ratio counts: bytes.
const FREE: u64 = 16 << 20;

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    /// With its target, as it was stored.
    Link(PathBuf),
}

/// One member.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Relative, without `.` and `..`; empty for the root itself.
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    pub(super) mode: u32,
}

/// Counts what is read through it.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Ends the reading when too much comes out.
struct Limited<R> {
    inner: R,
    packed: Rc<Cell<u64>>,
    unpacked: Rc<Cell<u64>>,
    limits: Limits,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let unpacked = self.unpacked.get() + read as u64;
        self.unpacked.set(unpacked);
        if unpacked > self.limits.bytes {
            return Err(too_large(format!("it unpacks to more than {} bytes", self.limits.bytes)));
        }
        if unpacked > FREE && unpacked / self.packed.get().max(1) > self.limits.ratio {
            return Err(too_large(format!("it unpacks to more than {} times its size", self.limits.ratio)));
        }
        Ok(read)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct TooLarge(String);

fn too_large(text: String) -> io::Error {
    io::Error::other(TooLarge(text))
}

/// What [`Read`] said, as what it means.
fn read_error(error: &io::Error) -> Error {
    let mut source: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(inner) = source {
        if let Some(TooLarge(text)) = inner.downcast_ref() {
            return Error::TooLarge(text.clone());
        }
        source = match inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(nested) => Some(nested as _),
            None => inner.source(),
        };
    }
    Error::Broken(error.to_string())
}

/// Passes errors of the archive on as what they are, so that a failed write is told from a failed read.
struct Contents<'a, R> {
    inner: R,
    failure: &'a mut Option<Error>,
}

impl<R: Read> Read for Contents<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).inspect_err(|error| *self.failure = Some(read_error(error)))
    }
}

/// A gzipped tar.
pub(super) struct Archive<R: Read> {
    inner: tar::Archive<Limited<GzDecoder<Counted<R>>>>,
    unpacked: Rc<Cell<u64>>,
}

impl<R: Read> Archive<R> {
    pub(super) fn new(reader: R, limits: Limits) -> Self {
        let (packed, unpacked) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let counted = Counted { inner: reader, count: Rc::clone(&packed) };
        let limited = Limited { inner: GzDecoder::new(counted), packed, unpacked: Rc::clone(&unpacked), limits };
        Self { inner: tar::Archive::new(limited), unpacked }
    }

    /// Calls `visit` with each member, then reads on to the end of the stream, so that a cut or damaged one is noticed. Returns how many bytes
    /// came out.
    pub(super) fn each(
        mut self,
        mut visit: impl FnMut(&Member, &mut dyn Read) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let (mut name, mut target) = (None, None);
        for entry in self.inner.entries().map_err(|error| read_error(&error))?.raw(true) {
            let mut entry = entry.map_err(|error| read_error(&error))?;
            match entry.header().entry_type() {
                EntryType::XHeader => pax(&mut entry, &mut name, &mut target)?,
                EntryType::GNULongName => name = Some(long(&mut entry)?),
                EntryType::GNULongLink => target = Some(long(&mut entry)?),
                EntryType::XGlobalHeader => {}
                _ => {
                    let member = member(&entry, name.take(), target.take())?;
                    let mut failure = None;
                    let result = visit(&member, &mut Contents { inner: &mut entry, failure: &mut failure });
                    match failure {
                        Some(failure) => return Err(failure),
                        None => result?,
                    }
                }
            }
        }
        let mut rest = self.inner.into_inner();
        io::copy(&mut rest, &mut io::sink()).map_err(|error| read_error(&error))?;
        Ok(self.unpacked.get())
    }
}

fn announced(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, Error> {
    if entry.size() > LONG {
        return Err(Error::TooLarge(format!("a header announces {} bytes of name", entry.size())));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|error| read_error(&error))?;
    Ok(bytes)
}

fn long(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, Error> {
    let mut bytes = announced(entry)?;
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(bytes)
}

fn pax(
    entry: &mut Entry<'_, impl Read>,
    name: &mut Option<Vec<u8>>,
    target: &mut Option<Vec<u8>>,
) -> Result<(), Error> {
    for extension in PaxExtensions::new(&announced(entry)?) {
        let extension = extension.map_err(|error| Error::Broken(error.to_string()))?;
        match extension.key_bytes() {
            b"path" => *name = Some(extension.value_bytes().to_vec()),
            b"linkpath" => *target = Some(extension.value_bytes().to_vec()),
            b"size" => {
                return Err(Error::Broken("a member of 8 GiB or more".to_owned()));
            }
            key if key.starts_with(b"GNU.sparse") => return Err(Error::Broken("a sparse member".to_owned())),
            _ => {}
        }
    }
    Ok(())
}

fn member(entry: &Entry<'_, impl Read>, name: Option<Vec<u8>>, target: Option<Vec<u8>>) -> Result<Member, Error> {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let name = name.unwrap_or_else(|| entry.header().path_bytes().into_owned());
    let path = beneath(&name)?;
    let kind = match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous if name.ends_with(b"/") => Kind::Directory,
        EntryType::Regular | EntryType::Continuous => Kind::File,
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => {
            let target = target.or_else(|| entry.header().link_name_bytes().map(|name| name.into_owned()));
            let target = target.unwrap_or_default();
            if target.is_empty() || target.len() > 4096 || target.contains(&0) {
                return Err(Error::refused(&path, "is a link to nowhere"));
            }
            Kind::Link(Path::new(OsStr::from_bytes(&target)).to_owned())
        }
        EntryType::Link => return Err(Error::refused(&path, "is a hard link")),
        EntryType::Char | EntryType::Block => return Err(Error::refused(&path, "is a device")),
        EntryType::Fifo => return Err(Error::refused(&path, "is a pipe")),
        _ => return Err(Error::refused(&path, "is neither file, directory nor link")),
    };
    if path.as_os_str().is_empty() && kind != Kind::Directory {
        return Err(Error::refused(&path, "takes the place of the root"));
    }
    Ok(Member { path, kind, mode: entry.header().mode().unwrap_or(0o644) })
}
