//! `make conformance`: what terraform's users do, with every terraform that can be had, against the real server on both databases.
//!
//! `terrane-conformance` plays every case of the [`catalogue`] with every version that it is for, several at once, each in an organization of
//! its own on one server a database. What comes out is held against [`expected`], a reviewed file: a case that fails, or passes where it
//! cannot, ends the program with 1. When nothing differs it writes `docs/compatibility.md`.
//!
//! `CASES=short` plays a choice that a change can wait for. Arguments are parts of names (`1.11.4`, `sqlite`, a case), all of which must fit.
//! The one argument `--page` plays nothing and writes the page anew: for a change of its words alone.

#![expect(clippy::print_stdout, reason = "what this program is for is what it prints")]

mod cases;
mod catalogue;
mod expected;
mod play;
mod report;
mod traps;

use std::process::ExitCode;
use std::time::Instant;

use terrane_tests::{Database, Version};

use catalogue::{Case, Group, catalogue};
use expected::Expected;
use play::{Outcome, Play};

/// The versions of the short form: the oldest one, one of before and one of after structured output of a run was given its present name.
const SHORT: [Version; 3] = [Version::V0_12_29, Version::V1_6_6, Version::V1_14_9];

fn main() -> ExitCode {
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let short = terrane_tests::settings::cases().is_some_and(|choice| choice == "short");
    let (cases, expected) = (catalogue(), Expected::read());
    if parts == ["--page"] {
        report::write(&report::document(&cases, &expected));
        return ExitCode::SUCCESS;
    }
    let versions: Vec<Version> = Version::ALL.into_iter().filter(|version| version.is_there()).collect();
    let wanted = |play: &Play| {
        let name = play.to_string();
        parts.iter().all(|part| name.contains(part.as_str()))
            && (!short || (play.case.short && (SHORT.contains(&play.version) || play.case.group == Group::Doors)))
    };
    let plays: Vec<Play> =
        Database::ALL.into_iter().flat_map(|database| plays(&cases, &versions, database)).filter(wanted).collect();

    let began = Instant::now();
    let (outcomes, trouble) = play::all(&plays);
    println!("{}", report::screen(&outcomes, &expected));
    println!("{} cases played in {:.0} s", outcomes.len(), began.elapsed().as_secs_f64());

    let mut differences = expected.differences(&outcomes);
    differences.extend(trouble);
    let whole = !short && parts.is_empty();
    if whole {
        differences.extend(expected.differing_counts(&outcomes, &versions));
    }
    for difference in &differences {
        println!("DIFFERS: {difference}");
    }
    if !differences.is_empty() {
        return ExitCode::FAILURE;
    }
    if whole && versions.len() == Version::ALL.len() {
        report::write(&report::document(&cases, &expected));
    } else if whole {
        println!("docs/compatibility.md stays as it is: not every version is there");
    }
    ExitCode::SUCCESS
}

fn plays<'a>(cases: &'a [Case], versions: &'a [Version], database: Database) -> impl Iterator<Item = Play<'a>> {
    cases.iter().flat_map(move |case| {
        let fit = versions.iter().copied().filter(|&version| (case.versions)(version));
        fit.map(move |version| Play { case, version, database })
    })
}

/// What is played there with this version, by the catalogue alone.
fn count(cases: &[Case], version: Version, group: Group) -> usize {
    cases.iter().filter(|case| case.group == group && (case.versions)(version)).count()
}

/// Whether it went as it must.
fn passed(outcome: &Outcome) -> bool {
    outcome.failure.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `make conformance` writes the page; a change of the catalogue or of the expectations must not leave an old one behind.
    #[test]
    fn the_page_is_what_the_catalogue_and_the_expectations_say() {
        let page = report::document(&catalogue(), &Expected::read());
        let there = std::fs::read_to_string(report::page()).expect("docs/compatibility.md");
        assert!(page == there, "docs/compatibility.md is not what `make conformance` writes");
    }

    #[test]
    fn every_name_is_of_one_case_and_every_expectation_of_a_case() {
        let (cases, expected) = (catalogue(), Expected::read());
        let mut names: Vec<_> = cases.iter().map(|case| case.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), cases.len(), "two cases have one name");
        for name in expected.named() {
            assert!(names.contains(&name), "the expectations name {name}, which is no case");
        }
    }
}
