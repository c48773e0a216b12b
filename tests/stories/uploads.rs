//! Configurations are made by strangers: what is packed to do harm, or breaks off, is refused with a reason.

use std::time::Duration;

use serde_json::json;
use terrane_tests::process::eventually;
use terrane_tests::{Slug, Stage};

use crate::configurations::ONE;
use crate::stories;

stories! {
    NONE:
        hostile_archives_are_refused,
        a_truncated_upload_is_no_configuration,
}

/// A tar with one entry of this kind, name and link target.
fn archive(kind: tar::EntryType, name: &str, link: Option<&str>) -> Slug {
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut append = |kind: tar::EntryType, name: &str, link: Option<&str>, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        // Written past the library, which refuses such names itself.
        let bytes = &mut header.as_old_mut().name;
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        if let Some(link) = link {
            header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        }
        header.set_cksum();
        archive.append(&header, text.as_bytes()).expect("append to a tar");
    };
    append(tar::EntryType::Regular, "main.tf", None, ONE);
    append(kind, name, link, if kind == tar::EntryType::Regular { "x" } else { "" });
    Slug(archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("finish a tar"))
}

/// Whether an upload is refused with a reason for people: at once, or as an errored configuration, or by the run that unpacks it.
fn refused(stage: &Stage, workspace: &str, slug: &Slug) -> bool {
    let configuration = stage.configuration(workspace, true);
    let answer = stage.upload(&configuration, slug);
    if answer.status >= 400 {
        assert!(answer.status < 500, "{} {}", answer.status, answer.text());
        return true;
    }
    let id = configuration["id"].as_str().expect("an id");
    let judged = eventually("the configuration to be judged", Duration::from_secs(60), || {
        let now = stage.api().get(&format!("configuration-versions/{id}")).is(&[200]).data();
        (now["attributes"]["status"] != "pending").then_some(now)
    });
    if judged["attributes"]["status"] == "errored" {
        assert!(
            !judged["attributes"]["error-message"].as_str().unwrap_or_default().is_empty(),
            "no reason is given: {judged}"
        );
        return true;
    }
    let run = stage.reaches(&stage.queue(workspace, id, &json!({})), &["errored", "planned_and_finished"]);
    if run["attributes"]["status"] == "errored" {
        let log = stage.log(&run, "plan");
        assert!(log.to_lowercase().contains("configuration"), "no reason is given: {log:?}");
        return true;
    }
    false
}

/// Archives that do harm where they are unpacked, and what is none, each with a word for it.
pub(crate) fn hostile() -> [(&'static str, Slug); 11] {
    use tar::EntryType;
    [
        ("a parent folder", archive(EntryType::Regular, "../escaped", None)),
        ("a parent folder inside", archive(EntryType::Regular, "a/../../escaped", None)),
        ("an absolute path", archive(EntryType::Regular, "/tmp/terrane-escaped", None)),
        ("a link out of the root", archive(EntryType::Symlink, "link", Some("../../etc/passwd"))),
        ("a hard link out of the root", archive(EntryType::Link, "link", Some("/etc/passwd"))),
        ("a device", archive(EntryType::Char, "null", None)),
        ("a block device", archive(EntryType::Block, "disk", None)),
        ("a pipe", archive(EntryType::Fifo, "pipe", None)),
        ("no archive at all", Slug(b"this is no archive".to_vec())),
        ("nothing", Slug(Vec::new())),
        ("a bomb", bomb()),
    ]
}

fn hostile_archives_are_refused(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    for (what, slug) in hostile() {
        assert!(refused(stage, &id, &slug), "{what} was accepted");
    }
    assert!(!std::path::Path::new("/tmp/terrane-escaped").exists());
    // The CLI packs links by their absolute names: they are left out, or the whole is refused.
    let link = archive(tar::EntryType::Symlink, "link.tf", Some("/etc/passwd"));
    assert!(refused(stage, &id, &link) || stage.newest_run("app")["attributes"]["status"] == "planned_and_finished");
    // After all of that an honest one still goes through.
    let configuration = stage.uploaded(&id, true, &Slug::pack(&[("main.tf", ONE)]));
    let run = stage.queue(&id, &configuration, &json!({}));
    stage.reaches(&run, &["planned_and_finished"]);
}

/// Four megabytes that unpack to four gigabytes, made by packing a piece of it once: a full flush makes pieces independent.
fn bomb() -> Slug {
    use flate2::{Compress, Compression, FlushCompress};
    let (piece, pieces) = (16 << 20, 256);
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros.tf").expect("a name");
    header.set_size((piece * pieces) as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let pack = |bytes: &[u8]| {
        let mut packed = Vec::with_capacity(bytes.len() / 100 + 1_000);
        Compress::new(Compression::fast(), false)
            .compress_vec(bytes, &mut packed, FlushCompress::Full)
            .expect("deflate");
        packed
    };
    let mut bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    bomb.extend(pack(header.as_bytes()));
    bomb.extend(pack(&vec![0; piece]).repeat(pieces));
    Slug(bomb)
}

fn a_truncated_upload_is_no_configuration(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    let whole = Slug::pack(&[("main.tf", ONE), ("big.txt", &"0123456789".repeat(10_000))]);
    assert!(refused(stage, &id, &Slug(whole.0[..whole.0.len() / 2].to_vec())), "half an archive was accepted");

    // A connection that breaks off in the middle of what its length announced.
    let configuration = stage.configuration(&id, true);
    let url = configuration["attributes"]["upload-url"].as_str().expect("a URL").to_owned();
    let sent = std::io::Cursor::new(whole.0[..100].to_vec());
    let broken = std::io::Read::chain(sent, Broken);
    let request = stage.server.api("").request("PUT", &url);
    let body = reqwest::blocking::Body::sized(broken, whole.0.len() as u64);
    assert!(terrane_tests::api::try_send(request.body(body)).is_err());
    let now = stage.api().get(&format!("configuration-versions/{}", configuration["id"].as_str().expect("an id")));
    assert_ne!(now.is(&[200]).data()["attributes"]["status"], "uploaded");
    // The same address takes the whole one afterwards: the CLI tries again.
    let _ = stage.upload(&configuration, &whole).is(&[200, 201, 202, 204]);
}

/// A source that fails at once.
struct Broken;

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the cable was pulled"))
    }
}
