//! What a plan costs: a plan that the real hashicorp/aws made, priced by the command, without any server.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;
use terrane_tests::{Cli, Version, settings};

use crate::trial;

/// A small house of everyday things: modules, counts, references that only the apply will resolve, and a region by alias.
const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "3.39.0" }
  }
}

variable "region" { default = "eu-west-1" }

provider "aws" {
  region                      = var.region
  access_key                  = "nobody"
  secret_key                  = "nothing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_get_ec2_platforms      = true
}

provider "aws" {
  alias                       = "far"
  region                      = "us-east-1"
  access_key                  = "nobody"
  secret_key                  = "nothing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_get_ec2_platforms      = true
}

resource "aws_launch_template" "web" {
  image_id      = "ami-0123456789abcdef0"
  instance_type = "m5.large"
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_type = "gp3"
      volume_size = 20
    }
  }
}

resource "aws_autoscaling_group" "web" {
  availability_zones = ["eu-west-1a"]
  min_size           = 1
  max_size           = 5
  desired_capacity   = 3
  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }
}

resource "aws_instance" "job" {
  count         = 2
  provider      = aws.far
  ami           = "ami-0123456789abcdef0"
  instance_type = "c5.xlarge"
  root_block_device {
    volume_type = "gp2"
    volume_size = 50
  }
}

resource "aws_db_instance" "main" {
  engine              = "postgres"
  engine_version      = "14.10"
  instance_class      = "db.m5.large"
  allocated_storage   = 100
  multi_az            = true
  username            = "someone"
  password            = "something"
  skip_final_snapshot = true
}

resource "aws_nat_gateway" "out" {
  allocation_id = aws_eip.out.id
  subnet_id     = "subnet-0123456789abcdef0"
}

resource "aws_eip" "out" {
  vpc = true
}

resource "aws_lambda_function" "hook" {
  function_name = "hook"
  role          = aws_iam_role.hook.arn
  handler       = "index.handler"
  runtime       = "nodejs14.x"
  memory_size   = 512
  s3_bucket     = "code"
  s3_key        = "hook.zip"
}

resource "aws_iam_role" "hook" {
  name               = "hook"
  assume_role_policy = "{}"
}
"#;

const USAGE: &str = "
resource_usage:
  aws_nat_gateway.out:
    monthly_data_processed_gb: 100
  aws_lambda_function.hook:
    monthly_requests: 1000000
    request_duration_ms: 200
";

pub(crate) fn trials() -> Vec<Trial> {
    let off = settings::without("aws-provider");
    let story = "cost::a_plan_of_the_real_provider_is_priced".to_owned();
    vec![trial(story, a_plan_of_the_real_provider_is_priced).with_ignored_flag(off)]
}

fn a_plan_of_the_real_provider_is_priced() {
    let mirror = settings::aws_provider();
    assert!(
        mirror.is_dir(),
        "no hashicorp/aws: run `tests/tools/aws-provider` first, or switch this test off with TERRANE_TEST_WITHOUT=aws-provider"
    );
    let mut cli = Cli::new(Version::V1_11_4);
    cli.write("main.tf", CONFIGURATION).write("usage.yml", USAGE);
    cli.write(
        "mirror.tfrc",
        &format!("provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"),
    );
    let own = cli.work().join("mirror.tfrc");
    cli.set("TF_CLI_CONFIG_FILE", own.to_str().expect("a path of letters"));
    cli.good(&["init"]);
    cli.good(&["plan", "-out=plan"]);
    let plan = cli.work().join("plan.json");
    fs::write(&plan, cli.piped(&["show", "-json", "plan"]).stdout).expect("write the plan");
    let mut command = Command::new(settings::binary());
    command.args(["cost", "estimate"]).arg(&plan).arg("--usage").arg(cli.work().join("usage.yml"));
    let output = command.args(["--format", "json"]).env_clear().output().expect("start the command");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let estimate: Value = serde_json::from_slice(&output.stdout).expect("the contract");
    let resource = |address: &str| {
        let resources = estimate["resources"].as_array().expect("resources");
        resources
            .iter()
            .find(|resource| resource["address"] == address)
            .unwrap_or_else(|| panic!("{address}: {estimate}"))
    };
    // Three machines at 0.107 and 20 GB each at 0.088, in Ireland; the template itself costs nothing.
    assert_eq!(resource("aws_autoscaling_group.web")["proposed"], "239.61", "{estimate:#}");
    assert_eq!(resource("aws_launch_template.web")["state"], "free");
    // 0.17 an hour and 50 GB at 0.10, in Virginia.
    for address in ["aws_instance.job[0]", "aws_instance.job[1]"] {
        assert_eq!(
            (&resource(address)["region"], &resource(address)["proposed"]),
            (&"us-east-1".into(), &"129.1".into())
        );
    }
    assert_eq!(resource("aws_db_instance.main")["state"], "estimated");
    // 730 hours and 100 GB at 0.048.
    assert_eq!(resource("aws_nat_gateway.out")["proposed"], "39.84");
    assert_eq!(resource("aws_lambda_function.hook")["state"], "usage_based");
    assert_eq!(resource("aws_iam_role.hook")["state"], "free");
    assert_eq!(estimate["counts"]["not_estimated"], 0, "{estimate:#}");
    assert_eq!(estimate["totals"]["prior"], "0");
}
