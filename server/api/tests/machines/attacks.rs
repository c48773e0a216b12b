//! Bad input gets a clear error, and nothing is lost.

use crate::town::{Dice, Engine, STATE_BYTES, Town, inside, on_both, state};
use app::{NewRun, Upload, VariableChange};
use std::path::Path;

const STATE: &str = "/api/http/acme/web";

on_both! {
    documents  names  wrong_bytes  serials  two_writers_at_once  no_lock  an_upload_twice_at_once  logs
    a_deleted_state_leaves_its_history  an_address_twice  tags_at_once  misaddressed_states
}

/// `backend "http"` reads 404 as an empty state: an address that is a little wrong must not be one.
async fn misaddressed_states(town: &Town) {
    for path in ["/api/http/acme/web/", "/api/http/acme/a/b", "/api/http/acme", "/api/http/acme/"] {
        for actor in ["owner", "stranger"] {
            let answer = town.ask(actor, "GET", path, String::new()).await;
            assert_eq!(answer.status, 400, "{actor} {path}: {}", answer.text());
            assert!(answer.text().contains("/api/http/ORGANIZATION/WORKSPACE"), "{path}");
        }
    }
}

async fn documents(town: &Town) {
    let workspaces = "/api/v2/organizations/acme/workspaces";
    let nested = "[".repeat(200_000);
    for body in [
        "{",
        "[]",
        "null",
        "\"x\"",
        "\u{0}",
        nested.as_str(),
        r#"{"data":[]}"#,
        r#"{"data":{"attributes":[]}}"#,
        r#"{"data":{"attributes":{"name":7}}}"#,
        r#"{"data":{"type":"runs","attributes":{"name":"a"}}}"#,
        r#"{"data":{"attributes":{"name":"a","description":"\u0000"}}}"#,
    ] {
        let answer = town.ask("owner", "POST", workspaces, body.to_owned()).await;
        let case = format!("{}: {} {}", &body[..body.len().min(80)], answer.status, answer.text());
        assert_eq!(answer.status, 422, "{case}");
        assert!(answer.json()["errors"][0]["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{case}");
        assert_eq!(answer.headers["content-type"], "application/vnd.api+json", "{case}");
    }
    for id in ["ws-1", "ws-doesnotexist", "run-1", "%00", "ws-%2F..", &"x".repeat(300)] {
        for path in [
            format!("/api/v2/workspaces/{id}"),
            format!("/api/v2/runs/{id}"),
            format!("/api/v2/plans/{id}"),
            format!("/api/v2/state-versions/{id}"),
            format!("/api/v2/configuration-versions/{id}"),
        ] {
            let answer = town.ask("owner", "GET", &path, "").await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        }
    }
}

async fn names(town: &Town) {
    for name in ["a/b", "..", "", "ü", "a b", "a\u{0}", "\u{202e}x", &"x".repeat(300)] {
        let body = serde_json::json!({ "data": { "attributes": { "name": name } } }).to_string();
        let answer = town.ask("owner", "POST", "/api/v2/organizations/acme/workspaces", body).await;
        assert_eq!(answer.status, 422, "{name:?}: {}", answer.text());
        assert_eq!(answer.json()["errors"][0]["source"]["pointer"], "/data/attributes/name", "{name:?}");
    }
    for name in ["a%2Fb", "%C3%BC", "a%20b", "a%00", &"x".repeat(300)] {
        for method in ["POST", "LOCK", "GET", "DELETE"] {
            let body = if method == "LOCK" { r#"{"ID":"1","Operation":"p"}"#.to_owned() } else { state(1, "l", &[]) };
            let answer = town.ask("owner", method, &format!("/api/http/acme/{name}"), body).await;
            assert!(
                [400, 404].contains(&answer.status.as_u16()),
                "{method} {name}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
}

async fn wrong_bytes(town: &Town) {
    town.write(&state(1, "l", &[])).await.unwrap();
    let good = state(2, "l", &[]);
    let wrong =
        town.ask_with("owner", "POST", STATE, good.clone(), &[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")]).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    assert!(wrong.text().contains("MD5"), "{}", wrong.text());
    for body in ["", "{", "null", &good[..good.len() / 2], r#"{"version":9}"#, r#"{"serial":"x","version":4}"#] {
        let answer = town.ask("owner", "POST", STATE, body.to_owned()).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    let large = town.ask("owner", "POST", STATE, vec![b' '; STATE_BYTES + 1]).await;
    assert_eq!(large.status, 413, "{}", large.text());
    let cut = axum::body::Body::from_stream(futures::stream::iter([
        Ok::<_, std::io::Error>(axum::body::Bytes::from_static(b"{\"version\":4")),
        Err(std::io::Error::other("the client went away")),
    ]));
    let cut = town.ask("owner", "POST", STATE, cut).await;
    assert!(cut.status.is_client_error(), "{} {}", cut.status, cut.text());
    assert_eq!(town.ask("owner", "GET", STATE, "").await.text(), state(1, "l", &[]), "what was there is there");
}

async fn serials(town: &Town) {
    let first = state(5, "l", &[("a", 1)]);
    town.write(&first).await.unwrap();
    assert!(town.write(&first).await.unwrap().repeated, "the same once more is a repeat");
    for (bad, why) in [
        (state(5, "l", &[("b", 1)]), "serial 5 is taken"),
        (state(4, "l", &[]), "older"),
        (state(6, "foreign", &[]), "lineage"),
    ] {
        let refused = town.write(&bad).await.unwrap_err();
        assert!(matches!(refused, app::Error::Conflict(_)) && refused.to_string().contains(why), "{refused}");
        assert_eq!(town.ask("owner", "POST", STATE, bad).await.status, 409);
    }
    let lock = r#"{"ID":"mine","Operation":"push"}"#;
    assert_eq!(town.ask("owner", "LOCK", STATE, lock).await.status, 200);
    let back = town.ask("owner", "POST", &format!("{STATE}?ID=mine"), state(4, "l", &[])).await;
    assert_eq!(back.status, 200, "the holder of the lock may go back: {}", back.text());
    let other = town.ask("write", "UNLOCK", STATE, lock).await;
    assert_eq!(other.status, 423, "{}", other.text());
    assert_eq!(town.ask("owner", "UNLOCK", STATE, lock).await.status, 200);
}

async fn two_writers_at_once(town: &Town) {
    let writes = (0..8).map(|n| async move { town.write(&state(1, "l", &[("a", n)])).await });
    let answers = futures::future::join_all(writes).await;
    let won: Vec<_> = answers.iter().filter_map(|a| a.as_ref().ok()).collect();
    assert_eq!(won.len(), 1, "one serial, one state");
    for lost in answers.iter().filter_map(|a| a.as_ref().err()) {
        assert!(matches!(lost, app::Error::Conflict(_)), "{lost:?}");
    }
}

async fn no_lock(town: &Town) {
    let path = format!("/api/v2/workspaces/{}/state-versions", town.workspace);
    let body = r#"{"data":{"attributes":{"serial":1,"lineage":"l","md5":"d41d8cd98f00b204e9800998ecf8427e"}}}"#;
    let free = town.ask("owner", "POST", &path, body).await;
    assert_eq!(free.status, 409, "{}", free.text());
    assert!(free.text().contains("lock it before"), "{}", free.text());
    let lock = format!("/api/v2/workspaces/{}/actions/lock", town.workspace);
    assert_eq!(town.ask("write", "POST", &lock, "{}").await.status, 200);
    let barred = town.ask("owner", "POST", &path, body).await;
    assert_eq!(barred.status, 409, "{}", barred.text());
    assert_eq!(town.ask("owner", "POST", STATE, state(1, "l", &[])).await.status, 423);
}

async fn an_upload_twice_at_once(town: &Town) {
    let owner = town.caller("owner").await;
    town.app.lock(&owner, &town.workspace, "", None).await.unwrap();
    let bytes = state(1, "l", &[("a", 1)]);
    let announced = app::Announced {
        serial: 1,
        md5: app::Content::read(bytes.as_bytes()).unwrap().md5,
        lineage: "l".into(),
        force: false,
    };
    let version = town.app.announce_state(&owner, &town.workspace, &announced).await.unwrap();
    let uploads = (0..4).map(|_| town.app.upload_state(&version.id, Upload::of(bytes.clone())));
    for answer in futures::future::join_all(uploads).await {
        assert_eq!(answer.unwrap().version.id, version.id);
    }
    let current = town.app.current_state(&owner, app::Which::Id(&town.workspace)).await.unwrap();
    assert_eq!(current.unwrap().0.id, version.id);
    let wrong = town.app.upload_state(&version.id, Upload::of(state(1, "l", &[]))).await.unwrap_err();
    assert!(matches!(wrong, app::Error::Invalid(_)), "{wrong:?}");
}

async fn logs(town: &Town) {
    let owner = town.caller("owner").await;
    let run = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let lease = town.app.claim(&inside(), None).await.unwrap().lease;
    let text: Vec<u8> = (0..200_000u32).flat_map(|n| (n % 251).to_le_bytes()).take(200_000).collect();
    let whole = axum::body::Bytes::from(text.clone());
    town.app.write_log(&lease, 0, whole.slice(..1000)).await.unwrap();
    let gap = town.app.write_log(&lease, 1001, whole.slice(1001..2000)).await.unwrap_err();
    assert!(matches!(gap, app::Error::Conflict(_)), "{gap:?}");
    town.app.write_log(&lease, 500, whole.slice(500..1500)).await.unwrap();
    town.app.write_log(&lease, 0, whole.slice(..700)).await.unwrap();
    // The same bytes from a runner that did not wait for its answer: both are told that they are there.
    let twice = (0..3).map(|_| town.app.write_log(&lease, 1500, whole.slice(1500..)));
    for answer in futures::future::join_all(twice).await {
        answer.unwrap();
    }
    let plan = town.ask("read", "GET", &format!("/api/v2/plans/{}", run.plan()), "").await.json();
    let address = plan["data"]["attributes"]["log-read-url"].as_str().unwrap().to_owned();
    let path = address.strip_prefix("https://terrane.test").unwrap();
    let mut read = Vec::new();
    while read.len() < text.len() {
        let answer = town.ask("nobody", "GET", &format!("{path}?limit=65536&offset={}", read.len()), "").await;
        assert_eq!(answer.status, 200);
        assert!((1..=16_000).contains(&answer.body.len()), "{}", answer.body.len());
        read.extend_from_slice(&answer.body);
    }
    assert!(read == text, "every byte at its offset");
    for offset in [0, 1, 999, 1000, 65_535, 65_536, 67_036, 199_999, 200_000, 300_000] {
        let part = town.app.read_log(&lease.phase_id, offset, 10).await.unwrap();
        let at = usize::try_from(offset).unwrap().min(text.len());
        assert_eq!(part.bytes, text[at..(at + 10).min(text.len())], "at {offset}");
    }
}

async fn a_deleted_state_leaves_its_history(town: &Town) {
    town.write(&state(1, "l", &[("a", 1)])).await.unwrap();
    assert_eq!(town.ask("owner", "DELETE", STATE, "").await.status, 200);
    assert_eq!(town.ask("owner", "GET", STATE, "").await.status, 404);
    let query = "SELECT from_sequence, to_sequence FROM state_resources";
    let rows: Vec<(i64, Option<i64>)> = town.app.store.look(async |mut tx| tx.query(query).all().await).await.unwrap();
    assert_eq!(rows, [(1, Some(2))], "it was there in state 1, and is not in what follows");
    town.write(&state(1, "other", &[("a", 1)])).await.unwrap();
}

async fn an_address_twice(town: &Town) {
    for serial in 1..=3 {
        town.write(&state(serial, "l", &[("a", 1), ("a", 2)])).await.unwrap();
    }
    let query = "SELECT count(*) FROM state_resources";
    let rows: Option<(i64,)> = town.app.store.look(async |mut tx| tx.query(query).optional().await).await.unwrap();
    assert_eq!(rows, Some((1,)), "the index holds each address once");
}

async fn tags_at_once(town: &Town) {
    let owner = town.caller("owner").await;
    let keys = ["a", "b", "c", "d", "e", "f"];
    let adds = keys.map(|key| {
        let (owner, tag) = (owner.clone(), domain::tag::Tag { key: key.into(), value: String::new() });
        async move { town.app.add_tags(&owner, &town.workspace, &[tag]).await }
    });
    for answer in futures::future::join_all(adds).await {
        answer.unwrap();
    }
    let found = town.app.workspace(&owner, app::Which::Id(&town.workspace), domain::permission::Permission::Read).await;
    let mut tags: Vec<String> = found.unwrap().tags().into_iter().map(|tag| tag.key).collect();
    tags.sort();
    assert_eq!(tags, keys, "nobody's tag is lost");
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_lies_open_in_any_file() {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    let owner = town.caller("owner").await;
    town.write(&state(1, "l", &[("a", 1)])).await.unwrap();
    // A large state that compresses badly lies in the object store.
    let dice = Dice::new(7);
    let noise: String = (0..200_000).map(|_| char::from(b'A' + u8::try_from(dice.below(58)).unwrap())).collect();
    let large = state(2, "l", &[]).replace("CANARY-output", &format!("CANARY-object{}", noise.replace('\\', "x")));
    town.write(&large).await.unwrap();
    for sensitive in [true, false] {
        let change = VariableChange {
            key: Some(format!("k{sensitive}")),
            value: Some("CANARY-variable".to_owned().into()),
            category: Some(domain::variable::Category::Env),
            sensitive: Some(sensitive),
            ..VariableChange::default()
        };
        town.app.create_variable(&owner, &town.workspace, change).await.unwrap();
    }
    let new = NewRun { variables: vec![("v".into(), "\"CANARY-run\"".into())], ..NewRun::default() };
    town.new_run(&owner, &town.workspace, new).await;
    let job = town.app.claim(&inside(), None).await.unwrap();
    town.app.write_log(&job.lease, 0, "CANARY-log".into()).await.unwrap();
    let mut found = Vec::new();
    files(town.folder.path(), &mut found);
    assert!(
        found.iter().any(|(path, bytes)| path.contains("/objects/") && bytes.len() > 65_536),
        "an object is read too"
    );
    assert!(
        found.iter().any(|(path, bytes)| path.ends_with("-wal") && !bytes.is_empty()),
        "the log of SQLite is read too"
    );
    for (path, bytes) in &found {
        assert!(!bytes.windows(7).any(|window| window == b"CANARY-"), "{path} holds what it must not");
        for token in town.tokens.values() {
            assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "{path} holds a token");
        }
    }
}
