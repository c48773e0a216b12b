//! `terrane keys`: what an operator does with the keys that everything is sealed with.

use crate::{
    admin::{self, Keys, Request, Response, Root, Rotation},
    cli::KeyVerb,
    commands::{out, read_password, tell},
    config::Config,
    instance::Lock,
    wiring,
};
use anyhow::{Context as _, bail};
use std::{fmt::Write as _, fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

/// Does it.
pub(crate) async fn run(config: Config, verb: KeyVerb) -> anyhow::Result<()> {
    match verb {
        KeyVerb::Status { json } => {
            let Response::Keys(keys) = ask(&config, Request::ShowKeys).await? else { bail!(OTHER) };
            let text = if json { format!("{}\n", serde_json::to_string_pretty(&keys)?) } else { told(&keys) };
            out(&text)?;
            match keys.trouble {
                Some(trouble) => bail!("the master key does not do its part: {trouble}"),
                None => Ok(()),
            }
        }
        KeyVerb::Rotate => rotate(&config).await,
        KeyVerb::Escrow { to } => escrow(&config, &to).await,
        KeyVerb::Recover { from } => recover(&config, &from).await,
        KeyVerb::Generate => out(&format!("{}\n", secrets::MasterKey::generate()?.to_text().as_str())),
    }
}

/// Asks again and again, so that no answer takes long and a person sees how far it is.
async fn rotate(config: &Config) -> anyhow::Result<()> {
    let (mut begin, mut all) = (true, 0);
    loop {
        let response = ask(config, Request::RotateRootKey { begin }).await?;
        let Response::RootKeyRotated(Rotation { root, begun, moved, left, broken }) = response else { bail!(OTHER) };
        match (begin, begun) {
            (true, true) => tell(&format!("the root key {root} wraps data keys from now on")),
            (true, false) => tell(&format!("an unfinished rotation to the root key {root} goes on")),
            (false, _) => {}
        }
        begin = false;
        all += moved;
        if left > 0 && moved > 0 {
            tell(&format!("{all} data keys are wrapped by it, {left} are left"));
            continue;
        }
        tell(&format!("{all} data keys were wrapped again; nothing else changed: tokens and addresses stay valid"));
        if broken > 0 {
            bail!("{broken} data keys do not open, and were left as they are: the server's log names them");
        }
        if left > 0 {
            bail!("{left} data keys are still wrapped by other root keys: run this again");
        }
        tell("no escrow holds the new root key yet: make one with terrane keys escrow");
        return Ok(());
    }
}

/// Makes the file first, so that nothing is sealed for nowhere.
async fn escrow(config: &Config, to: &Path) -> anyhow::Result<()> {
    let passphrase = read_password(std::io::stdin().lock()).context("reading the passphrase")?;
    if to == Path::new("-") {
        let response = ask(config, Request::EscrowRootKeys { passphrase }).await?;
        let Response::RootKeysEscrowed { text, roots, missing } = response else { bail!(OTHER) };
        out(&text)?;
        return note(config, roots, &missing).await;
    }
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(to);
    let mut file = file.with_context(|| format!("making {}, which must not be there yet", to.display()))?;
    let sealed = match ask(config, Request::EscrowRootKeys { passphrase }).await {
        Ok(Response::RootKeysEscrowed { text, roots, missing }) => {
            let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
            points::pass("escrow.written");
            written.with_context(|| format!("writing {}", to.display())).map(|()| (roots, missing))
        }
        Ok(_) => Err(anyhow::anyhow!(OTHER)),
        Err(error) => Err(error),
    };
    match sealed {
        Ok((roots, missing)) => {
            let (kept, to) = (roots.len(), to.display());
            tell(&format!(
                "{kept} root keys are in {to}: keep it and its passphrase apart, and both apart from the database"
            ));
            note(config, roots, &missing).await
        }
        Err(error) => {
            // Empty, or not whole.
            let _ = fs::remove_file(to);
            Err(error)
        }
    }
}

/// Has it known that they lie in an escrow, which is written by now; and tells what that one lacks.
async fn note(config: &Config, roots: Vec<String>, missing: &[(String, u64)]) -> anyhow::Result<()> {
    let noted = ask(config, Request::NoteEscrow { roots }).await;
    let noted = noted.context("the escrow is whole, but terrane keys status does not know of it")?;
    let Response::EscrowNoted = noted else { bail!(OTHER) };
    if missing.is_empty() {
        return Ok(());
    }
    bail!("the escrow is whole but for retired root keys that do not open: {}", listed(missing))
}

/// Root keys that are missing.
fn listed(missing: &[(String, u64)]) -> String {
    missing.iter().map(|(id, wraps)| format!("{id} (wraps {wraps} data keys)")).collect::<Vec<_>>().join(", ")
}

/// Where the master key is lost no server runs: it is done here.
async fn recover(config: &Config, from: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(from).with_context(|| format!("reading {}", from.display()))?;
    let passphrase = read_password(std::io::stdin().lock()).context("reading the passphrase")?;
    let lock = Lock::create(&config.server.data)?;
    let recovered = wiring::recover(config, &text, passphrase.expose().to_owned().into()).await;
    drop(lock);
    let (recovered, backups) = recovered?;
    if let Some(site) = backups {
        tell(&format!("the backups of the site {site} are opened by the master key of these settings now"));
    }
    let Some(app::keys::Recovered { made, roots, missing }) = recovered else {
        tell("nothing is in the database yet: restore a backup, and run this again for its root keys");
        return Ok(());
    };
    tell(&format!(
        "{roots} root keys from the escrow of {made} are wrapped by the master key of these settings now: start the server"
    ));
    if missing.is_empty() {
        return Ok(());
    }
    let told = listed(&missing);
    bail!("the escrow is older than some root keys, which stay as they are: {told}; take a later escrow");
}

const OTHER: &str = "the server answers another question: use the terrane binary that the server runs";

/// Has it done by the server that runs on the data directory, or else here.
async fn ask(config: &Config, request: Request) -> anyhow::Result<Response> {
    // The lock is held until the work is done.
    let local = async |lock, request| {
        let response = wiring::administer(config, request).await;
        drop(lock);
        response
    };
    match admin::call(&config.server.data, request, local).await? {
        Response::Refused { reason } => bail!("keys: {reason}"),
        done => Ok(done),
    }
}

/// For a person.
fn told(keys: &Keys) -> String {
    let answers = if keys.answers { "it answers" } else { "it does not do its part" };
    let mut text = format!("site        {}\nmaster key  {}: {answers}\n", keys.site, keys.master);
    let rotation = if keys.rotating { "unfinished: terrane keys rotate goes on" } else { "none is unfinished" };
    let _ = writeln!(text, "rotation    {rotation}\n");
    let _ = writeln!(
        text,
        "{:<18}{:<8}{:<9}{:>9}  {:<26}{:<26}WRAPPED BY",
        "ROOT KEY", "FOR", "STAGE", "WRAPS", "SINCE", "ESCROW"
    );
    for Root { id, purpose, stage, master, wraps, created_at, escrowed_at, .. } in &keys.roots {
        let escrow = escrowed_at.as_deref().unwrap_or("never");
        let _ = writeln!(text, "{id:<18}{purpose:<8}{stage:<9}{wraps:>9}  {created_at:<26}{escrow:<26}{master}");
    }
    text
}
