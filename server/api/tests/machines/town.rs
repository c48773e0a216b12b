//! Two organizations with a workspace each, and everybody who may or may not enter.

use app::{
    App, Caller, Chance, Claimant, Clock, Inner, Limits, NewConfiguration, NewRun, NewUser, Serves, Settings, Source,
    Vault,
};
use axum::{Router, body::Body};
use bytes::Bytes;
use domain::{
    id::{AgentId, Entropy, RunId, WorkspaceId},
    permission::{Permission, Role},
    time::Time,
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use objects::{Blobs, Filesystem};
use protocol::{Counts, Job, Outcome};
use secrecy::ExposeSecret;
use sqlx::{Connection, Executor, PgConnection};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use store::{Store, agent::Agent, notify::Post};
use tower::ServiceExt;

/// The most bytes of a state here.
pub(crate) const STATE_BYTES: usize = 8 << 20;

/// A clock that goes when it is told to.
#[derive(Clone)]
pub(crate) struct Hand {
    wall: Arc<AtomicI64>,
    steady: Arc<AtomicU64>,
}

impl Hand {
    pub(crate) fn pass(&self, seconds: i64) {
        self.step(seconds);
        self.steady.fetch_add(seconds.unsigned_abs(), Relaxed);
    }
    /// Somebody sets the time.
    pub(crate) fn step(&self, seconds: i64) {
        self.wall.fetch_add(seconds * 1_000_000, Relaxed);
    }
}
impl Clock for Hand {
    fn now(&self) -> Time {
        Time::from_micros(self.wall.load(Relaxed))
    }
    fn steady(&self) -> Duration {
        Duration::from_secs(self.steady.load(Relaxed))
    }
}

/// Dice that fall alike each time (SplitMix64).
pub(crate) struct Dice(AtomicU64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
    pub(crate) fn roll(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&self, n: usize) -> usize {
        usize::try_from(self.roll() % n as u64).unwrap()
    }
}
impl Chance for Dice {
    fn entropy(&self) -> Entropy {
        let mut bytes = Entropy::default();
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.roll().to_le_bytes());
        }
        bytes
    }
}

pub(crate) struct Town {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) clock: Hand,
    pub(crate) tokens: BTreeMap<&'static str, String>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) workspace: WorkspaceId,
}

/// Checks, each with a town on either engine.
macro_rules! on_both {
    ($($check:ident)*) => { $(mod $check {
        use $crate::town::{Engine, Town};
        #[tokio::test(flavor = "multi_thread")]
        async fn on_sqlite() {
            super::$check(&Town::build(Engine::Sqlite).await.unwrap()).await;
        }
        #[tokio::test(flavor = "multi_thread")]
        async fn on_postgres() {
            if let Some(town) = Town::build(Engine::Postgres).await {
                super::$check(&town).await;
            }
        }
    })* };
}
pub(crate) use on_both;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    async fn open(self, folder: &std::path::Path) -> Option<Store> {
        match self {
            Self::Sqlite => Some(Store::sqlite(&folder.join("terrane.db")).await.unwrap()),
            Self::Postgres => Some(Store::postgres(&database().await?).await.unwrap()),
        }
    }
}

/// A fresh database on Postgres; `None` only when somebody switched Postgres off by name.
#[expect(clippy::disallowed_methods, reason = "the tests' own setting: it does not reach the server")]
pub(crate) async fn database() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("TERRANE_TEST_POSTGRES").expect(
        "TERRANE_TEST_POSTGRES is not set: run the tests by `tests/tools/postgres run cargo nextest run`, or set it to `off`",
    );
    if server == "off" {
        eprintln!("NOT CHECKED on Postgres: TERRANE_TEST_POSTGRES is off");
        return None;
    }
    let name = format!("machines_{}_{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
    let mut admin = PgConnection::connect(&server).await.expect("reach the Postgres of TERRANE_TEST_POSTGRES");
    admin.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    Some(format!("{}/{name}", server.rsplit_once('/').unwrap().0))
}

/// The object store of a town, which is a directory.
pub(crate) async fn objects_in(folder: &tempfile::TempDir) -> Arc<dyn objects::Store> {
    Arc::new(Filesystem::open(folder.path().join("objects")).await.unwrap())
}

/// The master key that a town begins with.
fn masters() -> app::keys::Masters {
    let master = secrets::LocalMaster::new(secrets::MasterKey::from_bytes(&[7; 32]), "a key".into());
    app::keys::Masters { current: Arc::new(master), old: None }
}

