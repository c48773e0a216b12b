//! The price catalogue: what one unit of something costs in a region, with where the figure is from and of which day.
//!
//! The text form is sorted and diff-friendly; one line is one key, so a price is found by binary search and only the
//! lines that are asked for are ever read. Compressed, the committed file travels inside the binary.

mod embedded;
mod overrides;
mod tables;
mod text;
mod update;
mod vendor;
mod verify;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use rust_decimal::Decimal;

pub use embedded::embedded;
pub use overrides::{Error as OverridesError, Overrides};
pub use tables::{Builder, TRANSCRIBED, TableError};
pub use update::{Cloud, Fetch, UpdateError, Wanted, refresh};
pub use verify::{Finding, verify};

/// A price of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// US dollars for one unit.
    pub amount: Decimal,
    /// Where the figure is from, such as `awsprice`.
    pub source: String,
    /// The day of the vendor's publication, or on which it was read, `YYYY-MM-DD`.
    pub date: String,
}

/// Why a catalogue could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not zstd, or unpacks to more than a catalogue may be.
    #[error("unpacking the price catalogue: {0}; run `terrane prices export` again on the machine it comes from")]
    Unpack(#[source] std::io::Error),
    /// The text is not a catalogue of a version we know.
    #[error("reading the price catalogue, line {line}: {what}")]
    Text {
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// A loaded catalogue. Cheap to load: keys are found in the text itself.
#[derive(Debug, Clone)]
pub struct Catalogue {
    version: String,
    regions: Vec<String>,
    sources: Vec<(String, String, String)>,
    body: Cow<'static, str>,
    /// Byte offset of each line of `body`.
    lines: Vec<u32>,
    overrides: Overrides,
}

impl Catalogue {
    /// The version every estimate names: the newest date of its prices, and the layers laid over it.
    #[must_use]
    pub fn version(&self) -> String {
        if self.overrides.is_empty() { self.version.clone() } else { format!("{}+overrides", self.version) }
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it holds no price at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Lays an organization's negotiated prices over the vendor's.
    #[must_use]
    pub fn with_overrides(mut self, overrides: Overrides) -> Self {
        self.overrides = overrides;
        self
    }

    /// The price of `key` in `region`; a price that holds everywhere answers for any region.
    #[must_use]
    pub fn find(&self, key: &str, region: &str) -> Option<Price> {
        let line = self.line(key);
        let found = line.and_then(|line| self.price(line, region).or_else(|| self.price(line, "*")));
        self.overrides.apply(key, region, found)
    }

    /// Every region in which `key` has a price.
    #[must_use]
    pub fn regions_of(&self, key: &str) -> Vec<&str> {
        let Some(line) = self.line(key) else { return Vec::new() };
        line.split(';')
            .filter_map(|group| group.split_once(':'))
            .flat_map(|(_, regions)| regions.split(','))
            .filter_map(|index| self.regions.get(index.parse::<usize>().ok()?).map(String::as_str))
            .collect()
    }

    /// Every price point in key order: key, region, price.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Price)> {
        self.lines.iter().flat_map(move |&start| {
            let key = self.key_at(start);
            let prices = self.prices_at(start);
            prices.split(';').filter_map(move |group| self.group(group)).flat_map(move |(price, regions)| {
                regions
                    .split(',')
                    .filter_map(|index| self.regions.get(index.parse::<usize>().ok()?))
                    .map(move |region| (key, region.as_str(), price.clone()))
            })
        })
    }

    /// The text it was read from.
    pub(crate) fn text(&self) -> &str {
        &self.body
    }

    /// The catalogue in its text form.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_builder().to_text(&self.version)
    }

    /// A builder that begins with the prices of this catalogue, to lay newer ones over them.
    #[must_use]
    pub fn to_builder(&self) -> Builder {
        let mut builder = Builder::default();
        for (key, region, price) in self.iter() {
            builder.add(key, region, price);
        }
        builder
    }

    /// How many price points each source gives, for reports.
    #[must_use]
    pub fn sources(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (_, _, price) in self.iter() {
            *counts.entry(price.source).or_insert(0) += 1;
        }
        counts
    }

    fn key_at(&self, start: u32) -> &str {
        let rest = &self.body[start as usize..];
        rest.split(['\t', '\n']).next().unwrap_or_default()
    }

    fn prices_at(&self, start: u32) -> &str {
        let rest = &self.body[start as usize..];
        let line = rest.split('\n').next().unwrap_or_default();
        line.split_once('\t').map_or("", |(_, prices)| prices)
    }

    fn line(&self, key: &str) -> Option<&str> {
        let at = self.lines.binary_search_by(|&start| self.key_at(start).cmp(key)).ok()?;
        Some(self.prices_at(self.lines[at]))
    }

    fn price(&self, line: &str, region: &str) -> Option<Price> {
        let index = self.regions.binary_search_by(|name| name.as_str().cmp(region)).ok()?.to_string();
        let group = line
            .split(';')
            .find(|group| group.split_once(':').is_some_and(|(_, r)| r.split(',').any(|r| r == index)))?;
        self.group(group).map(|(price, _)| price)
    }

    fn group<'g>(&self, group: &'g str) -> Option<(Price, &'g str)> {
        let (price, regions) = group.split_once(':')?;
        let (amount, source) = price.split_once('@')?;
        let (_, source, date) = self.sources.iter().find(|(id, _, _)| id == source)?;
        let amount = Decimal::from_str(amount).ok()?;
        Some((Price { amount, source: source.clone(), date: date.clone() }, regions))
    }
}
