//! Runs, plans and applies.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
    run_event,
    workspace::{self, parse_id},
};
use app::{
    App, Caller, Error, NewRun, Waiting,
    model::{Phase, Run, Workspace},
};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use domain::{
    id::{ApplyId, PlanId, RunId},
    permission::{Permission, allows},
    run::Status,
    time::Time,
};
use http_doors::{
    Authenticated,
    signed::{self, Purpose},
};
use serde_json::{Value, json};

/// The status that clients read. One that waits for room or for a runner is to them as one that waits for anything else: their wait loop
/// tells its person what for (client contract 9.7), while in any later status they say nothing until the first line of the log.
pub(crate) fn status(run: &Run, waiting: Option<&Waiting>) -> Result<Status, Error> {
    let status = run.status().map_err(Error::from)?;
    Ok(match (status, waiting.is_some_and(|waiting| waiting.for_room)) {
        (Status::PlanQueued, true) => Status::Pending,
        (Status::ApplyQueued, true) => Status::Confirmed,
        _ => status,
    })
}

/// A run with everything without which some client crashes (client contract section 8).
pub(crate) fn resource(
    app: &App,
    caller: &Caller,
    run: &Run,
    workspace: &Workspace,
    waiting: Option<&Waiting>,
) -> Result<Resource, Error> {
    let actions = app.run_actions(run)?;
    let role = workspace::role(caller, workspace);
    let can = |permission| role.is_some_and(|role| allows(role, permission));
    let attributes = json!({
        "status": status(run, waiting)?.as_str(),
        "message": run.message,
        "reason": run.reason,
        "source": run.source,
        "trigger-reason": "manual",
        "created-at": run.created_at.rfc3339(),
        "canceled-at": run.cancel_asked_at.map(|at| Time::from_micros(at).rfc3339()),
        "force-cancel-available-at": run.cancel_asked_at.map(|at| Time::from_micros(at).plus_seconds(10).rfc3339()),
        "has-changes": run.has_changes,
        "is-destroy": run.is_destroy,
        "refresh": run.refresh,
        "refresh-only": run.refresh_only,
        "plan-only": run.plan_only,
        "save-plan": run.save_plan,
        "auto-apply": run.auto_apply,
        "allow-empty-apply": run.allow_empty_apply,
        "target-addrs": run.targets(),
        "replace-addrs": run.replaces(),
        "terraform-version": run.terraform_version.as_deref().unwrap_or(&workspace.terraform_version),
        "position-in-queue": waiting.map_or(0, |waiting| waiting.position),
        "waiting-reason": waiting.map(Waiting::sentence),
        "waiting-since": waiting.map(|waiting| waiting.since.rfc3339()),
        "status-timestamps": run.timestamps(),
        "comment": run.reason,
        "actions": {
            "is-confirmable": actions.confirmable,
            "is-discardable": actions.discardable,
            "is-cancelable": actions.cancelable,
            "is-force-cancelable": actions.force_cancelable,
        },
        "permissions": {
            "can-apply": can(Permission::ApplyRun),
            "can-cancel": can(Permission::QueueRun),
            "can-discard": can(Permission::ApplyRun),
            "can-force-cancel": can(Permission::ApplyRun),
            "can-force-execute": false,
            "can-comment": can(Permission::QueueRun),
            "can-override-policy-check": false,
        },
    });
    Ok(Resource::new("runs", &run.id, attributes)
        .one("workspace", "workspaces", Some(run.workspace_id.as_str()))
        .one("plan", "plans", Some(run.id.plan().as_str()))
        .one("apply", "applies", Some(run.id.apply().as_str()))
        .one("configuration-version", "configuration-versions", Some(run.configuration_version_id.as_str()))
        .one("created-by", "users", run.created_by.as_deref())
        .one("confirmed-by", "users", run.confirmed_by.as_deref())
        .one("canceled-by", "users", run.canceled_by.as_deref())
        .many("policy-checks", "policy-checks", [])
        .many("task-stages", "task-stages", [])
        .many("run-events", "run-events", run_event::ids(run))
        .elsewhere("comments", &format!("/api/v2/runs/{}/comments", run.id)))
}

