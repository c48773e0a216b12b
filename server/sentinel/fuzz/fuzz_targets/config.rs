//! Any text as a configuration file, in both forms.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrane_sentinel::config::Configuration;

fuzz_target!(|bytes: &[u8]| {
    let _ = Configuration::parse("a.hcl", bytes);
    let _ = Configuration::parse("a.json", bytes);
});
