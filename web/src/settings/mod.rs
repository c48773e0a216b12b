//! The settings of an organization: its execution image, its agent pools, its hooks, its SSH keys, its modules, and how long it keeps
//! things.

mod deleted;
mod general;
mod hook;
mod module;
mod pool;
mod pools;
mod retention;
mod ssh_key;

use crate::{Web, failure::sentence, page::Layout, person::Person};
use app::{App, Error, model::Organization};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use domain::permission::Permission;

/// The most bytes of a form with a script: each of its own may become three on its way.
const SCRIPT: usize = 4 * domain::hook::LONGEST;

/// The pages below `/app/settings/organizations`.
pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/{organization}", get(general::show).post(general::update))
        .route("/{organization}/agent-pools", get(pools::list).post(pools::create))
        .route("/{organization}/agent-pools/{pool}", get(pool::show).post(pool::update))
        .route("/{organization}/agent-pools/{pool}/delete", post(pools::delete))
        .route("/{organization}/agent-pools/{pool}/tokens", post(pool::create_token))
        .route("/{organization}/agent-pools/{pool}/tokens/{token}/delete", post(pool::delete_token))
        .route("/{organization}/agent-pools/{pool}/agents/{agent}/delete", post(pool::delete_agent))
        .route("/{organization}/deleted-workspaces", get(deleted::list))
        .route("/{organization}/deleted-workspaces/{deleted}", post(deleted::restore))
        .route("/{organization}/hooks", get(hook::list))
        .route("/{organization}/hooks/{point}", post(hook::put).layer(DefaultBodyLimit::max(SCRIPT)))
        .route("/{organization}/hooks/{point}/delete", post(hook::delete))
        .route("/{organization}/modules", get(module::list))
        .route("/{organization}/modules/{module}/{system}", get(module::show))
        .route("/{organization}/modules/{module}/{system}/tests/{test}", get(module::test))
        .route("/{organization}/modules/{module}/{system}/tests/{test}/log", get(module::text))
        .route("/{organization}/retention", get(retention::show).post(retention::update))
        .route("/{organization}/ssh-keys", get(ssh_key::list).post(ssh_key::create))
        .route("/{organization}/ssh-keys/{key}", post(ssh_key::rename))
        .route("/{organization}/ssh-keys/{key}/delete", post(ssh_key::delete))
}

/// What the pages of an organization's settings have in common.
struct Frame {
    /// Its name.
    name: String,
    /// Where its settings are.
    path: String,
    /// Which of their pages this is.
    tab: &'static str,
    /// Whether the person owns it: everybody else only looks.
    owner: bool,
}

impl Frame {
    fn new(person: &Person, organization: &Organization, tab: &'static str) -> Self {
        Self {
            path: format!("/app/settings/organizations/{}", organization.name),
            name: organization.name.clone(),
            tab,
            owner: person.can(organization.role.as_deref(), Permission::ManageOrganization),
        }
    }

    fn layout(&self, app: &App, person: &Person, page: &str) -> Layout {
        Layout::of(app, person, format!("{page} · {}", self.name))
            .of_organization(&self.name)
            .below("Settings", &self.path)
    }
}

/// What is wrong with what a form said, as its page says it. Everything else is a page of its own.
pub(crate) fn problem(error: Error) -> Result<String, Error> {
    let Error::Invalid(problems) = error else { return Err(error) };
    let told = |problem: &app::Problem| {
        // Clients put the attribute before some of these by themselves.
        match problem.detail.chars().next() {
            Some(first) if first.is_lowercase() => {
                sentence(&format!("{} {}", problem.attribute.replace('-', " "), problem.detail))
            }
            _ => sentence(&problem.detail),
        }
    };
    Ok(problems.iter().map(told).collect::<Vec<_>>().join(" "))
}
