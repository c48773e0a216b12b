use crate::house::{Events, House};
use app::{NewConfiguration, NewRun, Settings, ShareChange};
use axum::http::StatusCode;

/// A run in a workspace of its own, whose plan is queued.
async fn queued(house: &House, name: &str) -> app::model::Run {
    let settings = Settings { name: Some(name.into()), ..Settings::default() };
    let workspace = house.app.create_workspace(&house.ada, "acme", &settings).await.unwrap();
    let new = NewConfiguration { speculative: false, provisional: false, auto_queue_runs: false };
    let version = house.app.create_configuration(&house.ada, &workspace.id, new).await.unwrap();
    house.app.upload_configuration(&version.id, Box::pin(std::io::Cursor::new(b"a slug".to_vec()))).await.unwrap();
    house.app.create_run(&house.ada, &workspace.id, NewRun::default()).await.unwrap()
}

#[tokio::test]
async fn who_waits_reads_why_and_hears_when_its_place_changes() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let limit = |limit| ShareChange { run_limit: Some(Some(limit)), run_weight: None };
    house.app.set_share(None, "acme", limit(1)).await.unwrap();
    let (_, job) = house.planning("the first").await;
    let (second, third) = (queued(&house, "second").await, queued(&house, "third").await);
    let why = "1 of 1 slots of organization acme are busy; position 2 of 2 in the queue of acme.";
    for path in [format!("/app/acme/third/runs/{}", third.id), "/app/acme/third/runs".into(), "/app/acme/third".into()]
    {
        let seen = house.get(&path, &cookie).await;
        assert!(seen.text.contains(why) && seen.text.contains("queue=acme"), "{path}: {}", seen.text);
    }
    let workspace = third.workspace_id.clone();
    let mut events =
        Events::open(&house, &format!("/app/events?workspace={workspace}&queue=acme"), &cookie, None).await;
    house.planned(&job).await;
    assert!(events.next().await.unwrap().starts_with("data: org-"), "a place is free");
    assert_eq!(house.app.claim(&house.inside().await, None).await.unwrap().run_id, second.id.as_str());
    assert!(events.next().await.unwrap().starts_with("data: org-"), "it is taken");
    let seen = house.get(&format!("/app/acme/third/runs/{}", third.id), &cookie).await;
    assert!(seen.text.contains("1 of 1 slots of organization acme are busy.</p>"), "{}", seen.text);
    let queue = house.get("/app/settings/queues/acme", &cookie).await;
    let at = |text: &str| queue.text.find(text).unwrap_or_else(|| panic!("{text}: {}", queue.text));
    assert!(at(second.id.as_str()) < at(third.id.as_str()), "what executes comes before what waits");
    assert!(queue.text.contains("1 of 1 executing"), "{}", queue.text);
    let eve = house.cookie("eve").await;
    assert_eq!(house.get("/app/settings/queues/acme", &eve).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/app/events?queue=acme", &eve).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_site_admin_gives_shares() {
    let house = House::new().await;
    let (root, ada) = (house.cookie("root").await, house.cookie("ada").await);
    assert_eq!(house.get("/app/settings/queues", &ada).await.status, StatusCode::FORBIDDEN);
    let seen = house.get("/app/settings/queues", &root).await;
    assert!(seen.text.contains("0 of 10 executing"), "{}", seen.text);
    let form = |limit: &str, csrf: &str| format!("csrf={csrf}&limit={limit}&weight=4");
    let path = "/app/settings/queues/acme";
    let csrf = seen.csrf();
    assert_eq!(house.post(path, &root, "same-origin", &form("7", &csrf)).await.status, StatusCode::SEE_OTHER);
    let share = house.app.share(None, "acme").await.unwrap();
    assert_eq!((share.run_limit, share.run_weight), (Some(7), 4));
    house.post(path, &root, "same-origin", &form("", &csrf)).await;
    assert_eq!(house.app.share(None, "acme").await.unwrap().run_limit, None, "nothing is the server's setting");
    assert_eq!(
        house.post(path, &root, "same-origin", &form("x", &csrf)).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(house.post(path, &root, "cross-site", &form("3", &csrf)).await.status, StatusCode::FORBIDDEN);
    let own = house.get("/app/settings/tokens", &ada).await.csrf();
    assert_eq!(house.post(path, &ada, "same-origin", &form("3", &own)).await.status, StatusCode::FORBIDDEN);
}
