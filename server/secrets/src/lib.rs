//! Keeps what is entrusted to Terrane: keys and their wrapping, sealed values, tokens, signed values, passwords.
//!
//! A [`KeyService`] (a [`LocalMaster`], or one outside) wraps a few [`RootKey`]s; a [`Keyring`] of them wraps a [`DataKey`] per workspace; the
//! data key seals values and blobs under a [`Context`] that says where they belong, so that a sealed value copied to another row or another
//! tenant does not open. Nothing here speaks to a network or reads a clock; the only file it touches is the master key's.
//!
//! Every secret is overwritten when it is dropped and prints as a placeholder. What this cannot reach are the expanded key schedules that
//! `ring` holds while it computes.

mod context;
mod data_key;
mod envelope;
mod error;
mod escrow;
mod identity_key;
mod key;
mod key_file;
mod keyring;
mod local;
mod master_key;
mod opener;
mod password;
mod root_key;
mod sealer;
mod service;
mod signer;
mod token;
mod token_hasher;
mod wrapped;

pub use context::Context;
pub use data_key::DataKey;
pub use envelope::{CHUNK, open, open_text, seal, sealed_len};
pub use error::{Error, KeyFileProblem, Result, causes};
pub use escrow::Escrow;
pub use identity_key::{IdentityKey, PublicKey};
pub use keyring::Keyring;
pub use local::LocalMaster;
pub use master_key::MasterKey;
pub use opener::Opener;
pub use password::Password;
pub use root_key::RootKey;
pub use sealer::Sealer;
pub use secrecy::{ExposeSecret, SecretString};
pub use service::{KeyService, Place, open_root};
pub use signer::{SignatureError, Signer};
pub use token::{Kind as TokenKind, Malformed as MalformedToken, Token};
pub use token_hasher::TokenHasher;
pub use wrapped::WrappedKey;
