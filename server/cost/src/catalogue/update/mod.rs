//! Prices from what the vendors' public price APIs answer. Fetching is the caller's, through [`Fetch`]; here an answer
//! becomes prices, so that a closed site can bring the files in by hand and tests can run on recorded shapes.
//!
//! - AWS offer files: one CSV per service and region; and its metered-unit maps, brought in by hand.
//! - Azure retail prices: pages of `Items`.
//! - Google billing catalogue: pages of `skus`.

mod azure;
mod google;
mod maps;
mod offers;
mod refresh;

use std::io;

use super::Builder;
pub use refresh::{Cloud, Fetch, Wanted, refresh};

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
    /// A file that is none of those we know.
    #[error("{0} is no answer of a price API that we know")]
    Unknown(String),
    /// A table without a column that we need.
    #[error(
        "reading prices of AWS: the offer file has no column `{0}`; the vendor may have changed the form of its answers"
    )]
    Column(&'static str),
    /// The vendor could not be asked.
    #[error("asking {url}: {error}")]
    Fetch {
        /// What was asked for.
        url: String,
        /// Why there is no answer.
        #[source]
        error: io::Error,
    },
    /// A page points to somewhere else.
    #[error("the answer of {from} continues at {to}, which is another place; it is not followed")]
    Elsewhere {
        /// Where the page came from.
        from: String,
        /// Where it points.
        to: String,
    },
    /// Something to ask with is missing.
    #[error("{0}")]
    Missing(&'static str),
}

impl Builder {
    /// Adds what a vendor's price API answered; tells the vendor by the form. `service` is the file's name without its
    /// ending, by which the items of AWS's maps are known. Returns how many prices were taken.
    ///
    /// # Errors
    /// When the text is no answer of a known price API.
    pub fn add_answer(&mut self, service: &str, text: &str) -> Result<usize, UpdateError> {
        if text.starts_with("\"FormatVersion\"") {
            return self.add_offers(&mut text.as_bytes());
        }
        let head: serde_json::Value =
            serde_json::from_str(text).map_err(|error| UpdateError::Form { vendor: "an unknown vendor", error })?;
        let form = |vendor| move |error| UpdateError::Form { vendor, error };
        if head.get("manifest").is_some() && head.get("regions").is_some() {
            Ok(self.aws_map(service, serde_json::from_value(head).map_err(form("AWS"))?))
        } else if head.get("Items").is_some() {
            Ok(self.azure_page(serde_json::from_value(head).map_err(form("Azure"))?))
        } else if head.get("skus").is_some() {
            Ok(self.google_page(serde_json::from_value(head).map_err(form("Google"))?))
        } else {
            Err(UpdateError::Unknown(service.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_answers_are_refused() {
        assert!(Builder::default().add_answer("x", "{}").is_err());
        assert!(Builder::default().add_answer("x", "<html>").is_err());
        assert!(Builder::default().add_answer("x", r#"{"Items":[{"a":1}]}"#).is_err());
        assert!(Builder::default().add_answer("x", r#"{"skus":[{"a":1}]}"#).is_err());
    }
}
