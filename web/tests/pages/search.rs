use crate::house::House;
use app::{Source, Upload, Which};
use axum::http::StatusCode;
use domain::permission::Permission;

async fn furnished(instances: usize) -> House {
    let house = House::new().await;
    let instance = |n: usize| {
        let name = if n == 0 { "<b>bold</b>" } else { "plain" };
        format!(
            r#"{{"index_key":"k{n}","attributes":{{"id":"i-{n:03}","name":"{name}","tags":{{"Owner":"team-7"}},"password":"hush"}}}}"#
        )
    };
    let instances: Vec<String> = (0..instances).map(instance).collect();
    let state = format!(
        r#"{{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{{"endpoint":{{"value":"hush","type":"string"}}}},
        "resources":[{{"mode":"managed","type":"aws_instance","name":"web","provider":"p","instances":[{}]}}]}}"#,
        instances.join(",")
    );
    let seen = house.app.workspace(&house.ada, Which::Id(&house.workspace.id), Permission::WriteState).await.unwrap();
    house.app.write_state(&house.ada, &seen, &Source::Http(None), Upload::of(state), None).await.unwrap();
    house.app.index_workspaces().await.unwrap();
    house
}

#[tokio::test]
async fn things_are_found_and_led_to() {
    let house = furnished(2).await;
    let ron = house.cookie("ron").await;
    for page in ["/app/acme", "/app/acme/net", "/app/acme/net/resources", "/app/settings/queues/acme"] {
        let seen = house.get(page, &ron).await.text;
        assert!(seen.contains(r#"action="/app/settings/search/acme""#), "{page}: {seen}");
    }
    assert!(!house.get("/app", &ron).await.text.contains("/app/settings/search/"));
    let seen = house.get("/app/settings/search/acme?q=team-7+I-000", &ron).await;
    let link = "/app/acme/net/resources?address=aws_instance.web%5B%22k0%22%5D";
    assert!(seen.status == StatusCode::OK && seen.text.contains(link), "{}", seen.text);
    assert!(seen.text.contains("value=\"team-7 I-000\"") && !seen.text.contains("k1"), "{}", seen.text);
    assert!(!seen.text.contains("<b>bold") && !seen.text.contains("hush"), "{}", seen.text);
    let there = house.get(link, &ron).await.text;
    assert!(there.contains("i-000") && !there.contains("i-001") && !there.contains("<b>bold"), "{there}");
    let output = house.get("/app/settings/search/acme?q=endpoint", &ron).await.text;
    assert!(output.contains("endpoint") && output.contains("/app/acme/net\""), "{output}");
    let none = house.get("/app/settings/search/acme?q=%3Cscript%3Ex", &ron).await.text;
    assert!(none.contains("Nothing in acme") && !none.contains("<script>x"), "{none}");
    for wrong in ["", "?q=", "?q=--", "?q=%00", "?q=kind%3Ax", "?q=a&after=x"] {
        let seen = house.get(&format!("/app/settings/search/acme{wrong}"), &ron).await;
        assert!(seen.status == StatusCode::OK && seen.text.contains("role=\"alert\""), "{wrong}: {}", seen.text);
    }
    let eve = house.cookie("eve").await;
    assert_eq!(house.get("/app/settings/search/acme?q=web", &eve).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/app/acme/net/resources", &eve).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_does_not_fit_a_page_goes_on() {
    let house = furnished(70).await;
    let ron = house.cookie("ron").await;
    let first = house.get("/app/settings/search/acme?q=kind%3Aresource+aws", &ron).await.text;
    assert_eq!(first.matches("/resources?address=").count(), 50);
    let (_, next) = first.split_once("rel=\"next\" href=\"").unwrap();
    let next = next.split_once('"').unwrap().0.replace("&#38;", "&");
    let rest = house.get(&next, &ron).await.text;
    assert_eq!(rest.matches("/resources?address=").count(), 20);
    assert!(!rest.contains("rel=\"next\""), "{rest}");
    let listed = house.get("/app/acme/net/resources?page=2", &ron).await.text;
    assert!(listed.contains("Page 2 of 2 · 70 in all") && listed.matches("aws_instance.web").count() >= 20, "{listed}");
    let gone = house.get("/app/acme/net/resources?address=x.y", &ron).await.text;
    assert!(gone.contains("The current state holds no"), "{gone}");
}
