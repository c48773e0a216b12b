//! Price tables as they are gathered from vendors' feeds, and the keys we file them under. Each table has its own
//! columns; which service items we use is a mapping file, so that a new one is a line of data.

use std::collections::BTreeMap;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::{Builder, Price, TableError};

/// `service item key divide`: which item of an AWS table is which key, and how many of our units one of theirs holds.
static AWS: &str = include_str!("../../catalogue/mapping/aws.tsv");

/// The publication day of tables that carry none in their rows.
const GOOGLE_DATE: &str = "2026-07-30";
const AZURE_DATE: &str = "2026-08-22";
const OS_DATE: &str = "2023-02-23";

/// Which item of an AWS service is which key of ours.
pub(super) fn aws_mapping() -> BTreeMap<(&'static str, &'static str), (&'static str, Decimal)> {
    let mut mapping = BTreeMap::new();
    for line in AWS.lines().skip(1) {
        if let [service, item, key, divide] = line.split('\t').collect::<Vec<_>>()[..] {
            mapping.insert((service, item), (key, Decimal::from_str(divide).unwrap_or(Decimal::ONE)));
        }
    }
    mapping
}

/// The key of a storage meter of Azure: disks by tier, everything else by its names.
pub(super) fn storage_key(product: &str, meter: &str) -> String {
    let (product, meter) = (slug(product), slug(meter));
    if let Some(disks) = product.strip_suffix("-managed-disks")
        && let Some((tier, redundancy)) = meter.strip_suffix("-disk").and_then(|disk| disk.split_once('-'))
    {
        return format!("azure/disk/{disks}/{}/{}", tier.to_uppercase(), redundancy.to_uppercase());
    }
    format!("azure/storage/{product}/{meter}")
}

