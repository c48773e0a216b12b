//! A bucket as an object store, against moto's S3.
#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

// The list of tests names the crate as its own tests do.
extern crate objects as terrane_objects;

#[path = "../../../tests/objects/contract.rs"]
mod contract;
mod faults;
mod moto;
#[path = "../../../tests/peers/mod.rs"]
mod peers;

use moto::Moto;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    let moto = Moto::start();
    contract::check(&moto.store("a/prefix/").await, "contract").await;
    assert_eq!(moto.unfinished(), 0, "broken and abandoned puts clean up behind them");
}
