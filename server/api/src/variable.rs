//! Variables of a workspace.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Resource},
    workspace::parse_id,
};
use app::{App, Error, Variable, VariableChange};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{id::VariableId, variable::Category};
use http_doors::Authenticated;
use secrecy::ExposeSecret;
use serde_json::json;

fn resource(variable: &Variable) -> Resource {
    let attributes = json!({
        "key": variable.key,
        "value": variable.value.as_ref().map(|value| value.expose_secret()),
        "category": variable.category.as_str(),
        "hcl": variable.hcl,
        "sensitive": variable.sensitive,
        "description": variable.description,
        "created-at": variable.created_at.rfc3339(),
        "version-id": format!("{}-{}", variable.id, variable.version),
    });
    Resource::new("vars", &variable.id, attributes)
        .one("configurable", "workspaces", Some(variable.workspace_id.as_str()))
        .one("workspace", "workspaces", Some(variable.workspace_id.as_str()))
}

fn change(body: &Body) -> Result<VariableChange, Error> {
    let category: Option<String> = body.attribute("category")?;
    let category = category.map(|text| {
        Category::parse(&text).ok_or_else(|| Error::invalid("category", "Category is 'terraform' or 'env'"))
    });
    Ok(VariableChange {
        key: body.attribute("key")?,
        value: body.attribute::<String>("value")?.map(Into::into),
        category: category.transpose()?,
        hcl: body.attribute("hcl")?,
        sensitive: body.attribute("sensitive")?,
        description: body.attribute("description")?,
    })
}

fn parse(id: &str) -> Result<VariableId, Error> {
    id.parse().map_err(|_| Error::not_found("that variable"))
}

/// `GET workspaces/ID/vars`, and `all-vars`: all of them at once (client contract 4, rule 8).
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(workspace): Path<String>,
) -> Result<List, Failure> {
    let variables = app.list_variables(&caller, &parse_id(&workspace)?).await?;
    Ok(List::all(variables.iter().map(resource).collect()))
}

/// `POST workspaces/ID/vars`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(workspace): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("vars")?;
    let variable = app.create_variable(&caller, &parse_id(&workspace)?, change(&body)?).await?;
    Ok(Document::created(resource(&variable)))
}

/// `GET workspaces/ID/vars/VAR`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((workspace, id)): Path<(String, String)>,
) -> Result<Document, Failure> {
    Ok(Document::new(resource(&app.variable(&caller, &parse_id(&workspace)?, &parse(&id)?).await?)))
}

/// `PATCH workspaces/ID/vars/VAR`
pub(crate) async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((workspace, id)): Path<(String, String)>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("vars")?;
    let changed = app.update_variable(&caller, &parse_id(&workspace)?, &parse(&id)?, change(&body)?).await?;
    Ok(Document::new(resource(&changed)))
}

/// `DELETE workspaces/ID/vars/VAR`
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((workspace, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    app.delete_variable(&caller, &parse_id(&workspace)?, &parse(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
