//! The words spoken on the admin socket: one JSON line each way.

use super::keys::{Keys, Rotation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// What the operator wants.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Request {
    /// Make a user.
    CreateUser {
        /// The name to sign in with.
        name: String,
        /// The address.
        email: String,
        /// Whether the user administers the whole site.
        site_admin: bool,
        /// The password; without one the user cannot sign in with a password.
        password: Option<Secret>,
    },
    /// Give a user another password.
    SetPassword {
        /// The user's name.
        name: String,
        /// The password.
        password: Secret,
    },
    /// List all users.
    ListUsers,
    /// Make a token for a user.
    CreateToken {
        /// The user's name.
        user: String,
        /// What the token is for.
        description: String,
        /// How long it is good, in seconds; for ever without.
        ttl: Option<u64>,
    },
    /// Make an organization.
    CreateOrganization {
        /// Its name.
        name: String,
        /// Its address.
        email: String,
    },
    /// Let the next key sign the identities of runs.
    RotateIdentityKey,
    /// Withdraw the keys that no longer sign them.
    TrimIdentityKeys,
    /// How it stands with the keys of the site.
    ShowKeys,
    /// Let another root key wrap data keys; does a part of it and tells how far it is.
    RotateRootKey {
        /// Begin, unless one is unfinished; otherwise go on.
        begin: bool,
    },
    /// Seal all root keys under a passphrase.
    EscrowRootKeys {
        /// The passphrase.
        passphrase: Secret,
    },
    /// Say of root keys that they lie in an escrow: the file is written.
    NoteEscrow {
        /// The root keys in it.
        roots: Vec<String>,
    },
    /// List all organizations and their parts of the runners.
    ListOrganizations,
    /// Change an organization's part of the runners.
    SetShare {
        /// The organization's name.
        organization: String,
        /// How many of its runs may execute at once; what is not said stays.
        run_limit: Option<RunLimit>,
        /// Its part, in proportion to the others'; what is not said stays.
        run_weight: Option<u32>,
    },
    /// Make a user a member of an organization.
    AddMember {
        /// The organization's name.
        organization: String,
        /// The user's name.
        user: String,
        /// What the member may do.
        role: Role,
    },
    /// Make a token for the site's runners.
    CreateRunnerToken {
        /// What the token is for.
        description: String,
    },
    /// List the site's runners.
    ListRunners,
    /// List the tokens of the site's runners.
    ListRunnerTokens,
    /// Delete a token of the site's runners.
    DeleteRunnerToken {
        /// The token's id.
        id: String,
    },
}

/// What a member of an organization may do with its workspaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything, the organization itself included.
    Owner,
    /// Apply runs and write states and variables.
    Write,
    /// Queue plans.
    Plan,
    /// Look.
    Read,
}

/// How many runs of an organization may execute at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunLimit {
    /// As many as the server's setting says.
    Default,
    /// So many.
    Of(u32),
}

impl std::str::FromStr for RunLimit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "default" {
            return Ok(Self::Default);
        }
        text.parse().map(Self::Of).map_err(|_| format!("{text:?} is neither a number nor `default`"))
    }
}

/// What became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "kebab-case")]
pub enum Response {
    /// The user exists now.
    UserCreated(User),
    /// The password is another one now.
    PasswordSet,
    /// All users.
    Users {
        /// In order of their names.
        users: Vec<User>,
    },
    /// The token exists now, and is told only here.
    TokenCreated {
        /// Its id.
        id: String,
        /// The token itself.
        token: Secret,
        /// Its end, RFC 3339, if it has one.
        expires_at: Option<String>,
    },
    /// The organization exists now.
    OrganizationCreated(Organization),
    /// All organizations.
    Organizations {
        /// In order of their names.
        organizations: Vec<Share>,
    },
    /// The organization has this part of the runners now.
    ShareSet(Share),
    /// The user is a member now.
    MemberAdded,
    /// Another key signs.
    IdentityKeyRotated,
    /// Only keys that sign now or next are published.
    IdentityKeysTrimmed,
    /// How it stands with the keys.
    Keys(Keys),
    /// The root keys, sealed.
    RootKeysEscrowed {
        /// A text to be kept.
        text: String,
        /// The root keys in it.
        roots: Vec<String>,
        /// Retired root keys that do not open and are not in it, and how many data keys each of them wraps.
        missing: Vec<(String, u64)>,
    },
    /// It is known that they lie in an escrow.
    EscrowNoted,
    /// So far is the rotation.
    RootKeyRotated(Rotation),
    /// The site's runners.
    Runners {
        /// Newest first.
        runners: Vec<Runner>,
    },
    /// The tokens of the site's runners.
    RunnerTokens {
        /// Oldest first.
        tokens: Vec<RunnerToken>,
    },
    /// The token is gone.
    RunnerTokenDeleted,
    /// It was not done.
    Refused {
        /// Why, and what to do, in one line.
        reason: String,
    },
}

/// A user, as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub id: String,
    /// The name to sign in with.
    pub name: String,
    /// The address.
    pub email: String,
    /// Whether the user administers the whole site.
    pub site_admin: bool,
}

/// A runner, as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runner {
    /// The id.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// `idle`, `busy`, `unknown`, `exited` or `errored`.
    pub status: String,
    /// How many phases it executes.
    pub busy: i64,
    /// How many it can execute at once.
    pub slots: i64,
    /// Of its program.
    pub version: String,
    /// Where it calls from; empty inside the server.
    pub address: String,
    /// RFC 3339.
    pub last_ping_at: String,
}

/// A runner's token, as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnerToken {
    /// The id.
    pub id: String,
    /// What it is for.
    pub description: String,
    /// Since when, RFC 3339.
    pub created_at: String,
    /// When a runner last came with it, RFC 3339.
    pub last_used_at: Option<String>,
}

/// An organization, as made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// An organization's part of the runners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The organization's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many of its runs may execute at once.
    pub run_limit: i64,
    /// Whether that is the server's setting.
    pub is_default: bool,
    /// Its part, in proportion to the others'.
    pub run_weight: i64,
    /// How many of its runs execute.
    pub running: i64,
    /// How many wait for a runner.
    pub queued: i64,
}

/// A password or token. It crosses the socket, but is never printed by accident.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}
