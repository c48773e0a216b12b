//! AWS's offer files: one CSV per service and region, hundreds of megabytes for machines, so it is read line by line.
//! Machines, databases and caches are told by their attributes, everything else by its usage type in a mapping file.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::UpdateError;
use crate::catalogue::{Builder, Price, TableError};

/// `service usage operation start key divide`: which usage type is which key. The region's prefix of a usage type
/// (`USE2-NatGateway-Hours`) is not part of it.
static MAPPING: &str = include_str!("../../../catalogue/mapping/aws_offers.tsv");

/// The services whose offer files hold something that we price.
pub(super) const SERVICES: [&str; 10] = [
    "AWSELB",
    "AWSQueueService",
    "AWSSecretsManager",
    "AmazonDocDB",
    "AmazonEC2",
    "AmazonECR",
    "AmazonElastiCache",
    "AmazonRDS",
    "AmazonRedshift",
    "AmazonRoute53",
];

/// More than this in one line is no price.
const LONGEST_LINE: usize = 1 << 16;

struct Row<'r> {
    columns: &'r BTreeMap<String, usize>,
    fields: Vec<String>,
}

impl Row<'_> {
    fn get(&self, column: &str) -> &str {
        self.columns.get(column).and_then(|at| self.fields.get(*at)).map_or("", String::as_str)
    }
}

impl Builder {
    /// Adds an offer file of AWS in its CSV form. Returns how many prices were taken.
    ///
    /// # Errors
    /// When it cannot be read, or a column that we need is missing.
    pub fn add_offers(&mut self, file: &mut dyn BufRead) -> Result<usize, UpdateError> {
        let mut lines = Lines { file, line: Vec::new() };
        // Five lines about the file come before the header.
        let columns = loop {
            let fields = split(lines.next()?.ok_or(UpdateError::Column("SKU"))?);
            if fields.first().is_some_and(|name| name == "SKU") {
                break fields.into_iter().enumerate().map(|(at, name)| (name, at)).collect::<BTreeMap<_, _>>();
            }
        };
        for needed in
            ["TermType", "EffectiveDate", "StartingRange", "PricePerUnit", "Currency", "serviceCode", "usageType"]
        {
            if !columns.contains_key(needed) {
                return Err(UpdateError::Column(needed));
            }
        }
        let mut found: BTreeMap<(String, String), Vec<Price>> = BTreeMap::new();
        while let Some(line) = lines.next()? {
            let row = Row { columns: &columns, fields: split(line) };
            if let Some((key, price)) = priced(&row) {
                let prices = found.entry((key, row.get("Region Code").to_owned())).or_default();
                if !prices.iter().any(|known| known.amount == price.amount) {
                    prices.push(price);
                }
            }
        }
        let mut taken = 0;
        for ((key, region), prices) in found {
            match <[Price; 1]>::try_from(prices) {
                Ok([price]) => {
                    self.add(&key, if region.is_empty() { "*" } else { &region }, price);
                    taken += 1;
                }
                Err(prices) => {
                    let amounts: Vec<String> = prices.iter().map(|price| price.amount.to_string()).collect();
                    let what = format!("{key} in {region} is {}: more than one price", amounts.join(" and "));
                    self.ambiguous.push(TableError { table: "an offer file".to_owned(), line: 0, what });
                }
            }
        }
        Ok(taken)
    }
}

struct Lines<'f> {
    file: &'f mut dyn BufRead,
    line: Vec<u8>,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Option<&str>, UpdateError> {
        let failed = |error| UpdateError::Fetch { url: "an offer file".to_owned(), error };
        self.line.clear();
        let mut limited = std::io::Read::take(&mut *self.file, LONGEST_LINE as u64);
        if limited.read_until(b'\n', &mut self.line).map_err(failed)? == 0 {
            return Ok(None);
        }
        let text = std::str::from_utf8(&self.line).map_err(|error| failed(std::io::Error::other(error)))?;
        Ok(Some(text.trim_end_matches(['\n', '\r'])))
    }
}

