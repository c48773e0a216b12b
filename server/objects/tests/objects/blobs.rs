//! Blobs of every size and kind come back, and nothing else does.

use crate::contract;
use bytes::Bytes;
use futures::{StreamExt, stream};
use md5::{Digest, Md5};
use proptest::prelude::*;
use secrets::{Context, DataKey};
use std::{io, sync::Arc};
use tempfile::TempDir;
use terrane_objects::{
    Blobs, Digests, Error, Filesystem, INLINE, Key, Result, Sealed, Store, Written, open_bytes, seal_bytes,
};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

const PLACE: Context<'static> = Context { table: "blobs", id: "blob-1", organization: "org-1" };

fn key() -> DataKey {
    DataKey::from_bytes(&[9; 32])
}

fn object() -> Key {
    Key::new("org-1/ws-1/blob-1").unwrap()
}

/// A store in a folder of its own.
struct House {
    blobs: Blobs,
    store: Arc<Filesystem>,
    _folder: TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Filesystem::open(folder.path()).await.unwrap());
        Self { blobs: Blobs::new(store.clone()), store, _folder: folder }
    }

    async fn seal(&self, plaintext: impl AsyncRead + Send + Unpin) -> Result<Written> {
        let digests = Digests { md5: true, sha256: true };
        self.blobs.seal_stream(&key(), &PLACE, &object(), plaintext, u64::MAX, digests).await
    }

    async fn open(&self, sealed: Sealed, limit: u64) -> Result<Vec<u8>, io::Error> {
        self.open_at(&PLACE, sealed, limit).await
    }

    async fn open_at(&self, place: &Context<'_>, sealed: Sealed, limit: u64) -> Result<Vec<u8>, io::Error> {
        let mut plaintext = Vec::new();
        self.blobs.open_stream(&key(), place, sealed, limit).await?.read_to_end(&mut plaintext).await?;
        Ok(plaintext)
    }

    async fn is_empty(&self) -> bool {
        self.store.list("").next().await.is_none()
    }
}

fn inner(error: &io::Error) -> &Error {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Text that compresses about as well as a state, and never repeats whole.
fn text(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 100);
    for (at, word) in noise(length).chunks(4).enumerate() {
        bytes.extend_from_slice(
            format!("{{\"id\": {at}, \"name\": \"resource-{word:02x?}\", \"tags\": {{}}}},\n").as_bytes(),
        );
        if bytes.len() >= length {
            break;
        }
    }
    bytes.truncate(length);
    bytes
}

