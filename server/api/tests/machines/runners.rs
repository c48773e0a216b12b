//! What may go wrong between a server and a runner elsewhere, with a clock that goes when it is told to.

use crate::town::{Town, on_both, state};
use app::{Claimant, Content, Credential, Error, NewRun, Serves, Which};
use domain::{
    id::RunId,
    permission::Permission,
    run::{PhaseStatus, Status},
};
use protocol::{
    Artifact, Counts, Job, Lease, Outcome, Phase, Wish,
    wire::{Hello, Speaks},
};

on_both! {
    a_lost_apply_stays_locked_until_somebody_knows
    a_lost_apply_goes_on_when_its_runner_comes_back
    a_state_that_comes_late_is_current_if_nobody_wrote
    what_a_runner_sends_after_the_end_or_without_the_fence_is_never_current
    what_a_runner_says_of_itself_is_bounded
    an_answer_that_was_lost_is_given_again
    what_is_not_begun_can_be_handed_back
    a_later_start_takes_the_place_of_an_earlier_one
    nobody_speaks_for_the_phase_of_another
    what_is_handed_in_early_counts_at_the_end
    another_protocol_is_refused_in_words
    a_step_of_the_time_ends_no_lease_and_prolongs_none
    an_apply_that_is_begun_at_the_last_moment_is_not_ended
    an_earlier_start_finishes_what_it_holds
}

pub(crate) fn hello(agent: Option<&str>, holding: Vec<Lease>) -> Hello {
    let agent = agent.map(str::to_owned);
    Hello { speaks: Speaks::OURS, name: "there".into(), version: "0".into(), slots: 1, agent, holding }
}

pub(crate) async fn enlist(town: &Town, agent: Option<&str>, holding: Vec<Lease>) -> Claimant {
    let enlisted = town.app.enlist(&Serves::Site, &hello(agent, holding), "192.0.2.7").await.unwrap();
    town.app.claimant(&credential(town).await, &enlisted.agent, enlisted.session).await.unwrap()
}

/// What the token of the site's runners is good for.
pub(crate) async fn credential(town: &Town) -> Credential {
    town.app.authenticate_runner(&town.tokens["runner"]).await.unwrap()
}

/// A run whose apply this runner has begun.
pub(crate) async fn applying(town: &Town, runner: &Claimant) -> (RunId, Job) {
    let owner = town.caller("owner").await;
    let new = NewRun { auto_apply: Some(true), ..NewRun::default() };
    let run = town.new_run(&owner, &town.workspace, new).await;
    let plan = town.app.claim(runner, Some("plan")).await.unwrap();
    town.planned(&plan, true).await;
    let apply = town.app.claim(runner, Some("apply")).await.unwrap();
    assert_eq!(apply.phase, Phase::Apply);
    town.app.started(&apply.lease, "1.11.4", None).await.unwrap();
    (run, apply)
}

pub(crate) async fn status(town: &Town, run: &RunId) -> Status {
    town.app.run(&town.caller("owner").await, run).await.unwrap().status().unwrap()
}

async fn is_locked(town: &Town) -> bool {
    let owner = town.caller("owner").await;
    let workspace = town.app.workspace(&owner, Which::Id(&town.workspace), Permission::Read).await.unwrap();
    workspace.lock().unwrap().is_some()
}

async fn waits_for(town: &Town, run: &RunId) -> String {
    let owner = town.caller("owner").await;
    let (run, workspace) = town.app.run_and_workspace(&owner, run).await.unwrap();
    town.app.waiting(&run, &workspace).await.unwrap().map(|waiting| waiting.reason).unwrap_or_default()
}

async fn a_lost_apply_stays_locked_until_somebody_knows(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let (run, apply) = applying(town, &runner).await;
    town.nobody_speaks(24 * 3600).await;
    assert_eq!(status(town, &run).await, Status::Applying, "nobody knows that it is dead");
    assert!(is_locked(town).await);
    let reason = waits_for(town, &run).await;
    assert!(reason.starts_with("recovering: its runner there was not heard of since"), "{reason}");
    assert!(reason.contains("force-cancel"), "{reason}");
    let owner = town.caller("owner").await;
    town.app.cancel_run(&owner, &run, "").await.unwrap();
    assert_eq!(status(town, &run).await, Status::Applying);
    town.clock.pass(11);
    town.app.force_cancel_run(&owner, &run, "").await.unwrap();
    let row = town.app.run(&owner, &run).await.unwrap();
    assert!(row.status().unwrap().is_final());
    assert!(row.reason.unwrap().contains("owner forced its end while its runner was lost"));
    assert!(!is_locked(town).await);
    assert_eq!(town.app.renew(&apply.lease).await.unwrap(), Wish::Lost, "the runner hears it");
}

