//! The settings of an organization and of a workspace, and the runners of the site.

use crate::house::{House, Seen};
use app::{NewTest, Serves, Settings, Which};
use axum::http::StatusCode;
use domain::permission::Permission;
use protocol::{
    Outcome, Tally, Verdict,
    wire::{Hello, Speaks},
};

const ORGANIZATION: &str = "/app/settings/organizations/acme";

fn form(csrf: &str, fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("csrf", csrf);
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    form.finish()
}

impl House {
    /// A form from a page of this person's.
    async fn fill(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Seen {
        let csrf = self.get("/app/settings/tokens", cookie).await.csrf();
        let seen = self.post(path, cookie, "cross-site", &form(&csrf, fields)).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path} from another site");
        let seen = self.post(path, cookie, "same-origin", &form("", fields)).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path} without the form's token");
        self.post(path, cookie, "same-origin", &form(&csrf, fields)).await
    }

    async fn net(&self) -> app::model::Workspace {
        self.app.workspace(&self.ada, Which::Name("acme", "net"), Permission::Read).await.unwrap()
    }
}

/// A runner says hello.
async fn enlist(house: &House, serves: &Serves, name: &str, agent: Option<String>, speaks: Speaks) -> String {
    let hello = Hello { speaks, name: name.into(), version: "0.1.2".into(), slots: 3, agent, holding: Vec::new() };
    house.app.enlist(serves, &hello, "192.0.2.7").await.map(|known| known.agent).unwrap_or_default()
}

