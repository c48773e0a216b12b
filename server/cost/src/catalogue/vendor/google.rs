//! Google: predefined machines and items of services.

use super::{GOOGLE_DATE, Row, Rows, amount};
use crate::catalogue::{Builder, Price, TableError};

/// The key of an item of a service; steps of a tiered price end in `>` and their start.
pub(super) fn service_key(row: &Row<'_>) -> String {
    let (service, item) = (row.get("service"), row.get("item"));
    match (service, item.strip_prefix("data.tier_")) {
        ("monitoring", Some(tier)) => {
            let start = tier.trim_end_matches('n').split('-').next().unwrap_or_default();
            format!("google/monitoring-data>{start}")
        }
        _ => format!("google/{service}/{item}/{}", row.get("unit")),
    }
}

impl Builder {
    pub(super) fn google_machines(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
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
