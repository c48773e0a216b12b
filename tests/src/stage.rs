//! Where a story plays: a server on one database, an owner with a token, an organization, and terraform binaries signed in to it.

use std::ops::Deref;

use crate::cli::Version;
use crate::database::Database;
use crate::server::Server;
use crate::tenant::Tenant;

/// The name of the organization of every story.
pub const ORGANIZATION: &str = "acme";

/// A server with one site administrator, who owns the organization [`ORGANIZATION`].
pub struct Stage {
    /// The server.
    pub server: Server,
    tenant: Tenant,
}

/// What a story does in its organization.
impl Deref for Stage {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl Stage {
    /// Sets the stage.
    ///
    /// # Panics
    /// When the server does not start or refuses one of the first steps.
    #[must_use]
    pub fn set(database: Database, version: Version) -> Self {
        Self::on(Server::start(database), version)
    }

    /// Sets the stage on a server that has no users yet.
    ///
    /// # Panics
    /// When the server refuses one of the first steps.
    #[must_use]
    pub fn on(server: Server, version: Version) -> Self {
        let token = server.owner();
        let tenant = Tenant::create(&server, &token, ORGANIZATION, version);
        Self { server, tenant }
    }

    /// What every story must leave behind: no lock, no error in the log, and a server that stops when it is asked to.
    ///
    /// # Panics
    /// When it leaves anything else.
    pub fn leave(mut self) {
        self.leaves_no_lock();
        self.server.leave();
    }
}
