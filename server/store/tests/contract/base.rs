//! A fresh database of either engine, and the rows that most checks begin with.

use domain::{
    id::{BlobId, ConfigurationVersionId, OrganizationId, ProjectId, RunId, StateVersionId, UserId, WorkspaceId},
    time::Time,
};
use sqlx::{Connection, Executor, PgConnection};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use store::{
    Error, Result, Store, Tx, blob, configuration, organization, phase, run, state, user, workspace::Workspace,
};

/// A store and what keeps its files.
pub(crate) struct Fresh {
    pub(crate) store: Store,
    pub(crate) place: String,
    _folder: Option<tempfile::TempDir>,
}

impl std::ops::Deref for Fresh {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

pub(crate) async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("terrane.db");
    let store = Store::sqlite(&path).await.unwrap();
    Fresh { store, place: path.to_str().unwrap().to_owned(), _folder: Some(folder) }
}

/// `None` only when somebody switched Postgres off by name; one that is missing fails.
pub(crate) async fn postgres() -> Option<Fresh> {
    let url = postgres_url().await?;
    let store = Store::postgres(&url).await.unwrap();
    Some(Fresh { store, place: url, _folder: None })
}

#[expect(clippy::disallowed_methods, reason = "the tests' own setting: it does not reach the store")]
pub(crate) async fn postgres_url() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("TERRANE_TEST_POSTGRES").expect(
        "TERRANE_TEST_POSTGRES is not set: run the tests by `tests/tools/postgres run cargo nextest run`, or set it to `off`",
    );
    if server == "off" {
        eprintln!("NOT CHECKED on Postgres: TERRANE_TEST_POSTGRES is off");
        return None;
    }
    let name = format!("contract_{}_{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
    let mut admin = PgConnection::connect(&server).await.expect("reach the Postgres of TERRANE_TEST_POSTGRES");
    admin.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    Some(format!("{}/{name}", server.rsplit_once('/').unwrap().0))
}

macro_rules! on_both {
    ($($check:ident)*) => { $(mod $check {
        #[tokio::test(flavor = "multi_thread")]
        async fn on_sqlite() {
            super::$check(&$crate::base::sqlite().await).await;
        }
        #[tokio::test(flavor = "multi_thread")]
        async fn on_postgres() {
            if let Some(fresh) = $crate::base::postgres().await {
                super::$check(&fresh).await;
            }
        }
    })* };
}
pub(crate) use on_both;

pub(crate) const NOW: Time = Time::from_micros(1_700_000_000_000_000);

/// The rows that others hang on.
pub(crate) struct World {
    pub(crate) user: user::User,
    pub(crate) organization: organization::Organization,
    pub(crate) project: organization::Project,
    pub(crate) workspace: Workspace,
}

pub(crate) fn person(n: u8) -> user::User {
    user::User {
        id: UserId::new(&[n; 32]),
        name: format!("person-{n}"),
        email: format!("person-{n}@example.com"),
        site_admin: false,
        created_at: NOW,
    }
}

pub(crate) async fn world(store: &Store) -> World {
    let user = person(1);
    let organization = organization::Organization {
        id: OrganizationId::new(&[1; 32]),
        name: "acme".into(),
        email: "owner@example.com".into(),
        run_limit: Some(2),
        run_weight: 1,
        image: "registry.example.com/t:{version}".into(),
        created_at: NOW,
        role: None,
    };
    let project = organization::Project {
        id: ProjectId::new(&[1; 32]),
        name: "Default Project".into(),
        description: String::new(),
        is_default: true,
        created_at: NOW,
    };
    let workspace = workspace(&organization, &project, 1);
    store
        .write(async |mut tx| {
            user::insert(&mut tx, &user, Some("hash")).await?;
            organization::insert(&mut tx, &organization).await?;
            organization::insert_project(&mut tx, &organization.id, &project).await?;
            store::workspace::insert(&mut tx, &workspace, b"wrapped").await
        })
        .await
        .unwrap();
    World { user, organization, project, workspace }
}

pub(crate) fn workspace(
    organization: &organization::Organization,
    project: &organization::Project,
    n: u8,
) -> Workspace {
    let id = WorkspaceId::new(&[n; 32]);
    let mut workspace = Workspace::new(id, organization, project.id.clone(), "1.11.4", NOW);
    workspace.name = format!("workspace-{n}");
    workspace
}

