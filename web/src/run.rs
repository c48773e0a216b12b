//! Runs: the list of a workspace, one of them, and what one decides about it.

use crate::{
    failure::{Failure, sentence},
    form::Form,
    log::{Part, Tail, tail},
    page::{Layout, PER_PAGE, Pages, html, moment, paging, tone, words},
    person::Person,
    plan::{Change, changes},
    sign_in::Proof,
    workspace::{Frame, Paging, RunLine, Wait, kind},
};
use app::{
    App, Error, Phases, Which,
    model::{Comment, Phase, Run, Workspace},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{Redirect, Response},
};
use domain::{
    id::RunId,
    permission::Permission,
    run::{PhaseStatus, Status},
    time::Time,
};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};

#[derive(Template)]
#[template(path = "runs.html")]
struct Runs {
    layout: Layout,
    frame: Frame,
    rows: Vec<RunLine>,
    pages: Pages,
}

/// `GET /app/ORG/WS/runs`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace)): Path<(String, String)>,
    Query(Paging { page }): Query<Paging>,
) -> Result<Response, Failure> {
    let which = Which::Name(&organization, &workspace);
    let workspace = app.workspace(&person.caller, which, Permission::ReadRuns).await?;
    let (number, offset) = paging(page);
    let (runs, total) = app.list_runs(&person.caller, &workspace.id, PER_PAGE, offset).await?;
    let makers: Vec<&str> = runs.iter().filter_map(|run| run.created_by.as_deref()).collect();
    let names = app.user_names(&makers).await?;
    let waiting = app.list_waiting(&runs.iter().map(|run| (run, &workspace)).collect::<Vec<_>>()).await?;
    let lines = runs.iter().map(|run| Ok(RunLine::new(run, &names)?.waiting(&app, waiting.get(&run.id))));
    let rows = lines.collect::<Result<_, Error>>()?;
    let frame = Frame::new(&workspace, "runs");
    let pages = Pages::new(number, total, format!("{}/runs?page=", frame.path));
    let live = format!("workspace={}&queue={organization}", workspace.id);
    let layout = frame.layout(&app, &person, "Runs").live(&live);
    Ok(html(&Runs { layout, frame, rows, pages }))
}

/// The run at an address, with its workspace: both names and the id have to fit.
pub(crate) async fn find(
    app: &App,
    person: &Person,
    organization: &str,
    workspace: &str,
    run: &str,
) -> Result<(Run, Workspace), Error> {
    let missing = || Error::not_found("That run");
    let id: RunId = run.parse().map_err(|_| missing())?;
    let (run, found) = app.run_and_workspace(&person.caller, &id).await?;
    if found.organization_name == organization && found.name == workspace { Ok((run, found)) } else { Err(missing()) }
}

/// One step of a run's way, or what somebody said on it.
struct Stage {
    words: String,
    tone: &'static str,
    at: String,
    by: Option<String>,
    comment: Option<String>,
}

/// Everybody who has a part in a run, by id: who made it, decided about it, said something.
async fn people(app: &App, run: &Run, comments: &[Comment]) -> Result<HashMap<String, String>, Error> {
    let said = comments.iter().filter_map(|comment| comment.created_by.as_deref());
    let ids: BTreeSet<&str> = Status::ALL.iter().filter_map(|status| run.actor(*status)).chain(said).collect();
    app.user_names(&ids.into_iter().collect::<Vec<_>>()).await
}

fn stages(run: &Run, comments: &[Comment], names: &HashMap<String, String>) -> Vec<Stage> {
    let times = run.timestamps();
    let name = |id: Option<&str>| id.and_then(|id| names.get(id)).cloned();
    let entered = |status: &Status| {
        let at = times.get(&status.timestamp()).and_then(|at| at.as_str()).and_then(Time::parse)?;
        let words = match status {
            Status::Pending => "created".to_owned(),
            Status::Planned => "planned".to_owned(),
            other => words(*other, run.has_changes),
        };
        let tone = tone(*status, run.has_changes);
        Some((at, Stage { words, tone, at: moment(at), by: name(run.actor(*status)), comment: None }))
    };
    let said = |comment: &Comment| {
        let (words, by) = ("commented".to_owned(), name(comment.created_by.as_deref()));
        let at = comment.created_at;
        (at, Stage { words, tone: "", at: moment(at), by, comment: Some(comment.body.clone()) })
    };
    let mut stages: Vec<_> = Status::ALL.iter().filter_map(entered).chain(comments.iter().map(said)).collect();
    // The sort is stable: what happened in one instant stays in the order of a run's way.
    stages.sort_by_key(|(at, _)| *at);
    stages.into_iter().map(|(_, stage)| stage).collect()
}

