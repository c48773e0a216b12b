//! Tests of modules: what `terraform test -cloud-run` asks (client contract 17).

use super::{module::Named, own};
use crate::{
    configuration,
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
    run::variables,
};
use app::{App, Error, NewTest, TestRun};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use domain::{id::TestRunId, time::Time};
use http_doors::{
    Authenticated,
    signed::{self, Purpose},
};
use serde_json::json;

/// Organization, namespace, name and system of a module, and one of its tests.
type Test = Path<(String, String, String, String, String)>;

fn parse(id: &str) -> Result<TestRunId, Error> {
    id.parse().map_err(|_| Error::not_found("that test"))
}

/// A test, with a status and a verdict that every client knows: another verdict crashes them.
fn resource(app: &App, test: &TestRun) -> Result<Resource, Error> {
    let TestRun { run, test: options, phase, module } = test;
    let at = |micros: Option<i64>| micros.map(|at| Time::from_micros(at).rfc3339());
    let status = test.status()?;
    let mut times = json!({
        "queued-at": at(phase.queued_at),
        "started-at": at(phase.started_at),
        (format!("{status}-at")): at(phase.finished_at),
    });
    if let Some(times) = times.as_object_mut() {
        times.retain(|_, at| !at.is_null());
    }
    let attributes = json!({
        "status": status,
        "test-status": test.verdict()?,
        "status-timestamps": times,
        "tests-passed": options.passed,
        "tests-failed": options.failed,
        "tests-errored": options.errored,
        "tests-skipped": options.skipped,
        "filters": options.filters(),
        "test-directory": options.directory,
        "verbose": options.verbose,
        "parallelism": options.parallelism,
        "terraform-version": run.terraform_version.as_ref().or(options.wanted_version.as_ref()),
        "reason": run.reason,
        "source": run.source,
        "created-at": run.created_at.rfc3339(),
        "log-read-url": signed::address(app, Purpose::Log, &phase.id),
    });
    Ok(Resource::new("test-runs", run.id.test(), attributes)
        .one("configuration-version", "configuration-versions", Some(run.configuration_version_id.as_str()))
        .one("registry-module", "registry-modules", Some(module.id.as_str()))
        .one("created-by", "users", run.created_by.as_deref()))
}

/// `POST …/test-runs/configuration-versions`: the answer says where to upload the module as it is to be tested.
pub(crate) async fn create_configuration(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, system)): Named,
) -> Result<Document, Failure> {
    let organization = own(&organization, &namespace)?;
    let version = app.create_test_configuration(&caller, (organization, &name, &system)).await?;
    let url = signed::address(&app, Purpose::Configuration, version.id.as_str());
    Ok(Document::created(configuration::resource(&version, Some(&url))))
}

/// The version of the client, where it is one of an engine: it tests with that, so that here and there the same comes out.
fn version(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("terraform-version")?.to_str().ok()?;
    let version = mirror::version(text)?;
    // What somebody built at home is published nowhere.
    (!version.pre.contains("dev")).then(|| text.to_owned())
}

/// `POST …/test-runs`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, system)): Named,
    headers: HeaderMap,
    body: Body,
) -> Result<Document, Failure> {
    let organization = own(&organization, &namespace)?;
    body.about("test-runs")?;
    let version = version(&headers);
    let new = NewTest {
        configuration_version: body.related("configuration-version").map(configuration::parse).transpose()?,
        filters: body.attribute("filters")?.unwrap_or_default(),
        directory: body.attribute("test-directory")?.unwrap_or_default(),
        verbose: body.attribute("verbose")?.unwrap_or_default(),
        parallelism: body.attribute("parallelism")?,
        variables: variables(&body)?,
        source: if version.is_some() { "terraform".into() } else { "tfe-api".into() },
        version,
    };
    let test = app.create_test(&caller, (organization, &name, &system), &new).await?;
    Ok(Document::created(resource(&app, &test)?))
}

/// `GET …/test-runs`, newest first.
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, system)): Named,
    query: Query,
) -> Result<List, Failure> {
    let module = (own(&organization, &namespace)?, &*name, &*system);
    let page = query.page();
    let (tests, total) = app.list_tests(&caller, module, page.size, page.offset()).await?;
    let resources = tests.iter().map(|test| resource(&app, test)).collect::<Result<_, _>>()?;
    Ok(List::page(resources, page, total))
}

/// `GET …/test-runs/ID`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, system, id)): Test,
) -> Result<Document, Failure> {
    let module = (own(&organization, &namespace)?, &*name, &*system);
    let test = app.test(&caller, module, &parse(&id)?).await?;
    Ok(Document::new(resource(&app, &test)?))
}

/// `POST …/test-runs/ID/cancel`: once gently, again at once.
pub(crate) async fn cancel(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, system, id)): Test,
) -> Result<StatusCode, Failure> {
    let module = (own(&organization, &namespace)?, &*name, &*system);
    app.cancel_test(&caller, module, &parse(&id)?, false).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST …/test-runs/ID/force-cancel`: what was canceled is killed.
pub(crate) async fn force_cancel(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, system, id)): Test,
) -> Result<StatusCode, Failure> {
    let module = (own(&organization, &namespace)?, &*name, &*system);
    app.cancel_test(&caller, module, &parse(&id)?, true).await?;
    Ok(StatusCode::ACCEPTED)
}
