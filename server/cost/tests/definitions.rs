//! The definitions and the committed catalogue belong together.

use terrane_cost::{Settings, State, Usage, catalogue, check_definitions, estimate, known_free, priced_types};

#[test]
fn every_definition_can_be_read_and_finds_its_prices() {
    let wrong = check_definitions(catalogue::embedded());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_committed_catalogue_holds_no_zero_and_nothing_unreadable() {
    let wrong = catalogue::verify(catalogue::embedded(), None);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(catalogue::embedded().len() > 10_000);
}

#[test]
fn no_type_is_both_priced_and_free() {
    let free = known_free();
    let both: Vec<_> = priced_types().into_iter().filter(|kind| free.binary_search(kind).is_ok()).collect();
    assert!(both.is_empty(), "{both:?}");
    assert!(free.windows(2).all(|pair| pair[0] != pair[1]), "a type is listed twice");
}

/// A resource of which nothing is known must not look free: every definition says what it lacks.
#[test]
fn a_type_without_attributes_is_never_silently_free_of_reasons() {
    for kind in priced_types() {
        let plan = format!(
            r#"{{"resource_changes":[{{"address":"{kind}.x","type":"{kind}","change":{{"before":null,"after":{{}}}}}}]}}"#
        );
        let found = estimate(&plan, &Usage::default(), catalogue::embedded(), &Settings::default()).unwrap();
        let resource = &found.resources[0];
        for component in &resource.components {
            let told = component.monthly.is_some();
            assert!(told || component.reason.is_some(), "{kind}: {} has neither amount nor reason", component.name);
            assert!(component.monthly.is_none_or(|amount| !amount.is_zero()), "{kind}: {} costs zero", component.name);
        }
        if resource.state == State::NotEstimated {
            assert!(resource.reason.is_some(), "{kind} gives no reason");
        }
    }
}
