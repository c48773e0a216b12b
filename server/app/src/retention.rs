//! How long things are kept: policies of organizations and workspaces, what they would remove, and its removal.

use crate::{
    App, Caller, Error, Result,
    access::{self, Which},
};
use domain::{
    id::{OrganizationId, RetentionPolicyId, WorkspaceId},
    permission::Permission,
    retention::{Kind, Retention, Wrong},
    time::Time,
};
use std::time::Duration;
use store::{
    Tx, purge,
    retention::{self, RetentionPolicy, Scope, Terms, Weight},
};
use tokio::time::sleep;

const DAY: i64 = 24 * 3600;
/// A policy that is new, or says something new, removes nothing before this: whoever made a mistake has the time to see it. Seconds.
const RESPITE: i64 = DAY;
/// So many are asked for at once.
const BATCH: i64 = 100;
/// So many pieces of a log are removed in one transaction: at most 64 KiB each.
const PIECES: i64 = 200;
/// So many things of a kind are looked at to tell how much would go.
pub const WEIGHED: i64 = 100_000;
/// The pause after each transaction: whoever waits for an answer comes first.
const PAUSE: Duration = Duration::from_millis(3);

/// What a policy is for.
#[derive(Debug, Clone, Copy)]
pub enum Kept<'a> {
    /// Every workspace of the organization of this name that has no policy of its own.
    Organization(&'a str),
    /// A workspace.
    Workspace(&'a WorkspaceId),
}

/// What a policy would remove now, if it had been there for long.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// What it says.
    pub retention: Retention,
    /// Per kind, in the order of [`Kind::ALL`].
    pub weights: [Weight; 4],
}

/// How much was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// State versions.
    pub states: u64,
    /// Configurations.
    pub configurations: u64,
    /// Phases whose files went.
    pub plans: u64,
    /// Phases whose logs went.
    pub logs: u64,
}

/// When, and by what: the end of a sentence.
pub(crate) fn removed(micros: i64) -> String {
    format!("on {} by a retention policy", Time::from_micros(micros).rfc3339())
}

impl App {
    /// The policy of an organization or a workspace itself, and from when on it removes things.
    pub async fn retention_policy(&self, caller: &Caller, kept: Kept<'_>) -> Result<Option<(RetentionPolicy, Time)>> {
        let (organization, workspace) = self.kept(caller, kept, Permission::Read).await?;
        let found = self
            .store
            .look(async |mut tx| retention::find(&mut tx, scope(&organization, workspace.as_ref())).await)
            .await?;
        Ok(found.map(timed))
    }

    /// Gives an organization or a workspace the policy that `change` makes of what it says now: [`Retention::FOREVER`] where there is none.
    ///
    /// # Errors
    /// [`Error::Invalid`] for days and numbers that may not be; what `change` fails with.
    pub async fn change_retention_policy(
        &self,
        caller: &Caller,
        kept: Kept<'_>,
        change: impl Fn(Retention) -> Result<Retention> + Sync,
    ) -> Result<(RetentionPolicy, Time)> {
        let (id, now) = (RetentionPolicyId::new(&self.entropy()), self.now());
        let saved = self
            .store
            .write(async |mut tx| {
                let (organization, workspace) = hold(&mut tx, caller, kept).await?;
                let scope = scope(&organization, workspace.as_ref());
                let said = retention::find(&mut tx, scope).await?;
                let wanted = change(said.as_ref().map_or(Retention::FOREVER, RetentionPolicy::retention))?;
                check(&wanted)?;
                // Who says the same again does not put it off.
                if said.as_ref().is_some_and(|said| said.retention() == wanted) {
                    return Ok(said);
                }
                Ok::<_, Error>(retention::put(&mut tx, &id, scope, wanted, now).await?)
            })
            .await?;
        saved.map(timed).ok_or_else(|| Error::Internal("a retention policy vanished while it was saved".into()))
    }

