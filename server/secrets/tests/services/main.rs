//! The master keys at hand, as key services.
#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod contract;

use terrane_secrets::{KeyService as _, LocalMaster, MasterKey, Place, RootKey, open_root};

#[tokio::test]
async fn a_key_at_hand_keeps_the_contract() {
    let master = |byte| LocalMaster::new(MasterKey::from_bytes(&[byte; 32]), format!("key {byte}"));
    contract::check(&master(1), &master(2)).await;
    // It is bound to its site, too.
    let root = RootKey::generate().unwrap();
    let wrapped = master(1).wrap(&root, "here").await.unwrap();
    assert!(open_root(&master(1), &wrapped, Place { site: "there", root: root.id() }).await.is_err());
}

#[test]
fn only_a_key_at_hand_can_be_the_first_root() {
    let key = MasterKey::from_bytes(&[1; 32]);
    let id = key.id().to_owned();
    assert_eq!(LocalMaster::new(key, String::new()).first_root().unwrap().id(), id);
}
