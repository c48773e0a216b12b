//! The command line.

use crate::{
    admin::{Role, RunLimit},
    config::{AdminFlags, Flags, Span, StorageFlags, Value},
    policy, search, states,
};
use clap::{Args, Parser, Subcommand};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

/// A self-hosted service for Terraform and OpenTofu state and runs.
#[derive(Debug, Parser)]
#[command(name = "terrane", version, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(Flags),
    /// Print the effective configuration as TOML, with the origin of each value and without secrets
    Config(Flags),
    /// Print how to make browsers and the terraform CLI trust the local authority
    Trust(Flags),
    /// Ask the server of these settings whether it would serve; ends with 1 and the reason where it would not
    Health(Flags),
    /// Do what needs no token: on a running server through its data directory, or on the data itself
    Admin(Admin),
    /// Back the site up to the place of --backup while it runs, and print the backup's id
    Backup(Backups),
    /// Fill an empty site from the place of --backup: any database, any object store, this version or a later one
    Restore {
        /// Settings that find the data, and the backups.
        #[command(flatten)]
        settings: StorageFlags,
        /// Which backup, as `terrane backup list` tells [default: the newest]
        #[arg(long)]
        id: Option<String>,
    },
    /// Open everything that the site keeps, and list what cannot be read; ends with 1 if there is something
    Verify(StorageFlags),
    /// The keys that everything is sealed with: on a running server through its data directory, or on the data itself
    Keys(Keys),
    /// Look at everything that the site stands on, and say what is and what to do; ends with 1 if something is bad
    Doctor {
        /// Settings of the server.
        #[command(flatten)]
        settings: StorageFlags,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show it at work: a fresh server, a small configuration, a real terraform apply
    Demo(Flags),
    /// What a plan or a state costs a month, offline
    #[command(subcommand)]
    Cost(cost::command::Cost),
    /// The price catalogue
    #[command(subcommand)]
    Prices(cost::command::Prices),
    /// Execute runs on this machine for a server elsewhere (also the program terrane-runner)
    Runner(Box<runner::command::Arguments>),
    /// The history of a workspace's state: list, compare, show its versions, go back to one
    State(states::State),
    /// Find workspaces, outputs and resources of an organization
    Search(search::Search),
    /// Test, apply and lay out policies, offline
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Watch over one phase of a run (the runner starts this itself)
    #[command(hide = true, disable_help_flag = true)]
    Supervise {
        /// What the runner says.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Print the version
    Version,
}

/// What to do with backups, and of which site.
#[derive(Debug, Args)]
pub struct Backups {
    /// Settings that find the data, and the backups.
    #[command(flatten)]
    pub settings: StorageFlags,
    /// What to do; to make one if nothing is said.
    #[command(subcommand)]
    pub wanted: Option<Backup>,
}

/// What to do with the backups that are there.
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// List the finished backups on standard output, oldest first: id, moment, version, rows, objects, their bytes and how many objects were
    /// missing, separated by tabs
    List,
    /// Read all of a backup without restoring it; what is damaged is listed on standard output, and it ends with 1
    Verify {
        /// Which, as `terrane backup list` tells [default: the newest]
        #[arg(long)]
        id: Option<String>,
    },
    /// Remove all backups but the newest, and what belongs to no other and is older than a day
    Prune {
        /// How many stay
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        keep: u32,
    },
}

/// What the operator wants, and of which data directory.
#[derive(Debug, Args)]
pub struct Admin {
    /// Settings that find the data.
    #[command(flatten)]
    pub settings: AdminFlags,
    /// What to do.
    #[command(subcommand)]
    pub noun: Noun,
}

