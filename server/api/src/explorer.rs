//! The explorer: views of an organization, as documents and as CSV.

use crate::{
    error::Failure,
    jsonapi::{List, Query, Resource},
};
use app::{
    App, Caller, Error, Exploration,
    model::{ExplorerRows, UseRow, WorkspaceRow},
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    explorer::{Field, Filter, View},
    time::Time,
};
use futures::stream;
use http_doors::Authenticated;
use serde_json::{Map, Value, json};

/// So many rows of an export are read at once.
const ROWS: i64 = 500;

/// What a formula begins with, in letters of full width too.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// What a query asks, and which fields it wants.
fn read(query: &Query) -> Result<(Exploration, Vec<Field>), Error> {
    let views = "Type is workspaces, tf_versions, providers or modules";
    let view = View::parse(query.get("type").unwrap_or_default()).ok_or_else(|| Error::invalid("type", views))?;
    let filters = query.filters().map_err(|name| {
        let name: String = name.chars().take(80).collect();
        Error::invalid("filter", format!("{name:?} is no filter: it is filter[0][FIELD][OPERATOR][0]"))
    })?;
    let filters = filters.into_iter().map(|(field, operator, value)| Filter::read(view, field, operator, value));
    let filters = filters.collect::<Result<Vec<_>, _>>().map_err(|e| Error::invalid("filter", e))?;
    let field = |name: &str, of| view.field(name.trim()).map_err(|e| Error::invalid(of, e));
    let sort = match query.get("sort") {
        None => (view.first(), false),
        Some(name) => match name.strip_prefix('-') {
            Some(name) => (field(name, "sort")?, true),
            None => (field(name, "sort")?, false),
        },
    };
    let fields = match query.get(&format!("fields[{}]", view.as_str())) {
        Some(names) => names.split(',').map(|name| field(name, "fields")).collect::<Result<Vec<_>, _>>()?,
        None => view.fields().to_vec(),
    };
    Ok((Exploration { view, filters, sort }, fields))
}

/// The values of a row, by field.
fn of_workspace(row: &WorkspaceRow) -> Value {
    let moment = |micros: i64| Time::from_micros(micros).rfc3339();
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    json!({
        "all_checks_succeeded": true,
        "checks_errored": 0,
        "checks_failed": 0,
        "checks_passed": 0,
        "checks_unknown": 0,
        "current_run_applied_at": row.current_run_applied_at.map(moment),
        "current_run_external_id": some(&row.current_run_external_id),
        "current_run_status": some(&row.current_run_status),
        "drifted": false,
        "external_id": row.external_id,
        "module_count": row.module_count,
        "modules": some(&row.modules),
        "organization_name": row.organization_name,
        "project_external_id": row.project_external_id,
        "project_name": row.project_name,
        "provider_count": row.provider_count,
        "providers": some(&row.providers),
        "resources_drifted": 0,
        "resources_undrifted": 0,
        "state_version_terraform_version": some(&row.state_version_terraform_version),
        "tags": some(&row.tags),
        "vcs_repo_identifier": null,
        "workspace_created_at": moment(row.workspace_created_at),
        "workspace_name": row.workspace_name,
        "workspace_terraform_version": row.workspace_terraform_version,
        "workspace_updated_at": moment(row.workspace_updated_at),
    })
}

fn of_use(row: &UseRow) -> Value {
    json!({
        "name": row.name,
        "source": row.source,
        "version": row.version,
        "workspace_count": row.workspace_count,
        "workspaces": row.workspaces,
    })
}

/// The rows with their ids.
fn values(rows: &ExplorerRows) -> Vec<(String, Value)> {
    match rows {
        ExplorerRows::Workspaces(rows) => rows.iter().map(|row| (row.external_id.clone(), of_workspace(row))).collect(),
        ExplorerRows::Uses(rows) => {
            let id = |row: &UseRow| {
                let parts = [row.name.as_str(), row.source.as_str(), row.version.as_str()];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("@")
            };
            rows.iter().map(|row| (id(row), of_use(row))).collect()
        }
    }
}

