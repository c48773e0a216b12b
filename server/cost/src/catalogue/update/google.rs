//! Google's billing catalogue: pages of SKUs. Machines have no SKU of their own; they cost what their vCPUs and their
//! memory cost, so the size of each machine is looked up among the facts the catalogue already holds.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::catalogue::tables::PARTS;
use crate::catalogue::{Builder, Price};

/// The services whose SKUs we price: Compute Engine and Cloud SQL.
pub(super) const SERVICES: [&str; 2] = ["6F81-5844-456A", "9662-B51E-5089"];

#[derive(Deserialize)]
pub(super) struct Page {
    skus: Vec<Sku>,
    /// What to ask for the next page with.
    #[serde(rename = "nextPageToken", default)]
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sku {
    description: String,
    category: Category,
    #[serde(default)]
    service_regions: Vec<String>,
    #[serde(default)]
    pricing_info: Vec<Pricing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Category {
    #[serde(default)]
    usage_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pricing {
    #[serde(default)]
    effective_time: String,
    pricing_expression: Expression,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expression {
    #[serde(default)]
    tiered_rates: Vec<Rate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rate {
    #[serde(default)]
    start_usage_amount: f64,
    unit_price: Money,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Money {
    #[serde(default)]
    currency_code: String,
    /// Whole units, written as text.
    #[serde(default)]
    units: String,
    #[serde(default)]
    nanos: i64,
}

impl Money {
    fn amount(&self) -> Option<Decimal> {
        let units: Decimal = if self.units.is_empty() { Decimal::ZERO } else { self.units.parse().ok()? };
        let amount = units.checked_add(Decimal::new(self.nanos, 9))?.normalize();
        let known = self.currency_code.is_empty() || self.currency_code == "USD";
        (known && amount > Decimal::ZERO).then_some(amount)
    }
}

/// What a SKU prices: a part of the machines of a family, or one thing that we have a key for.
enum Prices {
    Part { family: String, memory: bool },
    Thing(&'static str),
}

/// Told by the beginning of the description, which is the only name a SKU has.
fn prices(description: &str) -> Option<Prices> {
    const THINGS: [(&str, &str); 15] = [
        ("Storage PD Capacity", "google/compute.storage/hdd/month"),
        ("SSD backed PD Capacity", "google/compute.storage/ssd/month"),
        ("Balanced PD Capacity", "google/compute.storage/balanced/month"),
        ("Extreme PD Capacity", "google/compute.storage/extreme/month"),
        ("SSD backed Local Storage", "google/compute.storage/local/month"),
        ("Custom Instance Core", "google/custom/n1/cpu"),
        ("Custom Instance Ram", "google/custom/n1/memory"),
        ("Cloud SQL for PostgreSQL: Zonal - vCPU", "google/sql/vcpu-zonal"),
        ("Cloud SQL for PostgreSQL: Zonal - RAM", "google/sql/memory-zonal"),
        ("Cloud SQL for PostgreSQL: Regional - vCPU", "google/sql/vcpu-regional"),
        ("Cloud SQL for PostgreSQL: Regional - RAM", "google/sql/memory-regional"),
        ("Cloud SQL for PostgreSQL: Zonal - Standard storage", "google/sql/ssd-zonal"),
        ("Cloud SQL for PostgreSQL: Regional - Standard storage", "google/sql/ssd-regional"),
        ("Cloud SQL for PostgreSQL: Zonal - Low cost storage", "google/sql/hdd-zonal"),
        ("Cloud SQL for PostgreSQL: Regional - Low cost storage", "google/sql/hdd-regional"),
    ];
    let place = description.find(" in ").unwrap_or(description.len());
    let name = description[..place].trim_end_matches(" running");
    if let Some((_, key)) = THINGS.iter().find(|(thing, _)| *thing == name) {
        return Some(Prices::Thing(key));
    }
    let name = name.strip_prefix("Spot Preemptible ").unwrap_or(name);
    let (family, part) = name.rsplit_once(" Instance ").or_else(|| name.rsplit_once(" Predefined Instance "))?;
    let family = family.trim_end_matches(" Predefined").trim_end_matches(" AMD").to_lowercase();
    let simple = !family.is_empty() && family.len() <= 3 && family.chars().all(|c| c.is_ascii_alphanumeric());
    match part {
        "Core" if simple => Some(Prices::Part { family, memory: false }),
        "Ram" if simple => Some(Prices::Part { family, memory: true }),
        _ => None,
    }
}

/// What is left of a price when a machine runs the whole month.
fn sustained(family: &str) -> Decimal {
    match family {
        "n1" => Decimal::new(7, 1),
        "n2" | "n2d" | "c2" => Decimal::new(8, 1),
        _ => Decimal::ONE,
    }
}

/// `n2-standard-4`, and not `a2-highgpu-1g`, `c3-standard-4-lssd` or `e2-micro`.
fn is_sum_of_parts(machine: &str) -> bool {
    let segments: Vec<&str> = machine.split('-').collect();
    matches!(segments.as_slice(), [_, "standard" | "highmem" | "highcpu", size] if size.parse::<u32>().is_ok())
}

impl Builder {
    /// Adds a page of SKUs. Parts of machines are kept under keys of their own until [`Builder::google_machines_of`]
    /// puts machines together from them: vCPUs and memory may stand on different pages.
    pub(super) fn google_page(&mut self, page: Page) -> usize {
        let mut taken = 0;
        for sku in page.skus {
            let term = match sku.category.usage_type.as_str() {
                "OnDemand" => "on-demand",
                "Preemptible" => "spot",
                _ => continue,
            };
            let Some(pricing) = sku.pricing_info.last() else { continue };
            let rates = &pricing.pricing_expression.tiered_rates;
            // The free allowance, where there is one, comes first and costs nothing.
            let rate = rates.iter().filter(|rate| rate.unit_price.amount().is_some());
            let Some(rate) = rate.min_by(|a, b| a.start_usage_amount.total_cmp(&b.start_usage_amount)) else {
                continue;
            };
            let Some(amount) = rate.unit_price.amount() else { continue };
            let key = match (prices(&sku.description), term) {
                (Some(Prices::Thing(key)), "on-demand") => key.to_owned(),
                (Some(Prices::Thing("google/compute.storage/local/month")), _) => {
                    "google/compute.storage/local/month_spot".to_owned()
                }
                (Some(Prices::Part { family, memory }), term) => {
                    format!("{PARTS}{term}/{family}/{}", if memory { "memory" } else { "cpu" })
                }
                _ => continue,
            };
            let date = pricing.effective_time.get(..10).unwrap_or("undated").to_owned();
            for region in &sku.service_regions {
                let price = Price { amount, source: "google-billing".to_owned(), date: date.clone() };
                self.add(&key, region, price);
                taken += 1;
            }
        }
        taken + self.google_machines_of()
    }

    /// Prices the machines whose size is known from what a vCPU and a gigabyte of their family cost.
    fn google_machines_of(&mut self) -> usize {
        let parts: BTreeMap<String, BTreeMap<String, Price>> = self
            .prices
            .range(PARTS.to_owned()..)
            .take_while(|(key, _)| key.starts_with(PARTS))
            .map(|(key, prices)| (key.clone(), prices.clone()))
            .collect();
        let size = |fact: &str, machine: &str| {
            let known = self.prices.get(&format!("facts/google/{fact}/{machine}"));
            known.and_then(|known| known.get("*")).map(|price| price.amount)
        };
        let machines: Vec<(String, Decimal, Decimal)> = self
            .prices
            .range("facts/google/vcpu/".to_owned()..)
            .map_while(|(key, _)| key.strip_prefix("facts/google/vcpu/"))
            // Shared cores and machines with accelerators are more than the sum of their parts.
            .filter(|machine| is_sum_of_parts(machine))
            .filter_map(|machine| Some((machine.to_owned(), size("vcpu", machine)?, size("memory", machine)?)))
            .collect();
        let mut made = Vec::new();
        for (machine, vcpus, memory) in &machines {
            let family = machine.split('-').next().unwrap_or_default();
            for term in ["on-demand", "spot"] {
                let part = |kind: &str| parts.get(&format!("{PARTS}{term}/{family}/{kind}"));
                let (Some(cores), Some(bytes)) = (part("cpu"), part("memory")) else { continue };
                for (region, core) in cores {
                    let Some(byte) = bytes.get(region) else { continue };
                    let hour = (core.amount * vcpus + byte.amount * memory).normalize();
                    let price = |amount: Decimal| Price { amount, ..core.clone() };
                    made.push((format!("google/machine/{term}/{machine}"), region.clone(), price(hour)));
                    if term == "on-demand" {
                        let month = (hour * Decimal::from(730) * sustained(family)).normalize();
                        made.push((format!("google/machine/month/{machine}"), region.clone(), price(month)));
                    }
                }
            }
        }
        let taken = made.len();
        for (key, region, price) in made {
            self.add(&key, &region, price);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sku(description: &str, usage: &str, units: &str, nanos: i64) -> String {
        format!(
            r#"{{"name":"services/6F81-5844-456A/skus/X","description":"{description}","category":{{"serviceDisplayName":"Compute Engine","resourceFamily":"Compute","resourceGroup":"N2","usageType":"{usage}"}},
              "serviceRegions":["us-east4"],"pricingInfo":[{{"effectiveTime":"2026-09-01T00:00:00Z","pricingExpression":{{"usageUnit":"h","tieredRates":[{{"startUsageAmount":0,"unitPrice":{{"currencyCode":"USD","units":"{units}","nanos":{nanos}}}}}]}}}}]}}"#
        )
    }

    #[test]
    fn a_machine_costs_its_vcpus_and_its_memory() {
        let mut builder = Builder::default();
        for (fact, amount) in [("vcpu", 4), ("memory", 16)] {
            let price = Price { amount: amount.into(), source: "f".into(), date: "2026-01-01".into() };
            builder.add(&format!("facts/google/{fact}/n2-standard-4"), "*", price);
        }
        let first = format!(
            r#"{{"skus":[{}],"nextPageToken":"t"}}"#,
            sku("N2 Instance Core running in Virginia", "OnDemand", "0", 35_600_000)
        );
        assert_eq!(builder.add_answer("1", &first).unwrap(), 1);
        let second = format!(
            r#"{{"skus":[{},{},{}]}}"#,
            sku("N2 Instance Ram running in Virginia", "OnDemand", "0", 4_800_000),
            sku("Commitment v1: N2 Ram in Virginia for 1 Year", "Commit1Yr", "0", 1),
            sku("SSD backed PD Capacity in Virginia", "OnDemand", "0", 187_000_000)
        );
        builder.add_answer("2", &second).unwrap();
        let catalogue = builder.build().unwrap();
        let amount = |key: &str| catalogue.find(key, "us-east4").map(|price| price.amount.to_string());
        assert_eq!(amount("google/machine/on-demand/n2-standard-4").as_deref(), Some("0.2192"));
        // 730 h at 80 %.
        assert_eq!(amount("google/machine/month/n2-standard-4").as_deref(), Some("128.0128"));
        assert_eq!(amount("google/compute.storage/ssd/month").as_deref(), Some("0.187"));
        assert_eq!(amount("google/machine/spot/n2-standard-4"), None);
    }

    #[test]
    fn free_allowances_are_no_price() {
        let mut builder = Builder::default();
        let page = format!(r#"{{"skus":[{}]}}"#, sku("SSD backed PD Capacity in Virginia", "OnDemand", "0", 0));
        assert_eq!(builder.add_answer("1", &page).unwrap(), 0);
    }
}
