//! Finding anything in an organization.

use crate::{
    failure::{Failure, sentence},
    page::{Layout, html},
    person::Person,
    resource::known,
};
use app::{App, Error, Thing};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use serde::Deserialize;

/// Things of a page.
const PER_PAGE: usize = 50;

/// What is looked for, and behind what.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    q: Option<String>,
    after: Option<String>,
}

struct Row {
    kind: &'static str,
    name: String,
    path: String,
    workspace: String,
    workspace_path: String,
    /// What else is known of it.
    known: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Results {
    layout: Layout,
    organization: String,
    query: String,
    /// Why the query is none.
    wrong: Option<String>,
    rows: Vec<Row>,
    /// Where to go on.
    next: Option<String>,
    first: bool,
}

/// `GET /app/settings/search/ORG?q=…`
pub(crate) async fn find(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    Query(Wanted { q, after }): Query<Wanted>,
) -> Result<Response, Failure> {
    let query = q.unwrap_or_default();
    let after = after.filter(|after| !after.is_empty());
    let answer = app.search(&person.caller, &organization, &query, PER_PAGE, after.as_deref()).await;
    let (found, wrong) = match answer {
        Ok(found) => (found, None),
        // A page with the field in which it can be mended.
        Err(Error::Invalid(problems)) => {
            let problems: Vec<String> = problems.into_iter().map(|problem| sentence(&problem.detail)).collect();
            (app::Found::default(), Some(problems.join(" ")))
        }
        Err(other) => return Err(other.into()),
    };
    let rows = found.things.into_iter().map(|(workspace, thing)| {
        let workspace_path = format!("/app/{organization}/{}", workspace.name);
        let (kind, name, path, known) = match thing {
            Thing::Workspace => {
                let tags = workspace.tags().into_iter().map(|tag| (tag.key, tag.value)).collect();
                ("workspace", workspace.name.clone(), workspace_path.clone(), tags)
            }
            Thing::Output(_, name) => ("output", name, workspace_path.clone(), Vec::new()),
            Thing::Resource(instance) => {
                let pair = [("address", instance.address.as_str())];
                let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pair).finish();
                let path = format!("{workspace_path}/resources?{query}");
                let known = known(&instance);
                ("resource", instance.address, path, known)
            }
        };
        Row { kind, name, path, workspace: workspace.name, workspace_path, known }
    });
    let rows = rows.collect();
    let next = found.next.map(|next| {
        let pairs = [("q", query.as_str()), ("after", next.as_str())];
        let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("/app/settings/search/{organization}?{pairs}")
    });
    let layout = Layout::of(&app, &person, format!("Search · {organization}"));
    let layout = layout.of_organization(&organization).finding(&query);
    Ok(html(&Results { layout, organization, query, wrong, rows, next, first: after.is_none() }))
}
