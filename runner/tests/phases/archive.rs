//! Configurations as clients upload them.

use flate2::{Compression, write::GzEncoder};
use std::path::Path;

/// A gzipped tar.
pub(crate) fn slug(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, contents) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(contents.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, Path::new(name), contents.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}
