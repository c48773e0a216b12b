use crate::house::{Events, House};

/// The offset and the text of an event of a log.
fn lines(event: &str) -> (String, Vec<String>) {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned());
    let parts: Vec<Vec<(String, String)>> = serde_json::from_str(&field("data:").unwrap()).unwrap();
    let text = parts.into_iter().map(|line| line.into_iter().map(|(_, text)| text).collect()).collect();
    (field("id:").unwrap(), text)
}

#[tokio::test]
async fn a_log_is_followed_and_resumed_without_loss_or_repetition() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let (run, job) = house.planning("a run").await;
    let path = format!("/app/acme/net/runs/{}/log/plan", run.id);
    let mut events = Events::open(&house, &path, &cookie, None).await;
    house.log(&job, 0, "one\ntwo\nth").await;
    let (offset, text) = lines(&events.next().await.unwrap());
    assert_eq!((offset.as_str(), text), ("8", vec!["one".to_owned(), "two".to_owned()]));
    drop(events);
    house.log(&job, 10, "ree\nfour").await;
    let mut events = Events::open(&house, &format!("{path}?offset=0"), &cookie, Some(&offset)).await;
    let (offset, text) = lines(&events.next().await.unwrap());
    assert_eq!((offset.as_str(), text), ("14", vec!["three".to_owned()]));
    house.planned(&job).await;
    assert_eq!(lines(&events.next().await.unwrap()), ("18".to_owned(), vec!["four".to_owned()]));
    let end = events.next().await.unwrap();
    assert!(end.contains("event: end"), "{end}");
    assert_eq!(events.next().await, None);
    let whole = house.get(&format!("{path}/text"), &cookie).await;
    assert_eq!(whole.text, "one\ntwo\nthree\nfour");
}

#[tokio::test]
async fn a_page_hears_of_its_own_workspace_only_until_the_server_stops() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let settings = app::Settings { name: Some("other".into()), ..app::Settings::default() };
    let other = house.app.create_workspace(&house.ada, "acme", &settings).await.unwrap();
    let mut own = Events::open(&house, &format!("/app/events?workspace={}", house.workspace.id), &cookie, None).await;
    let mut all = Events::open(&house, "/app/events?organization=acme", &cookie, None).await;
    house.app.update_workspace(&house.ada, &other.id, &app::Settings::default()).await.unwrap();
    house.app.update_workspace(&house.ada, &house.workspace.id, &app::Settings::default()).await.unwrap();
    assert_eq!(own.next().await.unwrap(), format!("data: {}", house.workspace.id));
    assert_eq!(all.next().await.unwrap(), format!("data: {}", other.id));
    assert_eq!(all.next().await.unwrap(), format!("data: {}", house.workspace.id));
    house.stopping.cancel();
    assert_eq!(own.next().await, None);
    assert_eq!(all.next().await, None);
}
