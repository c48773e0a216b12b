//! Wrong requests, made from a route and what a client sends there when it is right.

use crate::routes::Route;
use crate::things::{Things, body, filled, parameters};
use crate::town::Town;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// More than any document, state or archive here may have.
const TOO_LARGE: usize = 13 << 20;

/// Things that are not for who asks: those that were deleted, and another organization's.
pub(crate) struct Others {
    deleted: BTreeMap<&'static str, String>,
    foreign: BTreeMap<&'static str, String>,
}

/// One request.
pub(crate) struct Case {
    pub(crate) what: String,
    pub(crate) address: String,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Sent,
    /// It cannot be right, whatever the route does.
    pub(crate) refuse: bool,
}

pub(crate) enum Sent {
    Whole(Vec<u8>),
    /// The client goes away in the middle.
    Cut(Vec<u8>),
}

impl Case {
    pub(crate) fn new(what: impl Into<String>, address: &str, body: impl Into<Vec<u8>>) -> Self {
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

pub(crate) async fn others(town: &Town, user: &str) -> Others {
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
pub(crate) fn actor(route: &Route) -> &'static str {
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
    let good_body = body(route, town, things);
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
            let free = (path.starts_with("/api/http") && ["unknown", "deleted"].contains(&what))
                || wrong == "file"
                // That is what it is for.
                || (path.ends_with("/actions/restore") && what == "deleted");
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

fn bodies(route: &Route, town: &Town, things: &Things, address: &str, cases: &mut Vec<Case>) {
    let good = body(route, town, things);
    let document: Value = serde_json::from_str(&good).unwrap_or_default();
    // Where nothing has to be said, nothing is read.
    let read = !["", "{}"].contains(&good.as_str()) && route.method != "DELETE" && !route.path.starts_with("/api/http");
    let mut add = |case: Case| cases.push(if read { case } else { case.tolerated() });
    if route.method == "DELETE" && !route.path.contains("/relationships/") && !route.path.starts_with("/api/http") {
        // What is deleted is named by the address; a body is not looked at.
        add(Case::new("a body", address, "{"));
        return;
    }
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

/// Everything that can be wrong with a request to a route.
pub(crate) fn cases(route: &Route, town: &Town, things: &Things, others: &Others) -> Vec<Case> {
    let (mut cases, address) = (Vec::new(), things.address(&route.path, town));
    addresses(route, town, things, others, &mut cases);
    queries(route, &address, &mut cases);
    if route.method != "GET" {
        bodies(route, town, things, &address, &mut cases);
    }
    cases
}
