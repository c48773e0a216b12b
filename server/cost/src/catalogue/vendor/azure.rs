//! Azure: virtual machines and the meters of storage.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::{AZURE_DATE, Row, Rows};
use crate::catalogue::{Builder, TableError};

/// The key of a storage meter of Azure: disks by tier, everything else by its names.
pub(in crate::catalogue) fn storage_key(product: &str, meter: &str) -> String {
    let (product, meter) = (slug(product), slug(meter));
    if let Some(disks) = product.strip_suffix("-managed-disks")
        && let Some((tier, redundancy)) = meter.strip_suffix("-disk").and_then(|disk| disk.split_once('-'))
    {
        return format!("azure/disk/{disks}/{}/{}", tier.to_uppercase(), redundancy.to_uppercase());
    }
    // Images and snapshots lie on standard disks; operations cost the same for every size of a disk.
    match (product.as_str(), meter.as_str()) {
        ("standard-hdd-managed-disks", "lrs-snapshots") => return "azure/image/gb".to_owned(),
        ("standard-hdd-managed-disks", "s10-lrs-disk-operations") => {
            return "azure/disk-operations/standard-hdd".to_owned();
        }
        ("standard-ssd-managed-disks", "e10-lrs-disk-operations") => {
            return "azure/disk-operations/standard-ssd".to_owned();
        }
        _ => {}
    }
    format!("azure/storage/{product}/{meter}")
}

/// The key of a machine with its system: the old basic series has sizes of the same name, and hosts and promotions are
/// not what a machine costs.
pub(super) fn machine_key(row: &Row<'_>) -> Option<String> {
    let (sku, series) = (row.get("sku"), row.get("series"));
    let other = |text: &str| ["Low Priority", "Spot", "Promo", "Dedicated"].iter().any(|word| text.contains(word));
    if other(sku) || other(series) {
        return None;
    }
    let system = if series.ends_with(" Win") { "windows" } else { row.get("os") };
    let prefix = if series.ends_with("Basic") { "basic_" } else { "" };
    Some(format!("azure/vm/{system}/{prefix}{}", size(sku)))
}

impl Builder {
    /// Disks are filed by tier. Of the volume tiers of hot blobs the table holds the last, which is 8 % below the first;
    /// the middle one is 4 % below it.
    pub(super) fn azure_storage(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
        while let Some(row) = rows.next() {
            let row = row?;
            let (product, meter) = (slug(row.get("product")), slug(row.get("meter")));
            // Tables with a key of the account's own cost more and bear the same names.
            if row.get("sku").contains("Encrypted") {
                continue;
            }
            let key = storage_key(row.get("product"), row.get("meter"));
            if meter.starts_with("hot-") && meter.ends_with("-data-stored") && !product.starts_with("files") {
                for (start, share) in [("0", 92), ("51200", 0), ("512000", 100)] {
                    let divide = match share {
                        0 => Decimal::new(92, 2) / Decimal::new(96, 2),
                        share => Decimal::new(share, 2),
                    };
                    self.file(&mut rows, &format!("{key}>{start}"), &row, divide);
                }
            } else {
                self.file(&mut rows, &key, &row, counted(row.get("unit")));
            }
        }
        Ok(())
    }

    pub(super) fn windows_uplift(&mut self, mut rows: Rows<'_>) -> Result<(), TableError> {
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

/// `Standard_D2s_v3`, `D2s v3` and `standard_d2s_v3` are one size.
pub(in crate::catalogue) fn size(name: &str) -> String {
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
    fn sizes_have_one_spelling() {
        assert_eq!(size("Standard_D2s_v3"), "d2s_v3");
        assert_eq!(size("D2s v3"), "d2s_v3");
        assert_eq!(counted("10K/Month"), Decimal::from(10_000));
        assert_eq!(counted("1 GB/Month"), Decimal::ONE);
        assert_eq!(slug("Premium SSD Managed Disks / P10 LRS"), "premium-ssd-managed-disks-p10-lrs");
    }
}
