//! What each command does, and what it says on which stream.

use crate::{
    admin::{self, Request, Response, Secret},
    backups,
    cli::{self, Cli, Command, Noun},
    clock,
    config::{self, Config, Flags, Loaded, Problem, Tls},
    demo, doctor, keys, ping, policy,
    prices::Network,
    search, serve, states, tls, trust, wiring,
};
use anyhow::{Context, bail};
use std::{
    future::Future,
    io::{BufRead, Write},
    process::ExitCode,
};

/// The exit code for a command line or configuration that cannot be used, as clap has it.
const USAGE: u8 = 2;

/// Runs a command to its end.
pub fn run(cli: Cli) -> ExitCode {
    // What watches over a phase outlives its runner: it is not what is ended at a point.
    if !matches!(cli.command, Command::Supervise { .. }) {
        config::arm_point();
    }
    let done = match cli.command {
        Command::Serve(flags) => {
            config::load(flags).map_err(Into::into).and_then(|loaded| wait(serve::serve(loaded, None)))
        }
        Command::Config(flags) => load(flags).and_then(|loaded| out(&loaded.text)),
        Command::Trust(flags) => load(flags).and_then(|loaded| print_trust(&loaded.config)),
        Command::Health(flags) => load(flags).and_then(|loaded| wait(async move { ping::ping(&loaded.config).await })),
        Command::Admin(cli::Admin { settings, noun }) => {
            load(settings.0).and_then(|loaded| wait(administer(loaded.config, noun)))
        }
        Command::Backup(cli::Backups { settings, wanted }) => {
            load(settings.0).and_then(|loaded| wait(backups::backup(loaded.config, wanted)))
        }
        Command::Restore { settings, id } => {
            load(settings.0).and_then(|loaded| wait(backups::restore(loaded.config, id)))
        }
        Command::Verify(settings) => load(settings.0).and_then(|loaded| wait(backups::verify(loaded.config))),
        Command::Keys(cli::Keys { settings, verb }) => {
            load(settings.0).and_then(|loaded| wait(keys::run(loaded.config, verb)))
        }
        Command::Doctor { settings, json } => {
            config::load(settings.0).map_err(Into::into).and_then(|loaded| wait(Box::pin(doctor::doctor(loaded, json))))
        }
        Command::Demo(flags) => load(flags).and_then(|loaded| wait(demo::demo(loaded.config))),
        Command::Cost(wanted) => wanted.run(&mut std::io::stdout().lock()).map_err(Into::into),
        Command::Runner(arguments) => runner::command::start(*arguments).map_err(Into::into),
        Command::State(wanted) => wait(states::run(wanted)),
        Command::Search(wanted) => wait(search::run(wanted)),
        Command::Policy(wanted) => return judge(wanted),
        Command::Prices(wanted) => Network::new(wanted.ca_bundle())
            .and_then(|network| wanted.run(&mut std::io::stdout().lock(), &network).map_err(Into::into)),
        Command::Supervise { arguments } => wiring::supervise(&arguments),
        Command::Version => out(&format!("terrane {}\n", env!("CARGO_PKG_VERSION"))),
    };
    let Err(error) = done else { return ExitCode::SUCCESS };
    tell(&format!("{error:#}"));
    if error.is::<Problem>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
}

/// Policies answer by exit codes of their own: a refusal is no failure of the command.
fn judge(mut wanted: policy::Policy) -> ExitCode {
    if let policy::Policy::Apply(apply) = &mut wanted {
        apply.params.extend(config::policy_parameters());
    }
    let now = clock::system().unix_timestamp_nanos();
    match wanted.run(now, &mut std::io::stdout().lock()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tell(&format!("{error:#}"));
            ExitCode::from(policy::BROKEN)
        }
    }
}

fn load(flags: Flags) -> anyhow::Result<Loaded> {
    let loaded = config::load(flags)?;
    for warning in &loaded.warnings {
        tell(warning);
    }
    Ok(loaded)
}

