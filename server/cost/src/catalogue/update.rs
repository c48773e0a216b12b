//! Prices from what the vendors' public price APIs answer. Fetching is the caller's; here an answer becomes prices, so
//! that a closed site can bring the files in by hand and tests can run on recorded shapes.
//!
//! - AWS metered-unit maps: one file per service with all regions.
//! - Azure retail prices: pages of `Items`.
//! - Google billing catalogue: pages of `skus`.

use std::collections::BTreeMap;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Builder, Price};

/// Why an answer was refused.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// Not the JSON of a vendor's price API.
    #[error("reading prices of {vendor}: {error}; the vendor may have changed the form of its answers")]
    Form {
        /// Whose answer it was.
        vendor: &'static str,
        /// What is wrong with it.
        #[source]
        error: serde_json::Error,
    },
    /// A file that is none of the three.
    #[error("{0} is no answer of a price API that we know")]
    Unknown(String),
}

/// Locations as AWS writes them in its maps, and the region codes of everybody else.
static LOCATIONS: &[(&str, &str)] = &[
    ("Africa (Cape Town)", "af-south-1"),
    ("Asia Pacific (Hong Kong)", "ap-east-1"),
    ("Asia Pacific (Jakarta)", "ap-southeast-3"),
    ("Asia Pacific (Mumbai)", "ap-south-1"),
    ("Asia Pacific (Osaka)", "ap-northeast-3"),
    ("Asia Pacific (Seoul)", "ap-northeast-2"),
    ("Asia Pacific (Singapore)", "ap-southeast-1"),
    ("Asia Pacific (Sydney)", "ap-southeast-2"),
    ("Asia Pacific (Tokyo)", "ap-northeast-1"),
    ("Canada (Central)", "ca-central-1"),
    ("EU (Frankfurt)", "eu-central-1"),
    ("EU (Ireland)", "eu-west-1"),
    ("EU (London)", "eu-west-2"),
    ("EU (Milan)", "eu-south-1"),
    ("EU (Paris)", "eu-west-3"),
    ("EU (Stockholm)", "eu-north-1"),
    ("Middle East (Bahrain)", "me-south-1"),
    ("South America (Sao Paulo)", "sa-east-1"),
    ("US East (N. Virginia)", "us-east-1"),
    ("US East (Ohio)", "us-east-2"),
    ("US West (N. California)", "us-west-1"),
    ("US West (Oregon)", "us-west-2"),
];

#[derive(Deserialize)]
struct Map {
    manifest: Manifest,
    regions: BTreeMap<String, BTreeMap<String, Metered>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    hawk_file_publication_date: String,
    #[serde(default)]
    currency_code: String,
}

#[derive(Deserialize)]
struct Metered {
    price: String,
}

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "Items")]
    items: Vec<Meter>,
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
    /// Adds what a vendor's price API answered; tells the vendor by the form. `service` is the file's name without its
    /// ending, by which AWS's items are known. Returns how many prices were taken.
    ///
    /// # Errors
    /// When the text is no answer of a known price API.
    pub fn add_answer(&mut self, service: &str, text: &str) -> Result<usize, UpdateError> {
        let head: serde_json::Value =
            serde_json::from_str(text).map_err(|error| UpdateError::Form { vendor: "an unknown vendor", error })?;
        if head.get("manifest").is_some() && head.get("regions").is_some() {
            let map = serde_json::from_value(head).map_err(|error| UpdateError::Form { vendor: "AWS", error })?;
            Ok(self.aws_map(service, map))
        } else if head.get("Items").is_some() {
            let page = serde_json::from_value(head).map_err(|error| UpdateError::Form { vendor: "Azure", error })?;
            Ok(self.azure_page(page))
        } else {
            Err(UpdateError::Unknown(service.to_owned()))
        }
    }

    fn aws_map(&mut self, service: &str, map: Map) -> usize {
        if !map.manifest.currency_code.is_empty() && map.manifest.currency_code != "USD" {
            return 0;
        }
        let date = map.manifest.hawk_file_publication_date.get(..10).unwrap_or("undated").to_owned();
        let mapping = super::vendor::aws_mapping();
        let mut taken = 0;
        for (location, items) in map.regions {
            let code = LOCATIONS.binary_search_by(|(name, _)| (*name).cmp(location.as_str())).map(|at| LOCATIONS[at].1);
            let Ok(region) = code else { continue };
            for (item, metered) in items {
                let Some(&(key, divide)) = mapping.get(&(service, item.as_str())) else { continue };
                let Ok(amount) = Decimal::from_str(&metered.price) else { continue };
                if amount > Decimal::ZERO {
                    let amount = (amount / divide).normalize();
                    self.add(key, region, Price { amount, source: "aws-price-map".into(), date: date.clone() });
                    taken += 1;
                }
            }
        }
        taken
    }

    /// Linux and Windows differ only in the end of the product's name; both are looked at, so that one is never taken
    /// for the other. Spot, low priority and test subscriptions are other prices and are left out.
    fn azure_page(&mut self, page: Page) -> usize {
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
                    format!("azure/vm/{system}/{}", super::vendor::size(&meter.arm_sku_name))
                }
                "Storage" => super::vendor::storage_key(&meter.product_name, &meter.meter_name),
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
    fn an_aws_map_becomes_prices_of_its_regions() {
        let answer = r#"{"manifest":{"serviceId":"natgateway","hawkFilePublicationDate":"2026-05-06T10:00:00Z","currencyCode":"USD"},
            "regions":{"US East (N. Virginia)":{"Hourly charge for NAT Gateways":{"rateCode":"A.B.C","price":"0.0460000000"},
                "something else":{"rateCode":"A.B.D","price":"9"}},
              "Mars":{"Hourly charge for NAT Gateways":{"rateCode":"A","price":"1"}}}}"#;
        let mut builder = Builder::default();
        assert_eq!(builder.add_answer("natgateway", answer).unwrap(), 1);
        let price = builder.build().unwrap().find("aws/nat/hour", "us-east-1").unwrap();
        assert_eq!((price.amount.to_string().as_str(), price.date.as_str()), ("0.046", "2026-05-06"));
    }

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

    #[test]
    fn other_answers_are_refused() {
        assert!(Builder::default().add_answer("x", "{}").is_err());
        assert!(Builder::default().add_answer("x", "<html>").is_err());
        assert!(Builder::default().add_answer("x", r#"{"Items":[{"a":1}]}"#).is_err());
        assert!(LOCATIONS.is_sorted());
    }
}
