//! End phases that nobody speaks for any more: whose lease nobody prolonged, whose runner came back without them, or of which a person says so.
//!
//! Whether a lease is over is judged by how long this server itself saw it unrenewed, on a clock that nobody sets: neither a step of the
//! machine's time nor the clock of another server can end a lease, or prolong it.

use super::{
    claim::lease_seconds,
    finish::{ATTEMPTS, hold_running},
};
use crate::{App, Result, hub::Event, run::advance};
use domain::{
    id::AgentId,
    run::{Event as RunEvent, PhaseStatus},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use store::{
    Tx,
    phase::{LeaseMark, Phase},
};

/// What this server last saw of each lease, and since when.
#[derive(Debug, Default)]
pub struct Renewals(Mutex<HashMap<String, (LeaseMark, Duration)>>);

impl Renewals {
    /// Notes these leases, all that there are, and gives those that stayed as they are for longer than they last without a renewal.
    fn overdue(&self, leases: Vec<LeaseMark>, now: Duration, lasts: impl Fn(&LeaseMark) -> Duration) -> Vec<LeaseMark> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *seen);
        let mut overdue = Vec::new();
        for mark in leases {
            let since = before.remove(&mark.phase_id).filter(|(last, _)| *last == mark).map_or(now, |(_, since)| since);
            if now.saturating_sub(since) > lasts(&mark) {
                overdue.push(mark.clone());
            }
            seen.insert(mark.phase_id.clone(), (mark, since));
        }
        overdue
    }
}

impl App {
    /// Looks after phases whose lease is over. A plan, or an apply that was not begun, changed nothing: it is offered again or ended, and its
    /// workspace is free. Of an apply that was begun nobody knows whether its engine is still at work: it stays as it is, and so does the
    /// lock, until its runner comes back, its death is proved, or a person forces its end. Idempotent; the reconciler calls it every few
    /// seconds, and whatever it sees for the first time has a whole lease before it.
    pub async fn end_lost_phases(&self) -> Result<usize> {
        let now = self.now();
        let leases = self.store.look(async |mut tx| store::phase::list_leases(&mut tx).await).await?;
        let lasts = |mark: &LeaseMark| {
            // Which runner has it makes no difference here: nobody is given up too early.
            Duration::from_secs(lease_seconds(&self.limits, mark.acts()).into())
        };
        let mut ended = 0;
        for mark in self.renewals.overdue(leases, self.clock.steady(), lasts) {
            let found = self.store.look(async |mut tx| store::phase::find(&mut tx, &mark.phase_id).await).await?;
            let same = |phase: &Phase| phase.fence == mark.fence && phase.lease_until == mark.lease_until;
            let Some(phase) = found.filter(same) else { continue };
            if phase.acts() && phase.started_at.is_some() {
                if self.store.write(async |mut tx| store::phase::set_lost(&mut tx, &phase, now).await).await? {
                    tracing::warn!(phase = %phase.id, kind = phase.kind, "the runner of a phase that changes things was lost: it stays as it is until more is known");
                    self.after(vec![Event::Run { workspace: phase.workspace_id.clone(), run: phase.run_id.clone() }]);
                }
            } else if self.end_unrenewed(&phase).await? {
                ended += 1;
            }
        }
        Ok(ended)
    }

    async fn end_unrenewed(&self, phase: &Phase) -> Result<bool> {
        let why = "its runner was lost";
        self.end_without_runner(phase, &Ground::Unrenewed, why, PhaseStatus::Errored, RunEvent::Fail).await
    }

    /// Ends a phase that its agent, at this start of it, came without: its engine is certainly dead.
    pub(crate) async fn end_not_held(&self, phase: &Phase, agent: &AgentId, session: i64) -> Result<bool> {
        let why = "its runner was started again, and terraform is gone";
        let ground = Ground::NotHeld { agent, session };
        self.end_without_runner(phase, &ground, why, PhaseStatus::Errored, RunEvent::Fail).await
    }

    /// Ends an apply or a test whose runner was lost, because a person says so.
    pub(crate) async fn end_forced(&self, phase: &Phase, who: &str) -> Result<bool> {
        let why = format!("{who} forced its end while its runner was lost");
        self.end_without_runner(phase, &Ground::Forced, &why, PhaseStatus::Canceled, RunEvent::Stopped).await
    }