/// The fields of a line: quoted, with quotes inside doubled.
fn split(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}

fn priced(row: &Row<'_>) -> Option<(String, Price)> {
    if row.get("TermType") != "OnDemand" || row.get("Currency") != "USD" {
        return None;
    }
    let amount = Decimal::from_str(row.get("PricePerUnit")).ok().filter(|amount| *amount > Decimal::ZERO)?;
    let (key, divide) = machine(row).map(|key| (key, Decimal::ONE)).or_else(|| mapped(row))?;
    let date = row.get("EffectiveDate").get(..10)?.to_owned();
    Some((key, Price { amount: (amount / divide).normalize(), source: "aws-offers".to_owned(), date }))
}

/// Machines, database instances and cache nodes, by their attributes.
fn machine(row: &Row<'_>) -> Option<String> {
    match (row.get("serviceCode"), row.get("Product Family")) {
        ("AmazonEC2", "Compute Instance" | "Compute Instance (bare metal)") => {
            let system = match row.get("Operating System") {
                "Linux" => "linux",
                "Windows" => "windows",
                "RHEL" => "rhel",
                "SUSE" => "suse",
                _ => return None,
            };
            let usual = row.get("Tenancy") == "Shared"
                && row.get("CapacityStatus") == "Used"
                && row.get("Pre Installed S/W") == "NA"
                && row.get("License Model") == "No License required"
                && matches!(row.get("MarketOption"), "" | "OnDemand");
            usual.then(|| format!("aws/ec2/{system}/{}", row.get("Instance Type")))
        }
        ("AmazonRDS", "Database Instance") => {
            let engine = match row.get("Database Engine") {
                "PostgreSQL" => "postgres",
                "MySQL" => "mysql",
                "MariaDB" => "mariadb",
                "Aurora MySQL" => "aurora-mysql",
                "Aurora PostgreSQL" => "aurora-postgres",
                _ => return None,
            };
            let zones = match row.get("Deployment Option") {
                "Single-AZ" => "single-az",
                "Multi-AZ" => "multi-az",
                _ => return None,
            };
            // Storage that is paid with the instance is another price of the same instance.
            let other =
                row.get("usageType").contains("IOOptimized") || row.get("usageType").contains("CustomOnPremise");
            (!other).then(|| format!("aws/rds/{engine}/{zones}/{}", row.get("Instance Type")))
        }
        ("AmazonElastiCache", "Cache Instance") => {
            let engine = row.get("Cache Engine").to_lowercase();
            (!row.get("usageType").contains("ExtendedSupport"))
                .then(|| format!("aws/elasticache/{engine}/{}", row.get("Instance Type")))
        }
        ("AmazonDocDB", "Database Instance") => {
            (!row.get("usageType").contains("IOOptimized")).then(|| format!("aws/docdb/{}", row.get("Instance Type")))
        }
        _ => None,
    }
}

