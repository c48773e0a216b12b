//! Bad input at every route, made from the routes themselves: never a 5xx, always an error in the door's own form that says something, and
//! nothing changed by what was refused.

use crate::dump::Dump;
use crate::routes::{Route, routes};
use crate::things::{Things, body, filled, furnish, parameters};
use crate::town::{Answer, Engine, Town};
use axum::body::{Body, Bytes};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// More than any document, state or archive here may have.
const TOO_LARGE: usize = 13 << 20;

/// Things that are not for who asks: those that were deleted, and another organization's.
struct Others {
    deleted: BTreeMap<&'static str, String>,
    foreign: BTreeMap<&'static str, String>,
}

/// One request.
struct Case {
    what: String,
    address: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Sent,
    /// It cannot be right, whatever the route does.
    refuse: bool,
}

enum Sent {
    Whole(Vec<u8>),
    /// The client goes away in the middle.
    Cut(Vec<u8>),
}

impl Case {
    fn new(what: impl Into<String>, address: &str, body: impl Into<Vec<u8>>) -> Self {
        let (what, address) = (what.into(), address.to_owned());
        Self { what, address, headers: Vec::new(), body: Sent::Whole(body.into()), refuse: true }
    }
    /// It may be taken, too.
    fn tolerated(self) -> Self {
        Self { refuse: false, ..self }
    }
}

async fn id(town: &Town, actor: &str, path: &str, attributes: Value) -> String {
    let body = json!({ "data": { "attributes": attributes } }).to_string();
    let answer = town.ask(actor, "POST", path, body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    answer.json()["data"]["id"].as_str().unwrap().to_owned()
}

async fn others(town: &Town, user: &str) -> Others {
    let workspace = id(town, "owner", "/api/v2/organizations/acme/workspaces", json!({ "name": "gone" })).await;
    let variable = json!({ "key": "k", "category": "env", "value": "v" });
    let variable = id(town, "owner", &format!("/api/v2/workspaces/{workspace}/vars"), variable).await;
    let key = json!({ "name": "gone", "value": crate::identity::SSH_KEY });
    let ssh_key = id(town, "owner", "/api/v2/organizations/acme/ssh-keys", key).await;
    let pool = id(town, "owner", "/api/v2/organizations/acme/agent-pools", json!({ "name": "gone" })).await;
    let tokens = format!("/api/v2/users/{user}/authentication-tokens");
    let token = id(town, "owner", &tokens, json!({ "description": "gone" })).await;
    for path in [
        format!("workspaces/{workspace}/vars/{variable}"),
        format!("workspaces/{workspace}"),
        format!("ssh-keys/{ssh_key}"),
        format!("agent-pools/{pool}"),
        format!("authentication-tokens/{token}"),
    ] {
        let answer = town.ask("owner", "DELETE", &format!("/api/v2/{path}"), "").await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
    }
    let deleted = [
        ("workspace", workspace),
        ("variable", variable),
        ("ssh_key", ssh_key),
        ("pool", pool),
        ("token", token),
        ("name", "gone".into()),
    ];
    let theirs = town.ask("stranger", "GET", "/api/v2/organizations/other/workspaces/web", "").await.json();
    let workspace = theirs["data"]["id"].as_str().unwrap().to_owned();
    let runs = town.ask("stranger", "GET", &format!("/api/v2/workspaces/{workspace}/runs"), "").await.json();
    let run = runs["data"][0]["id"].as_str().unwrap().to_owned();
    let relations = &runs["data"][0]["relationships"];
    let related = |name: &str| relations[name]["data"]["id"].as_str().unwrap().to_owned();
    let event = relations["run-events"]["data"][0]["id"].as_str().unwrap().to_owned();
    let foreign = [
        ("organization", "other".to_owned()),
        ("owner", "other".to_owned()),
        ("project", theirs["data"]["relationships"]["project"]["data"]["id"].as_str().unwrap().to_owned()),
        ("plan", related("plan")),
        ("apply", related("apply")),
        ("configuration", related("configuration-version")),
        ("event", event),
        ("workspace", workspace),
        ("run", run),
    ];
    Others { deleted: deleted.into(), foreign: foreign.into() }
}

/// Who may do what the route does, so that nothing but the input is wrong.
fn actor(route: &Route) -> &'static str {
    let admins = route.path.contains("/admin/") || (route.method == "POST" && route.path == "/api/v2/organizations");
    match route.path.as_str() {
        path if path.starts_with("/api/runner/") => "runner",
        _ if admins => "admin",
        _ => "owner",
    }
}

