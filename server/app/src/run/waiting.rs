//! Why a run waits, and which place it has: for everybody who looks at it, in one sentence.

use super::Phases;
use crate::{App, Result};
use domain::{
    id::{OrganizationId, RunId, WorkspaceId},
    lock::Holder,
    queue::{Obstacle, Runners, Standing, obstacle},
    run::Status,
    time::Time,
};
use std::collections::{BTreeSet, HashMap, hash_map::Entry};
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
}

impl App {
    /// Why a run waits, if it does.
    pub async fn waiting(&self, run: &Run, workspace: &Workspace) -> Result<Option<Waiting>> {
        Ok(self.list_waiting(&[(run, workspace)]).await?.remove(&run.id))
    }

    /// Why those of these runs of one organization wait that do. Each comes with its workspace.
    pub async fn list_waiting(&self, runs: &[(&Run, &Workspace)]) -> Result<HashMap<RunId, Waiting>> {
        let mut queued = Vec::new();
        let mut pending = Vec::new();
        let mut applying = Vec::new();
        for (run, workspace) in runs {
            match run.status()? {
                Status::PlanQueued => queued.push((*run, *workspace, run.id.plan().to_string())),
                Status::ApplyQueued => queued.push((*run, *workspace, run.id.apply().to_string())),
                Status::Pending | Status::Confirmed => pending.push((*run, *workspace)),
                Status::Applying => applying.push(*run),
                _ => {}
            }
        }
        let mut waiting = HashMap::new();
        for run in applying {
            if let Some(recovering) = self.recovering(run).await? {
                waiting.insert(run.id.clone(), recovering);
            }
        }
        if let Some((run, workspace, _)) = queued.first() {
            let organization = (&run.organization_id, workspace.organization_name.as_str());
            self.wait_for_room(organization, &queued, &mut waiting).await?;
        }
        if !pending.is_empty() {
            self.wait_for_workspace(&pending, &mut waiting).await?;
        }
        Ok(waiting)
    }

    async fn wait_for_room(
        &self,
        (organization, name): (&OrganizationId, &str),
        queued: &[(&Run, &Workspace, String)],
        waiting: &mut HashMap<RunId, Waiting>,
    ) -> Result<()> {
        let defaults = self.queue_defaults();
        let phases: Vec<&str> = queued.iter().map(|(.., phase)| phase.as_str()).collect();
        let (standing, places) = self
            .store
            .read(async |mut tx| {
                let standing = store::queue::standing(&mut tx, organization, defaults).await?;
                Ok::<_, store::Error>((standing, store::queue::places(&mut tx, &phases).await?))
            })
            .await?;
        let mut runners: HashMap<Option<&str>, (Runners, Option<String>)> = HashMap::new();
        for pool in places.iter().map(|place| place.agent_pool_id.as_deref()) {
            if let Entry::Vacant(unknown) = runners.entry(pool) {
                let known = self.runners(pool).await?;
                let refused = if known.connected == 0 { self.refused_runner(pool).await? } else { None };
                unknown.insert((known, refused));
            }
        }
        let around = Surroundings { organization: name.to_owned(), standing };
        let places: HashMap<&str, &Place> = places.iter().map(|place| (place.phase_id.as_str(), place)).collect();
        for (run, workspace, phase) in queued {
            // One that was claimed meanwhile waits no more.
            if let Some(place) = places.get(phase.as_str()) {
                let limit = workspace.plan_limit.unwrap_or(defaults.workspace);
                waiting.insert(
                    run.id.clone(),
                    for_room(place, &around, &runners[&place.agent_pool_id.as_deref()], (limit, &workspace.name)),
                );
            }
        }
        Ok(())
    }

    /// The runners of a pool, or the site's.
    async fn runners(&self, pool: Option<&str>) -> Result<Runners> {
        let busy = self.store.look(async |mut tx| store::queue::count_running(&mut tx, pool).await).await?;
        let idle = self.hub.line().idle(pool.unwrap_or_default());
        Ok(Runners { connected: self.count_runners(pool).await?, idle, busy })
    }

    /// What is known of an apply whose runner was lost, and what can be done.
    async fn recovering(&self, run: &Run) -> Result<Option<Waiting>> {
        let Phases { apply, .. } = self.phases(&run.id).await?;
        let Some(lost) = apply.lost_at.map(Time::from_micros) else { return Ok(None) };
        let runner = match apply.agent_id.as_deref().and_then(|id| id.parse().ok()) {
            Some(id) => self.store.look(async |mut tx| store::agent::find(&mut tx, &id).await).await?,
            None => None,
        };
        let name = runner.map_or_else(|| "its runner".to_owned(), |agent| format!("its runner {}", agent.name));
        let reason = format!(
            "recovering: {name} was not heard of since {lost} while it applied. Terraform may still be at work there, so the workspace stays \
             locked, and every state that arrives is kept. The run goes on by itself when the runner comes back. If you know that \
             terraform has ended there, cancel the run and then force-cancel it"
        );
        let queue = String::new();
        Ok(Some(Waiting { reason, since: lost, place: 0, total: 0, queue, for_room: false, position: 0 }))
    }

