//! Reading and writing the catalogue's text form:
//!
//! ```text
//! #catalogue 1 2026-08-22 USD
//! #regions * af-south-1 …            sorted; a price names its regions by place in this list
//! #source a awsprice 2025-11-04
//! aws/nat/hour<TAB>0.045@a:3,4;0.048@a:7
//! ```

use std::borrow::Cow;

use super::{Catalogue, Error, Overrides};

/// More than this is no catalogue of ours; a small file that unpacks to gigabytes must not take the process with it.
const LIMIT: usize = 64 << 20;

impl Catalogue {
    /// Unpacks and reads a catalogue file.
    ///
    /// # Errors
    /// When the file is not a catalogue, or is larger than one may be.
    pub fn unpack(bytes: &[u8]) -> Result<Self, Error> {
        let text = zstd::bulk::decompress(bytes, LIMIT).map_err(Error::Unpack)?;
        let text =
            String::from_utf8(text).map_err(|_| Error::Text { line: 1, what: "the text is not UTF-8".into() })?;
        Self::from_text(text)
    }

    /// Packs the catalogue into the file that `unpack` reads.
    ///
    /// # Errors
    /// When the compressor fails, which only a lack of memory does.
    pub fn pack(&self) -> Result<Vec<u8>, Error> {
        zstd::bulk::compress(self.to_text().as_bytes(), 19).map_err(Error::Unpack)
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// Names the first line that is wrong. Prices are checked when they are looked up and by [`super::verify`].
    pub fn from_text(text: impl Into<Cow<'static, str>>) -> Result<Self, Error> {
        let body = text.into();
        if body.len() > LIMIT {
            return Err(Error::Text { line: 1, what: "larger than a catalogue may be".into() });
        }
        let (mut version, mut regions, mut sources, mut lines) = (None, Vec::new(), Vec::new(), Vec::new());
        let (mut start, mut previous) = (0, "");
        for (number, line) in body.split('\n').enumerate() {
            let wrong = |what: &str| Error::Text { line: number + 1, what: what.to_owned() };
            let at = start;
            start += line.len() + 1;
            if let Some(header) = line.strip_prefix('#') {
                let mut words = header.split(' ');
                match words.next() {
                    Some("catalogue") => {
                        if words.next() != Some("1") {
                            return Err(wrong("this catalogue is of another version than 1; use the matching terrane"));
                        }
                        version = Some(words.next().ok_or_else(|| wrong("the version is missing"))?.to_owned());
                    }
                    Some("regions") => regions = words.map(str::to_owned).collect::<Vec<_>>(),
                    Some("source") => match (words.next(), words.next(), words.next()) {
                        (Some(id), Some(name), Some(date)) => sources.push((id.into(), name.into(), date.into())),
                        _ => return Err(wrong("a source needs an id, a name and a date")),
                    },
                    _ => return Err(wrong("unknown header")),
                }
            } else if !line.is_empty() {
                let (key, _) = line.split_once('\t').ok_or_else(|| wrong("a price line needs a tab after its key"))?;
                if key <= previous {
                    return Err(wrong("keys must be sorted and unique"));
                }
                previous = key;
                lines.push(u32::try_from(at).map_err(|_| wrong("the catalogue is too long"))?);
            }
        }
        if !regions.is_sorted() {
            return Err(Error::Text { line: 2, what: "regions must be sorted".into() });
        }
        let version = version.ok_or(Error::Text { line: 1, what: "this is no price catalogue".into() })?;
        Ok(Self { version, regions, sources, lines, body, overrides: Overrides::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#catalogue 1 2026-01-02 USD\n#regions * eu-west-1 us-east-1\n#source a list 2026-01-02\nk/a\t0.5@a:0\nk/b\t0.1@a:2;0.2@a:1\n";

    #[test]
    fn finds_prices_by_region_and_everywhere() {
        let catalogue = Catalogue::from_text(TEXT).unwrap();
        assert_eq!(catalogue.find("k/b", "eu-west-1").unwrap().amount.to_string(), "0.2");
        assert_eq!(catalogue.find("k/a", "eu-west-1").unwrap().amount.to_string(), "0.5");
        assert_eq!(catalogue.find("k/b", "mars-1"), None);
        assert_eq!(catalogue.find("k/c", "eu-west-1"), None);
    }

    #[test]
    fn packs_and_unpacks_to_the_same_text() {
        let catalogue = Catalogue::from_text(TEXT).unwrap();
        let again = Catalogue::unpack(&catalogue.pack().unwrap()).unwrap();
        assert_eq!(again.to_text(), catalogue.to_text());
        assert_eq!(again.iter().count(), 3);
    }

    #[test]
    fn refuses_what_is_no_catalogue() {
        assert!(Catalogue::unpack(b"nonsense").is_err());
        assert!(Catalogue::from_text("").is_err());
        assert!(Catalogue::from_text("#catalogue 2 x USD\n").is_err());
        assert!(Catalogue::from_text("#catalogue 1 x USD\nb\t1@a:0\na\t1@a:0\n").is_err());
    }
}
