//! What is found, by whom, and what never is.

use crate::town::{Dice, Town, on_both};
use app::Settings;
use domain::search::{Document, Query, fold};
use serde_json::{Value, json};

on_both! {
    what_a_state_holds_is_found  pages_hold_everything_once  what_changes_is_found_as_it_is  who_may_not_read_finds_nothing
    what_is_no_query_is_refused  nothing_sensitive_is_indexed  states_from_before_are_indexed  attributes_can_be_left_out
    resources_are_listed  a_large_state_is_found_too  the_index_finds_what_looking_at_everything_finds
    what_ended_leaves_nothing  many_words_hold_nobody  what_fails_waits_before_it_is_tried_again
    many_outputs_are_told_page_by_page  tags_of_a_workspace_that_say_a_secret_are_left_out
    many_workspaces_of_a_name_are_found_one_after_another
    a_state_with_nul_in_a_name_is_refused  a_long_address_is_found_by_its_beginning
}

/// Everything that a query finds, page by page: kind, workspace and name of each, sorted.
pub(crate) async fn found(town: &Town, query: &str, size: usize) -> Vec<String> {
    let mut found = listed(town, query, size).await;
    found.sort();
    found
}

/// The same in the order of the answers.
async fn listed(town: &Town, query: &str, size: usize) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    for _ in 0..10_000 {
        let q: String = form_urlencoded(query);
        let path = format!("/api/v2/organizations/acme/search?q={q}&page%5Bsize%5D={size}&page%5Bafter%5D={after}");
        let answer = town.ask("read", "GET", &path, "").await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let answer = answer.json();
        for one in answer["data"].as_array().unwrap() {
            let attributes = &one["attributes"];
            let name = attributes["address"].as_str().or_else(|| attributes["name"].as_str()).unwrap();
            found.push(format!(
                "{} {} {name}",
                attributes["kind"].as_str().unwrap(),
                attributes["workspace-name"].as_str().unwrap()
            ));
        }
        match answer["meta"]["pagination"]["next-cursor"].as_str() {
            Some(next) => after = next.to_owned(),
            None => return found,
        }
    }
    panic!("{query} never ends")
}

