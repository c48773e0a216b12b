//! `terraform login`, with the browser's part played over HTTP, and `logout`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use terrane_tests::api::{Answer, send};
use terrane_tests::{Api, Cli, Stage};

use crate::configurations::ONE;
use crate::stories;

stories! {
    CLOUD:
        a_person_signs_in_by_the_browser_plans_and_signs_out,
        a_person_far_from_a_browser_pastes_a_token;
}

const PASSWORD: &str = "correct horse battery";

/// A browser without scripts, signed in as `ada`, who may plan and apply in the organization.
struct Browser {
    client: Api,
    cookie: String,
}

impl Browser {
    fn open(stage: &Stage) -> Self {
        let words = ["user", "create", "ada", "--email", "ada@example.test", "--site-admin", "--password-stdin"];
        let _ = stage.server.admin_told(&words, PASSWORD);
        let mut browser = Self { client: stage.server.api(""), cookie: String::new() };
        let form = format!("login=ada&password={}", PASSWORD.replace(' ', "+"));
        let answer = browser.submit("/sign-in", form).is(&[303]);
        let cookie = answer.headers[SET_COOKIE].to_str().expect("a cookie of letters");
        cookie.split(';').next().unwrap_or_default().clone_into(&mut browser.cookie);
        browser
    }

    fn show(&self, address: &str) -> String {
        send(self.client.request("GET", address).header(COOKIE, &self.cookie)).is(&[200]).text()
    }

    fn submit(&self, path: &str, form: String) -> Answer {
        let request =
            self.client.request("POST", path).header(COOKIE, &self.cookie).header("sec-fetch-site", "same-origin");
        send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form))
    }
}

/// The value of the form's field of this name, as a form sends it.
fn field(page: &str, name: &str) -> String {
    let after =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    let value = after.split('"').next().unwrap_or_default();
    format!("{name}={}", value.replace(':', "%3A").replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"))
}

fn a_person_signs_in_by_the_browser_plans_and_signs_out(stage: &mut Stage) {
    let browser = Browser::open(stage);
    let host = stage.server.host();
    let cli = Cli::visiting(stage.version(), &stage.server);
    let mut login = cli.start(&["login", &host]);
    login.expect("Enter a value:").type_line("yes");
    let address = login.word(&format!("https://{host}/oauth/authorization?"));
    let page = browser.show(&address);
    assert!(page.contains("Let terraform act as ada?"), "{page}");
    let names =
        ["csrf", "client_id", "response_type", "redirect_uri", "code_challenge", "code_challenge_method", "state"];
    let form: Vec<String> = names.iter().map(|name| field(&page, name)).collect();
    let form = format!("{}&decision=allow&description=the+laptop&days=30", form.join("&"));
    let answer = browser.submit("/oauth/authorization", form).is(&[303]);
    bring(answer.headers[LOCATION].to_str().expect("an address of letters"));
    login.expect("Success!");
    login.exits(0);

    assert!(browser.show("/app/settings/tokens").contains("the laptop"));
    cli.write("main.tf", &(stage.cloud("by-login") + ONE)).good(&["init"]);
    let shown = cli.good(&["plan"]);
    assert!(shown.contains("Plan: 1 to add"), "{shown}");
    assert_eq!(stage.newest_run("by-login")["attributes"]["status"], "planned_and_finished");

    cli.good(&["logout", &host]);
    let shown = cli.bad(&["plan"]);
    assert!(shown.contains("terraform login"), "{shown}");
}

/// What the browser does with the answer: it goes to the CLI, which waits on this machine.
fn bring(address: &str) {
    let (host, path) = address.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a place to go to");
    assert!(host.starts_with("localhost:100"), "the code is brought to {host}");
    let mut there = TcpStream::connect(host).expect("the CLI waits for its code");
    write!(there, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("bring the code");
    // The CLI closes everything as soon as it has the code: what it says to the browser may not arrive.
    let _ = there.read_to_end(&mut Vec::new());
}

fn a_person_far_from_a_browser_pastes_a_token(stage: &mut Stage) {
    let host = stage.server.host();
    let cli = Cli::visiting(stage.version(), &stage.server);
    // As docs/login.md says: with the API alone, the CLI asks for a token.
    cli.settings(&format!(
        "host {host:?} {{\n  services = {{\n    \"tfe.v2\" = \"https://{host}/api/v2/\"\n  }}\n}}\n"
    ));
    let mut login = cli.start(&["login", &host]);
    login.expect("Enter a value:").type_line("yes");
    login.expect("/app/settings/tokens?source=terraform-login").expect("Enter a value:").type_line(&stage.token);
    login.exits(0);
    cli.settings("");
    cli.write("main.tf", &stage.cloud("by-paste")).good(&["init"]);
    assert_eq!(stage.workspace("by-paste")["attributes"]["locked"], false);
}