async fn a_lost_apply_goes_on_when_its_runner_comes_back(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let (run, apply) = applying(town, &runner).await;
    town.nobody_speaks(300).await;
    assert!(waits_for(town, &run).await.contains("recovering"));
    let again = enlist(town, Some(runner.agent.as_str()), vec![apply.lease.clone()]).await;
    assert_eq!(again.agent, runner.agent);
    assert!(town.app.adopt(&apply.lease).await.unwrap().is_some());
    assert_eq!(waits_for(town, &run).await, "");
    let outcome = Outcome::Applied { counts: Counts::default() };
    town.app.finish(&apply.lease, outcome, Vec::new()).await.unwrap();
    assert_eq!(status(town, &run).await, Status::Applied);
    // Had it come back without the phase, that would have been the proof of its death.
    let (run, _) = applying(town, &again).await;
    enlist(town, Some(runner.agent.as_str()), Vec::new()).await;
    let row = town.app.run(&town.caller("owner").await, &run).await.unwrap();
    assert_eq!(row.status().unwrap(), Status::Errored);
    assert!(row.reason.unwrap().contains("terraform is gone"));
}

async fn a_state_that_comes_late_is_current_if_nobody_wrote(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let owner = town.caller("owner").await;
    for written_meanwhile in [false, true] {
        let serial = if written_meanwhile { 20 } else { 10 };
        let (run, apply) = applying(town, &runner).await;
        let early = state(serial, "l", &[("a", 1)]);
        town.app.put_state(&apply.lease, app::Upload::of(early.clone())).await.unwrap();
        town.nobody_speaks(300).await;
        town.app.cancel_run(&owner, &run, "").await.unwrap();
        town.clock.pass(11);
        town.app.force_cancel_run(&owner, &run, "").await.unwrap();
        if written_meanwhile {
            town.write(&state(serial + 1, "l", &[("b", 1)])).await.unwrap();
        }
        let late = state(serial + 2, "l", &[("a", 1), ("c", 1)]);
        town.app.put_state(&apply.lease, app::Upload::of(late.clone())).await.unwrap();
        let md5 = Content::read(late.as_bytes()).unwrap().md5;
        let (versions, _) = town.app.list_state_versions(&owner, &town.workspace, 100, 0).await.unwrap();
        assert!(versions.iter().any(|version| version.md5 == md5), "it is kept");
        let (current, _) = town.app.current_state(&owner, Which::Id(&town.workspace)).await.unwrap().unwrap();
        assert_eq!(current.md5 == md5, !written_meanwhile);
    }
}

async fn what_a_runner_sends_after_the_end_or_without_the_fence_is_never_current(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let owner = town.caller("owner").await;
    let (_, apply) = applying(town, &runner).await;
    let good = state(1, "l", &[("a", 1)]);
    town.app.put_state(&apply.lease, app::Upload::of(good.clone())).await.unwrap();
    let stranger = Lease { fence: apply.lease.fence + 7, ..apply.lease.clone() };
    assert!(town.app.put_state(&stranger, app::Upload::of(state(2, "l", &[("b", 1)]))).await.is_err());
    town.app.finish(&apply.lease, Outcome::Applied { counts: Counts::default() }, Vec::new()).await.unwrap();
    town.app.put_state(&apply.lease, app::Upload::of(state(3, "l", &[("c", 1)]))).await.unwrap();
    let (current, _) = town.app.current_state(&owner, Which::Id(&town.workspace)).await.unwrap().unwrap();
    assert_eq!(current.md5, Content::read(good.as_bytes()).unwrap().md5);
    let (versions, _) = town.app.list_state_versions(&owner, &town.workspace, 100, 0).await.unwrap();
    assert_eq!(versions.iter().filter(|version| version.status == "errored").count(), 2, "they are kept");
}

async fn what_a_runner_says_of_itself_is_bounded(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let owner = town.caller("owner").await;
    let run = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let plan = town.app.claim(&runner, Some("plan")).await.unwrap();
    for version in ["", "latest", ">= 0.12", "../../tmp/x", &format!("1.{}", "0".repeat(100))] {
        let refused = town.app.started(&plan.lease, version, None).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{version}: {refused:?}");
    }
    town.app.started(&plan.lease, "1.12.0-beta1", None).await.unwrap();
    let outcome = Outcome::Failed { reason: "\u{e9}".repeat(100_000), exit_code: None };
    town.app.finish(&plan.lease, outcome, Vec::new()).await.unwrap();
    let reason = town.app.run(&owner, &run).await.unwrap().reason.unwrap();
    assert_eq!(reason.chars().count(), 4_000);
}

