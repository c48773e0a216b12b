//! Whatever is sealed comes back, and nothing else does.
#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

use proptest::prelude::*;
use terrane_secrets::{
    CHUNK, Context, DataKey, Error, ExposeSecret, Opener, Result, Sealer, open, open_text, seal, sealed_len,
};

const PLACE: Context<'static> = Context { table: "blobs", id: "blob-1", organization: "org-1" };
const HEADER: usize = 17;
const SEALED_CHUNK: usize = CHUNK + 16;

fn key() -> DataKey {
    DataKey::from_bytes(&[9; 32])
}

/// Bytes that differ everywhere, so that no two chunks are alike.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}

fn seal_in_pieces(plaintext: &[u8], piece: usize) -> Vec<u8> {
    let mut sealer = Sealer::new(&key(), &PLACE).unwrap();
    let mut sealed = Vec::new();
    for piece in plaintext.chunks(piece) {
        sealer.update(piece, &mut sealed).unwrap();
    }
    sealer.finish(&mut sealed).unwrap();
    sealed
}

fn open_in_pieces(sealed: &[u8], piece: usize) -> Result<Vec<u8>> {
    let mut opener = Opener::new(&key(), &PLACE);
    let mut plaintext = Vec::new();
    for piece in sealed.chunks(piece) {
        opener.update(piece, &mut plaintext)?;
    }
    opener.finish(&mut plaintext)?;
    Ok(plaintext)
}

/// Both ways to open refuse it.
fn refused(sealed: &[u8]) -> bool {
    let whole = matches!(open(&key(), &PLACE, sealed), Err(Error::Seal | Error::Format));
    let pieces = matches!(open_in_pieces(sealed, 50_000), Err(Error::Seal | Error::Format));
    whole && pieces
}

#[test]
fn lengths_around_a_chunk_come_back_both_ways() {
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5] {
        let plaintext = bytes(length);
        for sealed in [seal(&key(), &PLACE, &plaintext).unwrap(), seal_in_pieces(&plaintext, 10_000)] {
            assert_eq!(sealed.len() as u64, sealed_len(length as u64), "{length}");
            assert!(open(&key(), &PLACE, &sealed).unwrap() == plaintext, "{length}");
            assert!(open_in_pieces(&sealed, 70_001).unwrap() == plaintext, "{length}");
        }
    }
}

#[test]
fn values_sealed_by_the_first_version_still_open() {
    let sealed = include_bytes!("sealed-1.bin");
    assert_eq!(open(&key(), &PLACE, sealed).unwrap(), b"the first version");
}

#[test]
fn another_key_or_place_does_not_open() {
    let sealed = seal(&key(), &PLACE, b"value").unwrap();
    assert!(matches!(open(&DataKey::from_bytes(&[8; 32]), &PLACE, &sealed), Err(Error::Seal)));
    let places = [
        Context { table: "blob", ..PLACE },
        Context { id: "blob-2", ..PLACE },
        Context { organization: "org-2", ..PLACE },
        Context { table: "blobsblob-1", id: "", ..PLACE },
        Context { table: "blobsb", id: "lob-1", ..PLACE },
    ];
    for place in places {
        assert!(matches!(open(&key(), &place, &sealed), Err(Error::Seal)), "{place:?}");
    }
}

#[test]
fn every_cut_of_a_small_value_is_refused() {
    let sealed = seal(&key(), &PLACE, &bytes(100)).unwrap();
    for length in 0..sealed.len() {
        assert!(refused(&sealed[..length]), "{length}");
    }
    assert!(refused(&[sealed.as_slice(), b"x"].concat()));
}

#[test]
fn chunks_cannot_be_dropped_doubled_moved_or_added() {
    let sealed = seal(&key(), &PLACE, &bytes(3 * CHUNK + 9)).unwrap();
    let (header, chunks) = sealed.split_at(HEADER);
    let chunks: Vec<_> = chunks.chunks(SEALED_CHUNK).collect();
    let [a, b, c, last] = chunks[..] else { panic!("four chunks") };
    for order in [
        vec![a, b, c],
        vec![a, b],
        vec![],
        vec![b, c, last],
        vec![a, c, last],
        vec![b, a, c, last],
        vec![a, b, b, c, last],
        vec![a, b, c, last, last],
        vec![last],
    ] {
        assert!(refused(&[header, &order.concat()].concat()));
    }
    let other = seal(&key(), &PLACE, &bytes(3 * CHUNK + 9)).unwrap();
    let foreign = &other[HEADER..HEADER + SEALED_CHUNK];
    assert!(refused(&[header, foreign, b, c, last].concat()));
}

#[test]
fn the_same_value_never_seals_the_same() {
    assert_ne!(seal(&key(), &PLACE, b"value").unwrap(), seal(&key(), &PLACE, b"value").unwrap());
}

#[test]
fn an_empty_last_chunk_is_for_the_empty_value_only() {
    let plaintext = bytes(CHUNK);
    assert_eq!(seal(&key(), &PLACE, &plaintext).unwrap().len(), HEADER + SEALED_CHUNK);
    assert_eq!(seal_in_pieces(&plaintext, CHUNK).len(), HEADER + SEALED_CHUNK);
}

#[test]
fn text_opens_into_a_secret() {
    let sealed = seal(&key(), &PLACE, "pässword".as_bytes()).unwrap();
    let text = open_text(&key(), &PLACE, &sealed).unwrap();
    assert_eq!(text.expose_secret(), "pässword");
    assert!(!format!("{text:?}").contains("ssword"));
    let sealed = seal(&key(), &PLACE, &[0xff]).unwrap();
    assert!(matches!(open_text(&key(), &PLACE, &sealed), Err(Error::NotText)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_come_back(length in 0..200_000_usize, seal_piece in 1000..150_000_usize, open_piece in 1000..150_000_usize) {
        let plaintext = bytes(length);
        let sealed = seal_in_pieces(&plaintext, seal_piece);
        prop_assert!(open(&key(), &PLACE, &sealed).unwrap() == plaintext);
        prop_assert!(open_in_pieces(&sealed, open_piece).unwrap() == plaintext);
    }

    #[test]
    fn any_flipped_bit_is_refused(length in 0..200_000_usize, at: prop::sample::Index, bit in 0..8_u8) {
        let mut sealed = seal(&key(), &PLACE, &bytes(length)).unwrap();
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(refused(&sealed));
    }

    #[test]
    fn any_cut_is_refused(length in 0..200_000_usize, at: prop::sample::Index) {
        let sealed = seal(&key(), &PLACE, &bytes(length)).unwrap();
        prop_assert!(refused(&sealed[..at.index(sealed.len())]));
    }

    #[test]
    fn arbitrary_bytes_are_refused(mut noise in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(refused(&noise));
        if let Some(version) = noise.first_mut() { *version = 1; }
        prop_assert!(refused(&noise));
    }
}
