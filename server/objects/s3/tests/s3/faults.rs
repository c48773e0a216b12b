//! A bucket behind a network and a store that fail.

use crate::{
    contract::{get, put},
    moto::{Moto, options},
    peers::faults::{Fault, Front},
};
use futures::StreamExt as _;
use objects::{Key, Store as _};
use std::{net::TcpListener, time::Instant};
use terrane_objects_s3::{Options, S3};

/// Bytes that do not repeat.
fn large() -> Vec<u8> {
    (0..9_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

fn key() -> Key {
    Key::new("org-1/ws-1/blob-1").unwrap()
}

async fn store(front: &Front) -> S3 {
    S3::open(options(front.port, "")).await.unwrap()
}

#[tokio::test]
async fn what_fails_once_is_done_again() {
    let moto = Moto::start();
    let slow_down = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";
    // Every other request fails, each time in another way.
    let front = Front::before(moto.port(), move |_, number| match number % 8 {
        0 => Fault::Answer(503, slow_down),
        2 => Fault::CutRequest(100_000),
        4 => Fault::Answer(500, ""),
        6 => Fault::CutAnswer(0),
        _ => Fault::None,
    });
    let store = store(&front.await).await;
    for content in [b"small".to_vec(), large()] {
        assert_eq!(put(&store, &key(), &[&content]).await.unwrap(), content.len() as u64);
        assert!(get(&store, &key()).await.unwrap() == content);
    }
    assert_eq!(store.list("").count().await, 1);
    store.delete(&key()).await.unwrap();
    assert_eq!(moto.unfinished(), 0);
}

#[tokio::test]
async fn a_broken_get_reads_on_where_it_broke_and_gives_up_in_the_end() {
    let moto = Moto::start();
    let content = large();
    put(&moto.store("").await, &key(), &[&content]).await.unwrap();
    let front = Front::before(moto.port(), |_, number| match number {
        0..=3 => Fault::CutAnswer(1_500_000),
        _ => Fault::None,
    });
    let front = front.await;
    assert!(get(&store(&front).await, &key()).await.unwrap() == content);
    assert_eq!(front.asked(), 5);

    let front = Front::before(moto.port(), |_, _| Fault::CutAnswer(20_000)).await;
    let error = get(&store(&front).await, &key()).await.unwrap_err().to_string();
    assert!(error.starts_with("reading object org-1/ws-1/blob-1 in the object store: "), "{error}");
    assert!(error.ends_with("after 8 other tries to read on; look at the network and the store"), "{error}");
}

#[tokio::test]
async fn a_put_that_fails_leaves_what_was_there_and_no_upload() {
    let moto = Moto::start();
    put(&moto.store("").await, &key(), &[b"before"]).await.unwrap();
    for fault in [Fault::Answer(500, ""), Fault::CutRequest(1_000_000), Fault::Silence] {
        let front =
            Front::before(moto.port(), move |line, _| if line.contains("partNumber=2") { fault } else { Fault::None });
        let error = put(&store(&front.await).await, &key(), &[&large()]).await.unwrap_err().to_string();
        assert!(error.starts_with("putting a part of object org-1/ws-1/blob-1"), "{error}");
        assert_eq!(get(&moto.store("").await, &key()).await.unwrap(), b"before");
        // It is aborted beside.
        for _ in 0..100 {
            if moto.unfinished() == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(moto.unfinished(), 0, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_the_last_step_is_no_failure() {
    let moto = Moto::start();
    let content = large();
    let front = Front::before(moto.port(), |line, number| {
        if line.starts_with("POST") && line.contains("uploadId=") && number == 3 {
            Fault::CutAnswer(0)
        } else {
            Fault::None
        }
    });
    let store = store(&front.await).await;
    assert_eq!(put(&store, &key(), &[&content]).await.unwrap(), content.len() as u64);
    assert!(get(&store, &key()).await.unwrap() == content);
}

#[tokio::test]
async fn a_store_that_hangs_is_given_up() {
    let moto = Moto::start();
    let front = Front::before(moto.port(), |_, _| Fault::Silence).await;
    let begun = Instant::now();
    let error = put(&store(&front).await, &key(), &[b"small"]).await.unwrap_err().to_string();
    assert!(error.contains("it does not answer in time; see that the store is well"), "{error}");
    assert!(begun.elapsed().as_secs() < 12, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_error_names_the_bucket_and_the_next_step() {
    let moto = Moto::start();
    for (status, code, advice) in [
        (403, "AccessDenied", "grant the credentials in use s3:ListBucket"),
        (404, "NoSuchBucket", "make the bucket, or name another one with --objects"),
        (403, "RequestTimeTooSkewed", "the clocks of this machine and of the store differ too much"),
        (403, "InvalidAccessKeyId", "the store does not accept the credentials"),
        (405, "MethodNotAllowed", "look whether the store is read-only"),
        (301, "PermanentRedirect", "the bucket is in another region: name it with --objects-region"),
        (400, "KMS.DisabledException", "the key of --objects-encryption cannot be used"),
        (500, "InternalError", "the store is overloaded or down"),
    ] {
        let body: &str = format!("<Error><Code>{code}</Code><Message>So it is.</Message></Error>").leak();
        let front = Front::before(moto.port(), move |_, _| Fault::Answer(status, body)).await;
        let error = put(&store(&front).await, &key(), &[b"small"]).await.unwrap_err().to_string();
        let place = format!("the bucket states at http://127.0.0.1:{}", front.port);
        let said = format!(
            "putting object org-1/ws-1/blob-1 in the object store: {place}: it answers {status} {code} (So it is.); {advice}"
        );
        assert!(error.starts_with(&said), "{error}");
    }
    let missing = Options { bucket: "elsewhere".to_owned(), ..options(moto.port(), "") };
    let error = get(&S3::open(missing).await.unwrap(), &key()).await.unwrap_err().to_string();
    assert!(error.contains("the bucket elsewhere at ") && error.contains("404 NoSuchBucket"), "{error}");
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = put(&S3::open(options(free, "")).await.unwrap(), &key(), &[b"small"]).await.unwrap_err().to_string();
    assert!(error.contains("Connection refused"), "{error}");
    assert!(
        error.ends_with("see that the store runs and that this machine reaches it (--objects-endpoint)"),
        "{error}"
    );
}
