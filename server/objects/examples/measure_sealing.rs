//! Prints what sealing costs: `cargo run --release -p terrane-objects --example measure_sealing`.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use bytes::Bytes;
use secrets::{Context, DataKey};
use std::{
    fmt::Write,
    hint::black_box,
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use terrane_objects::{Blobs, Digests, Filesystem, Key, open_bytes, seal_bytes};
use tokio_util::io::StreamReader;

const PLACE: Context<'static> = Context { table: "blobs", id: "blob-1", organization: "org-1" };

fn main() {
    let key = DataKey::from_bytes(&[9; 32]);
    for size in [20_000, 1_000_000] {
        let state = state(size);
        let rounds = 40_000_000 / size;
        let compressed = seal_bytes(&key, &PLACE, &state).expect("sealing");
        let sealed = secrets::seal(&key, &PLACE, &state).expect("sealing");
        println!("{size} bytes of state, {} sealed:", compressed.len());
        let print = |what: &str, nanoseconds: f64| println!("  {what:<22} {:>9.1} µs", nanoseconds / 1000.0);
        print("seal only", time(rounds, || secrets::seal(&key, &PLACE, black_box(&state)).expect("sealing").len()));
        print("open only", time(rounds, || secrets::open(&key, &PLACE, black_box(&sealed)).expect("opening").len()));
        print(
            "compress and seal",
            time(rounds, || seal_bytes(&key, &PLACE, black_box(&state)).expect("sealing").len()),
        );
        let open = || open_bytes(&key, &PLACE, black_box(&compressed), size as u64).expect("opening").len();
        print("open and decompress", time(rounds, open));
    }
    let sealed = secrets::seal(&key, &PLACE, b"a short secret").expect("sealing");
    println!("14 bytes:");
    println!(
        "  seal {:.0} ns",
        time(100_000, || secrets::seal(&key, &PLACE, b"a short secret").expect("sealing").len())
    );
    println!("  open {:.0} ns", time(100_000, || secrets::open(&key, &PLACE, &sealed).expect("opening").len()));
    stream(&key, 1_000_000_000);
}

/// Streams so many bytes of state through files and back.
fn stream(key: &DataKey, size: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::new(Arc::new(Filesystem::open(folder.path()).await.expect("a store")));
        let object = Key::new("org-1/ws-1/blob-1").expect("a key");
        // Longer than the window of the compressor, so that it does not see the repetition.
        let page = Bytes::from(state(8_000_000));
        let pages = (0..size / page.len() as u64).map(|_| Ok::<_, io::Error>(page.clone()));
        let digests = Digests { md5: true, sha256: false };
        let start = Instant::now();
        let plaintext = StreamReader::new(futures::stream::iter(pages));
        let written = blobs.seal_stream(key, &PLACE, &object, plaintext, size, digests).await.expect("sealing");
        let sealed = start.elapsed();
        let start = Instant::now();
        let mut opened = blobs.open_stream(key, &PLACE, written.sealed.clone(), written.size).await.expect("opening");
        let length = tokio::io::copy(&mut opened, &mut tokio::io::sink()).await.expect("opening");
        assert_eq!(length, written.size);
        println!("{length} bytes streamed into {:?}:", written.sealed);
        println!("  seal {:.0} MB/s, open {:.0} MB/s", rate(length, sealed), rate(length, start.elapsed()));
    });
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    println!("  {}", status.lines().find(|line| line.starts_with("VmHWM")).expect("Linux").replace('\t', " "));
}

fn rate(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}

/// Nanoseconds of one round: the median of nine series.
fn time(rounds: usize, mut act: impl FnMut() -> usize) -> f64 {
    let mut series: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..rounds.div_ceil(9) {
                black_box(act());
            }
            start.elapsed().as_nanos() as f64 / rounds.div_ceil(9) as f64
        })
        .collect();
    series.sort_by(f64::total_cmp);
    series[4]
}

/// Something like a state of so many bytes: names repeat, ids and addresses do not.
fn state(size: usize) -> Vec<u8> {
    let mut json = String::from("{\"version\":4,\"terraform_version\":\"1.11.4\",\"serial\":7,\"resources\":[\n");
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut at = 0;
    while json.len() < size {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        at += 1;
        writeln!(
            json,
            "{{\"mode\":\"managed\",\"type\":\"aws_instance\",\"name\":\"web_{at}\",\"provider\":\"provider[\\\"registry.terraform.io/hashicorp/aws\\\"]\",\
             \"instances\":[{{\"schema_version\":1,\"attributes\":{{\"id\":\"i-{random:016x}\",\"ami\":\"ami-0c55b159cbfafe1f0\",\
             \"private_ip\":\"10.0.{}.{}\",\"instance_type\":\"t3.micro\",\"tags\":{{\"Name\":\"web-{at}\",\"team\":\"core\"}}}}}}]}},",
            random >> 8 & 255,
            random & 255,
        )
        .expect("writing to memory");
    }
    json.truncate(size);
    json.into_bytes()
}