/// The log of a phase on the page.
struct Log {
    name: &'static str,
    heading: &'static str,
    path: String,
    hidden: bool,
    tail: Tail,
}

impl Log {
    async fn new(
        app: &App,
        name: &'static str,
        heading: &'static str,
        base: &str,
        phase: &Phase,
    ) -> Result<Self, Error> {
        let idle = matches!(phase.status()?, PhaseStatus::Pending | PhaseStatus::Queued | PhaseStatus::Unreachable);
        let tail = tail(app, &phase.id, phase.log_end).await?;
        Ok(Self { name, heading, path: format!("{base}/log/{name}"), hidden: idle && phase.log_end == 0, tail })
    }
}

/// How many objects a phase proposes or changed.
struct Counts {
    what: &'static str,
    add: i64,
    change: i64,
    destroy: i64,
    import: i64,
}

fn counts(run: &Run, plan: &Phase, apply: &Phase) -> Result<Option<Counts>, Error> {
    let of = |what, phase: &Phase| Counts {
        what,
        add: phase.additions,
        change: phase.changes,
        destroy: phase.destructions,
        import: phase.imports,
    };
    if apply.status()? == PhaseStatus::Finished {
        return Ok(Some(of("Applied", apply)));
    }
    let planned = plan.status()? == PhaseStatus::Finished;
    Ok((planned && run.has_changes).then(|| of("Planned", plan)))
}

/// Why there are no changes to show.
fn nothing(plan: PhaseStatus) -> &'static str {
    match plan {
        PhaseStatus::Finished => "No changes.",
        PhaseStatus::Errored => "The plan failed.",
        PhaseStatus::Canceled | PhaseStatus::Unreachable => "There is no plan.",
        PhaseStatus::Pending | PhaseStatus::Queued | PhaseStatus::Running => "Not planned yet.",
    }
}

/// What one may do now.
struct Action {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    look: &'static str,
}

fn actions(app: &App, person: &Person, run: &Run, workspace: &Workspace) -> Result<Vec<Action>, Error> {
    let possible = app.run_actions(run)?;
    let may = |permission| person.can(workspace.role.as_deref(), permission);
    let (apply, queue) = (may(Permission::ApplyRun), may(Permission::QueueRun));
    let each = [
        (possible.confirmable && apply, "confirm", "Confirm and apply", "Makes the changes of this plan.", "primary"),
        (possible.discardable && apply, "discard", "Discard", "Ends the run; nothing is changed.", ""),
        (
            possible.cancelable && queue,
            "cancel",
            "Cancel",
            "Stops gently: what is being created is finished first.",
            "",
        ),
        (
            possible.force_cancelable && apply,
            "force-cancel",
            "Force-cancel",
            "Kills it. Something may be created that the state does not know.",
            "danger",
        ),
    ];
    let offered = each.into_iter().filter(|(offered, ..)| *offered);
    Ok(offered.map(|(_, name, label, hint, look)| Action { name, label, hint, look }).collect())
}

/// What to do next, now that a run stands there.
fn advice(run: &Run, status: Status) -> Option<&'static str> {
    match status {
        Status::Planned => Some("Read the plan, then confirm or discard it."),
        Status::PlannedAndSaved => {
            Some("The plan is kept: apply it with `terraform apply` of the saved plan, or confirm it here.")
        }
        Status::Errored => Some("Read the end of the log, mend the cause, then start a new run."),
        Status::PlannedAndFinished if run.has_changes => {
            Some("This run only plans. Run `terraform apply` to make the changes.")
        }
        Status::PlannedAndFinished => {
            Some("What there is already is as the configuration says. There is nothing to do.")
        }
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "run.html")]
struct Page {
    layout: Layout,
    frame: Frame,
    id: String,
    message: String,
    words: String,
    tone: &'static str,
    created: String,
    by: String,
    source: &'static str,
    kind: &'static str,
    version: String,
    /// The image of its newest phase, and its digest, where that was a container.
    image: Option<String>,
    auto_apply: bool,
    targets: Vec<String>,
    replaces: Vec<String>,
    stages: Vec<Stage>,
    waiting: Option<Wait>,
    canceling: bool,
    reason: Option<String>,
    advice: Option<&'static str>,
    counts: Option<Counts>,
    nothing: &'static str,
    changes: Vec<Change>,
    actions: Vec<Action>,
    may_comment: bool,
    logs: Vec<Log>,
}

