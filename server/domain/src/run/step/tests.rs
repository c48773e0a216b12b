//! The whole table as a reviewed snapshot, and what holds for every kind of run.

use super::*;
use std::fmt::Write;

const EVENTS: &[Event] = &[
    Event::Begin,
    Event::Fetched,
    Event::PrePlanDone(Verdict::Passed),
    Event::PrePlanDone(Verdict::Failed),
    Event::Claim,
    Event::Requeue,
    Event::PlanDone,
    Event::PostPlanDone(Verdict::Passed),
    Event::PostPlanDone(Verdict::Overridable),
    Event::PostPlanDone(Verdict::Failed),
    Event::CostDone,
    Event::PolicyDone(Verdict::Passed),
    Event::PolicyDone(Verdict::Overridable),
    Event::PolicyDone(Verdict::Failed),
    Event::Override,
    Event::Confirm,
    Event::PreApplyDone(Verdict::Passed),
    Event::PreApplyDone(Verdict::Failed),
    Event::ApplyDone,
    Event::PostApplyDone,
    Event::Discard,
    Event::Cancel,
    Event::ForceCancel,
    Event::Stopped,
    Event::Fail,
];

fn table(title: &str, traits: Traits, out: &mut String) {
    writeln!(out, "== {title}").unwrap();
    for status in Status::ALL {
        for event in EVENTS {
            let Ok(step) = step(*status, traits, *event) else { continue };
            let through: String = step.through.iter().map(|s| format!("{} > ", s.as_str())).collect();
            writeln!(out, "{} + {event:?} -> {through}{} {:?}", status.as_str(), step.status.as_str(), step.effects)
                .unwrap();
        }
    }
}

fn every_traits() -> impl Iterator<Item = Traits> {
    (0..1u32 << 13).map(|bits| {
        let bit = |n: u32| bits & (1 << n) != 0;
        Traits {
            plan_only: bit(0),
            save_plan: bit(1),
            auto_apply: bit(2),
            allow_empty_apply: bit(3),
            has_changes: bit(4),
            canceling: bit(5),
            fetches: bit(6),
            pre_plan: bit(7),
            post_plan: bit(8),
            cost: bit(9),
            policy: bit(10),
            pre_apply: bit(11),
            post_apply: bit(12),
        }
    })
}

#[test]
fn the_whole_table() {
    let plain = Traits { has_changes: true, ..Traits::default() };
    let mut out = String::new();
    table("plan and apply", plain, &mut out);
    table("auto-apply", Traits { auto_apply: true, ..plain }, &mut out);
    table("no changes", Traits::default(), &mut out);
    table("plan-only", Traits { plan_only: true, ..plain }, &mut out);
    table("saved plan", Traits { save_plan: true, ..plain }, &mut out);
    let staged = Traits {
        fetches: true,
        pre_plan: true,
        post_plan: true,
        cost: true,
        policy: true,
        pre_apply: true,
        post_apply: true,
        ..plain
    };
    table("every stage", staged, &mut out);
    table("canceling", Traits { canceling: true, ..plain }, &mut out);
    insta::assert_snapshot!(out);
}

#[test]
fn a_final_status_takes_nothing_and_ending_gives_everything_back() {
    for traits in every_traits() {
        for status in Status::ALL {
            for event in EVENTS {
                let Ok(step) = step(*status, traits, *event) else { continue };
                assert!(!status.is_final(), "{status:?} took {event:?}");
                let gives = step.effects.contains(&Effect::ReleaseWorkspace)
                    || (traits.plan_only && step.effects.contains(&Effect::FreePlace));
                assert_eq!(step.status.is_final(), gives, "{traits:?} {status:?} {event:?} {step:?}");
            }
        }
    }
}

#[test]
fn a_plan_only_run_never_applies() {
    for traits in every_traits().filter(|t| t.plan_only) {
        for status in Status::ALL {
            let before_apply = Status::ALL.iter().position(|s| *s == Status::Confirmed).unwrap();
            let plans = Status::ALL.iter().take(before_apply).any(|s| s == status);
            for event in EVENTS {
                // Confirm by hand is refused by `actions` of nothing: a plan-only run never rests where it could be confirmed.
                let Ok(step) = step(*status, traits, *event) else { continue };
                if plans && *event != Event::Confirm {
                    assert!(!step.effects.contains(&Effect::QueueApply), "{traits:?} {status:?} {event:?}");
                }
            }
        }
    }
}