struct Rows<'t> {
    table: &'t str,
    columns: Vec<&'t str>,
    lines: std::iter::Enumerate<std::str::Lines<'t>>,
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
        Self { table, columns, lines }
    }

    fn next(&mut self) -> Option<Result<Row<'t>, TableError>> {
        let (at, line) = self.lines.find(|(_, line)| !line.is_empty())?;
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
            "azure_vm_os_eu.tsv" => self.plain(rows, |row| {
                let known = !row.get("sku").contains("Low Priority") && !row.get("sku").contains("Spot");
                known.then(|| format!("azure/vm/{}/{}", row.get("os"), size(row.get("sku"))))
            }),
            "azure_vm_windows_uplift.tsv" => self.windows_uplift(rows),
            "azure_storage.tsv" => self.azure_storage(rows),
            "gcp_instances.tsv" => self.google_machines(rows),
            "gcp_services.tsv" => self.plain(rows, |row| {
                Some(format!("google/{}/{}/{}", row.get("service"), row.get("item"), row.get("unit")))
            }),
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
                self.file(rows.table, &key, &row, Decimal::ONE);
            }
        }
        Ok(())
    }

    fn file(&mut self, table: &str, key: &str, row: &Row<'_>, divide: Decimal) {
        let usd = if row.get("usd").is_empty() { row.get("hourly_usd") } else { row.get("usd") };
        let Some(amount) = amount(usd) else { return };
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
            region => region,
        };
        let price = Price {
            amount: (amount / divide).normalize(),
            source: format!("{source}{derived}"),
            date: date.to_owned(),
        };
        self.add(key, region, price);
    }

    fn ec2(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        while let Some(row) = rows.next() {
            let row = row?;
            let machine = row.get("instance_type");
            self.file(rows.table, &format!("aws/ec2/linux/{machine}"), &row, Decimal::ONE);
            for (fact, column) in [("vcpu", "vcpu"), ("memory", "mem_gib")] {
                self.fact(&format!("facts/aws/{fact}/{machine}"), row.get(column), row.get("source"), row.get("date"));
            }
        }
        Ok(())
    }

    fn fact(&mut self, key: &str, figure: &str, source: &str, date: &str) {
        if let Some(amount) = amount(figure) {
            self.add(key, "*", Price { amount, source: source.to_owned(), date: date.to_owned() });
        }
    }

    /// Other systems than Linux are known for one region; elsewhere the surcharge over Linux is the same, which is
    /// marked as derived.
    fn ec2_systems(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        let mut machines: BTreeMap<String, BTreeMap<&str, Decimal>> = BTreeMap::new();
        while let Some(row) = rows.next() {
            let row = row?;
            let system = match (row.get("os"), row.get("preinstalled")) {
                ("Linux", "NA") => "linux",
                ("Windows", "NA") => "windows",
                ("RHEL", "NA") => "rhel",
                ("SUSE", "NA") => "suse",
                _ => continue,
            };
            if let Some(amount) = amount(row.get("hourly_usd")) {
                machines.entry(row.get("instance_type").to_owned()).or_default().insert(system, amount);
            }
        }
        for (machine, systems) in &machines {
            let Some(linux) = systems.get("linux") else { continue };
            for (system, amount) in systems.iter().filter(|(system, _)| **system != "linux") {
                self.surcharge(
                    &format!("aws/ec2/linux/{machine}"),
                    &format!("aws/ec2/{system}/{machine}"),
                    amount - linux,
                    OS_DATE,
                );
            }
        }
        Ok(())
    }

    /// Prices `to` in every region as `from` and a surcharge.
    fn surcharge(&mut self, from: &str, to: &str, more: Decimal, date: &str) {
        let Some(by_region) = self.prices.get(from).cloned() else { return };
        for (region, price) in by_region {
            let known = self.prices.get(to).is_some_and(|known| known.contains_key(&region));
            if !known && more >= Decimal::ZERO {
                let source = format!("{}-plus-surcharge", price.source);
                self.add(to, &region, Price { amount: price.amount + more, source, date: date.to_owned() });
            }
        }
    }

    /// Disks are filed by tier. Of the volume tiers of hot blobs the table holds the last, which is 8 % below the first;
    /// the middle one is 4 % below it.
    fn azure_storage(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        while let Some(row) = rows.next() {
            let row = row?;
            let (product, meter) = (slug(row.get("product")), slug(row.get("meter")));
            let key = storage_key(row.get("product"), row.get("meter"));
            if meter.starts_with("hot-") && meter.ends_with("-data-stored") && !product.starts_with("files") {
                for (start, share) in [("0", 92), ("51200", 0), ("512000", 100)] {
                    let divide = match share {
                        0 => Decimal::new(92, 2) / Decimal::new(96, 2),
                        share => Decimal::new(share, 2),
                    };
                    self.file(rows.table, &format!("{key}>{start}"), &row, divide);
                }
            } else {
                self.file(rows.table, &key, &row, counted(row.get("unit")));
            }
        }
        Ok(())
    }

    fn windows_uplift(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        while let Some(row) = rows.next() {
            let row = row?;
            let Ok(more) = Decimal::from_str(row.get("windows_minus_linux_hourly_usd")) else { continue };
            let machine = size(row.get("sku"));
            self.surcharge(
                &format!("azure/vm/linux/{machine}"),
                &format!("azure/vm/windows/{machine}"),
                more,
                AZURE_DATE,
            );
        }
        Ok(())
    }

    fn aws_items(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        let mapping = aws_mapping();
        let only = if rows.table == "aws_ebs.tsv" { "ebs" } else { "" };
        while let Some(row) = rows.next() {
            let row = row?;
            let service = if only.is_empty() { row.get("service") } else { only };
            if let Some(&(key, divide)) = mapping.get(&(service, row.get("item"))) {
                self.file(rows.table, key, &row, divide);
            }
        }
        Ok(())
    }

    /// The feed gives several figures under one node type. Neptune's dearer one is I/O-optimized. Redshift lists
    /// up-front fees (thousands), reserved and on-demand hours (on demand is the dearest hour) and the price of a
    /// second of concurrency scaling (the smallest).
    fn managed_nodes(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        let mut nodes: BTreeMap<[String; 3], Vec<Price>> = BTreeMap::new();
        while let Some(row) = rows.next() {
            let row = row?;
            let Some(amount) = amount(row.get("hourly_usd")).filter(|amount| *amount < Decimal::ONE_HUNDRED) else {
                continue;
            };
            let node = [row.get("service"), row.get("region"), row.get("node_type")].map(str::to_owned);
            let price = Price { amount, source: row.get("source").to_owned(), date: row.get("date").to_owned() };
            nodes.entry(node).or_default().push(price);
        }
        for ([service, region, node], mut prices) in nodes {
            prices.sort_by_key(|price| price.amount);
            let (Some(least), Some(most)) = (prices.first().cloned(), prices.last().cloned()) else { continue };
            // Below a cent it is a second of scaling, not an hour of a node.
            let cent = Decimal::new(1, 2);
            match service.as_str() {
                "neptune" => {
                    self.add(&format!("aws/neptune/standard/{node}"), &region, least);
                    self.add(&format!("aws/neptune/io/{node}"), &region, most);
                }
                "redshift" => {
                    if least.amount < cent {
                        self.add(&format!("aws/redshift/scaling/{node}"), &region, least);
                    }
                    if most.amount > cent {
                        self.add(&format!("aws/redshift/hour/{node}"), &region, most);
                    }
                }
                "msk" => self.add(&format!("aws/msk/{node}"), &region, most),
                _ => {}
            }
        }
        Ok(())
    }

    fn google_machines(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        while let Some(row) = rows.next() {
            let row = row?;
            let (machine, region) = (row.get("machine_type"), row.get("region"));
            for (term, column) in
                [("on-demand", "hourly_usd"), ("spot", "hourly_spot_usd"), ("month", "monthly_usd_with_sud")]
            {
                if let Some(amount) = amount(row.get(column)) {
                    let price = Price { amount, source: "gcosts".into(), date: GOOGLE_DATE.into() };
                    self.add(&format!("google/machine/{term}/{machine}"), region, price);
                }
            }
            for (fact, column) in [("vcpu", "vcpu"), ("memory", "mem_gib")] {
                self.fact(&format!("facts/google/{fact}/{machine}"), row.get(column), "gcosts", GOOGLE_DATE);
            }
        }
        Ok(())
    }
}