const PIECE: usize = 256 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_size_and_kind_comes_back() {
    let sizes = [0, 1, 63, 64, 20_000, INLINE - 1, INLINE, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3_000_000];
    for size in sizes {
        for plaintext in [noise(size), text(size), vec![0; size]] {
            let house = House::new().await;
            let written = house.seal(&plaintext[..]).await.unwrap();
            assert_eq!(written.size, size as u64);
            assert_eq!(written.md5.unwrap(), <[u8; 16]>::from(Md5::digest(&plaintext)));
            let sha256 = ring::digest::digest(&ring::digest::SHA256, &plaintext);
            assert_eq!(written.sha256.unwrap(), sha256.as_ref());
            match &written.sealed {
                Sealed::Inline(bytes) => {
                    assert!(bytes.len() as u64 <= secrets::sealed_len(INLINE as u64));
                    assert!(house.is_empty().await);
                    assert!(open_bytes(&key(), &PLACE, bytes, size as u64).unwrap() == plaintext);
                }
                Sealed::Object { key, size } => {
                    let stored = contract::get(&*house.store, key).await.unwrap();
                    assert_eq!(stored.len() as u64, *size);
                    assert!(*size > secrets::sealed_len(INLINE as u64));
                }
            }
            assert!(house.open(written.sealed.clone(), size as u64).await.unwrap() == plaintext, "{size}");
            if size > 0 {
                let error = house.open(written.sealed, size as u64 - 1).await.unwrap_err();
                assert!(matches!(inner(&error), Error::TooLarge { limit } if *limit == size as u64 - 1), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_small_after_compression_is_inline() {
    let house = House::new().await;
    let inline = |written: Written| matches!(written.sealed, Sealed::Inline(_));
    assert!(inline(house.seal(&vec![b' '; 5_000_000][..]).await.unwrap()));
    assert!(inline(house.seal(&noise(INLINE - 1)[..]).await.unwrap()));
    assert!(house.is_empty().await);
    assert!(!inline(house.seal(&noise(INLINE)[..]).await.unwrap()));
}

#[tokio::test]
async fn only_wanted_digests_are_made() {
    let house = House::new().await;
    let written = house.blobs.seal_stream(&key(), &PLACE, &object(), &b"x"[..], 1, Digests::default()).await.unwrap();
    assert_eq!((written.md5, written.sha256), (None, None));
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let house = House::new().await;
    for length in [1000, 3_000_000] {
        let pieces = [Ok(Bytes::from(noise(length))), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
        let error = house.seal(StreamReader::new(stream::iter(pieces))).await.unwrap_err();
        assert!(matches!(error, Error::Source(_)), "{error}");
        assert!(house.is_empty().await);
    }
}

#[tokio::test]
async fn more_than_may_be_kept_leaves_nothing() {
    let house = House::new().await;
    for length in [1, 1000, PIECE, 3_000_000] {
        let plaintext = noise(length);
        let seal = async |limit| {
            house.blobs.seal_stream(&key(), &PLACE, &object(), &plaintext[..], limit, Digests::default()).await
        };
        let limit = length as u64 - 1;
        let error = seal(limit).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: at } if at == limit), "{error}");
        assert!(house.is_empty().await);
        assert_eq!(seal(limit + 1).await.unwrap().size, limit + 1);
        house.store.delete(&object()).await.unwrap();
    }
}

#[tokio::test]
async fn another_place_does_not_open() {
    let house = House::new().await;
    let elsewhere = Context { organization: "org-2", ..PLACE };
    for length in [1000, 300_000] {
        let written = house.seal(&noise(length)[..]).await.unwrap();
        let error = house.open_at(&elsewhere, written.sealed, length as u64).await.unwrap_err();
        assert!(matches!(inner(&error), Error::Seal(_)), "{error}");
    }
}

#[tokio::test]
async fn an_altered_object_does_not_open_to_its_end() {
    let house = House::new().await;
    let plaintext = noise(300_000);
    let written = house.seal(&plaintext[..]).await.unwrap();
    let stored = contract::get(&*house.store, &object()).await.unwrap();
    let mut flipped = stored.clone();
    flipped[200_000] ^= 1;
    let chunk = INLINE + 16;
    let swapped =
        [&stored[..17], &stored[17 + chunk..17 + 2 * chunk], &stored[17..17 + chunk], &stored[17 + 2 * chunk..]]
            .concat();
    let cut_between = stored[..17 + 2 * chunk].to_vec();
    for altered in
        [flipped, swapped, cut_between, stored[..stored.len() - 1].to_vec(), vec![], [stored.as_slice(), b"x"].concat()]
    {
        contract::put(&*house.store, &object(), &[&altered]).await.unwrap();
        let error = house.open(written.sealed.clone(), 300_000).await.unwrap_err();
        assert!(matches!(inner(&error), Error::Seal(_)), "{error}");
    }
    house.store.delete(&object()).await.unwrap();
    let error = house.open(written.sealed, 300_000).await.unwrap_err();
    assert!(matches!(inner(&error), Error::NotFound(_)), "{error}");
}

#[tokio::test]
async fn a_bomb_is_refused_before_it_expands() {
    let house = House::new().await;
    let sealed = seal_bytes(&key(), &PLACE, &vec![0; 50_000_000]).unwrap();
    assert!(sealed.len() < 10_000);
    assert!(matches!(open_bytes(&key(), &PLACE, &sealed, 1_000_000), Err(Error::TooLarge { limit: 1_000_000 })));
    let mut stream = house.blobs.open_stream(&key(), &PLACE, Sealed::Inline(sealed), 1_000_000).await.unwrap();
    let mut plaintext = Vec::new();
    let error = stream.read_to_end(&mut plaintext).await.unwrap_err();
    assert!(matches!(inner(&error), Error::TooLarge { .. }), "{error}");
    assert!(plaintext.len() <= 1_000_000);
}

#[tokio::test]
async fn frames_of_another_form_are_refused() {
    let house = House::new().await;
    let whole = seal_bytes(&key(), &PLACE, &text(10_000)).unwrap();
    let frame = secrets::open(&key(), &PLACE, &whole).unwrap();
    let longer = [frame.as_slice(), b"x"].concat();
    for frame in [&b""[..], b"\x02abc", b"\x01", b"\x01no zstd", &frame[..frame.len() - 1], &longer] {
        let sealed = secrets::seal(&key(), &PLACE, frame).unwrap();
        let refused = |error: &Error| matches!(error, Error::Corrupt | Error::Compression { .. });
        let error = open_bytes(&key(), &PLACE, &sealed, 100_000).unwrap_err();
        assert!(refused(&error), "{error}");
        let error = house.open(Sealed::Inline(sealed), 100_000).await.unwrap_err();
        assert!(refused(inner(&error)), "{error}");
    }
}

#[tokio::test]
async fn opens_as_a_stream_of_pieces() {
    let house = House::new().await;
    let plaintext = text(1_000_000);
    let written = house.seal(&plaintext[..]).await.unwrap();
    let opened = house.blobs.open_stream(&key(), &PLACE, written.sealed, written.size).await.unwrap();
    let pieces: Vec<_> = opened.into_stream().map(|piece| piece.unwrap()).collect().await;
    assert!(pieces.iter().all(|piece| piece.len() <= 2 * PIECE));
    assert!(pieces.concat() == plaintext);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_small_value_comes_back(plaintext in prop::collection::vec(any::<u8>(), 0..2000), repeat in 1..50_usize) {
        let plaintext = plaintext.repeat(repeat);
        let sealed = seal_bytes(&key(), &PLACE, &plaintext).unwrap();
        prop_assert!(open_bytes(&key(), &PLACE, &sealed, plaintext.len() as u64).unwrap() == plaintext);
    }

    #[test]
    fn any_flipped_bit_of_a_small_value_is_refused(length in 0..5000_usize, at: prop::sample::Index, bit in 0..8_u8) {
        let mut sealed = seal_bytes(&key(), &PLACE, &text(length)).unwrap();
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(matches!(open_bytes(&key(), &PLACE, &sealed, 5000), Err(Error::Seal(_))));
    }

    #[test]
    fn any_upload_in_any_pieces_comes_back(length in 0..900_000_usize, piece in 1000..400_000_usize, compressible: bool) {
        let plaintext = if compressible { text(length) } else { noise(length) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::new().await;
            let pieces: Vec<_> = plaintext.chunks(piece).map(|piece| Ok::<_, io::Error>(Bytes::copy_from_slice(piece))).collect();
            let written = house.seal(StreamReader::new(stream::iter(pieces))).await.unwrap();
            assert!(house.open(written.sealed, length as u64).await.unwrap() == plaintext);
        });
    }
}
