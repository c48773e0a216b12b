//! The estimate as others read it. Its JSON form is a contract: amounts are decimal strings, unknown ones null.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What is known of a cost. The four are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Known from the plan and the catalogue.
    Estimated,
    /// Costs nothing by itself; on a reviewed list, or said so by its definition.
    Free,
    /// Depends on usage: the unit price is shown, the amount only with a usage file.
    UsageBased,
    /// Costs something we cannot tell; the reason is beside it. Never zero, never in a total.
    NotEstimated,
}

/// An estimate of a plan or a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Version of this form: 1.
    pub version: u32,
    /// Always `USD`.
    pub currency: String,
    /// Hours in a month.
    pub hours_per_month: Decimal,
    /// Version of the price catalogue.
    pub catalogue: String,
    /// Sums over the resources.
    pub totals: Totals,
    /// How many resources are in which state.
    pub counts: Counts,
    /// Sorted by address.
    pub resources: Vec<Resource>,
}

/// Monthly sums in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Before the change.
    pub prior: Decimal,
    /// After the change.
    pub proposed: Decimal,
    /// The difference.
    pub delta: Decimal,
}

/// Resources by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Resources all of whose costs are known.
    pub estimated: usize,
    /// Resources that cost nothing by themselves.
    pub free: usize,
    /// Resources whose cost depends on usage.
    pub usage_based: usize,
    /// Resources with a cost that we cannot tell.
    pub not_estimated: usize,
}

/// One resource instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Terraform address.
    pub address: String,
    /// Terraform type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The vendor's name of the region; None when it is unknown or does not matter.
    pub region: Option<String>,
    /// The worst state of its components.
    pub state: State,
    /// Why it is not estimated.
    pub reason: Option<String>,
    /// US dollars a month before the change; None when it was not there or cannot be told.
    pub prior: Option<Decimal>,
    /// US dollars a month after the change; None when it is gone or cannot be told.
    pub proposed: Option<Decimal>,
    /// The difference; None when one side cannot be told, because a missing price is never a saving.
    pub delta: Option<Decimal>,
    /// What it is charged for: after the change, or before it when the resource is destroyed.
    pub components: Vec<Component>,
}

/// One thing a resource is charged for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Part of the resource, such as `root_block_device`; empty for the resource itself.
    pub part: String,
    /// What it is.
    pub name: String,
    /// What is counted.
    pub unit: String,
    /// How many units a month.
    pub quantity: Option<Decimal>,
    /// US dollars for one unit.
    pub unit_price: Option<Decimal>,
    /// US dollars a month.
    pub monthly: Option<Decimal>,
    /// What is known of it.
    pub state: State,
    /// Why it is not more.
    pub reason: Option<String>,
    /// Where the price is from.
    pub source: Option<String>,
    /// Of which day the price is.
    pub price_date: Option<String>,
}

impl Component {
    pub(crate) fn new(part: &str, name: &str, unit: &str) -> Self {
        Self {
            part: part.to_owned(),
            name: name.to_owned(),
            unit: unit.to_owned(),
            quantity: None,
            unit_price: None,
            monthly: None,
            state: State::Estimated,
            reason: None,
            source: None,
            price_date: None,
        }
    }
}
