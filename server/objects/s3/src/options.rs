//! Which bucket, and how to reach it.

use aws::Credential;
use objects::Pace;

/// Which bucket, and how to reach it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The bucket's name.
    pub bucket: String,
    /// What every key begins with in it: nothing, or parts that each end with `/`.
    pub prefix: String,
    /// the region; by default what the environment, the profile or the machine says, and `us-east-1` where nobody does and an endpoint is named.
    pub region: Option<String>,
    /// Where the server is, if it is not Amazon's: a URL.
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the path and not in the name of the host.
    pub path_style: bool,
    /// What the server is asked to encrypt with, beside our own seal.
    pub encryption: Encryption,
    /// Who asks; by default whoever the environment, the profile or the machine says.
    pub credential: Option<Credential>,
    /// Authorities to trust beside the system's: PEM.
    pub certificates: Vec<u8>,
    /// For how long what goes wrong is tried again.
    pub pace: Pace,
}

/// Encryption by the store. Ours does not need it; rules of a company may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Whatever the bucket does by default.
    #[default]
    Unsaid,
    /// With the store's own keys (`AES256`).
    Aes256,
    /// With a key of KMS (`aws:kms`): this one, or the account's for S3.
    Kms(Option<String>),
}
