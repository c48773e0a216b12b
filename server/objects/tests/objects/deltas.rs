//! A blob comes back from what it differs in from its base, and from no other.

use proptest::prelude::*;
use secrets::{Context, DataKey};
use std::fmt::Write as _;
use terrane_objects::{Error, INLINE, LARGEST_DELTA, open_delta, seal_bytes, seal_delta};

const PLACE: Context<'static> = Context { table: "blobs", id: "blob-1", organization: "org-1" };

fn key() -> DataKey {
    DataKey::from_bytes(&[9; 32])
}

/// Text with ids that nothing shortens, of which number `changed` is another one in each `version`.
fn state(resources: usize, changed: usize, version: u64) -> Vec<u8> {
    let mut text = String::new();
    for n in 0..resources {
        let mut seed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if n == changed {
            seed ^= version.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        let id = seed.wrapping_mul(0x94d0_49bb_1331_11eb);
        writeln!(
            text,
            "{{ \"name\": \"instance-{n}\", \"id\": \"{id:016x}{seed:016x}\", \"tags\": {{ \"Owner\": \"team-a\" }} }}"
        )
        .unwrap();
    }
    text.into_bytes()
}

#[test]
fn a_small_change_is_small() {
    let (base, next) = (state(20_000, 7, 1), state(20_000, 7, 2));
    let delta = seal_delta(&key(), &PLACE, &next, &base).unwrap().unwrap();
    let whole = seal_bytes(&key(), &PLACE, &next).unwrap();
    assert!(delta.len() * 200 < whole.len(), "{} of {} bytes", delta.len(), whole.len());
    assert_eq!(open_delta(&key(), &PLACE, &delta, &base, next.len() as u64).unwrap(), next);
}

#[test]
fn a_small_change_among_what_repeats_itself_is_small() {
    let repeating = |version: u64| -> Vec<u8> {
        let text: String = String::from_utf8(state(320, 7, version)).unwrap();
        let attribute = |n| {
            format!(
                "            \"attribute_{n}\": {{\n              \"enabled\": false,\n              \"mode\": \"default\",\n              \"timeouts\": null\n            }},\n"
            )
        };
        let filler: String = (0..60).map(attribute).collect();
        text.lines().flat_map(|line| [line, "\n", &filler]).collect::<String>().into_bytes()
    };
    let (base, next) = (repeating(1), repeating(2));
    assert!(next.len() > 1_000_000);
    let delta = seal_delta(&key(), &PLACE, &next, &base).unwrap().unwrap();
    assert!(delta.len() < 600, "{} bytes", delta.len());
}

#[test]
fn another_base_or_another_place_opens_nothing() {
    let (base, next) = (state(500, 7, 1), state(500, 7, 2));
    let delta = seal_delta(&key(), &PLACE, &next, &base).unwrap().unwrap();
    let limit = next.len() as u64;
    let other: Vec<u8> = base.iter().map(|byte| byte ^ 1).collect();
    assert!(open_delta(&key(), &PLACE, &delta, &other, limit).is_err());
    for at in (0..base.len()).step_by(97) {
        let mut other = base.clone();
        other[at] ^= 1;
        // Where the delta takes nothing from there it does not matter.
        let opened = open_delta(&key(), &PLACE, &delta, &other, limit);
        assert!(opened.is_err() || opened.unwrap() == next, "byte {at} of the base");
    }
    open_delta(&key(), &PLACE, &delta, &[], limit).unwrap_err();
    let elsewhere = Context { id: "blob-2", ..PLACE };
    open_delta(&key(), &elsewhere, &delta, &base, limit).unwrap_err();
    let mut forged = delta.clone();
    *forged.last_mut().unwrap() ^= 1;
    open_delta(&key(), &PLACE, &forged, &base, limit).unwrap_err();
    let short = open_delta(&key(), &PLACE, &delta, &base, limit - 1).unwrap_err();
    assert!(matches!(short, Error::TooLarge { .. }), "{short}");
    let whole = seal_bytes(&key(), &PLACE, &next).unwrap();
    assert!(
        matches!(open_delta(&key(), &PLACE, &whole, &base, limit), Err(Error::Corrupt)),
        "a whole blob has no base"
    );
}

#[test]
fn what_does_not_fit_a_row_is_no_delta() {
    let noise = |seed: u64| -> Vec<u8> {
        let next =
            |seed: &u64| Some(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        std::iter::successors(Some(seed), next).take(INLINE / 4).flat_map(|n| n.to_be_bytes()[..4].to_vec()).collect()
    };
    assert!(seal_delta(&key(), &PLACE, &[noise(1), noise(2)].concat(), &noise(3)).unwrap().is_none());
    assert!(seal_delta(&key(), &PLACE, &vec![0; LARGEST_DELTA + 1], b"a").unwrap().is_none());
    assert!(seal_delta(&key(), &PLACE, b"a", &vec![0; LARGEST_DELTA + 1]).unwrap().is_none());
}

#[test]
fn the_longest_comes_back() {
    let base = vec![b'a'; LARGEST_DELTA];
    let mut next = base.clone();
    next[LARGEST_DELTA / 2] = b'b';
    let delta = seal_delta(&key(), &PLACE, &next, &base).unwrap().unwrap();
    assert!(open_delta(&key(), &PLACE, &delta, &base, next.len() as u64).unwrap() == next);
}

proptest! {
    #[test]
    fn whatever_it_is_comes_back(base in prop::collection::vec(any::<u8>(), 0..3000), next in prop::collection::vec(any::<u8>(), 0..3000)) {
        let delta = seal_delta(&key(), &PLACE, &next, &base).unwrap().unwrap();
        prop_assert_eq!(open_delta(&key(), &PLACE, &delta, &base, next.len() as u64).unwrap(), next);
    }
}