/// How many of what is counted one unit of a meter holds: `10K` operations, `1M` events.
fn counted(unit: &str) -> Decimal {
    let figure = unit.split('/').next().unwrap_or(unit);
    match figure {
        "10K" => Decimal::from(10_000),
        "1M" => Decimal::from(1_000_000),
        "100" => Decimal::ONE_HUNDRED,
        _ => Decimal::ONE,
    }
}

/// A price above zero; feeds write the free tier as zero, which is no price.
fn amount(text: &str) -> Option<Decimal> {
    let amount = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
    (amount > Decimal::ZERO).then(|| amount.normalize())
}

/// `Standard_D2s_v3`, `D2s v3` and `standard_d2s_v3` are one size.
pub(super) fn size(name: &str) -> String {
    let lower = name.to_lowercase().replace(' ', "_");
    lower.strip_prefix("standard_").unwrap_or(&lower).to_owned()
}

fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
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
    fn sizes_have_one_spelling() {
        assert_eq!(size("Standard_D2s_v3"), "d2s_v3");
        assert_eq!(size("D2s v3"), "d2s_v3");
        assert_eq!(counted("10K/Month"), Decimal::from(10_000));
        assert_eq!(counted("1 GB/Month"), Decimal::ONE);
        assert_eq!(slug("Premium SSD Managed Disks / P10 LRS"), "premium-ssd-managed-disks-p10-lrs");
    }
}
