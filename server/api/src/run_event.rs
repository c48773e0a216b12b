//! What happened to a run, made of what is kept of it: when it entered which status, who decided, what was said.
//!
//! An event has no row of its own. Its id is that of its run with the place of its status, or that of its comment.

use crate::{
    error::Failure,
    jsonapi::{Document, List, Query, Resource},
    run::parse,
};
use app::{
    App, Caller, Error,
    model::{Comment, Run},
};
use axum::extract::{Path, State};
use domain::{
    id::{CommentId, RunId},
    run::Status,
    time::Time,
};
use http_doors::Authenticated;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What an event's id begins with.
const PREFIX: &str = "re-";
/// How many characters of it are the place of a status.
const PLACE: usize = 2;

struct Event {
    id: String,
    action: String,
    description: Option<String>,
    at: Time,
    actor: Option<String>,
    comment: Option<String>,
}

impl Event {
    fn resource(&self) -> Resource {
        let attributes =
            json!({ "action": self.action, "description": self.description, "created-at": self.at.rfc3339() });
        Resource::new("run-events", &self.id, attributes).one("actor", "users", self.actor.as_deref()).one(
            "comment",
            "comments",
            self.comment.as_deref(),
        )
    }
}

/// The id of the event that a comment is.
pub(crate) fn of_comment(comment: &Comment) -> String {
    format!("{PREFIX}{}", comment.id.as_str().trim_start_matches(CommentId::PREFIX))
}

/// What happened to a run, in order.
fn of_run(run: &Run, comments: &[Comment]) -> Vec<Event> {
    let (times, tail) = (run.timestamps(), run.id.as_str().trim_start_matches(RunId::PREFIX));
    let entered = |(place, status): (usize, &Status)| {
        let at = times.get(&status.timestamp()).and_then(Value::as_str).and_then(Time::parse)?;
        let action = match status {
            Status::Pending => "queued",
            // The wait for a runner is no event: a run is queued once to its people.
            Status::PlanQueued | Status::ApplyQueued => return None,
            other => other.as_str(),
        };
        let actor = run.actor(*status).map(str::to_owned);
        // Why a run ended is known of its end alone.
        let description = run.reason.clone().filter(|_| status.is_final());
        let id = format!("{PREFIX}{tail}{place:0PLACE$}");
        Some(Event { id, action: action.to_owned(), description, at, actor, comment: None })
    };
    let said = |comment: &Comment| Event {
        id: of_comment(comment),
        action: "commented".to_owned(),
        description: None,
        at: comment.created_at,
        actor: comment.created_by.clone(),
        comment: Some(comment.id.to_string()),
    };
    let mut events: Vec<Event> = Status::ALL.iter().enumerate().filter_map(entered).collect();
    events.extend(comments.iter().map(said));
    // The sort is stable: what happened in one instant stays in the order of a run's way.
    events.sort_by_key(|event| event.at);
    events
}

/// The ids of what happened to a run, as far as it alone says.
pub(crate) fn ids(run: &Run) -> Vec<String> {
    of_run(run, &[]).into_iter().map(|event| event.id).collect()
}

async fn included(
    app: &App,
    caller: &Caller,
    run: &RunId,
    events: &[&Event],
    query: &Query,
) -> Result<Vec<Resource>, Error> {
    let mut included = Vec::new();
    if query.includes("actor") {
        let actors: BTreeSet<&str> = events.iter().filter_map(|event| event.actor.as_deref()).collect();
        let names = app.user_names(&actors.into_iter().collect::<Vec<_>>()).await?;
        let mut users: Vec<_> = names.into_iter().collect();
        users.sort();
        included.extend(users.into_iter().map(|(id, name)| Resource::new("users", id, json!({ "username": name }))));
    }
    if query.includes("comment") {
        let comments = app.list_comments(caller, run).await?;
        let wanted =
            |comment: &&Comment| events.iter().any(|event| event.comment.as_deref() == Some(comment.id.as_str()));
        included.extend(comments.iter().filter(wanted).map(crate::comment::resource));
    }
    Ok(included)
}

/// `GET runs/ID/run-events`: all of them at once, since clients read one page. A 404 would stop the CLI (client contract section 7).
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let run = app.run(&caller, &parse(&id)?).await?;
    let events = of_run(&run, &app.list_comments(&caller, &run.id).await?);
    let included = included(&app, &caller, &run.id, &events.iter().collect::<Vec<_>>(), &query).await?;
    Ok(List::all(events.iter().map(Event::resource).collect()).including(included))
}

/// `GET run-events/ID`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<Document, Failure> {
    let missing = || Error::not_found("that event of a run");
    let tail = id.strip_prefix(PREFIX).filter(|tail| tail.is_ascii()).ok_or_else(missing)?;
    let hidden = |error| if matches!(error, Error::NotFound(_)) { missing() } else { error };
    let comment = match format!("{}{tail}", CommentId::PREFIX).parse() {
        Ok(comment) => match app.find_comment(&caller, &comment).await {
            Ok(comment) => Some(comment),
            Err(Error::NotFound(_)) => None,
            Err(other) => return Err(other.into()),
        },
        Err(_) => None,
    };
    let run = match &comment {
        Some(comment) => comment.run_id.clone(),
        None => {
            let run = tail.len().checked_sub(PLACE).map(|end| format!("{}{}", RunId::PREFIX, &tail[..end]));
            parse(&run.ok_or_else(missing)?).map_err(|_| missing())?
        }
    };
    let run = app.run(&caller, &run).await.map_err(hidden)?;
    let events = of_run(&run, comment.as_slice());
    let event = events.iter().find(|event| event.id == id).ok_or_else(missing)?;
    let included = included(&app, &caller, &run.id, &[event], &query).await?;
    Ok(Document::new(event.resource()).including(included))
}
