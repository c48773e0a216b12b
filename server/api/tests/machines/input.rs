//! Bad input at every route, made from the routes themselves: never a 5xx, always an error in the door's own form that says something, and
//! nothing changed by what was refused.

use crate::dump::Dump;
use crate::mistakes::{Case, Others, Sent, actor, cases, others};
use crate::routes::{Route, routes};
use crate::things::{Things, body, furnish};
use crate::town::{Answer, Engine, Town};
use axum::body::{Body, Bytes};
use serde_json::Value;

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
        let mut cases = cases(&route, &there.town, &there.things, &there.others);
        // Those that cannot be right come first and are looked after at once; of the others each may change something.
        cases.sort_by_key(|case| !case.refuse);
        let destroys = route.method == "DELETE" || route.path.contains("/actions/");
        if engine == Engine::Postgres && destroys {
            // Each would need another town, which takes long there.
            cases.retain(|case| case.refuse);
        }
        let certain = cases.iter().filter(|case| case.refuse).count();
        for (number, case) in cases.iter().enumerate() {
            let answer = send(&there.town, &route, case, None).await;
            problems.extend(judge(&route, case, &answer));
            let changes = answer.status.is_success() && route.method != "GET";
            if changes && destroys {
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
            let case = Case::new(token, &address, body(&route, &town, &things));
            let answer = send(&town, &route, &case, Some(token)).await;
            if !open {
                let name = format!("{} ({token}): {} {}", route.name(), answer.status, answer.text());
                assert_eq!(answer.status, 401, "{name}");
                in_form(&route, &answer, &name);
            }
        }
    }
}
