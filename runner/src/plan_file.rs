//! The plan file of an engine: how much is in it, and which backend an apply of it writes its state to.
//!
//! The file is a zip. Its member `tfplan` is a protobuf message whose field 13 names the backend, and that alone decides where `apply FILE`
//! keeps the state, whatever the configuration says (`planproto.Plan.backend` of terraform and OpenTofu). Everything else is carried over
//! byte for byte, and never read into memory: a plan may be as large as it likes.

use serde_json::Value;
use std::{
    fs::File,
    io::{self, BufReader, Read, Write},
    path::Path,
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The member that holds the plan itself.
const PLAN: &str = "tfplan";
/// The field of the plan that names its backend.
const BACKEND: u64 = 13;
/// A plan with more than this unpacked is left as it is: bytes.
const LARGEST: u64 = 4 << 30;
/// A file with more than this is left as it is: bytes. What is in it may be many members of nothing.
const LARGEST_FILE: u64 = 64 << 20;
/// The most members of a file that is looked into.
const MOST: usize = 100_000;

/// Where an apply keeps its state, as the engine itself notes it down.
pub(crate) struct Backend<'a> {
    /// Its kind: `local`, `cloud`, `remote`.
    pub(crate) kind: &'a str,
    /// Its settings.
    pub(crate) config: &'a Value,
    /// What `terraform.workspace` is.
    pub(crate) workspace: &'a str,
}

/// How many bytes the plan has, unpacked.
pub(crate) fn weigh(path: &Path) -> io::Result<u64> {
    Ok(open(path)?.by_name(PLAN)?.size())
}

/// Opens a plan file. Foreign code may have written it: one that could be read in two ways, so that this finds another plan in it than the engine
/// does, is refused, and so is one that is only there to fill disks.
fn open(path: &Path) -> io::Result<ZipArchive<BufReader<File>>> {
    let refused = |why: &str| io::Error::other(format!("the plan file is not looked into: {why}"));
    let file = File::open(path)?;
    if file.metadata()?.len() > LARGEST_FILE {
        return Err(refused("it is too large"));
    }
    let mut archive = ZipArchive::new(BufReader::new(file))?;
    if archive.len() > MOST || archive.has_overlapping_entries()? {
        return Err(refused("it holds more than a plan does"));
    }
    if archive.has_duplicate_names() || archive.offset() != 0 {
        return Err(refused("it can be read in two ways"));
    }
    Ok(archive)
}

/// Writes the plan file again, with another backend in it.
pub(crate) fn put_backend(from: &Path, to: &Path, backend: &Backend<'_>) -> io::Result<()> {
    let mut archive = open(from)?;
    let mut copy = ZipWriter::new(File::create(to)?);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
    for index in 0..archive.len() {
        if archive.by_index_raw(index)?.name_raw() != PLAN.as_bytes() {
            copy.raw_copy_file(archive.by_index_raw(index)?)?;
            continue;
        }
        copy.start_file(PLAN, options)?;
        let mut plan = BufReader::new(archive.by_index(index)?.take(LARGEST));
        without(&mut plan, BACKEND, &mut copy)?;
        if plan.get_ref().limit() == 0 {
            return Err(io::Error::other("the plan is too large to be written again"));
        }
        copy.write_all(&field(BACKEND, &message(backend)?))?;
    }
    copy.finish()?.sync_all()
}

fn message(backend: &Backend<'_>) -> io::Result<Vec<u8>> {
    let config = rmp_serde::to_vec(backend.config).map_err(io::Error::other)?;
    let config = field(1, &config);
    Ok([field(1, backend.kind.as_bytes()), field(2, &config), field(3, backend.workspace.as_bytes())].concat())
}

