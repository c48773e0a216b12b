//! Where a search goes on: a text that only this server's own answers hold.

use crate::{Error, Result};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::search::Run;
use store::search::Place;

/// Where a search goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Along which of the query's stretches.
    pub(super) run: usize,
    /// From which place on.
    pub(super) place: Place,
    /// How far that place was gone through.
    pub(super) through: Through,
}

/// How far a place was gone through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Through {
    /// Not yet.
    #[default]
    None,
    /// The workspace itself, and outputs up to this name.
    Output(String),
    /// Instances up to this address.
    Instance(String),
}

impl Cursor {
    pub(super) fn write(&self) -> String {
        let (part, name) = match &self.through {
            Through::None => (0, ""),
            Through::Output(name) => (1, name.as_str()),
            Through::Instance(address) => (2, address.as_str()),
        };
        let Place { word, workspace_id, shelf } = &self.place;
        let word = String::from_utf8_lossy(word);
        let text = serde_json::json!([self.run, word, workspace_id, shelf, part, name]).to_string();
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    /// Reads one that belongs to a query with these stretches.
    ///
    /// # Errors
    /// When it is none of theirs.
    pub(super) fn read(text: &str, runs: &[Run]) -> Result<Self> {
        let wrong =
            || Error::invalid("after", "After is not what an answer to this query named as its next; begin without it");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let read: (usize, String, String, i64, u8, String) = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        let (run, word, workspace_id, shelf, part, name) = read;
        let through = match part {
            0 => Through::None,
            1 => Through::Output(name),
            2 => Through::Instance(name),
            _ => return Err(wrong()),
        };
        // A text that no database keeps.
        let nul = [&word, &workspace_id].into_iter().any(|text| text.contains('\0'))
            || matches!(&through, Through::Output(name) | Through::Instance(name) if name.contains('\0'));
        if nul || !runs.get(run).is_some_and(|run| run.holds(&word)) {
            return Err(wrong());
        }
        Ok(Self { run, place: Place { word: word.into_bytes(), workspace_id, shelf }, through })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::search::Query;

    #[test]
    fn it_comes_back_to_its_own_query_only() {
        let runs = Query::read("web prod").unwrap().runs();
        for through in [Through::None, Through::Output("a".into()), Through::Instance("a.b[\"ü\"]".into())] {
            let place = Place { word: b"prod-1".to_vec(), workspace_id: "ws-1".into(), shelf: -1 };
            let cursor = Cursor { run: 1, place, through };
            let text = cursor.write();
            assert_eq!(Cursor::read(&text, &runs).unwrap(), cursor);
            assert!(Cursor::read(&text, &Query::read("web test").unwrap().runs()).is_err());
        }
        for wrong in ["", "x", "!!", "W10", &BASE64_URL_SAFE_NO_PAD.encode("[1,\"prod\\u0000\",\"\",0,0,\"\"]")] {
            assert!(Cursor::read(wrong, &runs).is_err(), "{wrong}");
        }
    }
}