fn wait(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("cannot start the runtime")?.block_on(work)
}

/// What a person or a program asked for.
pub(crate) fn out(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot write to standard output")
}

/// Everything else. There is nowhere to report that standard error is closed.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "terrane: {line}");
}

fn print_trust(config: &Config) -> anyhow::Result<()> {
    if config.server.tls != Tls::Auto {
        bail!("with this --tls the certificate comes from elsewhere: trust whoever signed it");
    }
    let ca = config.server.data.join(tls::CA_FILE);
    if !ca.exists() {
        bail!("there is no {} yet: start terrane serve once, or name its data directory with --data", ca.display());
    }
    out(&trust::instructions(&ca, &config.server.public_url(config.server.listen)))
}

async fn administer(config: Config, noun: Noun) -> anyhow::Result<()> {
    let request = request(noun)?;
    let name = format!("{}", Subject(&request));
    let data = config.server.data.clone();
    // The lock is held until the work is done.
    let local = async |lock, request| {
        let response = wiring::administer(&config, request).await;
        drop(lock);
        response
    };
    match admin::call(&data, request, local).await? {
        Response::UserCreated(user) => tell(&format!("user {} made, {}", user.name, user.id)),
        Response::PasswordSet => tell(&format!("{name} has another password, and is signed out everywhere")),
        Response::Users { users } => {
            let line = |user: admin::User| {
                let site_admin = if user.site_admin { "site-admin" } else { "" };
                format!("{}\t{}\t{}\t{site_admin}\n", user.id, user.name, user.email)
            };
            out(&users.into_iter().map(line).collect::<String>())?;
        }
        Response::TokenCreated { id, token, expires_at } => {
            let end = expires_at.map_or("it does not expire".to_owned(), |at| format!("it expires at {at}"));
            tell(&format!("token {id} of {name} made; {end}; it is shown only now"));
            out(&format!("{}\n", token.expose()))?;
        }
        Response::OrganizationCreated(organization) => {
            tell(&format!("organization {} made, {}", organization.name, organization.id));
        }
        Response::Organizations { organizations } => {
            let line = |share: admin::Share| {
                let admin::Share { id, name, run_limit, run_weight, running, queued, .. } = share;
                format!("{id}\t{name}\t{run_limit}\t{run_weight}\t{running}\t{queued}\n")
            };
            out(&organizations.into_iter().map(line).collect::<String>())?;
        }
        Response::ShareSet(share) => {
            let whose = if share.is_default { ", as the server's setting says" } else { "" };
            tell(&format!(
                "{name} executes up to {} runs at once{whose}, with weight {}",
                share.run_limit, share.run_weight
            ));
        }
        Response::Runners { runners } => {
            let line = |runner: admin::Runner| {
                let admin::Runner { id, name, status, busy, slots, version, address, last_ping_at } = runner;
                format!("{id}\t{name}\t{status}\t{busy}\t{slots}\t{version}\t{address}\t{last_ping_at}\n")
            };
            out(&runners.into_iter().map(line).collect::<String>())?;
        }
        Response::RunnerTokens { tokens } => {
            let line = |token: admin::RunnerToken| {
                let used = token.last_used_at.unwrap_or_else(|| "never".to_owned());
                format!("{}\t{}\t{}\t{used}\n", token.id, token.description, token.created_at)
            };
            out(&tokens.into_iter().map(line).collect::<String>())?;
        }
        Response::RunnerTokenDeleted => tell(&format!("{name} deleted")),
        Response::MemberAdded => tell(&format!("{name} is a member now")),
        Response::IdentityKeyRotated => tell("another key signs the identities of runs from now on"),
        Response::IdentityKeysTrimmed => tell("the keys that no longer sign are withdrawn"),
        // `terrane keys` asks for those.
        Response::Keys(_) | Response::RootKeyRotated(_) | Response::RootKeysEscrowed { .. } | Response::EscrowNoted => {
            bail!("{name}: the server answers another question")
        }
        Response::Refused { reason } => bail!("{name}: {reason}"),
    }
    Ok(())
}

