//! The command line's share of the settings: one flag each, made from the same keys as everything else.

use super::{Key, key::variable, keys};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use std::collections::BTreeMap;

/// What the command line says of the settings: texts by name, not yet understood.
#[derive(Debug, Clone, Default)]
pub struct Flags(BTreeMap<String, String>);

impl Flags {
    /// The flag `--name` with this text.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Self {
        self.0.insert(name.to_owned(), text.to_owned());
        self
    }
}

impl From<Flags> for BTreeMap<String, String> {
    fn from(Flags(texts): Flags) -> Self {
        texts
    }
}

fn arguments(key: &'static Key) -> impl Iterator<Item = Arg> {
    let plain = Arg::new(key.name)
        .long(key.name)
        .value_name(key.value)
        .help(format!("{} [env: {}]", key.help, variable(key.name)))
        .global(true)
        .help_heading("Settings");
    let plain = if key.bare {
        plain.num_args(0..=1).require_equals(true).default_missing_value("on")
    } else {
        // An empty or odd value is judged with all the others, which say where it came from.
        plain.allow_hyphen_values(true)
    };
    let file = key.file.map(|name| {
        Arg::new(name)
            .long(name)
            .value_name("FILE")
            .help(format!("A file with the value of --{} [env: {}]", key.name, variable(name)))
            .global(true)
            .help_heading("Settings")
    });
    [Some(plain), file].into_iter().flatten()
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(keys().flat_map(arguments))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let names = keys().flat_map(|key| [Some(key.name), key.file]).flatten();
        let texts = names.filter_map(|name| Some((name.to_owned(), matches.get_one::<String>(name)?.clone())));
        Ok(Self(texts.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The same flags where most of them are beside the point: the help shows only some.
macro_rules! showing {
    ($(#[$doc:meta])* $name:ident, $shown:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $name(pub Flags);

        impl Args for $name {
            fn augment_args(command: Command) -> Command {
                let hidden = |argument: Arg| {
                    let shown = $shown.contains(&argument.get_id().as_str());
                    argument.hide(!shown)
                };
                command.args(keys().flat_map(arguments).map(hidden))
            }

            fn augment_args_for_update(command: Command) -> Command {
                Self::augment_args(command)
            }
        }

        impl FromArgMatches for $name {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                Flags::from_arg_matches(matches).map(Self)
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                self.0.update_from_arg_matches(matches)
            }
        }
    };
}

showing!(
    /// Those that find the data.
    AdminFlags,
    [
        "config", "data", "database", "database-file", "ca-bundle",
        "master-key", "master-key-credential", "master-key-credential-file", "master-key-endpoint", "master-key-mount", "master-key-namespace",
        "master-key-region", "old-master-key",
    ]
);

showing!(
    /// Those that find the data, its object store and its backups.
    StorageFlags,
    [
        "config", "data", "database", "database-file", "ca-bundle",
        "master-key", "master-key-credential", "master-key-credential-file", "master-key-endpoint", "master-key-mount", "master-key-namespace",
        "master-key-region", "old-master-key",
        "objects", "objects-endpoint", "objects-credential", "objects-credential-file", "objects-region", "objects-path-style", "objects-encryption",
        "backup", "backup-endpoint", "backup-credential", "backup-credential-file", "backup-region", "backup-path-style", "backup-encryption",
    ]
);
