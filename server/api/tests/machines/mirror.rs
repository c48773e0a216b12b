//! Addresses of archives: for whoever was told one, and for minutes.

use crate::town::{Engine, Town};

#[tokio::test]
async fn an_archive_has_an_address_that_ends() {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    let document = "/api/mirror/providers/registry.terraform.io/hashicorp/plan/1.0.0.json";
    for role in ["read", "stranger", "foreign-run", "runner"] {
        let answer = town.ask(role, "GET", document, "").await;
        assert_eq!(answer.status, 200, "{role}: {}", answer.text());
        let archive = &answer.json()["archives"]["linux_amd64"];
        assert!(archive["hashes"][0].as_str().unwrap().starts_with("h1:"), "{archive}");
        let url = archive["url"].as_str().unwrap().strip_prefix("https://terrane.test").unwrap();
        assert!(url.ends_with("/terraform-provider-plan_1.0.0_linux_amd64.zip"), "{url}");
        let package = town.ask("nobody", "GET", url, "").await;
        assert_eq!(package.status, 200, "{}", package.text());
        assert_eq!(package.headers["content-length"], package.body.len().to_string().as_str());
        assert_eq!(&package.body[..2], b"PK");
        // Good for this archive alone: another purpose has another signature.
        let log = url.replace("/provider/", "/log/").rsplit_once('/').unwrap().0.to_owned();
        assert_eq!(town.ask("nobody", "GET", &log, "").await.status, 401);
        town.clock.pass(601);
        assert_eq!(town.ask("nobody", "GET", url, "").await.status, 401);
    }
}
