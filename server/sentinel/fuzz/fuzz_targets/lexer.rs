//! Any bytes as a source: tokens or one diagnostic. What is laid out once stays as it is, and is still the same program.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrane_sentinel::{Program, format::format};

fuzz_target!(|bytes: &[u8]| {
    let parsed = Program::parse("p", bytes);
    if let Err(problem) = &parsed {
        assert!(!problem.message.contains("parser failed"), "{problem}");
        let _ = problem.to_string();
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(once) = format("p", text) {
        let twice = format("p", &once).expect("a layout that no longer parses");
        assert_eq!(once, twice);
    }
});
