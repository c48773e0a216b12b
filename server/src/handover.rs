//! What a runner beside this server needs, laid into a directory that only the two share: a token of the site's runners, and the certificate
//! of the local authority. So nobody has to carry a secret from the one to the other.

use crate::files;
use anyhow::Context as _;
use app::{App, Error};
use secrecy::{ExposeSecret as _, SecretString};
use std::{fs::DirBuilder, io, os::unix::fs::DirBuilderExt as _, path::Path};

/// The token's file in the directory.
const TOKEN: &str = "token";
/// The authority's file in the directory.
const AUTHORITY: &str = "ca.pem";
/// What the token is called in the list of tokens.
const DESCRIPTION: &str = "made for the runner beside the server";

/// Lays out what is missing or no longer good: a token that was deleted is replaced, one that is good stays. `authority` is the certificate
/// that clients have to trust, if it is our own.
///
/// # Errors
/// When a file cannot be read or written, or the store does not answer.
pub(crate) async fn lay(app: &App, directory: &Path, authority: Option<&Path>) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.with_context(|| format!("making the directory {} of --runner-handover", directory.display()))?;
    if let Some(authority) = authority {
        let pem = read(authority)?.with_context(|| format!("{} is missing", authority.display()))?;
        let copy = directory.join(AUTHORITY);
        if read(&copy)?.as_ref().map(SecretString::expose_secret) != Some(pem.expose_secret()) {
            write(&copy, &pem, 0o644)?;
        }
    }
    let file = directory.join(TOKEN);
    if let Some(token) = read(&file)? {
        match app.authenticate_runner(token.expose_secret().trim()).await {
            Ok(_) => return Ok(()),
            Err(Error::Unauthorized(_)) => {
                tracing::info!(file = %file.display(), "this token is no longer good: making another");
            }
            Err(error) => return Err(error).with_context(|| format!("judging the token in {}", file.display())),
        }
    }
    let (token, value) = app.create_site_runner_token(DESCRIPTION).await.context("making a token for the runner")?;
    write(&file, &value, 0o600)?;
    tracing::info!(id = %token.id, file = %file.display(), "made a token for the runner beside this server");
    Ok(())
}

/// The content of a file, if there is one.
fn read(path: &Path) -> anyhow::Result<Option<SecretString>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

fn write(path: &Path, text: &SecretString, mode: u32) -> anyhow::Result<()> {
    files::write(path, text.expose_secret(), mode).with_context(|| format!("writing {}", path.display()))
}
