//! Any bytes as a catalogue, packed and as text; what can be read can be searched, verified and written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrane_cost::{Catalogue, catalogue::verify};

fuzz_target!(|bytes: &[u8]| {
    let _ = Catalogue::unpack(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(catalogue) = Catalogue::from_text(text.to_owned())
    {
        let _ = catalogue.find("a", "b");
        let _ = verify(&catalogue, None);
        let _ = catalogue.to_text();
    }
});
