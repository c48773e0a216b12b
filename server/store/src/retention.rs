//! Policies that say how long things are kept, and what is due by them.

use crate::{Result, Tx, query::Query};
use domain::{
    id::{OrganizationId, RetentionPolicyId, WorkspaceId},
    retention::{Kind, Retention},
    time::Time,
};
use sqlx::FromRow;

/// A policy of an organization or of a workspace.
#[derive(Debug, Clone, FromRow)]
pub struct RetentionPolicy {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: RetentionPolicyId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which workspace; `None` is every one of the organization that has none of its own.
    pub workspace_id: Option<String>,
    /// Days for states; `None` is for ever, here and below.
    pub states: Option<i64>,
    /// Days for configurations.
    pub configurations: Option<i64>,
    /// Days for plans.
    pub plans: Option<i64>,
    /// Days for logs.
    pub logs: Option<i64>,
    /// So many of the newest states stay.
    pub least_states: i64,
    /// Since when it says that.
    #[sqlx(try_from = "i64")]
    pub updated_at: Time,
}

impl RetentionPolicy {
    /// What it says.
    pub fn retention(&self) -> Retention {
        Retention {
            states: self.states,
            configurations: self.configurations,
            plans: self.plans,
            logs: self.logs,
            least_states: self.least_states,
        }
    }
}

/// What a policy is for.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// Every workspace of an organization that has no policy of its own.
    Organization(&'a OrganizationId),
    /// A workspace.
    Workspace(&'a OrganizationId, &'a WorkspaceId),
}

impl<'a> Scope<'a> {
    fn organization(self) -> &'a OrganizationId {
        match self {
            Self::Organization(organization) | Self::Workspace(organization, _) => organization,
        }
    }
    fn workspace(self) -> Option<&'a WorkspaceId> {
        match self {
            Self::Organization(_) => None,
            Self::Workspace(_, workspace) => Some(workspace),
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, organization_id, workspace_id, states, configurations, plans, logs, least_states, updated_at FROM retention_policies ",
            $rest
        )
    };
}

/// The policy of an organization or a workspace itself.
pub async fn find(tx: &mut Tx, scope: Scope<'_>) -> Result<Option<RetentionPolicy>> {
    match scope {
        Scope::Organization(organization) => tx
            .query(select!("WHERE organization_id = $1 AND workspace_id IS NULL AND NOT inherits"))
            .bind(organization.as_str()),
        Scope::Workspace(_, workspace) => {
            tx.query(select!("WHERE workspace_id = $1 AND NOT inherits")).bind(workspace.as_str())
        }
    }
    .optional()
    .await
}

/// Every policy that says the same since this moment or longer, behind the one with this id.
pub async fn list_settled(tx: &mut Tx, since: Time, after: &str, limit: i64) -> Result<Vec<RetentionPolicy>> {
    tx.query(select!("WHERE updated_at <= $1 AND id > $2 AND NOT inherits ORDER BY id LIMIT $3"))
        .bind(since.micros())
        .bind(after)
        .bind(limit)
        .all()
        .await
}

/// Gives an organization or a workspace a policy, or its policy these words, whoever else does so too.
pub async fn put(
    tx: &mut Tx,
    id: &RetentionPolicyId,
    scope: Scope<'_>,
    retention: Retention,
    now: Time,
) -> Result<Option<RetentionPolicy>> {
    macro_rules! put {
        ($whose:literal) => {
            concat!(
                "INSERT INTO retention_policies (id, organization_id, workspace_id, inherits, states, configurations, plans, logs, least_states, updated_at)
                 VALUES ($1, $2, $3, FALSE, $4, $5, $6, $7, $8, $9) ON CONFLICT ",
                $whose,
                " DO UPDATE SET inherits = FALSE, states = excluded.states, configurations = excluded.configurations, plans = excluded.plans, logs = excluded.logs,
                 least_states = excluded.least_states, updated_at = excluded.updated_at"
            )
        };
    }
    let text = match scope {
        Scope::Organization(_) => put!("(organization_id) WHERE workspace_id IS NULL"),
        Scope::Workspace(..) => put!("(workspace_id) WHERE workspace_id IS NOT NULL"),
    };
    tx.query(text)
        .bind(id.as_str())
        .bind(scope.organization().as_str())
        .bind(scope.workspace().map(WorkspaceId::as_str))
        .bind(retention.states)
        .bind(retention.configurations)
        .bind(retention.plans)
        .bind(retention.logs)
        .bind(retention.least_states)
        .bind(now.micros())
        .run()
        .await?;
    find(tx, scope).await
}

