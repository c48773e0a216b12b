//! Every route times every kind of caller. Each refuses who is of another organization, or was of this one, and each that changes something
//! refuses a member without the right; what may not is listed with its reason. The whole table is a snapshot: it is looked at.

use crate::routes::routes;
use crate::things::{body, furnish};
use crate::town::{Answer, Engine, Town};
use std::{collections::BTreeSet, fmt::Write};

const ROLES: [&str; 11] =
    ["nobody", "revoked", "runner", "foreign-run", "stranger", "former", "read", "plan", "write", "owner", "admin"];
/// Who is of another organization, or of none.
const OUTSIDERS: [&str; 3] = ["foreign-run", "stranger", "former"];
/// Who is of this one, and may less than its owners.
const MEMBERS: [&str; 3] = ["read", "plan", "write"];

/// Routes that answer somebody of another organization, and why they may.
const OPEN: &[(&str, &str)] = &[
    ("GET /api/v2/ping", "clients ask who answers before they have a token"),
    ("GET /api/v2/account/details", "everybody reads who they are"),
    ("GET /api/v2/organizations", "everybody lists their own: `nobody_lists_anothers_organizations`"),
    ("GET /.well-known/terraform.json", "says where the services are, with any token and without"),
    ("POST /oauth/token", "takes a code that proves itself (`login.rs`)"),
    ("GET /.well-known/openid-configuration", "clouds read it to verify a run's identity"),
    ("GET /.well-known/jwks", "clouds read it to verify a run's identity"),
    ("GET /api/mirror/providers/{host}/{namespace}/{kind}/{document}", "serves what is published for everybody"),
    ("GET /api/mirror/releases/{product}/index.json", "serves what is published for everybody"),
    ("GET /api/mirror/releases/{product}/{version}/{file}", "serves what is published for everybody"),
];

/// Routes that let nobody of the table in, so that their refusals say nothing, and where it is shown whom they refuse.
const SHUT: &[(&str, &str)] = &[
    ("GET /api/v2/plans/{plan}/json-output", "there is no JSON before a plan has ended: `runs.rs`"),
    (
        "/api/signed/",
        "an address that we signed is the right itself; none is forged: `attacks.rs`, `registry.rs`, `uploads.rs`",
    ),
    ("/api/runner/", "takes the token of a runner that has enlisted: `runners.rs`, `pools.rs`"),
];

/// The answers to one route, by role.
struct Row {
    route: String,
    answers: Vec<(&'static str, Answer)>,
}

impl Row {
    fn code(&self, role: &str) -> u16 {
        let (_, answer) = self.answers.iter().find(|(name, _)| *name == role).unwrap();
        answer.status.as_u16()
    }

    fn refuses(&self, role: &str) -> bool {
        [401, 403, 404].contains(&self.code(role))
    }

