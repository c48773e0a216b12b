//! The transit engine.

use crate::{
    PATIENCE, SITE, contract,
    fakes::transit::{NAMESPACE, TOKEN, start},
    faults::{Fault, Front},
};
use terrane_secrets::{Error, KeyService as _, Place, RootKey, open_root};
use terrane_secrets_vaults::{Transit, TransitOptions};

fn options(port: u16, key: &str) -> TransitOptions {
    let _ = rustls::crypto::ring::default_provider().install_default();
    TransitOptions {
        key: key.to_owned(),
        address: format!("http://127.0.0.1:{port}").parse().unwrap(),
        mount: "transit".to_owned(),
        namespace: Some(NAMESPACE.to_owned()),
        token: TOKEN.into(),
        certificates: Vec::new(),
        patience: PATIENCE,
    }
}

fn transit(port: u16, key: &str) -> Transit {
    Transit::open(options(port, key)).unwrap()
}

#[tokio::test]
async fn keeps_the_contract() {
    let port = start().await.port();
    contract::check(&transit(port, "one"), &transit(port, "two")).await;
}

#[tokio::test]
async fn what_goes_wrong_is_told_and_tried_again_where_that_helps() {
    let port = start().await.port();
    let root = RootKey::generate().unwrap();
    let wrapped = transit(port, "one").wrap(&root, SITE).await.unwrap();
    assert_eq!(wrapped.by(), "vault:team/transit/one");
    let place = Place { site: SITE, root: root.id() };
    for (wrong, said) in [
        (
            TransitOptions { token: "hvs.ended".into(), ..options(port, "one") },
            "403 (permission denied); give it a token",
        ),
        (TransitOptions { key: "three".into(), ..options(port, "one") }, "400 (encryption key not found)"),
        (
            TransitOptions { namespace: None, ..options(port, "one") },
            "404 (no handler for route); see that the transit engine is mounted",
        ),
        (TransitOptions { mount: "a/b".into(), ..options(port, "one") }, "404"),
    ] {
        let refused = Transit::open(wrong).unwrap().wrap(&root, SITE).await.unwrap_err().to_string();
        assert!(refused.contains(said) && !refused.contains("hvs."), "{refused}");
    }
    let front = Front::before(port, |_, times| if times < 2 { Fault::Answer(503, "") } else { Fault::None }).await;
    assert_eq!(open_root(&transit(front.port, "one"), &wrapped, place).await.unwrap().expose(), root.expose());
    assert_eq!(front.asked(), 3);
    const SEALED: &str = "{\"errors\":[\"Vault is sealed\"]}";
    for (fault, said) in [
        (Fault::Answer(503, SEALED), "503 (Vault is sealed); Vault is sealed or in maintenance"),
        (Fault::Answer(500, ""), "overloaded or down"),
        (Fault::Answer(200, "<html>"), "what it answers is no key"),
        (Fault::Answer(200, "{\"data\":{\"plaintext\":\"c2hvcnQ=\"}}"), "what it answers is no key of ours"),
        (
            Fault::Answer(200, "{\"data\":{\"plaintext\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}}"),
            "gave back another key",
        ),
        (Fault::Silence, "does not answer in time"),
        (Fault::CutRequest(10), "no connection"),
        (Fault::CutAnswer(30), "no connection"),
    ] {
        let front = Front::before(port, move |_, _| fault).await;
        let refused = open_root(&transit(front.port, "one"), &wrapped, place).await.unwrap_err().to_string();
        assert!(refused.contains(said) && !refused.contains(TOKEN), "{fault:?}: {refused}");
        assert!(front.asked() <= 3, "{fault:?}: asked {} times", front.asked());
    }
    let refused = open_root(&transit(1, "one"), &wrapped, place).await.unwrap_err();
    assert!(matches!(&refused, Error::Service { .. }) && refused.to_string().contains("no connection"), "{refused}");
}
