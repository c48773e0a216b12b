//! Prints what a large object costs on its way into a bucket and out again:
//! `cargo run --release -p terrane-objects-s3 --example measure_stream -- http://127.0.0.1:5000 BUCKET ID:SECRET`.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use objects::{Key, Pace, Store as _};
use std::time::Instant;
use terrane_objects_s3::{Credential, Encryption, Options, S3};

/// Bytes of the object, and of the pieces that it comes in.
const SIZE: (usize, usize) = (1_000_000_000, 250_000);

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, bucket, credential] = arguments.as_slice() else { panic!("ENDPOINT BUCKET ID:SECRET") };
    let (id, secret) = credential.split_once(':').expect("ID:SECRET");
    let store = S3::open(Options {
        bucket: bucket.clone(),
        prefix: String::new(),
        region: None,
        endpoint: Some(endpoint.clone()),
        path_style: true,
        encryption: Encryption::Unsaid,
        credential: Some(Credential { id: id.to_owned(), secret: secret.into() }),
        certificates: Vec::new(),
        pace: Pace::default(),
    });
    let store = store.await.expect("a store");
    let key = Key::new("org-1/ws-1/measured").expect("a key");
    println!("before: {}", peak());
    let (size, piece) = SIZE;
    let pieces = stream::iter((0..size / piece).map(move |_| Ok(Bytes::from(vec![7; piece]))));
    let start = Instant::now();
    let put = store.put(&key, pieces.boxed()).await.expect("putting");
    println!("put {put} bytes: {:.0} MB/s, {}", rate(put, start), peak());
    let start = Instant::now();
    let got = store.get(&key).await.expect("getting").try_fold(0, async |sum, piece| Ok(sum + piece.len() as u64));
    let got = got.await.expect("getting");
    assert_eq!(got, put);
    println!("got {got} bytes: {:.0} MB/s, {}", rate(got, start), peak());
    store.delete(&key).await.expect("deleting");
}

fn rate(bytes: u64, start: Instant) -> f64 {
    bytes as f64 / 1e6 / start.elapsed().as_secs_f64()
}

/// The most memory that this process ever had.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    status.lines().find(|line| line.starts_with("VmHWM")).expect("Linux").replace('\t', " ")
}
