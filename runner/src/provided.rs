//! What the server gives to a phase beside its variables: files that lie outside of the configuration, and variables that name them.

use crate::{Options, layout::Layout, prepare::Failure, vault};
use protocol::{FILES, Job};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
};

/// Tokens of Vaults, in the order of [`Job::vault`].
pub(crate) async fn log_in(job: &Job, options: &Options) -> Result<Vec<SecretString>, Failure> {
    let mut tokens = Vec::with_capacity(job.vault.len());
    for login in &job.vault {
        tokens.push(vault::log_in(login, options).await.map_err(Failure::Vault)?);
    }
    Ok(tokens)
}

/// Writes the files, and says what the environment holds of them. `seen` is the layout as the engine sees it.
pub(crate) fn lay_out(
    job: &Job,
    layout: &Layout,
    seen: &Layout,
    tokens: &[SecretString],
) -> io::Result<Vec<(String, String)>> {
    let directory = layout.files();
    if !job.files.is_empty() || !tokens.is_empty() {
        fs::DirBuilder::new().mode(0o700).create(&directory)?;
    }
    let here = seen.files().display().to_string();
    let placed = |secret: &SecretString| secret.expose_secret().replace(FILES, &here);
    let mut environment: Vec<_> =
        job.environment.iter().map(|setting| (setting.key.clone(), placed(&setting.value))).collect();
    let write = |name: &str, contents: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(io::Error::other(format!("{name:?} is no name of a file for a run")));
        }
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(directory.join(name))?;
        file.write_all(contents.as_bytes())
    };
    for file in &job.files {
        write(&file.name, &placed(&file.contents))?;
    }
    for (login, token) in job.vault.iter().zip(tokens) {
        write(&login.file, token.expose_secret())?;
        if let Some(variable) = &login.variable {
            environment.push((variable.clone(), token.expose_secret().to_owned()));
        }
    }
    Ok(environment)
}
