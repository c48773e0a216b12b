//! The key vault.

use crate::{
    PATIENCE, SITE, contract,
    fakes::key_vault::{APPLICATION, SECRET, VERSION, start},
    faults::{Fault, Front},
};
use terrane_secrets::{Error, KeyService as _, Place, RootKey, open_root};
use terrane_secrets_vaults::{Application, KeyVault, KeyVaultOptions};

fn options(port: u16, key: &str) -> KeyVaultOptions {
    let _ = rustls::crypto::ring::default_provider().install_default();
    KeyVaultOptions {
        key: format!("http://127.0.0.1:{port}/keys/{key}").parse().unwrap(),
        application: Some(Application { id: APPLICATION.to_owned(), secret: SECRET.into() }),
        certificates: Vec::new(),
        patience: PATIENCE,
    }
}

fn vault(port: u16, key: &str) -> KeyVault {
    KeyVault::open(options(port, key)).unwrap()
}

#[tokio::test]
async fn keeps_the_contract() {
    let port = start().await.port();
    contract::check(&vault(port, "one"), &vault(port, "two")).await;
    // By a version of it, too, which opens what the key itself wrapped, and the other way round.
    let version = format!("one/{VERSION}");
    contract::check(&vault(port, &version), &vault(port, "two")).await;
    let root = RootKey::generate().unwrap();
    let wrapped = vault(port, &version).wrap(&root, SITE).await.unwrap();
    assert_eq!(wrapped.by(), format!("azurekeyvault:http://127.0.0.1:{port}/keys/{version}"));
    assert!(open_root(&vault(port, "one"), &wrapped, Place { site: SITE, root: root.id() }).await.is_ok());
}

#[tokio::test]
async fn what_goes_wrong_is_told_and_tried_again_where_that_helps() {
    let port = start().await.port();
    let root = RootKey::generate().unwrap();
    let place = Place { site: SITE, root: root.id() };
    let application = |id: &str, secret: &str| Some(Application { id: id.to_owned(), secret: secret.into() });
    for (wrong, said) in [
        (KeyVaultOptions { application: application(APPLICATION, "hunter2"), ..options(port, "one") }, "AADSTS7000215"),
        (options(port, "three"), "404 KeyNotFound"),
        (options(port, "one/00000000000000000000000000000000"), "404 KeyNotFound"),
    ] {
        let refused = KeyVault::open(wrong).unwrap().wrap(&root, SITE).await.unwrap_err().to_string();
        assert!(refused.contains(said) && !refused.contains("hunter2"), "{refused}");
    }
    // What wraps is behind the front: its ids name the front, as the vault's name the vault.
    const FORBIDDEN: &str =
        "{\"error\":{\"code\":\"Forbidden\",\"message\":\"no\",\"innererror\":{\"code\":\"ForbiddenByRbac\"}}}";
    for (fault, said) in [
        (Fault::Answer(403, FORBIDDEN), "does not say where one is had"),
        (Fault::Answer(500, ""), "does not say where one is had"),
        (Fault::Answer(200, "<html>"), "does not say where one is had"),
        (Fault::Silence, "does not answer in time"),
        (Fault::CutRequest(0), ""),
        (Fault::CutAnswer(30), "no connection"),
    ] {
        let front = Front::before(port, move |_, _| fault).await;
        let refused = vault(front.port, "one").wrap(&root, SITE).await.unwrap_err().to_string();
        assert!(refused.contains(said) && !refused.contains(SECRET), "{fault:?}: {refused}");
        assert!(front.asked() <= 3, "{fault:?}: asked {} times", front.asked());
    }
    // After the challenge: the vault itself refuses, fails twice, or names a key elsewhere.
    let after = |fault: Fault, times: usize| {
        move |_: &str, number: usize| if number > 0 && number <= times { fault } else { Fault::None }
    };
    for (fault, said) in [
        (Fault::Answer(403, FORBIDDEN), "403 ForbiddenByRbac (no); give whoever asks the role"),
        (Fault::Answer(503, ""), "overloaded or down"),
        (Fault::Answer(200, "{\"key\":{\"kid\":\"https://elsewhere.example/keys/one/0\"}}"), "is no key of this vault"),
        (Fault::None, "is no key of this vault"),
    ] {
        let front = Front::before(port, after(fault, 9)).await;
        let refused = vault(front.port, "one").wrap(&root, SITE).await.unwrap_err().to_string();
        assert!(refused.contains(said), "{fault:?}: {refused}");
    }
    let wrapped = vault(port, "one").wrap(&root, SITE).await.unwrap();
    // Another vault's, whatever it is called, is not asked for.
    let refused = open_root(&vault(1, "one"), &wrapped, place).await.unwrap_err();
    assert!(matches!(&refused, Error::OtherMaster { .. }), "{refused}");
    let refused = vault(1, "one").wrap(&root, SITE).await.unwrap_err();
    assert!(matches!(&refused, Error::Service { .. }) && refused.to_string().contains("no connection"), "{refused}");
}
