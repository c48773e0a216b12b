//! Workspaces: the list of an organization, one of them, its variables.

use crate::{
    failure::{Failure, sentence},
    page::{Layout, PER_PAGE, Pages, html, moment, paging, size, tone, words},
    person::Person,
};
use app::{
    App, Error, Variable, Waiting, Which,
    model::{Filter, Run, Workspace},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domain::{id::WorkspaceId, lock::Holder, permission::Permission};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use std::collections::HashMap;

/// What the pages of one workspace have in common.
pub(crate) struct Frame {
    /// The organization's name.
    pub(crate) organization: String,
    /// The workspace's.
    pub(crate) name: String,
    /// Where the workspace is: `/app/ORG/WS`.
    pub(crate) path: String,
    /// Which of its pages this is.
    pub(crate) tab: &'static str,
}

impl Frame {
    pub(crate) fn new(workspace: &Workspace, tab: &'static str) -> Self {
        Self {
            organization: workspace.organization_name.clone(),
            name: workspace.name.clone(),
            path: format!("/app/{}/{}", workspace.organization_name, workspace.name),
            tab,
        }
    }
    pub(crate) fn layout(&self, app: &App, person: &Person, page: &str) -> Layout {
        let title = format!("{page} · {}", self.name);
        Layout::of(app, person, title).of_organization(&self.organization).below(&self.name, &self.path)
    }
}

/// Which page of a list.
#[derive(Deserialize)]
pub(crate) struct Paging {
    pub(crate) page: Option<i64>,
}

/// A run in a row of a list.
pub(crate) struct RunLine {
    pub(crate) id: String,
    pub(crate) message: String,
    pub(crate) words: String,
    pub(crate) tone: &'static str,
    pub(crate) created: String,
    pub(crate) by: String,
    pub(crate) kind: &'static str,
    pub(crate) waiting: Option<Wait>,
}

/// Why a run waits, for a page.
pub(crate) struct Wait {
    /// Since when, RFC 3339: the page counts on.
    pub(crate) since: String,
    /// How long, when the page was made.
    pub(crate) duration: String,
    /// What for, and its place.
    pub(crate) sentence: String,
}

impl Wait {
    pub(crate) fn new(app: &App, waiting: &Waiting) -> Self {
        Self {
            since: waiting.since.rfc3339(),
            duration: waiting.duration(app.now()),
            sentence: sentence(&waiting.sentence()),
        }
    }
}

impl RunLine {
    /// With why it waits.
    pub(crate) fn waiting(self, app: &App, waiting: Option<&Waiting>) -> Self {
        Self { waiting: waiting.map(|waiting| Wait::new(app, waiting)), ..self }
    }
    pub(crate) fn new(run: &Run, names: &HashMap<String, String>) -> Result<Self, Error> {
        let status = run.status()?;
        Ok(Self {
            id: run.id.to_string(),
            message: run.message.clone(),
            words: words(status, run.has_changes),
            tone: tone(status, run.has_changes),
            created: moment(run.created_at),
            by: run.created_by.as_ref().and_then(|id| names.get(id)).cloned().unwrap_or_default(),
            kind: kind(run),
            waiting: None,
        })
    }
}

/// What a run is for.
pub(crate) fn kind(run: &Run) -> &'static str {
    match (run.is_destroy, run.refresh_only, run.plan_only, run.save_plan) {
        (true, _, true, _) => "destroy, plan only",
        (true, ..) => "destroy",
        (_, true, ..) => "refresh only",
        (_, _, true, _) => "plan only",
        (.., true) => "saved plan",
        _ => "plan and apply",
    }
}

/// Who holds a workspace, in a few words.
async fn holder(app: &App, workspace: &Workspace) -> Result<Option<String>, Error> {
    let Some(lock) = workspace.lock()? else { return Ok(None) };
    let who = match &lock.holder {
        Holder::Run(run) => run.to_string(),
        Holder::Client { user, .. } => {
            let names = app.user_names(&[user.as_str()]).await?;
            names.get(user.as_str()).cloned().unwrap_or_else(|| user.to_string())
        }
    };
    let why = if lock.reason.is_empty() { String::new() } else { format!(": {}", lock.reason) };
    Ok(Some(format!("{who} since {}{why}", moment(lock.since))))
}

struct Row {
    name: String,
    description: String,
    locked: bool,
    run: Option<RunLine>,
    changed: String,
}

#[derive(Template)]
#[template(path = "workspaces.html")]
struct Workspaces {
    layout: Layout,
    organization: String,
    search: String,
    rows: Vec<Row>,
    pages: Pages,
    host: String,
}

