//! What must come out, from the reviewed file `expected.txt` beside this one.
//!
//! Two kinds of lines: `passes VERSION GROUP COUNT` for every version and group, and `cannot VERSION CASE WHY` for a case that does not
//! pass with that version. Such a case is played all the same: one that passes after all is a difference like any other.

use terrane_tests::Version;

use crate::catalogue::Group;
use crate::{Outcome, passed};

const FILE: &str = include_str!("expected.txt");

/// What must come out.
pub(crate) struct Expected {
    passes: Vec<(Version, Group, usize)>,
    cannot: Vec<(Version, &'static str, &'static str)>,
}

impl Expected {
    /// Reads the file.
    ///
    /// # Panics
    /// When a line is neither of the two kinds.
    pub(crate) fn read() -> Self {
        let (mut passes, mut cannot) = (Vec::new(), Vec::new());
        for line in FILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut words = line.splitn(4, ' ');
            let mut word = || words.next().unwrap_or_else(|| panic!("expected.txt: too few words: {line}"));
            let (kind, version) = (word(), version(word(), line));
            match kind {
                "passes" => {
                    let group = word();
                    let found = Group::ALL.into_iter().find(|known| format!("{known:?}").to_lowercase() == group);
                    let count = word().trim().parse().unwrap_or_else(|_| panic!("expected.txt: no count: {line}"));
                    passes.push((version, found.unwrap_or_else(|| panic!("expected.txt: no group: {line}")), count));
                }
                "cannot" => cannot.push((version, word(), word())),
                _ => panic!("expected.txt: neither `passes` nor `cannot`: {line}"),
            }
        }
        Self { passes, cannot }
    }

    /// Why this case cannot pass with this version, if it cannot.
    pub(crate) fn why_not(&self, version: Version, case: &str) -> Option<&'static str> {
        let found = self.cannot.iter().find(|(there, name, _)| *there == version && *name == case);
        found.map(|&(_, _, why)| why)
    }

    /// How many cases of a group pass with this version; nothing when the version is not driven.
    pub(crate) fn passes(&self, version: Version, group: Group) -> Option<usize> {
        self.passes.iter().find(|(there, about, _)| (*there, *about) == (version, group)).map(|&(_, _, count)| count)
    }

    /// The cases that the file names.
    #[cfg(test)]
    pub(crate) fn named(&self) -> impl Iterator<Item = &'static str> {
        self.cannot.iter().map(|&(_, name, _)| name)
    }

    /// What came out otherwise, case by case.
    pub(crate) fn differences(&self, outcomes: &[Outcome<'_>]) -> Vec<String> {
        let differing = outcomes.iter().filter_map(|outcome| {
            let why = self.why_not(outcome.play.version, outcome.play.case.name);
            match (&outcome.failure, why) {
                (Some(failure), None) => Some(format!("{} fails: {}", outcome.play, failure)),
                (None, Some(_)) => Some(format!("{} passes, which expected.txt says it cannot", outcome.play)),
                _ => None,
            }
        });
        differing.collect()
    }

    /// Which counts are others than the file's, after everything was played.
    pub(crate) fn differing_counts(&self, outcomes: &[Outcome<'_>], versions: &[Version]) -> Vec<String> {
        let mut differing = Vec::new();
        for database in terrane_tests::Database::ALL {
            for (&version, group) in versions.iter().flat_map(|version| Group::ALL.map(|group| (version, group))) {
                let of = |outcome: &&Outcome<'_>| {
                    let play = outcome.play;
                    play.database == database && play.version == version && play.case.group == group
                };
                let played: Vec<_> = outcomes.iter().filter(of).collect();
                let count = played.iter().filter(|outcome| passed(outcome)).count();
                if !played.is_empty() && self.passes(version, group) != Some(count) {
                    differing.push(format!(
                        "{database}, {version}, {group:?}: {count} pass; expected.txt says {:?}",
                        self.passes(version, group)
                    ));
                }
            }
        }
        differing
    }
}

fn version(number: &str, line: &str) -> Version {
    let found = Version::ALL.into_iter().find(|version| version.number() == number);
    found.unwrap_or_else(|| panic!("expected.txt: no version that is driven: {line}"))
}
