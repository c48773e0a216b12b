use crate::house::House;
use app::{NewConfiguration, NewRun};
use axum::http::StatusCode;
use protocol::{Counts, Outcome};

/// A plan-only run whose plan has ended so.
async fn planned_only(house: &House, outcome: Outcome) -> app::model::Run {
    let new = NewConfiguration { speculative: true, provisional: false, auto_queue_runs: false };
    let version = house.app.create_configuration(&house.ada, &house.workspace.id, new).await.unwrap();
    house.app.upload_configuration(&version.id, Box::pin(std::io::Cursor::new(b"a slug".to_vec()))).await.unwrap();
    let new = NewRun { plan_only: Some(true), configuration_version: Some(version.id), ..NewRun::default() };
    let run = house.app.create_run(&house.ada, &house.workspace.id, new).await.unwrap();
    let job = house.app.claim(&house.inside().await, None).await.unwrap();
    house.app.finish(&job.lease, outcome, Vec::new()).await.unwrap();
    run
}

fn planned(additions: i64) -> Outcome {
    let counts = Counts { additions: additions.try_into().unwrap(), changes: 0, destructions: 0, imports: 0 };
    Outcome::Planned { has_changes: additions > 0, counts, generated_configuration: false }
}

#[tokio::test]
async fn what_is_said_and_who_decided_is_on_the_page() {
    let house = House::new().await;
    let (ada, ron) = (house.cookie("ada").await, house.cookie("ron").await);
    let (run, job) = house.planning("a run").await;
    house.planned(&job).await;
    let path = format!("/app/acme/net/runs/{}", run.id);
    let page = house.get(&path, &ada).await;
    assert!(page.text.contains(r#"name="comment""#), "{}", page.text);
    let form = |words: &str| format!("csrf={}&comment={words}", page.csrf());
    let said = house.post(&format!("{path}/comment"), &ada, "same-origin", &form("%3Cb%3Elooks+good")).await;
    assert_eq!((said.status, said.location()), (StatusCode::SEE_OTHER, path.as_str()));
    let blank = house.post(&format!("{path}/comment"), &ada, "same-origin", &form("+")).await;
    assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);
    house.post(&format!("{path}/confirm"), &ada, "same-origin", &form("go+on")).await;
    let seen = house.get(&path, &ron).await;
    for text in ["&#60;b&#62;looks good", "go on", r#"confirmed <span class="by">by ada</span>"#, "commented"] {
        assert!(seen.text.contains(text), "{text}: {}", seen.text);
    }
    // Who may only read has no box, and says nothing.
    assert!(!seen.text.contains(r#"name="comment""#));
    let own = house.get("/app/settings/tokens", &ron).await.csrf();
    let refused = house.post(&format!("{path}/comment"), &ron, "same-origin", &format!("csrf={own}&comment=x")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(house.app.list_comments(&house.ada, &run.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_plan_that_is_not_to_be_applied_says_whether_it_found_changes() {
    let house = House::new().await;
    let cookie = house.cookie("ada").await;
    assert!(house.get("/app/acme", &cookie).await.text.contains("no runs"));
    for (outcome, pill, changes) in [
        (planned(1), r#"pill ask" role="status">planned, not to be applied"#, "+1"),
        (planned(0), r#"pill good" role="status">planned, nothing to apply"#, "No changes."),
        (
            Outcome::Failed { reason: "it broke".into(), exit_code: Some(1) },
            r#"pill bad" role="status">errored"#,
            "The plan failed.",
        ),
    ] {
        let run = planned_only(&house, outcome).await;
        let seen = house.get(&format!("/app/acme/net/runs/{}", run.id), &cookie).await;
        assert!(seen.text.contains(pill) && seen.text.contains(changes), "{pill}: {}", seen.text);
        // The list of workspaces tells of the newest run, whatever it is for.
        let list = house.get("/app/acme", &cookie).await.text;
        assert!(list.contains(run.id.as_str()) && !list.contains("no runs"), "{list}");
    }
}
