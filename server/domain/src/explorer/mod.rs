//! The explorer: which views of an organization there are, what each can be filtered and sorted by, and what a filter may ask.

mod address;

pub use address::{module, provider};

use crate::time::Time;

/// A view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// A row for each workspace.
    Workspaces,
    /// A row for each version of an engine that wrote a current state.
    TfVersions,
    /// A row for each provider that a current state names.
    Providers,
    /// A row for each module that a current state names.
    Modules,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A moment.
    Moment,
}

/// A field of a view: its name is that of its column, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// As queries name it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind }
}

const WORKSPACES: &[Field] = &[
    field("all_checks_succeeded", Kind::Boolean),
    field("checks_errored", Kind::Number),
    field("checks_failed", Kind::Number),
    field("checks_passed", Kind::Number),
    field("checks_unknown", Kind::Number),
    field("current_run_applied_at", Kind::Moment),
    field("current_run_external_id", Kind::Text),
    field("current_run_status", Kind::Text),
    field("drifted", Kind::Boolean),
    field("external_id", Kind::Text),
    field("module_count", Kind::Number),
    field("modules", Kind::Text),
    field("organization_name", Kind::Text),
    field("project_external_id", Kind::Text),
    field("project_name", Kind::Text),
    field("provider_count", Kind::Number),
    field("providers", Kind::Text),
    field("resources_drifted", Kind::Number),
    field("resources_undrifted", Kind::Number),
    field("state_version_terraform_version", Kind::Text),
    field("tags", Kind::Text),
    field("vcs_repo_identifier", Kind::Text),
    field("workspace_created_at", Kind::Moment),
    field("workspace_name", Kind::Text),
    field("workspace_terraform_version", Kind::Text),
    field("workspace_updated_at", Kind::Moment),
];
const USES: &[Field] = &[
    field("name", Kind::Text),
    field("source", Kind::Text),
    field("version", Kind::Text),
    field("workspace_count", Kind::Number),
    field("workspaces", Kind::Text),
];
const VERSIONS: &[Field] =
    &[field("version", Kind::Text), field("workspace_count", Kind::Number), field("workspaces", Kind::Text)];

impl View {
    /// By the name that a query gives it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Workspaces, Self::TfVersions, Self::Providers, Self::Modules]
            .into_iter()
            .find(|view| view.as_str() == name)
    }
    /// As queries name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workspaces => "workspaces",
            Self::TfVersions => "tf_versions",
            Self::Providers => "providers",
            Self::Modules => "modules",
        }
    }
    /// What its rows are called.
    #[must_use]
    pub fn row(self) -> &'static str {
        match self {
            Self::Workspaces => "visibility-workspace",
            Self::TfVersions => "visibility-tf-version",
            Self::Providers => "visibility-provider-version",
            Self::Modules => "visibility-module-version",
        }
    }
    /// Its fields, in the order of their names.
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Workspaces => WORKSPACES,
            Self::TfVersions => VERSIONS,
            Self::Providers | Self::Modules => USES,
        }
    }
    /// The field that its rows are in the order of, unless another is asked for.
    #[must_use]
    pub fn first(self) -> Field {
        match self {
            Self::Workspaces => field("workspace_name", Kind::Text),
            Self::TfVersions => field("version", Kind::Text),
            Self::Providers | Self::Modules => field("name", Kind::Text),
        }
    }
    /// A field by its name, with `_` or with `-`.
    ///
    /// # Errors
    /// When the view has none of that name.
    pub fn field(self, name: &str) -> Result<Field, Refused> {
        let found = self.fields().iter().find(|field| field.name == name.replace('-', "_"));
        found.copied().ok_or_else(|| Refused::Field(name.chars().take(80).collect(), self.as_str()))
    }
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The same.
    Is,
    /// Not the same.
    IsNot,
    /// Has it somewhere, whatever the case.
    Contains,
    /// Has it nowhere.
    DoesNotContain,
    /// Has no value.
    IsEmpty,
    /// Has a value.
    IsNotEmpty,
    /// More, or later.
    More,
    /// Less, or earlier.
    Less,
    /// As much or more.
    AtLeast,
    /// As much or less.
    AtMost,
}

/// What is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: the operator says it all.
    Nothing,
    /// A text.
    Text(String),
    /// A number, or a moment in microseconds.
    Number(i64),
    /// Yes or no.
    Boolean(bool),
}