    fn is_among(&self, list: &[(&'static str, &str)], used: &mut BTreeSet<&'static str>) -> bool {
        // An entry is a whole route, or what all the routes of one door begin with.
        let fits = |entry: &str| self.route == entry || self.route.split(' ').any(|part| part.starts_with(entry));
        let found = list.iter().find(|(entry, _)| fits(entry));
        used.extend(found.map(|(entry, _)| *entry));
        found.is_some()
    }

    /// What must be so of every route. `used` collects the exceptions that were needed.
    fn judge(&self, used: &mut BTreeSet<&'static str>) {
        let route = &self.route;
        for (role, answer) in &self.answers {
            let (code, text) = (answer.status.as_u16(), answer.text());
            let case = format!("{role}: {route}: {code} {text}");
            // The JSON of a plan that is not made yet is asked for again.
            assert!(code < 500 || (code == 503 && route.contains("json-output")), "{case}");
            assert!(code != 405 && !text.contains("that address"), "the walk asks where nothing is: {case}");
            let concerns_state = route.contains("state") || route.contains("/api/http");
            if OUTSIDERS.contains(role) && concerns_state && !route.contains("/api/runner") {
                assert!(code == 401 || code == 403, "never 404: {case}");
            }
        }
        let shut = !self.answers.iter().any(|(role, _)| !self.refuses(role));
        if shut || route.contains("/api/runner/") {
            assert!(self.is_among(SHUT, used), "{route} lets nobody in, so that its refusals say nothing");
            assert!(self.refuses("nobody") && self.refuses("owner") && self.refuses("admin"), "{route}");
            return;
        }
        let changes = !route.starts_with("GET ");
        let refuses_outsiders = OUTSIDERS.iter().all(|role| self.refuses(role));
        let refuses_a_member = MEMBERS.iter().any(|role| self.refuses(role));
        if !refuses_outsiders || (changes && !refuses_a_member) {
            let why = "is done for somebody of another organization, or for every member";
            assert!(
                self.is_among(OPEN, used),
                "{route} {why}: {:?}",
                self.answers.iter().map(|(role, _)| (role, self.code(role))).collect::<Vec<_>>()
            );
            return;
        }
        for role in ["nobody", "revoked", "runner"] {
            assert_eq!(self.code(role), 401, "{role}: {route}");
        }
    }
}

async fn table(engine: Engine) -> Option<String> {
    let mut table = format!("{:72}", "");
    for role in ROLES {
        write!(table, " {role:11}").unwrap();
    }
    table = table.trim_end().to_owned() + "\n";
    let (mut untouched, mut used) = (None, BTreeSet::new());
    for route in routes() {
        let (town, things) = match untouched.take() {
            Some(both) => both,
            None => {
                let town = Town::build(engine).await?;
                let things = furnish(&town).await;
                (town, things)
            }
        };
        let mut row = Row { route: route.name(), answers: Vec::new() };
        for role in ROLES {
            let address = things.address(&route.path, &town);
            row.answers.push((role, town.ask(role, route.method, &address, body(&route, &town, &things)).await));
        }
        row.judge(&mut used);
        let codes: String = ROLES.iter().map(|role| format!(" {:<11}", row.code(role))).collect();
        writeln!(table, "{}", format!("{:72}{codes}", row.route).trim_end()).unwrap();
        let changed = route.method != "GET" && row.answers.iter().any(|(_, answer)| answer.status.is_success());
        untouched = (!changed).then_some((town, things));
    }
    for (entry, why) in OPEN.iter().chain(SHUT) {
        assert!(used.contains(entry), "{entry} needs no exception any more, or is no route ({why})");
    }
    Some(table)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_every_role_on_sqlite() {
    insta::assert_snapshot!("routes_and_roles", Box::pin(table(Engine::Sqlite)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_every_role_on_postgres() {
    if let Some(table) = Box::pin(table(Engine::Postgres)).await {
        insta::assert_snapshot!("routes_and_roles", table);
    }
}

#[tokio::test]
async fn a_list_of_states_is_no_secret_way_in() {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    for (organization, name) in [("acme", "web"), ("acme", "none"), ("none", "none")] {
        let path = format!(
            "/api/v2/state-versions?filter%5Borganization%5D%5Bname%5D={organization}&filter%5Bworkspace%5D%5Bname%5D={name}"
        );
        for role in OUTSIDERS {
            let answer = town.ask(role, "GET", &path, "").await;
            assert_eq!(answer.status, 403, "{role} {path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn nobody_lists_anothers_organizations() {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    for (role, expected) in [("stranger", &["other"][..]), ("former", &[]), ("read", &["acme"])] {
        let listed = town.ask(role, "GET", "/api/v2/organizations", "").await.json();
        let names: Vec<_> = listed["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{role}");
    }
}

/// The net itself: one careless answer in an otherwise good row is caught.
#[test]
fn a_row_that_lets_the_wrong_one_in_is_caught() {
    let row = |route: &str, codes: [u16; 11]| {
        let answer = |code| Answer {
            status: http::StatusCode::from_u16(code).unwrap(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        let answers = ROLES.into_iter().zip(codes.map(answer)).collect();
        Row { route: route.to_owned(), answers }
    };
    let judged = |row: Row| std::panic::catch_unwind(|| row.judge(&mut BTreeSet::new())).is_ok();
    let (read, change) = ("GET /api/v2/new/{run}", "POST /api/v2/new/{run}");
    assert!(judged(row(read, [401, 401, 401, 404, 404, 404, 200, 200, 200, 200, 200])));
    assert!(judged(row(change, [401, 401, 401, 404, 404, 404, 403, 200, 200, 200, 200])));
    for (route, codes) in [
        (read, [401, 401, 401, 404, 200, 404, 200, 200, 200, 200, 200]),
        (read, [401, 401, 401, 200, 404, 404, 200, 200, 200, 200, 200]),
        (read, [401, 401, 401, 404, 404, 200, 200, 200, 200, 200, 200]),
        (read, [200, 401, 401, 404, 404, 404, 200, 200, 200, 200, 200]),
        (read, [401, 401, 401, 404, 404, 404, 404, 404, 404, 404, 404]),
        (change, [401, 401, 401, 404, 404, 404, 200, 200, 200, 200, 200]),
        (change, [401, 401, 401, 404, 404, 404, 403, 200, 200, 500, 200]),
        ("GET /api/v2/new/{state}", [401, 401, 401, 404, 403, 403, 200, 200, 200, 200, 200]),
    ] {
        assert!(!judged(row(route, codes)), "{route} {codes:?} is let through");
    }
}
