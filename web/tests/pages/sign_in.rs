use crate::house::{House, PASSWORD};
use app::NewUser;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use secrecy::ExposeSecret as _;
use tower::ServiceExt as _;

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_the_sign_in_and_back() {
    let house = House::new().await;
    let seen = house.get("/app/acme/net?x=1", "").await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "/sign-in?to=%2Fapp%2Facme%2Fnet%3Fx%3D1"));
    let page = house.get(seen.location(), "").await;
    assert!(page.text.contains(r#"name="to" value="/app/acme/net?x=1""#), "{}", page.text);
    let form = format!("login=ada&password={}&to=%2Fapp%2Facme%2Fnet", PASSWORD.replace(' ', "+"));
    let seen = house.post("/sign-in", "", "same-origin", &form).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "/app/acme/net"));
    let cookie = seen.headers[header::SET_COOKIE].to_str().unwrap();
    for part in ["__Host-terrane=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "{part}");
    }
    let cookie = cookie.split_once(';').unwrap().0;
    assert_eq!(house.get("/app/acme/net", cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_sign_in_leads_nowhere_else_and_no_other_site_can_send_it() {
    let house = House::new().await;
    let form = format!("login=ada&password={}&to=", PASSWORD.replace(' ', "+"));
    for to in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2Fapp%5C%5Cevil"] {
        assert_eq!(house.post("/sign-in", "", "same-origin", &format!("{form}{to}")).await.location(), "/app");
        let page = house.get(&format!("/sign-in?to={to}"), "").await;
        assert!(page.text.contains(r#"name="to" value="/app""#));
    }
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(house.post("/sign-in", "", site, &form).await.status, StatusCode::FORBIDDEN, "{site}");
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_and_says_nothing_about_names() {
    let house = House::new().await;
    let wrong = house.post("/sign-in", "", "same-origin", "login=ada&password=wrong").await;
    let nobody = house.post("/sign-in", "", "same-origin", "login=zed&password=wrong").await;
    assert_eq!((wrong.status, nobody.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(wrong.text.replace("ada", "zed"), nobody.text);
    for _ in 0..9 {
        house.post("/sign-in", "", "same-origin", "login=ada&password=wrong").await;
    }
    let seen = house.post("/sign-in", "", "same-origin", "login=ADA&password=wrong").await;
    assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_form_without_our_token_changes_nothing() {
    let house = House::new().await;
    let (ada, eve) = (house.cookie("ada").await, house.cookie("eve").await);
    let own = house.get("/app/settings/tokens", &ada).await.csrf();
    let others = house.get("/app/settings/tokens", &eve).await.csrf();
    for (csrf, site) in [("", "same-origin"), ("x", "same-origin"), (&*others, "same-origin"), (&*own, "cross-site")] {
        let form = format!("csrf={csrf}&description=d&days=30");
        assert_eq!(house.post("/app/settings/tokens", &ada, site, &form).await.status, StatusCode::FORBIDDEN);
        assert_eq!(house.post("/sign-out", &ada, site, &format!("csrf={csrf}")).await.status, StatusCode::FORBIDDEN);
    }
    assert!(house.app.list_tokens(&house.ada).await.unwrap().is_empty());
    let seen = house.post("/sign-out", &ada, "same-origin", &format!("csrf={own}")).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert_eq!(house.get("/app", &ada).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_token_is_shown_once_works_and_can_be_revoked() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let page = house.get("/app/settings/tokens?source=terraform-login", &cookie).await;
    assert!(page.text.contains("waits for a token"));
    let form = format!("csrf={}&description=%3Cb%3Elaptop&days=30", page.csrf());
    let made = house.post("/app/settings/tokens", &cookie, "same-origin", &form).await;
    assert_eq!((made.status, &made.headers[header::CACHE_CONTROL]), (StatusCode::OK, &"no-store".parse().unwrap()));
    let value = made.text.split_once("readonly value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    assert!(house.app.authenticate(&value).await.is_ok());
    let list = house.get("/app/settings/tokens", &cookie).await;
    assert!(!list.text.contains(&value) && !list.text.contains("<b>laptop") && list.text.contains("&#60;b&#62;laptop"));
    let id = house.app.list_tokens(&house.ada).await.unwrap()[0].id.to_string();
    let path = format!("/app/settings/tokens/{id}/revoke");
    let eve = house.cookie("eve").await;
    let form = format!("csrf={}", house.get("/app/settings/tokens", &eve).await.csrf());
    assert_eq!(house.post(&path, &eve, "same-origin", &form).await.status, StatusCode::NOT_FOUND);
    house.post(&path, &cookie, "same-origin", &format!("csrf={}", page.csrf())).await;
    assert!(house.app.authenticate(&value).await.is_err());
}

#[tokio::test]
async fn a_used_setup_link_is_refused() {
    let house = House::new().await;
    let seen = house.get("/setup/anything", "").await;
    assert_eq!(seen.status, StatusCode::UNAUTHORIZED);
    assert!(seen.text.contains("set-up link is used or too old"), "{}", seen.text);
    assert!(seen.text.contains(r#"<a href="/sign-in">"#), "{}", seen.text);
}

#[tokio::test]
async fn a_setup_link_is_dead_once_there_is_somebody() {
    let (app, router, _stopping, _directory) = House::nobody().await;
    let link = app.offer_setup().await.unwrap().unwrap();
    let opened = async || {
        let request = Request::get(format!("/setup/{}", link.expose_secret())).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    };
    assert_eq!(opened().await, StatusCode::OK);
    let password = Some(PASSWORD.to_owned().into());
    let new = NewUser { name: "ada".into(), email: "ada@acme.example".into(), site_admin: true, password };
    app.create_user(new).await.unwrap();
    assert_eq!(opened().await, StatusCode::UNAUTHORIZED, "before anybody has filled in the form");
}

#[tokio::test]
async fn every_answer_is_guarded_and_static_files_are_kept() {
    let house = House::new().await;
    let seen = house.get("/sign-in", "").await;
    assert!(seen.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(seen.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert!(!seen.text.contains("<style") && !seen.text.contains("style=\"") && !seen.text.contains("onclick"));
    for attribute in ["href=\"/static/", "src=\"/static/"] {
        let name = seen.text.split_once(attribute).unwrap().1.split_once('"').unwrap().0;
        let file = house.get(&format!("/static/{name}"), "").await;
        assert_eq!(file.status, StatusCode::OK, "{name}");
        assert!(file.headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    }
    assert_eq!(house.get("/static/x.js", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/nowhere", "").await.status, StatusCode::NOT_FOUND);
}
