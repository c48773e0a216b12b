//! Who is asking.

use crate::{App, Error, Result};
use domain::{
    id::{RunId, UserId, WorkspaceId},
    permission::{Permission, Role},
};
use store::user::User;

/// Who is asking, proved by a token or a session.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A person.
    User(User),
    /// A phase of a run, while it runs.
    Phase {
        /// `plan-…` or `apply-…`
        phase_id: String,
        /// Its run.
        run_id: RunId,
        /// Its workspace.
        workspace_id: WorkspaceId,
        /// Whether it is an apply: a plan reads only.
        is_apply: bool,
    },
}

impl Caller {
    /// The person, if it is one.
    pub fn user(&self) -> Result<&User> {
        match self {
            Self::User(user) => Ok(user),
            Self::Phase { run_id, .. } => {
                Err(Error::Forbidden(format!("this needs a person; the token belongs to {run_id}")))
            }
        }
    }
    /// The person's id for a join; empty for anybody else, which matches nobody.
    pub(crate) fn user_id(&self) -> &str {
        match self {
            Self::User(user) => user.id.as_str(),
            Self::Phase { .. } => "",
        }
    }
    pub(crate) fn id(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(&user.id),
            Self::Phase { .. } => None,
        }
    }
    /// Whether the person may do everything everywhere.
    pub fn is_site_admin(&self) -> bool {
        matches!(self, Self::User(user) if user.site_admin)
    }
    /// The role that counts, when the store says that the caller has `role` in the organization.
    pub(crate) fn role(&self, role: Option<&str>) -> Option<Role> {
        if self.is_site_admin() { Some(Role::Owner) } else { role.and_then(Role::parse) }
    }
    /// What the phase of a run may do to its own workspace: read, and while applying write the state.
    pub(crate) fn phase_allows(&self, workspace: &WorkspaceId, permission: Permission) -> bool {
        let Self::Phase { workspace_id, is_apply, .. } = self else { return false };
        let reads = matches!(permission, Permission::Read | Permission::ReadState | Permission::ReadRuns);
        let writes = matches!(permission, Permission::WriteState | Permission::Lock);
        workspace_id == workspace && (reads || (*is_apply && writes))
    }
}

/// Refuses a caller who is neither a site admin nor the house itself (none); `deed` says what only those do.
pub(crate) fn must_operate(caller: Option<&Caller>, deed: &str) -> Result<()> {
    if caller.is_none_or(Caller::is_site_admin) {
        return Ok(());
    }
    Err(Error::Forbidden(format!("only a site admin {deed}")))
}

impl App {
    /// The caller whose token this is. A token that is unknown, revoked or over is nobody's.
    pub async fn authenticate(&self, token: &str) -> Result<Caller> {
        let nobody = || Error::Unauthorized("the token is unknown, revoked or expired; create another one".into());
        let hash = self.vault.hash_token(token).ok_or_else(nobody)?;
        let now = self.now();
        let hears = self.hears_revocations();
        if let Some(user) = self.known.find(&hash, now, hears) {
            return Ok(Caller::User(user));
        }
        let asked = self.known.ask(hears);
        let found = self.store.look(async |mut tx| store::user::find_by_token(&mut tx, &hash, now).await).await?;
        if let Some((user, until)) = found {
            self.known.keep(asked, hash, &user, until);
            return Ok(Caller::User(user));
        }
        let phase = self.store.look(async |mut tx| store::phase::find_by_token(&mut tx, &hash).await).await?;
        let phase = phase.ok_or_else(nobody)?;
        Ok(Caller::Phase {
            is_apply: phase.is_apply(),
            phase_id: phase.id,
            run_id: phase.run_id,
            workspace_id: phase.workspace_id,
        })
    }
    /// The caller whose browser session this is.
    pub async fn authenticate_session(&self, session: &str) -> Result<Caller> {
        let nobody = || Error::Unauthorized("the session is over; sign in again".into());
        let hash = self.vault.hash_token(session).ok_or_else(nobody)?;
        let now = self.now();
        let user = self.store.look(async |mut tx| store::user::find_by_session(&mut tx, &hash, now).await).await?;
        user.map(Caller::User).ok_or_else(nobody)
    }
}