async fn an_answer_that_was_lost_is_given_again(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let run = town.new_run(&town.caller("owner").await, &town.workspace, NewRun::default()).await;
    let lost = town.app.claim(&runner, Some("once")).await.unwrap();
    let again = town.app.claim(&runner, Some("once")).await.unwrap();
    assert_eq!((&again.run_id, again.lease), (&run.to_string(), lost.lease));
}

async fn what_is_not_begun_can_be_handed_back(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    town.new_run(&town.caller("owner").await, &town.workspace, NewRun::default()).await;
    let first = town.app.claim(&runner, Some("mine")).await.unwrap();
    town.app.release_claim(&runner, "other").await.unwrap();
    town.app.release_claim(&runner, "mine").await.unwrap();
    let other = enlist(town, None, Vec::new()).await;
    let second = town.app.claim(&other, Some("theirs")).await.unwrap();
    assert_eq!(second.lease.phase_id, first.lease.phase_id);
    assert_eq!(town.app.renew(&first.lease).await.unwrap(), Wish::Lost);
}

async fn a_later_start_takes_the_place_of_an_earlier_one(town: &Town) {
    let first = enlist(town, None, Vec::new()).await;
    let second = enlist(town, Some(first.agent.as_str()), Vec::new()).await;
    assert_eq!(second.agent, first.agent);
    let stale = town.app.claimant(&credential(town).await, first.agent.as_str(), first.session).await;
    assert!(matches!(stale, Err(Error::Conflict(_))), "{stale:?}");
    let unknown = town.app.claimant(&credential(town).await, "agent-none", 1).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))), "{unknown:?}");
}

async fn nobody_speaks_for_the_phase_of_another(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let other = enlist(town, None, Vec::new()).await;
    let (_, apply) = applying(town, &runner).await;
    let forged = other.lease(&town.app.limits, &apply.lease.phase_id, apply.lease.fence);
    assert!(town.app.write_log(&forged, 0, "x".into()).await.is_err());
    assert!(town.app.put_state(&forged, app::Upload::of(state(1, "l", &[]))).await.is_err());
    assert!(town.app.leased_state(&forged).await.is_err());
    assert_eq!(town.app.renew(&forged).await.unwrap(), Wish::Lost);
    let outcome = Outcome::Applied { counts: Counts::default() };
    assert!(town.app.finish(&forged, outcome, Vec::new()).await.is_err());
    assert_eq!(town.app.renew(&apply.lease).await.unwrap(), Wish::GoOn);
}

async fn what_is_handed_in_early_counts_at_the_end(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let owner = town.caller("owner").await;
    let run = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let plan = town.app.claim(&runner, Some("plan")).await.unwrap();
    for text in ["half", "whole"] {
        let bytes = Box::pin(std::io::Cursor::new(text.as_bytes().to_vec()));
        town.app.stage_artifact(&plan.lease, Artifact::PlanJson, bytes).await.unwrap();
    }
    assert!(town.app.plan_artifact(&owner, run.plan().as_str(), Artifact::PlanJson).await.unwrap().is_none());
    town.planned(&plan, true).await;
    let mut kept = town.app.plan_artifact(&owner, run.plan().as_str(), Artifact::PlanJson).await.unwrap().unwrap();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut kept, &mut text).await.unwrap();
    assert_eq!(text, "whole");
    let phase = town.app.phases(&run).await.unwrap().plan;
    assert_eq!(
        (phase.status().unwrap(), phase.agent_id.as_deref()),
        (PhaseStatus::Finished, Some(runner.agent.as_str()))
    );
}

