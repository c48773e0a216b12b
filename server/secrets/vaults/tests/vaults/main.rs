//! A key vault and a transit engine as key services, against small servers that look at what is asked as the vendors' documentation has it.
#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

extern crate secrets as terrane_secrets;

#[path = "../../../tests/services/contract.rs"]
mod contract;
#[path = "../../../../../tests/fakes/mod.rs"]
mod fakes;
#[path = "../../../../objects/tests/peers/faults.rs"]
mod faults;
mod key_vault;
mod transit;

use std::time::Duration;

/// Less than anybody waits, many times what an answer takes.
const PATIENCE: Duration = Duration::from_secs(2);
const SITE: &str = "0123456789abcdef";
