//! Asking the vendors: which addresses, page after page, and what to tell about it.

use std::io::{BufRead, Read};

use serde::Deserialize;

use super::{UpdateError, azure, google, offers};
use crate::catalogue::Builder;

/// The network, which is not ours: the command brings one, tests bring another.
pub trait Fetch {
    /// Opens what lies at `url`; `key` is sent as Google's API key, in a header, so that it is in no log of addresses.
    ///
    /// # Errors
    /// When there is no answer, or it is no success.
    fn open(&self, url: &str, key: Option<&str>) -> std::io::Result<Box<dyn BufRead>>;
}

/// A vendor of a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Cloud {
    /// AWS's offer files; a region's machines alone are hundreds of megabytes.
    Aws,
    /// Azure's retail prices.
    Azure,
    /// Google's billing catalogue; needs an API key.
    Google,
}

/// What to ask for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whom to ask.
    pub clouds: Vec<Cloud>,
    /// Regions to ask AWS and Azure for; Google answers for all of its regions.
    pub regions: Vec<String>,
    /// Google's API key.
    pub google_key: Option<String>,
    /// Where AWS's offer files lie, without a slash at the end.
    pub aws: String,
    /// Where Azure's retail prices lie.
    pub azure: String,
    /// Where Google's billing catalogue lies.
    pub google: String,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            clouds: vec![Cloud::Aws, Cloud::Azure, Cloud::Google],
            regions: Vec::new(),
            google_key: None,
            aws: "https://pricing.us-east-1.amazonaws.com".to_owned(),
            azure: "https://prices.azure.com".to_owned(),
            google: "https://cloudbilling.googleapis.com".to_owned(),
        }
    }
}

/// A page or an index larger than this is none.
const LARGEST_PAGE: u64 = 64 << 20;

/// Pages of one question; a vendor that never ends is not followed forever.
const MOST_PAGES: usize = 2_000;

/// The services of Azure whose meters we price.
const AZURE_SERVICES: [&str; 2] = ["Virtual Machines", "Storage"];

#[derive(Deserialize)]
struct Index {
    regions: std::collections::BTreeMap<String, Offer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    current_version_url: String,
}

/// Asks the vendors and lays their answers over what the builder holds. `tell` gets a line for each answer.
///
/// # Errors
/// At the first answer that is missing or has another form. What came before it is in the builder.
pub fn refresh(
    builder: &mut Builder,
    wanted: &Wanted,
    fetch: &dyn Fetch,
    tell: &mut dyn FnMut(&str),
) -> Result<(), UpdateError> {
    let mut asker = Asker { builder, wanted, fetch, tell };
    for cloud in &wanted.clouds {
        match cloud {
            Cloud::Aws => asker.aws()?,
            Cloud::Azure => asker.azure()?,
            Cloud::Google => asker.google()?,
        }
    }
    Ok(())
}

struct Asker<'a> {
    builder: &'a mut Builder,
    wanted: &'a Wanted,
    fetch: &'a dyn Fetch,
    tell: &'a mut dyn FnMut(&str),
}

impl Asker<'_> {
    fn open(&self, url: &str, key: Option<&str>) -> Result<Box<dyn BufRead>, UpdateError> {
        self.fetch.open(url, key).map_err(|error| UpdateError::Fetch { url: url.to_owned(), error })
    }

    fn page<T: for<'de> Deserialize<'de>>(
        &self,
        vendor: &'static str,
        url: &str,
        key: Option<&str>,
    ) -> Result<T, UpdateError> {
        let mut text = String::new();
        let read = self.open(url, key)?.take(LARGEST_PAGE).read_to_string(&mut text);
        read.map_err(|error| UpdateError::Fetch { url: url.to_owned(), error })?;
        serde_json::from_str(&text).map_err(|error| UpdateError::Form { vendor, error })
    }

    fn told(&mut self, what: &str, taken: usize) {
        (self.tell)(&format!("{what}: {taken} prices"));
    }

    fn aws(&mut self) -> Result<(), UpdateError> {
        if self.wanted.regions.is_empty() {
            return Err(UpdateError::Missing(
                "say with --regions which regions to ask AWS for: the offer files of all of them are ten gigabytes",
            ));
        }
        let base = self.wanted.aws.clone();
        for service in offers::SERVICES {
            let index: Index =
                self.page("AWS", &format!("{base}/offers/v1.0/aws/{service}/current/region_index.json"), None)?;
            for region in self.wanted.regions.clone() {
                let Some(offer) = index.regions.get(&region) else { continue };
                let address = offer.current_version_url.trim_end_matches(".json");
                if !address.starts_with('/') {
                    return Err(UpdateError::Elsewhere { from: base, to: address.to_owned() });
                }
                let mut file = self.open(&format!("{base}{address}.csv"), None)?;
                let taken = self.builder.add_offers(&mut file)?;
                self.told(&format!("aws {service} {region}"), taken);
            }
        }
        Ok(())
    }

    fn azure(&mut self) -> Result<(), UpdateError> {
        let base = self.wanted.azure.clone();
        let regions: Vec<Option<String>> = match self.wanted.regions.as_slice() {
            [] => vec![None],
            some => some.iter().cloned().map(Some).collect(),
        };
        for service in AZURE_SERVICES {
            for region in &regions {
                let place = region.as_ref().map(|region| format!(" and armRegionName eq '{region}'"));
                let filter =
                    format!("serviceName eq '{service}' and priceType eq 'Consumption'{}", place.unwrap_or_default());
                let start = format!("{base}/api/retail/prices?currencyCode=USD&$filter={}", encoded(&filter));
                let (mut next, mut taken, mut pages) = (Some(start), 0, 0);
                while let Some(url) = next.filter(|_| pages < MOST_PAGES) {
                    // The service writes its own port into the address of the next page.
                    let same = url.replacen(":443/", "/", 1);
                    if !same.starts_with(&base) {
                        return Err(UpdateError::Elsewhere { from: base, to: url });
                    }
                    let page: azure::Page = self.page("Azure", &same, None)?;
                    next = page.next.clone().filter(|next| !next.is_empty());
                    taken += self.builder.azure_page(page);
                    pages += 1;
                }
                self.told(&format!("azure {service} {}", region.as_deref().unwrap_or("everywhere")), taken);
            }
        }
        Ok(())
    }

    fn google(&mut self) -> Result<(), UpdateError> {
        let key = self.wanted.google_key.clone().ok_or(UpdateError::Missing(
            "Google's billing catalogue needs an API key: give a file that holds one with --google-key-file",
        ))?;
        let base = self.wanted.google.clone();
        for service in google::SERVICES {
            let (mut token, mut taken, mut pages) = (Some(String::new()), 0, 0);
            while let Some(from) = token.filter(|_| pages < MOST_PAGES) {
                let more = if from.is_empty() { String::new() } else { format!("&pageToken={}", encoded(&from)) };
                let url = format!("{base}/v1/services/{service}/skus?currencyCode=USD&pageSize=5000{more}");
                let page: google::Page = self.page("Google", &url, Some(&key))?;
                token = page.next.clone().filter(|token| !token.is_empty());
                taken += self.builder.google_page(page);
                pages += 1;
            }
            self.told(&format!("google {service}"), taken);
        }
        Ok(())
    }
}

/// Percent-encodes what may not stand in a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
