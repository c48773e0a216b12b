//! The page on which a person allows `terraform login`.

use crate::house::{House, Seen};
use axum::http::{StatusCode, header};

const ASKED: &str = "client_id=terraform-cli&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
                     &redirect_uri=http%3A%2F%2Flocalhost%3A10003%2Flogin&response_type=code&state=a+%26state";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const PAGE: &str = "/oauth/authorization";

async fn answer(house: &House, cookie: &str, asked: &str, rest: &str) -> Seen {
    let csrf = house.get("/app/settings/tokens", cookie).await.csrf();
    house.post(PAGE, cookie, "same-origin", &format!("{asked}&csrf={csrf}&{rest}")).await
}

fn code(seen: &Seen) -> String {
    let query = seen.location().strip_prefix("http://localhost:10003/login?code=").expect("the code goes to the CLI");
    query.strip_suffix("&state=a+%26state").expect("with its state").to_owned()
}

async fn exchange(house: &House, code: String, verifier: &str) -> Result<secrecy::SecretString, app::Error> {
    house.app.exchange_login(&code.into(), "http://localhost:10003/login", &verifier.to_owned().into()).await
}

#[tokio::test]
async fn nobody_is_asked_who_they_are_and_led_back() {
    let house = House::new().await;
    let seen = house.get(&format!("{PAGE}?{ASKED}"), "").await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    let page = house.get(seen.location(), "").await;
    let to = page.text.split_once("name=\"to\" value=\"").unwrap().1.split_once('"').unwrap().0.replace("&#38;", "&");
    assert_eq!(to, format!("{PAGE}?{ASKED}"));
}

#[tokio::test]
async fn what_is_allowed_comes_to_the_cli_and_is_listed() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let page = house.get(&format!("{PAGE}?{ASKED}"), &cookie).await;
    assert!(page.text.contains("act as ada?"), "{}", page.text);
    // Both ways are told: a browser beside the CLI, and one elsewhere.
    assert!(page.text.contains("this browser runs on, or on another"), "{}", page.text);
    assert!(house.app.list_tokens(&house.ada).await.unwrap().is_empty(), "a look at the page issued something");
    let seen = answer(&house, &cookie, ASKED, "decision=allow&description=my+laptop&days=30").await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    for one in [&page, &seen] {
        let policy = one.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("form-action 'self' http://localhost:10003;"), "{policy}");
    }
    assert_eq!(seen.headers[header::CACHE_CONTROL], "no-store");
    let token = exchange(&house, code(&seen), VERIFIER).await.unwrap();
    assert!(house.app.authenticate(secrecy::ExposeSecret::expose_secret(&token)).await.is_ok());
    assert!(house.get("/app/settings/tokens", &cookie).await.text.contains("my laptop"));
}

#[tokio::test]
async fn who_denies_is_told_and_nothing_is_issued() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let seen = answer(&house, &cookie, ASKED, "decision=deny").await;
    assert_eq!((seen.status, seen.headers.get(header::LOCATION)), (StatusCode::OK, None));
    assert!(seen.text.contains("Nothing was allowed") && seen.text.contains("Ctrl-C"), "{}", seen.text);
}

#[tokio::test]
async fn a_request_that_is_not_the_clis_is_shown_and_led_nowhere() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    for (from, to, word) in [
        ("client_id=terraform-cli", "client_id=other", "client"),
        ("localhost%3A10003", "evil.example%3A10003", "not on this computer"),
        ("localhost%3A10003", "localhost%3A22", "not on this computer"),
        ("method=S256", "method=plain", "S256"),
        ("&code_challenge_method=S256", "", "S256"),
        ("response_type=code", "response_type=token", "response_type"),
    ] {
        let asked = ASKED.replace(from, to);
        let page = house.get(&format!("{PAGE}?{asked}"), &cookie).await;
        let sent = answer(&house, &cookie, &asked, "decision=allow&days=30").await;
        for seen in [page, sent] {
            assert_eq!((seen.status, seen.headers.get(header::LOCATION)), (StatusCode::FORBIDDEN, None), "{to}");
            assert!(seen.text.contains(word), "{to}: {}", seen.text);
        }
    }
}

#[tokio::test]
async fn no_other_site_can_allow_it() {
    let house = House::new().await;
    let (ada, eve) = (house.cookie("ada").await, house.cookie("eve").await);
    let own = house.get("/app/settings/tokens", &ada).await.csrf();
    let others = house.get("/app/settings/tokens", &eve).await.csrf();
    for (csrf, site) in [("", "same-origin"), (&*others, "same-origin"), (&*own, "cross-site"), (&*own, "none")] {
        let form = format!("{ASKED}&csrf={csrf}&decision=allow&days=30");
        let seen = house.post(PAGE, &ada, site, &form).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{site}");
    }
}

#[tokio::test]
async fn two_tabs_have_a_code_each_which_fits_only_its_own() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let other = ASKED.replace("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", &"x".repeat(43));
    let first = code(&answer(&house, &cookie, ASKED, "decision=allow&days=30").await);
    let second = code(&answer(&house, &cookie, &other, "decision=allow&days=30").await);
    let third = code(&answer(&house, &cookie, ASKED, "decision=allow&days=30").await);
    assert!(exchange(&house, second, VERIFIER).await.is_err(), "a code was exchanged by the verifier of another tab");
    assert!(exchange(&house, third, VERIFIER).await.is_ok());
    assert!(exchange(&house, first, VERIFIER).await.is_ok());
    assert_eq!(house.app.list_tokens(&house.ada).await.unwrap().len(), 2);
}
