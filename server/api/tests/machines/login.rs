//! `terraform login` from the CLI's side: what the token endpoint takes, and takes once.

use crate::town::{Answer, Town, on_both};
use domain::login::{Request, Said};
use secrecy::ExposeSecret;

on_both! { a_code_is_exchanged_once_and_ends_with_its_token  what_does_not_fit_is_refused  a_person_reads_and_ends_their_tokens }

/// A verifier and its challenge, computed by another program: `printf %s VERIFIER | openssl dgst -sha256 -binary | basenc --base64url`.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http%3A%2F%2Flocalhost%3A10003%2Flogin";

async fn code(town: &Town, ttl: Option<i64>) -> String {
    let said = Said {
        client: "terraform-cli",
        response_type: "code",
        redirect: "http://localhost:10003/login",
        method: "S256",
        challenge: CHALLENGE,
        state: "s",
    };
    let owner = town.caller("owner").await;
    let code = town.app.allow_login(&owner, &Request::new(&said).unwrap(), "the laptop", ttl).await.unwrap();
    code.expose_secret().to_owned()
}

fn form(code: &str) -> String {
    format!(
        "grant_type=authorization_code&client_id=terraform-cli&redirect_uri={REDIRECT}&code={code}&code_verifier={VERIFIER}"
    )
}

async fn exchange(town: &Town, form: String) -> Answer {
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    town.ask_with("nobody", "POST", "/oauth/token", form, &kind).await
}

async fn a_code_is_exchanged_once_and_ends_with_its_token(town: &Town) {
    let code = code(town, Some(60)).await;
    let answer = exchange(town, form(&code)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/json"));
    let said = answer.json();
    assert_eq!(said["token_type"], "bearer");
    let token = said["access_token"].as_str().unwrap().to_owned();
    let caller = town.app.authenticate(&token).await.unwrap();
    assert_eq!(caller.user().unwrap().name, "owner");
    let listed = town.app.list_tokens(&caller).await.unwrap();
    let made = listed.iter().find(|token| token.description == "the laptop").unwrap();
    assert_eq!(made.expires_at, Some(town.app.now().plus_seconds(60).micros()));
    // Somebody else knew the code.
    let again = exchange(town, form(&code)).await;
    assert_eq!((again.status.as_u16(), &again.json()["error"]), (400, &"invalid_grant".into()));
    assert!(town.app.authenticate(&token).await.is_err(), "the token of a code that came twice still works");
}

async fn what_does_not_fit_is_refused(town: &Town) {
    let fresh = form(&code(town, None).await);
    for (from, to, status, error) in [
        ("authorization_code", "password", 400, "unsupported_grant_type"),
        ("terraform-cli", "other", 401, "invalid_client"),
        (VERIFIER, "short", 400, "invalid_request"),
        ("grant_type=authorization_code", "grant_type=authorization_code&code=x", 400, "invalid_request"),
        ("&code=", "&code=x", 400, "invalid_grant"),
    ] {
        let answer = exchange(town, fresh.replace(from, to)).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (status, &error.into()), "{to}");
        assert!(!answer.json()["error_description"].as_str().unwrap().is_empty());
    }
    // None of these used the code up; a verifier or an address of another does.
    for (from, to) in [("dBjft", "dBjfu"), ("localhost", "127.0.0.1")] {
        let code = form(&code(town, None).await);
        for tried in [code.replace(from, to), code] {
            let answer = exchange(town, tried).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &"invalid_grant".into()), "{to}");
        }
    }
    assert_eq!(exchange(town, fresh).await.status, 200);
    let (late, in_time) = (code(town, None).await, code(town, None).await);
    town.clock.pass(299);
    assert_eq!(exchange(town, form(&in_time)).await.status, 200);
    town.clock.pass(1);
    assert_eq!(exchange(town, form(&late)).await.json()["error"], "invalid_grant");
    town.app.forget_old_sessions().await.unwrap();
    assert_eq!(exchange(town, form(&in_time)).await.json()["error"], "invalid_grant");
}

async fn a_person_reads_and_ends_their_tokens(town: &Town) {
    let owner = town.caller("owner").await;
    let path = format!("/api/v2/users/{}/authentication-tokens", owner.user().unwrap().id);
    for (expired, status) in [("2000-01-01T00:00:00Z", 422), ("soon", 422), ("2033-01-01T00:00:00Z", 201)] {
        let body = serde_json::json!({ "data": { "type": "authentication-tokens", "attributes": {
            "description": "ci", "expired-at": expired } } });
        assert_eq!(town.ask("owner", "POST", &path, body.to_string()).await.status, status, "{expired}");
    }
    let listed = town.ask("owner", "GET", &path, "").await.json();
    let made = listed["data"].as_array().unwrap().iter().find(|token| token["attributes"]["description"] == "ci");
    let made = made.unwrap().clone();
    assert_eq!(made["attributes"]["expired-at"], "2033-01-01T00:00:00.000Z");
    assert!(made["attributes"]["token"].is_null(), "a list tells the value of a token");
    let one = format!("/api/v2/authentication-tokens/{}", made["id"].as_str().unwrap());
    for other in ["write", "stranger", "foreign-run"] {
        assert_eq!(town.ask(other, "GET", &one, "").await.status, 404, "{other}");
        assert_eq!(town.ask(other, "DELETE", &one, "").await.status, 404, "{other}");
        assert_eq!(town.ask(other, "GET", &path, "").await.status, 404, "{other}");
    }
    assert_eq!(town.ask("owner", "GET", &one, "").await.json()["data"]["attributes"]["description"], "ci");
    assert_eq!(town.ask("owner", "DELETE", &one, "").await.status, 204);
    assert_eq!(town.ask("owner", "GET", &one, "").await.status, 404);
}
