//! Runs in any order, with a runner that may do anything: properties that hold whatever happens.

use crate::town::{Dice, Engine, Town, inside, state};
use app::{Content, Error, NewRun, Unlock, Which};
use domain::{id::RunId, permission::Permission, run::Status};
use protocol::{Counts, Job, Outcome, Phase};
use std::collections::{BTreeMap, BTreeSet};

struct Story {
    town: Town,
    dice: Dice,
    runs: Vec<RunId>,
    jobs: Vec<Job>,
    serial: i64,
    /// MD5 of every state that was acknowledged.
    kept: BTreeSet<String>,
    applies: BTreeMap<String, u32>,
}

/// Only what a door may answer: a conflict, a refusal, never a failure of ours.
fn fair<T>(answer: Result<T, Error>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(Error::Conflict(_) | Error::Forbidden(_) | Error::Locked { .. }) => None,
        Err(other) => panic!("{other:?}"),
    }
}

impl Story {
    async fn step(&mut self) {
        self.town.clock.pass(3);
        let owner = self.town.caller("owner").await;
        let ws = self.town.workspace.clone();
        match self.dice.below(24) {
            0 | 1 => {
                let dice = &self.dice;
                let coin = || dice.below(3) == 0;
                let new = NewRun {
                    plan_only: Some(coin()),
                    save_plan: coin(),
                    auto_apply: Some(coin()),
                    allow_empty_apply: coin(),
                    ..NewRun::default()
                };
                self.runs.push(self.town.new_run(&owner, &ws, new).await);
            }
            2 => drop(fair(self.town.app.lock(&owner, &ws, "mine", None).await)),
            3 | 4 => drop(fair(self.town.app.unlock(&owner, &ws, Unlock::Own).await)),
            5 => {
                self.town.nobody_speaks(130).await;
            }
            6..=9 => {
                let Some(run) = self.pick() else { return };
                let app = &self.town.app;
                let answer = match self.dice.below(6) {
                    0..=2 => app.confirm_run(&owner, &run, "").await,
                    3 => app.discard_run(&owner, &run, "").await,
                    4 => app.cancel_run(&owner, &run, "").await,
                    _ => app.force_cancel_run(&owner, &run, "").await,
                };
                fair(answer);
            }
            10..=14 => self.claim().await,
            _ => self.work().await,
        }
    }

    fn pick(&self) -> Option<RunId> {
        (!self.runs.is_empty()).then(|| self.runs[self.dice.below(self.runs.len())].clone())
    }

    async fn claim(&mut self) {
        let defaults = store::queue::Defaults { organization: 2, workspace: 2 };
        let store = &self.town.app.store;
        if store.look(async |mut tx| store::queue::candidates(&mut tx, None, defaults).await).await.unwrap().is_empty()
        {
            return;
        }
        let job = self.town.app.claim(&inside(), None).await.unwrap();
        if job.phase == Phase::Apply {
            // A runner that dies before it announces the process has executed nothing: the apply is offered again.
            if self.dice.below(4) == 0 {
                return;
            }
            self.town.app.started(&job.lease, "1.11.4", None).await.unwrap();
            *self.applies.entry(job.run_id.clone()).or_default() += 1;
        }
        self.jobs.push(job);
    }

    async fn work(&mut self) {
        if self.jobs.is_empty() {
            return;
        }
        let at = self.dice.below(self.jobs.len());
        let job = self.jobs[at].clone();
        let apply = job.phase == Phase::Apply;
        match self.dice.below(8) {
            0 => drop(fair(self.town.app.write_log(&job.lease, 0, "log".into()).await)),
            1 if apply => self.put_state(&job).await,
            2 => drop(self.jobs.swap_remove(at)), // it vanishes
            3 => drop(self.town.app.renew(&job.lease).await.unwrap()),
            _ => {
                self.jobs.swap_remove(at);
                let counts = Counts::default();
                let outcome = match (self.dice.below(8), apply) {
                    (0, _) => Outcome::Failed { reason: "it failed".into(), exit_code: Some(1) },
                    (1, _) => Outcome::Canceled { killed: false },
                    (2, false) => Outcome::Unfinished { reason: "the runner stops".into() },
                    (_, true) => Outcome::Applied { counts },
                    (n, false) => Outcome::Planned { has_changes: n != 3, counts, generated_configuration: false },
                };
                fair(self.town.app.finish(&job.lease, outcome, Vec::new()).await);
            }
        }
    }

    async fn put_state(&mut self, job: &Job) {
        self.serial += 1;
        let names = ["a", "b", "c"].map(|name| (name, self.dice.roll() % 3));
        let some: Vec<_> = names.into_iter().filter(|(_, value)| *value > 0).collect();
        let bytes = state(self.serial, "l", &some);
        if fair(self.town.app.put_state(&job.lease, app::Upload::of(bytes.clone())).await).is_some() {
            self.kept.insert(Content::read(bytes.as_bytes()).unwrap().md5);
        }
    }

