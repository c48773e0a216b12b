//! Who may do what. A role is held in an organization; the matrix of roles and permissions is one table.

use std::fmt;

/// What a member is in an organization, weakest first. The names are the field's fixed access levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees everything but sensitive values.
    Read,
    /// May queue plans.
    Plan,
    /// May apply, lock, write state and variables.
    Write,
    /// May do everything, and decide who else may.
    Owner,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Plan, Self::Write, Self::Owner];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Plan => "plan",
            Self::Write => "write",
            Self::Owner => "owner",
        }
    }
    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $least:ident;)*) => {
        /// Something that one may do to an organization or to one of its workspaces.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }
        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            /// The weakest role that has it.
            pub fn least(self) -> Role {
                match self { $(Self::$name => Role::$least,)* }
            }
        }
    };
}

permissions! {
    /// See an organization, its workspaces and its projects.
    Read: Read;
    /// See runs, plans, logs.
    ReadRuns: Read;
    /// See variables that are not sensitive.
    ReadVariables: Read;
    /// Download states and read outputs.
    ReadState: Read;
    /// Upload a configuration and queue a run.
    QueueRun: Plan;
    /// Confirm, discard, cancel a run; let one apply by itself.
    ApplyRun: Write;
    /// Create and change variables.
    WriteVariables: Write;
    /// Create state versions.
    WriteState: Write;
    /// Lock, and unlock one's own lock.
    Lock: Write;
    /// Unlock somebody else's lock.
    ForceUnlock: Owner;
    /// Change a workspace's settings and tags.
    UpdateWorkspace: Write;
    /// Create workspaces.
    CreateWorkspace: Write;
    /// Delete a workspace and what it holds.
    DeleteWorkspace: Owner;
    /// Create and change projects.
    ManageProjects: Owner;
    /// Keep SSH keys, and let workspaces use them.
    ManageSshKeys: Owner;
    /// Publish modules and providers, and keep the keys that sign them.
    ManageRegistry: Owner;
    /// Change the organization's settings and members.
    ManageOrganization: Owner;
}

/// Whether a member with this role may do this.
pub fn allows(role: Role, permission: Permission) -> bool {
    role >= permission.least()
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{self:?}");
        for (i, c) in name.char_indices() {
            if c.is_ascii_uppercase() && i > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{}", c.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn the_matrix() {
        let mut table = String::new();
        for permission in Permission::ALL {
            write!(table, "{:20}", permission.to_string()).unwrap();
            for role in Role::ALL {
                write!(table, " {:6}", if allows(role, *permission) { role.as_str() } else { "-" }).unwrap();
            }
            table = table.trim_end().to_owned() + "\n";
        }
        insta::assert_snapshot!(table);
    }
}
