//! AWS: machines by system and region, items of services by the mapping file, nodes of managed services.

use std::collections::BTreeMap;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::{OS_DATE, Rows, amount};
use crate::catalogue::{Builder, Price, TableError};

/// `service item key divide`: which item of an AWS table is which key, and how many of our units one of theirs holds.
static AWS: &str = include_str!("../../../catalogue/mapping/aws.tsv");

/// Which item of an AWS service is which key of ours.
pub(in crate::catalogue) fn aws_mapping() -> BTreeMap<(&'static str, &'static str), (&'static str, Decimal)> {
    let mut mapping = BTreeMap::new();
    for line in AWS.lines().skip(1) {
        if let [service, item, key, divide] = line.split('\t').collect::<Vec<_>>()[..] {
            mapping.insert((service, item), (key, Decimal::from_str(divide).unwrap_or(Decimal::ONE)));
        }
    }
    mapping
}

impl Builder {
    pub(super) fn ec2(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        while let Some(row) = rows.next() {
            let row = row?;
            let machine = row.get("instance_type");
            self.file(&mut rows, &format!("aws/ec2/linux/{machine}"), &row, Decimal::ONE);
            for (fact, column) in [("vcpu", "vcpu"), ("memory", "mem_gib")] {
                self.fact(&format!("facts/aws/{fact}/{machine}"), row.get(column), row.get("source"), row.get("date"));
            }
        }
        Ok(())
    }

    /// Other systems than Linux are known for one region; elsewhere the surcharge over Linux is the same, which is
    /// marked as derived.
    pub(super) fn ec2_systems(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
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
    pub(super) fn surcharge(&mut self, from: &str, to: &str, more: Decimal, date: &str) {
        let Some(by_region) = self.prices.get(from).cloned() else { return };
        for (region, price) in by_region {
            let known = self.prices.get(to).is_some_and(|known| known.contains_key(&region));
            if !known && more >= Decimal::ZERO {
                let source = format!("{}-plus-surcharge", price.source);
                self.add(to, &region, Price { amount: price.amount + more, source, date: date.to_owned() });
            }
        }
    }

    pub(super) fn aws_items(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        let mapping = aws_mapping();
        let only = if rows.table == "aws_ebs.tsv" { "ebs" } else { "" };
        while let Some(row) = rows.next() {
            let row = row?;
            let service = if only.is_empty() { row.get("service") } else { only };
            if let Some(&(key, divide)) = mapping.get(&(service, row.get("item"))) {
                self.file(&mut rows, key, &row, divide);
            }
        }
        Ok(())
    }

    /// The feed gives several figures under one node type. Neptune's dearer one is I/O-optimized. Redshift lists
    /// up-front fees (thousands), reserved and on-demand hours (on demand is the dearest hour) and the price of a
    /// second of concurrency scaling (the smallest).
    pub(super) fn managed_nodes(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
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
}