/// `GET organizations/ORG/explorer?type=VIEW`
pub(crate) async fn query(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let page = query.page();
    // Who may not look is told so before what is wrong with the question.
    app.organization(&caller, &organization, domain::permission::Permission::ReadState).await?;
    let (wanted, fields) = read(&query)?;
    let rows = app.explore(&caller, &organization, &wanted, page.size, page.offset()).await?;
    let total = app.count_explored(&caller, &organization, &wanted).await?;
    let resource = |(id, mut values): (String, Value)| {
        let attributes: Map<String, Value> =
            fields.iter().map(|field| (field.name.replace('_', "-"), values[field.name].take())).collect();
        Resource::new(wanted.view.row(), id, attributes.into())
    };
    Ok(List::page(values(&rows).into_iter().map(resource).collect(), page, total))
}

/// `GET organizations/ORG/explorer/export/csv?type=VIEW`: all rows, as they are read.
pub(crate) async fn export(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    query: Query,
) -> Result<Response, Failure> {
    app.organization(&caller, &organization, domain::permission::Permission::ReadState).await?;
    let (wanted, fields) = read(&query)?;
    let name = format!("attachment; filename=\"{}.csv\"", wanted.view.as_str());
    // What is wrong is told by a status, as long as nothing was sent.
    let first = app.explore(&caller, &organization, &wanted, ROWS, 0).await?;
    let header = line(fields.iter().map(|field| Value::from(field.name)));
    let start = Bytes::from(header + &lines(&first, &fields));
    let rest = Rest { app, caller, organization, wanted, fields, offset: ROWS };
    let rest = (first.count() == usize::try_from(ROWS).unwrap_or(usize::MAX)).then_some(rest);
    let pieces = stream::try_unfold((Some(start), rest), |(start, rest)| async move {
        if let Some(start) = start {
            return Ok(Some((start, (None, rest))));
        }
        let Some(mut rest) = rest else { return Ok::<_, Error>(None) };
        let rows = rest.app.explore(&rest.caller, &rest.organization, &rest.wanted, ROWS, rest.offset).await?;
        rest.offset += ROWS;
        let piece = Bytes::from(lines(&rows, &rest.fields));
        let more = rows.count() == usize::try_from(ROWS).unwrap_or(usize::MAX);
        Ok(Some((piece, (None, more.then_some(rest)))))
    });
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// What is left of an export.
struct Rest {
    app: App,
    caller: Caller,
    organization: String,
    wanted: Exploration,
    fields: Vec<Field>,
    offset: i64,
}

fn lines(rows: &ExplorerRows, fields: &[Field]) -> String {
    values(rows).into_iter().map(|(_, mut values)| line(fields.iter().map(|field| values[field.name].take()))).collect()
}

/// A line of CSV (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe.
fn line(values: impl Iterator<Item = Value>) -> String {
    let cell = |value: Value| {
        let text = match value {
            Value::Null => return String::new(),
            Value::String(text) => text,
            other => return other.to_string(),
        };
        let guard = if text.starts_with(FORMULA) { "'" } else { "" };
        // A semicolon parts cells where the comma is for numbers.
        if text.contains([',', ';', '"', '\n', '\r']) || !guard.is_empty() {
            format!("\"{guard}{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    values.map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_no_formula() {
        let cells = [
            json!("a"),
            json!(7),
            json!(-7),
            Value::Null,
            json!(true),
            json!("a,\"b\"\nc"),
            json!("=1+1"),
            json!("@x"),
            json!("-x"),
            json!("\n=1"),
            json!("\u{ff1d}1"),
            json!("a;b"),
        ];
        let expected = "a,7,-7,,true,\"a,\"\"b\"\"\nc\",\"'=1+1\",\"'@x\",\"'-x\",\"'\n=1\",\"'\u{ff1d}1\",\"a;b\"\r\n";
        assert_eq!(line(cells.into_iter()), expected);
    }
}