/// Copies a message without one of its fields.
fn without(message: &mut impl Read, unwanted: u64, copy: &mut impl Write) -> io::Result<()> {
    while let Some(tag) = read_varint(message)? {
        let kept = tag >> 3 != unwanted;
        let mut head = varint(tag);
        let length = match tag & 7 {
            0 => {
                head.extend(varint(read_varint(message)?.ok_or(io::ErrorKind::UnexpectedEof)?));
                0
            }
            1 => 8,
            2 => {
                let length = read_varint(message)?.ok_or(io::ErrorKind::UnexpectedEof)?;
                head.extend(varint(length));
                length
            }
            5 => 4,
            other => return Err(io::Error::other(format!("a field of the plan has the unknown type {other}"))),
        };
        let mut value = message.by_ref().take(length);
        let copied = if kept {
            copy.write_all(&head)?;
            io::copy(&mut value, copy)?
        } else {
            io::copy(&mut value, &mut io::sink())?
        };
        if copied != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// A field of bytes, with its tag and its length.
fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// None at the end of the message.
fn read_varint(message: &mut impl Read) -> io::Result<Option<u64>> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        if message.read(&mut byte)? == 0 {
            return if shift == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        number |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            return Ok(Some(number));
        }
    }
    Err(io::Error::other("a number in the plan is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(message: &[u8]) -> io::Result<Vec<u8>> {
        let mut copy = Vec::new();
        without(&mut &*message, BACKEND, &mut copy)?;
        Ok(copy)
    }

    #[test]
    fn one_field_goes_and_all_others_stay_as_they_are() {
        let kept = [vec![0x08, 0xac, 0x02], field(3, b"change"), vec![0x25, 1, 2, 3, 4], vec![0x29; 9]].concat();
        let whole = [field(BACKEND, b"old"), kept.clone(), field(BACKEND, &[7; 300])].concat();
        assert_eq!(copied(&whole).unwrap(), kept);
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for broken in [&[0x6a][..], &[0x6a, 5, 1], &[0x1a, 5, 1], &[0x08], &[0x0b], &[0xff; 11], &[0x25, 1, 2]] {
            assert!(copied(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn a_file_that_can_be_read_in_two_ways_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan");
        let mut archive = ZipWriter::new(File::create(&path).unwrap());
        for name in [PLAN, "tfplbn"] {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(b"plan").unwrap();
        }
        archive.finish().unwrap();
        assert_eq!(weigh(&path).unwrap(), 4);
        let bytes = std::fs::read(&path).unwrap();
        let twice: Vec<u8> = bytes.iter().map(|byte| if *byte == b'b' { b'a' } else { *byte }).collect();
        let shifted = [b"before".to_vec(), bytes].concat();
        for (broken, why) in [(twice, "two ways"), (shifted, "two ways")] {
            std::fs::write(&path, broken).unwrap();
            let refused = weigh(&path).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn the_other_members_are_carried_over() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let mut archive = ZipWriter::new(File::create(&from).unwrap());
        for (name, text) in [("tfconfig/m-/main.tf", &b"# text"[..]), (PLAN, &field(3, b"change")), ("tfstate", b"{}")]
        {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text).unwrap();
        }
        archive.finish().unwrap();
        assert_eq!(weigh(&from).unwrap(), 8);
        let config = serde_json::json!({ "token": null, "workspaces": { "name": "web" } });
        put_backend(&from, &to, &Backend { kind: "cloud", config: &config, workspace: "web" }).unwrap();
        let mut archive = ZipArchive::new(File::open(&to).unwrap()).unwrap();
        let mut read = |name: &str| {
            let mut bytes = Vec::new();
            archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        };
        assert_eq!((read("tfconfig/m-/main.tf"), read("tfstate")), (b"# text".to_vec(), b"{}".to_vec()));
        let packed = b"\x82\xa5token\xc0\xaaworkspaces\x81\xa4name\xa3web";
        let backend = [field(1, b"cloud"), field(2, &field(1, packed)), field(3, b"web")].concat();
        assert_eq!(read(PLAN), [field(3, b"change"), field(BACKEND, &backend)].concat());
    }
}
