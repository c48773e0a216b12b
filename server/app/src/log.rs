//! Logs of phases. Every tail, a CLI's or a browser's, reads the same bytes.

use crate::{App, Error, Result, hub::Event, run::is_over};
use bytes::{Bytes, BytesMut};
use protocol::Lease;
use store::{log::Chunk, phase::Phase};

/// The most bytes of one piece, opened.
const PIECE: usize = 64 * 1024;

/// A part of a log.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its bytes; none when there is nothing at that offset yet.
    pub bytes: Bytes,
    /// The phase has ended and its log ends with these bytes.
    pub ended: bool,
}

impl App {
    /// Appends to the log of a phase under its lease. Bytes that are there already are skipped, a gap is refused.
    pub async fn write_log(&self, lease: &Lease, offset: u64, bytes: Bytes) -> Result<()> {
        // The same bytes may come twice at once, when a runner gave up on an answer: whoever is late looks again at what is there.
        while !self.append_fresh(lease, offset, bytes.clone()).await? {}
        Ok(())
    }

    /// Whether everything that was not there yet is there now. Each `false` means that another append made progress.
    async fn append_fresh(&self, lease: &Lease, offset: u64, mut bytes: Bytes) -> Result<bool> {
        let phase = self.leased(lease).await?;
        let end = u64::try_from(phase.log_end).unwrap_or_default();
        if offset > end {
            return Err(Error::Conflict(format!("the log of {} ends at {end}: {offset} would leave a gap", phase.id)));
        }
        let known = usize::try_from(end - offset).unwrap_or(usize::MAX);
        let mut fresh = bytes.split_off(known.min(bytes.len()));
        let mut start = phase.log_end;
        while !fresh.is_empty() {
            let piece = fresh.split_to(fresh.len().min(PIECE));
            let length = i64::try_from(piece.len()).unwrap_or_default();
            let context = piece_context(&phase, start);
            let sealed = self.seal_compressed(&phase.workspace_id, &context.borrow(), &piece).await?;
            let chunk = Chunk { start, length, sealed };
            points::pass("log.append");
            let appended = self
                .store
                .write(async |mut tx| store::log::append(&mut tx, &phase.id, lease.fence, &chunk).await)
                .await?;
            points::pass("log.appended");
            if !appended {
                return Ok(false);
            }
            start += length;
            self.hub.announce([Event::Log(phase.id.clone())]);
        }
        Ok(true)
    }

    /// At most `limit` bytes of a log from `offset` on. Whoever may see the run, or has its signed address, may read it.
    pub async fn read_log(&self, phase: &str, offset: u64, limit: usize) -> Result<Part> {
        let missing = || Error::not_found(phase.chars().take(80).collect::<String>());
        let row =
            self.store.look(async |mut tx| store::phase::find(&mut tx, phase).await).await?.ok_or_else(missing)?;
        if let Some(at) = row.log_purged_at {
            let notice = format!("This log was removed {}.\n", crate::retention::removed(at)).into_bytes();
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(notice.len());
            let to = from.saturating_add(limit).min(notice.len());
            return Ok(Part { ended: to == notice.len(), bytes: Bytes::copy_from_slice(&notice[from..to]) });
        }
        let (at, end) = (i64::try_from(offset).unwrap_or(i64::MAX), row.log_end);
        let mut bytes = BytesMut::new();
        let mut next = at;
        while next < end && bytes.len() < limit {
            // One piece is mostly more than a reader takes; small ones are fetched a few at a time.
            let pieces = self.store.look(async |mut tx| store::log::list_from(&mut tx, phase, next, 16).await).await?;
            if pieces.is_empty() {
                break;
            }
            for piece in pieces {
                let context = piece_context(&row, piece.start);
                let length = u64::try_from(piece.length).unwrap_or_default();
                let opened = self.open_compressed(&row.workspace_id, &context.borrow(), &piece.sealed, length).await?;
                let from = usize::try_from(next - piece.start).unwrap_or_default().min(opened.len());
                let take = (opened.len() - from).min(limit - bytes.len());
                bytes.extend_from_slice(&opened[from..from + take]);
                next = piece.start + i64::try_from(from + take).unwrap_or_default();
                if bytes.len() == limit {
                    break;
                }
            }
        }
        Ok(Part { ended: is_over(&row) && next >= end, bytes: bytes.freeze() })
    }

    /// The phase, if this lease still holds it.
    pub(crate) async fn leased(&self, lease: &Lease) -> Result<Phase> {
        let found = self.store.look(async |mut tx| store::phase::find(&mut tx, &lease.phase_id).await).await?;
        let phase = found.ok_or_else(|| Error::not_found(lease.phase_id.clone()))?;
        let running = phase.status()? == domain::run::PhaseStatus::Running;
        let holds = phase.fence == lease.fence && phase.agent_id.as_deref() == Some(lease.agent.as_str());
        if running && holds { Ok(phase) } else { Err(lost(&phase.id)) }
    }
}

/// The refusal that a runner reads as "stop, nothing you say counts any more".
pub(crate) fn lost(phase: &str) -> Error {
    Error::Forbidden(format!("the lease of {phase} is lost"))
}

/// What binds a piece to its place.
pub(crate) struct PieceContext {
    id: String,
    organization: String,
}

impl PieceContext {
    pub(crate) fn borrow(&self) -> secrets::Context<'_> {
        crate::vault::context("log_chunks", &self.id, &self.organization)
    }
}

pub(crate) fn piece_context(phase: &Phase, start: i64) -> PieceContext {
    PieceContext { id: format!("{}@{start}", phase.id), organization: phase.organization_id.to_string() }
}
