//! What every key service does, whatever is behind it.

use terrane_secrets::{Error, KeyService, Place, RootKey, WrappedKey, open_root};

const SITE: &str = "0123456789abcdef";

/// Checks a service, and another one of the same kind over another master key.
pub(crate) async fn check(service: &dyn KeyService, another: &dyn KeyService) {
    let root = RootKey::generate().unwrap();
    let place = Place { site: SITE, root: root.id() };
    let wrapped = service.wrap(&root, SITE).await.unwrap();
    assert_eq!(open_root(service, &wrapped, place).await.unwrap().expose(), root.expose());
    assert!(!wrapped.wrapped().windows(32).any(|part| part == root.expose()), "it is not wrapped at all");
    let again = service.wrap(&root, SITE).await.unwrap();
    assert_ne!(again.wrapped(), wrapped.wrapped(), "the same key is wrapped twice alike");
    assert_eq!(again.by(), wrapped.by(), "one master key has one name");
    assert_eq!(open_root(service, &again, place).await.unwrap().expose(), root.expose());

    let refused = open_root(another, &wrapped, place).await.unwrap_err();
    assert!(matches!(refused, Error::OtherMaster { .. } | Error::Service { .. } | Error::Seal), "{refused}");
    let foreign = WrappedKey::new("of-another-kind".to_owned(), wrapped.wrapped().to_vec()).unwrap();
    let refused = open_root(service, &foreign, place).await.unwrap_err();
    assert!(matches!(&refused, Error::OtherMaster { wanted, .. } if wanted == "of-another-kind"), "{refused}");

    let elsewhere = Place { root: "fedcba9876543210", ..place };
    assert!(open_root(service, &wrapped, elsewhere).await.is_err(), "it opens as another root key");
    let mut altered = wrapped.wrapped().to_vec();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    let altered = WrappedKey::new(wrapped.by().to_owned(), altered).unwrap();
    assert!(open_root(service, &altered, place).await.is_err(), "it opens although it was altered");
    let cut = WrappedKey::new(wrapped.by().to_owned(), wrapped.wrapped()[..middle].to_vec()).unwrap();
    assert!(open_root(service, &cut, place).await.is_err(), "it opens although it was cut");
}
