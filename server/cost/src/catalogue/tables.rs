//! Building a catalogue from tables. A table is tab separated with the header line
//! `key region usd source date`; `*` as region is a price that holds everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::{Catalogue, Error, Price};

/// Why a table was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("reading price table {table}, line {line}: {what}")]
pub struct TableError {
    /// The table's name.
    pub table: String,
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// The source of prices that were written down by hand and not read by machine: the first to refresh.
pub const TRANSCRIBED: &str = "transcribed";

/// Prices of parts that things are put together from; they are no prices of the catalogue.
pub(super) const PARTS: &str = "google/part/";

/// Collects prices and writes the catalogue.
#[derive(Debug, Default)]
pub struct Builder {
    pub(super) prices: BTreeMap<String, BTreeMap<String, Price>>,
    pub(super) ambiguous: Vec<TableError>,
}

impl Builder {
    /// Adds one price; a second one for the same key and region replaces the first.
    pub fn add(&mut self, key: &str, region: &str, price: Price) {
        self.prices.entry(key.to_owned()).or_default().insert(region.to_owned(), price);
    }

    /// Adds the rows of a table over what earlier tables said; a price that was written down by hand never replaces one
    /// that was read by machine. Within one table a key and region occur once.
    ///
    /// # Errors
    /// Names the first line that is malformed, zero, negative, or repeated with another price.
    pub fn add_table(&mut self, table: &str, text: &str) -> Result<usize, TableError> {
        let mut seen: BTreeMap<(&str, &str), Decimal> = BTreeMap::new();
        let wrong = |line: usize, what: String| TableError { table: table.to_owned(), line, what };
        for (at, line) in text.lines().enumerate() {
            if at == 0 || line.is_empty() {
                if at == 0 && line != "key\tregion\tusd\tsource\tdate" {
                    return Err(wrong(1, "the header must be key, region, usd, source, date".into()));
                }
                continue;
            }
            let fields: Vec<&str> = line.split('\t').collect();
            let &[key, region, usd, source, date] = fields.as_slice() else {
                return Err(wrong(at + 1, format!("{} fields instead of 5", fields.len())));
            };
            let amount = Decimal::from_str(usd).or_else(|_| Decimal::from_scientific(usd));
            let amount = amount.map_err(|_| wrong(at + 1, format!("`{usd}` is not a price")))?.normalize();
            if amount <= Decimal::ZERO {
                return Err(wrong(at + 1, format!("a price of {amount} is not a price")));
            }
            if [key, region, source, date].iter().any(|field| field.is_empty() || field.contains([' ', ';', '@', ',']))
            {
                return Err(wrong(at + 1, "a field is empty or holds a character the catalogue uses itself".into()));
            }
            match seen.insert((key, region), amount) {
                Some(other) if other != amount => {
                    return Err(wrong(
                        at + 1,
                        format!("{key} in {region} is {other} and {amount}: more than one price"),
                    ));
                }
                _ if source == TRANSCRIBED && self.is_read(key, region) => {}
                _ => self.add(key, region, Price { amount, source: source.to_owned(), date: date.to_owned() }),
            }
        }
        Ok(seen.len())
    }

    pub(super) fn remove(&mut self, key: &str, region: &str) {
        if let Some(by_region) = self.prices.get_mut(key) {
            by_region.remove(region);
            if by_region.is_empty() {
                self.prices.remove(key);
            }
        }
    }

    /// What vendor tables said twice and differently: left out, because the smallest is as wrong as the largest.
    #[must_use]
    pub fn ambiguous(&self) -> &[TableError] {
        &self.ambiguous
    }

    fn is_read(&self, key: &str, region: &str) -> bool {
        let known = self.prices.get(key).and_then(|by_region| by_region.get(region));
        known.is_some_and(|price| price.source != TRANSCRIBED)
    }

