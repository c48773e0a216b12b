//! Why a run waits, and which place it has: for everybody who looks at it, in one sentence.

use crate::{App, Result};
use domain::{
    id::RunId,
    lock::Holder,
    queue::{Obstacle, Runners, Standing, obstacle},
    run::Status,
    time::Time,
};
use std::collections::HashMap;
use store::{queue::Place, run::Run, workspace::Workspace};

/// Why a run waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What it waits for.
    pub reason: String,
    /// Since when.
    pub since: Time,
    /// Its place among those that wait for the same: 1 is next.
    pub place: i64,
    /// How many those are.
    pub total: i64,
    /// What they wait in: `the queue of acme`.
    pub queue: String,
    /// Whether it waits for room, or for a runner, which clients know as `pending` and `confirmed`.
    pub for_room: bool,
    /// How many runs have to end before it begins, and those that execute: what clients call its position.
    pub position: i64,
}

impl Waiting {
    /// The reason and the place, without the time.
    pub fn sentence(&self) -> String {
        let Self { reason, place, total, queue, .. } = self;
        if *total > 1 { format!("{reason}; position {place} of {total} in {queue}") } else { reason.clone() }
    }
    /// How long it waits, in words: `12 s`.
    pub fn duration(&self, now: Time) -> String {
        let seconds = (now.micros() - self.since.micros()).max(0) / 1_000_000;
        match seconds {
            0..120 => format!("{seconds} s"),
            120..7_200 => format!("{} min", seconds / 60),
            _ => format!("{} h", seconds / 3_600),
        }
    }
}

/// What is the same for every phase of one organization.
struct Surroundings {
    organization: String,
    standing: Standing,
    runners: Runners,
}

impl App {
    /// Why a run waits, if it does.
    pub async fn waiting(&self, run: &Run, workspace: &Workspace) -> Result<Option<Waiting>> {
        Ok(self.list_waiting(&[run], workspace).await?.remove(&run.id))
    }

    /// Why those of these runs of one workspace wait that do.
    pub async fn list_waiting(&self, runs: &[&Run], workspace: &Workspace) -> Result<HashMap<RunId, Waiting>> {
        let mut queued = Vec::new();
        let mut pending = Vec::new();
        for run in runs {
            match run.status()? {
                Status::PlanQueued => queued.push((*run, run.id.plan().to_string())),
                Status::ApplyQueued => queued.push((*run, run.id.apply().to_string())),
                Status::Pending | Status::Confirmed => pending.push(*run),
                _ => {}
            }
        }
        let mut waiting = HashMap::new();
        if !queued.is_empty() {
            self.wait_for_room(&queued, workspace, &mut waiting).await?;
        }
        if !pending.is_empty() {
            self.wait_for_workspace(&pending, workspace, &mut waiting).await?;
        }
        Ok(waiting)
    }

    async fn wait_for_room(
        &self,
        queued: &[(&Run, String)],
        workspace: &Workspace,
        waiting: &mut HashMap<RunId, Waiting>,
    ) -> Result<()> {
        let defaults = self.queue_defaults();
        let phases: Vec<&str> = queued.iter().map(|(_, phase)| phase.as_str()).collect();
        let (standing, busy, beside, places) = self
            .store
            .read(async |mut tx| {
                let standing = store::queue::standing(&mut tx, &workspace.organization_id, defaults).await?;
                let busy = store::queue::count_running(&mut tx).await?;
                let beside = store::queue::count_beside(&mut tx, &workspace.id).await?;
                Ok::<_, store::Error>((standing, busy, beside, store::queue::places(&mut tx, &phases).await?))
            })
            .await?;
        let runners = Runners { idle: self.hub.line().idle(""), busy };
        let around = Surroundings { organization: workspace.organization_name.clone(), standing, runners };
        let limit = workspace.plan_limit.unwrap_or(defaults.workspace);
        for (run, phase) in queued {
            // One that was claimed meanwhile waits no more.
            if let Some(place) = places.iter().find(|place| place.phase_id == *phase) {
                waiting.insert(run.id.clone(), for_room(place, &around, (limit, beside), &workspace.name));
            }
        }
        Ok(())
    }

