//! A container as an object store, against Azurite.
#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

// The list of tests names the crate as its own tests do.
extern crate objects as terrane_objects;

mod azurite;
#[path = "../../../tests/objects/contract.rs"]
mod contract;
mod faults;
#[path = "../../../tests/peers/mod.rs"]
mod peers;

use azurite::Azurite;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    let azurite = Azurite::start();
    contract::check(&azurite.store("a/prefix/").await, "contract").await;
}
