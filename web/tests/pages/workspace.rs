use crate::house::House;
use app::{Settings, Source};
use axum::http::{StatusCode, header};
use bytes::Bytes;

#[tokio::test]
async fn strangers_find_nothing() {
    let house = House::new().await;
    let (run, _job) = house.planning("a run").await;
    let eve = house.cookie("eve").await;
    let run = format!("/app/acme/net/runs/{}", run.id);
    let paths = ["/app/acme", "/app/acme/net", "/app/acme/net/runs", &run, "/app/acme/net/variables"];
    let streams = [format!("{run}/log/plan"), format!("{run}/log/plan/text"), "/app/events?organization=acme".into()];
    for path in paths.into_iter().map(str::to_owned).chain(streams) {
        assert_eq!(house.get(&path, &eve).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // Of a state nobody is told that there is none who may not know.
    assert_eq!(house.get("/app/acme/net/states", &eve).await.status, StatusCode::FORBIDDEN);
    let events = format!("/app/events?workspace={}", house.workspace.id);
    assert_eq!(house.get(&events, &eve).await.status, StatusCode::NOT_FOUND);
    assert!(!house.get("/app", &eve).await.text.contains("acme"));
}

#[tokio::test]
async fn workspaces_are_listed_found_and_escaped() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let description = Some("<script>alert(1)</script>".to_owned());
    house
        .app
        .update_workspace(&house.ada, &house.workspace.id, &Settings { description, ..Settings::default() })
        .await
        .unwrap();
    for path in ["/app/acme", "/app/acme/workspaces", "/app/acme/workspaces?q=ne", "/app/acme/net"] {
        let seen = house.get(path, &cookie).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        assert!(seen.text.contains("/app/acme/net") && !seen.text.contains("<script>alert"), "{path}");
    }
    let none = house.get("/app/acme/workspaces?q=%22%3E%3Cb%3E", &cookie).await;
    assert!(none.text.contains("No workspace has") && !none.text.contains("<b>"));
    let shorter = house.get("/app/acme/workspaces/net/runs/run-x?a=b", &cookie).await;
    assert_eq!(shorter.location(), "/app/acme/net/runs/run-x?a=b");
    assert_eq!(house.get("/app/acme/workspaces/net", &cookie).await.location(), "/app/acme/net");
}

#[tokio::test]
async fn a_run_is_shown_and_confirmed_by_who_may() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let (run, job) = house.planning("<img src=x onerror=alert(1)>").await;
    house.log(&job, 0, "\u{2}\u{1b}[32m+ create\u{1b}[0m </span><script>x\n").await;
    let path = format!("/app/acme/net/runs/{}", run.id);
    let seen = house.get(&path, &cookie).await;
    assert!(seen.text.contains("planning") && seen.text.contains("Cancel") && !seen.text.contains("Confirm and apply"));
    assert!(seen.text.contains(r#"<span class="green">+ create</span>"#), "{}", seen.text);
    assert!(!seen.text.contains("<script>x") && !seen.text.contains("<img src=x"));
    house.planned(&job).await;
    let seen = house.get(&path, &cookie).await;
    for text in ["needs confirmation", "Confirm and apply", "Discard", "+2", "~1"] {
        assert!(seen.text.contains(text), "{text}");
    }
    // Who may only read sees no button, and cannot do what is behind it.
    let ron = house.cookie("ron").await;
    let read = house.get(&path, &ron).await;
    assert!(read.status == StatusCode::OK && !read.text.contains("Confirm and apply"));
    let confirm = format!("{path}/confirm");
    let refused = house.post(&confirm, &ron, "same-origin", &format!("csrf={}", read.csrf())).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let done = house.post(&confirm, &cookie, "same-origin", &format!("csrf={}", seen.csrf())).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, path.as_str()));
    assert!(house.get(&path, &cookie).await.text.contains("apply queued"));
    let again = house.post(&confirm, &cookie, "same-origin", &format!("csrf={}", seen.csrf())).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    // The id under another workspace's name is no run.
    assert_eq!(house.get(&path.replace("/net/", "/other/"), &cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn states_are_listed_and_downloaded() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    let state = Bytes::from_static(
        br#"{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"l","outputs":{},"resources":[]}"#,
    );
    house.app.lock(&house.ada, &house.workspace.id, "test", None).await.unwrap();
    let written = house
        .app
        .write_state(&house.ada, &house.workspace, &Source::Cloud, app::Upload::of(state.clone()), None)
        .await
        .unwrap();
    let seen = house.get("/app/acme/net/states", &cookie).await;
    assert!(
        seen.text.contains("Serial 7") && seen.text.contains("current") && seen.text.contains("ada"),
        "{}",
        seen.text
    );
    let path = format!("/app/acme/net/states/{}/download", written.version.id);
    let file = house.get(&path, &cookie).await;
    assert_eq!(file.text.as_bytes(), state);
    assert_eq!(file.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"net-7.tfstate\"");
    assert_eq!(house.get(&path, &house.cookie("eve").await).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_version_says_what_changed_and_is_gone_back_to() {
    let house = House::new().await;
    let (ada, ron) = (house.cookie("ada").await, house.cookie("ron").await);
    let write = async |serial: i64, value: &str| {
        let state = format!(
            r#"{{"version":4,"terraform_version":"1.11.4","serial":{serial},"lineage":"l","outputs":{{}},"resources":[{{"mode":"managed","type":"t",
            "name":"a","provider":"p","instances":[{{"attributes":{{"id":"1","v":"{value}","password":"hush-{serial}"}}}}]}}]}}"#
        );
        let seen = house.app.workspace(
            &house.ada,
            app::Which::Id(&house.workspace.id),
            domain::permission::Permission::WriteState,
        );
        let seen = seen.await.unwrap();
        let upload = app::Upload::of(state);
        house.app.write_state(&house.ada, &seen, &Source::Http(None), upload, None).await.unwrap().version.id
    };
    let (first, second) = (write(1, "<b>one</b>").await, write(2, "two").await);
    let list = house.get("/app/acme/net/states", &ada).await;
    assert!(list.text.contains(&format!("/app/acme/net/states/{first}\"")), "{}", list.text);
    let path = format!("/app/acme/net/states/{second}");
    let seen = house.get(&path, &ada).await;
    assert!(
        seen.text.contains("Since serial 1") && seen.text.contains("&#60;b&#62;one") && seen.text.contains("t.a"),
        "{}",
        seen.text
    );
    assert!(seen.text.contains("(sensitive)") && !seen.text.contains("hush") && !seen.text.contains("Go back"));
    let path = format!("/app/acme/net/states/{first}");
    assert!(!house.get(&path, &ron).await.text.contains("Go back"), "who may only read");
    let seen = house.get(&path, &ada).await;
    assert!(seen.text.contains("no version before") && seen.text.contains("Go back to this version"), "{}", seen.text);
    assert!(seen.text.contains(&format!("name=\"current\" value=\"{second}\"")), "{}", seen.text);
    let form = format!("csrf={}&sure=yes&current={first}", seen.csrf());
    let stale = house.post(&format!("{path}/rollback"), &ada, "same-origin", &form).await;
    assert!(stale.status == StatusCode::CONFLICT && stale.text.contains("became current"), "{}", stale.text);
    let form = format!("csrf={}&sure=yes&current={second}", seen.csrf());
    let back = house.post(&format!("{path}/rollback"), &ada, "same-origin", &form).await;
    assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, "/app/acme/net/states"));
    let list = house.get("/app/acme/net/states", &ada).await.text;
    assert!(list.contains("Serial 3"), "{list}");
    let now = house
        .app
        .workspace(&house.ada, app::Which::Id(&house.workspace.id), domain::permission::Permission::Read)
        .await
        .unwrap();
    assert!(now.lock().unwrap().is_none(), "the lock is given back");
    house.app.lock(&house.ada, &house.workspace.id, "mine", Some(("id", "{}"))).await.unwrap();
    let form = format!("csrf={}&sure=yes", house.get(&format!("/app/acme/net/states/{second}"), &ada).await.csrf());
    let barred = house.post(&format!("/app/acme/net/states/{second}/rollback"), &ada, "same-origin", &form).await;
    assert_eq!(barred.status, StatusCode::CONFLICT, "{}", barred.text);
}

#[tokio::test]
async fn a_deleted_workspace_is_taken_back() {
    let house = House::new().await;
    let (ada, ron) = (house.cookie("ada").await, house.cookie("ron").await);
    house.app.delete_workspace(&house.ada, &house.workspace.id, false).await.unwrap();
    let settings = Settings { name: Some("net".into()), ..Settings::default() };
    house.app.create_workspace(&house.ada, "acme", &settings).await.unwrap();
    let list = "/app/settings/organizations/acme/deleted-workspaces";
    assert_eq!(house.get(list, &ron).await.status, StatusCode::FORBIDDEN);
    let seen = house.get(list, &ada).await;
    assert!(seen.text.contains("value=\"net\"") && seen.text.contains("Take back"), "{}", seen.text);
    let path = format!("{list}/{}", house.workspace.id);
    let form = |name: &str| format!("csrf={}&name={name}", seen.csrf());
    let taken = house.post(&path, &ada, "same-origin", &form("net")).await;
    assert!(taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.text.contains("another name"), "{}", taken.text);
    let back = house.post(&path, &ada, "same-origin", &form("old-net")).await;
    assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, "/app/acme/old-net"));
    assert!(house.get(list, &ada).await.text.contains("Nothing was deleted"));
}