fn form_urlencoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A state whose resource `aws_instance.web` has these attributes, one instance each.
fn servers(serial: i64, attributes: &[Value]) -> String {
    let instance = |(index, attributes): (usize, &Value)| json!({ "index_key": index, "attributes": attributes });
    let instances: Vec<Value> = attributes.iter().enumerate().map(instance).collect();
    json!({ "version": 4, "serial": serial, "lineage": "l", "outputs": { "endpoint_url": { "value": "canary-output", "type": "string" } },
        "resources": [{ "mode": "managed", "type": "aws_instance", "name": "web", "module": "module.net",
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]", "instances": instances }] })
    .to_string()
}

fn server(n: usize) -> Value {
    json!({ "id": format!("i-0{n:03}"), "name": format!("Web-{n}"), "tags": { "Owner": format!("team-{}", n % 3) } })
}

async fn indexed(town: &Town) -> u64 {
    town.app.index_workspaces().await.unwrap()
}

async fn processed(town: &Town) -> Value {
    let path = format!("/api/v2/workspaces/{}/current-state-version", town.workspace);
    town.ask("read", "GET", &path, "").await.json()["data"]["attributes"]["resources-processed"].clone()
}

async fn what_a_state_holds_is_found(town: &Town) {
    town.write(&servers(1, &[server(0), server(1)])).await.unwrap();
    assert_eq!(processed(town).await, false);
    assert!(indexed(town).await > 0);
    assert_eq!(processed(town).await, true);
    assert_eq!(indexed(town).await, 0, "it is done once");
    let [zero, one] = [0, 1].map(|n| format!("resource web module.net.aws_instance.web[{n}]"));
    for query in [
        "i-0000",
        "I-0000",
        "web-0",
        "hashicorp/aws team-0",
        "module:net team-0",
        "tag:Owner=team-0",
        "name:web-0 workspace:web",
    ] {
        assert_eq!(found(town, query, 20).await, [zero.as_str()], "{query}");
    }
    for query in ["aws_instance", "instance.web", "inst", "type:aws net", "kind:resource web"] {
        assert_eq!(found(town, query, 20).await, [zero.as_str(), one.as_str()], "{query}");
    }
    assert_eq!(found(town, "endpoint", 20).await, ["output web endpoint_url"]);
    assert_eq!(found(town, "kind:workspace web", 20).await, ["workspace web web"]);
    // The name of the workspace finds it, and what is in it.
    assert_eq!(found(town, "workspace:web", 20).await.len(), 4);
    for query in ["canary", "eb-0", "nothing", "team-0 team-1", "kind:output i-0000"] {
        assert!(found(town, query, 20).await.is_empty(), "{query}");
    }
}

async fn pages_hold_everything_once(town: &Town) {
    let many: Vec<Value> = (0..250).map(server).collect();
    town.write(&servers(1, &many)).await.unwrap();
    indexed(town).await;
    assert_eq!(found(town, "tag:owner=team-1 2", 1).await, found(town, "tag:owner=team-1 2", 100).await);
    // Along the words of the name, along words that each have many times, and along a stretch of many words.
    for query in ["web", "w", "aws", "team", "i", "0", "kind:resource 1"] {
        let whole = found(town, query, 100).await;
        assert!(whole.len() > 99, "{query}: {}", whole.len());
        let mut once = whole.clone();
        once.dedup();
        assert_eq!(once.len(), whole.len(), "{query}: each once");
        assert_eq!(found(town, query, 17).await, whole, "{query} by 17");
    }
}

async fn what_changes_is_found_as_it_is(town: &Town) {
    let owner = town.caller("owner").await;
    town.write(&servers(1, &[server(0), server(1)])).await.unwrap();
    indexed(town).await;
    let first = town.app.current_state(&owner, app::Which::Id(&town.workspace)).await.unwrap().unwrap().0;
    town.write(&servers(2, &[server(7)])).await.unwrap();
    indexed(town).await;
    assert!(found(town, "i-0000", 20).await.is_empty());
    assert_eq!(found(town, "i-0007", 20).await.len(), 1);
    let rows = words(town, "i-0000").await;
    assert_eq!(rows, 0, "words that nothing has go");
    town.app.roll_back_locked(&owner, &town.workspace, &first.id, None, "").await.unwrap();
    indexed(town).await;
    assert_eq!(found(town, "i-0000", 20).await.len(), 1);
    let renamed = Settings { name: Some("shop".into()), ..Settings::default() };
    town.app.update_workspace(&owner, &town.workspace, &renamed).await.unwrap();
    indexed(town).await;
    assert_eq!(found(town, "kind:workspace shop", 20).await, ["workspace shop shop"]);
    assert!(found(town, "workspace:web", 20).await.is_empty());
    assert_eq!(found(town, "i-0000 shop", 20).await.len(), 1);
    let tags = [domain::tag::Tag::new("Stage", "prod").unwrap()];
    town.app.add_tags(&owner, &town.workspace, &tags).await.unwrap();
    indexed(town).await;
    assert_eq!(found(town, "tag:stage=prod", 20).await, ["workspace shop shop"]);
    town.app.delete_workspace(&owner, &town.workspace, false).await.unwrap();
    indexed(town).await;
    assert!(found(town, "i-0000", 20).await.is_empty() && found(town, "shop", 20).await.is_empty());
    let left = "SELECT count(*) FROM search_words WHERE workspace_id = $1";
    let left = async || {
        let id = town.workspace.as_str();
        town.app.store.look(async |mut tx| tx.query(left).bind(id).count().await).await.unwrap()
    };
    assert_eq!(left().await, 0, "the words of what was deleted go");
    town.app.restore_workspace(&owner, &town.workspace, Some("back")).await.unwrap();
    indexed(town).await;
    assert_eq!(found(town, "i-0000", 20).await.len(), 1);
    assert_eq!(found(town, "kind:workspace back", 20).await.len(), 1);
    town.app.delete_state(&owner, &town.workspace, &app::Source::Http(None)).await.unwrap();
    assert!(found(town, "i-0000", 20).await.is_empty());
    indexed(town).await;
    assert_eq!(words(town, "i-0000").await, 0);
    // Of "back" and the tag: words of earlier names and of outputs that are no more go.
    let own = town.app.store.look(async |mut tx| store::search::list_own_words(&mut tx, &town.workspace).await).await;
    let own: Vec<String> = own.unwrap().into_iter().map(|word| String::from_utf8(word).unwrap()).collect();
    assert!(own.iter().all(|word| !word.contains("web") && !word.contains("endpoint")), "{own:?}");
}

/// What came and went before it was indexed, and what is known of what is no more.
async fn what_ended_leaves_nothing(town: &Town) {
    town.write(&servers(1, &[server(0)])).await.unwrap();
    town.write(&servers(2, &[server(1)])).await.unwrap();
    assert!(in_clear(town, "i-0000").await > 0);
    indexed(town).await;
    assert_eq!((words(town, "i-0000").await, in_clear(town, "i-0000").await), (0, 0));
    // A pass that broke off had put its words already.
    let id = town.workspace.as_str();
    let add = "INSERT INTO search_words SELECT organization_id, $1, id, 0 FROM workspaces WHERE id = $2";
    town.write(&servers(3, &[server(2)])).await.unwrap();
    town.app.store.write(async |mut tx| tx.query(add).bind(b"i-0002".as_slice()).bind(id).run().await).await.unwrap();
    town.write(&servers(4, &[server(3)])).await.unwrap();
    indexed(town).await;
    assert_eq!((words(town, "i-0002").await, in_clear(town, "i-0002").await), (0, 0));
    assert_eq!(found(town, "i-0003", 20).await.len(), 1);
}

async fn many_outputs_are_told_page_by_page(town: &Town) {
    let outputs: serde_json::Map<String, Value> =
        (0..3_000).map(|n| (format!("endpoint_{n:04}"), json!({ "value": 1, "type": "number" }))).collect();
    let mut whole: Value = serde_json::from_str(&servers(1, &[])).unwrap();
    whole["outputs"] = outputs.into();
    town.write(&whole.to_string()).await.unwrap();
    indexed(town).await;
    let (mut told, mut pages, mut after) = (std::collections::BTreeSet::new(), 0, String::new());
    loop {
        let path = format!(
            "/api/v2/organizations/acme/search?q=kind%3Aoutput+endpoint&page%5Bsize%5D=100&page%5Bafter%5D={after}"
        );
        let answer = town.ask("read", "GET", &path, "").await.json();
        for one in answer["data"].as_array().unwrap() {
            assert!(told.insert(one["attributes"]["name"].to_string()), "each once");
        }
        pages += 1;
        match answer["meta"]["pagination"]["next-cursor"].as_str() {
            Some(next) if pages < 50 => after = next.to_owned(),
            _ => break,
        }
    }
    assert_eq!((told.len(), pages), (3_000, 30));
}

async fn tags_of_a_workspace_that_say_a_secret_are_left_out(town: &Town) {
    let owner = town.caller("owner").await;
    let tags = [("Stage", "prod"), ("DbPass", "canary7"), ("ApiKey", "canary8"), ("home", "https://u:canary9@host/")]
        .map(|(key, value)| domain::tag::Tag::new(key, value).unwrap());
    town.app.add_tags(&owner, &town.workspace, &tags).await.unwrap();
    indexed(town).await;
    assert_eq!(found(town, "tag:stage=prod", 20).await, ["workspace web web"]);
    assert!(found(town, "canary", 20).await.is_empty());
    let words = "SELECT count(*) FROM search_words WHERE word >= $1 AND word < $2";
    let (from, to) = (b"canary".as_slice(), b"canarz".as_slice());
    let words = town.app.store.look(async |mut tx| tx.query(words).bind(from).bind(to).count().await).await;
    assert_eq!(words.unwrap(), 0);
}

async fn a_state_with_nul_in_a_name_is_refused(town: &Town) {
    let state = servers(1, &[server(0)]).replace("module.net", "module.n\\u0000t");
    let refused = town.write(&state).await.unwrap_err().to_string();
    assert!(refused.contains("the module of a resource holds the NUL character"), "{refused}");
    let state = servers(1, &[server(0)]).replace("endpoint_url", "a\\u0000");
    let refused = town.write(&state).await.unwrap_err().to_string();
    assert!(refused.contains("the name of an output holds the NUL character"), "{refused}");
}

/// Few instances with more words than can be written at once.
async fn many_words_hold_nobody(town: &Town) {
    let tags = |n: usize| -> Value {
        (0..64)
            .map(|tag| {
                let words: Vec<String> = (0..80).map(|word| format!("x{n}y{word}")).collect();
                (format!("k{tag}"), Value::from(words.join(" ").chars().take(500).collect::<String>()))
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let many: Vec<Value> = (0..100).map(|n| json!({ "id": format!("i-{n}"), "tags": tags(n) })).collect();
    town.write(&servers(1, &many)).await.unwrap();
    assert_eq!(indexed(town).await, 2, "with the workspace of others");
    assert_eq!(processed(town).await, true);
    assert_eq!(found(town, "i-42 x42y1", 20).await.len(), 1);
    let whole = "SELECT count(*) FROM search_words WHERE shelf >= 0";
    let whole = town.app.store.look(async |mut tx| tx.query(whole).count().await).await.unwrap();
    assert!((2_001..25_000).contains(&whole), "{whole}");
    town.write(&servers(2, &[server(0)])).await.unwrap();
    indexed(town).await;
    assert_eq!(words(town, "i-42").await, 0);
    assert_eq!(found(town, "i-0000", 20).await.len(), 1);
}

async fn a_long_address_is_found_by_its_beginning(town: &Town) {
    // Longer than Postgres has keys.
    let key: String = (0..20_000).map(|n| format!("{n} ")).collect();
    let mut whole: Value = serde_json::from_str(&servers(1, &[server(0)])).unwrap();
    whole["resources"][0]["instances"][0]["index_key"] = key.into();
    town.write(&whole.to_string()).await.unwrap();
    indexed(town).await;
    assert_eq!(processed(town).await, true);
    assert_eq!(found(town, "module.net.aws_instance 17", 20).await.len(), 1);
    assert_eq!(found(town, "i-0000 team-0", 20).await.len(), 1, "what comes behind a long text is found");
    assert!(found(town, "i-0000 399", 20).await.is_empty(), "what the index did not take is not");
    let whole = "SELECT count(*) FROM search_words WHERE shelf >= 0";
    let whole = town.app.store.look(async |mut tx| tx.query(whole).count().await).await.unwrap();
    assert!(whole < 250, "{whole}");
}

async fn what_fails_waits_before_it_is_tried_again(town: &Town) {
    town.write(&servers(1, &[server(0)])).await.unwrap();
    let rename = async |query: &'static str| town.app.store.write(async |mut tx| tx.query(query).run().await).await;
    rename("ALTER TABLE workspace_uses RENAME TO away").await.unwrap();
    assert_eq!(indexed(town).await, 0);
    rename("ALTER TABLE away RENAME TO workspace_uses").await.unwrap();
    assert_eq!(indexed(town).await, 0, "not at once");
    town.clock.pass(6);
    assert!(indexed(town).await > 0);
    assert_eq!(found(town, "i-0000", 20).await.len(), 1);
}

/// At how many places of the whole index a word stands.
async fn words(town: &Town, word: &str) -> i64 {
    let query = "SELECT count(*) FROM search_words WHERE word = $1";
    town.app.store.look(async |mut tx| tx.query(query).bind(word.as_bytes()).count().await).await.unwrap()
}

async fn who_may_not_read_finds_nothing(town: &Town) {
    town.write(&servers(1, &[server(0)])).await.unwrap();
    indexed(town).await;
    for role in ["stranger", "former", "foreign-run", "nobody"] {
        let answer = town.ask(role, "GET", "/api/v2/organizations/acme/search?q=web", "").await;
        assert!([401, 403, 404].contains(&answer.status.as_u16()), "{role}: {}", answer.text());
    }
    let theirs = town.ask("stranger", "GET", "/api/v2/organizations/other/search?q=i-0000", "").await;
    assert_eq!(theirs.json()["data"], json!([]));
    let theirs = town.ask("stranger", "GET", "/api/v2/organizations/other/search?q=kind%3Aworkspace+web", "").await;
    assert_eq!(theirs.json()["data"].as_array().unwrap().len(), 1, "{}", theirs.text());
}

async fn what_is_no_query_is_refused(town: &Town) {
    let long = "q=".to_owned() + &"a".repeat(257);
    for query in [
        "",
        "q=",
        "q=%20",
        "q=--",
        "q=%00a",
        "q=a%00",
        "q=kind%3Ax",
        &long,
        "q=web&page%5Bafter%5D=x",
        "q=web&page%5Bafter%5D=W10",
    ] {
        let answer = town.ask("read", "GET", &format!("/api/v2/organizations/acme/search?{query}"), "").await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text());
    }
}

/// How many values of the index hold a word, or begin with it.
async fn in_clear(town: &Town, word: &str) -> i64 {
    let (like, end) = (format!("%{word}%"), [word.as_bytes(), &[0xff]].concat());
    let rows = "SELECT count(*) FROM state_resources WHERE attributes LIKE $1";
    let words = "SELECT count(*) FROM search_words WHERE word >= $1 AND word < $2";
    let read = town.app.store.look(async |mut tx| {
        let rows = tx.query(rows).bind(like.as_str()).count().await?;
        Ok::<_, store::Error>(rows + tx.query(words).bind(word.as_bytes()).bind(end.as_slice()).count().await?)
    });
    read.await.unwrap()
}

async fn nothing_sensitive_is_indexed(town: &Town) {
    let told = json!({ "id": "i-open", "arn": "canary1", "password": "canary2", "tags": { "token": "canary3", "Name": "canary4" } });
    let mut whole: Value = serde_json::from_str(&servers(1, &[told])).unwrap();
    let instance = &mut whole["resources"][0]["instances"][0];
    instance["sensitive_attributes"] = json!([
        [{ "type": "get_attr", "value": "arn" }],
        [{ "type": "get_attr", "value": "tags" }, { "type": "index", "value": { "value": "Name", "type": "string" } }],
    ]);
    instance["private"] = "canary5".into();
    let random = json!({ "mode": "managed", "type": "random_string", "name": "r", "provider": "p",
        "instances": [{ "attributes": { "id": "canary6", "result": "canary6" } }] });
    whole["resources"].as_array_mut().unwrap().push(random);
    town.write(&whole.to_string()).await.unwrap();
    indexed(town).await;
    assert_eq!(found(town, "i-open", 20).await.len(), 1);
    assert!(found(town, "canary", 20).await.is_empty());
    assert_eq!(in_clear(town, "canary").await, 0);
    assert!(in_clear(town, "open").await > 0, "this looks where something is");
    // In no byte of the files either.
    for file in
        std::fs::read_dir(town.folder.path()).unwrap().filter_map(Result::ok).filter(|file| file.path().is_file())
    {
        let bytes = std::fs::read(file.path()).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"), "{}", file.path().display());
    }
}

async fn states_from_before_are_indexed(town: &Town) {
    let many: Vec<Value> = (0..250).map(server).collect();
    town.write(&servers(1, &many)).await.unwrap();
    for query in [
        "UPDATE state_resources SET attributes = NULL, shelf = 0",
        "UPDATE workspaces SET indexed_sequence = -1, named = FALSE",
        "DELETE FROM search_words",
    ] {
        town.app.store.write(async |mut tx| tx.query(query).run().await).await.unwrap();
    }
    assert!(found(town, "i-0042", 20).await.is_empty());
    indexed(town).await;
    assert_eq!(found(town, "i-0042 tag:owner=team-0", 20).await.len(), 1);
    let shelves = "SELECT count(*) FROM (SELECT DISTINCT shelf FROM state_resources) s";
    let shelves = town.app.store.look(async |mut tx| tx.query(shelves).count().await).await.unwrap();
    assert_eq!(shelves, 3, "they stand on shelves as others do");
}

async fn attributes_can_be_left_out(town: &Town) {
    town.write(&servers(1, &[server(0)])).await.unwrap();
    indexed(town).await;
    let off = town.started_with(false).await;
    off.index_workspaces().await.unwrap();
    assert_eq!((in_clear(town, "team").await, in_clear(town, "0000").await), (0, 0));
    assert!(found(town, "i-0000", 20).await.is_empty());
    assert_eq!(found(town, "aws_instance", 20).await.len(), 1);
    let owner = town.caller("owner").await;
    let seen = off.workspace(&owner, app::Which::Id(&town.workspace), domain::permission::Permission::WriteState).await;
    let upload = app::Upload::of(servers(2, &[server(0), server(1)]));
    off.write_state(&owner, &seen.unwrap(), &app::Source::Http(None), upload, None).await.unwrap();
    off.index_workspaces().await.unwrap();
    assert_eq!(in_clear(town, "team").await, 0);
    assert_eq!(found(town, "aws_instance", 20).await.len(), 2);
    indexed(town).await;
    assert_eq!(found(town, "aws_instance", 20).await.len(), 2, "a server that runs does not turn it back");
    assert!(found(town, "i-0001", 20).await.is_empty());
    town.started_with(true).await.index_workspaces().await.unwrap();
    assert_eq!(found(town, "i-0001", 20).await.len(), 1, "on again, it is read again");
}

async fn resources_are_listed(town: &Town) {
    town.write(&servers(1, &[server(0), server(1)])).await.unwrap();
    let second = town.write(&servers(2, &[server(0), server(5)])).await.unwrap().version;
    let path = format!("/api/v2/workspaces/{}/resources?page%5Bsize%5D=1&page%5Bnumber%5D=2", town.workspace);
    let listed = town.ask("read", "GET", &path, "").await.json();
    assert_eq!(listed["meta"]["pagination"]["total-count"], 2);
    let one = &listed["data"][0];
    let attributes = &one["attributes"];
    assert!(one["type"] == "resources" && one["id"].as_str().unwrap().starts_with("wsr-"), "{one}");
    for (name, value) in [
        ("address", "module.net.aws_instance.web[1]"),
        ("name", "web"),
        ("module", "module.net"),
        ("provider", "hashicorp/aws"),
        ("provider-type", "aws_instance"),
        ("name-index", "1"),
        ("modified-by-state-version-id", second.id.as_str()),
    ] {
        assert_eq!(attributes[name], value, "{name}");
    }
    assert!(attributes["created-at"].is_string() && attributes["updated-at"].is_string());
    assert_eq!(attributes["attributes"], json!({ "id": "i-0005", "name": "Web-5", "tags": { "Owner": "team-2" } }));
}

async fn a_large_state_is_found_too(town: &Town) {
    let mut many: Vec<Value> = (0..3_000).map(server).collect();
    // On each shelf are both sides of this, and one instance alone is on both.
    for (n, one) in many.iter_mut().enumerate().filter(|(n, _)| n % 3 == 1 || *n == 2_997) {
        one["tags"]["Side"] = json!(format!("left-{}", n % 2));
    }
    town.write(&servers(1, &many)).await.unwrap();
    indexed(town).await;
    assert_eq!(found(town, "i-02999", 20).await.len(), 1);
    assert_eq!(processed(town).await, true);
    // What is judged for one answer is bounded: common words that nothing has together are answered, and say where to go on.
    let path = "/api/v2/organizations/acme/search?q=aws+xyz";
    assert_eq!(town.ask("read", "GET", path, "").await.json()["data"], json!([]));
    assert!(found(town, "tag:owner=team-0 name:x", 20).await.is_empty());
    for query in ["tag:owner=team-0 tag:side=left", "team-0 left-1", "WEB left-1 team-0"] {
        assert_eq!(found(town, query, 20).await, ["resource web module.net.aws_instance.web[2997]"], "{query}");
    }
    assert_eq!(found(town, "web left-0", 20).await.len(), 500);
    // At each place of this stretch is one thing: nothing else on its shelf counts for what may be judged.
    let path = "/api/v2/organizations/acme/search?q=i-0&page%5Bsize%5D=100";
    assert_eq!(town.ask("read", "GET", path, "").await.json()["data"].as_array().unwrap().len(), 100);
}

async fn the_index_finds_what_looking_at_everything_finds(town: &Town) {
    let dice = Dice::new(11);
    let parts = ["web", "db", "prod", "eu", "1", "12", "Ä", "i-0"];
    let word = || {
        let joined: Vec<&str> = (0..=dice.below(3)).map(|_| parts[dice.below(parts.len())]).collect();
        joined.join(["-", "_", ".", ""][dice.below(4)])
    };
    // Words of the names are among those of the instances.
    let owner = town.caller("owner").await;
    let mut sites = vec![("web", town.workspace.clone(), Vec::<Value>::new())];
    for name in ["db-prod", "eu-1-web"] {
        sites.push((name, town.new_workspace(&owner, "acme", name).await, Vec::new()));
    }
    for serial in 1..=6 {
        for (_, workspace, held) in &mut sites {
            held.truncate(dice.below(150));
            for one in held.iter_mut().filter(|_| dice.below(3) == 0) {
                *one = json!({ "id": word(), "name": word(), "tags": { word(): word() } });
            }
            for _ in 0..dice.below(150) {
                held.push(json!({ "id": word(), "name": word(), "tags": { word(): word() } }));
            }
            town.write_in(workspace, &servers(serial, held)).await.unwrap();
            indexed(town).await;
            let path = format!("/api/v2/workspaces/{workspace}/resources?page%5Bsize%5D=100");
            let total = town.ask("read", "GET", &path, "").await.json()["meta"]["pagination"]["total-count"].clone();
            assert_eq!(total, held.len());
        }
        for _ in 0..25 {
            let fields =
                ["", "", "", "name:", "id:", "tag:", "address:", "provider:", "type:", "module:", "workspace:"];
            let more =
                if dice.below(2) == 0 { fields[dice.below(fields.len())].to_owned() + &word() } else { String::new() };
            let text = format!("kind:resource {} {more}", word());
            let query = Query::read(&text).unwrap();
            let mut expected = Vec::new();
            for (name, _, held) in &sites {
                let there = held.iter().enumerate().filter(|(n, one)| is_found(&query, name, *n, one));
                expected.extend(there.map(|(n, _)| format!("resource {name} module.net.aws_instance.web[{n}]")));
            }
            expected.sort();
            let mut whole = listed(town, &text, 100).await;
            assert_eq!(listed(town, &text, 7).await, whole, "{text}");
            whole.sort();
            assert_eq!(whole, expected, "{text}");
        }
    }
}

/// Whether a query finds one of the [`servers`] in a workspace.
fn is_found(query: &Query, workspace: &str, number: usize, one: &Value) -> bool {
    let text = |name: &str| one[name].as_str().unwrap();
    let (key, value) = one["tags"].as_object().unwrap().iter().next().unwrap();
    let known = format!("id={}\nname={}\ntag:{key}={}\n", text("id"), text("name"), value.as_str().unwrap());
    let address = format!("module.net.aws_instance.web[{number}]");
    let (name, provider) = (fold(workspace), "provider[\"registry.terraform.io/hashicorp/aws\"]");
    Document::resource(&name, &address, "aws_instance", "module.net", provider, &known).is_found_by(query)
}

/// Workspaces whose name has a word of the query are looked through for the others, and not all of them for one answer.
async fn many_workspaces_of_a_name_are_found_one_after_another(town: &Town) {
    let owner = town.caller("owner").await;
    let some = servers(1, &vec![json!({}); 1_900]);
    let last = servers(1, &[json!({ "name": "needle" })]);
    for number in 0..13 {
        let workspace = town.new_workspace(&owner, "acme", &format!("site-{number}")).await;
        town.write_in(&workspace, if number == 12 { &last } else { &some }).await.unwrap();
    }
    indexed(town).await;
    for size in [1, 100] {
        assert_eq!(found(town, "site net 1899", size).await.len(), 12);
        assert_eq!(found(town, "site name:needle", size).await, ["resource site-12 module.net.aws_instance.web[0]"]);
    }
}
