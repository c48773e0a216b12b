//! What a site with ten thousand workspaces, a hundred thousand runs and a million resource instances is like, beside one of a tenth of that.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};
use terrane_tests::{Database, Server, Slug, Stage, Version};

use crate::figures::{Figure, Spread, seconds};
use crate::load::{self, Client, Target};

/// Workspaces of the whole site; the one beside it has a tenth of them.
const WORKSPACES: usize = 10_000;
/// Runs of each.
const RUNS: usize = 10;
/// Resource instances in the state of each.
const INSTANCES: usize = 100;
/// So many fill it at once.
const FILLERS: usize = 16;
const WHILE: Duration = Duration::from_secs(3);
/// In so many parts, between which the other site is asked.
const TURNS: u32 = 6;
const MEDIA: &str = "application/vnd.api+json";

/// A site that is filled.
struct Site {
    stage: Stage,
    /// A member who may only read.
    reader: String,
    workspaces: Vec<String>,
}

impl Site {
    fn new(database: Database) -> Self {
        let server = Server::start_with(database, &["--runner", "off"]);
        let stage = Stage::on(server, Version::V1_11_4);
        let _ = stage.server.admin(&["user", "create", "reader", "--email", "reader@example.test"]);
        let _ = stage.server.admin(&["organization", "member", "add", "acme", "reader", "--role", "read"]);
        let reader = stage.server.admin(&["token", "create", "--user", "reader"]);
        Self { stage, reader, workspaces: Vec::new() }
    }

    fn target(&self, token: &str) -> Target {
        Target::new(&self.stage.server.host(), &self.stage.server.certificate(), token)
    }

    async fn fill(&mut self, upto: usize) {
        let made = fill(&self.target(&self.stage.token), self.workspaces.len(), upto).await;
        self.workspaces.extend(made);
    }
}

/// Makes these workspaces with what belongs to them, as clients do, in the organization `acme`; gives their ids.
async fn fill(target: &Target, from: usize, upto: usize) -> Vec<String> {
    let slug = Slug::pack(&[("main.tf", "")]).0;
    let fillers = (0..FILLERS).map(|filler| {
        let (target, slug) = (target.clone(), slug.clone());
        tokio::spawn(async move {
            let mut client = target.connect().await.with("content-type", MEDIA);
            let mut made = Vec::new();
            for number in (from..upto).skip(filler).step_by(FILLERS) {
                made.push(workspace(&mut client, number, &slug).await);
            }
            made
        })
    });
    let mut made = Vec::new();
    for filler in fillers.collect::<Vec<_>>() {
        made.extend(filler.await.expect("a filler"));
    }
    made
}