/// Addresses that are wrong in one place.
fn addresses(route: &Route, town: &Town, things: &Things, others: &Others, cases: &mut Vec<Case>) {
    let path = route.path.as_str();
    let good_body = body(route, town);
    for wrong in parameters(path) {
        let good = things.value(wrong, path, town);
        // An id is a prefix and 16 characters behind it; everything else is a name.
        let id = good.split_once('-').filter(|(prefix, rest)| prefix.len() <= 8 && rest.len() >= 16);
        let mut values = vec![("too long", "x".repeat(300)), ("a NUL", "%00".into()), ("no UTF-8", "%ff".into())];
        values.push(("a way up", "..%2F..".into()));
        if let Some((prefix, rest)) = id {
            let tail = if rest.ends_with("zzzz") { "yyyy" } else { "zzzz" };
            values.push(("nobody's", format!("{prefix}-{}{tail}", &rest[..rest.len() - 4])));
            values.push(("of another type", format!("xx-{rest}")));
            values.push(("cut", prefix.to_owned()));
        } else {
            values.push(("unknown", "none-such".into()));
        }
        // A site admin's right is to every organization.
        let admins = actor(route) == "admin";
        let theirs = others.foreign.get(wrong).filter(|_| !admins && !path.starts_with("/api/http"));
        values.extend(theirs.map(|theirs| ("another organization's", theirs.clone())));
        values.extend(others.deleted.get(wrong).map(|gone| ("deleted", gone.clone())));
        for (what, value) in values {
            let address =
                filled(
                    path,
                    |parameter| {
                        if parameter == wrong { value.clone() } else { things.value(parameter, path, town) }
                    },
                );
            let query = things.address(path, town);
            let query = query.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
            let case = Case::new(format!("{{{wrong}}} {what}"), &(address + &query), good_body.clone());
            // The http door makes a workspace of any good name; the name of a file is for who keeps it.
            let free = (path.starts_with("/api/http") && ["unknown", "deleted"].contains(&what)) || wrong == "file";
            cases.push(if free { case.tolerated() } else { case });
        }
    }
}

fn queries(route: &Route, address: &str, cases: &mut Vec<Case>) {
    if route.method != "GET" {
        return;
    }
    let and = if address.contains('?') { '&' } else { '?' };
    let pages = ["0", "-1", "9223372036854775807", "99999999999999999999", "x", "", "1.5"];
    let pages = pages.iter().flat_map(|n| [format!("page%5Bnumber%5D={n}"), format!("page%5Bsize%5D={n}")]);
    let others =
        ["include=nonsense,more", "include=%00", "include=", "%ff=%ff", "filter=x", "a&&=&b", "search%5Bname%5D=%00"];
    for query in pages.chain(others.map(str::to_owned)) {
        cases.push(Case::new(query.clone(), &format!("{address}{and}{query}"), "").tolerated());
    }
}

fn bodies(route: &Route, town: &Town, address: &str, cases: &mut Vec<Case>) {
    let good = body(route, town);
    let document: Value = serde_json::from_str(&good).unwrap_or_default();
    // Where nothing has to be said, nothing is read.
    let read = !["", "{}"].contains(&good.as_str()) && route.method != "DELETE" && !route.path.starts_with("/api/http");
    let mut add = |case: Case| cases.push(if read { case } else { case.tolerated() });
    let nested = "[".repeat(200_000);
    for text in ["{", "[]", "null", "\"x\"", "7", "\u{0}", "\u{feff}{}", "<xml/>", "{\"data\":{}} {}", &nested] {
        let short: String = text.chars().take(20).collect();
        add(Case::new(format!("body {short}"), address, text));
    }
    for (text, why) in [("{\"data\":7}", "data is 7"), ("{\"data\":{\"attributes\":[]}}", "attributes are a list")] {
        add(Case::new(why, address, text).tolerated());
    }
    add(Case::new("no UTF-8", address, vec![0xff; 20]));
    let half = good.as_bytes()[..good.len() / 2].to_vec();
    add(Case::new("half the body", address, half.clone()));
    add(Case { body: Sent::Cut(half), ..Case::new("cut in the middle", address, "") });
    let mut large = good.clone().into_bytes();
    large.resize(TOO_LARGE, b' ');
    add(Case::new("too large", address, large));
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "\u{7f}"] {
        let headers = if kind == "\u{7f}" { vec![] } else { vec![("content-type", kind)] };
        add(Case { headers, ..Case::new(format!("content type {kind}"), address, good.clone()) }.tolerated());
    }
    if document["data"]["attributes"].is_object() {
        attributes(&document, address, &mut add);
    }
}