    /// Takes the policy away: a workspace has its organization's then, as if that was new to it; an organization keeps everything.
    pub async fn delete_retention_policy(&self, caller: &Caller, kept: Kept<'_>) -> Result<()> {
        let now = self.now();
        self.store
            .write(async |mut tx| {
                let (organization, workspace) = hold(&mut tx, caller, kept).await?;
                Ok(retention::delete(&mut tx, scope(&organization, workspace.as_ref()), now).await?)
            })
            .await
    }

    /// What a policy would remove now; without one, what the policy in effect would: a workspace's own, or else its organization's. Nothing is
    /// changed; it is for who decides.
    pub async fn preview_retention(
        &self,
        caller: &Caller,
        kept: Kept<'_>,
        retention: Option<Retention>,
    ) -> Result<Due> {
        let (organization, workspace) = self.kept(caller, kept, needed(kept)).await?;
        let now = self.now();
        if let Some(retention) = &retention {
            check(retention)?;
        }
        let scope = scope(&organization, workspace.as_ref());
        let retention = match retention {
            Some(retention) => retention,
            None => self
                .store
                .read(async |mut tx| match retention::find(&mut tx, scope).await? {
                    Some(own) => Ok::<_, store::Error>(Some(own)),
                    None => retention::find(&mut tx, Scope::Organization(&organization)).await,
                })
                .await?
                .map_or(Retention::FOREVER, |policy| policy.retention()),
        };
        let mut weights = [Weight::default(); 4];
        for (weight, kind) in weights.iter_mut().zip(Kind::ALL) {
            let Some(before) = before(&retention, kind, now) else { continue };
            let terms = Terms { scope, kind, least_states: retention.least_states, before, settled: now };
            *weight = self.store.look(async |mut tx| retention::weigh(&mut tx, terms, WEIGHED).await).await?;
        }
        Ok(Due { retention, weights })
    }

    /// Removes what the policies say, one thing after another. Idempotent, on several servers at once too; the reconciler calls it.
    ///
    /// # Errors
    /// When the database cannot be asked. What concerns one thing is logged, and tried again with the next call.
    pub async fn purge_expired(&self) -> Result<Purged> {
        let mut purged = Purged::default();
        for phase in self.store.look(async |mut tx| purge::list_logs_left(&mut tx, BATCH).await).await? {
            if let Err(error) = self.purge_pieces(&phase).await {
                tracing::warn!(%error, phase, "pieces stay for now: removing a log");
            }
        }
        let settled = self.now().plus_seconds(-RESPITE);
        let mut after = String::new();
        loop {
            let policies =
                self.store.look(async |mut tx| retention::list_settled(&mut tx, settled, &after, BATCH).await).await?;
            let Some(last) = policies.last() else { return Ok(purged) };
            last.id.as_str().clone_into(&mut after);
            for policy in policies {
                self.purge_by(&policy, settled, &mut purged).await?;
            }
        }
    }

    async fn purge_by(&self, policy: &RetentionPolicy, settled: Time, purged: &mut Purged) -> Result<()> {
        let workspace = policy.workspace_id.as_deref().map(str::parse::<WorkspaceId>).transpose();
        let workspace = workspace.map_err(|e| Error::internal("reading a retention policy", e))?;
        let (scope, retention) = (scope(&policy.organization_id, workspace.as_ref()), policy.retention());
        for kind in Kind::ALL {
            let Some(before) = before(&retention, kind, self.now()) else { continue };
            let terms = Terms { scope, kind, least_states: retention.least_states, before, settled };
            let mut last: Option<retention::Due> = None;
            loop {
                let due = self
                    .store
                    .look(async |mut tx| retention::list_due(&mut tx, terms, last.as_ref(), BATCH).await)
                    .await?;
                for due in &due {
                    match self.purge_one(policy, terms, due).await {
                        Ok(true) => *purged.of(kind) += 1,
                        Ok(false) => {}
                        Err(error) => tracing::warn!(%error, id = due.id, "kept for now: removing what a policy says"),
                    }
                    sleep(PAUSE).await;
                }
                let Some(end) = due.into_iter().next_back() else { break };
                last = Some(end);
            }
        }
        Ok(())
    }

