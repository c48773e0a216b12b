//! The resources of a workspace.

use crate::{
    failure::Failure,
    page::{Layout, PER_PAGE, Pages, html, moment, paging},
    person::Person,
    workspace::Frame,
};
use app::{App, Which, model::Instance};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domain::time::Time;
use serde::Deserialize;

/// Which of them.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    page: Option<i64>,
    address: Option<String>,
}

struct Row {
    address: String,
    provider: String,
    known: Vec<(String, String)>,
    changed: String,
    version: Option<String>,
}

#[derive(Template)]
#[template(path = "resources.html")]
struct Resources {
    layout: Layout,
    frame: Frame,
    only: Option<String>,
    rows: Vec<Row>,
    pages: Pages,
}

/// What is known of an instance, by name.
pub(crate) fn known(instance: &Instance) -> Vec<(String, String)> {
    let named = |name: &str| name.strip_prefix("tag:").unwrap_or(name).to_owned();
    instance.known().map(|(name, value)| (named(name), value.to_owned())).collect()
}

/// `GET /app/ORG/WS/resources`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace)): Path<(String, String)>,
    Query(Wanted { page, address }): Query<Wanted>,
) -> Result<Response, Failure> {
    let which = Which::Name(&organization, &workspace);
    // No text of a database holds NUL.
    let only = address.filter(|address| !address.is_empty() && !address.contains('\0'));
    let (number, offset) = if only.is_some() { (1, 0) } else { paging(page) };
    let (workspace, listed, total) =
        app.list_resources(&person.caller, which, only.as_deref(), PER_PAGE, offset).await?;
    let rows = listed.into_iter().map(|one| Row {
        known: known(&one.instance),
        address: one.instance.address,
        provider: one.instance.provider,
        changed: one.modified_at.map(|at| moment(Time::from_micros(at))).unwrap_or_default(),
        version: one.modified_by,
    });
    let rows = rows.collect();
    let frame = Frame::new(&workspace, "resources");
    let pages = Pages::new(number, total, format!("{}/resources?page=", frame.path));
    let layout = frame.layout(&app, &person, "Resources").live(&format!("workspace={}", workspace.id));
    Ok(html(&Resources { layout, frame, only, rows, pages }))
}
