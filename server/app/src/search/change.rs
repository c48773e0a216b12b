//! What is to be written of the index, in pieces that each are a short transaction.

use super::{tag_lines, tags};
use crate::{App, Result};
use domain::search::{Document, OWN_SHELF, fold};
use std::collections::BTreeSet;
use store::{
    Tx,
    search::{Due, Instance},
};

/// So many words are written in one transaction: whoever writes elsewhere, or holds the same workspace, waits no longer than that takes.
pub(super) const WORDS: usize = 2_000;
/// So many words of a workspace itself are in the index: its name, its tags and the names of its first outputs.
const OWN_WORDS: usize = 20_000;
/// So many instances that ended are read at once.
const ENDED: i64 = 200;
/// More instances than any shelf has.
const ALL: i64 = i64::MAX;

/// What is to be written of a shelf.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Change {
    shelf: i64,
    put: Vec<String>,
    take: Vec<String>,
    /// Up to which row what ended loses no more words by it.
    passed: Option<(String, i64)>,
    /// Whether more ended on the shelf than was read.
    pub(super) more: bool,
}

impl Change {
    /// How many words it writes.
    pub(super) fn count(&self) -> usize {
        self.put.len() + self.take.len()
    }

    /// It in pieces of so many words at most, to be written one after the other.
    pub(super) fn pieces(self, most: usize) -> Vec<Self> {
        let piece = || Self { shelf: self.shelf, ..Self::default() };
        let put = self.put.chunks(most).map(|words| Self { put: words.to_vec(), ..piece() });
        let take = self.take.chunks(most).map(|words| Self { take: words.to_vec(), ..piece() });
        let mut pieces: Vec<Self> = put.chain(take).collect();
        if self.passed.is_some() {
            // Once all of its words are gone.
            pieces.push(Self { passed: self.passed.clone(), ..piece() });
        }
        pieces
    }

    /// Writes it. The workspace is held, and is as it was when this was read.
    pub(super) async fn write(&self, tx: &mut Tx, due: &Due) -> Result<(), store::Error> {
        let [put, take] = [&self.put, &self.take].map(|words| words.iter().map(String::as_str).collect::<Vec<_>>());
        store::search::insert_words(tx, due, self.shelf, &put).await?;
        store::search::delete_words(tx, due, self.shelf, &take).await?;
        if let Some((address, from)) = &self.passed {
            store::search::pass_ended(tx, &due.id, self.shelf, (address, *from)).await?;
        }
        Ok(())
    }
}

impl App {
    /// What changed on a shelf: the words of what is new, and those that nothing has any more. Of a deleted workspace all are such.
    pub(super) async fn read_shelf(&self, due: &Due, shelf: i64) -> Result<Change> {
        let (there, ended) = self
            .store
            .look(async |mut tx| {
                let there = store::search::list_instances(&mut tx, &due.id, Some(shelf), "", ALL).await?;
                let ended = store::search::list_ended(&mut tx, &due.id, shelf, ENDED).await?;
                Ok::<_, store::Error>((there, ended))
            })
            .await?;
        let words = |some: &[Instance], since: i64| -> BTreeSet<String> {
            some.iter().filter(|instance| instance.from_sequence > since).flat_map(words_of).collect()
        };
        let more = i64::try_from(ended.len()).is_ok_and(|count| count >= ENDED);
        let passed = ended.last().map(|last| (last.address.clone(), last.from_sequence));
        let change = Change { shelf, passed, more, ..Change::default() };
        let gone = words(&ended, i64::MIN);
        if due.deleted {
            let take = gone.union(&words(&there, i64::MIN)).cloned().collect();
            return Ok(Change { take, ..change });
        }
        let put = words(&there, due.indexed_sequence).into_iter().collect();
        if gone.is_empty() {
            return Ok(Change { put, ..change });
        }
        let take = gone.difference(&words(&there, i64::MIN)).cloned().collect();
        Ok(Change { put, take, ..change })
    }

    /// What changed of what the workspace says of itself.
    pub(super) async fn read_own(&self, due: &Due) -> Result<Change> {
        let version = due.current_state_id.as_ref().and_then(|id| id.parse().ok());
        let (had, outputs) = self
            .store
            .look(async |mut tx| {
                let had = store::search::list_own_words(&mut tx, &due.id).await?;
                let outputs = match &version {
                    Some(version) => store::state::list_outputs(&mut tx, version).await?,
                    None => Vec::new(),
                };
                Ok::<_, store::Error>((had, outputs))
            })
            .await?;
        let had: BTreeSet<String> = had.into_iter().map(|word| String::from_utf8_lossy(&word).into_owned()).collect();
        let mut own: BTreeSet<String> = BTreeSet::new();
        if !due.deleted {
            let (name, tags) = (fold(&due.name), tag_lines(&tags(&due.tag_list)));
            own.extend(Document::workspace(&name, &tags).words().map(str::to_owned));
            // In the order of bytes, whatever the database's own is: the first ones are found, each by all of its words.
            let mut names: Vec<String> = outputs.into_iter().map(|output| output.name).collect();
            names.sort();
            for name in names {
                own.extend(Document::output("", &name).words().map(str::to_owned));
                if own.len() >= OWN_WORDS {
                    break;
                }
            }
        }
        let [put, take] = [own.difference(&had), had.difference(&own)].map(|words| words.cloned().collect());
        Ok(Change { shelf: OWN_SHELF, put, take, ..Change::default() })
    }
}

fn words_of(instance: &Instance) -> Vec<String> {
    instance.document("").words().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_has_more_words_than_asked_for() {
        let words = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>();
        let change =
            Change { shelf: 3, put: words(25), take: words(11), passed: Some(("a".into(), 1)), ..Change::default() };
        let pieces = change.pieces(10);
        assert!(pieces.iter().all(|piece| piece.count() <= 10 && piece.shelf == 3), "{pieces:?}");
        assert_eq!(pieces.iter().map(Change::count).sum::<usize>(), 36);
        let passing: Vec<bool> = pieces.iter().map(|piece| piece.passed.is_some()).collect();
        assert_eq!(passing, [false, false, false, false, false, true], "what ended is passed last");
        assert!(Change::default().pieces(10).is_empty());
    }
}