/// A server on this store, one of several when the seeds differ.
async fn server(
    store: Store,
    folder: &std::path::Path,
    objects: Arc<dyn objects::Store>,
    clock: &Hand,
    seed: u64,
    masters: app::keys::Masters,
    index_attributes: bool,
) -> App {
    let providers = folder.join("providers");
    let package = providers.join("registry.terraform.io/hashicorp/plan/1.0.0/linux_amd64");
    std::fs::create_dir_all(&package).unwrap();
    std::fs::write(package.join("terraform-provider-plan"), "a program").unwrap();
    std::fs::create_dir_all(folder.join("releases/terraform/1.11.4")).unwrap();
    let post = Post::new(&store, &seed.to_string());
    let keys = app::keys::open(&store, &masters, clock.now()).await.unwrap();
    App::new(Inner {
        store,
        vault: Vault::new(keys, Blobs::new(objects)),
        clock: Box::new(clock.clone()),
        chance: Box::new(Dice::new(seed)),
        hub: app::hub::Hub::shared(post),
        known: app::Known::default(),
        renewals: app::Renewals::default(),
        check_archive: |archive| {
            let mut start = [0; 6];
            let whole = archive.read_exact(&mut start).is_err() || start != *b"broken";
            whole.then_some(()).ok_or_else(|| "it is broken".to_owned())
        },
        limits: Limits {
            state_bytes: STATE_BYTES,
            upload_bytes: 1 << 20,
            organization_runs: 2,
            workspace_plans: 2,
            plan_seconds: 60,
            apply_seconds: 60,
            grace_seconds: 10,
            apply_lease_seconds: 120,
        },
        surroundings: app::Surroundings::default(),
        index_attributes,
        mirror: mirror::Mirror::open(mirror::Options {
            providers: Some(providers),
            releases: Some(folder.join("releases")),
            ..mirror::Options::new(folder.join("mirror"))
        })
        .unwrap(),
        address: "https://terrane.test".into(),
    })
}