    /// Removes one thing, if the policy says so still.
    async fn purge_one(&self, policy: &RetentionPolicy, terms: Terms<'_>, due: &retention::Due) -> Result<bool> {
        let (id, kind, now) = (due.id.as_str(), terms.kind, self.now());
        let gone = self
            .store
            .write(async |mut tx| {
                if !retention::is_in_effect(&mut tx, policy, &due.workspace_id, terms.settled).await? {
                    return Ok(false);
                }
                match kind {
                    Kind::States => purge::purge_state(&mut tx, id, now).await,
                    Kind::Configurations => Ok(purge::hold(&mut tx, &due.workspace_id).await?
                        && purge::purge_configuration(&mut tx, id, now).await?),
                    Kind::Plans => purge::purge_plan(&mut tx, id, now).await,
                    Kind::Logs => purge::begin_log(&mut tx, id, now).await,
                }
            })
            .await?;
        if gone && kind == Kind::Logs {
            self.purge_pieces(id).await?;
        }
        Ok(gone)
    }

    async fn purge_pieces(&self, phase: &str) -> Result<()> {
        while self.store.write(async |mut tx| purge::purge_log_pieces(&mut tx, phase, PIECES).await).await? {
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// What a policy is for, if the caller may do this to it.
    async fn kept(
        &self,
        caller: &Caller,
        kept: Kept<'_>,
        permission: Permission,
    ) -> Result<(OrganizationId, Option<WorkspaceId>)> {
        match kept {
            Kept::Organization(name) => Ok((self.organization(caller, name, permission).await?.id, None)),
            Kept::Workspace(id) => {
                let workspace = self.workspace(caller, Which::Id(id), permission).await?;
                Ok((workspace.organization_id, Some(workspace.id)))
            }
        }
    }
}

impl Purged {
    fn of(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::States => &mut self.states,
            Kind::Configurations => &mut self.configurations,
            Kind::Plans => &mut self.plans,
            Kind::Logs => &mut self.logs,
        }
    }
}

/// What a policy is for, held until the transaction ends, if the caller may decide it.
async fn hold(tx: &mut Tx, caller: &Caller, kept: Kept<'_>) -> Result<(OrganizationId, Option<WorkspaceId>)> {
    match kept {
        Kept::Organization(name) => Ok((access::hold_organization(tx, caller, name, needed(kept)).await?.id, None)),
        Kept::Workspace(id) => {
            let workspace = access::hold(tx, caller, id, needed(kept)).await?;
            Ok((workspace.organization_id, Some(workspace.id)))
        }
    }
}

/// Who decides how long things stay may remove them.
fn needed(kept: Kept<'_>) -> Permission {
    match kept {
        Kept::Organization(_) => Permission::ManageOrganization,
        Kept::Workspace(_) => Permission::DeleteWorkspace,
    }
}

fn scope<'a>(organization: &'a OrganizationId, workspace: Option<&'a WorkspaceId>) -> Scope<'a> {
    workspace.map_or(Scope::Organization(organization), |workspace| Scope::Workspace(organization, workspace))
}

/// With from when on it removes things.
fn timed(policy: RetentionPolicy) -> (RetentionPolicy, Time) {
    let from = policy.updated_at.plus_seconds(RESPITE);
    (policy, from)
}

/// What is older than this goes; `None` when nothing of the kind does.
fn before(retention: &Retention, kind: Kind, now: Time) -> Option<Time> {
    retention.of(kind).map(|days| now.plus_seconds(-days * DAY))
}

fn check(retention: &Retention) -> Result<()> {
    retention.check().map_err(|wrong| {
        let attribute = match wrong {
            Wrong::Days(kind) => kind.attribute(),
            Wrong::LeastStates => "keep-at-least-n-states",
        };
        Error::invalid(attribute, wrong)
    })
}
