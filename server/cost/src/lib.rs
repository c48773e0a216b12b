//! What a Terraform plan or state will cost, offline and truthfully.
//!
//! Plan or state JSON, a usage file and a price catalogue go in; an [`Estimate`] comes out. Nothing here talks to the
//! network and nothing here guesses: a price that is missing is a reason beside the resource, never zero.

pub mod catalogue;
#[cfg(feature = "cli")]
pub mod command;
mod definition;
mod estimate;
mod node;
mod plan;
pub mod render;
mod report;
mod usage;

pub use catalogue::Catalogue;
pub use definition::{Check, check as check_definitions, known_free, priced_types};
pub use estimate::{DefaultRegions, Settings, estimate};
pub use plan::Error;
pub use report::{Component, Counts, Estimate, Resource, State, Totals};
pub use usage::{Error as UsageError, Usage};
