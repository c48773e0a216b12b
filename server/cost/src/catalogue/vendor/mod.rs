//! Price tables as they are gathered from vendors' feeds, and the keys we file them under. Each table has its own
//! columns; which service items we use is a mapping file, so that a new one is a line of data.

mod aws;
mod azure;
mod google;

use std::collections::BTreeMap;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::{Builder, Price, TableError};
pub(super) use aws::aws_mapping;
pub(super) use azure::{size, storage_key};

/// The publication day of tables that carry none in their rows.
const GOOGLE_DATE: &str = "2026-07-30";
const AZURE_DATE: &str = "2026-08-22";
const OS_DATE: &str = "2023-02-23";

struct Rows<'t> {
    table: &'t str,
    columns: Vec<&'t str>,
    lines: std::iter::Enumerate<std::str::Lines<'t>>,
    /// What this table said of a key and region so far.
    seen: BTreeMap<(String, String), Vec<Decimal>>,
    line: usize,
}

struct Row<'t> {
    fields: BTreeMap<&'t str, &'t str>,
}

impl<'t> Row<'t> {
    fn get(&self, column: &str) -> &'t str {
        self.fields.get(column).copied().unwrap_or_default()
    }
}

impl<'t> Rows<'t> {
    fn of(table: &'t str, text: &'t str) -> Self {
        let mut lines = text.lines().enumerate();
        let columns = lines.next().map_or("", |(_, line)| line).split('\t').collect();
        Self { table, columns, lines, seen: BTreeMap::new(), line: 1 }
    }

    fn next(&mut self) -> Option<Result<Row<'t>, TableError>> {
        let (at, line) = self.lines.find(|(_, line)| !line.is_empty())?;
        self.line = at + 1;
        let fields: Vec<&str> = line.split('\t').collect();
        if fields.len() > self.columns.len() {
            let what = format!("{} fields instead of {}", fields.len(), self.columns.len());
            return Some(Err(TableError { table: self.table.to_owned(), line: at + 1, what }));
        }
        Some(Ok(Row { fields: self.columns.iter().copied().zip(fields).collect() }))
    }
}

impl Builder {
    /// Adds a vendor table, told by its file name. Gives None when the name is not one we know.
    ///
    /// # Errors
    /// Names the first line that cannot be read.
    pub fn add_vendor_table(&mut self, table: &str, text: &str) -> Option<Result<(), TableError>> {
        let rows = Rows::of(table, text);
        Some(match table {
            "aws_ec2_linux.tsv" => self.ec2(rows),
            "aws_ec2_os_eu-west-1_2023.tsv" => self.ec2_systems(rows),
            "aws_services.tsv" | "aws_db_storage_and_misc.tsv" | "aws_ebs.tsv" => self.aws_items(rows),
            "aws_rds.tsv" => self.plain(rows, |row| {
                Some(format!("aws/rds/{}/{}/{}", row.get("engine"), row.get("deployment"), row.get("instance_class")))
            }),
            "aws_elasticache.tsv" => {
                self.plain(rows, |row| Some(format!("aws/elasticache/{}/{}", row.get("engine"), row.get("node_type"))))
            }
            "aws_opensearch.tsv" => {
                self.plain(rows, |row| Some(format!("aws/opensearch/{}", row.get("instance_type"))))
            }
            "aws_managed_nodes.tsv" => self.managed_nodes(rows),
            "azure_vm_linux.tsv" => {
                self.plain(rows, |row| Some(format!("azure/vm/linux/{}", size(row.get("arm_sku")))))
            }
            "azure_vm_os_eu.tsv" => self.plain(rows, azure::machine_key),
            "azure_vm_windows_uplift.tsv" => self.windows_uplift(rows),
            "azure_storage.tsv" => self.azure_storage(rows),
            "gcp_instances.tsv" => self.google_machines(rows),
            "gcp_services.tsv" => self.plain(rows, |row| Some(google::service_key(row))),
            "gcp_licenses.tsv" => self.plain(rows, |row| {
                let hourly = row.get("term") == "hour";
                hourly.then(|| format!("google/licence/{}/{}", row.get("license"), row.get("machine_type")))
            }),
            _ => return None,
        })
    }