fn mapped(row: &Row<'_>) -> Option<(String, Decimal)> {
    let (service, usage) = (row.get("serviceCode"), row.get("usageType"));
    let start = Decimal::from_str(row.get("StartingRange")).unwrap_or_default();
    MAPPING.lines().skip(1).find_map(|line| {
        let [of, wanted, operation, from, key, divide] = line.split('\t').collect::<Vec<_>>()[..] else { return None };
        let region_before = || usage.strip_suffix(wanted).is_some_and(|prefix| prefix.ends_with('-'));
        let fits = of == service
            && (usage == wanted || region_before())
            && (operation == "*" || operation == row.get("operation"))
            && Decimal::from_str(from).is_ok_and(|from| from == start);
        fits.then(|| (key.to_owned(), Decimal::from_str(divide).unwrap_or(Decimal::ONE)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = concat!(
        "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"This pricing list is for informational purposes only, with \"\"quotes\"\"\"\n",
        "\"Publication Date\",\"2026-09-01T00:00:00Z\"\n\"Version\",\"20260901000000\"\n\"OfferCode\",\"AmazonEC2\"\n",
        "\"SKU\",\"TermType\",\"PriceDescription\",\"EffectiveDate\",\"StartingRange\",\"Unit\",\"PricePerUnit\",\"Currency\",\"Product Family\",\"serviceCode\",",
        "\"Instance Type\",\"Tenancy\",\"Operating System\",\"License Model\",\"CapacityStatus\",\"Pre Installed S/W\",\"operation\",\"usageType\",\"Region Code\"\n"
    );

    fn catalogue(rows: &str) -> (crate::Catalogue, Vec<TableError>) {
        let mut builder = Builder::default();
        builder.add_answer("offers", &format!("{HEAD}{rows}")).unwrap();
        (builder.build().unwrap(), builder.ambiguous().to_vec())
    }

    #[test]
    fn shared_machines_are_taken_and_reserved_ones_are_not() {
        let row = |tenancy: &str, term: &str, status: &str, price: &str| {
            format!(
                "\"A\",\"{term}\",\"$0.1, per Linux\",\"2026-09-01\",\"0\",\"Hrs\",\"{price}\",\"USD\",\"Compute Instance\",\"AmazonEC2\",\"m5.large\",\"{tenancy}\",\"Linux\",\"No License required\",\"{status}\",\"NA\",\"RunInstances\",\"EU-BoxUsage:m5.large\",\"eu-west-1\"\n"
            )
        };
        let rows = [
            row("Shared", "OnDemand", "Used", "0.1070000000"),
            row("Dedicated", "OnDemand", "Used", "0.5"),
            row("Shared", "Reserved", "Used", "0.06"),
            row("Shared", "OnDemand", "UnusedCapacityReservation", "0.107"),
            row("Shared", "OnDemand", "AllocatedCapacityReservation", "0"),
        ];
        let (catalogue, _) = catalogue(&rows.concat());
        let price = catalogue.find("aws/ec2/linux/m5.large", "eu-west-1").unwrap();
        assert_eq!((price.amount.to_string().as_str(), price.date.as_str()), ("0.107", "2026-09-01"));
        assert_eq!(catalogue.len(), 1);
    }

    fn item(usage: &str, operation: &str, price: &str) -> String {
        format!(
            "\"B\",\"OnDemand\",\"x\",\"2026-09-01\",\"0\",\"Hrs\",\"{price}\",\"USD\",\"NAT Gateway\",\"AmazonEC2\",\"\",\"\",\"\",\"\",\"\",\"\",\"{operation}\",\"{usage}\",\"us-east-2\"\n"
        )
    }

    #[test]
    fn items_are_known_by_their_usage_type_whatever_the_region() {
        let rows =
            item("USE2-NatGateway-Hours", "NatGateway", "0.045") + &item("USE2-OtherNatGateway-Hours2", "x", "9");
        let (catalogue, _) = catalogue(&rows);
        assert_eq!(catalogue.find("aws/nat/hour", "us-east-2").unwrap().amount.to_string(), "0.045");
        assert_eq!(catalogue.len(), 1);
    }

    #[test]
    fn of_two_prices_none_is_taken() {
        let rows = item("USE2-NatGateway-Hours", "a", "0.045") + &item("USE2-NatGateway-Hours", "b", "0.05");
        let (catalogue, ambiguous) = catalogue(&rows);
        assert!(catalogue.is_empty() && ambiguous[0].what.contains("more than one price"), "{ambiguous:?}");
    }

    #[test]
    fn a_file_of_another_form_is_refused() {
        assert!(Builder::default().add_answer("x", "\"FormatVersion\",\"v9\"\n\"SKU\",\"Price\"\n").is_err());
        assert!(Builder::default().add_answer("x", "\"FormatVersion\",\"v9\"\n").is_err());
    }
}
