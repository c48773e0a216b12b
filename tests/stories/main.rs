//! The stories: what people do with Terrane, played with real terraform binaries against the real server on both databases.
//!
//! A story is a function over a [`Stage`]. It is named once in its module, with the terraform versions that it is played with, and
//! runs as `DATABASE::VERSION::MODULE::STORY`. A story that is not named is dead code, which the compiler tells.

mod apply;
mod backups;
mod canary;
mod cloud;
mod cluster;
mod compose;
mod configurations;
mod containers;
mod cost;
mod crash;
mod doctor;
mod engines;
#[path = "../fakes/mod.rs"]
mod fakes;
mod history;
mod house;
mod http;
mod init;
mod keys;
mod large;
mod local;
mod lock;
mod login;
mod migrate;
mod mirror;
mod module_tests;
mod modules;
mod objects;
mod options;
mod partition;
mod plan;
mod refused;
mod registry;
mod remote;
mod runners;
mod serve;
mod sharing;
mod state;
mod uploads;
mod wall;
mod workspaces;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use terrane_tests::{Database, Stage, Version};

/// The versions that know the `cloud` block.
const CLOUD: &[Version] = &[Version::V1_11_4, Version::V1_15_5];
/// The version that only knows `backend "remote"`.
const REMOTE: &[Version] = &[Version::V1_0_3];
/// Every version.
const EVERY: &[Version] = &[Version::V1_0_3, Version::V1_11_4, Version::V1_15_5];
/// No terraform takes part, or its version does not matter.
const NONE: &[Version] = &[];

/// One story, not yet played.
struct Story {
    module: &'static str,
    name: &'static str,
    versions: &'static [Version],
    play: fn(&mut Stage),
}

/// Names the stories of a module: `stories! { CLOUD: one, another; NONE: a_third }`.
macro_rules! stories {
    ($($versions:ident: $($story:ident),+ $(,)?);+ $(;)?) => {
        pub(crate) fn stories() -> Vec<$crate::Story> {
            vec![$($($crate::Story {
                module: module_path!(), name: stringify!($story), versions: $crate::$versions, play: $story,
            }),+),+]
        }
    };
}
use stories;

fn main() -> ExitCode {
    let stories = [
        apply::stories(),
        backups::stories(),
        canary::stories(),
        cloud::stories(),
        containers::stories(),
        crash::stories(),
        doctor::stories(),
        engines::stories(),
        history::stories(),
        http::stories(),
        init::stories(),
        keys::stories(),
        large::stories(),
        local::stories(),
        lock::stories(),
        login::stories(),
        migrate::stories(),
        mirror::stories(),
        module_tests::stories(),
        modules::stories(),
        objects::stories(),
        options::stories(),
        plan::stories(),
        refused::stories(),
        registry::stories(),
        remote::stories(),
        runners::stories(),
        serve::stories(),
        sharing::stories(),
        state::stories(),
        uploads::stories(),
        wall::stories(),
        workspaces::stories(),
    ];
    let trials = stories
        .into_iter()
        .flatten()
        .flat_map(|story| trials(&story))
        .chain(house::trials())
        .chain(cost::trials())
        .chain(cluster::trials())
        .chain(keys::trials())
        .chain(partition::trials())
        .chain(compose::trials())
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A story on each database, with each of its versions.
fn trials(story: &Story) -> Vec<Trial> {
    let module = story.module.rsplit("::").next().unwrap_or_default();
    let play = |database: Database, version: Version, middle: String| {
        let play = story.play;
        trial(format!("{database}::{middle}{module}::{}", story.name), move || {
            let mut stage = Stage::set(database, version);
            play(&mut stage);
            stage.leave();
        })
    };
    let each = |database| -> Vec<Trial> {
        match story.versions {
            [] => vec![play(database, Version::V1_11_4, String::new())],
            versions => versions.iter().map(|&version| play(database, version, format!("{version}::"))).collect(),
        }
    };
    Database::ALL.into_iter().flat_map(each).collect()
}

/// A trial that fails by a panic, like any test.
fn trial(name: String, play: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        play();
        Ok(())
    })
}
