//! The cases, by what they are about.

pub(crate) mod doors;
pub(crate) mod engine;
pub(crate) mod flows;
pub(crate) mod interrupts;
pub(crate) mod migrations;
pub(crate) mod work;

use terrane_tests::{Cli, Tenant, Version};

/// An output that every terraform knows, and that names the workspace in which it was made.
pub(crate) const OUTPUT: &str = "output \"it\" {\n  value = terraform.workspace\n}\n";

/// One output with this value.
pub(crate) fn output(value: &str) -> String {
    format!("output \"it\" {{\n  value = {value:?}\n}}\n")
}

/// One resource that this version has, called `it`, and its address. Nothing is downloaded for it from elsewhere.
pub(crate) fn resource(version: Version) -> (&'static str, &'static str) {
    if version >= Version::V1_5_7 {
        ("resource \"terraform_data\" \"it\" {\n  input = \"value\"\n}\n", "terraform_data.it")
    } else {
        ("resource \"null_resource\" \"it\" {\n  triggers = { key = \"value\" }\n}\n", "null_resource.it")
    }
}

/// The block for one workspace by name, in the words that this terraform knows.
pub(crate) fn block(tenant: &Tenant, workspace: &str) -> String {
    let choice = format!("name = {workspace:?}");
    if tenant.version().knows_cloud() { tenant.cloud_with(&choice) } else { tenant.remote(&choice) }
}

/// A terraform in a folder with this configuration and the block for the workspace `app`, initialised.
pub(crate) fn ready(tenant: &Tenant, configuration: &str) -> Cli {
    let cli = tenant.cli();
    cli.write("main.tf", &(block(tenant, "app") + configuration)).good(&["init"]);
    cli
}

/// The status of the newest run of a workspace.
pub(crate) fn status(tenant: &Tenant, workspace: &str) -> String {
    tenant.newest_run(workspace)["attributes"]["status"].as_str().expect("a status").to_owned()
}