    async fn wait_for_workspace(
        &self,
        pending: &[(&Run, &Workspace)],
        waiting: &mut HashMap<RunId, Waiting>,
    ) -> Result<()> {
        let runs: Vec<&str> = pending.iter().map(|(run, _)| run.id.as_str()).collect();
        let workspaces: BTreeSet<&str> = pending.iter().map(|(_, workspace)| workspace.id.as_str()).collect();
        let workspaces: Vec<&str> = workspaces.into_iter().collect();
        let places = self.store.look(async |mut tx| store::run::list_places(&mut tx, &workspaces, &runs).await).await?;
        let places: HashMap<&str, (i64, i64)> =
            places.iter().map(|(id, place, total)| (id.as_str(), (*place, *total))).collect();
        let reasons = self.why_not_free(pending).await?;
        for (run, workspace) in pending {
            let (place, total) = places.get(run.id.as_str()).copied().unwrap_or((1, 1));
            let confirmed =
                run.timestamps().get(&Status::Confirmed.timestamp()).and_then(|at| Time::parse(at.as_str()?));
            let told = Waiting {
                reason: reasons.get(&workspace.id).cloned().unwrap_or_default(),
                since: confirmed.filter(|_| run.save_plan).unwrap_or(run.created_at),
                place,
                total,
                queue: format!("the queue of workspace {}", workspace.name),
                for_room: false,
                position: place,
            };
            waiting.insert(run.id.clone(), told);
        }
        Ok(())
    }

    /// Who keeps each of these workspaces from its next run, and what would free it.
    async fn why_not_free(&self, pending: &[(&Run, &Workspace)]) -> Result<HashMap<WorkspaceId, String>> {
        let mut locks = HashMap::new();
        for (_, workspace) in pending {
            locks.insert(&workspace.id, (*workspace, workspace.lock()?));
        }
        let (mut users, mut runs) = (Vec::new(), Vec::new());
        for lock in locks.values().filter_map(|(_, lock)| lock.as_ref()) {
            match &lock.holder {
                Holder::Client { user, .. } => users.push(user.as_str()),
                Holder::Run(run) => runs.push(run.as_str()),
            }
        }
        let names = if users.is_empty() { HashMap::new() } else { self.user_names(&users).await? };
        let runs = self.store.look(async |mut tx| store::run::list_by_id(&mut tx, &runs).await).await?;
        let mut reasons = HashMap::new();
        for (id, (workspace, lock)) in &locks {
            let reason = match lock.as_ref().map(|lock| (&lock.holder, &lock.reason)) {
                None => "the workspace is free: it begins at once".into(),
                Some((Holder::Client { user, .. }, why)) => {
                    let who = names.get(user.as_str()).map_or(user.as_str(), String::as_str);
                    let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
                    let name = &workspace.name;
                    format!("workspace {name} is locked by {who}{why}; it begins when that lock is given back")
                }
                Some((Holder::Run(holder), _)) => {
                    let status = runs.iter().find(|run| run.id == *holder).map(Run::status).transpose()?;
                    let what = match status {
                        Some(status) if asks(status) => "waits for somebody to confirm or discard it".to_owned(),
                        Some(status) => format!("is {}", status.as_str().replace('_', " ")),
                        None => "ends".into(),
                    };
                    let name = &workspace.name;
                    format!("waiting for {holder} to end or be discarded: it has workspace {name} and {what}")
                }
            };
            reasons.insert((*id).clone(), reason);
        }
        Ok(reasons)
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

fn for_room(
    place: &Place,
    around: &Surroundings,
    (runners, refused): &(Runners, Option<String>),
    (plan_limit, workspace): (i64, &str),
) -> Waiting {
    let Surroundings { organization, standing } = around;
    let obstacle = obstacle(*standing, place.is_beside().then_some((plan_limit, place.beside)), *runners);
    let reason = match obstacle {
        Obstacle::Organization { limit, running } => {
            format!("{running} of {limit} slots of organization {organization} are busy")
        }
        Obstacle::Workspace { limit, running } => {
            format!("{running} of {limit} slots for plans beside the run of workspace {workspace} are busy")
        }
        Obstacle::NoRunner if place.agent_pool_id.is_some() => {
            "no agent of the workspace's pool is connected: start one, or choose another pool".into()
        }
        Obstacle::NoRunner => {
            "no runner is connected: start one, or let the server execute runs itself (--runner on)".into()
        }
        Obstacle::Runners { busy: 0 } => "no runner is free yet".into(),
        Obstacle::Runners { busy: 1 } => "every runner is busy: 1 phase executes".into(),
        Obstacle::Runners { busy } => format!("every runner is busy: {busy} phases execute"),
        Obstacle::Turn => "a runner is free and takes it at once".into(),
    };
    let reason = match refused {
        Some(why) if obstacle == Obstacle::NoRunner => format!("{reason}; {why}"),
        _ => reason,
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