    /// The catalogue of everything added; its version is the newest date of its prices.
    ///
    /// # Errors
    /// Never for prices that came through [`Builder::add_table`].
    pub fn build(&self) -> Result<Catalogue, Error> {
        let newest = self.prices.values().flat_map(BTreeMap::values).map(|price| price.date.as_str()).max();
        Catalogue::from_text(self.to_text(newest.unwrap_or("empty")))
    }

    pub(super) fn to_text(&self, version: &str) -> String {
        let regions: BTreeSet<&str> = self.prices.values().flat_map(BTreeMap::keys).map(String::as_str).collect();
        let place: BTreeMap<&str, usize> = regions.iter().enumerate().map(|(at, &region)| (region, at)).collect();
        let sources: BTreeSet<(&str, &str)> =
            self.prices.values().flat_map(BTreeMap::values).map(|p| (p.source.as_str(), p.date.as_str())).collect();
        let ids: BTreeMap<(&str, &str), usize> = sources.iter().enumerate().map(|(at, &s)| (s, at)).collect();
        let mut text = format!("#catalogue 1 {version} USD\n#regions");
        for region in &regions {
            text.push(' ');
            text.push_str(region);
        }
        text.push('\n');
        for ((name, date), id) in &ids {
            let _ = writeln!(text, "#source {id} {name} {date}");
        }
        let whole = self.prices.iter().filter(|(key, _)| !key.starts_with(PARTS));
        for (key, by_region) in whole {
            let mut groups: BTreeMap<(Decimal, usize), Vec<usize>> = BTreeMap::new();
            for (region, price) in by_region {
                let id = ids[&(price.source.as_str(), price.date.as_str())];
                groups.entry((price.amount, id)).or_default().push(place[region.as_str()]);
            }
            text.push_str(key);
            for (at, ((amount, id), regions)) in groups.iter().enumerate() {
                let _ = write!(text, "{}{amount}@{id}:", if at == 0 { '\t' } else { ';' });
                for (nth, region) in regions.iter().enumerate() {
                    let _ = write!(text, "{}{region}", if nth == 0 { "" } else { "," });
                }
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> Result<Catalogue, TableError> {
        let mut builder = Builder::default();
        builder.add_table("t", &format!("key\tregion\tusd\tsource\tdate\n{rows}"))?;
        Ok(builder.build().unwrap())
    }

    #[test]
    fn builds_what_was_put_in() {
        let catalogue = table("a/x\teu\t1.50\ts\t2026-01-01\na/x\tus\t2\ts\t2026-02-01\n").unwrap();
        assert_eq!(catalogue.version(), "2026-02-01");
        assert_eq!(catalogue.find("a/x", "eu").unwrap().amount.to_string(), "1.5");
        assert_eq!(catalogue.find("a/x", "us").unwrap().date, "2026-02-01");
    }

    #[test]
    fn what_was_written_down_does_not_replace_what_was_read() {
        let mut builder = Builder::default();
        let header = "key\tregion\tusd\tsource\tdate\n";
        builder.add_table("read", &format!("{header}a/x\teu\t1\tfeed\t2026-01-01\n")).unwrap();
        let hand = "a/x\teu\t9\ttranscribed\t2026-02-01\na/x\tus\t2\ttranscribed\t2026-02-01\n";
        builder.add_table("hand", &format!("{header}{hand}")).unwrap();
        let catalogue = builder.build().unwrap();
        assert_eq!(catalogue.find("a/x", "eu").unwrap().source, "feed");
        assert_eq!(catalogue.find("a/x", "us").unwrap().source, TRANSCRIBED);
    }

    #[test]
    fn zero_and_contradicting_prices_are_refused() {
        assert!(table("a/x\teu\t0\ts\t2026-01-01\n").unwrap_err().what.contains("not a price"));
        let twice = table("a/x\teu\t1\ts\t2026-01-01\na/x\teu\t2\ts\t2026-01-01\n").unwrap_err();
        assert!(twice.what.contains("more than one price"), "{twice}");
    }
}
