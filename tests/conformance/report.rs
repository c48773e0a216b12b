//! What came out, for the screen and for `docs/compatibility.md`.
//!
//! The page is made of the catalogue and of what is expected, not of one run: it holds no date and no time, and a run that differs from it
//! does not write it.

use std::fmt::Write as _;
use std::path::PathBuf;

use terrane_tests::{Database, Version, settings};

use crate::catalogue::{Case, Group};
use crate::expected::Expected;
use crate::traps::{self, Proof};
use crate::{Outcome, count, passed};

/// Where the page lies.
pub(crate) fn page() -> PathBuf {
    settings::checkout().join("docs/compatibility.md")
}

/// Writes the page.
///
/// # Panics
/// When it cannot be written.
pub(crate) fn write(text: &str) {
    std::fs::write(page(), text).unwrap_or_else(|error| panic!("write {}: {error}", page().display()));
}

/// The table for the screen: passed of played, for each version and group.
pub(crate) fn screen(outcomes: &[Outcome<'_>], expected: &Expected) -> String {
    let mut table = format!("{:<12}{:<10}", "terraform", "database");
    Group::ALL.iter().for_each(|group| put(&mut table, &format!("{:>18}", group.title())));
    for (version, database) in Version::ALL.into_iter().flat_map(|version| Database::ALL.map(|there| (version, there)))
    {
        let here: Vec<_> = outcomes
            .iter()
            .filter(|outcome| (outcome.play.version, outcome.play.database) == (version, database))
            .collect();
        if here.is_empty() {
            continue;
        }
        put(&mut table, &format!("\n{:<12}{:<10}", version.number(), database.to_string()));
        for group in Group::ALL {
            let of: Vec<_> = here.iter().filter(|outcome| outcome.play.case.group == group).collect();
            let good = of.iter().filter(|outcome| passed(outcome)).count();
            let cannot =
                of.iter().filter(|outcome| expected.why_not(version, outcome.play.case.name).is_some()).count();
            let said = match (of.len(), cannot) {
                (0, _) => "-".to_owned(),
                (all, 0) => format!("{good}/{all}"),
                (all, cannot) => format!("{good}/{all} ({cannot} cannot)"),
            };
            put(&mut table, &format!("{said:>18}"));
        }
    }
    let mut slowest: Vec<_> = outcomes.iter().collect();
    slowest.sort_by_key(|outcome| std::cmp::Reverse(outcome.took));
    slowest.truncate(3);
    for outcome in slowest {
        put(&mut table, &format!("\nslow: {} took {:.0} s", outcome.play, outcome.took.as_secs_f64()));
    }
    table
}

/// The page.
pub(crate) fn document(cases: &[Case], expected: &Expected) -> String {
    let mut page = String::from(INTRODUCTION);
    put(&mut page, "\n| terraform | block |");
    Group::ALL.iter().for_each(|group| put(&mut page, &format!(" {} |", group.title())));
    put(&mut page, "\n|---|---|---|---|---|---|\n");
    for version in Version::ALL {
        let block = if version.knows_cloud() { "`cloud`" } else { "`remote`" };
        put(&mut page, &format!("| {version} | {block} |"));
        for group in Group::ALL {
            let said = match (count(cases, version, group), expected.passes(version, group)) {
                (0, _) => "–".to_owned(),
                (_, None) => "not run".to_owned(),
                (all, Some(good)) => format!("{good} of {all}"),
            };
            put(&mut page, &format!(" {said} |"));
        }
        put(&mut page, "\n");
    }
    put(&mut page, OTHERS);
    let cannot: Vec<_> = Version::ALL
        .into_iter()
        .flat_map(|version| cases.iter().map(move |case| (version, case)))
        .filter_map(|(version, case)| Some((version, case.name, expected.why_not(version, case.name)?)))
        .collect();
    if !cannot.is_empty() {
        put(&mut page, "\n## What does not pass, and why\n\n| terraform | case | why |\n|---|---|---|\n");
        for (version, name, why) in cannot {
            put(&mut page, &format!("| {version} | `{name}` | {why} |\n"));
        }
    }
    for group in Group::ALL {
        put(&mut page, &format!("\n## Cases: {}\n\n", group.title()));
        for case in cases.iter().filter(|case| case.group == group) {
            let since = Version::ALL.into_iter().find(|&version| (case.versions)(version));
            let since = match since {
                Some(first) if group != Group::Doors && first != Version::ALL[0] => format!(" (from {first})"),
                _ => String::new(),
            };
            let upstream = case.upstream.map(|name| format!(" [{name}]")).unwrap_or_default();
            put(&mut page, &format!("- `{}`: {}{since}{upstream}\n", case.name, case.about));
        }
    }
    put(&mut page, TRAPS);
    for trap in traps::ALL {
        let proofs: Vec<String> = trap.proofs.iter().map(Proof::to_string).collect();
        put(&mut page, &format!("| {} | {} | {} |\n", trap.number, trap.what, proofs.join(", ")));
    }
    page
}

const INTRODUCTION: &str = "\
# Compatibility

Written by `make conformance`, which plays every case below with real terraform binaries on a pseudo-terminal against the real server, and
fails when anything comes out otherwise than this page says. Every case is played on SQLite and on Postgres; a figure is a count of cases, the
same on both. *Client* is what people do at their terminals; *end-to-end flows* are those of Terraform's own test suite of the `cloud` block,
written anew with the texts that the programs really print, and saved plans; *engine* is this version executing runs; *API* is asked by
programs, without a terraform of their own.
";

const OTHERS: &str = "
Not run with the real binary: OpenTofu, of which none could be had here; what is known of its protocol is in the code, and every door is the
same. Terraform 0.11 and older: no build of it could be driven.
";

const TRAPS: &str = "
## Traps

What a server of terraform's can get wrong without noticing, and the test that would notice. `story` is a function of `tests/stories`, `case` one
of this page, the rest are files of the checkout.

| | trap | proven by |
|---|---|---|
";

fn put(text: &mut String, more: &str) {
    text.write_str(more).expect("a String takes everything");
}
