//! Archives of providers: what is in one, its check sums as lock files have them, and how one becomes a directory or is made of one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{Context, SHA256};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The most bytes that one archive may hold, unpacked.
const UNPACKED: u64 = 8 << 30;
/// The most files that one archive may hold.
const FILES: usize = 10_000;

/// Bytes on their way, and their SHA-256.
pub(crate) struct Summing<W> {
    inner: W,
    sum: Context,
    /// How many there were.
    pub(crate) bytes: u64,
}

impl<W> Summing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, sum: Context::new(&SHA256), bytes: 0 }
    }

    /// In hexadecimal digits.
    pub(crate) fn finish(self) -> String {
        hex::encode(self.sum.finish())
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The SHA-256 of a file.
pub fn sum(path: &Path) -> io::Result<String> {
    let mut summing = Summing::new(io::sink());
    io::copy(&mut File::open(path)?, &mut summing)?;
    Ok(summing.finish())
}

/// The check sum of what a package holds, as lock files have it (`h1:…`), whichever way it is packed.
#[derive(Default)]
struct Contents(BTreeMap<String, String>);

impl Contents {
    fn h1(self) -> String {
        let mut sum = Context::new(&SHA256);
        for (name, of_file) in self.0 {
            sum.update(format!("{of_file}  {name}\n").as_bytes());
        }
        format!("h1:{}", STANDARD.encode(sum.finish()))
    }
}

/// `h1:…` of an archive.
pub fn h1_of_archive(path: &Path) -> io::Result<String> {
    let mut contents = Contents::default();
    each(path, |name, member, _| {
        let mut summing = Summing::new(io::sink());
        io::copy(member, &mut summing)?;
        contents.0.insert(name.to_owned(), summing.finish());
        Ok(())
    })?;
    Ok(contents.h1())
}

/// `h1:…` of a directory.
pub fn h1_of_directory(path: &Path) -> io::Result<String> {
    let mut contents = Contents::default();
    for (name, file) in files(path)? {
        contents.0.insert(name, sum(&file)?);
    }
    Ok(contents.h1())
}

/// Names what stands for a package's contents (`h1:…`), whichever way they are packed: 64 hexadecimal digits.
pub fn key(h1: &str) -> String {
    hex::encode(ring::digest::digest(&SHA256, h1.as_bytes()))
}

/// Unpacks an archive into a directory that is there and empty, for everybody to read and nobody to write; gives `h1:…` of it.
pub fn unpack(archive: &Path, directory: &Path) -> io::Result<String> {
    let mut contents = Contents::default();
    each(archive, |name, member, executable| {
        let target = directory.join(name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mode = if executable { 0o555 } else { 0o444 };
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&target)?;
        let mut summing = Summing::new(&file);
        io::copy(member, &mut summing)?;
        contents.0.insert(name.to_owned(), summing.finish());
        file.set_permissions(fs::Permissions::from_mode(mode)) // whatever the umask is
    })?;
    Ok(contents.h1())
}

/// Packs a directory; the same files make the same archive. Nothing is compressed: whoever has such a folder has a network that can carry it.
pub(crate) fn pack(directory: &Path, target: File) -> io::Result<()> {
    let mut archive = ZipWriter::new(target);
    for (name, path) in files(directory)? {
        let mut file = File::open(&path)?;
        let metadata = file.metadata()?;
        let executable = metadata.permissions().mode() & 0o111 != 0;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(metadata.len() >= u64::from(u32::MAX))
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(if executable { 0o755 } else { 0o644 });
        archive.start_file(name, options).map_err(io::Error::other)?;
        io::copy(&mut file, &mut archive)?;
    }
    archive.finish().map_err(io::Error::other)?.sync_all()
}

/// Every file of an archive, with its name and whether it can be executed. One that would lie elsewhere is refused, with the whole archive.
fn each(path: &Path, mut take: impl FnMut(&str, &mut dyn Read, bool) -> io::Result<()>) -> io::Result<()> {
    let refused = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut archive = ZipArchive::new(File::open(path)?).map_err(|error| refused(error.to_string()))?;
    if archive.len() > FILES {
        return Err(refused(format!("it holds more than {FILES} files")));
    }
    let mut left = UNPACKED;
    for number in 0..archive.len() {
        let member = archive.by_index(number).map_err(|error| refused(error.to_string()))?;
        if member.is_dir() {
            continue;
        }
        let name = member.name().map_err(|error| refused(error.to_string()))?.into_owned();
        if member.is_symlink() || member.enclosed_name().is_none_or(|enclosed| enclosed.as_os_str() != name.as_str()) {
            return Err(refused(format!("it holds {name:?}, which is no plain file beneath it")));
        }
        let base = name.rsplit('/').next().unwrap_or_default();
        let executable =
            base.starts_with("terraform-provider-") || member.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        let mut limited = member.take(left);
        take(&name, &mut limited, executable)?;
        left = limited.limit();
        if left == 0 {
            return Err(refused(format!("it holds more than {UNPACKED} bytes")));
        }
    }
    Ok(())
}

/// The files beneath a directory, by their names there.
fn files(directory: &Path) -> io::Result<BTreeMap<String, std::path::PathBuf>> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), fs::canonicalize(directory)?)];
    while let Some((prefix, directory)) = open.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().into_string().map_err(|name| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{name:?} is no name of a file in a package"))
            })?;
            let (name, path) = (format!("{prefix}{name}"), entry.path());
            if fs::metadata(&path)?.is_dir() {
                // A link to a directory could lead in a circle.
                if entry.file_type()?.is_dir() {
                    open.push((format!("{name}/"), path));
                }
            } else {
                found.insert(name, path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip(path: &Path, files: &[(&str, &str)]) {
        let mut archive = ZipWriter::new(File::create(path).unwrap());
        for (name, text) in files {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
    }

    #[test]
    fn the_check_sum_is_that_of_the_contents_however_they_are_packed() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("a.zip"), folder.path().join("b.zip"));
        zip(&first, &[("terraform-provider-x", "program"), ("LICENSE.txt", "free")]);
        let directory = folder.path().join("d");
        fs::create_dir(&directory).unwrap();
        let h1 = unpack(&first, &directory).unwrap();
        // As `find … | sort | xargs sha256sum | sha256sum` and base64 say.
        assert_eq!(h1, "h1:f85GiBf/skN7O4/sT4olmiuREwqEK2TycvMYHfDhsZA=");
        assert_eq!(h1_of_archive(&first).unwrap(), h1);
        assert_eq!(h1_of_directory(&directory).unwrap(), h1);
        pack(&directory, File::create(&second).unwrap()).unwrap();
        assert_eq!(h1_of_archive(&second).unwrap(), h1);
        let again = sum(&second).unwrap();
        pack(&directory, File::create(&second).unwrap()).unwrap();
        assert_eq!(sum(&second).unwrap(), again);
        let mode = fs::metadata(directory.join("terraform-provider-x")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o555);
    }

    #[test]
    fn what_would_lie_elsewhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.zip");
        for name in ["../x", "/etc/x", "a/../../x", "./x", "a//b"] {
            zip(&archive, &[(name, "text")]);
            let directory = tempfile::tempdir().unwrap();
            let refused = unpack(&archive, directory.path()).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidData, "{name}: {refused}");
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{name}");
        }
        let mut linked = ZipWriter::new(File::create(&archive).unwrap());
        linked.add_symlink("x", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        linked.finish().unwrap();
        assert!(unpack(&archive, folder.path()).is_err());
        fs::write(&archive, "no archive").unwrap();
        assert!(h1_of_archive(&archive).is_err());
    }
}
