//! Any attributes for any priced type, as a state: every price definition sees values it did not expect.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrane_cost::{Settings, Usage, catalogue, estimate, priced_types};

fuzz_target!(|input: (u16, &str)| {
    let types = priced_types();
    let kind = types[usize::from(input.0) % types.len()];
    let state = format!(
        r#"{{"version":4,"lineage":"a","resources":[{{"mode":"managed","type":"{kind}","name":"x","instances":[{{"attributes":{}}}]}}]}}"#,
        input.1
    );
    let _ = estimate(&state, &Usage::default(), catalogue::embedded(), &Settings::default());
});