/// Whom or what a request is about, for messages.
struct Subject<'a>(&'a Request);

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Request::CreateUser { name, .. }
            | Request::SetPassword { name, .. }
            | Request::CreateToken { user: name, .. } => write!(f, "user {name}"),
            Request::ListUsers => f.write_str("users"),
            Request::ShowKeys
            | Request::RotateRootKey { .. }
            | Request::EscrowRootKeys { .. }
            | Request::NoteEscrow { .. } => f.write_str("keys"),
            Request::RotateIdentityKey | Request::TrimIdentityKeys => f.write_str("keys that sign identities"),
            Request::CreateOrganization { name, .. } | Request::SetShare { organization: name, .. } => {
                write!(f, "organization {name}")
            }
            Request::ListOrganizations => f.write_str("organizations"),
            Request::CreateRunnerToken { .. } | Request::ListRunners => f.write_str("the site's runners"),
            Request::ListRunnerTokens => f.write_str("runner tokens"),
            Request::DeleteRunnerToken { id } => write!(f, "runner token {id}"),
            Request::AddMember { organization, user, .. } => write!(f, "user {user} in organization {organization}"),
        }
    }
}

fn request(noun: Noun) -> anyhow::Result<Request> {
    Ok(match noun {
        Noun::User(cli::User::Create { name, email, site_admin, password_stdin }) => {
            let password = if password_stdin { Some(read_password(std::io::stdin().lock())?) } else { None };
            Request::CreateUser { name, email, site_admin, password }
        }
        Noun::User(cli::User::Password { name }) => {
            Request::SetPassword { name, password: read_password(std::io::stdin().lock())? }
        }
        Noun::User(cli::User::List) => Request::ListUsers,
        Noun::Token(cli::Token::Create { user, description, ttl }) => {
            Request::CreateToken { user, description, ttl: ttl.map(|ttl| ttl.as_secs()) }
        }
        Noun::Identity(cli::Identity::RotateKey) => Request::RotateIdentityKey,
        Noun::Identity(cli::Identity::TrimKey) => Request::TrimIdentityKeys,
        Noun::Runner(cli::Runner::List) => Request::ListRunners,
        Noun::RunnerToken(cli::RunnerToken::Create { description }) => Request::CreateRunnerToken { description },
        Noun::RunnerToken(cli::RunnerToken::List) => Request::ListRunnerTokens,
        Noun::RunnerToken(cli::RunnerToken::Delete { id }) => Request::DeleteRunnerToken { id },
        Noun::Organization(cli::Organization::Create { name, email }) => Request::CreateOrganization { name, email },
        Noun::Organization(cli::Organization::List) => Request::ListOrganizations,
        Noun::Organization(cli::Organization::Share { name, run_limit, weight }) => {
            Request::SetShare { organization: name, run_limit, run_weight: weight }
        }
        Noun::Organization(cli::Organization::Member(cli::Member::Add { organization, user, role })) => {
            Request::AddMember { organization, user, role }
        }
    })
}

pub(crate) fn read_password(input: impl BufRead) -> anyhow::Result<Secret> {
    const MAX: u64 = 4 << 10;
    let mut line = String::new();
    input.take(MAX).read_line(&mut line).context("cannot read the password from standard input")?;
    if line.len() as u64 == MAX {
        bail!("the password on standard input is longer than {MAX} bytes");
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    if line.is_empty() {
        bail!("there is no password on standard input");
    }
    Ok(line.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line() {
        assert_eq!(read_password(&b"hunter 2\r\nmore"[..]).unwrap().expose(), "hunter 2");
        assert_eq!(read_password(&b"\n"[..]).unwrap_err().to_string(), "there is no password on standard input");
        assert!(read_password(&[b'x'; 5_000][..]).is_err());
    }
}
