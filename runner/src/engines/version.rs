//! Versions as workspaces want them: the constraint language of Terraform, which is not that of Cargo (`~> 1.5` means from 1.5 to below 2).

use semver::Version;

/// What a workspace wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The newest release.
    Latest,
    /// All of these.
    All(Vec<Constraint>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Constraint {
    operator: Operator,
    version: Version,
    /// How many parts were given: `~> 1.5` lets the second one rise, `~> 1.5.0` the third.
    parts: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Pessimistic,
}

impl Wanted {
    /// Reads it; `None` when it is neither a version nor a constraint.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "latest" {
            return Some(Self::Latest);
        }
        text.split(',').map(Constraint::parse).collect::<Option<Vec<_>>>().map(Self::All)
    }

    /// The only version that will do, where there is only one.
    pub(crate) fn exact(&self) -> Option<&Version> {
        match self {
            Self::All(constraints) => match &constraints[..] {
                [Constraint { operator: Operator::Equal, version, .. }] => Some(version),
                _ => None,
            },
            Self::Latest => None,
        }
    }

    /// Whether a version will do. A pre-release only does when it is named.
    pub(crate) fn accepts(&self, version: &Version) -> bool {
        match self {
            Self::Latest => version.pre.is_empty(),
            Self::All(constraints) => {
                let named = |constraint: &Constraint| constraint.version == *version;
                constraints.iter().all(|constraint| constraint.accepts(version))
                    && (version.pre.is_empty() || constraints.iter().any(named))
            }
        }
    }
}

impl Constraint {
    fn parse(text: &str) -> Option<Self> {
        const OPERATORS: &[(&str, Operator)] = &[
            ("~>", Operator::Pessimistic),
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            ("!=", Operator::NotEqual),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("=", Operator::Equal),
        ];
        let text = text.trim();
        let (operator, text) = OPERATORS
            .iter()
            .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)))
            .unwrap_or((Operator::Equal, text));
        let text = text.trim().trim_start_matches('v');
        let numbers = text.split(['-', '+']).next()?;
        let parts = numbers.split('.').count();
        let full = match parts {
            1 => text.replacen(numbers, &format!("{numbers}.0.0"), 1),
            2 => text.replacen(numbers, &format!("{numbers}.0"), 1),
            3 => text.to_owned(),
            _ => return None,
        };
        Some(Self { operator, version: Version::parse(&full).ok()?, parts })
    }

    fn accepts(&self, version: &Version) -> bool {
        let wanted = &self.version;
        match self.operator {
            Operator::Equal => version == wanted,
            Operator::NotEqual => version != wanted,
            Operator::Greater => version > wanted,
            Operator::GreaterOrEqual => version >= wanted,
            Operator::Less => version < wanted,
            Operator::LessOrEqual => version <= wanted,
            Operator::Pessimistic => {
                version >= wanted
                    && match self.parts {
                        1 => true,
                        2 => version.major == wanted.major,
                        _ => (version.major, version.minor) == (wanted.major, wanted.minor),
                    }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(wanted: &str, version: &str) -> bool {
        Wanted::parse(wanted).unwrap().accepts(&Version::parse(version).unwrap())
    }

    #[test]
    fn constraints_mean_what_terraform_means() {
        for (wanted, yes, no) in [
            ("1.11.4", "1.11.4", "1.11.5"),
            ("v1.5", "1.5.0", "1.5.1"),
            ("~> 1.5", "1.15.5", "2.0.0"),
            ("~> 1.5.0", "1.5.7", "1.6.0"),
            (">= 1.1, < 2", "1.11.4", "2.0.0"),
            ("> 1.5, != 1.6.0", "1.6.1", "1.6.0"),
            ("latest", "1.15.5", "1.16.0-alpha1"),
            ("1.16.0-alpha1", "1.16.0-alpha1", "1.16.0"),
        ] {
            assert!(accepts(wanted, yes), "{wanted} {yes}");
            assert!(!accepts(wanted, no), "{wanted} {no}");
        }
        assert!(!accepts(">= 1.5", "1.16.0-alpha1"));
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in ["", "newest", "1.x", "1.2.3.4", "~> ", "../../bin", ">= 1,, < 2"] {
            assert_eq!(Wanted::parse(text), None, "{text}");
        }
    }
}
