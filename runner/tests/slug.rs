//! Archives that somebody made on purpose: refused at the check and at the unpacking alike, and nothing of them leaves the directory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may say so in any way")]

use cap_std::{ambient_authority, fs::Dir};
use flate2::{Compression, write::GzEncoder};
use std::{io::Write, os::unix::fs::PermissionsExt, path::Path};
use tar::{EntryType, Header};
use terrane_runner::slug::{Error, Limits, Report, check, unpack};

/// A member: its kind, raw name, link target and contents.
type Member<'a> = (EntryType, &'a [u8], &'a [u8], &'a [u8]);

/// A tar without any care for what is in it.
fn raw(members: &[Member<'_>]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (kind, name, target, contents) in members {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target);
        header.set_entry_type(*kind);
        header.set_mode(0o6755);
        header.set_size(contents.len() as u64);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(contents);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Checks and unpacks; both must say the same. The second directory is beside the target, to see whether anything got out.
fn both(archive: &[u8], limits: Limits) -> (Result<Report, Error>, tempfile::TempDir) {
    let outer = tempfile::tempdir().unwrap();
    std::fs::create_dir(outer.path().join("target")).unwrap();
    let directory = Dir::open_ambient_dir(outer.path().join("target"), ambient_authority()).unwrap();
    let checked = check(archive, limits);
    let unpacked = unpack(archive, &directory, limits);
    assert_eq!(checked.is_ok(), unpacked.is_ok(), "{checked:?} {unpacked:?}");
    let names: Vec<_> = std::fs::read_dir(outer.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["target"], "something was written outside");
    (unpacked, outer)
}

fn refused(members: &[Member<'_>], problem: &str) {
    let (result, _) = both(&gzip(&raw(members)), Limits::default());
    let error = result.unwrap_err();
    assert!(matches!(&error, Error::Refused { .. }) && error.to_string().contains(problem), "{error}");
}

const FILE: EntryType = EntryType::Regular;
const LINK: EntryType = EntryType::Symlink;

#[test]
fn what_a_client_packs_is_unpacked() {
    let members: &[Member<'_>] = &[
        (FILE, b"main.tf", b"", b"# main"),
        (FILE, b".terraform/modules/m/m.tf", b"", b"# without the directories above it"),
        (EntryType::Directory, b"empty/", b"", b""),
        (LINK, b"modules/link", b"../main.tf", b""),
        (LINK, b"dangling", b"not/there", b""),
        (LINK, b"absolute", b"/home/somebody/main.tf", b""),
        (FILE, b"main.tf", b"", b"# a later one wins"),
    ];
    let (result, outer) = both(&gzip(&raw(members)), Limits::default());
    let report = result.unwrap();
    assert_eq!(report.entries, 7);
    assert_eq!(report.warnings.len(), 1);
    assert!(report.warnings[0].contains("absolute") && report.warnings[0].contains("/home/somebody/main.tf"));
    let target = outer.path().join("target");
    assert_eq!(std::fs::read_to_string(target.join("modules/link")).unwrap(), "# a later one wins");
    assert_eq!(std::fs::metadata(target.join("main.tf")).unwrap().permissions().mode() & 0o7777, 0o755, "no set-uid");
    assert!(target.join("empty").is_dir() && target.join(".terraform/modules/m/m.tf").is_file());
    assert_eq!(std::fs::read_link(target.join("dangling")).unwrap(), Path::new("not/there"));
    assert!(std::fs::symlink_metadata(target.join("absolute")).is_err());
}

#[test]
fn ways_out_are_refused() {
    refused(&[(FILE, b"../out", b"", b"x")], "leads out");
    refused(&[(FILE, b"a/../../out", b"", b"x")], "leads out");
    refused(&[(FILE, b"/etc/passwd", b"", b"x")], "absolute");
    refused(&[(LINK, b"out", b"..", b"")], "leads out");
    refused(&[(LINK, b"a/out", b"../../x", b""), (FILE, b"a/f", b"", b"x")], "leads out");
    refused(&[(LINK, b"p/q/d", b"../..", b""), (LINK, b"e", b"p/q/d/..", b"")], "leads out");
    refused(&[(LINK, b"a", b"b", b""), (LINK, b"b", b"a", b"")], "leads to itself");
    refused(&[(LINK, b"d", b".", b""), (EntryType::Link, b"hard", b"/etc/passwd", b"")], "hard link");
}

#[test]
fn nothing_is_written_through_a_link() {
    let members: &[Member<'_>] = &[(LINK, b"d", b"e", b""), (FILE, b"d/f", b"", b"x"), (FILE, b"e/g", b"", b"y")];
    let outer = tempfile::tempdir().unwrap();
    let directory = Dir::open_ambient_dir(outer.path(), ambient_authority()).unwrap();
    let error = unpack(gzip(&raw(members)).as_slice(), &directory, Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Write { .. }), "{error}");
    assert!(!outer.path().join("e/f").exists());
}

#[test]
fn devices_and_pipes_are_refused() {
    refused(&[(EntryType::Char, b"null", b"", b"")], "is a device");
    refused(&[(EntryType::Block, b"disk", b"", b"")], "is a device");
    refused(&[(EntryType::Fifo, b"pipe", b"", b"")], "is a pipe");
    refused(&[(EntryType::new(b'S'), b"sparse", b"", b"")], "neither");
    refused(&[(FILE, b".", b"", b"x")], "root");
}

#[test]
fn what_is_cut_or_no_archive_is_broken() {
    let whole = gzip(&raw(&[(FILE, b"main.tf", b"", &[b'x'; 100_000])]));
    for archive in [&whole[..whole.len() - 4], &whole[..whole.len() / 2], b"not an archive", b""] {
        let (result, _) = both(archive, Limits::default());
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Broken(_)), "{error}");
    }
    let mut damaged = whole;
    let crc = damaged.len() - 6;
    damaged[crc] ^= 1;
    assert!(matches!(both(&damaged, Limits::default()).0, Err(Error::Broken(_))), "a wrong check sum");
}

#[test]
fn bombs_end_early() {
    let bomb = gzip(&raw(&[(FILE, b"zeros", b"", &vec![0; 64 << 20])]));
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(both(&bomb, Limits::default()).0, Err(Error::TooLarge(_))), "by ratio");
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    assert!(matches!(both(&bomb, limits).0, Err(Error::TooLarge(_))), "by size");
    let many: Vec<Member<'_>> = (0..20).map(|_| (FILE, b"a".as_slice(), b"".as_slice(), b"".as_slice())).collect();
    let limits = Limits { entries: 10, ..Limits::default() };
    assert!(matches!(both(&gzip(&raw(&many)), limits).0, Err(Error::TooLarge(_))), "by entries");
    let name = vec![b'a'; 1 << 20];
    let long = gzip(&raw(&[(EntryType::GNULongName, b"././@LongLink", b"", &name)]));
    assert!(matches!(both(&long, Limits::default()).0, Err(Error::TooLarge(_))), "by a name");
}

#[test]
fn long_names_come_both_ways() {
    let long = format!("{}/main.tf", "directory/".repeat(20));
    let mut gnu = tar::Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(1);
    header.set_mode(0o644);
    gnu.append_data(&mut header, &long, b"x".as_slice()).unwrap();
    let pax = format!("path={long}\n");
    let pax = format!("{} {pax}", pax.len() + 4);
    let pax = raw(&[(EntryType::XHeader, b"pax", b"", pax.as_bytes()), (FILE, b"short", b"", b"x")]);
    for tar in [gnu.into_inner().unwrap(), pax] {
        let (result, outer) = both(&gzip(&tar), Limits::default());
        result.unwrap();
        assert!(outer.path().join("target").join(&long).is_file());
    }
    let out = "path=../../out\n";
    let out = format!("{} {out}", out.len() + 3);
    refused(&[(EntryType::XHeader, b"pax", b"", out.as_bytes()), (FILE, b"short", b"", b"x")], "leads out");
}