    async fn wait_for_workspace(
        &self,
        pending: &[&Run],
        workspace: &Workspace,
        waiting: &mut HashMap<RunId, Waiting>,
    ) -> Result<()> {
        let ids: Vec<&str> = pending.iter().map(|run| run.id.as_str()).collect();
        let places =
            self.store.look(async |mut tx| store::run::list_places(&mut tx, &workspace.id, &ids).await).await?;
        let reason = self.why_not_free(workspace).await?;
        for run in pending {
            let (place, total) = places
                .iter()
                .find(|(id, ..)| id == run.id.as_str())
                .map_or((1, 1), |(_, place, total)| (*place, *total));
            let confirmed =
                run.timestamps().get(&Status::Confirmed.timestamp()).and_then(|at| Time::parse(at.as_str()?));
            let since = confirmed.filter(|_| run.save_plan).unwrap_or(run.created_at);
            let queue = format!("the queue of workspace {}", workspace.name);
            let told = Waiting { reason: reason.clone(), since, place, total, queue, for_room: false, position: place };
            waiting.insert(run.id.clone(), told);
        }
        Ok(())
    }

    /// Who keeps a workspace from the next run, and what would free it.
    async fn why_not_free(&self, workspace: &Workspace) -> Result<String> {
        let Some(lock) = workspace.lock()? else { return Ok("the workspace is free: it begins at once".into()) };
        match lock.holder {
            Holder::Client { user, .. } => {
                let names = self.user_names(&[user.as_str()]).await?;
                let who = names.get(user.as_str()).map_or(user.as_str(), String::as_str);
                let why = if lock.reason.is_empty() { String::new() } else { format!(" ({})", lock.reason) };
                Ok(format!(
                    "workspace {} is locked by {who}{why}; it begins when that lock is given back",
                    workspace.name
                ))
            }
            Holder::Run(holder) => {
                let run = self.store.look(async |mut tx| store::run::find(&mut tx, &holder).await).await?;
                let status = run.map(|run| run.status()).transpose()?;
                let what = match status {
                    Some(status) if asks(status) => "waits for somebody to confirm or discard it".to_owned(),
                    Some(status) => format!("is {}", status.as_str().replace('_', " ")),
                    None => "ends".into(),
                };
                Ok(format!(
                    "waiting for {holder} to end or be discarded: it has workspace {} and {what}",
                    workspace.name
                ))
            }
        }
    }
}

/// Whether a run that stands there goes on only when a person says so.
fn asks(status: Status) -> bool {
    matches!(
        status,
        Status::Planned
            | Status::PostPlanAwaitingDecision
            | Status::PostPlanCompleted
            | Status::CostEstimated
            | Status::PolicyOverride
            | Status::PolicyChecked
    )
}

fn for_room(place: &Place, around: &Surroundings, beside: (i64, i64), workspace: &str) -> Waiting {
    let Surroundings { organization, standing, runners } = around;
    let obstacle = obstacle(*standing, place.is_beside().then_some(beside), *runners);
    let reason = match obstacle {
        Obstacle::Organization { limit, running } => {
            format!("{running} of {limit} slots of organization {organization} are busy")
        }
        Obstacle::Workspace { limit, running } => {
            format!("{running} of {limit} slots for plans beside the run of workspace {workspace} are busy")
        }
        Obstacle::NoRunner => "no runner is connected to this server".into(),
        Obstacle::Runners { busy: 1 } => "every runner is busy: 1 phase executes".into(),
        Obstacle::Runners { busy } => format!("every runner is busy: {busy} phases execute"),
        Obstacle::Turn => "a runner is free and takes it at once".into(),
    };
    Waiting {
        reason,
        since: Time::from_micros(place.queued_at),
        place: place.place,
        total: place.total,
        queue: format!("the queue of {organization}"),
        for_room: obstacle != Obstacle::Turn,
        position: standing.running + place.place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wait_is_told_in_larger_units() {
        let at = |seconds| {
            let since = Time::from_micros(0);
            let waiting = Waiting {
                reason: "r".into(),
                since,
                place: 2,
                total: 3,
                queue: "the queue of acme".into(),
                for_room: true,
                position: 2,
            };
            assert_eq!(waiting.sentence(), "r; position 2 of 3 in the queue of acme");
            waiting.duration(since.plus_seconds(seconds))
        };
        assert_eq!([-5, 12, 119, 125, 7_199, 8_000].map(at), ["0 s", "12 s", "119 s", "2 min", "119 min", "2 h"]);
    }
}
