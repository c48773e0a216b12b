//! `terrane demo`: a server with nothing in it, an organization, a workspace, and a real `terraform apply` against it; then it stays up to be
//! looked at. It does what a person would do, through the same doors.

use crate::{
    admin::{self, Request, Response, Role, Secret},
    config::{Config, Database, Loaded, MasterKey, Masters},
    instance::Lock,
    serve,
    wiring::House,
};
use anyhow::{Context as _, bail};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};
use tokio::{process::Command, sync::oneshot};
use tracing_subscriber::filter::{LevelFilter, Targets};
use url::Url;

const ORGANIZATION: &str = "demo";
const WORKSPACE: &str = "hello";
const USER: &str = "demo";

const CONFIGURATION: &str = r#"
variable "greeting" {
  default = "hello"
}

resource "terraform_data" "network" {
  input = "10.0.0.0/16"
}

resource "terraform_data" "server" {
  count = 3
  input = "${var.greeting} from server ${count.index} in ${terraform_data.network.output}"
}

resource "terraform_data" "release" {
  triggers_replace = terraform_data.server[*].id
  provisioner "local-exec" {
    command = "for step in build test ship; do echo $step; sleep 1; done"
  }
}

output "servers" {
  value = terraform_data.server[*].output
}
"#;

/// Shows Terrane at work until it is stopped.
pub async fn demo(mut config: Config) -> anyhow::Result<()> {
    let version = terraform_version().await?;
    let base = std::env::temp_dir().join(format!("terrane-demo-{}", std::process::id()));
    let data = base.join("data");
    // The directory is traversable, so that the user of a run reaches its own part of it; what is inside is closed by itself.
    fs::DirBuilder::new().mode(0o755).create(&base).with_context(|| format!("making {}", base.display()))?;
    config.server.data.clone_from(&data);
    config.storage.database = Database::Sqlite(data.join("terrane.db"));
    config.storage.masters = Masters { current: MasterKey::File(data.join("master.key")), old: None };
    config.runner.engines = data.join("engines");
    config.log.level = Targets::new().with_default(LevelFilter::WARN);
    say(&format!("a fresh server in {}, with terraform {version}", data.display()));

    let (ready, started) = oneshot::channel();
    let loaded = Loaded { config, text: String::new(), warnings: Vec::new() };
    let mut server = Box::pin(serve::serve(loaded, Some(ready)));
    let shown = async {
        let (house, url) = started.await.context("the server ended before it was ready")?;
        show(&house, &url, &base).await
    };
    let ended = tokio::select! {
        biased;
        ended = &mut server => ended,
        shown = shown => match shown {
            Ok(()) => server.await,
            Err(error) => Err(error),
        },
    };
    fs::remove_dir_all(&base).with_context(|| format!("removing {}", base.display()))?;
    ended
}

async fn show(house: &House, url: &Url, base: &Path) -> anyhow::Result<()> {
    let data = base.join("data");
    let password = random()?;
    let email = "demo@example.com".to_owned();
    let user = Request::CreateUser {
        name: USER.into(),
        email: email.clone(),
        site_admin: true,
        password: Some(Secret::from(password.clone())),
    };
    ask(&data, user).await?;
    ask(&data, Request::CreateOrganization { name: ORGANIZATION.into(), email }).await?;
    let member = Request::AddMember { organization: ORGANIZATION.into(), user: USER.into(), role: Role::Owner };
    ask(&data, member).await?;
    let token = Request::CreateToken { user: USER.into(), description: "demo".into(), ttl: None };
    let Response::TokenCreated { token, .. } = ask(&data, token).await? else { bail!("the server made no token") };

    let configuration = write_configuration(base, url, token.expose())?;
    say("terraform init");
    terraform(&configuration, &["init", "-input=false"]).await?;
    say("terraform apply -auto-approve");
    terraform(&configuration, &["apply", "-auto-approve", "-input=false"]).await?;

    let page = match house.newest_run(ORGANIZATION, WORKSPACE, token.expose()).await? {
        Some(run) => format!("{url}app/{ORGANIZATION}/{WORKSPACE}/runs/{run}"),
        None => bail!("the apply left no run: look at the log above"),
    };
    let ca = data.join("ca.pem");
    say(&format!("that run's page:  {page}"));
    say(&format!("sign in as        {USER}"));
    say(&format!("with the password {password}"));
    say(&format!(
        "Your browser will warn: the certificate is this server's own ({}). `terrane trust` tells how to trust it.",
        ca.display()
    ));
    say("The server stays up. Ctrl-C stops it and removes everything.");
    Ok(())
}

async fn ask(data: &Path, request: Request) -> anyhow::Result<Response> {
    let running = async |_: Lock, _: Request| Response::Refused { reason: "the server stopped".into() };
    match admin::call(data, request, running).await? {
        Response::Refused { reason } => bail!("setting the demo up: {reason}"),
        done => Ok(done),
    }
}

fn write_configuration(base: &Path, url: &Url, token: &str) -> anyhow::Result<PathBuf> {
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => bail!("the server's address {url} has no host"),
    };
    let directory = base.join("configuration");
    fs::create_dir(&directory).with_context(|| format!("making {}", directory.display()))?;
    let block = format!(
        "terraform {{\n  cloud {{\n    hostname     = \"{host}\"\n    organization = \"{ORGANIZATION}\"\n    workspaces {{\n      name = \"{WORKSPACE}\"\n    }}\n  }}\n}}\n"
    );
    let write = |name: &str, text: &str| -> anyhow::Result<()> {
        use std::io::Write as _;
        let path = base.join(name);
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("writing {}", path.display()))
    };
    write("configuration/main.tf", &(block + CONFIGURATION))?;
    write(
        "terraformrc",
        &format!("disable_checkpoint = true\ncredentials \"{host}\" {{\n  token = \"{token}\"\n}}\n"),
    )?;
    Ok(directory)
}

async fn terraform(directory: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let base = directory.parent().context("the configuration lies in a directory")?;
    let status = Command::new("terraform")
        .args(arguments)
        .current_dir(directory)
        .env("TF_CLI_CONFIG_FILE", base.join("terraformrc"))
        .env("SSL_CERT_FILE", base.join("data/ca.pem"))
        .kill_on_drop(true)
        .status()
        .await
        .context("starting terraform")?;
    if !status.success() {
        bail!("terraform {} ended with {status}; what it said stands above", arguments.join(" "));
    }
    Ok(())
}

async fn terraform_version() -> anyhow::Result<String> {
    let output = match Command::new("terraform").args(["version", "-json"]).output().await {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "there is no terraform on the PATH. Get one: download the archive for your system from \
             https://developer.hashicorp.com/terraform/install, unpack it, and put the file `terraform` into a directory on your PATH \
             (for example: unzip terraform_*.zip && sudo install terraform /usr/local/bin/). Then run this again."
        ),
        Err(error) => return Err(error).context("starting terraform"),
    };
    let version: serde_json::Value = serde_json::from_slice(&output.stdout).context("reading terraform's version")?;
    let version = version.get("terraform_version").and_then(serde_json::Value::as_str);
    Ok(version.context("terraform did not tell its version")?.to_owned())
}

fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 12];
    SystemRandom::new().fill(&mut bytes).ok().context("the operating system gives no randomness")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[expect(clippy::print_stdout, reason = "the demo talks to the person who started it")]
fn say(line: &str) {
    println!("==> {line}");
}
