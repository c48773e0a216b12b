//! What an organization pays instead of the list price: discounts by key prefix and fixed prices by key.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::Price;

/// Negotiated prices, laid over the vendor's. The longest matching prefix wins; a fixed price beats a discount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overrides {
    /// Key prefix, such as `aws/ec2/`, to the percentage taken off, 0 to 100.
    pub discounts: BTreeMap<String, Decimal>,
    /// Key, or `key@region`, to the price paid for one unit in US dollars.
    pub prices: BTreeMap<String, Decimal>,
    /// The day they were agreed on, `YYYY-MM-DD`; shown beside each price.
    pub date: String,
}

/// Why overrides were refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the form described at [`Overrides`].
    #[error("reading price overrides: {0}")]
    Form(#[from] serde_json::Error),
    /// A discount below 0 or above 100 percent, or a negative price.
    #[error("reading price overrides: {0} is out of range; discounts are 0 to 100 percent and prices not negative")]
    Range(String),
}

impl Overrides {
    /// Reads overrides from JSON.
    ///
    /// # Errors
    /// When the text has another form, or a value is out of range.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let read: Self = serde_json::from_str(text)?;
        let hundred = Decimal::ONE_HUNDRED;
        if let Some((key, _)) = read.discounts.iter().find(|(_, off)| off.is_sign_negative() || **off > hundred) {
            return Err(Error::Range(key.clone()));
        }
        if let Some((key, _)) = read.prices.iter().find(|(_, price)| price.is_sign_negative()) {
            return Err(Error::Range(key.clone()));
        }
        Ok(read)
    }

    /// Whether nothing is overridden.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.discounts.is_empty() && self.prices.is_empty()
    }

    pub(super) fn apply(&self, key: &str, region: &str, found: Option<Price>) -> Option<Price> {
        if self.is_empty() {
            return found;
        }
        let fixed = self.prices.get(&format!("{key}@{region}")).or_else(|| self.prices.get(key));
        if let Some(&amount) = fixed {
            return Some(Price { amount, source: "override".into(), date: self.date.clone() });
        }
        let off = self.discounts.iter().rfind(|(prefix, _)| key.starts_with(prefix.as_str()));
        match (found, off) {
            (Some(price), Some((_, off))) => Some(Price {
                amount: (price.amount * (Decimal::ONE_HUNDRED - off) / Decimal::ONE_HUNDRED).normalize(),
                source: format!("{} less {off} %", price.source),
                date: price.date,
            }),
            (found, _) => found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_price_beats_a_discount_and_the_longest_prefix_wins() {
        let overrides = Overrides::from_json(
            r#"{"discounts":{"aws/":"10","aws/ec2/":"50"},"prices":{"aws/nat/hour":"0.01"},"date":"2026-01-01"}"#,
        )
        .unwrap();
        let list = Price { amount: Decimal::ONE, source: "list".into(), date: "2025-01-01".into() };
        let of = |key: &str| overrides.apply(key, "us-east-1", Some(list.clone())).unwrap().amount.to_string();
        assert_eq!(of("aws/ec2/linux/m5.large"), "0.5");
        assert_eq!(of("aws/s3/standard"), "0.9");
        assert_eq!(of("aws/nat/hour"), "0.01");
        assert_eq!(of("google/x"), "1");
    }

    #[test]
    fn out_of_range_is_refused() {
        assert!(Overrides::from_json(r#"{"discounts":{"aws/":"101"}}"#).is_err());
        assert!(Overrides::from_json(r#"{"prices":{"aws/x":"-1"}}"#).is_err());
        assert!(Overrides::from_json(r#"{"price":{}}"#).is_err());
    }
}