/// Takes a policy away. That of a workspace leaves a row that says since when: its organization's policy is new to it.
pub async fn delete(tx: &mut Tx, scope: Scope<'_>, now: Time) -> Result<()> {
    match scope {
        Scope::Organization(organization) => tx
            .query("DELETE FROM retention_policies WHERE organization_id = $1 AND workspace_id IS NULL")
            .bind(organization.as_str()),
        Scope::Workspace(_, workspace) => tx
            .query("UPDATE retention_policies SET inherits = TRUE, updated_at = $1 WHERE workspace_id = $2 AND NOT inherits")
            .bind(now.micros())
            .bind(workspace.as_str()),
    }
    .run()
    .await
    .map(drop)
}

/// Whether a policy still says what it said when it was read, and still says it of this workspace. `settled` is as in [`list_due`].
pub async fn is_in_effect(
    tx: &mut Tx,
    policy: &RetentionPolicy,
    workspace: &WorkspaceId,
    settled: Time,
) -> Result<bool> {
    let found: Option<(String,)> = tx
        .query(
            "SELECT p.id FROM retention_policies p WHERE p.id = $1 AND p.updated_at = $2 AND NOT p.inherits
             AND (p.workspace_id IS NOT NULL OR NOT EXISTS (
                 SELECT 1 FROM retention_policies own WHERE own.workspace_id = $3 AND (NOT own.inherits OR own.updated_at > $4)))",
        )
        .bind(policy.id.as_str())
        .bind(policy.updated_at.micros())
        .bind(workspace.as_str())
        .bind(settled.micros())
        .optional()
        .await?;
    Ok(found.is_some())
}

/// Something that is due, and where it stands among what is: by its age.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Due {
    /// Of a state version, a configuration version or a phase.
    pub id: String,
    /// In which workspace.
    #[sqlx(try_from = "String")]
    pub workspace_id: WorkspaceId,
    /// What counts as the beginning of its age, in microseconds.
    pub at: i64,
}

/// What is due together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Weight {
    /// How many, or as many as were looked at.
    pub count: i64,
    /// The bytes of all, as they were entrusted.
    pub bytes: i64,
    /// The oldest, in microseconds; `None` when nothing is due.
    pub oldest: Option<i64>,
}

/// The rows of a kind that are no longer needed, whatever their age: each is `x`.
fn needless(kind: Kind) -> &'static str {
    match kind {
        Kind::States => {
            " FROM state_versions x JOIN workspaces w ON w.id = x.workspace_id
             WHERE x.blob_id IS NOT NULL AND (w.current_state_id IS NULL OR x.id <> w.current_state_id)
             AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = x.run_id AND NOT r.final)"
        }
        Kind::Configurations => {
            " FROM configuration_versions x WHERE x.blob_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.configuration_version_id = x.id AND NOT r.final)
             AND x.id <> COALESCE((SELECT c.id FROM configuration_versions c WHERE c.workspace_id = x.workspace_id AND c.status = 'uploaded'
                 AND NOT c.speculative AND NOT c.provisional ORDER BY c.created_at DESC, c.id DESC LIMIT 1), '')"
        }
        Kind::Plans => {
            " FROM phases x WHERE x.plan_purged_at IS NULL AND EXISTS (SELECT 1 FROM runs r WHERE r.id = x.run_id AND r.final)"
        }
        Kind::Logs => {
            " FROM phases x WHERE x.log_purged_at IS NULL AND EXISTS (SELECT 1 FROM runs r WHERE r.id = x.run_id AND r.final)"
        }
    }
}

/// What the age of a kind counts from.
fn at(kind: Kind) -> &'static str {
    match kind {
        Kind::States | Kind::Configurations => "x.created_at",
        Kind::Plans | Kind::Logs => "x.finished_at",
    }
}