#[tokio::test]
async fn an_owner_gives_the_runs_of_an_organization_an_image() {
    let house = House::new().await;
    let (ada, ron, eve) = (house.cookie("ada").await, house.cookie("ron").await, house.cookie("eve").await);
    let image = "registry.example.com/terraform:{version}";
    let saved = house.fill(ORGANIZATION, &ada, &[("email", "it@acme.example"), ("image", image)]).await;
    assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, ORGANIZATION));
    assert!(house.get(ORGANIZATION, &ada).await.text.contains(image));
    let seen = house.get("/app/acme/net/settings", &ada).await;
    assert!(seen.text.contains(&format!("placeholder=\"{image}\"")), "{}", seen.text);
    assert_eq!(house.net().await.organization_image, image);
    let bad = house.fill(ORGANIZATION, &ada, &[("email", "it@acme.example"), ("image", "no such thing")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("Image is a name") && bad.text.contains("value=\"no such thing\""), "{}", bad.text);
    let seen = house.get(ORGANIZATION, &ron).await;
    assert!(seen.text.contains(image) && !seen.text.contains("<button class=\"primary\""), "{}", seen.text);
    let refused = house.fill(ORGANIZATION, &ron, &[("email", "it@acme.example"), ("image", "")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(house.get(ORGANIZATION, &eve).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.net().await.organization_image, image, "nothing that was refused has changed it");
}

#[tokio::test]
async fn a_pool_is_made_scoped_used_and_deleted() {
    let house = House::new().await;
    let (ada, ron) = (house.cookie("ada").await, house.cookie("ron").await);
    let pools = format!("{ORGANIZATION}/agent-pools");
    assert_eq!(house.fill(&pools, &ron, &[("name", "rack")]).await.status, StatusCode::FORBIDDEN);
    let made = house.fill(&pools, &ada, &[("name", "rack"), ("everybody", "on")]).await;
    let path = made.location().to_owned();
    assert!(house.get(&pools, &ron).await.text.contains("every workspace"));
    let again = house.fill(&pools, &ada, &[("name", "rack")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);

    // A token is shown once, and to nobody but an owner.
    let shown = house.fill(&format!("{path}/tokens"), &ada, &[("description", "rack 1")]).await;
    assert!(shown.text.contains("value=\"trna_"), "{}", shown.text);
    let (_, value) = shown.text.split_once("value=\"trna_").unwrap();
    let value = format!("trna_{}", value.split_once('"').unwrap().0);
    let serves = house.app.authenticate_runner(&value).await.unwrap().serves;
    let seen = house.get(&path, &ada).await;
    assert!(seen.text.contains("rack 1") && !seen.text.contains("trna_"), "{}", seen.text);
    assert!(!house.get(&path, &ron).await.text.contains("rack 1"));
    let blank = house.fill(&format!("{path}/tokens"), &ada, &[("description", " ")]).await;
    assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);

    // Its agents: one that works, one that is of another age.
    let agent = enlist(&house, &serves, "rack-1", None, Speaks::OURS).await;
    let old = enlist(&house, &serves, "rack-2", None, Speaks::OURS).await;
    enlist(&house, &serves, "rack-2", Some(old.clone()), Speaks { from: 900, to: 901 }).await;
    let seen = house.get(&path, &ron).await;
    for text in ["rack-1", "0 of 3 busy", "0.1.2", "192.0.2.7", "idle", "errored", "It speaks protocol 901"] {
        assert!(seen.text.contains(text), "{text}: {}", seen.text);
    }
    assert!(!seen.text.contains("Forget it"), "a reader forgets nobody");
    let gone = |agent: &str| format!("{path}/agents/{agent}/delete");
    let seen = house.get(&path, &ada).await;
    assert!(seen.text.contains(&gone(&old)) && !seen.text.contains(&gone(&agent)), "{}", seen.text);
    assert_eq!(house.fill(&gone(&agent), &ada, &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(house.fill(&gone(&old), &ada, &[]).await.location(), path);

    // Who may use it.
    let scope = |workspaces, excluded| [("name", "rack"), ("workspaces", workspaces), ("excluded", excluded)];
    let missing = house.fill(&path, &ada, &scope("net\r\nnowhere", "")).await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(missing.text.contains("No workspace is called nowhere."), "{}", missing.text);
    assert!(house.get(&pools, &ada).await.text.contains("every workspace"), "nothing has changed");
    let mut fields = scope("", "net").to_vec();
    fields.push(("projects", "Default Project"));
    assert_eq!(house.fill(&path, &ada, &fields).await.location(), path);
    let seen = house.get(&path, &ada).await;
    assert!(
        seen.text.contains(">Default Project</textarea>") && seen.text.contains(">net</textarea>"),
        "{}",
        seen.text
    );

    let use_it = [("mode", "agent"), ("engine", "terraform"), ("version", "latest"), ("image", "")];
    let id = path.rsplit_once('/').unwrap().1;
    let mut use_it = use_it.to_vec();
    use_it.push(("pool", id));
    let refused = house.fill("/app/acme/net/settings", &ada, &use_it).await;
    assert!(refused.text.contains("Agent pool id is no agent pool"), "{}", refused.text);
    assert_eq!(house.fill(&path, &ada, &scope("net", "")).await.location(), path);
    assert_eq!(house.fill("/app/acme/net/settings", &ada, &use_it).await.location(), "/app/acme/net/settings");
    assert_eq!(house.net().await.agent_pool_id.as_deref(), Some(id));

    // Used, it stays, and its page says by whom.
    let seen = house.get(&path, &ada).await;
    assert!(seen.text.contains("href=\"/app/acme/net/settings\""), "{}", seen.text);
    assert!(seen.text.contains("cannot be deleted") && !seen.text.contains("Delete the pool"), "{}", seen.text);
    assert_eq!(house.fill(&format!("{path}/delete"), &ada, &[]).await.status, StatusCode::CONFLICT);
    use_it[0] = ("mode", "remote");
    house.fill("/app/acme/net/settings", &ada, &use_it).await;
    assert_eq!(house.fill(&format!("{path}/delete"), &ron, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.fill(&format!("{path}/delete"), &ada, &[]).await.location(), pools);
    assert!(house.app.authenticate_runner(&value).await.is_err(), "its tokens are gone with it");
    assert_eq!(house.get(&path, &ada).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_pool_is_found_at_its_own_organization_only() {
    let house = House::new().await;
    let root = house.cookie("root").await;
    let made = house.fill(&format!("{ORGANIZATION}/agent-pools"), &root, &[("name", "rack")]).await;
    let other = made.location().replace("/acme/", "/empty/");
    assert_eq!(house.get(&other, &root).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.fill(&format!("{other}/delete"), &root, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get(made.location(), &root).await.status, StatusCode::OK);
}

#[tokio::test]
async fn owners_keep_hooks() {
    let house = House::new().await;
    let (ada, ron) = (house.cookie("ada").await, house.cookie("ron").await);
    let hooks = format!("{ORGANIZATION}/hooks");
    assert_eq!(house.get(&hooks, &ron).await.status, StatusCode::FORBIDDEN);
    assert!(!house.get(ORGANIZATION, &ron).await.text.contains("/hooks"));
    let long = "#".repeat(60_000);
    assert_eq!(house.fill(&format!("{hooks}/pre-plan"), &ada, &[("script", &long)]).await.location(), hooks);
    let script = "echo \"<one>\"\r\necho two\r\n";
    assert_eq!(house.fill(&format!("{hooks}/pre-plan"), &ada, &[("script", script)]).await.location(), hooks);
    let kept = house.app.list_hooks(&house.ada, "acme").await.unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&kept[0].script), "echo \"<one>\"\necho two\n");
    let seen = house.get(&hooks, &ada).await;
    assert!(seen.text.contains("echo &#34;&#60;one&#62;&#34;\necho two"), "{}", seen.text);
    let blank = house.fill(&format!("{hooks}/post-apply"), &ada, &[("script", " ")]).await;
    assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(blank.text.contains("blank"), "{}", blank.text);
    assert_eq!(house.fill(&format!("{hooks}/never"), &ada, &[("script", "x")]).await.status, StatusCode::NOT_FOUND);
    let drop = format!("{hooks}/pre-plan/delete");
    assert_eq!(house.fill(&drop, &ron, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.fill(&drop, &ada, &[]).await.location(), hooks);
    assert!(house.app.list_hooks(&house.ada, "acme").await.unwrap().is_empty());
}

/// A key that opens nothing.
pub(crate) const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAA\n-----END OPENSSH PRIVATE KEY-----";

#[tokio::test]
async fn a_key_is_kept_given_to_a_workspace_and_never_shown() {
    let house = House::new().await;
    let (ada, ron) = (house.cookie("ada").await, house.cookie("ron").await);
    let keys = format!("{ORGANIZATION}/ssh-keys");
    let bad = house.fill(&keys, &ada, &[("name", "modules"), ("value", "rubbish")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("value=\"modules\"") && !bad.text.contains("rubbish"), "{}", bad.text);
    let value = KEY.replace('\n', "\r\n");
    assert_eq!(house.fill(&keys, &ron, &[("name", "x"), ("value", &value)]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.fill(&keys, &ada, &[("name", "modules"), ("value", &value)]).await.location(), keys);
    let key = house.app.list_ssh_keys(&house.ada, "acme").await.unwrap().remove(0);
    assert_eq!(house.fill(&format!("{keys}/{}", key.id), &ada, &[("name", "git")]).await.location(), keys);
    let seen = house.get(&keys, &ron).await;
    assert!(seen.text.contains("git") && !seen.text.contains("b3BlbnNz"), "{}", seen.text);

    let assign = "/app/acme/net/settings/ssh-key";
    let id = key.id.as_str();
    assert_eq!(house.fill(assign, &ron, &[("key", id)]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.fill(assign, &ada, &[("key", id)]).await.location(), "/app/acme/net/settings");
    assert_eq!(house.net().await.ssh_key_id.as_deref(), Some(id));
    assert!(
        house.get("/app/acme/net/settings", &ron).await.text.contains(&format!("<option value=\"{id}\" selected>"))
    );
    assert_eq!(house.fill(assign, &ada, &[("key", "")]).await.location(), "/app/acme/net/settings");
    assert!(house.net().await.ssh_key_id.is_none());
    assert_eq!(house.fill(assign, &ada, &[("key", "sshkey-none")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.fill(&format!("{keys}/{id}/delete"), &ada, &[]).await.location(), keys);
    assert!(house.get(&keys, &ada).await.text.contains("There is no key."));
}

#[tokio::test]
async fn a_workspace_says_how_its_runs_are_executed() {
    let house = House::new().await;
    let (ada, ron) = (house.cookie("ada").await, house.cookie("ron").await);
    let path = "/app/acme/net/settings";
    let fields = |mode, version| {
        [("mode", mode), ("pool", ""), ("engine", "tofu"), ("version", version), ("image", " t:{version} ")]
    };
    assert_eq!(house.fill(path, &ada, &fields("local", "~> 1.8.0")).await.location(), path);
    let saved = house.net().await;
    assert_eq!((saved.execution_mode.as_str(), saved.engine.as_str()), ("local", "tofu"));
    assert_eq!((saved.terraform_version.as_str(), saved.image.as_str()), ("~> 1.8.0", "t:{version}"));
    for (mode, version, said) in
        [("agent", "1.8.0", "Agent pool id must be specified"), ("remote", "newest?", "Version is an exact one")]
    {
        let bad = house.fill(path, &ada, &fields(mode, version)).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(bad.text.contains(said) && bad.text.contains(&format!("value=\"{version}\"")), "{}", bad.text);
    }
    assert_eq!(house.net().await.execution_mode, "local", "nothing that was refused has changed it");
    let seen = house.get(path, &ron).await;
    assert!(seen.text.contains("<fieldset class=\"fields first\" disabled>"), "{}", seen.text);
    assert_eq!(house.fill(path, &ron, &fields("remote", "1.8.0")).await.status, StatusCode::FORBIDDEN);
    assert!(house.get("/app/acme/net", &ron).await.text.contains("<dd>local</dd>"));
}

#[tokio::test]
async fn a_site_admin_sees_the_runners_of_the_site() {
    let house = House::new().await;
    let (root, ada) = (house.cookie("root").await, house.cookie("ada").await);
    let path = "/app/settings/runners";
    assert_eq!(house.get(path, &ada).await.status, StatusCode::FORBIDDEN);
    assert!(house.get(path, &root).await.text.contains("There is none"));
    let agent = enlist(&house, &Serves::Site, "rack-9", None, Speaks::OURS).await;
    let seen = house.get(path, &root).await;
    assert!(seen.text.contains("rack-9") && seen.text.contains("0 of 3 busy"), "{}", seen.text);
    let forget = format!("{path}/{agent}/delete");
    assert_eq!(house.fill(&forget, &root, &[]).await.status, StatusCode::CONFLICT, "it is at work");
    let (_, token) = house.app.create_site_runner_token("rack").await.unwrap();
    let credential = house.app.authenticate_runner(secrecy::ExposeSecret::expose_secret(&token)).await.unwrap();
    let claimant = house.app.claimant(&credential, &agent, 1).await.unwrap();
    house.app.leave(&claimant).await.unwrap();
    assert_eq!(house.fill(&forget, &ada, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.fill(&forget, &root, &[]).await.location(), path);
    assert!(!house.get(path, &root).await.text.contains("rack-9"));
}

#[tokio::test]
async fn a_state_is_shared_by_name_or_with_all() {
    let house = House::new().await;
    let settings = Settings { name: Some("app".into()), ..Settings::default() };
    house.app.create_workspace(&house.ada, "acme", &settings).await.unwrap();
    let (ada, ron) = (house.cookie("ada").await, house.cookie("ron").await);
    let (page, path) = ("/app/acme/net/settings", "/app/acme/net/settings/sharing");
    let csrf = house.get(page, &ada).await.csrf();
    let refused = house.post(path, &ada, "same-origin", &format!("csrf={csrf}&with=named&consumers=app+gone")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("no workspace gone in acme") && refused.text.contains("value=\"app gone\""),
        "{}",
        refused.text
    );
    assert!(house.app.list_consumers(&house.ada, &house.workspace.id).await.unwrap().is_empty());
    let seen = house.post(path, &ada, "same-origin", &format!("csrf={csrf}&with=all&consumers=app%2C")).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, page));
    let shown = house.get(page, &ron).await.text;
    assert!(shown.contains("name=\"consumers\" class=\"mono\" value=\"app\""), "{shown}");
    assert!(shown.contains("<option value=\"all\" selected>"), "{shown}");
    let csrf = house.get(page, &ron).await.csrf();
    let seen = house.post(path, &ron, "same-origin", &format!("csrf={csrf}&with=named")).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn modules_and_their_tests_are_shown_to_members() {
    let house = House::new().await;
    let (ada, ron, eve) = (house.cookie("ada").await, house.cookie("ron").await, house.cookie("eve").await);
    let modules = format!("{ORGANIZATION}/modules");
    assert!(house.get(&modules, &ron).await.text.contains("There is no module."));
    let net = ("acme", "net", "aws");
    house.app.create_module(&house.ada, net.0, net.1, net.2).await.unwrap();
    house.app.create_module_version(&house.ada, net, "1.0.0").await.unwrap();
    let configuration = house.app.create_test_configuration(&house.ada, net).await.unwrap().id;
    house.app.upload_configuration(&configuration, Box::pin(&b"archive"[..])).await.unwrap();
    let filters = vec!["tests/<a>.tftest.hcl".to_owned()];
    let new = NewTest { configuration_version: Some(configuration), filters, ..NewTest::default() };
    let test = house.app.create_test(&house.ada, net, &new).await.unwrap().run.id.test();
    let listed = house.get(&modules, &ron).await;
    assert!(listed.text.contains(&format!("{modules}/net/aws")), "{}", listed.text);
    let one = house.get(&format!("{modules}/net/aws"), &ron).await;
    for shown in ["1.0.0", "waits for its archive", test.as_str(), "waits for a runner", "ada"] {
        assert!(one.text.contains(shown), "{shown}: {}", one.text);
    }
    let path = format!("{modules}/net/aws/tests/{test}");
    assert!(house.get(&path, &ron).await.text.contains("waits for a runner"));

    let job = house.app.claim(&house.inside().await, None).await.unwrap();
    house.app.started(&job.lease, "1.11.4", None).await.unwrap();
    let line = "{\"@level\":\"info\",\"@message\":\"it says <hello>\",\"type\":\"test_run\"}\n";
    house.log(&job, 0, &format!("\u{2}{line}")).await;
    let seen = house.get(&path, &ron).await;
    assert!(seen.text.contains("running") && seen.text.contains("load this page again"), "{}", seen.text);
    assert!(seen.text.contains("it says &#60;hello&#62;") && seen.text.contains("tests/&#60;a&#62;"), "{}", seen.text);
    let tally = Tally { passed: 2, failed: 1, ..Tally::default() };
    house.app.finish(&job.lease, Outcome::Tested { verdict: Verdict::Fail, tally }, Vec::new()).await.unwrap();
    let seen = house.get(&path, &ada).await;
    assert!(seen.text.contains("2 passed, 1 failed") && !seen.text.contains("load this page again"), "{}", seen.text);
    assert_eq!(house.get(&format!("{path}/log"), &ron).await.text, format!("\u{2}{line}"));

    for path in [&modules, &format!("{modules}/net/aws"), &path, &format!("{path}/log")] {
        assert_eq!(house.get(path, &eve).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/none/aws", "/net/aws/tests/trun-none", "/net/aws/tests/run-none/log"] {
        assert_eq!(house.get(&format!("{modules}{path}"), &ada).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // Nobody comes upon its workspace by another way.
    assert!(!house.get("/app/acme", &ada).await.text.contains("net/aws"));
    assert_eq!(house.get("/app/acme/net%2Faws", &ada).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn owners_say_how_long_things_are_kept() {
    let house = House::new().await;
    let (ada, ron) = (house.cookie("ada").await, house.cookie("ron").await);
    for path in ["/app/settings/organizations/acme/retention", "/app/acme/net/settings/retention"] {
        let seen = house.get(path, &ron).await;
        assert!(
            seen.text.contains("Owners can change this") && !seen.text.contains("See what would go"),
            "{}",
            seen.text
        );
        let form = [("states", "30"), ("least", "5"), ("logs", " 7 "), ("act", "preview")];
        assert_eq!(house.fill(path, &ron, &form).await.status, StatusCode::FORBIDDEN);
        let would = house.fill(path, &ada, &form).await;
        assert!(would.text.contains("What would go") && would.text.contains("Old states"), "{}", would.text);
        assert!(
            would.text.contains("name=\"states\" inputmode=\"numeric\" maxlength=\"6\" value=\"30\""),
            "{}",
            would.text
        );
        assert!(!house.get(path, &ada).await.text.contains("value=\"30\""), "to ask saves nothing");
        for (typed, told) in [("soon", "is no whole number"), ("0", "from 1 to 36500")] {
            let refused = house.fill(path, &ada, &[("states", typed), ("act", "save")]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                refused.text.contains(told) && refused.text.contains(&format!("value=\"{typed}\"")),
                "{}",
                refused.text
            );
        }
        let saved = house.fill(path, &ada, &[("states", "30"), ("least", "5"), ("act", "save")]).await;
        assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, path));
        let seen = house.get(path, &ada).await;
        assert!(seen.text.contains("value=\"30\"") && seen.text.contains("removes nothing before"), "{}", seen.text);
        let gone = house.fill(path, &ada, &[("act", "forget")]).await;
        assert_eq!(gone.status, StatusCode::SEE_OTHER);
        assert!(!house.get(path, &ada).await.text.contains("value=\"30\""));
    }
}

#[tokio::test]
async fn what_no_database_keeps_is_refused() {
    let house = House::new().await;
    let ada = house.cookie("ada").await;
    let csrf = house.get("/app/settings/tokens", &ada).await.csrf();
    let forms = [
        (ORGANIZATION, "email=it%40acme.example&image=a%00b"),
        ("/app", "name=n%00&email=a%40acme.example"),
        ("/app/settings/organizations/acme/ssh-keys", "name=a&value=\0"),
    ];
    for (path, fields) in forms {
        let seen = house.post(path, &ada, "same-origin", &format!("csrf={csrf}&{fields}")).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(seen.text.contains("NUL character"), "{}", seen.text);
    }
    let broken = house.post(ORGANIZATION, &ada, "same-origin", &format!("csrf={csrf}")).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY, "a field is missing: {}", broken.text);
}