    /// One row, one price; columns `region`, `usd` or `hourly_usd`, `source`, `date`.
    fn plain(&mut self, mut rows: Rows<'_>, key: impl Fn(&Row<'_>) -> Option<String>) -> Result<(), TableError> {
        while let Some(row) = rows.next() {
            let row = row?;
            if let Some(key) = key(&row) {
                self.file(&mut rows, &key, &row, Decimal::ONE);
            }
        }
        Ok(())
    }

    /// Files one price. Where two rows of a table give different prices for one thing nobody can tell which is meant:
    /// neither is taken, and the table is told of.
    fn file(&mut self, rows: &mut Rows<'_>, key: &str, row: &Row<'_>, divide: Decimal) {
        let usd = if row.get("usd").is_empty() { row.get("hourly_usd") } else { row.get("usd") };
        let Some(amount) = amount(usd) else { return };
        let table = rows.table;
        let (source, date) = match table {
            _ if !row.get("source").is_empty() => (row.get("source"), row.get("date")),
            _ if table.starts_with("aws_ec2_os") => ("terracost-dump", OS_DATE),
            _ if table.starts_with("aws_") => ("awsprice", row.get("date")),
            _ if table.starts_with("gcp_") => ("gcosts", GOOGLE_DATE),
            _ => ("azure-pricing-radar", AZURE_DATE),
        };
        let derived = if row.get("flag").is_empty() { "" } else { "-repaired" };
        let region = match row.get("region") {
            "" | "global" => "*",
            // Google's multi-regions, as terraform names them.
            "us-multi" => "us",
            "europe-multi" => "eu",
            "asia-multi" => "asia",
            region => region,
        };
        let price = Price {
            amount: (amount / divide).normalize(),
            source: format!("{source}{derived}"),
            date: date.to_owned(),
        };
        let known = rows.seen.entry((key.to_owned(), region.to_owned()));
        let amounts = known.or_default();
        if !amounts.contains(&price.amount) {
            amounts.push(price.amount);
        }
        match amounts.as_slice() {
            [_] => self.add(key, region, price),
            [first, others @ ..] => {
                if others.len() == 1 {
                    let what = format!("{key} in {region} is {first} and {}: more than one price", price.amount);
                    self.ambiguous.push(TableError { table: table.to_owned(), line: rows.line, what });
                }
                self.remove(key, region);
            }
            [] => {}
        }
    }

    fn fact(&mut self, key: &str, figure: &str, source: &str, date: &str) {
        if let Some(amount) = amount(figure) {
            self.add(key, "*", Price { amount, source: source.to_owned(), date: date.to_owned() });
        }
    }
}

/// A price above zero; feeds write the free tier as zero, which is no price.
fn amount(text: &str) -> Option<Decimal> {
    let amount = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
    (amount > Decimal::ZERO).then(|| amount.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_filed_under_their_keys() {
        let mut builder = Builder::default();
        let linux = "region\tinstance_type\tvcpu\tmem_gib\thourly_usd\tsource\tdate\neu-west-1\tm5.large\t2\t8\t0.107\tawsprice\t2025-11-04\nus-east-1\tm5.large\t2\t8\t0.096\tawsprice\t2025-11-04\n";
        let systems = "region\tinstance_type\tos\tpreinstalled\thourly_usd\tsource\tdate\neu-west-1\tm5.large\tLinux\tNA\t0.107\tx\ty\neu-west-1\tm5.large\tWindows\tNA\t0.199\tx\ty\n";
        builder.add_vendor_table("aws_ec2_linux.tsv", linux).unwrap().unwrap();
        builder.add_vendor_table("aws_ec2_os_eu-west-1_2023.tsv", systems).unwrap().unwrap();
        assert!(builder.add_vendor_table("other.tsv", "").is_none());
        let catalogue = builder.build().unwrap();
        assert_eq!(catalogue.find("aws/ec2/windows/m5.large", "us-east-1").unwrap().amount.to_string(), "0.188");
        assert_eq!(catalogue.find("facts/aws/vcpu/m5.large", "*").unwrap().amount.to_string(), "2");
    }

    #[test]
    fn of_two_prices_for_one_thing_neither_is_taken() {
        let mut builder = Builder::default();
        let twice = "region\tinstance_type\thourly_usd\tsource\tdate\neu\tx\t1\ts\td\neu\tx\t2\ts\td\nus\tx\t3\ts\td\n";
        builder.add_vendor_table("aws_opensearch.tsv", twice).unwrap().unwrap();
        assert!(builder.ambiguous()[0].what.contains("more than one price"));
        assert_eq!(builder.ambiguous()[0].line, 3);
        let catalogue = builder.build().unwrap();
        assert_eq!(catalogue.find("aws/opensearch/x", "eu"), None);
        assert_eq!(catalogue.find("aws/opensearch/x", "us").unwrap().amount, Decimal::from(3));
    }
}
