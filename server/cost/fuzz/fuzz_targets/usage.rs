//! Any text as a usage file over a plan that reads many keys of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrane_cost::{Settings, Usage, catalogue, estimate};

const PLAN: &str = r#"{"resource_changes":[
  {"address":"aws_s3_bucket.a","type":"aws_s3_bucket","change":{"before":null,"after":{}}},
  {"address":"aws_lambda_function.a[0]","type":"aws_lambda_function","change":{"before":null,"after":{"memory_size":512}}},
  {"address":"azurerm_function_app.a","type":"azurerm_function_app","change":{"before":null,"after":{"location":"eastus"}}}]}"#;

fuzz_target!(|text: &str| {
    if let Ok(usage) = Usage::read(text) {
        let _ = estimate(PLAN, &usage, catalogue::embedded(), &Settings::default());
    }
});
