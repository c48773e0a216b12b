//! A container behind a network and a store that fail.

use crate::{
    azurite::{Azurite, options},
    contract::{get, put},
    peers::faults::{Fault, Front},
};
use futures::StreamExt as _;
use objects::{Key, Store as _};
use std::{net::TcpListener, time::Instant};
use terrane_objects_azure::{Azure, Options};

/// Bytes that do not repeat.
fn large() -> Vec<u8> {
    (0..9_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

fn key() -> Key {
    Key::new("org-1/ws-1/blob-1").unwrap()
}

fn store(front: &Front) -> Azure {
    Azure::open(options(front.port, "")).unwrap()
}

#[tokio::test]
async fn what_fails_once_is_done_again() {
    let azurite = Azurite::start();
    // Every other request fails, each time in another way.
    let front = Front::before(azurite.port(), move |_, number| match number % 8 {
        0 => Fault::Answer(503, "<Error><Code>ServerBusy</Code></Error>"),
        2 => Fault::CutRequest(100_000),
        4 => Fault::Answer(500, ""),
        6 => Fault::CutAnswer(0),
        _ => Fault::None,
    });
    let store = store(&front.await);
    for content in [b"small".to_vec(), large()] {
        assert_eq!(put(&store, &key(), &[&content]).await.unwrap(), content.len() as u64);
        assert!(get(&store, &key()).await.unwrap() == content);
    }
    assert_eq!(store.list("").count().await, 1);
    store.delete(&key()).await.unwrap();
}

#[tokio::test]
async fn a_broken_get_reads_on_where_it_broke_and_gives_up_in_the_end() {
    let azurite = Azurite::start();
    let content = large();
    put(&azurite.store("").await, &key(), &[&content]).await.unwrap();
    let front = Front::before(azurite.port(), |_, number| match number {
        0..=3 => Fault::CutAnswer(1_500_000),
        _ => Fault::None,
    });
    let front = front.await;
    assert!(get(&store(&front), &key()).await.unwrap() == content);
    assert!(front.asked() > 5, "{}", front.asked());

    let front = Front::before(azurite.port(), |_, _| Fault::CutAnswer(20_000)).await;
    let error = get(&store(&front), &key()).await.unwrap_err().to_string();
    assert!(error.starts_with("reading object org-1/ws-1/blob-1 in the object store: "), "{error}");
    assert!(error.ends_with("after 8 other tries to read on; look at the network and the store"), "{error}");
}

#[tokio::test]
async fn a_put_that_fails_leaves_what_was_there() {
    let azurite = Azurite::start();
    put(&azurite.store("").await, &key(), &[b"before"]).await.unwrap();
    for fault in [Fault::Answer(500, ""), Fault::CutRequest(1_000_000), Fault::Silence] {
        let front = Front::before(
            azurite.port(),
            move |line, _| {
                if line.contains("comp=block&") { fault } else { Fault::None }
            },
        );
        let error = put(&store(&front.await), &key(), &[&large()]).await.unwrap_err().to_string();
        assert!(error.starts_with("putting a part of object org-1/ws-1/blob-1"), "{error}");
        assert_eq!(get(&azurite.store("").await, &key()).await.unwrap(), b"before");
    }
}

#[tokio::test]
async fn a_store_that_hangs_is_given_up() {
    let azurite = Azurite::start();
    let front = Front::before(azurite.port(), |_, _| Fault::Silence).await;
    let begun = Instant::now();
    let error = put(&store(&front), &key(), &[b"small"]).await.unwrap_err().to_string();
    assert!(error.contains(": it does not answer in time; see that the store is well"), "{error}");
    assert!(begun.elapsed().as_secs() < 12, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_error_names_the_container_and_the_next_step_and_no_signature() {
    let azurite = Azurite::start();
    for (status, code, advice) in [
        (403, "AuthorizationPermissionMismatch", "give the identity the role Storage Blob Data Contributor"),
        (404, "ContainerNotFound", "make the container, or name another one with --objects"),
        (403, "AuthenticationFailed", "the store does not accept --objects-credential"),
        (403, "AccountIsDisabled", "the account is disabled or read-only"),
        (500, "InternalError", "the store is overloaded or down"),
    ] {
        let body: &str = format!("<Error><Code>{code}</Code><Message>So it is.\nTime: now</Message></Error>").leak();
        let front = Front::before(azurite.port(), move |_, _| Fault::Answer(status, body)).await;
        let error = put(&store(&front), &key(), &[b"small"]).await.unwrap_err().to_string();
        let place = format!("the container states at http://127.0.0.1:{}/devstoreaccount1", front.port);
        let said = format!(
            "putting object org-1/ws-1/blob-1 in the object store: {place}: it answers {status} {code} (So it is.); {advice}"
        );
        assert!(error.starts_with(&said) && !error.contains("sig="), "{error}");
    }
    let missing = Options { container: "elsewhere".to_owned(), ..options(azurite.port(), "") };
    let error = get(&Azure::open(missing).unwrap(), &key()).await.unwrap_err().to_string();
    assert!(error.contains("the container elsewhere at ") && error.contains("404 ContainerNotFound"), "{error}");
}

#[tokio::test]
async fn nobody_there_is_said_so_and_no_signature() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = put(&Azure::open(options(free, "")).unwrap(), &key(), &[b"small"]).await.unwrap_err().to_string();
    assert!(error.contains("Connection refused") && !error.contains("sig="), "{error}");
    assert!(error.ends_with("(--objects-endpoint)"), "{error}");
}