/// The bytes of one of a kind, as they were entrusted.
fn bytes(kind: Kind) -> &'static str {
    match kind {
        Kind::States => "x.size",
        Kind::Configurations => "(SELECT b.size FROM blobs b WHERE b.id = x.blob_id)",
        Kind::Plans => "(SELECT sum(b.size) FROM artifacts a JOIN blobs b ON b.id = a.blob_id WHERE a.phase_id = x.id)",
        Kind::Logs => "x.log_end",
    }
}

/// That there is anything to tell of it: phases without files or a log are due too, and bring nothing.
fn is_some(kind: Kind) -> &'static str {
    match kind {
        Kind::States | Kind::Configurations => "",
        Kind::Plans => " AND EXISTS (SELECT 1 FROM artifacts a WHERE a.phase_id = x.id)",
        Kind::Logs => " AND x.log_end > 0",
    }
}

/// What is asked of a policy: what is older than `before` goes.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Of which workspaces.
    pub scope: Scope<'a>,
    /// Of which kind.
    pub kind: Kind,
    /// So many of the newest states of each workspace stay.
    pub least_states: i64,
    /// From when on things are too young.
    pub before: Time,
    /// A workspace whose own policy was taken away after this moment has not its organization's yet.
    pub settled: Time,
}

fn narrow<'t>(query: Query<'t>, terms: Terms<'_>) -> Query<'t> {
    let mut query = query.push(" AND ").push(at(terms.kind)).push(" < ").value(terms.before.micros());
    if terms.kind == Kind::States {
        // Those that never became current are counted with the others: one may be the only record of what an apply made.
        query = query
            .push(
                " AND x.place < COALESCE((SELECT o.place FROM state_versions o WHERE o.workspace_id = x.workspace_id AND o.blob_id IS NOT NULL
                  ORDER BY o.place DESC, o.created_at DESC, o.id DESC LIMIT 1 OFFSET ",
            )
            .value(terms.least_states.saturating_sub(1))
            .push("), 0)");
    }
    match terms.scope {
        // By the workspace alone: that is what its index begins with.
        Scope::Workspace(_, workspace) => query.push(" AND x.workspace_id = ").value(workspace.as_str().to_owned()),
        Scope::Organization(organization) => query
            .push(" AND x.organization_id = ")
            .value(organization.as_str().to_owned())
            .push(
                " AND NOT EXISTS (SELECT 1 FROM retention_policies own
                  WHERE own.workspace_id = x.workspace_id AND (NOT own.inherits OR own.updated_at > ",
            )
            .value(terms.settled.micros())
            .push("))"),
    }
}

/// What is due of a kind, oldest first, behind what came last.
pub async fn list_due(tx: &mut Tx, terms: Terms<'_>, after: Option<&Due>, limit: i64) -> Result<Vec<Due>> {
    let (from, id) = after.map_or((0, ""), |due| (due.at, due.id.as_str()));
    let at = at(terms.kind);
    let query = tx.query("SELECT x.id, x.workspace_id, ").push(at).push(" AS at").push(needless(terms.kind));
    narrow(query, terms)
        .push(" AND (")
        .push(at)
        .push(", x.id) > (")
        .value(from)
        .push(", ")
        .value(id.to_owned())
        .push(") ORDER BY ")
        .push(at)
        .push(", x.id LIMIT ")
        .value(limit)
        .all()
        .await
}

/// How much is due of a kind, of the `most` oldest at most.
pub async fn weigh(tx: &mut Tx, terms: Terms<'_>, most: i64) -> Result<Weight> {
    let at = at(terms.kind);
    let query = tx
        .query("SELECT count(*) AS count, CAST(COALESCE(sum(s.bytes), 0) AS BIGINT) AS bytes, min(s.at) AS oldest FROM (SELECT ")
        .push(bytes(terms.kind))
        .push(" AS bytes, ")
        .push(at)
        .push(" AS at")
        .push(needless(terms.kind))
        .push(is_some(terms.kind));
    let weight = narrow(query, terms).push(" ORDER BY ").push(at).push(" LIMIT ").value(most).push(") s").optional();
    Ok(weight.await?.unwrap_or_default())
}
