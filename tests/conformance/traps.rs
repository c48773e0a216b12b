//! The traps of a terraform server, and where each is proven: a case here, a story, or a test beside the code.

use std::fmt;

/// Where something is proven.
pub(crate) enum Proof {
    /// A case of the catalogue.
    Case(&'static str),
    /// A story: module and name.
    Story(&'static str, &'static str),
    /// A test of another crate: its file and name.
    Test(&'static str, &'static str),
    /// The product has no such part yet.
    Absent(&'static str),
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Case(name) => write!(f, "case `{name}`"),
            Self::Story(module, name) => write!(f, "story `{module}::{name}`"),
            Self::Test(file, name) => write!(f, "`{name}` in `{file}`"),
            Self::Absent(why) => write!(f, "not covered: {why}"),
        }
    }
}

/// One trap.
pub(crate) struct Trap {
    /// Its number.
    pub(crate) number: u8,
    /// What goes wrong, or what must hold so that it does not.
    pub(crate) what: &'static str,
    /// Where that is proven.
    pub(crate) proofs: &'static [Proof],
}

use Proof::{Absent, Case, Story, Test};

const fn trap(number: u8, what: &'static str, proofs: &'static [Proof]) -> Trap {
    Trap { number, what, proofs }
}

const NO_POLICIES: Proof = Absent("runs have no policy checks and no run tasks yet");