fn phase_resource(app: &App, phase: &Phase, has_changes: bool) -> Result<Resource, Error> {
    let status = phase.status().map_err(Error::from)?;
    let at = |micros: Option<i64>| micros.map(|at| Time::from_micros(at).rfc3339());
    let mut attributes = json!({
        "status": status.as_str(),
        "resource-additions": phase.additions,
        "resource-changes": phase.changes,
        "resource-destructions": phase.destructions,
        "resource-imports": phase.imports,
        "image": phase.image,
        "image-digest": phase.image_digest,
        "log-read-url": signed::address(app, Purpose::Log, &phase.id),
        "status-timestamps": {
            "queued-at": at(phase.queued_at),
            "started-at": at(phase.started_at),
            (if status.is_final() && status.as_str() != "unreachable" { format!("{}-at", status.as_str()) } else { "ended-at".into() }):
                at(phase.finished_at),
        },
    });
    if let Some(times) = attributes["status-timestamps"].as_object_mut() {
        times.retain(|_, at| !at.is_null());
    }
    if phase.is_apply() {
        return Ok(Resource::new("applies", &phase.id, attributes));
    }
    attributes["has-changes"] = has_changes.into();
    attributes["generated-configuration"] = phase.generated_configuration.into();
    Ok(Resource::new("plans", &phase.id, attributes))
}

async fn document(
    app: &App,
    caller: &Caller,
    run: &Run,
    workspace: &Workspace,
    query: &Query,
) -> Result<Document, Error> {
    let waiting = app.waiting(run, workspace).await?;
    let data = resource(app, caller, run, workspace, waiting.as_ref())?;
    let mut included = Vec::new();
    if query.includes("workspace") {
        included.push(workspace::resource(workspace, caller)?);
    }
    if query.includes("plan") || query.includes("apply") {
        let phases = app.phases(&run.id).await?;
        if query.includes("plan") {
            included.push(phase_resource(app, &phases.plan, run.has_changes)?);
        }
        if query.includes("apply") {
            included.push(phase_resource(app, &phases.apply, run.has_changes)?);
        }
    }
    Ok(Document::new(data).including(included))
}

pub(crate) fn parse(id: &str) -> Result<RunId, Error> {
    id.parse().map_err(|_| Error::not_found(format!("run {}", id.chars().take(80).collect::<String>())))
}

/// What the creating client is: a cloud block from 1.4 on renders JSON lines, everything older prints the log as it is (client contract
/// section 13).
fn client(headers: &HeaderMap) -> (String, bool) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let cloud = header("x-terraform-integration") == Some("cloud");
    let mut version =
        header("terraform-version").unwrap_or_default().split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let minor = (version.next().unwrap_or_default(), version.next().unwrap_or_default());
    match (cloud, header("terraform-version").is_some()) {
        (true, _) => ("terraform+cloud".into(), minor >= (1, 4)),
        (false, true) => ("terraform".into(), false),
        (false, false) => ("tfe-api".into(), false),
    }
}

/// `POST runs`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
    query: Query,
    body: Body,
) -> Result<(StatusCode, Document), Failure> {
    body.about("runs")?;
    let workspace = body.related("workspace").ok_or_else(|| Error::invalid("workspace", "Workspace can't be blank"))?;
    let workspace = parse_id(workspace)?;
    let configuration = body.related("configuration-version").map(str::parse).transpose();
    let (source, json_log) = client(&headers);
    let new = NewRun {
        configuration_version: configuration.map_err(|e| Error::invalid("configuration-version", e))?,
        message: body.attribute("message")?,
        source,
        is_destroy: body.attribute("is-destroy")?.unwrap_or_default(),
        refresh: body.attribute("refresh")?,
        refresh_only: body.attribute("refresh-only")?.unwrap_or_default(),
        plan_only: body.attribute("plan-only")?,
        save_plan: body.attribute("save-plan")?.unwrap_or_default(),
        auto_apply: body.attribute("auto-apply")?,
        allow_empty_apply: body.attribute("allow-empty-apply")?.unwrap_or_default(),
        generate_config: body.attribute("allow-config-generation")?.unwrap_or_default(),
        json_log,
        targets: body.attribute("target-addrs")?.unwrap_or_default(),
        replaces: body.attribute("replace-addrs")?.unwrap_or_default(),
        variables: variables(&body)?,
    };
    let run = app.create_run(&caller, &workspace, new).await?;
    let (run, workspace) = app.run_and_workspace(&caller, &run.id).await?;
    Ok((StatusCode::CREATED, document(&app, &caller, &run, &workspace, &query).await?))
}