/// `terrane-bench fill HOST:PORT CA-FILE TOKEN [WORKSPACES]`: fills the organization `acme` of a server that runs.
pub(crate) fn generate(arguments: &[String]) {
    let [host, certificate, token, more @ ..] = arguments else {
        panic!(
            "terrane-bench fill HOST:PORT CA-FILE TOKEN [WORKSPACES]: the organization acme of that server is filled"
        )
    };
    let count = more.first().map_or(WORKSPACES, |text| text.parse().expect("a number of workspaces"));
    let began = Instant::now();
    let made = runtime().block_on(fill(&Target::new(host, certificate.as_ref(), token), 0, count));
    println!(
        "{} workspaces with {RUNS} runs and {INSTANCES} resource instances each, in {}",
        made.len(),
        seconds(began.elapsed())
    );
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// A workspace with a state, and with runs that have ended.
async fn workspace(client: &mut Client, number: usize, slug: &[u8]) -> String {
    let name = format!("team-{}-service-{number}", number % 97);
    let attributes = json!({ "name": name, "terraform-version": "1.11.4" });
    let made = ask(
        client,
        "POST",
        "/api/v2/organizations/acme/workspaces",
        &json!({ "data": { "type": "workspaces", "attributes": attributes } }),
    )
    .await;
    let id = made["data"]["id"].as_str().expect("an id").to_owned();
    let _ = client.ask("POST", &format!("/api/http/acme/{name}"), state(number)).await;
    let attributes = json!({ "auto-queue-runs": false });
    let document = json!({ "data": { "type": "configuration-versions", "attributes": attributes } });
    let configuration =
        ask(client, "POST", &format!("/api/v2/workspaces/{id}/configuration-versions"), &document).await;
    let url = configuration["data"]["attributes"]["upload-url"].as_str().expect("an address");
    let path = url.strip_prefix("https://").and_then(|rest| rest.find('/').map(|at| &rest[at..])).expect("a path");
    let _ = client.ask("PUT", path, slug.to_vec()).await;
    let configuration = configuration["data"]["id"].as_str().expect("an id");
    for _ in 0..RUNS {
        let relationships = json!({
            "workspace": { "data": { "type": "workspaces", "id": id } },
            "configuration-version": { "data": { "type": "configuration-versions", "id": configuration } },
        });
        let run =
            ask(client, "POST", "/api/v2/runs", &json!({ "data": { "type": "runs", "relationships": relationships } }))
                .await;
        let run = run["data"]["id"].as_str().expect("an id");
        let _ = client.ask("POST", &format!("/api/v2/runs/{run}/actions/cancel"), "{}").await;
    }
    id
}

async fn ask(client: &mut Client, method: &str, path: &str, body: &Value) -> Value {
    serde_json::from_slice(&client.ask(method, path, body.to_string()).await).expect("JSON")
}

/// A state whose instances have ids and names as clouds give them.
fn state(number: usize) -> String {
    let instance = |index: usize| {
        let id = format!("i-{:012x}", (number * INSTANCES + index).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16);
        let tags = json!({ "Name": format!("web-{number}-{index}"), "Owner": format!("team-{}", number % 97) });
        let attributes = json!({ "id": id, "arn": format!("arn:aws:ec2:eu-central-1:1:instance/{id}"), "name": format!("web-{index}"), "tags": tags });
        json!({ "index_key": index, "schema_version": 1, "attributes": attributes, "sensitive_attributes": [] })
    };
    let provider = "provider[\"registry.terraform.io/hashicorp/aws\"]";
    let instances: Vec<Value> = (0..INSTANCES).map(instance).collect();
    let resource = json!({ "mode": "managed", "type": "aws_instance", "name": "web", "provider": provider, "instances": instances });
    let outputs = json!({ "endpoint": { "value": format!("https://service-{number}.example.com"), "type": "string" } });
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": format!("lineage-{number}"), "outputs": outputs, "resources": [resource] })
        .to_string()
}

/// What is asked, of whom, and the goal. The smaller site has a whole page of answers too, or the same few: otherwise it is their number that grows.
fn questions(site: &Site) -> Vec<(&'static str, String, &'static str)> {
    let id = &site.workspaces[site.workspaces.len() / 2];
    vec![
        (
            "100 workspaces, as one who may only read",
            "/api/v2/organizations/acme/workspaces?page%5Bsize%5D=100".to_owned(),
            "p99 < 20 ms [408]",
        ),
        (
            "workspaces whose name contains a word",
            "/api/v2/organizations/acme/workspaces?search%5Bname%5D=service-7".to_owned(),
            "",
        ),
        ("runs of a workspace", format!("/api/v2/workspaces/{id}/runs"), "p99 < 10 ms [1,271]"),
        ("runs of an organization", "/api/v2/organizations/acme/runs".to_owned(), "p99 < 10 ms [2,566]"),
        ("a workspace", format!("/api/v2/workspaces/{id}"), ""),
        ("its current state version", format!("/api/v2/workspaces/{id}/current-state-version"), ""),
        ("resources of a workspace", format!("/api/v2/workspaces/{id}/resources"), ""),
        ("search: a rare word", sought(&format!("web-{}-77", site.workspaces.len() / 2)), SEARCH),
        ("search: a word that everything has", sought("aws_instance"), SEARCH),
        ("search: two words, one of them rare", sought("eu-central-1 team-77"), SEARCH),
        ("search: two words, each of them common", sought("web-77 team-5"), SEARCH),
        ("search: two words that are nowhere together", sought("tag:owner=team-1 tag:name=web-2-"), SEARCH),
        ("search: a beginning", sought("ins"), SEARCH),
        ("search: one letter", sought("i"), SEARCH),
        ("search: nothing found", sought("nonesuch"), SEARCH),
        ("search: workspaces by a word", sought("kind:workspace service-7"), SEARCH),
    ]
}

/// The goal of a search over a million instances.
const SEARCH: &str = "p99 < 50 ms";

/// The address that finds things by a query.
fn sought(query: &str) -> String {
    let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/api/v2/organizations/acme/search?q={query}")
}

/// Waits until the last workspaces are found; how long that took.
async fn indexed(site: &Site) -> Duration {
    let began = Instant::now();
    let mut client = site.target(&site.reader).connect().await;
    for id in &site.workspaces {
        let path = format!("/api/v2/workspaces/{id}/current-state-version");
        loop {
            let version: Value = serde_json::from_slice(&client.ask("GET", &path, "").await).expect("JSON");
            if version["data"]["attributes"]["resources-processed"] == true {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    began.elapsed()
}

/// Has Postgres do at once what it does in the minutes after so much was written, beside everything else: a site that stands is measured.
async fn settle(site: &Site) {
    let Some(url) = site.stage.server.postgres() else { return };
    let mut connection = PgConnection::connect(&url).await.expect("the database");
    for statement in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
        connection.execute(statement).await.expect(statement);
    }
}

/// Asks each site in turn: what a machine does changes from minute to minute, and is not what grows.
async fn measure(sites: [&Site; 2]) -> Vec<[Spread; 2]> {
    for site in sites {
        settle(site).await;
    }
    let asked = sites.map(|site| (site.target(&site.reader), questions(site)));
    let mut measured = Vec::new();
    for question in 0..asked[0].1.len() {
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..TURNS {
            for (took, (target, questions)) in took.iter_mut().zip(&asked) {
                let path = &questions[question].1;
                let answers = load::run(target, 1, WHILE / TURNS, async |client, _, _| {
                    client.ask("GET", path, "").await;
                });
                took.extend(answers.await.took);
            }
        }
        measured.push(took.map(Spread::of));
    }
    measured
}

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let [mut tenth, mut whole] = [Site::new(database), Site::new(database)];
    runtime().block_on(async {
        tenth.fill(WORKSPACES / 10).await;
        indexed(&tenth).await;
        let began = Instant::now();
        whole.fill(WORKSPACES).await;
        let filled = began.elapsed();
        let behind = indexed(&whole).await;
        let measured = measure([&tenth, &whole]).await;
        let mut figures =
            vec![Figure::new("10,000 workspaces, 100,000 runs, 1 M instances made in", seconds(filled), "minutes")];
        figures.push(Figure::new("all of it found so much later", seconds(behind), ""));
        for ((what, _, goal), [tenth, whole]) in questions(&whole).into_iter().zip(measured) {
            let growth = whole.median().as_secs_f64() / tenth.median().as_secs_f64();
            figures.push(Figure::new(what, whole.text(), goal));
            figures.push(Figure::new("  against a tenth of the data", format!("{growth:.2} x"), "<= 1.20 x"));
        }
        figures
    })
}
