//! AWS's metered-unit maps: one small file per service with all regions, under names a person can read.

use std::collections::BTreeMap;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::catalogue::{Builder, Price, vendor};

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
pub(super) struct Map {
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

impl Builder {
    pub(super) fn aws_map(&mut self, service: &str, map: Map) -> usize {
        if !map.manifest.currency_code.is_empty() && map.manifest.currency_code != "USD" {
            return 0;
        }
        let date = map.manifest.hawk_file_publication_date.get(..10).unwrap_or("undated").to_owned();
        let mapping = vendor::aws_mapping();
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
    fn locations_can_be_searched() {
        assert!(LOCATIONS.is_sorted());
    }
}
