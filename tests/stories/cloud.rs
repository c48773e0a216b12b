//! Two hundred resources of a real provider in one workspace: hashicorp/aws against a cloud of this machine's own.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use terrane_tests::process::eventually;
use terrane_tests::{Server, Slug, Stage, Version, settings};

use crate::stories;

stories! {
    NONE: two_hundred_resources_of_a_cloud_are_applied;
}

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "3.39.0" }
  }
}

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "nobody"
  secret_key                  = "nothing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_get_ec2_platforms      = true
  s3_force_path_style         = true
  endpoints {
    ec2 = "CLOUD"
    iam = "CLOUD"
    s3  = "CLOUD"
  }
}

resource "aws_s3_bucket" "it" {
  count  = 90
  bucket = "terrane-${count.index}"
}

resource "aws_iam_role" "it" {
  count = 90
  name  = "terrane-${count.index}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_instance" "it" {
  count         = 20
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
}

output "last" {
  value = aws_iam_role.it[89].arn
}
"#;

/// A cloud that ends with the story.
struct Cloud {
    moto: Child,
    port: u16,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        let _ = self.moto.kill();
        let _ = self.moto.wait();
    }
}

impl Cloud {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut moto = Command::new(settings::checkout().join(".tools/venv/bin/moto_server"));
        let moto = moto.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let cloud = Self { moto: moto.spawn().expect("start the cloud"), port };
        eventually("the cloud", Duration::from_secs(60), || TcpStream::connect(("127.0.0.1", port)).ok());
        cloud
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn two_hundred_resources_of_a_cloud_are_applied(stage: &mut Stage) {
    let cloud = Cloud::start();
    let ports = format!("22,80,443,{}", cloud.port);
    let providers = settings::aws_provider();
    let mut flags = vec!["--runner-ports", &ports, "--providers", providers.to_str().expect("a path of letters")];
    flags.extend(settings::loopback());
    let stage = Stage::on(Server::start_with(stage.server.database(), &flags), Version::V1_11_4);
    let id = stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": "1.11.4" }));
    let slug = Slug::pack(&[("main.tf", &CONFIGURATION.replace("CLOUD", &cloud.url()))]);
    let run = stage.queue(&id, &stage.uploaded(&id, false, &slug), &json!({}));
    // It takes its time: each step has its own patience.
    stage.reaches(&run, &["applying", "applied"]);
    stage.reaches(&run, &["applied"]);
    let state: Value = serde_json::from_slice(&stage.state("app").expect("a state")).expect("JSON");
    let instances = |resource: &Value| resource["instances"].as_array().map_or(0, Vec::len);
    let count: usize = state["resources"].as_array().expect("resources").iter().map(instances).sum();
    assert_eq!(count, 200);
    assert_eq!(state["outputs"]["last"]["value"], "arn:aws:iam::123456789012:role/terrane-89");
    // The cloud has them, and a second plan finds nothing else to do.
    let again = stage.queue(&id, &stage.uploaded(&id, false, &slug), &json!({}));
    let again = stage.reaches(&again, &["planned_and_finished"]);
    let log = stage.log(&again, "plan");
    assert!(log.contains("No changes."), "{log}");
    stage.leave();
}