/// The run's own variables: names and HCL expressions.
pub(crate) fn variables(body: &Body) -> Result<Vec<(String, String)>, Error> {
    let list: Vec<Value> = body.attribute("variables")?.unwrap_or_default();
    list.iter()
        .map(|pair| {
            let text = |name| pair.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
            text("key")
                .zip(text("value"))
                .ok_or_else(|| Error::invalid("variables", "Variables are objects with the texts key and value"))
        })
        .collect()
}

/// `GET runs/ID`. Includes that nobody knows are ignored: an error text would stop the CLI (client contract 9.3).
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<Document, Failure> {
    let (run, workspace) = app.run_and_workspace(&caller, &parse(&id)?).await?;
    Ok(document(&app, &caller, &run, &workspace, &query).await?)
}

/// `GET workspaces/ID/runs`, newest first.
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let workspace = app.workspace(&caller, app::Which::Id(&parse_id(&id)?), Permission::ReadRuns).await?;
    let page = query.page();
    let (runs, total) = app.list_runs(&caller, &workspace.id, page.size, page.offset()).await?;
    let waiting = app.list_waiting(&runs.iter().map(|run| (run, &workspace)).collect::<Vec<_>>()).await?;
    let resources = runs.iter().map(|run| resource(&app, &caller, run, &workspace, waiting.get(&run.id)));
    Ok(List::page(resources.collect::<Result<_, _>>()?, page, total))
}

/// There are fewer.
const STATUSES: usize = 50;

/// `GET organizations/ORG/runs`: newest first, without a total, as the vendor's API has it; `filter[status]` names some.
pub(crate) async fn list_of_organization(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let page = query.page();
    let statuses: Vec<&str> =
        query.get("filter[status]").map(|names| names.split(',').take(STATUSES).collect()).unwrap_or_default();
    let (runs, more) = app.list_organization_runs(&caller, &name, &statuses, page.size, page.offset()).await?;
    Ok(List::uncounted(resources(&app, &caller, &runs).await?, page, more))
}

/// Runs of several workspaces, each with why it waits.
pub(crate) async fn resources(app: &App, caller: &Caller, runs: &[(Run, Workspace)]) -> Result<Vec<Resource>, Failure> {
    let waiting = app.list_waiting(&runs.iter().map(|(run, workspace)| (run, workspace)).collect::<Vec<_>>()).await?;
    let resources = runs.iter().map(|(run, workspace)| resource(app, caller, run, workspace, waiting.get(&run.id)));
    Ok(resources.collect::<Result<_, _>>()?)
}

/// The words that go with a decision: `{"comment":"…"}`, `{}` or no body at all.
fn comment(body: &Body) -> Result<String, Error> {
    Ok(body.attribute("comment")?.unwrap_or_default())
}

/// `POST runs/ID/actions/apply`
pub(crate) async fn confirm(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    app.confirm_run(&caller, &parse(&id)?, &comment(&body)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST runs/ID/actions/discard`
pub(crate) async fn discard(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    app.discard_run(&caller, &parse(&id)?, &comment(&body)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST runs/ID/actions/cancel`
pub(crate) async fn cancel(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    app.cancel_run(&caller, &parse(&id)?, &comment(&body)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST runs/ID/actions/force-cancel`
pub(crate) async fn force_cancel(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    app.force_cancel_run(&caller, &parse(&id)?, &comment(&body)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `GET plans/ID`
pub(crate) async fn plan(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    let id: PlanId = id.parse().map_err(|_| Error::not_found("that plan"))?;
    let phase = app.phase(&caller, id.as_str()).await?;
    let run = app.run(&caller, &id.run()).await?;
    Ok(Document::new(phase_resource(&app, &phase, run.has_changes)?))
}

/// `GET applies/ID`
pub(crate) async fn apply(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    let id: ApplyId = id.parse().map_err(|_| Error::not_found("that apply"))?;
    let phase = app.phase(&caller, id.as_str()).await?;
    Ok(Document::new(phase_resource(&app, &phase, false)?))
}
