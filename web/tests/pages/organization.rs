use crate::house::House;
use axum::http::StatusCode;

#[tokio::test]
async fn a_site_admin_makes_an_organization() {
    let house = House::new().await;
    let (root, ada) = (house.cookie("root").await, house.cookie("ada").await);
    let page = house.get("/app", &root).await;
    assert!(page.text.contains(r#"value="root@terrane.example""#), "{}", page.text);
    let form = |csrf: &str, name: &str| format!("csrf={csrf}&name={name}&email=root%40terrane.example");
    let made = house.post("/app", &root, "same-origin", &form(&page.csrf(), "fresh")).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/app/fresh"));
    let list = house.get("/app", &root).await.text;
    let row = list.split_once("/app/fresh").unwrap().1.split_once("</li>").unwrap().0.to_owned();
    assert!(row.contains("owner"), "{row}");
    // What cannot be is said where it was asked for.
    let again = house.post("/app", &root, "same-origin", &form(&page.csrf(), "fresh")).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("Name has already been taken.") && again.text.contains(r#"value="fresh""#));
    // Nobody else is offered it, or can.
    assert!(!house.get("/app", &ada).await.text.contains("New organization"));
    let own = house.get("/app/settings/tokens", &ada).await.csrf();
    assert_eq!(house.post("/app", &ada, "same-origin", &form(&own, "mine")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.post("/app", &root, "cross-site", &form(&page.csrf(), "x")).await.status, StatusCode::FORBIDDEN);
}
