//! Every page and every form, read from the source of the routers, times everybody who may come to it. Nobody is let in without a sign-in, a
//! stranger sees nothing of an organization, a form of who may only read changes nothing, and none is taken from another page or site. What
//! may not be so is listed with its reason; one that is not needed any more fails.

use crate::{
    house::{House, PASSWORD},
    settings::KEY,
};
use app::{AgentPoolChange, NewTest, Serves, Source, Upload};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use protocol::wire::{Hello, Speaks};
use std::{cmp::Reverse, collections::BTreeSet, fmt::Write as _, path::Path};
use tower::ServiceExt as _;

/// The files with a router, and below which address their routes begin.
const SOURCES: [(&str, &str, &str); 2] = [
    ("lib.rs", include_str!("../../src/lib.rs"), ""),
    ("settings/mod.rs", include_str!("../../src/settings/mod.rs"), "/app/settings/organizations"),
];

/// What needs no sign-in, and why.
const PUBLIC: &[(&str, &str)] = &[
    ("GET /", "leads to the pages, which ask for a sign-in"),
    ("GET /app/{organization}/workspaces/{*rest}", "leads to a shorter address, which asks for the right"),
    ("GET /static/{name}", "the style of the sign-in's page too"),
    ("GET /sign-in", "is the sign-in"),
    ("POST /sign-in", "is the sign-in"),
];

/// What is open to everybody who is signed in, and why.
const OPEN: &[(&str, &str)] = &[
    ("POST /sign-out", "everybody ends their own session"),
    ("GET /oauth/authorization", "everybody signs their own CLI in"),
    ("POST /oauth/authorization", "everybody signs their own CLI in"),
    ("GET /app", "lists everybody's own organizations: `workspace.rs`"),
    ("GET /app/settings/tokens", "everybody's own tokens"),
    ("POST /app/settings/tokens", "everybody's own tokens"),
];

/// Where nobody of this table comes in, and where that is shown instead.
const SHUT: &[(&str, &str)] = &[
    ("GET /setup/{setup}", "there is somebody already: `sign_in.rs`"),
    ("POST /setup/{setup}", "there is somebody already: `sign_in.rs`"),
];

/// Every field of every form: each handler reads its own.
const FORM: &str = "name=new&email=a%40acme.example&description=d&days=30&limit=3&weight=1&decision=deny&mode=remote&engine=terraform\
    &version=latest&image=&with=organization&key=&script=true&value=none&comment=c&client_id=terraform-cli&response_type=code\
    &redirect_uri=http%3A%2F%2Flocalhost%3A10003%2Flogin&state=x&code_challenge_method=S256\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const QUERIES: [(&str, &str); 2] = [
    ("GET /app/events", "?organization=acme"),
    (
        "GET /oauth/authorization",
        "?client_id=terraform-cli&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A10003%2Flogin&state=x\
         &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    ),
];

/// Who comes: a stranger, a member who may read, an owner, a site admin.
const PEOPLE: [&str; 4] = ["eve", "ron", "ada", "root"];

/// Method and address of every route, as the source says them.
fn routes() -> Vec<(&'static str, String)> {
    let mut routes = Vec::new();
    for (_, text, prefix) in SOURCES {
        for part in text.split(".route(").skip(1) {
            let path = part.split('"').nth(1).unwrap();
            let handlers = part.split("\n}\n").next().unwrap();
            let before = routes.len();
            for (handler, method) in [("get(", "GET"), ("post(", "POST")] {
                let named = |before: &str| before.ends_with([' ', '.', '\n', '(']);
                if handlers.match_indices(handler).any(|(at, _)| named(&handlers[..at])) {
                    routes.push((method, format!("{prefix}{path}")));
                }
            }
            assert!(routes.len() > before, "no method read of {path}");
            for unread in ["put(", "patch(", "delete(", "any("] {
                let read = handlers.contains(&format!(".{unread}")) || handlers.contains(&format!(", {unread}"));
                assert!(!read, "{path}: say here how {unread} is walked");
            }
        }
    }
    routes
}

