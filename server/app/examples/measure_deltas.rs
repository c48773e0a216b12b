//! Prints what a thousand versions of a state take, and how long the deepest takes to read:
//! `cargo run --release -p terrane-app --example measure_deltas`.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use domain::state::base_of;
use secrets::{Context, DataKey};
use std::{collections::HashMap, fmt::Write, time::Instant};

const PLACE: Context<'static> = Context { table: "blobs", id: "blob-1", organization: "org-1" };
const VERSIONS: i64 = 1000;

fn main() {
    let key = DataKey::from_bytes(&[9; 32]);
    // Ids that nothing shortens, so many for each of the resources.
    for (resources, ids) in [(320, 3), (320, 40)] {
        let mut states: HashMap<i64, Vec<u8>> = HashMap::new();
        let (mut whole, mut kept, mut deltas, mut largest) = (0, 0, 0, 0);
        let mut sealing = std::time::Duration::ZERO;
        let mut sealed: HashMap<i64, Vec<u8>> = HashMap::new();
        for sequence in 1..=VERSIONS {
            let state = state(resources, ids, sequence);
            let full = objects::seal_bytes(&key, &PLACE, &state).expect("sealing");
            whole += full.len();
            let kept_as = match base_of(sequence).map(|base| &states[&base]) {
                None => {
                    states.clear();
                    full
                }
                Some(base) => {
                    let start = Instant::now();
                    let delta = objects::seal_delta(&key, &PLACE, &state, base).expect("sealing").expect("a small one");
                    sealing += start.elapsed();
                    deltas += 1;
                    largest = largest.max(delta.len());
                    delta
                }
            };
            kept += kept_as.len();
            sealed.insert(sequence, kept_as);
            states.insert(sequence, state);
        }
        // Number 64 is six steps away from number 1.
        let start = Instant::now();
        let mut chain: Vec<i64> = std::iter::successors(Some(64), |sequence| base_of(*sequence)).collect();
        let depth = chain.len() - 1;
        let first = chain.pop().expect("one that is whole");
        let mut bytes = objects::open_bytes(&key, &PLACE, &sealed[&first], u64::MAX).expect("opening");
        let once = start.elapsed();
        while let Some(sequence) = chain.pop() {
            bytes = objects::open_delta(&key, &PLACE, &sealed[&sequence], &bytes, 64 << 20).expect("opening");
        }
        let read = start.elapsed();
        assert!(bytes == state(resources, ids, 64), "it is what was sealed");
        println!(
            "{VERSIONS} versions of {:.2} MB, {resources} resources, one changed each time: whole {:.1} KB each; {} KB in all against {} KB: {:.2} %",
            bytes.len() as f64 / 1e6,
            whole as f64 / 1e3 / VERSIONS as f64,
            kept / 1000,
            whole / 1000,
            kept as f64 * 100.0 / whole as f64
        );
        println!(
            "  a delta {:.1} ms and at most {largest} bytes; read whole {:.1} ms, {depth} steps deep {:.1} ms",
            sealing.as_secs_f64() * 1e3 / f64::from(deltas),
            once.as_secs_f64() * 1e3,
            read.as_secs_f64() * 1e3
        );
    }
}

/// A state of about 1.76 MB: each version changes one resource, a tag and the time of its change.
fn state(resources: usize, ids: usize, sequence: i64) -> Vec<u8> {
    let mut text = format!(
        "{{\n  \"version\": 4,\n  \"terraform_version\": \"1.11.4\",\n  \"serial\": {sequence},\n  \"lineage\": \"6f2a\",\n  \"resources\": [\n"
    );
    for n in 0..resources {
        // The last version that changed this one.
        let changed = (1..=sequence).rev().find(|version| (version.unsigned_abs() * 7919) as usize % resources == n);
        let mut seed = n as u64 + 1;
        let mut id = |salt: u64| {
            seed = (seed ^ salt).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{seed:016x}")
        };
        let before = text.len();
        writeln!(text, "    {{ \"mode\": \"managed\", \"type\": \"aws_instance\", \"name\": \"web-{n}\", \"instances\": [ {{ \"attributes\": {{").expect("text");
        for at in 0..ids {
            writeln!(text, "      \"id_{at}\": \"i-{}\",", id(0)).expect("text");
        }
        let changed = changed.unwrap_or_default();
        writeln!(
            text,
            "      \"tags\": {{ \"Name\": \"web-{n}\", \"Changed\": \"{changed}\", \"By\": \"{}\" }},",
            id(changed.unsigned_abs())
        )
        .expect("text");
        let mut at = 0;
        while text.len() - before < 5450 {
            writeln!(
                text,
                "      \"attribute_{at}\": {{ \"enabled\": false, \"mode\": \"default\", \"timeouts\": null }},"
            )
            .expect("text");
            at += 1;
        }
        text.push_str("      \"end\": true } } ] },\n");
    }
    text.push_str("    {}\n  ]\n}\n");
    text.into_bytes()
}
