//! Comments on runs.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Resource},
    run::parse,
    run_event,
};
use app::{App, Error, model::Comment};
use axum::extract::{Path, State};
use domain::id::CommentId;
use http_doors::Authenticated;
use serde_json::json;

pub(crate) fn resource(comment: &Comment) -> Resource {
    let attributes = json!({ "body": comment.body, "created-at": comment.created_at.rfc3339() });
    Resource::new("comments", &comment.id, attributes)
        .one("run", "runs", Some(comment.run_id.as_str()))
        .one("user", "users", comment.created_by.as_deref())
        .one("run-event", "run-events", Some(&run_event::of_comment(comment)))
}

/// `GET runs/ID/comments`: all of them at once, oldest first.
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(run): Path<String>,
) -> Result<List, Failure> {
    let comments = app.list_comments(&caller, &parse(&run)?).await?;
    Ok(List::all(comments.iter().map(resource).collect()))
}

/// `POST runs/ID/comments`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(run): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("comments")?;
    let words: Option<String> = body.attribute("body")?;
    let comment = app.comment_run(&caller, &parse(&run)?, &words.unwrap_or_default()).await?;
    Ok(Document::created(resource(&comment)))
}

/// `GET comments/ID`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    let id: CommentId = id.parse().map_err(|_| Error::not_found("that comment"))?;
    Ok(Document::new(resource(&app.find_comment(&caller, &id).await?)))
}
