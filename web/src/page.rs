//! What every page has around it, and how it says times, sizes and statuses.

use crate::{assets, guard, person::Person};
use app::App;
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use domain::{run::Status, time::Time};

/// One step of the way to a page.
pub(crate) struct Crumb {
    /// What it is called.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: String,
}

/// The field that finds anything in an organization.
pub(crate) struct Find {
    /// The organization's name.
    pub(crate) organization: String,
    /// What was looked for.
    pub(crate) query: String,
}

/// What is around a page.
pub(crate) struct Layout {
    /// The title, without the product's name.
    pub(crate) title: String,
    /// Who is signed in.
    pub(crate) user: Option<String>,
    /// The token of the page's forms.
    pub(crate) csrf: String,
    /// The way to the page.
    pub(crate) crumbs: Vec<Crumb>,
    /// The field that finds anything in its organization.
    pub(crate) find: Option<Find>,
    /// The stream of changes that concern the page, if it follows any.
    pub(crate) live: Option<String>,
    /// Addresses of the static files.
    pub(crate) style: String,
    /// The module.
    pub(crate) script: String,
    /// The logo.
    pub(crate) logo: String,
}

impl Layout {
    /// A page for nobody in particular.
    pub(crate) fn bare(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            user: None,
            csrf: String::new(),
            crumbs: Vec::new(),
            find: None,
            live: None,
            style: assets::style(),
            script: assets::script(),
            logo: assets::logo(),
        }
    }
    /// A page for this person.
    pub(crate) fn of(app: &App, person: &Person, title: impl Into<String>) -> Self {
        Self {
            user: Some(person.user.name.clone()),
            csrf: guard::form_token(app, &person.user.id),
            ..Self::bare(title)
        }
    }
    /// Of an organization.
    pub(crate) fn of_organization(mut self, organization: &str) -> Self {
        self.find = Some(Find { organization: organization.to_owned(), query: String::new() });
        self.below(organization, format!("/app/{organization}"))
    }
    /// With what was looked for in its field.
    pub(crate) fn finding(mut self, query: &str) -> Self {
        if let Some(find) = &mut self.find {
            query.clone_into(&mut find.query);
        }
        self
    }
    /// With one more step of the way.
    pub(crate) fn below(mut self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { name: name.into(), path: path.into() });
        self
    }
    /// Following these changes.
    pub(crate) fn live(mut self, query: &str) -> Self {
        self.live = Some(format!("/app/events?{query}"));
        self
    }
}

/// A template as an answer.
pub(crate) fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "rendering a page");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A moment for people: `2026-11-25 20:36:41`, in UTC.
pub(crate) fn moment(time: Time) -> String {
    let text = time.rfc3339();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// So many bytes, for people.
pub(crate) fn size(bytes: i64) -> String {
    let mut value = bytes.max(0);
    let mut rest = 0;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024 || unit == "GiB" {
            return if unit == "B" || value >= 100 {
                format!("{value} {unit}")
            } else {
                format!("{value}.{rest} {unit}")
            };
        }
        rest = (value % 1024) * 10 / 1024;
        value /= 1024;
    }
    format!("{bytes} B")
}

/// A status in words. A plan that nobody will apply may have found changes.
pub(crate) fn words(status: Status, has_changes: bool) -> String {
    match status {
        Status::PlannedAndFinished if has_changes => "planned, not to be applied".into(),
        Status::PlannedAndFinished => "planned, nothing to apply".into(),
        Status::PlannedAndSaved => "plan saved".into(),
        Status::Planned => "needs confirmation".into(),
        other => other.as_str().replace('_', " "),
    }
}

/// How a status looks: the name of a class.
pub(crate) fn tone(status: Status, has_changes: bool) -> &'static str {
    match status {
        Status::PlannedAndFinished if has_changes => "ask",
        Status::Applied | Status::PlannedAndFinished => "good",
        Status::Errored | Status::PolicySoftFailed => "bad",
        Status::Canceled | Status::Discarded => "off",
        Status::Planned | Status::PlannedAndSaved | Status::PolicyOverride | Status::PostPlanAwaitingDecision => "ask",
        Status::Pending | Status::PlanQueued | Status::ApplyQueued | Status::Confirmed => "wait",
        _ => "busy",
    }
}

/// A page of a list.
pub(crate) struct Pages {
    /// The number of this one, from 1.
    pub(crate) number: i64,
    /// How many there are.
    pub(crate) last: i64,
    /// How many entries there are in all.
    pub(crate) total: i64,
    /// What the addresses of the others begin with: ends with `page=`.
    pub(crate) prefix: String,
}

/// Entries of a page of a list.
pub(crate) const PER_PAGE: i64 = 50;

impl Pages {
    /// This page of so many entries.
    pub(crate) fn new(number: i64, total: i64, prefix: String) -> Self {
        Self { number, last: ((total + PER_PAGE - 1) / PER_PAGE).max(1), total, prefix }
    }
}

/// The number of the page that was asked for, and what comes before it.
pub(crate) fn paging(page: Option<i64>) -> (i64, i64) {
    let number = page.unwrap_or(1).clamp(1, 1_000_000);
    (number, (number - 1) * PER_PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        let said: Vec<String> = [0, 1023, 1024, 20_480, 157_286_400, 5 << 30].into_iter().map(size).collect();
        assert_eq!(said, ["0 B", "1023 B", "1.0 KiB", "20.0 KiB", "150 MiB", "5.0 GiB"]);
    }
}
