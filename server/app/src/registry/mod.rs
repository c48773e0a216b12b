//! What an organization publishes for its own configurations: modules and providers. Members and runs of the organization read, owners
//! publish, and have modules tested.

mod file;
mod key;
mod module;
mod provider;
mod test;
mod upload;

pub use test::{NewTest, TestRun};

use crate::{App, Caller, Error, Result};
use domain::permission::{Permission, allows};

/// The most versions of one module or provider that the CLI is shown.
const MOST: i64 = 1000;

impl App {
    /// Whether the caller publishes in this organization, or only reads.
    pub async fn manages_registry(&self, caller: &Caller, organization: &str) -> Result<bool> {
        let organization = self.own_organization(caller, organization).await?;
        let role = caller.role(organization.role.as_deref());
        Ok(role.is_some_and(|role| allows(role, Permission::ManageRegistry)))
    }
}

/// Refuses a name that the CLI would not take in a source address.
fn check_name(attribute: &str, name: &str) -> Result<()> {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    if bytes.len() > 64 || !bytes.iter().copied().all(inner) || !edge(bytes.first()) || !edge(bytes.last()) {
        let detail = "has 1 to 64 lowercase letters, digits, '-' and '_', with a letter or digit at either end";
        return Err(Error::invalid(attribute, format!("{attribute} {detail}")));
    }
    Ok(())
}

/// The number of a version, written as it has to be.
fn check_version(text: &str) -> Result<String> {
    let version = mirror::version(text).filter(|version| version.to_string() == text && version.build.is_empty());
    let version =
        version.ok_or_else(|| Error::invalid("version", "version is a number such as 1.2.0 or 1.2.0-beta1"))?;
    Ok(version.to_string())
}

/// What is wrong when something is there already.
fn taken(table: &'static str, attribute: &'static str) -> impl Fn(store::Error) -> Error {
    move |error| {
        if error.is_taken(table) {
            return Error::invalid(attribute, format!("{attribute} has already been taken"));
        }
        error.into()
    }
}