/// What to do with the keys, and of which data directory.
#[derive(Debug, Args)]
pub struct Keys {
    /// Settings that find the data.
    #[command(flatten)]
    pub settings: AdminFlags,
    /// What to do.
    #[command(subcommand)]
    pub verb: KeyVerb,
}

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub enum KeyVerb {
    /// Tell how it stands with them: whether the master key answers, which root keys there are, how many data keys each wraps
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Let another root key wrap data keys, and wrap again what the ones before it wrapped; goes on where an earlier one was cut off
    Rotate,
    /// Seal all root keys under a passphrase, read from the first line of standard input, into a file to be kept apart: the way back where the
    /// master key is lost. Again after each rotation
    Escrow {
        /// The file to make; - for standard output
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Have the master key of the settings wrap the root keys of an escrow, whose passphrase is the first line of standard input
    Recover {
        /// The file of the escrow
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Print a new master key, and nothing else, on standard output: for a file or a variable
    Generate,
}

/// What to do it to.
#[derive(Debug, Subcommand)]
pub enum Noun {
    /// Users of this site
    #[command(subcommand)]
    User(User),
    /// Tokens of users
    #[command(subcommand)]
    Token(Token),
    /// Organizations
    #[command(subcommand)]
    Organization(Organization),
    /// The keys that sign the identities of runs
    #[command(subcommand)]
    Identity(Identity),
    /// Runners that execute for the whole site
    #[command(subcommand)]
    Runner(Runner),
    /// Tokens of runners that execute for the whole site
    #[command(subcommand)]
    RunnerToken(RunnerToken),
}

/// What to do to the site's runners.
#[derive(Debug, Subcommand)]
pub enum Runner {
    /// List the runners on standard output: id, name, status, busy and all slots, version, address and when they were last heard of,
    /// separated by tabs
    List,
}

/// What to do to the keys that sign identities.
#[derive(Debug, Subcommand)]
pub enum Identity {
    /// Let the next key sign from now on; the one before it stays published
    RotateKey,
    /// Withdraw every key that no longer signs, and with it whatever it signed
    TrimKey,
}

/// What to do to the site's runner tokens.
#[derive(Debug, Subcommand)]
pub enum RunnerToken {
    /// Make a token for runners and print it, and nothing else, on standard output
    Create {
        /// What the token is for
        #[arg(long, default_value = "made by terrane admin")]
        description: String,
    },
    /// List the tokens on standard output: id, description, creation and last use, separated by tabs
    List,
    /// Delete a token: runners that come with it are refused from then on
    Delete {
        /// The token's id
        id: String,
    },
}

/// What to do to users.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Make a user
    Create {
        /// The name to sign in with
        name: String,
        /// The user's address
        #[arg(long)]
        email: String,
        /// Let the user administer the whole site
        #[arg(long)]
        site_admin: bool,
        /// Read a password from the first line of standard input; without it the user has none
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give a user another password, read from the first line of standard input; ends their sessions in browsers, not their tokens
    Password {
        /// The user's name
        name: String,
    },
    /// List all users on standard output: id, name, address and `site-admin`, separated by tabs
    List,
}

/// What to do to tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token for a user and print it, and nothing else, on standard output
    Create {
        /// The user's name
        #[arg(long)]
        user: String,
        /// What the token is for
        #[arg(long, default_value = "made by terrane admin")]
        description: String,
        /// How long the token is good, such as 30d or 12h; for ever without
        #[arg(long, value_name = "TIME", value_parser = ttl)]
        ttl: Option<Duration>,
    },
}

/// What to do to organizations.
#[derive(Debug, Subcommand)]
pub enum Organization {
    /// Make an organization
    Create {
        /// Its name
        name: String,
        /// The address of its owner: a user with that address becomes one
        #[arg(long)]
        email: String,
    },
    /// List all organizations on standard output: id, name, runs at once, weight, executing and waiting runs, separated by tabs
    List,
    /// Change which part of the runners an organization gets; what is not said stays
    Share {
        /// Its name
        name: String,
        /// How many of its runs may execute at once, or `default` for the server's --organization-concurrency
        #[arg(long, value_name = "N")]
        run_limit: Option<RunLimit>,
        /// Its part of the runners in proportion to the others', who have 1 unless they were given more
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
        weight: Option<u32>,
    },
    /// Members of an organization
    #[command(subcommand)]
    Member(Member),
}

/// What to do to members.
#[derive(Debug, Subcommand)]
pub enum Member {
    /// Make a user a member of an organization
    Add {
        /// The organization's name
        organization: String,
        /// The user's name
        user: String,
        /// What the member may do with all workspaces
        #[arg(long)]
        role: Role,
    },
}

fn ttl(text: &str) -> Result<Duration, String> {
    Span::parse(text, Path::new(""))
        .map(|Span(ttl)| ttl)
        .map_err(|wrong| format!("{wrong}; accepted: {}", Span::ACCEPTED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_may_stand_before_and_after_what_admin_does() {
        for line in [
            "terrane admin --data /d token create --user alice --ttl 1h30m",
            "terrane admin token create --user alice --ttl 1h30m --data /d",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            let Command::Admin(Admin { settings, noun: Noun::Token(Token::Create { ttl, .. }) }) = cli.command else {
                panic!("{line}")
            };
            assert_eq!(ttl, Some(Duration::from_secs(5_400)));
            let loaded = crate::config::load_from(settings.0, [], "/here".into()).unwrap();
            assert_eq!(loaded.config.server.data, Path::new("/d"));
        }
    }

    #[test]
    fn a_run_limit_is_a_number_or_the_default() {
        for (text, wanted) in [("7", Some(RunLimit::Of(7))), ("default", Some(RunLimit::Default)), ("-1", None)] {
            let line = format!("terrane admin organization share acme --run-limit={text}");
            let limit = match Cli::try_parse_from(line.split(' ')).map(|cli| cli.command) {
                Ok(Command::Admin(Admin {
                    noun: Noun::Organization(Organization::Share { run_limit, .. }), ..
                })) => run_limit,
                _ => None,
            };
            assert_eq!(limit, wanted, "{text}");
        }
    }

    #[test]
    fn a_switch_may_stand_alone() {
        for (line, on) in [("--runner-unsafe", true), ("--runner-unsafe=off", false), ("--runner on", false)] {
            let cli = Cli::try_parse_from(format!("terrane serve {line}").split(' ')).unwrap();
            let Command::Serve(flags) = cli.command else { panic!("{line}") };
            let loaded = crate::config::load_from(flags, [], "/here".into()).unwrap();
            assert_eq!(loaded.config.runner.without_wall, on, "{line}");
        }
    }

    #[test]
    fn a_bad_ttl_says_what_is_accepted() {
        let line = "terrane admin token create --user alice --ttl 1y";
        let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
        assert!(
            error.to_string().contains("\"1y\" is no length of time; accepted: a length of time such as 90s"),
            "{error}"
        );
    }

    #[test]
    fn what_supervise_is_told_is_handed_on_as_it_is() {
        let cli = Cli::try_parse_from(["terrane", "supervise", "--help", "-x", "--", "y"]).unwrap();
        let Command::Supervise { arguments } = cli.command else { panic!() };
        assert_eq!(arguments, ["--help", "-x", "--", "y"]);
    }
}
