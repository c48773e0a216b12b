//! Any text as a plan: an estimate or one clear error, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrane_cost::{Settings, Usage, catalogue, estimate};

fuzz_target!(|text: &str| {
    let _ = estimate(text, &Usage::default(), catalogue::embedded(), &Settings::default());
});