/// A house with one thing of each kind in it.
struct Furnished {
    house: House,
    cookies: Vec<(&'static str, String, String)>,
    run: String,
    version: String,
    pool: String,
    agent: String,
    site_agent: String,
    pool_token: String,
    own_token: String,
    key: String,
    test: String,
    deleted: String,
    style: String,
}

impl Furnished {
    async fn new() -> Self {
        let house = House::new().await;
        let (app, ada) = (&house.app, &house.ada);
        let (run, job) = house.planning("a run").await;
        house.log(&job, 0, "a line\n").await;
        house.planned(&job).await;
        let state =
            r#"{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"l","outputs":{},"resources":[]}"#;
        let other = app::Settings { name: Some("other".into()), ..app::Settings::default() };
        let other = app.create_workspace(ada, "acme", &other).await.unwrap();
        app.lock(ada, &other.id, "test", None).await.unwrap();
        let written = app.write_state(ada, &other, &Source::Cloud, Upload::of(state), None).await.unwrap();
        let gone = app::Settings { name: Some("gone".into()), ..app::Settings::default() };
        let gone = app.create_workspace(ada, "acme", &gone).await.unwrap();
        app.delete_workspace(ada, &gone.id, false).await.unwrap();
        let change = AgentPoolChange { name: Some("pool".into()), ..AgentPoolChange::default() };
        let pool = app.create_agent_pool(ada, "acme", &change).await.unwrap();
        let (pool_token, _) = app.create_agent_token(ada, &pool.id, "test").await.unwrap();
        let serves = Serves::Pool { organization: pool.organization_id.to_string(), pool: pool.id.clone() };
        let (own_token, _) = app.create_token(ada.user().unwrap(), "test", None).await.unwrap();
        let key = app.create_ssh_key(ada, "acme", "deploy", &KEY.to_owned().into()).await.unwrap();
        app.put_hook(ada, "acme", domain::hook::Point::PrePlan, "true".to_owned().into()).await.unwrap();
        let module = ("acme", "vpc", "aws");
        app.create_module(ada, module.0, module.1, module.2).await.unwrap();
        let configuration = app.create_test_configuration(ada, module).await.unwrap().id;
        app.upload_configuration(&configuration, Box::pin(&b"archive"[..])).await.unwrap();
        let new = NewTest { configuration_version: Some(configuration), ..NewTest::default() };
        let test = app.create_test(ada, module, &new).await.unwrap();
        let mut agents = Vec::new();
        for serves in [serves, Serves::Site] {
            let hello = Hello {
                speaks: Speaks::OURS,
                name: "agent".into(),
                version: "0".into(),
                slots: 1,
                agent: None,
                holding: Vec::new(),
            };
            agents.push(app.enlist(&serves, &hello, "").await.unwrap().agent);
        }
        let mut cookies = Vec::new();
        for person in PEOPLE {
            let cookie = house.cookie(person).await;
            let csrf = house.get("/app/settings/tokens", &cookie).await.csrf();
            cookies.push((person, cookie, csrf));
        }
        let page = house.get("/sign-in", "").await.text;
        let (_, style) = page.split_once("href=\"/static/").unwrap();
        Self {
            style: style.split_once('"').unwrap().0.to_owned(),
            run: run.id.to_string(),
            version: written.version.id.to_string(),
            pool: pool.id.to_string(),
            site_agent: agents.pop().unwrap(),
            agent: agents.pop().unwrap(),
            pool_token: pool_token.id.to_string(),
            own_token: own_token.id.to_string(),
            key: key.id.to_string(),
            test: test.run.id.test().to_string(),
            deleted: gone.id.to_string(),
            house,
            cookies,
        }
    }

    fn address(&self, method: &str, path: &str) -> String {
        let mut address = path.to_owned();
        for parameter in path.split('{').skip(1).map(|part| part.split('}').next().unwrap()) {
            let value = match parameter {
                "organization" => "acme",
                // The state lies in another workspace than the run, which holds its own.
                "workspace" if path.contains("/states") => "other",
                "workspace" => "net",
                "*rest" => "net/runs",
                "name" => &self.style,
                "setup" => "wrong",
                "run" => &self.run,
                "action" => "discard",
                "phase" => "plan",
                "version" => &self.version,
                "deleted" => &self.deleted,
                "pool" => &self.pool,
                "agent" if path.contains("runners") => &self.site_agent,
                "agent" => &self.agent,
                "token" if path.contains("agent-pools") => &self.pool_token,
                "token" => &self.own_token,
                "module" => "vpc",
                "system" => "aws",
                "test" => &self.test,
                "key" => &self.key,
                "point" => "pre-plan",
                unknown => panic!("{path}: say here what stands for {unknown}"),
            };
            address = address.replace(&format!("{{{parameter}}}"), value);
        }
        let name = format!("{method} {path}");
        address + QUERIES.iter().find(|(route, _)| *route == name).map_or("", |(_, query)| query)
    }