/// A filter that the view can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Of which field.
    pub field: Field,
    /// How.
    pub operator: Operator,
    /// With what.
    pub wanted: Wanted,
}

/// Why a query is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such field.
    #[error("{0:?} is no field of the view {1}")]
    Field(String, &'static str),
    /// No such operator, or none for this kind of field.
    #[error("{0:?} is no way to compare {1}")]
    Operator(String, &'static str),
    /// A value that is none of the field's.
    #[error("{0:?} is no value of {1}")]
    Value(String, &'static str),
}

impl Filter {
    /// Reads `filter[0][FIELD][OPERATOR][0]=VALUE` of a view.
    ///
    /// # Errors
    /// When the view has no such field, or the field no such operator or value.
    pub fn read(view: View, field: &str, operator: &str, value: &str) -> Result<Self, Refused> {
        let field = view.field(field)?;
        let shown = |text: &str| text.chars().take(80).collect::<String>();
        let wrong = || Refused::Operator(shown(operator), field.name);
        let operator = match (operator, field.kind) {
            ("is", _) => Operator::Is,
            ("is_not", _) => Operator::IsNot,
            ("is_empty", _) => Operator::IsEmpty,
            ("is_not_empty", _) => Operator::IsNotEmpty,
            ("contains", Kind::Text) => Operator::Contains,
            ("does_not_contain", Kind::Text) => Operator::DoesNotContain,
            ("gt", Kind::Number) | ("is_after", Kind::Moment) => Operator::More,
            ("lt", Kind::Number) | ("is_before", Kind::Moment) => Operator::Less,
            ("gteq", Kind::Number) => Operator::AtLeast,
            ("lteq", Kind::Number) => Operator::AtMost,
            _ => return Err(wrong()),
        };
        let none = || Refused::Value(shown(value), field.name);
        let wanted = match (operator, field.kind) {
            (Operator::IsEmpty | Operator::IsNotEmpty, _) => Wanted::Nothing,
            (_, Kind::Text) if value.contains('\0') || value.len() > 1024 => return Err(none()),
            (_, Kind::Text) => Wanted::Text(value.to_owned()),
            (_, Kind::Number) => Wanted::Number(value.parse().map_err(|_| none())?),
            (_, Kind::Boolean) => match value {
                "true" => Wanted::Boolean(true),
                "false" => Wanted::Boolean(false),
                _ => return Err(none()),
            },
            (_, Kind::Moment) => {
                // A day is its beginning.
                let read = Time::parse(value).or_else(|| Time::parse(&format!("{value}T00:00:00Z")));
                Wanted::Number(read.ok_or_else(none)?.micros())
            }
        };
        Ok(Self { field, operator, wanted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read() {
        let read = |field, operator, value| Filter::read(View::Workspaces, field, operator, value);
        for (field, operator, value, wanted) in [
            ("workspace_name", "contains", "a", Wanted::Text("a".into())),
            ("workspace-name", "is", "", Wanted::Text(String::new())),
            ("module_count", "gteq", "3", Wanted::Number(3)),
            ("drifted", "is", "false", Wanted::Boolean(false)),
            ("workspace_updated_at", "is_before", "1970-01-02", Wanted::Number(86_400_000_000)),
            ("workspace_updated_at", "is_after", "1970-01-01T00:00:01Z", Wanted::Number(1_000_000)),
            ("tags", "is_empty", "ignored", Wanted::Nothing),
        ] {
            assert_eq!(read(field, operator, value).unwrap().wanted, wanted, "{field} {operator}");
        }
        for (field, operator, value) in [
            ("nothing", "is", "a"),
            ("workspace_name", "gt", "a"),
            ("workspace_name", "is", "a\0"),
            ("module_count", "contains", "3"),
            ("module_count", "is", "x"),
            ("module_count", "gt", "99999999999999999999"),
            ("drifted", "is", "maybe"),
            ("workspace_created_at", "is_before", "yesterday"),
            ("workspace_created_at", "gt", "2026-01-01"),
            ("", "", ""),
        ] {
            assert!(read(field, operator, value).is_err(), "{field} {operator} {value}");
        }
    }

    #[test]
    fn views_have_their_fields() {
        for name in ["workspaces", "tf_versions", "providers", "modules"] {
            let view = View::parse(name).unwrap();
            assert_eq!(view.as_str(), name);
            assert!(view.fields().contains(&view.first()) && view.fields().is_sorted_by_key(|field| field.name));
        }
        assert_eq!(View::parse("stacks"), None);
    }
}
