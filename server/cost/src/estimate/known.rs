//! What an estimate has looked up already.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::catalogue::{Catalogue, Price};

/// Prices that this estimate has asked for already: most resources of a plan are of few kinds.
#[derive(Default)]
pub(crate) struct Known {
    by_region: RefCell<HashMap<String, HashMap<String, Option<Price>>>>,
}

impl Known {
    pub(crate) fn find(&self, catalogue: &Catalogue, key: &str, region: &str) -> Option<Price> {
        let mut by_region = self.by_region.borrow_mut();
        if let Some(known) = by_region.get(region).and_then(|prices| prices.get(key)) {
            return known.clone();
        }
        let found = catalogue.find(key, region);
        by_region.entry(region.to_owned()).or_default().insert(key.to_owned(), found.clone());
        found
    }
}
