//! One version of a state: what differs from the one before, and going back to it.

use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html, moment, size},
    person::Person,
    sign_in::Proof,
    workspace::Frame,
};
use app::{Action, App, Diff, Error, ResourceChange, Shown, Which, model::StateVersion};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use domain::{id::StateVersionId, permission::Permission};
use serde::Deserialize;

/// So many resources and outputs, and attributes of each, are shown: the rest is for the terminal.
const SHOWN: usize = 200;
const ATTRIBUTES: usize = 30;
/// The longest value that is shown whole, in characters.
const LONGEST: usize = 160;

struct Attribute {
    path: String,
    before: String,
    after: String,
}

struct Change {
    sign: &'static str,
    tone: &'static str,
    words: &'static str,
    what: String,
    from: Option<String>,
    attributes: Vec<Attribute>,
    more: usize,
}

/// What differs from the version before.
struct Changes {
    /// The serial of that one.
    since: i64,
    brief: bool,
    truncated: bool,
    rows: Vec<Change>,
    more: usize,
}

#[derive(Template)]
#[template(path = "state.html")]
struct Page {
    layout: Layout,
    frame: Frame,
    id: String,
    serial: i64,
    created: String,
    by: String,
    run: Option<String>,
    size: String,
    resources: i64,
    version: String,
    current: bool,
    /// The version that is current; empty for none.
    seen: String,
    late: bool,
    /// Why there are none.
    changes: Result<Changes, String>,
    may_go_back: bool,
}

fn shown(shown: &Shown) -> String {
    match shown {
        Shown::Absent => "none".to_owned(),
        Shown::Hidden => "(sensitive)".to_owned(),
        Shown::Value(value) => {
            let whole = value.to_string();
            match whole.char_indices().nth(LONGEST) {
                Some((end, _)) => format!("{}…", &whole[..end]),
                None => whole,
            }
        }
    }
}

fn sign(action: Action) -> (&'static str, &'static str, &'static str) {
    match action {
        Action::Added => ("+", "good", "added"),
        Action::Changed => ("~", "ask", "changed"),
        Action::Moved => ("→", "ask", "moved"),
        Action::Removed => ("−", "bad", "removed"),
    }
}

fn resource(change: &ResourceChange) -> Change {
    let (sign, tone, words) = sign(change.action);
    let whole = matches!(change.action, Action::Added | Action::Removed);
    let mut attributes = Vec::new();
    if let Some(before) = &change.previous_provider {
        attributes.push(Attribute { path: "provider".into(), before: before.clone(), after: change.provider.clone() });
    }
    let differing = change.attributes.iter().filter(|_| !whole);
    attributes.extend(differing.map(|attribute| Attribute {
        path: attribute.path.clone(),
        before: shown(&attribute.before),
        after: shown(&attribute.after),
    }));
    let more = attributes.len().saturating_sub(ATTRIBUTES);
    attributes.truncate(ATTRIBUTES);
    Change { sign, tone, words, what: change.address.clone(), from: change.previous_address.clone(), attributes, more }
}

fn changes(diff: &Diff, since: i64) -> Changes {
    let mut rows: Vec<Change> = diff.resources.iter().take(SHOWN).map(resource).collect();
    rows.extend(diff.outputs.iter().take(SHOWN).map(|change| {
        let (sign, tone, words) = sign(change.action);
        let (before, after) = (shown(&change.before), shown(&change.after));
        let attributes = vec![Attribute { path: "value".into(), before, after }];
        Change { sign, tone, words, what: format!("output {}", change.name), from: None, attributes, more: 0 }
    }));
    let more = diff.resources.len().saturating_sub(SHOWN) + diff.outputs.len().saturating_sub(SHOWN);
    Changes { since, brief: diff.brief, truncated: diff.truncated, rows, more }
}

async fn find(app: &App, person: &Person, address: &Address) -> Result<(StateVersion, app::model::Workspace), Error> {
    let missing = || Error::not_found("That state version");
    let which = Which::Name(&address.organization, &address.workspace);
    let workspace = app.workspace(&person.caller, which, Permission::ReadState).await?;
    let id: StateVersionId = address.version.parse().map_err(|_| missing())?;
    let version = app.state_version(&person.caller, &id).await?;
    if version.workspace_id == workspace.id { Ok((version, workspace)) } else { Err(missing()) }
}

/// Which version of which workspace.
#[derive(Deserialize)]
pub(crate) struct Address {
    organization: String,
    workspace: String,
    version: String,
}

/// `GET /app/ORG/WS/states/VERSION`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path(address): Path<Address>,
) -> Result<Response, Failure> {
    let (version, workspace) = find(&app, &person, &address).await?;
    let changes = match version.parent_id.as_deref().map(str::parse::<StateVersionId>) {
        Some(Ok(before)) => match app.compare_states(&person.caller, &before, &version.id).await {
            Ok((diff, before, _)) => Ok(changes(&diff, before.serial)),
            Err(Error::Conflict(why)) => Err(why),
            Err(error) => return Err(error.into()),
        },
        _ => Err("There is no version before this one that was current.".to_owned()),
    };
    let maker: Vec<&str> = version.created_by.iter().map(String::as_str).collect();
    let by = app.user_names(&maker).await?.into_values().next().unwrap_or_default();
    let current = workspace.current_state_id.as_deref() == Some(version.id.as_str());
    let frame = Frame::new(&workspace, "states");
    let layout = frame.layout(&app, &person, &format!("Serial {}", version.serial));
    Ok(html(&Page {
        layout,
        frame,
        id: version.id.to_string(),
        serial: version.serial,
        created: moment(version.created_at),
        by,
        run: version.run_id.clone(),
        size: size(version.size),
        resources: version.resource_count,
        version: version.terraform_version.clone(),
        current,
        seen: workspace.current_state_id.clone().unwrap_or_default(),
        late: version.status == "errored" || version.status == "discarded",
        changes,
        may_go_back: !current && person.can(workspace.role.as_deref(), Permission::WriteState),
    }))
}

/// What the form says.
#[derive(Deserialize)]
pub(crate) struct Sure {
    #[serde(flatten)]
    proof: Proof,
    /// The version that was current when the page was shown; empty for none.
    current: Option<String>,
}

/// `POST /app/ORG/WS/states/VERSION/rollback`: with the workspace's lock, for as long as it takes.
pub(crate) async fn roll_back(
    State(app): State<App>,
    person: Person,
    Path(address): Path<Address>,
    headers: HeaderMap,
    Form(sure): Form<Sure>,
) -> Result<Response, Failure> {
    sure.proof.check(&app, &person, &headers)?;
    let (version, workspace) = find(&app, &person, &address).await?;
    let reason = format!("going back to serial {}", version.serial);
    let caller = &person.caller;
    let _ = app.roll_back_locked(caller, &workspace.id, &version.id, sure.current.as_deref(), &reason).await?;
    Ok(Redirect::to(&format!("/app/{}/{}/states", address.organization, address.workspace)).into_response())
}
