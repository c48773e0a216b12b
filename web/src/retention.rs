//! How long an organization or a workspace keeps what is no longer needed: what is said, what that would remove, and saying something else.

use crate::{
    failure::Failure,
    page::{moment, size},
    person::Person,
    settings::problem,
    sign_in::Proof,
};
use app::{App, Due, Error, Kept, Problem, WEIGHED};
use axum::http::StatusCode;
use domain::{
    retention::{Kind, LEAST_STATES, LONGEST, MOST_STATES, Retention, Wrong},
    time::Time,
};
use serde::Deserialize;

/// What the form holds: numbers as they were typed, nothing for ever.
#[derive(Default, Deserialize)]
pub(crate) struct Numbers {
    #[serde(default)]
    pub(crate) states: String,
    #[serde(default)]
    pub(crate) configurations: String,
    #[serde(default)]
    pub(crate) plans: String,
    #[serde(default)]
    pub(crate) logs: String,
    #[serde(default)]
    pub(crate) least: String,
}

/// The form, and which of its buttons was pressed: `preview`, `save` or `forget`.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(flatten)]
    pub(crate) proof: Proof,
    #[serde(flatten)]
    numbers: Numbers,
    #[serde(default)]
    act: String,
}

/// How much of a kind would go.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    /// Nothing where nothing would.
    pub(crate) count: String,
    pub(crate) bytes: String,
    pub(crate) oldest: Option<String>,
}

/// What the part of a page shows.
#[derive(Default)]
pub(crate) struct Policy {
    /// Where the form goes.
    pub(crate) path: String,
    pub(crate) numbers: Numbers,
    /// Whether there is a policy of its own.
    pub(crate) own: bool,
    /// From when on it removes things, where that is yet to come.
    pub(crate) from: Option<String>,
    /// What the numbers would remove, once that was asked.
    pub(crate) due: Option<Vec<Row>>,
    pub(crate) problem: Option<String>,
}

impl Policy {
    /// How a page that shows this is answered.
    pub(crate) fn status(&self) -> StatusCode {
        if self.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

impl Numbers {
    fn of(retention: &Retention) -> Self {
        let days = |kind| retention.of(kind).map(|days| days.to_string()).unwrap_or_default();
        Self {
            states: days(Kind::States),
            configurations: days(Kind::Configurations),
            plans: days(Kind::Plans),
            logs: days(Kind::Logs),
            least: retention.least_states.to_string(),
        }
    }

    fn read(&self) -> Result<Retention, Error> {
        let wrong = |detail| Error::Invalid(vec![Problem { attribute: String::new(), detail }]);
        let number = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse::<i64>().map(Some).map_err(|_| {
                let shown: String = text.chars().take(40).collect();
                wrong(format!("{shown:?} is no whole number: say one, or nothing"))
            }),
        };
        let retention = Retention {
            states: number(&self.states)?,
            configurations: number(&self.configurations)?,
            plans: number(&self.plans)?,
            logs: number(&self.logs)?,
            least_states: number(&self.least)?.unwrap_or(LEAST_STATES),
        };
        retention.check().map_err(|problem| {
            wrong(match problem {
                Wrong::Days(kind) => format!("{}: say a number of days from 1 to {LONGEST}, or nothing", named(kind)),
                Wrong::LeastStates => format!("Newest states that stay: say a number from 1 to {MOST_STATES}"),
            })
        })?;
        Ok(retention)
    }
}

fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::States => "Old states",
        Kind::Configurations => "Configurations",
        Kind::Plans => "Plans",
        Kind::Logs => "Logs",
    }
}

fn rows(due: &Due) -> Vec<Row> {
    let row = |(kind, weight): (Kind, &app::model::Weight)| Row {
        what: named(kind),
        count: match weight.count {
            0 => String::new(),
            WEIGHED => format!("more than {WEIGHED}"),
            count => count.to_string(),
        },
        bytes: size(weight.bytes),
        oldest: weight.oldest.map(|oldest| moment(Time::from_micros(oldest))),
    };
    Kind::ALL.into_iter().zip(&due.weights).map(row).collect()
}

/// What is said of it now.
pub(crate) async fn find(app: &App, person: &Person, kept: Kept<'_>, path: String) -> Result<Policy, Failure> {
    let found = app.retention_policy(&person.caller, kept).await?;
    let retention = found.as_ref().map_or(Retention::FOREVER, |(policy, _)| policy.retention());
    let from = found.as_ref().filter(|(_, from)| *from > app.now()).map(|(_, from)| moment(*from));
    Ok(Policy { path, numbers: Numbers::of(&retention), own: found.is_some(), from, ..Policy::default() })
}

/// Does what the form asks for; what is to be shown, or nothing when the page is to be asked for again.
pub(crate) async fn act(
    app: &App,
    person: &Person,
    kept: Kept<'_>,
    path: String,
    wanted: Wanted,
) -> Result<Option<Policy>, Failure> {
    let done = match (wanted.act.as_str(), wanted.numbers.read()) {
        ("forget", _) => app.delete_retention_policy(&person.caller, kept).await.map(|()| None),
        (_, Err(error)) => Err(error),
        ("save", Ok(retention)) => {
            app.change_retention_policy(&person.caller, kept, |_| Ok(retention)).await.map(|_| None)
        }
        (_, Ok(retention)) => app.preview_retention(&person.caller, kept, Some(retention)).await.map(Some),
    };
    let (due, problem) = match done {
        Ok(None) => return Ok(None),
        Ok(Some(due)) => (Some(rows(&due)), None),
        Err(error) => (None, Some(problem(error)?)),
    };
    let now = find(app, person, kept, path).await?;
    Ok(Some(Policy { numbers: wanted.numbers, due, problem, ..now }))
}