/// `GET /app/ORG/WS/runs/RUN`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace, run)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let (run, workspace) = find(&app, &person, &organization, &workspace, &run).await?;
    let status = run.status()?;
    let phases = app.phases(&run.id).await?;
    let comments = app.list_comments(&person.caller, &run.id).await?;
    let names = people(&app, &run, &comments).await?;
    let frame = Frame::new(&workspace, "runs");
    let path = format!("{}/runs/{}", frame.path, run.id);
    let plan = phases.plan.status()?;
    // A run that has ended has no place in any queue.
    let queue = if status.is_final() { String::new() } else { format!("&queue={organization}") };
    let layout = frame
        .layout(&app, &person, &format!("Run {}", run.id))
        .below("Runs", format!("{}/runs", frame.path))
        .live(&format!("workspace={}{queue}", workspace.id));
    Ok(html(&Page {
        layout,
        words: words(status, run.has_changes),
        tone: tone(status, run.has_changes),
        created: moment(run.created_at),
        by: run.created_by.as_ref().and_then(|id| names.get(id)).cloned().unwrap_or_else(|| "the server".into()),
        source: match run.source.as_str() {
            "terraform" | "terraform+cloud" => "the command line",
            "tfe-ui" => "the browser",
            _ => "the API",
        },
        kind: kind(&run),
        version: run.terraform_version.clone().unwrap_or_else(|| workspace.terraform_version.clone()),
        image: image(&phases),
        auto_apply: run.auto_apply,
        targets: run.targets(),
        replaces: run.replaces(),
        stages: stages(&run, &comments, &names),
        waiting: app.waiting(&run, &workspace).await?.map(|waiting| Wait::new(&app, &waiting)),
        canceling: run.cancel_asked_at.is_some() && !status.is_final(),
        advice: advice(&run, status),
        counts: counts(&run, &phases.plan, &phases.apply)?,
        nothing: nothing(plan),
        changes: if plan == PhaseStatus::Finished {
            changes(&app, &person.caller, &phases.plan.id).await?
        } else {
            Vec::new()
        },
        actions: actions(&app, &person, &run, &workspace)?,
        may_comment: person.can(workspace.role.as_deref(), Permission::QueueRun),
        logs: vec![
            Log::new(&app, "plan", "Plan", &path, &phases.plan).await?,
            Log::new(&app, "apply", "Apply", &path, &phases.apply).await?,
        ],
        reason: run.reason.as_deref().map(sentence),
        id: run.id.to_string(),
        message: run.message,
        frame,
    }))
}

fn image(phases: &Phases) -> Option<String> {
    let newest = [&phases.apply, &phases.plan].into_iter().find(|phase| phase.image.is_some())?;
    let (image, digest) = (newest.image.as_deref()?, newest.image_digest.as_deref().unwrap_or_default());
    // A registry's digest begins with a name, the engine's own id does not.
    let digest = digest.rsplit_once('@').map_or(digest, |(_, digest)| digest);
    Some(format!("{image}@{digest}"))
}

/// What somebody decides about a run, and says of it.
#[derive(Deserialize)]
pub(crate) struct Decision {
    #[serde(flatten)]
    proof: Proof,
    #[serde(default)]
    comment: String,
}

/// `POST /app/ORG/WS/runs/RUN/ACTION`
pub(crate) async fn decide(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace, run, action)): Path<(String, String, String, String)>,
    headers: HeaderMap,
    Form(Decision { proof, comment }): Form<Decision>,
) -> Result<Redirect, Failure> {
    proof.check(&app, &person, &headers)?;
    let (run, _) = find(&app, &person, &organization, &workspace, &run).await?;
    match action.as_str() {
        "confirm" => drop(app.confirm_run(&person.caller, &run.id, &comment).await?),
        "discard" => drop(app.discard_run(&person.caller, &run.id, &comment).await?),
        "cancel" => drop(app.cancel_run(&person.caller, &run.id, &comment).await?),
        "force-cancel" => drop(app.force_cancel_run(&person.caller, &run.id, &comment).await?),
        "comment" => drop(app.comment_run(&person.caller, &run.id, &comment).await?),
        _ => return Err(Error::not_found("That action").into()),
    };
    Ok(Redirect::to(&format!("/app/{organization}/{workspace}/runs/{}", run.id)))
}
