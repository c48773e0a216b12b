//! The estimate: every resource priced before and after, and the sums.

mod evaluate;
mod functions;
mod price;
mod value;
mod vendor;

use std::collections::HashSet;

use rust_decimal::Decimal;

use crate::catalogue::Catalogue;
use crate::definition::{self, Definition, Known};
use crate::node::Node;
use crate::plan::{self, Region, Side, World};
use crate::report::{Component, Counts, Estimate, Resource, State, Totals};
use crate::usage::Usage;
use evaluate::{Evaluator, Subject};
use price::Pricer;

/// What an estimate is made with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Hours in a month, 730 by default.
    pub hours_per_month: Decimal,
    /// Regions to assume where the configuration says nothing.
    pub default_regions: DefaultRegions,
}

/// The region of each cloud that is assumed where nothing says where a resource stands.
#[derive(Debug, Clone)]
pub struct DefaultRegions {
    /// For `aws_*`.
    pub aws: String,
    /// For `azurerm_*`.
    pub azurerm: String,
    /// For `google_*`.
    pub google: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hours_per_month: Decimal::from(730),
            default_regions: DefaultRegions {
                aws: "us-east-1".into(),
                azurerm: "eastus".into(),
                google: "us-central1".into(),
            },
        }
    }
}

/// Estimates a plan or a state given as JSON.
///
/// # Errors
/// When the document is not JSON, or neither a plan nor a state. Whatever is wrong with a single resource is a reason
/// beside that resource.
pub fn estimate(
    document: &str,
    usage: &Usage,
    catalogue: &Catalogue,
    settings: &Settings,
) -> Result<Estimate, plan::Error> {
    let mut world = World::read(document)?;
    for address in usage.of_type("aws_data_transfer") {
        world.add(address, "aws_data_transfer");
    }
    let engine = Engine { world: &world, usage, catalogue, prices: evaluate::Known::default(), settings };
    let mut resources: Vec<Resource> = (0..world.resources.len()).map(|at| engine.resource(at)).collect();
    let addresses: Vec<&str> = world.resources.iter().map(|resource| resource.address.as_ref()).collect();
    resources.extend(usage.unmatched(&addresses).into_iter().map(unmatched));
    resources.sort_by(|a, b| a.address.cmp(&b.address));
    let (mut totals, mut counts) = (Totals::default(), Counts::default());
    for resource in &resources {
        match resource.state {
            State::Estimated => counts.estimated += 1,
            State::Free => counts.free += 1,
            State::UsageBased => counts.usage_based += 1,
            State::NotEstimated => counts.not_estimated += 1,
        }
        // One side that cannot be told would look like a saving, or like a rise.
        let comparable = resource.delta.is_some();
        if comparable {
            totals.prior += resource.prior.unwrap_or_default();
            totals.proposed += resource.proposed.unwrap_or_default();
        }
    }
    totals.prior = totals.prior.normalize();
    totals.proposed = totals.proposed.normalize();
    totals.delta = (totals.proposed - totals.prior).normalize();
    Ok(Estimate {
        version: 1,
        currency: "USD".into(),
        hours_per_month: settings.hours_per_month,
        catalogue: catalogue.version(),
        totals,
        counts,
        resources,
    })
}

/// Usage for something that the document does not hold is said, not swallowed.
fn unmatched(address: &str) -> Resource {
    let kind = address.rsplit('.').nth(1).unwrap_or_default();
    Resource {
        address: address.to_owned(),
        kind: kind.to_owned(),
        region: None,
        state: State::NotEstimated,
        reason: Some("the usage file names this address, but the plan has no such resource".into()),
        prior: None,
        proposed: None,
        delta: None,
        components: Vec::new(),
    }
}

struct Engine<'e, 'a> {
    world: &'e World<'a>,
    usage: &'e Usage,
    catalogue: &'e Catalogue,
    prices: evaluate::Known,
    settings: &'e Settings,
}

/// One side of one resource.
struct Assessed {
    state: State,
    reason: Option<String>,
    region: Option<String>,
    monthly: Option<Decimal>,
    components: Vec<Component>,
    /// Whether it depends on no other resource.
    alone: bool,
}

impl Assessed {
    /// The same for the other side, of which the components are not shown.
    fn again(&self) -> Self {
        let components = self.components.iter().filter(|component| component.state == State::NotEstimated);
        Self {
            state: self.state,
            reason: None,
            region: None,
            monthly: self.monthly,
            components: components.cloned().collect(),
            alone: self.alone,
        }
    }

    fn nothing(state: State, reason: Option<&str>) -> Self {
        let monthly = (state != State::NotEstimated).then_some(Decimal::ZERO);
        Self { state, reason: reason.map(str::to_owned), region: None, monthly, components: Vec::new(), alone: true }
    }
}