/// All of them.
pub(crate) const ALL: &[Trap] = &[
    trap(
        1,
        "without `operations` among the entitlements every run is silently local",
        &[Case("the_first_answers_are_what_clients_need")],
    ),
    trap(2, "the headers of `ping` that let a client go on", &[Case("the_first_answers_are_what_clients_need")]),
    trap(3, "structured output for 1.4 to 1.8.1 and for later ones", &[Case("a_plan_is_shown_and_changes_nothing")]),
    trap(
        4,
        "relations, actions and permissions without which a client crashes",
        &[Case("every_run_and_workspace_is_whole")],
    ),
    trap(
        5,
        "timestamps end in `Z`; nothing is an empty text that should be null",
        &[Case("every_run_and_workspace_is_whole")],
    ),
    trap(6, "a run can be confirmed in the instant its plan's log ends", &[Case("an_apply_is_approved_and_applied")]),
    trap(
        7,
        "output-only and refresh-only changes are changes",
        &[
            Story("plan", "an_output_alone_is_a_change"),
            Story("options", "refresh_only_writes_outputs_and_nothing_else"),
        ],
    ),
    trap(
        8,
        "who decides about applying without a question",
        &[
            Case("an_auto_apply_workspace_still_asks_its_person"),
            Story("remote", "a_workspace_that_applies_by_itself_asks_nothing"),
        ],
    ),
    trap(
        9,
        "speculative plans and saved plans by their configuration version",
        &[Story("plan", "a_plan_shows_what_would_change"), Case("a_saved_plan_is_shown_and_applied")],
    ),
    trap(10, "frames, pieces and ends of logs", &[Story("refused", "logs_beyond_their_end_are_empty")]),
    trap(11, "JSON lines only for who renders them", &[Case("a_plan_is_shown_and_changes_nothing")]),
    trap(12, "the redacted plan is there when the plan has finished", &[Case("a_plan_is_shown_and_changes_nothing")]),
    trap(
        13,
        "unknown includes are accepted; run events exist",
        &[Case("what_is_not_known_is_ignored"), Case("the_events_of_a_run_are_told")],
    ),
    trap(14, "locks with an empty type, actions with `{}` or nothing", &[Case("what_is_not_known_is_ignored")]),
    trap(15, "the words of a refused safe-delete", &[Case("a_safe_delete_says_why_not")]),
    trap(
        16,
        "both ways of uploading a state; forced pushes; serial 0",
        &[
            Story("state", "a_state_is_pulled_and_pushed"),
            Story("refused", "states_that_go_back_or_come_from_elsewhere_are_refused"),
            Case("a_state_is_pulled_and_pushed_back"),
        ],
    ),
    trap(17, "lists that are read once come whole", &[Story("state", "outputs_are_shown_all_of_them")]),
    trap(
        18,
        "junk in queries is ignored; keys of bindings are names of tags",
        &[Case("what_is_not_known_is_ignored"), Story("init", "it_creates_a_workspace_by_keys_and_values")],
    ),
    trap(
        19,
        "no 5xx once a run is committed",
        &[
            Test("server/api/tests/machines/runners.rs", "an_answer_that_was_lost_is_given_again"),
            Test("server/api/tests/machines/faults.rs", "a_commit_whose_outcome_is_unknown_is_done_once"),
            Test("server/api/tests/machines/faults.rs", "a_write_that_fails_leaves_nothing_and_can_be_repeated"),
        ],
    ),
    trap(
        20,
        "uploads and logs without a token",
        &[
            Story("refused", "a_state_that_is_not_what_was_announced_is_refused"),
            Story("refused", "logs_beyond_their_end_are_empty"),
        ],
    ),
    trap(21, "archives that reach outside", &[Story("uploads", "hostile_archives_are_refused")]),
    trap(
        22,
        "Ctrl-C on a plan, and at the prompt",
        &[
            Story("plan", "a_plan_interrupted_goes_on"),
            Story("apply", "an_interrupt_at_the_prompt_leaves_the_run_waiting"),
            Case("an_interrupt_at_the_prompt_leaves_its_run_to_its_person"),
            Case("an_interrupt_of_an_upload_leaves_nothing"),
            Case("an_interrupt_of_a_state_push_leaves_no_lock"),
        ],
    ),
    trap(23, "task stages end with all their results", &[NO_POLICIES]),
    trap(24, "cost estimates and policy checks of runs", &[NO_POLICIES]),
    trap(
        25,
        "test runs wait as `pending`",
        &[
            Test("server/api/tests/machines/module_tests.rs", "a_test_is_made_executed_and_told"),
            Case("a_module_is_tested"),
        ],
    ),
    trap(
        26,
        "the codes of the http door",
        &[Case("the_http_backend_keeps_state_and_lock"), Story("http", "a_lock_answers_with_its_holder")],
    ),
    trap(
        27,
        "signing in with `terraform login`",
        &[Story("login", "a_person_signs_in_by_the_browser_plans_and_signs_out")],
    ),
    trap(
        28,
        "registries of modules and providers",
        &[
            Story("registry", "a_module_is_published_and_used_here_and_in_a_run"),
            Story("registry", "a_provider_is_published_and_installed"),
        ],
    ),
    trap(29, "no right to a state is never 404", &[Story("refused", "a_revoked_reader_never_reads_no_state")]),
    trap(30, "links that the CLI prints lead somewhere", &[Case("links_that_the_cli_prints_lead_somewhere")]),
    trap(31, "the bytes of a state come back as they went in", &[Story("http", "bytes_come_back_as_they_went_in")]),
    trap(32, "a saved plan is applied as it was made", &[Case("a_saved_plan_is_shown_and_applied")]),
    trap(
        33,
        "addresses and variables that a shell would break",
        &[Story("options", "a_target_limits_the_run"), Case("variables_reach_the_run")],
    ),
    trap(
        34,
        "other methods of the http door",
        &[Story("http", "other_methods_lock_too"), Story("http", "delete_removes_the_state")],
    ),
    trap(
        35,
        "a version that is a constraint is told as one that can be parsed",
        &[Case("a_constraint_of_versions_is_resolved")],
    ),
    trap(
        36,
        "outputs and resources from the raw state alone",
        &[Case("a_local_state_moves_to_a_workspace_by_name"), Story("http", "it_keeps_state_for_terraform")],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;

    #[test]
    fn every_proof_is_there() {
        let cases = catalogue();
        let holds = |file: String, name: &str| {
            let path = terrane_tests::settings::checkout().join(&file);
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(text.contains(&format!("fn {name}(")), "{file} has no {name}");
        };
        for trap in ALL {
            for proof in trap.proofs {
                match proof {
                    Case(name) => assert!(cases.iter().any(|case| case.name == *name), "no case {name}"),
                    Story(module, name) => holds(format!("tests/stories/{module}.rs"), name),
                    Test(file, name) => holds((*file).to_owned(), name),
                    Absent(why) => assert!(!why.is_empty()),
                }
            }
        }
    }
}
