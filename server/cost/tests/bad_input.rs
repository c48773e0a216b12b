//! Whatever comes in, there is one clear error or a reason on the resource.

use terrane_cost::{Estimate, Settings, State, Usage, catalogue};

fn try_estimate(plan: &str, usage: &str) -> Result<Estimate, terrane_cost::Error> {
    terrane_cost::estimate(
        plan,
        &Usage::read(usage).expect("a usage file"),
        catalogue::embedded(),
        &Settings::default(),
    )
}

fn one(kind: &str, attributes: &str, unknown: &str, usage: &str) -> terrane_cost::Resource {
    let plan = format!(
        r#"{{"resource_changes":[{{"address":"{kind}.x","type":"{kind}","change":{{"before":null,"after":{attributes},"after_unknown":{unknown}}}}}]}}"#
    );
    try_estimate(&plan, usage).expect("a plan").resources.remove(0)
}

#[test]
fn truncated_and_foreign_documents_are_one_clear_error() {
    for text in ["", "{", "[]", "null", "{\"resource_changes\":[{", "{\"a\":1}", "{\"resource_changes\":{}}"] {
        let error = try_estimate(text, "{}").unwrap_err().to_string();
        assert!(error.contains("terraform show -json"), "{text}: {error}");
    }
    let deep = "[".repeat(100_000);
    assert!(try_estimate(&deep, "{}").is_err());
}

#[test]
fn values_of_the_wrong_type_become_reasons() {
    for attributes in [r#"{"size":"big"}"#, r#"{"size":[1]}"#, r#"{"size":{"a":1}}"#, r#"{"size":true}"#] {
        let volume = one("aws_ebs_volume", attributes, "{}", "{}");
        assert!(volume.state == State::NotEstimated && volume.reason.is_some(), "{attributes}: {volume:?}");
        assert!(volume.proposed.is_none());
    }
    assert_eq!(one("aws_ebs_volume", "[]", "{}", "{}").state, State::Estimated);
}

#[test]
fn negative_and_absurd_quantities_are_refused() {
    for size in ["-5", "1e300", "99999999999999999999"] {
        let volume = one("aws_ebs_volume", &format!(r#"{{"size":{size}}}"#), "{}", "{}");
        assert_eq!(volume.state, State::NotEstimated, "{size}");
        assert!(volume.proposed.is_none(), "{size}");
    }
}

#[test]
fn what_only_the_apply_knows_is_a_reason() {
    let machine = one("aws_instance", "{}", r#"{"instance_type":true}"#, "{}");
    assert_eq!(machine.state, State::NotEstimated);
    assert!(machine.components.iter().any(|c| c.reason.as_deref().is_some_and(|r| r.contains("unknown until apply"))));
}

#[test]
fn a_price_that_is_missing_is_a_reason_and_never_a_saving() {
    let plan = r#"{"resource_changes":[{"address":"aws_instance.x","type":"aws_instance",
        "change":{"before":{"instance_type":"m5.large"},"after":{"instance_type":"m99.large"}}}]}"#;
    let found = try_estimate(plan, "{}").unwrap();
    let machine = &found.resources[0];
    assert_eq!(machine.state, State::NotEstimated);
    assert!(machine.reason.as_deref().unwrap().contains("no price for aws/ec2/linux/m99.large in us-east-1"));
    assert!(machine.prior.is_some() && machine.delta.is_none());
    assert!(found.totals.delta.is_zero() && found.totals.prior.is_zero());
}

#[test]
fn usage_for_an_address_that_does_not_exist_is_said() {
    let found = try_estimate(r#"{"resource_changes":[]}"#, r#"{"resource_usage":{"aws_eip.gone":{"a":1}}}"#).unwrap();
    assert_eq!(found.resources[0].address, "aws_eip.gone");
    assert!(found.resources[0].reason.as_deref().unwrap().contains("no such resource"));
}

#[test]
fn references_in_a_circle_end() {
    let plan = r#"{"resource_changes":[
        {"address":"module.a.aws_ebs_snapshot.x","type":"aws_ebs_snapshot","change":{"before":null,"after":{},"after_unknown":{"volume_id":true}}}],
      "configuration":{"root_module":{"module_calls":{"a":{"expressions":{"v":{"references":["module.a.o"]}},
        "module":{"outputs":{"o":{"expression":{"references":["var.v"]}}},
          "resources":[{"address":"aws_ebs_snapshot.x","expressions":{"volume_id":{"references":["var.v"]}}}]}}}}}}"#;
    let found = try_estimate(plan, "{}").unwrap();
    assert_eq!(found.resources[0].components[0].quantity.unwrap().to_string(), "8");
}

/// A real provider leaves computed attributes unknown although nobody wrote them; a machine does not become free by it.
#[test]
fn an_attribute_that_the_provider_fills_in_is_not_a_choice() {
    let machine = one("aws_instance", r#"{"instance_type":"m5.large"}"#, r#"{"host_id":true,"tenancy":true}"#, "{}");
    assert_eq!(machine.components[0].monthly.expect("an amount").to_string(), "70.08");
    let cache = one(
        "aws_elasticache_cluster",
        r#"{"node_type":"cache.m5.large","engine":"redis","num_cache_nodes":1}"#,
        r#"{"replication_group_id":true}"#,
        "{}",
    );
    assert!(cache.proposed.is_some());
}