impl<'a> Engine<'_, 'a> {
    fn resource(&self, at: usize) -> Resource {
        let resource = &self.world.resources[at];
        let (before, after) = match definition::find(&resource.kind) {
            Known::Priced(definition) => self.sides(at, definition),
            other => {
                let (state, reason) = match other {
                    Known::Free => (State::Free, None),
                    _ => (State::NotEstimated, Some("this resource type is not known to the cost engine")),
                };
                let side = |side| resource.exists(side).then(|| Assessed::nothing(state, reason));
                (side(Side::Before), side(Side::After))
            }
        };
        let (prior, proposed) = (before.as_ref().and_then(|b| b.monthly), after.as_ref().and_then(|a| a.monthly));
        let delta = match (&before, &after) {
            (Some(before), Some(after)) if !comparable(before, after) => None,
            (before, after) => {
                let told = |side: &Option<Assessed>| side.as_ref().is_none_or(|side| side.monthly.is_some());
                (told(before) && told(after))
                    .then(|| (proposed.unwrap_or_default() - prior.unwrap_or_default()).normalize())
            }
        };
        let shown = after.or(before).unwrap_or_else(|| Assessed::nothing(State::Free, None));
        Resource {
            address: resource.address.to_string(),
            kind: resource.kind.to_string(),
            region: shown.region,
            state: shown.state,
            reason: shown.reason,
            prior,
            proposed,
            delta,
            components: shown.components,
        }
    }

    /// Before and after. What changed in nothing that its definition looks at is assessed once, unless its cost depends on
    /// other resources, which may have changed.
    fn sides(&self, at: usize, definition: &'static Definition) -> (Option<Assessed>, Option<Assessed>) {
        let resource = &self.world.resources[at];
        let fields = definition.fields.as_deref();
        let read = |side| resource.read_only(side, fields);
        let after = resource.exists(Side::After).then(|| {
            let (node, unknown) = (read(Side::After), resource.read_unknown(Side::After, fields));
            (self.assess(at, Side::After, definition, &node, &unknown), node, unknown)
        });
        let before = resource.exists(Side::Before).then(|| {
            let alone = after.as_ref().filter(|(assessed, ..)| assessed.alone);
            let same = resource.before.map(|raw| raw.get()) == resource.after.map(|raw| raw.get());
            if let Some((assessed, ..)) = alone.filter(|_| same) {
                return assessed.again();
            }
            let node = read(Side::Before);
            match alone {
                Some((assessed, later, unknown)) if *later == node && unknown.is_settled() => assessed.again(),
                _ => self.assess(at, Side::Before, definition, &node, &Node::Null),
            }
        });
        (before, after.map(|(assessed, ..)| assessed))
    }

    fn assess(
        &self,
        at: usize,
        side: Side,
        definition: &'static Definition,
        node: &Node<'a>,
        unknown: &Node<'a>,
    ) -> Assessed {
        let resource = &self.world.resources[at];
        let usage = self.usage.of(&resource.address, &resource.kind);
        // What stands in no plan can only say its region in the usage file.
        let said =
            usage.as_ref().filter(|_| resource.kind == "aws_data_transfer").and_then(|usage| usage.get("region"));
        let region = said.and_then(Node::text).map(str::to_owned).or_else(|| self.region(at, node, unknown, side));
        let mut pricer = Pricer::new(Evaluator {
            world: self.world,
            catalogue: self.catalogue,
            prices: &self.prices,
            definition,
            at,
            side,
            subject: Subject { node, unknown },
            usage: usage.as_ref(),
            hours: self.settings.hours_per_month,
            region: region.as_deref(),
            scope: Vec::new(),
            base: 0,
            used: false,
            followed: Vec::new(),
            price: None,
        });
        pricer.run(&definition.body);
        let followed = pricer.evaluator.followed.iter().any(|(_, found)| !found.is_empty());
        // What has no location of its own has that of another resource.
        let placed =
            !resource.kind.starts_with("azurerm_") || node.get("location").is_some_and(|at| at.text().is_some());
        let (components, known_free) = (pricer.components, pricer.free || pricer.zero > 0);
        Assessed { region, alone: placed && !followed, ..summed_up(components, known_free) }
    }

    /// None when only the apply will know it.
    fn region(&self, at: usize, node: &Node<'a>, unknown: &Node<'a>, side: Side) -> Option<String> {
        let kind = self.world.resources[at].kind.as_ref();
        let defaults = &self.settings.default_regions;
        match self.world.region(at, node, unknown, side) {
            Region::Known(region) => Some(region),
            Region::Computed => None,
            Region::Unsaid if kind.starts_with("aws_") => Some(defaults.aws.clone()),
            Region::Unsaid if kind.starts_with("google_") => Some(defaults.google.clone()),
            Region::Unsaid => Some(defaults.azurerm.clone()),
        }
    }
}

/// The worst state counts: one cost we cannot tell makes the resource one that we cannot tell.
fn summed_up(components: Vec<Component>, known_free: bool) -> Assessed {
    if components.is_empty() {
        // Nothing due must have been said on purpose: what merely fell through every condition is not known.
        let reason = "no part of this type's price definition applies to this configuration";
        return match known_free {
            true => Assessed::nothing(State::Free, None),
            false => Assessed::nothing(State::NotEstimated, Some(reason)),
        };
    }
    let has = |state| components.iter().any(|component| component.state == state);
    let state = if has(State::NotEstimated) {
        State::NotEstimated
    } else if has(State::Estimated) {
        State::Estimated
    } else {
        State::UsageBased
    };
    let reason = components.iter().find(|component| component.state == state).and_then(|component| {
        let what = if component.name.is_empty() { component.part.as_str() } else { component.name.as_str() };
        let reason = component.reason.as_deref()?;
        Some(if what.is_empty() { reason.to_owned() } else { format!("{what}: {reason}") })
    });
    let amounts: Vec<Decimal> = components.iter().filter_map(|component| component.monthly).collect();
    let total = amounts.iter().try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(*amount));
    let monthly = total.filter(|_| !amounts.is_empty()).map(|total| total.normalize());
    Assessed { state, reason, region: None, monthly, components, alone: false }
}

/// Whether the same things cannot be told on both sides, so that the difference of the rest means something.
fn comparable(before: &Assessed, after: &Assessed) -> bool {
    let missing = |side: &Assessed| -> HashSet<(String, String)> {
        let lacking = side.components.iter().filter(|component| component.state == State::NotEstimated);
        lacking.map(|component| (component.part.clone(), component.unit.clone())).collect()
    };
    missing(before) == missing(after)
}
