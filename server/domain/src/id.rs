//! Identifiers: the field's prefix and 16 random base58 characters (`ws-4qTx…`). They say what they name and nothing else.

use std::fmt;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// How many random characters follow the prefix: 16 of 58 are 93 bits.
pub const LENGTH: usize = 16;

/// Random bytes for one identifier. More than [`LENGTH`] because a byte that would favour some letters is thrown away.
pub type Entropy = [u8; 32];

/// Writes `entropy` as [`LENGTH`] base58 characters, each equally likely.
fn letters(entropy: &Entropy) -> String {
    // 232 = 4 * 58: a byte above it would make the first letters more likely. With 32 bytes fewer than 16 good ones come once in 10^10
    // draws; the rest is then filled from the thrown away bytes, a little uneven but still unpredictable.
    let good = entropy.iter().filter(|b| **b < 232);
    let spare = entropy.iter().filter(|b| **b >= 232);
    good.chain(spare).take(LENGTH).map(|b| ALPHABET[usize::from(b % 58)] as char).collect()
}

/// The text is no identifier of this kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no id of this kind: it begins with {prefix:?}")]
pub struct Malformed {
    text: String,
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// What every such id begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id of these random bytes.
            pub fn new(entropy: &Entropy) -> Self {
                Self(format!("{}{}", $prefix, letters(entropy)))
            }
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = Malformed;
            fn try_from(text: String) -> Result<Self, Malformed> {
                let rest = text.strip_prefix($prefix).unwrap_or_default();
                if rest.is_empty() || rest.len() > 64 || !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    return Err(Malformed { text: text.chars().take(80).collect(), prefix: $prefix });
                }
                Ok(Self(text))
            }
        }
        impl std::str::FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::try_from(text.to_owned())
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A person.
    UserId = "user-";
    /// An API token (not its value).
    TokenId = "at-";
    /// A tenant. Immutable, unlike its name.
    OrganizationId = "org-";
    /// A group of workspaces.
    ProjectId = "prj-";
    /// A state and what it is made from.
    WorkspaceId = "ws-";
    /// A value for the runs of a workspace.
    VariableId = "var-";
    /// An uploaded configuration.
    ConfigurationVersionId = "cv-";
    /// A plan and perhaps an apply of one configuration version.
    RunId = "run-";
    /// A test of a module: the run that executes it, as clients call it.
    TestRunId = "trun-";
    /// What somebody said of a run.
    CommentId = "wsc-";
    /// The plan phase of a run.
    PlanId = "plan-";
    /// The apply phase of a run.
    ApplyId = "apply-";
    /// One version of a workspace's state.
    StateVersionId = "sv-";
    /// One output of a state version.
    OutputId = "wsout-";
    /// A resource instance of a workspace: made of what names it, so that it stays through states.
    ResourceId = "wsr-";
    /// A key with which runs fetch modules.
    SshKeyId = "sshkey-";
    /// A policy that says how long things are kept.
    RetentionPolicyId = "drp-";
    /// A group of agents that execute the runs of one organization.
    AgentPoolId = "apool-";
    /// A runner.
    AgentId = "agent-";
    /// A module of the registry.
    ModuleId = "mod-";
    /// One version of such a module.
    ModuleVersionId = "modver-";
    /// A provider of the registry.
    ProviderId = "prov-";
    /// One version of such a provider.
    ProviderVersionId = "provver-";
    /// One version of such a provider, for one platform.
    PlatformId = "provpltfrm-";
    /// A sealed blob.
    BlobId = "blob-";
}

impl RunId {
    /// The run's plan: the same random part, so that neither needs a look-up to find the other.
    pub fn plan(&self) -> PlanId {
        PlanId(format!("{}{}", PlanId::PREFIX, &self.0[Self::PREFIX.len()..]))
    }
    /// The run's apply.
    pub fn apply(&self) -> ApplyId {
        ApplyId(format!("{}{}", ApplyId::PREFIX, &self.0[Self::PREFIX.len()..]))
    }
    /// What clients call it where it tests a module.
    pub fn test(&self) -> TestRunId {
        TestRunId(format!("{}{}", TestRunId::PREFIX, &self.0[Self::PREFIX.len()..]))
    }
}

impl TestRunId {
    /// The run that executes it.
    pub fn run(&self) -> RunId {
        RunId(format!("{}{}", RunId::PREFIX, &self.0[Self::PREFIX.len()..]))
    }
}

impl PlanId {
    /// The run that it belongs to.
    pub fn run(&self) -> RunId {
        RunId(format!("{}{}", RunId::PREFIX, &self.0[Self::PREFIX.len()..]))
    }
}

impl ApplyId {
    /// The run that it belongs to.
    pub fn run(&self) -> RunId {
        RunId(format!("{}{}", RunId::PREFIX, &self.0[Self::PREFIX.len()..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_prefix_and_sixteen_letters() {
        let id = WorkspaceId::new(&[7; 32]);
        assert_eq!(id.as_str(), "ws-8888888888888888");
        assert_eq!(WorkspaceId::try_from(id.to_string()), Ok(id));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "ws-", "run-1", "ws-a/b", "ws-ä", "ws- x", &format!("ws-{}", "a".repeat(65))] {
            assert!(text.parse::<WorkspaceId>().is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_that_would_favour_letters_are_used_last() {
        let mut entropy = [255u8; 32];
        entropy[31] = 0;
        assert!(letters(&entropy).starts_with('1'));
        assert_eq!(letters(&entropy).len(), LENGTH);
    }

    #[test]
    fn a_run_and_its_phases_find_each_other() {
        let run = RunId::new(&[1; 32]);
        assert_eq!(run.plan().run(), run);
        assert_eq!(run.apply().run(), run);
        assert_eq!(run.test().run(), run);
    }
}
