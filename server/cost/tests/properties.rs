//! What must hold for every estimate, whatever the plan.

use proptest::prelude::*;
use rust_decimal::Decimal;
use terrane_cost::catalogue::{self, Overrides};
use terrane_cost::{Catalogue, Estimate, Settings, State, Usage};

fn estimate_with(catalogue: &Catalogue, plan: &str) -> Estimate {
    terrane_cost::estimate(plan, &Usage::default(), catalogue, &Settings::default()).expect("a plan")
}

fn estimate(plan: &str) -> Estimate {
    estimate_with(catalogue::embedded(), plan)
}

/// A resource of one of a few types, as address, type and attributes.
fn resource() -> impl Strategy<Value = (String, String)> {
    let machine = prop::sample::select(vec!["m5.large", "t3.medium", "c5.xlarge", "r5.2xlarge"]);
    prop_oneof![
        machine.prop_map(|m| ("aws_instance".to_owned(), format!(r#"{{"instance_type":"{m}"}}"#))),
        (1..500_u32).prop_map(|size| ("aws_ebs_volume".to_owned(), format!(r#"{{"type":"gp3","size":{size}}}"#))),
        Just(("aws_nat_gateway".to_owned(), "{}".to_owned())),
        (1..9_u32).prop_map(|n| (
            "aws_elasticache_cluster".to_owned(),
            format!(r#"{{"node_type":"cache.m5.large","engine":"redis","num_cache_nodes":{n}}}"#)
        )),
        Just(("aws_iam_role".to_owned(), "{}".to_owned())),
        Just(("acme_unknown_thing".to_owned(), r#"{"size":3}"#.to_owned())),
    ]
}

/// One change: the type, what was there, what will be there.
type Change = (String, Option<String>, Option<String>);

fn change() -> impl Strategy<Value = Change> {
    (resource(), resource(), 0..4_u8).prop_map(|((kind, one), (other_kind, other), way)| match way {
        0 => (kind, None, Some(one)),
        1 => (kind, Some(one), None),
        2 => (kind, Some(one.clone()), Some(one)),
        _ => {
            let after = if other_kind == kind { other } else { one.clone() };
            (kind, Some(one), Some(after))
        }
    })
}

fn plan(changes: &[(usize, Change)]) -> String {
    let listed: Vec<String> = changes
        .iter()
        .map(|(at, (kind, before, after))| {
            let text = |side: &Option<String>| side.clone().unwrap_or_else(|| "null".into());
            format!(
                r#"{{"address":"{kind}.r{at}","mode":"managed","type":"{kind}","change":{{"before":{},"after":{}}}}}"#,
                text(before),
                text(after)
            )
        })
        .collect();
    format!(r#"{{"resource_changes":[{}]}}"#, listed.join(","))
}

fn numbered(changes: &[Change]) -> Vec<(usize, Change)> {
    changes.iter().cloned().enumerate().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn before_and_delta_make_after(changes in prop::collection::vec(change(), 0..12)) {
        let whole = estimate(&plan(&numbered(&changes)));
        prop_assert_eq!(whole.totals.prior + whole.totals.delta, whole.totals.proposed);
        let only = |pick: fn(&Change) -> Option<String>| -> Vec<(usize, Change)> {
            numbered(&changes).into_iter().map(|(at, change)| {
                let side = pick(&change);
                (at, (change.0, None, side))
            }).filter(|(_, change)| change.2.is_some()).collect()
        };
        let before = estimate(&plan(&only(|change| change.1.clone())));
        let after = estimate(&plan(&only(|change| change.2.clone())));
        prop_assert_eq!(before.totals.proposed + whole.totals.delta, after.totals.proposed);
    }

    #[test]
    fn order_does_not_matter((changes, shuffled) in prop::collection::vec(change(), 0..12).prop_flat_map(|changes| {
        let numbered = numbered(&changes);
        (Just(numbered.clone()), Just(numbered).prop_shuffle())
    })) {
        prop_assert_eq!(estimate(&plan(&changes)), estimate(&plan(&shuffled)));
    }

    #[test]
    fn prices_moved_by_a_tenth_move_totals_exactly(changes in prop::collection::vec(change(), 0..12)) {
        let cheaper = catalogue::embedded().clone().with_overrides(
            Overrides::from_json(r#"{"discounts":{"aws/":"10"},"date":"2026-01-01"}"#).unwrap(),
        );
        let text = plan(&numbered(&changes));
        let (list, less) = (estimate(&text), estimate_with(&cheaper, &text));
        prop_assert_eq!(list.totals.proposed * Decimal::new(9, 1), less.totals.proposed);
        prop_assert_eq!(list.totals.prior * Decimal::new(9, 1), less.totals.prior);
    }

    #[test]
    fn an_unknown_type_never_enters_a_total(changes in prop::collection::vec(change(), 0..12)) {
        let known: Vec<Change> = changes.iter().filter(|change| !change.0.starts_with("acme_")).cloned().collect();
        let (all, known) = (estimate(&plan(&numbered(&changes))), estimate(&plan(&numbered(&known))));
        prop_assert_eq!(all.totals, known.totals);
        for resource in all.resources.iter().filter(|resource| resource.kind.starts_with("acme_")) {
            prop_assert_eq!(resource.state, State::NotEstimated);
            prop_assert!(resource.reason.is_some() && resource.proposed.is_none() && resource.delta.is_none());
        }
    }

    #[test]
    fn any_text_is_an_estimate_or_an_error(text in "\\PC*") {
        let _ = terrane_cost::estimate(&text, &Usage::default(), catalogue::embedded(), &Settings::default());
        let _ = Usage::read(&text);
        let _ = Catalogue::from_text(text);
    }
}
