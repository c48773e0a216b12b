//! Modules that an organization publishes, and their tests: to look at. Publishing and testing are done by programs.

use super::Frame;
use crate::{
    failure::Failure,
    log::{self, Part, Tail},
    page::{Layout, PER_PAGE, Pages, html, moment, paging},
    person::Person,
    workspace::Paging,
};
use app::{
    App, Error, TestRun,
    model::{Module, ModuleVersion},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domain::{id::TestRunId, permission::Permission};
use std::collections::HashMap;

#[derive(Template)]
#[template(path = "settings/modules.html")]
struct Modules {
    layout: Layout,
    frame: Frame,
    rows: Vec<Module>,
    pages: Pages,
}

/// A test on a list.
struct TestLine {
    id: String,
    tone: &'static str,
    words: String,
    counts: String,
    by: String,
    created: String,
}

#[derive(Template)]
#[template(path = "settings/module.html")]
struct OneModule {
    layout: Layout,
    frame: Frame,
    module: Module,
    versions: Vec<ModuleVersion>,
    rows: Vec<TestLine>,
    pages: Pages,
}

#[derive(Template)]
#[template(path = "settings/test.html")]
struct OneTest {
    layout: Layout,
    frame: Frame,
    module: Module,
    line: TestLine,
    version: String,
    filters: Vec<String>,
    reason: Option<String>,
    text: String,
    tail: Tail,
}

/// What came of a test in words, and how that looks.
fn outcome(test: &TestRun) -> Result<(&'static str, &'static str), Error> {
    Ok(match (test.status()?, test.verdict()?) {
        ("pending", _) => ("wait", "waits for a runner"),
        ("running", _) => ("busy", "running"),
        ("canceled", _) => ("off", "canceled"),
        ("finished", "pass") => ("good", "passed"),
        ("finished", "fail") => ("bad", "failed"),
        ("finished", "skip") => ("off", "nothing to test"),
        _ => ("bad", "error"),
    })
}

fn line(test: &TestRun, names: &HashMap<String, String>) -> Result<TestLine, Error> {
    let (tone, words) = outcome(test)?;
    let it = &test.test;
    let counts = [(it.passed, "passed"), (it.failed, "failed"), (it.errored, "in error"), (it.skipped, "skipped")];
    let counts: Vec<_> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(number, what)| format!("{number} {what}")).collect();
    let by = test.run.created_by.as_ref().and_then(|id| names.get(id)).cloned();
    Ok(TestLine {
        id: test.run.id.test().to_string(),
        tone,
        words: words.to_owned(),
        counts: counts.join(", "),
        by: by.unwrap_or_default(),
        created: moment(test.run.created_at),
    })
}

async fn names(app: &App, tests: &[TestRun]) -> Result<HashMap<String, String>, Error> {
    app.user_names(&tests.iter().filter_map(|test| test.run.created_by.as_deref()).collect::<Vec<_>>()).await
}

/// `GET /app/settings/organizations/ORG/modules`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    Query(Paging { page }): Query<Paging>,
) -> Result<Response, Failure> {
    let organization = app.organization(&person.caller, &organization, Permission::Read).await?;
    let (number, offset) = paging(page);
    let (rows, total) = app.list_modules(&person.caller, &organization.name, PER_PAGE, offset).await?;
    let frame = Frame::new(&person, &organization, "modules");
    let pages = Pages::new(number, total, format!("{}/modules?page=", frame.path));
    Ok(html(&Modules { layout: frame.layout(&app, &person, "Modules"), frame, rows, pages }))
}

/// `GET /app/settings/organizations/ORG/modules/NAME/SYSTEM`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path((organization, name, system)): Path<(String, String, String)>,
    Query(Paging { page }): Query<Paging>,
) -> Result<Response, Failure> {
    let organization = app.organization(&person.caller, &organization, Permission::Read).await?;
    let (module, versions) = app.module(&person.caller, &organization.name, &name, &system).await?;
    let (number, offset) = paging(page);
    let which = (organization.name.as_str(), name.as_str(), system.as_str());
    let (tests, total) = app.list_tests(&person.caller, which, PER_PAGE, offset).await?;
    let names = names(&app, &tests).await?;
    let rows = tests.iter().map(|test| line(test, &names)).collect::<Result<_, _>>()?;
    let frame = Frame::new(&person, &organization, "modules");
    let pages = Pages::new(number, total, format!("{}/modules/{name}/{system}?page=", frame.path));
    let layout = frame.layout(&app, &person, &format!("{name}/{system}"));
    let layout = layout.below("Modules", format!("{}/modules", frame.path));
    Ok(html(&OneModule { layout, frame, module, versions, rows, pages }))
}

type Names = (String, String, String, String);

async fn find(app: &App, person: &Person, (organization, name, system, test): &Names) -> Result<TestRun, Error> {
    let id: TestRunId = test.parse().map_err(|_| Error::not_found("That test"))?;
    app.test(&person.caller, (organization, name, system), &id).await
}

/// `GET /app/settings/organizations/ORG/modules/NAME/SYSTEM/tests/TEST`
pub(crate) async fn test(State(app): State<App>, person: Person, Path(path): Path<Names>) -> Result<Response, Failure> {
    let organization = app.organization(&person.caller, &path.0, Permission::Read).await?;
    let test = find(&app, &person, &path).await?;
    let tail = log::tail(&app, &test.phase.id, test.phase.log_end).await?;
    let names = names(&app, std::slice::from_ref(&test)).await?;
    let line = line(&test, &names)?;
    let frame = Frame::new(&person, &organization, "modules");
    let (module, modules) = (&test.module, format!("{}/modules", frame.path));
    let own = format!("{modules}/{}/{}", module.name, module.provider);
    let layout = frame.layout(&app, &person, &line.id).below("Modules", modules);
    let layout = layout.below(format!("{}/{}", module.name, module.provider), own.clone());
    let version = test.run.terraform_version.as_ref().or(test.test.wanted_version.as_ref()).cloned();
    Ok(html(&OneTest {
        layout,
        frame,
        version: version.unwrap_or_default(),
        filters: test.test.filters(),
        reason: test.run.reason.clone(),
        text: format!("{own}/tests/{}/log", line.id),
        module: test.module,
        line,
        tail,
    }))
}

/// `GET …/tests/TEST/log`: all of it, as the engine wrote it.
pub(crate) async fn text(State(app): State<App>, person: Person, Path(path): Path<Names>) -> Result<Response, Failure> {
    let test = find(&app, &person, &path).await?;
    Ok(log::download(app, test.phase.id, test.run.id.test().as_str()))
}