/// Documents that differ from a good one in one attribute.
fn attributes(good: &Value, address: &str, add: &mut impl FnMut(Case)) {
    let mut of_another_type = good.clone();
    of_another_type["data"]["type"] = "nonsense".into();
    add(Case::new("another type of document", address, of_another_type.to_string()));
    let mut extra = good.clone();
    extra["data"]["attributes"]["no-such-attribute"] = json!({ "a": [1] });
    add(Case::new("an extra attribute", address, extra.to_string()).tolerated());
    for name in good["data"]["attributes"].as_object().into_iter().flatten().map(|(name, _)| name) {
        let mut missing = good.clone();
        missing["data"]["attributes"].as_object_mut().unwrap().remove(name);
        add(Case::new(format!("no {name}"), address, missing.to_string()).tolerated());
        let was = &good["data"]["attributes"][name];
        for value in [json!(7), json!(true), json!("x"), json!([]), json!({ "a": 1 }), json!(-1e300), Value::Null] {
            let mut wrong = good.clone();
            let alike = std::mem::discriminant(was) == std::mem::discriminant(&value);
            wrong["data"]["attributes"][name] = value.clone();
            let case = Case::new(format!("{name} is {value}"), address, wrong.to_string());
            add(if alike || value.is_null() { case.tolerated() } else { case });
        }
        for text in ["\u{0}".to_owned(), "x".repeat(100_000), "\u{202e}".into(), "../..".into()] {
            let mut strange = good.clone();
            strange["data"]["attributes"][name] = text.clone().into();
            let short: String = text.chars().take(5).collect();
            add(Case::new(format!("{name} is {short:?}…"), address, strange.to_string()).tolerated());
        }
    }
}

/// An error says what is wrong, in the form of its door.
fn in_form(route: &Route, answer: &Answer, case: &str) {
    let kind = answer.headers.get("content-type").map_or("", |kind| kind.to_str().unwrap());
    if route.path.starts_with("/api/http") {
        assert!(kind.starts_with("text/plain") || answer.status == 423, "{case}: {kind}");
        assert!(!answer.text().trim().is_empty(), "{case}");
        return;
    }
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|e| panic!("{case}: no JSON, {e}"));
    let said = if route.path.starts_with("/api/runner") {
        &json["message"]
    } else if route.path == "/oauth/token" {
        &json["error"]
    } else {
        if !route.path.starts_with("/api/mirror") {
            assert_eq!(kind, "application/vnd.api+json", "{case}");
        }
        assert_eq!(json["errors"][0]["status"], answer.status.as_str(), "{case}");
        &json["errors"][0]["detail"]
    };
    assert!(said.as_str().is_some_and(|said| said.len() > 5 || route.path == "/oauth/token"), "{case}");
}

async fn send(town: &Town, route: &Route, case: &Case, token: Option<&str>) -> Answer {
    let body = match &case.body {
        Sent::Whole(bytes) => Body::from(bytes.clone()),
        Sent::Cut(bytes) => Body::from_stream(futures::stream::iter([
            Ok(Bytes::from(bytes.clone())),
            Err(std::io::Error::other("the client went away")),
        ])),
    };
    let mut headers = case.headers.clone();
    headers.extend(token.map(|token| ("authorization", token)));
    let actor = if token.is_some() { "nobody" } else { actor(route) };
    town.ask_with(actor, route.method, &case.address, body, &headers).await
}

/// Those whose answer is none of ours to give before somebody has asked for it elsewhere.
fn is_asked_for_elsewhere(route: &Route) -> bool {
    // What is not kept here is fetched from where it is published: `mirror` has tests of its own for what may go wrong there.
    route.path.starts_with("/api/mirror/")
}

