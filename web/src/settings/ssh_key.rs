//! Keys with which runs fetch modules over SSH. No page holds a value.

use super::{Frame, problem};
use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html},
    person::Person,
    sign_in::Proof,
};
use app::{App, Error, model::SshKey};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::{id::SshKeyId, permission::Permission};
use secrecy::SecretString;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "settings/ssh_keys.html")]
struct SshKeys {
    layout: Layout,
    frame: Frame,
    rows: Vec<SshKey>,
    /// The name that was asked for and refused.
    name: String,
    problem: Option<String>,
}

async fn page(app: &App, person: &Person, organization: &str) -> Result<SshKeys, Failure> {
    let organization = app.organization(&person.caller, organization, Permission::Read).await?;
    let rows = app.list_ssh_keys(&person.caller, &organization.name).await?;
    let frame = Frame::new(person, &organization, "ssh-keys");
    Ok(SshKeys { layout: frame.layout(app, person, "SSH keys"), frame, rows, name: String::new(), problem: None })
}

/// `GET /app/settings/organizations/ORG/ssh-keys`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
) -> Result<Response, Failure> {
    Ok(html(&page(&app, &person, &organization).await?))
}

async fn answer(
    app: &App,
    person: &Person,
    organization: &str,
    name: &str,
    done: Result<SshKey, Error>,
) -> Result<Response, Failure> {
    match done {
        Ok(_) => Ok(Redirect::to(&format!("/app/settings/organizations/{organization}/ssh-keys")).into_response()),
        Err(error) => {
            let problem = Some(problem(error)?);
            let page = SshKeys { name: name.to_owned(), problem, ..page(app, person, organization).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}

/// A key to keep.
#[derive(Deserialize)]
pub(crate) struct New {
    #[serde(flatten)]
    proof: Proof,
    name: String,
    value: SecretString,
}

/// `POST /app/settings/organizations/ORG/ssh-keys`
pub(crate) async fn create(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    headers: HeaderMap,
    Form(new): Form<New>,
) -> Result<Response, Failure> {
    new.proof.check(&app, &person, &headers)?;
    let name = new.name.trim();
    let made = app.create_ssh_key(&person.caller, &organization, name, &new.value).await;
    answer(&app, &person, &organization, name, made).await
}

/// Another name.
#[derive(Deserialize)]
pub(crate) struct Renamed {
    #[serde(flatten)]
    proof: Proof,
    name: String,
}

/// The key at an address: the organization has to fit.
async fn find(app: &App, person: &Person, organization: &str, key: &str) -> Result<SshKeyId, Error> {
    let missing = || Error::not_found("That SSH key");
    let id: SshKeyId = key.parse().map_err(|_| missing())?;
    let key = app.ssh_key(&person.caller, &id).await?;
    if key.organization_name == organization { Ok(id) } else { Err(missing()) }
}

/// `POST /app/settings/organizations/ORG/ssh-keys/ID`
pub(crate) async fn rename(
    State(app): State<App>,
    person: Person,
    Path((organization, key)): Path<(String, String)>,
    headers: HeaderMap,
    Form(renamed): Form<Renamed>,
) -> Result<Response, Failure> {
    renamed.proof.check(&app, &person, &headers)?;
    let id = find(&app, &person, &organization, &key).await?;
    let done = app.rename_ssh_key(&person.caller, &id, Some(renamed.name.trim())).await;
    answer(&app, &person, &organization, "", done).await
}

/// `POST /app/settings/organizations/ORG/ssh-keys/ID/delete`
pub(crate) async fn delete(
    State(app): State<App>,
    person: Person,
    Path((organization, key)): Path<(String, String)>,
    headers: HeaderMap,
    Form(proof): Form<Proof>,
) -> Result<Redirect, Failure> {
    proof.check(&app, &person, &headers)?;
    let id = find(&app, &person, &organization, &key).await?;
    app.delete_ssh_key(&person.caller, &id).await?;
    Ok(Redirect::to(&format!("/app/settings/organizations/{organization}/ssh-keys")))
}