    /// What holds at any time.
    async fn check(&self) {
        let owner = self.town.caller("owner").await;
        let mut holders = Vec::new();
        for id in &self.runs {
            let run = self.town.app.run(&owner, id).await.unwrap();
            let status = run.status().unwrap();
            let holds = run.traits().holds_workspace() && status != Status::Pending;
            if !status.is_final() && (holds || matches!(status, Status::ApplyQueued | Status::Applying)) {
                holders.push((id, status));
            }
        }
        assert!(holders.len() <= 1, "one run a workspace: {holders:?}");
        assert!(self.applies.values().all(|times| *times == 1), "no apply executes twice: {:?}", self.applies);
    }

    async fn end(&mut self) {
        let owner = self.town.caller("owner").await;
        drop(fair(self.town.app.unlock(&owner, &self.town.workspace, Unlock::Own).await));
        for _ in 0..self.runs.len() * 8 + 8 {
            self.town.nobody_speaks(200).await;
            let mut open = false;
            for id in self.runs.clone() {
                let run = self.town.app.run(&owner, &id).await.unwrap();
                if run.status().unwrap().is_final() {
                    continue;
                }
                open = true;
                // An apply whose runner was lost ends when a person says that it is dead.
                drop(fair(self.town.app.force_cancel_run(&owner, &id, "").await));
                if fair(self.town.app.cancel_run(&owner, &id, "").await).is_none() {
                    drop(fair(self.town.app.discard_run(&owner, &id, "").await));
                }
            }
            if !open {
                break;
            }
        }
        for id in &self.runs {
            let run = self.town.app.run(&owner, id).await.unwrap();
            assert!(run.status().unwrap().is_final(), "every run ends: {id} is {:?}", run.status());
            let phases = self.town.app.phases(id).await.unwrap();
            for phase in [phases.plan, phases.apply] {
                let status = phase.status().unwrap();
                assert!(status.is_final(), "every phase ends: {} is {status:?}", phase.id);
            }
        }
        let which = Which::Id(&self.town.workspace);
        let workspace = self.town.app.workspace(&owner, which, Permission::Read).await.unwrap();
        assert_eq!(workspace.lock().unwrap(), None, "the lock is free at the end");
        let (versions, _) = self.town.app.list_state_versions(&owner, &self.town.workspace, 10_000, 0).await.unwrap();
        let there: BTreeSet<String> = versions.iter().map(|version| version.md5.clone()).collect();
        let gone: Vec<_> = self.kept.difference(&there).collect();
        assert!(
            gone.is_empty(),
            "every acknowledged state is there: {gone:?} of {} are not among {}",
            self.kept.len(),
            there.len()
        );
        let Some((current, _)) = self.town.app.current_state(&owner, which).await.unwrap() else { return };
        let content = Content::read(&self.town.app.state_bytes(&current).await.unwrap()[..]).unwrap();
        let said: BTreeMap<_, _> = content.resources.into_iter().map(|r| (r.address, r.hash)).collect();
        let look = self
            .town
            .app
            .store
            .look(async |mut tx| store::state::list_current_hashes(&mut tx, &self.town.workspace).await);
        let rows = look.await.unwrap();
        assert_eq!(rows.len(), said.len(), "each instance once");
        assert_eq!(rows.into_iter().collect::<BTreeMap<_, _>>(), said, "the index is what the current state says");
    }
}

async fn stories(engine: Engine, seeds: std::ops::Range<u64>, steps: usize) {
    let mut applied = 0;
    for seed in seeds {
        let Some(town) = Town::build(engine).await else { return };
        let mut story = Story {
            town,
            dice: Dice::new(seed),
            runs: Vec::new(),
            jobs: Vec::new(),
            serial: 0,
            kept: BTreeSet::new(),
            applies: BTreeMap::new(),
        };
        println!("seed {seed}");
        for _ in 0..steps {
            story.step().await;
            story.check().await;
        }
        story.end().await;
        applied += story.applies.len();
    }
    assert!(applied > 0, "some of them apply");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_any_order_on_sqlite() {
    Box::pin(stories(Engine::Sqlite, 0..12, 80)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_any_order_on_postgres() {
    Box::pin(stories(Engine::Postgres, 100..104, 60)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_decides_at_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(town) = Town::build(engine).await else { continue };
        let owner = town.caller("owner").await;
        let run = town.new_run(&owner, &town.workspace, NewRun::default()).await;
        let job = town.app.claim(&inside(), None).await.unwrap();
        town.planned(&job, true).await;
        let confirms = futures::future::join_all((0..6).map(|_| town.app.confirm_run(&owner, &run, "")));
        let discards = futures::future::join_all((0..6).map(|_| town.app.discard_run(&owner, &run, "")));
        let (confirms, discards) = futures::future::join(confirms, discards).await;
        let won = confirms.into_iter().chain(discards).filter_map(fair).count();
        assert_eq!(won, 1, "one decision on {engine:?}");
    }
}