    /// The status, and where it leads. The body is not waited for: some never end.
    async fn ask(&self, method: &str, path: &str, cookie: &str, csrf: &str, site: &str) -> (u16, String) {
        let mut request = Request::builder().method(method).uri(self.address(method, path));
        request = request.header(header::COOKIE, cookie).header("sec-fetch-site", site);
        let mut body = String::new();
        if method == "POST" {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let password = PASSWORD.replace(' ', "+");
            body = format!("csrf={csrf}&login=ada&password={password}&repeated={password}&{FORM}");
        }
        let answer = self.house.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let location = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location.unwrap_or_default())
    }
}

fn refused(code: u16) -> bool {
    [401, 403, 404].contains(&code)
}

#[tokio::test]
async fn every_route_for_everybody() {
    let mut table = format!("{:72} nobody", "");
    for person in PEOPLE {
        write!(table, " {person:6}").unwrap();
    }
    table = table.trim_end().to_owned() + "\n";
    let (there, mut used) = (Box::pin(Furnished::new()).await, BTreeSet::new());
    let mut routes = routes();
    // What looks comes before what changes, what is inside of something goes before it, and who signs out can do nothing more.
    routes.sort_by_key(|(method, path)| {
        let ends = path.ends_with("/delete") || path.ends_with("/revoke");
        let depth = if ends { path.matches('/').count() } else { 0 };
        (*method == "POST", path == "/sign-out", ends, Reverse(depth))
    });
    for (method, path) in routes {
        let route = format!("{method} {path}");
        let mut listed = |list: &[(&'static str, &str)], title: &'static str| {
            let found = list.iter().find(|(name, _)| *name == route);
            used.extend(found.map(|(name, _)| (title, *name)));
            found.is_some()
        };
        let (code, to) = there.ask(method, &path, "", "", "same-origin").await;
        write!(table, "{route:72} {code:<6}").unwrap();
        let led = code == StatusCode::SEE_OTHER.as_u16() && to.starts_with("/sign-in?to=");
        if !(refused(code) || (method == "GET" && led)) || code == 404 {
            assert!(listed(PUBLIC, "public"), "{route} answers {code} {to} to nobody");
        }
        let mut codes = Vec::new();
        for (person, cookie, csrf) in &there.cookies {
            if method == "POST" {
                let (others, _) = there.ask(method, &path, cookie, csrf, "cross-site").await;
                let (bare, _) = there.ask(method, &path, cookie, "", "same-origin").await;
                let guarded = others == 403 && (refused(bare) || PUBLIC.iter().any(|(name, _)| *name == route));
                assert!(guarded, "{route} for {person}: {others} from another site, {bare} without the page's token");
            }
            let (code, to) = there.ask(method, &path, cookie, csrf, "same-origin").await;
            write!(table, " {code:<6}").unwrap();
            assert!(![400, 405, 415].contains(&code) && code < 500, "{route} for {person}: {code} {to}");
            codes.push((*person, code));
        }
        let of = |name: &str| codes.iter().find(|(person, _)| *person == name).unwrap().1;
        table = table.trim_end().to_owned() + "\n";
        if codes.iter().all(|(_, code)| refused(*code)) {
            assert!(listed(SHUT, "shut"), "{route} lets nobody in, so that its refusals say nothing: {codes:?}");
        } else if !refused(of("eve")) || (method == "POST" && !refused(of("ron"))) {
            let open = listed(PUBLIC, "public") || listed(OPEN, "open");
            assert!(open, "{route} lets a stranger in, or is a form for who may only read: {codes:?}");
        }
    }
    for (title, list) in [("public", PUBLIC), ("open", OPEN), ("shut", SHUT)] {
        for (name, why) in list {
            assert!(used.contains(&(title, name)), "{name} needs no exception any more, or is no route ({why})");
        }
    }
    insta::assert_snapshot!("routes_and_people", table);
}

fn sources_below(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { sources_below(&path, found) } else { found.push(path) }
    }
}

/// The machines have the same test beside their own walk (`server/api/tests/machines/routes.rs`).
#[test]
fn no_router_of_the_pages_is_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources_below(&folder, &mut files);
    let mut routing = Vec::new();
    for path in files {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for unread in [".route_service(", ".nest_service(", ".fallback_service("] {
            assert!(!text.contains(unread), "{name}: the walk cannot read what {unread} serves; use `.route(`");
        }
        if text.contains(".route(") {
            routing.push(name);
        }
    }
    routing.sort();
    assert_eq!(routing, SOURCES.map(|(file, _, _)| file), "the files with `.route(`, and those that the walk reads");
}
