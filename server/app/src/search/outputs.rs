//! Outputs of the workspaces that one search meets, each by the place at which it is told: a workspace of many outputs is met at many places.

use super::index::parse;
use crate::Result;
use domain::search::{Document, Run};
use std::collections::HashMap;
use store::{Tx, state::Output};

/// So many outputs are held; then others take their place.
const HELD: usize = 50_000;

/// Outputs by state version and by the word at which they are told, in the order of bytes.
#[derive(Default)]
pub(super) struct Outputs {
    held: usize,
    by_version: HashMap<String, HashMap<Vec<u8>, Vec<Output>>>,
}

impl Outputs {
    /// Those of a version that are told at this word of a stretch; `name` is that of the workspace, folded.
    pub(super) async fn at(
        &mut self,
        tx: &mut Tx,
        version: &str,
        name: &str,
        run: &Run,
        word: &[u8],
    ) -> Result<&[Output]> {
        if !self.by_version.contains_key(version) {
            let mut outputs = store::state::list_outputs(tx, &parse(version)?).await?;
            // In the order of bytes, whatever the database's own is.
            outputs.sort_by(|a, b| a.name.cmp(&b.name));
            if self.held + outputs.len() > HELD {
                (self.held, self.by_version) = (0, HashMap::new());
            }
            self.held += outputs.len();
            let mut places: HashMap<Vec<u8>, Vec<Output>> = HashMap::new();
            for output in outputs {
                let document = Document::output(name, &output.name);
                let place = document.place_in(run).map(|(word, _)| word.as_bytes().to_vec());
                if let Some(place) = place {
                    places.entry(place).or_default().push(output);
                }
            }
            self.by_version.insert(version.to_owned(), places);
        }
        Ok(self.by_version.get(version).and_then(|places| places.get(word)).map(Vec::as_slice).unwrap_or_default())
    }
}