impl Town {
    pub(crate) async fn build(engine: Engine) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let store = engine.open(folder.path()).await?;
        let objects = objects_in(&folder).await;
        Some(Box::pin(Self::on(store, folder, objects)).await)
    }

    /// A town on this store, with its objects there.
    pub(crate) async fn on(store: Store, folder: tempfile::TempDir, objects: Arc<dyn objects::Store>) -> Self {
        let clock = Hand { wall: Arc::new(AtomicI64::new(1_700_000_000_000_000)), steady: Arc::default() };
        let app = server(store, folder.path(), objects, &clock, 1, masters(), true).await;
        let http = http_doors::Http { app: app.clone(), stopping: tokio_util::sync::CancellationToken::new() };
        let mut tokens = BTreeMap::new();
        for organization in ["acme", "other"] {
            app.create_organization(None, organization, &format!("{organization}@nowhere.test")).await.unwrap();
        }
        let roles = [
            ("owner", "acme", Some(Role::Owner)),
            ("write", "acme", Some(Role::Write)),
            ("plan", "acme", Some(Role::Plan)),
            ("read", "acme", Some(Role::Read)),
            ("revoked", "acme", Some(Role::Owner)),
            ("stranger", "other", Some(Role::Owner)),
            ("former", "acme", Some(Role::Owner)),
            ("admin", "acme", None),
        ];
        for (name, organization, role) in roles {
            let email = format!("{name}@example.com");
            let new = NewUser { name: name.into(), email, site_admin: name == "admin", password: None };
            let user = app.create_user(new).await.unwrap();
            if let Some(role) = role {
                app.put_member(None, organization, name, role).await.unwrap();
            }
            let (token, value) = app.create_token(&user, "test", None).await.unwrap();
            if name == "revoked" {
                app.revoke_token(&Caller::User(user), &token.id).await.unwrap();
            }
            tokens.insert(name, value.expose_secret().to_owned());
        }
        app.remove_member("acme", "former").await.unwrap();
        let (_, runner) = app.create_site_runner_token("test").await.unwrap();
        tokens.insert("runner", runner.expose_secret().to_owned());
        app.store.write(async |mut tx| store::agent::put(&mut tx, &embedded()).await).await.unwrap();
        let router = api::router(&http);
        let mut town = Self { app, router, clock, tokens, folder, workspace: WorkspaceId::new(&[0; 32]) };
        let stranger = town.caller("stranger").await;
        let foreign = town.new_workspace(&stranger, "other", "web").await;
        // Boxed, as what follows: each of them is larger than all the rest of a town.
        Box::pin(town.new_run(&stranger, &foreign, NewRun { auto_apply: Some(true), ..NewRun::default() })).await;
        let plan = Box::pin(town.app.claim(&inside(), None)).await.unwrap();
        Box::pin(town.planned(&plan, true)).await;
        let apply = Box::pin(town.app.claim(&inside(), None)).await.unwrap();
        // Announced, so that it is never offered again: the story's own runner executes only its own workspace.
        town.app.started(&apply.lease, "1.11.4", None).await.unwrap();
        town.tokens.insert("foreign-run", apply.token.expose_secret().to_owned());
        let owner = town.caller("owner").await;
        town.workspace = town.new_workspace(&owner, "acme", "web").await;
        town
    }

    /// A second server on the same database.
    pub(crate) async fn another_server(&self) -> App {
        self.server_with(masters()).await
    }

    /// One that was started with these master keys.
    pub(crate) async fn server_with(&self, masters: app::keys::Masters) -> App {
        let objects = objects_in(&self.folder).await;
        server(self.app.store.clone(), self.folder.path(), objects, &self.clock, 2, masters, true).await
    }

    /// One that was started to index attributes or not.
    pub(crate) async fn started_with(&self, index_attributes: bool) -> App {
        let objects = objects_in(&self.folder).await;
        server(self.app.store.clone(), self.folder.path(), objects, &self.clock, 3, masters(), index_attributes).await
    }

    pub(crate) async fn caller(&self, name: &str) -> Caller {
        self.app.authenticate(&self.tokens[name]).await.unwrap()
    }

    pub(crate) async fn new_workspace(&self, caller: &Caller, organization: &str, name: &str) -> WorkspaceId {
        let settings = Settings { name: Some(name.into()), ..Settings::default() };
        self.app.create_workspace(caller, organization, &settings).await.unwrap().id
    }

    /// A run of a configuration that was uploaded for it.
    pub(crate) async fn new_run(&self, caller: &Caller, workspace: &WorkspaceId, new: NewRun) -> RunId {
        let what = NewConfiguration { speculative: false, provisional: false, auto_queue_runs: false };
        let configuration = self.app.create_configuration(caller, workspace, what).await.unwrap();
        self.app.upload_configuration(&configuration.id, Box::pin(&b"archive"[..])).await.unwrap();
        let new = NewRun { configuration_version: Some(configuration.id), ..new };
        self.app.create_run(caller, workspace, new).await.unwrap().id
    }

    /// Time in which the server looks after leases, and nobody prolongs one; how many phases it ended.
    pub(crate) async fn nobody_speaks(&self, seconds: i64) -> usize {
        let before = self.app.end_lost_phases().await.unwrap();
        self.clock.pass(seconds);
        before + self.app.end_lost_phases().await.unwrap()
    }

    pub(crate) async fn planned(&self, job: &Job, has_changes: bool) {
        let outcome = Outcome::Planned { has_changes, counts: Counts::default(), generated_configuration: false };
        self.app.finish(&job.lease, outcome, Vec::new()).await.unwrap();
    }

    /// Writes a state through the http door without a lock.
    pub(crate) async fn write(&self, state: &str) -> app::Result<app::Written> {
        self.write_in(&self.workspace, state).await
    }

    pub(crate) async fn write_in(&self, workspace: &WorkspaceId, state: &str) -> app::Result<app::Written> {
        let owner = self.caller("owner").await;
        let seen = self.app.workspace(&owner, app::Which::Id(workspace), Permission::WriteState).await?;
        self.app.write_state(&owner, &seen, &Source::Http(None), app::Upload::of(state.to_owned()), None).await
    }

    pub(crate) async fn ask(&self, actor: &str, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.ask_with(actor, method, path, body, &[]).await
    }

    pub(crate) async fn ask_with(
        &self,
        actor: &str,
        method: &str,
        path: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = self.tokens.get(actor) {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// A state with these resource instances.
pub(crate) fn state(serial: i64, lineage: &str, instances: &[(&str, u64)]) -> String {
    let resources: Vec<_> = instances
        .iter()
        .map(|(name, value)| {
            serde_json::json!({ "mode": "managed", "type": "t", "name": name, "provider": "p",
                "instances": [{ "attributes": { "v": value } }] })
        })
        .collect();
    serde_json::json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": lineage,
        "outputs": { "secret": { "value": "CANARY-output", "type": "string", "sensitive": true } },
        "resources": resources })
    .to_string()
}

/// The runner inside the server.
pub(crate) fn inside() -> Claimant {
    Claimant { agent: embedded().id, session: 1, serves: Serves::Site, protocol: protocol::VERSION, token: None }
}

/// The same, as the server knows it. It is gone: who waits for a runner waits for another.
fn embedded() -> Agent {
    Agent {
        id: AgentId::new(&[1; 32]),
        organization_id: None,
        pool_id: None,
        name: "inside".into(),
        address: String::new(),
        version: "0".into(),
        protocol: protocol::VERSION.into(),
        slots: 1,
        status: "exited".into(),
        session: 1,
        last_ping_at: Time::from_micros(0),
        created_at: Time::from_micros(0),
        busy: 0,
    }
}
