//! The catalogue inside the binary: unpacked once, when the first estimate asks for it.

use std::sync::OnceLock;

use super::Catalogue;

static PACKED: &[u8] = include_bytes!("../../catalogue/prices.zst");

/// The committed catalogue. It is checked by the tests of this crate, so it can be read.
#[must_use]
pub fn embedded() -> &'static Catalogue {
    static LOADED: OnceLock<Catalogue> = OnceLock::new();
    LOADED.get_or_init(|| Catalogue::unpack(PACKED).unwrap_or_else(|error| panic!("the embedded catalogue: {error}")))
}
