//! A house with a real database, and a browser that knows no script.

use app::{
    App, Caller, Claimant, Clock as _, Inner, Limits, NewConfiguration, NewRun, NewUser, Serves, Settings,
    SystemChance, SystemClock, Vault,
};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use bytes::Bytes;
use domain::{id::AgentId, permission::Role, time::Time};
use http_body_util::BodyExt as _;
use objects::{Blobs, Filesystem};
use protocol::{Counts, Job, Outcome};
use secrecy::ExposeSecret as _;
use secrets::{LocalMaster, MasterKey};
use std::{sync::Arc, time::Duration};
use store::{Store, agent::Agent};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// The house, with an organization `acme` that `ada` owns, a workspace `net` in it, and a stranger.
pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) stopping: CancellationToken,
    pub(crate) ada: Caller,
    pub(crate) workspace: app::model::Workspace,
    _directory: tempfile::TempDir,
}

/// What a browser saw.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) text: String,
}

impl Seen {
    pub(crate) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }
    /// The token of the page's first form.
    pub(crate) fn csrf(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"csrf\" value=\"").expect("the page has a form");
        rest.split_once('"').unwrap().0.to_owned()
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let house = Self::empty().await;
        let app = &house.app;
        for name in ["ada", "eve", "ron"] {
            let password = Some(PASSWORD.to_owned().into());
            let new = NewUser { name: name.into(), email: format!("{name}@acme.example"), site_admin: false, password };
            app.create_user(new).await.unwrap();
        }
        let ada = Caller::User(app.user_by_name("ada").await.unwrap());
        app.create_organization(Some(ada.user().unwrap()), "acme", "it@acme.example").await.unwrap();
        app.put_member(None, "acme", "ron", Role::Read).await.unwrap();
        let settings = Settings { name: Some("net".into()), ..Settings::default() };
        let workspace = app.create_workspace(&ada, "acme", &settings).await.unwrap();
        Self { ada, workspace, ..house }
    }

    /// The runner inside the server. It is gone: who waits for a runner waits for another.
    pub(crate) async fn inside(&self) -> Claimant {
        let (agent, long_ago) = (AgentId::new(&[1; 32]), Time::from_micros(0));
        let known = Agent {
            id: agent.clone(),
            organization_id: None,
            pool_id: None,
            name: "inside".into(),
            address: String::new(),
            version: "0".into(),
            protocol: 1,
            slots: 1,
            status: "exited".into(),
            session: 1,
            last_ping_at: long_ago,
            created_at: long_ago,
            busy: 0,
        };
        self.app.store.write(async |mut tx| store::agent::put(&mut tx, &known).await).await.unwrap();
        Claimant { agent, session: 1, serves: Serves::Site, protocol: protocol::VERSION, token: None }
    }

    /// A server that nobody was set up on.
    pub(crate) async fn nobody() -> (App, Router, CancellationToken, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let objects = Filesystem::open(directory.path().join("objects")).await.unwrap();
        let limits = Limits {
            state_bytes: 1 << 20,
            upload_bytes: 1 << 20,
            organization_runs: 10,
            workspace_plans: 2,
            plan_seconds: 60,
            apply_seconds: 60,
            grace_seconds: 10,
            apply_lease_seconds: 120,
        };
        let store = Store::sqlite(&directory.path().join("house.db")).await.unwrap();
        let master = LocalMaster::new(MasterKey::generate().unwrap(), "a key".into());
        let masters = app::keys::Masters { current: Arc::new(master), old: None };
        let keys = app::keys::open(&store, &masters, SystemClock::default().now()).await.unwrap();
        let app = App::new(Inner {
            store,
            vault: Vault::new(keys, Blobs::new(Arc::new(objects))),
            clock: Box::new(SystemClock::default()),
            chance: Box::new(SystemChance::default()),
            hub: app::hub::Hub::default(),
            known: app::Known::default(),
            renewals: app::Renewals::default(),
            check_archive: |_| Ok(()),
            limits,
            surroundings: app::Surroundings::default(),
            index_attributes: true,
            mirror: mirror::Mirror::open(mirror::Options::new(directory.path().join("mirror"))).unwrap(),
            address: "https://terrane.example".into(),
        });
        let stopping = CancellationToken::new();
        let router = terrane_web::router(&http_doors::Http { app: app.clone(), stopping: stopping.clone() });
        (app, router, stopping, directory)
    }

    async fn empty() -> Self {
        let (app, router, stopping, directory) = Self::nobody().await;
        let first = app.offer_setup().await.unwrap().unwrap();
        let new = NewUser {
            name: "root".into(),
            email: "root@terrane.example".into(),
            site_admin: true,
            password: Some(PASSWORD.to_owned().into()),
        };
        app.set_up(first.expose_secret(), new).await.unwrap();
        let root = Caller::User(app.user_by_name("root").await.unwrap());
        app.create_organization(None, "empty", "nobody@terrane.example").await.unwrap();
        let settings = Settings { name: Some("none".into()), ..Settings::default() };
        let workspace = app.create_workspace(&root, "empty", &settings).await.unwrap();
        Self { app, router, stopping, ada: root, workspace, _directory: directory }
    }

    /// The cookie of somebody who signed in.
    pub(crate) async fn cookie(&self, name: &str) -> String {
        let session = self.app.sign_in(name, &PASSWORD.to_owned().into()).await.unwrap();
        format!("__Host-terrane={}", session.expose_secret())
    }
    pub(crate) async fn send(&self, request: Request<Body>) -> Seen {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Seen { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }
    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Seen {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        self.send(request).await
    }
    /// Sends a form as a browser does, from a page of this site (`same-origin`) or of another.
    pub(crate) async fn post(&self, path: &str, cookie: &str, site: &str, form: &str) -> Seen {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.send(request).await
    }
    /// A run whose plan a runner has claimed.
    pub(crate) async fn planning(&self, message: &str) -> (app::model::Run, Job) {
        let new = NewConfiguration { speculative: false, provisional: false, auto_queue_runs: false };
        let version = self.app.create_configuration(&self.ada, &self.workspace.id, new).await.unwrap();
        let body = Box::pin(std::io::Cursor::new(b"a slug".to_vec()));
        self.app.upload_configuration(&version.id, body).await.unwrap();
        let new = NewRun { message: Some(message.into()), source: "terraform+cloud".into(), ..NewRun::default() };
        let run = self.app.create_run(&self.ada, &self.workspace.id, new).await.unwrap();
        let job = self.app.claim(&self.inside().await, None).await.unwrap();
        assert_eq!(job.run_id, run.id.as_str());
        (run, job)
    }
    pub(crate) async fn log(&self, job: &Job, offset: u64, text: &str) {
        self.app.write_log(&job.lease, offset, Bytes::copy_from_slice(text.as_bytes())).await.unwrap();
    }
    pub(crate) async fn planned(&self, job: &Job) {
        let counts = Counts { additions: 2, changes: 1, destructions: 0, imports: 0 };
        let outcome = Outcome::Planned { has_changes: true, counts, generated_configuration: false };
        self.app.finish(&job.lease, outcome, Vec::new()).await.unwrap();
    }
}

/// A stream of events as it comes.
pub(crate) struct Events(Body, String);

impl Events {
    pub(crate) async fn open(house: &House, path: &str, cookie: &str, last: Option<&str>) -> Self {
        let mut request = Request::get(path).header(header::COOKIE, cookie);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = house.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        let mut events = Self(response.into_body(), String::new());
        assert_eq!(events.next().await.as_deref(), Some(": hello"));
        events
    }
    /// The next event; `None` when the stream has ended. What never comes is a failure, not a wait without end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.1 = rest;
                return Some(event);
            }
            let frame = tokio::time::timeout(Duration::from_secs(60), self.0.frame()).await.expect("an event comes")?;
            self.1.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
        }
    }
}