/// Makes a version the current one: of bytes of its own, unless it says which.
pub(crate) async fn append(tx: &mut Tx, world: &World, version: &state::StateVersion) -> Result<()> {
    let serial = u8::try_from(version.serial).unwrap();
    let mut blob = sealed(world, serial);
    blob.id = match &version.blob_id {
        Some(id) => id.parse().unwrap(),
        None => BlobId::new(&[100 + serial; 32]),
    };
    let version = state::StateVersion { blob_id: Some(blob.id.to_string()), ..version.clone() };
    let now = version.created_at;
    let append = state::Append { version: &version, announced: false, blob: &blob, closed: &[], opened: &[], now };
    state::append(tx, &append).await
}

pub(crate) fn sealed(world: &World, n: u8) -> blob::Blob {
    blob::Blob {
        id: BlobId::new(&[n; 32]),
        organization_id: world.organization.id.clone(),
        workspace_id: world.workspace.id.clone(),
        size: 3,
        sealed: Some(vec![n, 0, 255]),
        object_key: None,
        base_blob_id: None,
    }
}

pub(crate) fn version(world: &World, n: u8) -> state::StateVersion {
    state::StateVersion {
        id: StateVersionId::new(&[n; 32]),
        organization_id: world.organization.id.clone(),
        workspace_id: world.workspace.id.clone(),
        sequence: Some(n.into()),
        parent_id: None,
        status: "finalized".into(),
        serial: n.into(),
        lineage: "l".into(),
        md5: format!("{n:032x}"),
        sha256: Some(format!("{n:064x}")),
        size: 3,
        forced: false,
        terraform_version: "1.11.4".into(),
        format: 4,
        resource_count: 1,
        blob_id: None,
        json_blob_id: None,
        run_id: None,
        rollback_id: None,
        created_by: Some(world.user.id.to_string()),
        created_at: NOW.plus_seconds(n.into()),
        purged_at: None,
        indexed: false,
    }
}

pub(crate) fn configured(world: &World, n: u8) -> configuration::ConfigurationVersion {
    configuration::ConfigurationVersion {
        id: ConfigurationVersionId::new(&[n; 32]),
        organization_id: world.organization.id.clone(),
        workspace_id: world.workspace.id.clone(),
        status: "pending".into(),
        source: "tfe-api".into(),
        speculative: false,
        provisional: false,
        auto_queue_runs: true,
        error_message: None,
        blob_id: None,
        created_by: Some(world.user.id.to_string()),
        created_at: NOW.plus_seconds(n.into()),
        purged_at: None,
    }
}

pub(crate) fn new_run(world: &World, configuration: &ConfigurationVersionId, n: u8) -> run::New {
    run::New {
        id: RunId::new(&[n; 32]),
        organization_id: world.organization.id.clone(),
        workspace_id: world.workspace.id.clone(),
        configuration_version_id: configuration.clone(),
        message: "why".into(),
        source: "tfe-api".into(),
        created_by: None,
        created_at: NOW.plus_seconds(n.into()),
        is_destroy: false,
        refresh: true,
        refresh_only: false,
        plan_only: false,
        save_plan: false,
        auto_apply: false,
        allow_empty_apply: false,
        generate_config: false,
        json_log: true,
        targets: vec!["a.b[\"ü\"]".into()],
        replaces: Vec::new(),
        variables: Some(vec![0, 1]),
    }
}

/// A pending run of a fresh configuration version, both numbered `n`.
pub(crate) async fn run(store: &Store, world: &World, n: u8) -> run::Run {
    let configuration = configured(world, n);
    let new = new_run(world, &configuration.id, n);
    store
        .write(async |mut tx| {
            configuration::insert(&mut tx, &configuration).await?;
            run::insert(&mut tx, &new).await?;
            run::find(&mut tx, &new.id).await
        })
        .await
        .unwrap()
        .unwrap()
}

/// A lease of an agent that every test may use.
pub(crate) fn leased(fence: i64, until: Time, token_hash: &[u8]) -> phase::NewLease<'_> {
    phase::NewLease { fence, until, token_hash, pool: None, agent: "agent-a", claim: None }
}

/// How often this workspace was saved: what most checks of the facade count by.
pub(crate) async fn fence(store: &Store, id: &WorkspaceId) -> i64 {
    store.look(async |mut tx| store::workspace::find(&mut tx, id, "").await).await.unwrap().unwrap().fence
}

/// Takes the next fence, which loses against another that took it.
pub(crate) async fn raise(tx: &mut Tx, id: &WorkspaceId) -> Result<i64, Error> {
    let seen = store::workspace::hold(tx, id, "").await?.unwrap();
    store::workspace::set_fence(tx, id, seen.fence + 1).await?;
    Ok(seen.fence + 1)
}
