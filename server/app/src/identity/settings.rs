//! The switches that a workspace sets in its environment: `TFC_AWS_RUN_ROLE_ARN`, the same with a tag of the user's own at its end for a second
//! configuration of the same provider, and `TFC_DEFAULT_AWS_RUN_ROLE_ARN` for whatever has none of its own.

use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// What the field keeps for itself where a tag could stand.
const RESERVED: &str = "TYPE";

/// The environment variables of a workspace.
#[derive(Debug)]
pub(crate) struct Settings<'a>(BTreeMap<&'a str, &'a SecretString>);

/// One configuration of one provider: the untagged one, or one with a tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tagged<'a> {
    settings: &'a Settings<'a>,
    tag: Option<&'a str>,
    is_apply: bool,
}

impl<'a> Settings<'a> {
    /// These variables; of two with one name the later one counts.
    pub(crate) fn new(variables: impl IntoIterator<Item = (&'a str, &'a SecretString)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// Whether any of them may ask for a token.
    pub(super) fn ask_for_identity(&self) -> bool {
        self.0.keys().any(|key| {
            key.starts_with("TFC_") && (key.contains("_PROVIDER_AUTH") || key.contains("WORKLOAD_IDENTITY_AUDIENCE"))
        })
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|value| value.expose_secret().trim()).filter(|value| !value.is_empty())
    }

    /// The tags with which a variable of this name is there, none among them for the plain name.
    pub(super) fn tags(&self, name: &str) -> Vec<Option<&'a str>> {
        let tag = |key: &&'a str| match key.strip_prefix(name)? {
            "" => Some(None),
            rest => rest.strip_prefix('_').filter(|tag| is_tag(tag)).map(Some),
        };
        self.0.keys().filter_map(tag).collect()
    }

    /// The configurations of a provider that are switched on.
    pub(super) fn switched_on(&'a self, switch: &str, is_apply: bool) -> Vec<Tagged<'a>> {
        let configurations = self.tags(switch).into_iter().map(|tag| Tagged { settings: self, tag, is_apply });
        configurations.filter(|tagged| tagged.own(switch).is_some_and(is_true)).collect()
    }
}

impl<'a> Tagged<'a> {
    /// The configuration with this tag.
    pub(super) fn new(settings: &'a Settings<'a>, tag: Option<&'a str>, is_apply: bool) -> Self {
        Self { settings, tag, is_apply }
    }

    pub(super) fn tag(&self) -> Option<&'a str> {
        self.tag
    }

    /// A name of ours for something of this configuration.
    pub(super) fn name(&self, name: &str) -> String {
        self.tag.map_or_else(|| name.to_owned(), |tag| format!("{name}_{tag}"))
    }

    fn own(&self, name: &str) -> Option<&'a str> {
        self.settings.get(&self.name(name))
    }

    /// The value for this configuration, or for all.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let shared = || self.settings.get(&name.replacen("TFC_", "TFC_DEFAULT_", 1));
        self.own(name).or_else(shared)
    }

    /// A value without which nothing can be done.
    pub(super) fn needed(&self, name: &str) -> Result<&'a str, String> {
        self.get(name).ok_or_else(|| format!("{} is not set; set it as an environment variable", self.name(name)))
    }

    /// The value for this phase (`TFC_AWS_PLAN_ROLE_ARN`), or for both (`TFC_AWS_RUN_ROLE_ARN`).
    pub(super) fn of_phase(&self, before: &str, after: &str) -> Result<&'a str, String> {
        let phase = if self.is_apply { "APPLY" } else { "PLAN" };
        let both = format!("{before}_RUN_{after}");
        self.get(&format!("{before}_{phase}_{after}")).map_or_else(|| self.needed(&both), Ok)
    }
}

fn is_tag(text: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !text.is_empty() && text != RESERVED && text.bytes().all(letters)
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], then: impl FnOnce(&Settings<'_>)) {
        let owned: Vec<_> = variables.iter().map(|(key, value)| (*key, SecretString::from(*value))).collect();
        then(&Settings::new(owned.iter().map(|(key, value)| (*key, value))));
    }

    #[test]
    fn a_tag_is_whatever_follows_but_what_is_reserved() {
        let set =
            [("X", "1"), ("X_ONE", "1"), ("X_a_2", "1"), ("X_TYPE", "1"), ("X_a-b", "1"), ("XY", "1"), ("X_", "1")];
        check(&set, |settings| assert_eq!(settings.tags("X"), [None, Some("ONE"), Some("a_2")]));
    }

    #[test]
    fn only_true_switches_on() {
        check(&[("S", "true"), ("S_A", "TRUE "), ("S_B", "false"), ("S_C", "1"), ("S_D", "")], |settings| {
            let on: Vec<_> = settings.switched_on("S", false).iter().map(Tagged::tag).collect();
            assert_eq!(on, [None, Some("A")]);
        });
    }

    #[test]
    fn the_nearest_value_counts() {
        let set = [("TFC_AWS_RUN_ROLE_ARN", "both"), ("TFC_AWS_APPLY_ROLE_ARN", "apply"), ("TFC_DEFAULT_AWS_X", "all")];
        check(&set, |settings| {
            let role = |apply| Tagged::new(settings, None, apply).of_phase("TFC_AWS", "ROLE_ARN");
            assert_eq!((role(false), role(true)), (Ok("both"), Ok("apply")));
            let tagged = Tagged::new(settings, Some("ONE"), false);
            assert_eq!(tagged.get("TFC_AWS_X"), Some("all"));
            let missing = tagged.of_phase("TFC_AWS", "ROLE_ARN").unwrap_err();
            assert!(missing.starts_with("TFC_AWS_RUN_ROLE_ARN_ONE is not set"), "{missing}");
        });
    }
}