    async fn end_without_runner(
        &self,
        lost: &Phase,
        ground: &Ground<'_>,
        why: &str,
        status: PhaseStatus,
        event: RunEvent,
    ) -> Result<bool> {
        let now = self.now();
        let events = self
            .store
            .write(async |mut tx| {
                let Some((mut phase, mut run)) = hold_running(&mut tx, lost).await? else { return Ok(None) };
                if !ground.stands(&mut tx, lost, &phase).await? {
                    return Ok(None);
                }
                // A plan changes nothing. An apply or a test is announced before its process is started: one that was not has not begun.
                let harmless = !phase.acts() || phase.started_at.is_none();
                if harmless && phase.attempts < ATTEMPTS {
                    return advance::again(&mut tx, &phase, run, now).await.map(Some);
                }
                run.reason = Some(if harmless {
                    format!("{why} while it {}: nothing was changed; start the run again", doing(&phase))
                } else if phase.is_test() {
                    format!("{why} while it tested: what the test made may still be there, and no state knows it; look for it, then test again")
                } else {
                    format!(
                        "{why} while it applied: the last state that arrived is kept; look at the log for what was changed after it, then plan again"
                    )
                });
                store::phase::discard_artifacts(&mut tx, &phase.id, "%", now).await?;
                // A state that still comes may be the last that there is.
                phase.lost_at.get_or_insert(now.micros());
                store::phase::finish(&mut tx, &phase, status, now).await?;
                advance::take(&mut tx, run, event, now).await.map(Some)
            })
            .await?;
        let Some(events) = events else { return Ok(false) };
        tracing::warn!(phase = %lost.id, why, "ended a phase without its runner");
        self.after(events);
        self.hub.announce([Event::Log(lost.id.clone()), Event::Wish(lost.id.clone())]);
        Ok(true)
    }
}

/// On what ground a phase is ended without its runner. It was seen outside the transaction, and is judged again inside.
enum Ground<'a> {
    /// Nobody prolonged its lease.
    Unrenewed,
    /// Its agent was started again without it.
    NotHeld { agent: &'a AgentId, session: i64 },
    /// A person says so, of one that is lost.
    Forced,
}

impl Ground<'_> {
    async fn stands(&self, tx: &mut Tx, seen: &Phase, phase: &Phase) -> Result<bool> {
        Ok(match self {
            // An apply that was begun meanwhile is another matter.
            Self::Unrenewed => {
                phase.lease_until == seen.lease_until && phase.started_at.is_some() == seen.started_at.is_some()
            }
            // What a hello says of that which is held, a later one says better.
            Self::NotHeld { agent, session } => {
                store::agent::find(tx, agent).await?.is_some_and(|agent| agent.session == *session)
            }
            Self::Forced => phase.lost_at.is_some(),
        })
    }
}

fn doing(phase: &Phase) -> &'static str {
    match phase.kind.as_str() {
        "apply" => "began to apply",
        "test" => "began to test",
        _ => "planned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(until: i64) -> LeaseMark {
        LeaseMark { phase_id: "plan-1".into(), fence: 1, lease_until: Some(until), kind: "plan".into() }
    }

    #[test]
    fn a_lease_is_over_when_it_was_seen_unrenewed_for_as_long_as_it_lasts() {
        let renewals = Renewals::default();
        let overdue = |until, now| {
            let lasts = |_: &LeaseMark| Duration::from_secs(30);
            renewals.overdue(vec![mark(until)], Duration::from_secs(now), lasts).len()
        };
        assert_eq!(
            [overdue(5, 100), overdue(5, 130), overdue(5, 131)],
            [0, 0, 1],
            "what it says of its own end counts for nothing"
        );
        assert_eq!(
            [overdue(4, 132), overdue(4, 162), overdue(4, 163)],
            [0, 0, 1],
            "one prolonged after the time was set back is new"
        );
        assert!(renewals.overdue(Vec::new(), Duration::from_secs(164), |_| Duration::ZERO).is_empty());
        assert_eq!(overdue(4, 200), 0, "one that was gone meanwhile begins anew");
    }
}
