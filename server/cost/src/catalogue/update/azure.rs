//! Azure's retail prices: pages of meters.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::catalogue::{Builder, Price, vendor};

#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(rename = "Items")]
    items: Vec<Meter>,
    /// The address of the next page.
    #[serde(rename = "NextPageLink", default)]
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meter {
    retail_price: serde_json::Number,
    #[serde(default)]
    tier_minimum_units: f64,
    arm_region_name: String,
    meter_name: String,
    product_name: String,
    #[serde(default)]
    sku_name: String,
    #[serde(default)]
    arm_sku_name: String,
    #[serde(default)]
    currency_code: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    effective_start_date: String,
    #[serde(default)]
    service_name: String,
}

impl Builder {
    /// Linux and Windows differ only in the end of the product's name; both are looked at, so that one is never taken
    /// for the other. Spot, low priority and test subscriptions are other prices and are left out.
    pub(super) fn azure_page(&mut self, page: Page) -> usize {
        let mut taken = 0;
        for meter in page.items {
            let written = meter.retail_price.to_string();
            let Ok(amount) = Decimal::from_str(&written).or_else(|_| Decimal::from_scientific(&written)) else {
                continue;
            };
            let usual = (meter.kind.is_empty() || meter.kind == "Consumption")
                && (meter.currency_code.is_empty() || meter.currency_code == "USD")
                && meter.tier_minimum_units == 0.0
                && amount > Decimal::ZERO;
            let special = ["Spot", "Low Priority"].iter().any(|word| meter.sku_name.contains(word));
            if !usual || special || meter.arm_region_name.is_empty() {
                continue;
            }
            let date = meter.effective_start_date.get(..10).unwrap_or("undated").to_owned();
            let price = Price { amount: amount.normalize(), source: "azure-retail".into(), date };
            let key = match meter.service_name.as_str() {
                "Virtual Machines" => {
                    let system = if meter.product_name.ends_with("Windows") { "windows" } else { "linux" };
                    format!("azure/vm/{system}/{}", vendor::size(&meter.arm_sku_name))
                }
                "Storage" => vendor::storage_key(&meter.product_name, &meter.meter_name),
                _ => continue,
            };
            self.add(&key, &meter.arm_region_name, price);
            taken += 1;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn azure_linux_and_windows_are_kept_apart() {
        let item = |product: &str, sku: &str, price: &str| {
            format!(
                r#"{{"currencyCode":"USD","tierMinimumUnits":0.0,"retailPrice":{price},"armRegionName":"westeurope","meterName":"D2s v3",
                "productName":"{product}","skuName":"{sku}","armSkuName":"Standard_D2s_v3","serviceName":"Virtual Machines","type":"Consumption","effectiveStartDate":"2026-02-01T00:00:00Z"}}"#
            )
        };
        let answer = format!(
            r#"{{"Items":[{},{},{}],"NextPageLink":null}}"#,
            item("Virtual Machines DSv3 Series", "D2s v3", "0.12"),
            item("Virtual Machines DSv3 Series Windows", "D2s v3", "0.212"),
            item("Virtual Machines DSv3 Series", "D2s v3 Spot", "0.02")
        );
        let mut builder = Builder::default();
        assert_eq!(builder.add_answer("page", &answer).unwrap(), 2);
        let catalogue = builder.build().unwrap();
        assert_eq!(catalogue.find("azure/vm/linux/d2s_v3", "westeurope").unwrap().amount.to_string(), "0.12");
        assert_eq!(catalogue.find("azure/vm/windows/d2s_v3", "westeurope").unwrap().amount.to_string(), "0.212");
    }
}
