//! The `http` import with a host that answers, and without one.
#![expect(clippy::unwrap_used, reason = "a program of the test that cannot be parsed fails it")]

use std::sync::{Arc, Mutex};

use terrane_sentinel::http::{Door, Fetch, Request, Response};
use terrane_sentinel::{Program, Report, Run, Verdict};

/// Answers with the status that the address ends in, and remembers what was asked.
#[derive(Default)]
struct Host(Mutex<Vec<Request>>);

impl Fetch for Host {
    fn fetch(&self, request: &Request) -> Result<Response, String> {
        self.0.lock().unwrap().push(request.clone());
        let status = request.url.rsplit('/').next().and_then(|s| s.parse().ok()).ok_or("policies may not go there")?;
        Ok(Response { status, headers: vec![("X-A".into(), "b".into())], body: br#"{"names": ["a"]}"#.to_vec() })
    }
}

fn run(source: &str) -> (Report, Vec<Request>) {
    let host = Arc::new(Host::default());
    let program = Program::parse("p", format!("import \"http\"\nimport \"json\"\n{source}").as_bytes()).unwrap();
    let run = Run { http: Some(Door(Arc::clone(&host) as Arc<dyn Fetch>)), ..Run::new(Arc::new(program)) };
    let report = run.evaluate();
    let asked = std::mem::take(&mut *host.0.lock().unwrap());
    (report, asked)
}

#[test]
fn a_policy_reads_an_answer() {
    let (report, asked) = run("res = http.get(\"https://h/200\")\n\
        main = res.status_code is 200 and res.headers[\"X-A\"] is \"b\" and json.unmarshal(res.body).names is [\"a\"]");
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.error);
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].method.as_str(), asked[0].retries, asked[0].timeout, asked[0].verified), ("GET", 1, 10, true));
    assert_eq!(asked[0].headers, [("Accept".into(), "*/*".into())]);
}

#[test]
fn builders_make_new_objects() {
    let (report, asked) = run(r#"
plain = http.request("https://h/201")
full = plain.with_header("A", "b").with_basic_auth("u", "p").with_body("text")
client = http.client.accept_status_codes([201]).with_retries(3).with_timeout(5).without_certificate_verification()
res = client.post(full)
main = res.status_code is 201 and plain.headers is empty and full.headers["A"] is "b" and full.body is "text" and
	client.retries is 3 and client.timeout is 5 and client.accepted_status_codes is [201] and http.timeout is 10
"#);
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.error);
    let request = &asked[0];
    assert_eq!((request.method.as_str(), request.retries, request.timeout, request.verified), ("POST", 3, 5, false));
    assert_eq!(request.body.as_deref(), Some(b"text".as_slice()));
    assert!(request.headers.contains(&("Authorization".into(), "Basic dTpw".into())));
}

#[test]
fn what_is_not_accepted_or_not_answered_ends_the_policy() {
    for (source, why) in [
        ("main = http.get(\"https://h/404\").status_code is 404", "the status 404"),
        ("main = http.get(\"https://h/there\").status_code is 200", "may not go there"),
        ("main = http.client.with_retries(11).retries is 11", "between 0 and 10"),
        ("main = http.client.with_timeout(31).timeout is 31", "between 0 and 30"),
    ] {
        let (report, _) = run(source);
        assert_eq!(report.verdict, Verdict::Error, "{source}");
        assert!(report.error.as_ref().unwrap().0.contains(why), "{:?}", report.error);
    }
}