/// A town in which something stands at every address.
struct Furnished {
    town: Town,
    things: Things,
    others: Others,
}

impl Furnished {
    async fn new(engine: Engine) -> Option<Self> {
        let town = Town::build(engine).await?;
        let things = furnish(&town).await;
        let others = others(&town, &things.user).await;
        // What a first request does once: keys are made, and a token has been used.
        for (actor, method, path) in [("nobody", "GET", "/.well-known/jwks"), ("runner", "POST", "/api/runner/enlist")]
        {
            town.ask(actor, method, path, "").await;
        }
        Some(Self { town, things, others })
    }

    fn cases(&self, route: &Route) -> Vec<Case> {
        let (mut cases, address) = (Vec::new(), self.things.address(&route.path, &self.town));
        addresses(route, &self.town, &self.things, &self.others, &mut cases);
        queries(route, &address, &mut cases);
        if route.method != "GET" {
            bodies(route, &self.town, &address, &mut cases);
        }
        cases
    }
}

/// What is wrong with the answer to a case, if something is.
fn judge(route: &Route, case: &Case, answer: &Answer) -> Option<String> {
    let shown: String = answer.text().chars().take(300).collect();
    let name = format!("{} ({}): {} {shown}", route.name(), case.what, answer.status.as_u16());
    if answer.status.is_success() {
        return case.refuse.then(|| format!("{name}: taken"));
    }
    // The JSON of a plan that is not made yet is asked for again.
    if answer.status.is_server_error() && !(answer.status == 503 && route.path.contains("json-output")) {
        return Some(name);
    }
    let judged = std::panic::catch_unwind(|| in_form(route, answer, &name));
    judged.err().map(|why| why.downcast_ref::<String>().cloned().unwrap_or(name))
}

async fn walk(engine: Engine) -> Option<Vec<String>> {
    let mut problems = Vec::new();
    let mut there = Furnished::new(engine).await?;
    for route in routes() {
        if is_asked_for_elsewhere(&route) {
            continue;
        }
        let mut before = Dump::of(&there.town).await;
        let mut cases = there.cases(&route);
        // Those that cannot be right come first and are looked after at once; of the others each may change something.
        cases.sort_by_key(|case| !case.refuse);
        let certain = cases.iter().filter(|case| case.refuse).count();
        for (number, case) in cases.iter().enumerate() {
            let answer = send(&there.town, &route, case, None).await;
            problems.extend(judge(&route, case, &answer));
            let changes = answer.status.is_success() && route.method != "GET";
            if changes && (route.method == "DELETE" || route.path.contains("/actions/")) {
                there = Furnished::new(engine).await?;
            }
            let looked_at =
                number + 1 == certain || number + 1 == cases.len() || route.method != "GET" && number >= certain;
            if !looked_at && !changes {
                continue;
            }
            let after = Dump::of(&there.town).await;
            if let (false, Some(before), Some(after)) = (changes, &before, &after)
                && before != after
            {
                problems.push(format!(
                    "{} ({}): refused, and changed {:#?}",
                    route.name(),
                    case.what,
                    before.difference(after)
                ));
            }
            before = after;
        }
    }
    Some(problems)
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_at_every_route_on_sqlite() {
    let problems = Box::pin(walk(Engine::Sqlite)).await.unwrap();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_at_every_route_on_postgres() {
    if let Some(problems) = Box::pin(walk(Engine::Postgres)).await {
        assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_in_form_everywhere() {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    let things = furnish(&town).await;
    for route in routes() {
        let address = things.address(&route.path, &town);
        let open = ["well-known", "/ping", "/oauth/", "/api/signed/"].iter().any(|part| route.path.contains(part));
        for token in ["Bearer", "Bearer nonsense", "Bearer \u{20ac}", "Basic !!!", "Basic OnRlcnI=", "Digest x"] {
            let case = Case::new(token, &address, body(&route, &town));
            let answer = send(&town, &route, &case, Some(token)).await;
            if !open {
                let name = format!("{} ({token}): {} {}", route.name(), answer.status, answer.text());
                assert_eq!(answer.status, 401, "{name}");
                in_form(&route, &answer, &name);
            }
        }
    }
}