/// What to list.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    page: Option<i64>,
    q: Option<String>,
}

/// `GET /app/ORG/workspaces`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let search: String = wanted.q.unwrap_or_default().trim().chars().take(90).collect();
    let filter = Filter { search: (!search.is_empty()).then(|| search.clone()), ..Filter::default() };
    let (number, offset) = paging(wanted.page);
    let (found, total) = app.list_workspaces(&person.caller, &organization, &filter, PER_PAGE, offset).await?;
    let runs = app.newest_runs(&person.caller, &found).await?;
    let runs: HashMap<&WorkspaceId, &Run> = runs.iter().map(|run| (&run.workspace_id, run)).collect();
    let mut rows = Vec::with_capacity(found.len());
    for workspace in found {
        let run = runs.get(&workspace.id);
        rows.push(Row {
            locked: workspace.lock()?.is_some_and(|lock| matches!(lock.holder, Holder::Client { .. })),
            run: run.map(|run| RunLine::new(run, &HashMap::new())).transpose()?,
            changed: moment(workspace.updated_at),
            name: workspace.name,
            description: workspace.description,
        });
    }
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", &search).finish();
    let pages = Pages::new(number, total, format!("/app/{organization}/workspaces?{query}&page="));
    let layout = Layout::of(&app, &person, format!("Workspaces · {organization}"))
        .of_organization(&organization)
        .live(&format!("organization={organization}"));
    Ok(html(&Workspaces { layout, host: host(&app), organization, search, rows, pages }))
}

/// What a CLI calls this server.
fn host(app: &App) -> String {
    app.address.split_once("://").map_or(app.address.as_str(), |(_, host)| host).to_owned()
}

struct Current {
    serial: i64,
    resources: i64,
    size: String,
    created: String,
}

#[derive(Template)]
#[template(path = "workspace.html")]
struct Overview {
    layout: Layout,
    frame: Frame,
    description: String,
    remote: bool,
    mode: String,
    auto_apply: bool,
    engine: String,
    version: String,
    directory: String,
    holder: Option<String>,
    runs: Vec<RunLine>,
    run_total: i64,
    state: Option<Current>,
    state_allowed: bool,
    host: String,
}

/// `GET /app/ORG/WS`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let which = Which::Name(&organization, &workspace);
    let workspace = app.workspace(&person.caller, which, Permission::Read).await?;
    let (runs, run_total) = app.list_runs(&person.caller, &workspace.id, 3, 0).await?;
    let makers: Vec<&str> = runs.iter().filter_map(|run| run.created_by.as_deref()).collect();
    let names = app.user_names(&makers).await?;
    let waiting = app.list_waiting(&runs.iter().map(|run| (run, &workspace)).collect::<Vec<_>>()).await?;
    let lines = runs.iter().map(|run| Ok(RunLine::new(run, &names)?.waiting(&app, waiting.get(&run.id))));
    let runs = lines.collect::<Result<_, Error>>()?;
    let state_allowed = person.can(workspace.role.as_deref(), Permission::ReadState);
    let state = if state_allowed { app.current_state(&person.caller, Which::Id(&workspace.id)).await? } else { None };
    let frame = Frame::new(&workspace, "overview");
    Ok(html(&Overview {
        layout: frame
            .layout(&app, &person, "Overview")
            .live(&format!("workspace={}&queue={organization}", workspace.id)),
        frame,
        remote: workspace.execution_mode != "local",
        auto_apply: workspace.auto_apply,
        holder: holder(&app, &workspace).await?,
        mode: workspace.execution_mode,
        engine: workspace.engine,
        version: workspace.terraform_version,
        directory: workspace.working_directory,
        description: workspace.description,
        runs,
        run_total,
        state: state.map(|(version, _)| Current {
            serial: version.serial,
            resources: version.resource_count,
            size: size(version.size),
            created: moment(version.created_at),
        }),
        state_allowed,
        host: host(&app),
    }))
}

#[derive(Template)]
#[template(path = "variables.html")]
struct Variables {
    layout: Layout,
    frame: Frame,
    variables: Vec<Variable>,
}

/// `GET /app/ORG/WS/variables`
pub(crate) async fn variables(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let which = Which::Name(&organization, &workspace);
    let workspace = app.workspace(&person.caller, which, Permission::ReadVariables).await?;
    let variables = app.list_variables(&person.caller, &workspace.id).await?;
    let frame = Frame::new(&workspace, "variables");
    Ok(html(&Variables { layout: frame.layout(&app, &person, "Variables"), frame, variables }))
}