async fn another_protocol_is_refused_in_words(town: &Town) {
    let run = town.new_run(&town.caller("owner").await, &town.workspace, NewRun::default()).await;
    for (from, to) in [(1, 1), (3, 3)].map(|(from, to)| (protocol::VERSION + from, protocol::VERSION + to)) {
        let newer = Hello { speaks: Speaks { from, to }, version: "9.9".into(), ..hello(None, Vec::new()) };
        for _ in 0..3 {
            let refused = town.app.enlist(&Serves::Site, &newer, "").await.unwrap_err().to_string();
            assert!(refused.contains("bring the older of the two up to date"), "{refused}");
        }
        // Whoever waits for a runner reads why none comes.
        let reason = waits_for(town, &run).await;
        assert!(
            reason.contains(&format!("there (9.9) was refused, since it speaks protocol {to} and this")),
            "{reason}"
        );
    }
    // It is brought up to date, and is the same one.
    let runner = enlist(town, None, Vec::new()).await;
    let reason = waits_for(town, &run).await;
    assert!(!reason.contains("refused"), "{reason}");
    // A server that was replaced by one with another protocol has it say hello again.
    let gone = town.app.claimant(&credential(town).await, runner.agent.as_str(), runner.session).await;
    assert!(gone.is_ok());
    let older = Hello { speaks: Speaks { from: 0, to: 0 }, ..hello(Some(runner.agent.as_str()), Vec::new()) };
    town.app.enlist(&Serves::Site, &older, "").await.unwrap_err();
    let gone = town.app.claimant(&credential(town).await, runner.agent.as_str(), runner.session).await;
    assert!(matches!(gone, Err(app::Error::NotFound(_))), "{gone:?}");
}

/// Whatever becomes of the time of day, and whichever server's it is: a lease lasts as long as it lasts.
async fn a_step_of_the_time_ends_no_lease_and_prolongs_none(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let (run, apply) = applying(town, &runner).await;
    town.new_run(
        &town.caller("owner").await,
        &town.new_workspace(&town.caller("owner").await, "acme", "other").await,
        NewRun::default(),
    )
    .await;
    let plan = town.app.claim(&runner, Some("other")).await.unwrap();
    for day in [1, -1, -1, 1] {
        town.clock.step(day * 24 * 3600);
        assert_eq!(town.nobody_speaks(20).await, 0);
        for job in [&apply, &plan] {
            assert_eq!(town.app.renew(&job.lease).await.unwrap(), Wish::GoOn);
        }
        assert_eq!(waits_for(town, &run).await, "");
    }
    // A lease that was prolonged in the future is over no later.
    town.clock.step(24 * 3600);
    for job in [&apply, &plan] {
        town.app.renew(&job.lease).await.unwrap();
    }
    town.clock.step(-24 * 3600);
    assert_eq!(town.nobody_speaks(31).await, 1);
    assert_eq!(town.app.renew(&plan.lease).await.unwrap(), Wish::Lost);
    town.nobody_speaks(121).await;
    assert!(waits_for(town, &run).await.starts_with("recovering"));
}

/// The reconciler judged an apply that was not begun, and it is begun before that is written down.
async fn an_apply_that_is_begun_at_the_last_moment_is_not_ended(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let owner = town.caller("owner").await;
    let run = town.new_run(&owner, &town.workspace, NewRun { auto_apply: Some(true), ..NewRun::default() }).await;
    let plan = town.app.claim(&runner, Some("plan")).await.unwrap();
    town.planned(&plan, true).await;
    let apply = town.app.claim(&runner, Some("apply")).await.unwrap();
    town.app.end_lost_phases().await.unwrap();
    town.clock.pass(121);
    let (ended, begun) = tokio::join!(town.app.end_lost_phases(), town.app.started(&apply.lease, "1.11.4", None));
    // Whichever came first: it is offered to others and not begun, or begun and its own runner's.
    match begun {
        Ok(()) => assert_eq!((ended.unwrap(), status(town, &run).await), (0, Status::Applying)),
        Err(_) => assert_eq!((ended.unwrap(), status(town, &run).await), (1, Status::ApplyQueued)),
    }
}

/// A directory that was copied: the later start claims, the earlier one finishes what it has begun, and its state is kept.
async fn an_earlier_start_finishes_what_it_holds(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let (run, apply) = applying(town, &runner).await;
    let again = enlist(town, Some(runner.agent.as_str()), vec![apply.lease.clone()]).await;
    assert_eq!(again.agent, runner.agent);
    let superseded = town.app.claimant(&credential(town).await, runner.agent.as_str(), runner.session).await;
    assert!(matches!(superseded, Err(app::Error::Conflict(_))), "{superseded:?}");
    let speaker = town.app.speaker(&credential(town).await, runner.agent.as_str()).await.unwrap();
    let lease = speaker.lease(&town.app.limits, &apply.lease.phase_id, apply.lease.fence);
    town.app.put_state(&lease, app::Upload::of(state(3, "l", &[("a", 1)]))).await.unwrap();
    town.app.finish(&lease, Outcome::Applied { counts: Counts::default() }, Vec::new()).await.unwrap();
    assert_eq!(status(town, &run).await, Status::Applied);
}
