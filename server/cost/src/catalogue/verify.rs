//! Checks a catalogue before it is trusted: no zero, nothing unreadable, and nothing that moved far since last time.

use rust_decimal::Decimal;

use super::Catalogue;

/// Something a person should look at before the catalogue is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The key it is about.
    pub key: String,
    /// The region it is about; empty when it is about all of them.
    pub region: String,
    /// What was found.
    pub what: String,
    /// Whether the catalogue must not be used because of it; otherwise it is for review.
    pub fatal: bool,
}

/// Prices that move by more than this share of the old price are held back for review.
const REVIEW_ABOVE: Decimal = Decimal::from_parts(25, 0, 0, false, 2);

/// Checks `new` by itself and against `old`, the catalogue it would replace.
#[must_use]
pub fn verify(new: &Catalogue, old: Option<&Catalogue>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, region, price) in new.iter() {
        let mut find = |what: String, fatal| {
            findings.push(Finding { key: key.to_owned(), region: region.to_owned(), what, fatal });
        };
        if price.amount <= Decimal::ZERO {
            find(format!("a price of {} is not a price", price.amount), true);
        }
        let Some(before) = old.and_then(|old| old.find(key, region)) else { continue };
        let moved = (price.amount - before.amount).abs();
        if moved > before.amount * REVIEW_ABOVE {
            find(format!("moves from {} to {}: more than 25 %", before.amount, price.amount), false);
        }
    }
    for start in &new.lines {
        let (key, prices) = (new.key_at(*start), new.prices_at(*start));
        if prices.split(';').any(|group| new.group(group).is_none()) {
            findings.push(Finding {
                key: key.to_owned(),
                region: String::new(),
                what: "a price cannot be read".into(),
                fatal: true,
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(price: &str) -> Catalogue {
        Catalogue::from_text(format!("#catalogue 1 v USD\n#regions eu\n#source a list 2026-01-02\nk\t{price}\n"))
            .unwrap()
    }

    #[test]
    fn finds_zeros_unreadable_prices_and_leaps() {
        assert!(verify(&catalogue("1@a:0"), None).is_empty());
        assert!(verify(&catalogue("0@a:0"), None)[0].fatal);
        assert!(verify(&catalogue("x@a:0"), None)[0].fatal);
        let leap = verify(&catalogue("2@a:0"), Some(&catalogue("1@a:0")));
        assert!(!leap[0].fatal && leap[0].what.contains("25 %"));
        assert!(verify(&catalogue("1.2@a:0"), Some(&catalogue("1@a:0"))).is_empty());
    }
}
