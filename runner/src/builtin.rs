//! Tells whether a configuration needs nothing but what the engine brings along: then `init` has nothing to install, and what it costs (as much as
//! a small plan) is spared. The answer may wrongly be no, never wrongly yes: a word anywhere, in a comment too, is enough for a no.

use cap_std::fs::Dir;
use std::io::{self, Read};

/// Words that begin what must be installed.
const INSTALLED: &[&str] = &[
    "action",
    "check",
    "ephemeral",
    "import",
    "list",
    "module",
    "provider",
    "providers",
    "removed",
    "required_providers",
];
/// Words that begin what must be installed unless its type is one of `BUILT_IN`.
const TYPED: &[&str] = &["data", "resource"];
/// Types of the provider in every engine.
const BUILT_IN: &[&str] = &["terraform_data", "terraform_remote_state"];
/// A larger file is not looked at: bytes.
const LARGEST: u64 = 1 << 20;

/// Whether a root module and its state are of that kind.
pub(crate) fn is_enough(module: &Dir, state: Option<&[u8]>) -> io::Result<bool> {
    for entry in module.entries()? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".tf.json") || name.ends_with(".tofu") || name == ".terraform.lock.hcl" {
            return Ok(false);
        }
        if name.ends_with(".tf") && !is_plain(module, &name)? {
            return Ok(false);
        }
    }
    Ok(state.is_none_or(is_plain_state))
}

fn is_plain(module: &Dir, name: &str) -> io::Result<bool> {
    let mut text = String::new();
    let read = module.open(name).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
    Ok(read.is_ok_and(|length| length as u64 <= LARGEST) && needs_nothing(&text))
}

fn needs_nothing(text: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        rest = &rest[start..];
        let end = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
        let word;
        (word, rest) = rest.split_at(end);
        // `path.module` and the like are no blocks: they are one word here.
        if INSTALLED.contains(&word) || TYPED.contains(&word) && !is_built_in(rest) {
            return false;
        }
    }
    true
}

/// Whether what follows a keyword is the name of a built-in type, and not a comment with that name in it.
fn is_built_in(rest: &str) -> bool {
    let Some((blank, rest)) = rest.split_once('"') else { return false };
    let Some((kind, _)) = rest.split_once('"') else { return false };
    blank.trim().is_empty() && BUILT_IN.contains(&kind)
}

/// Every provider that a state of the current format names is the engine's own.
fn is_plain_state(state: &[u8]) -> bool {
    let count = |text: &str| memchr::memmem::find_iter(state, text).count();
    let current = count("\"version\": 4") + count("\"version\":4") > 0;
    current && count("provider[") == count("provider[\\\"terraform.io/builtin/terraform\\\"]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_installed_is_seen() {
        for (text, enough) in [
            ("resource \"terraform_data\" \"a\" {\n  input = path.module\n}\noutput \"o\" { value = 1 }\n", true),
            ("terraform {\n  cloud {}\n  required_version = \">= 1\"\n}\nvariable \"v\" {}\n", true),
            ("data \"terraform_remote_state\" \"s\" {}\n", true),
            ("", true),
            ("resource \"null_resource\" \"a\" {}\n", false),
            ("resource/**/\"null_resource\" \"a\" {}\n", false),
            ("resource null_resource a {}\n", false),
            ("resource /* \"terraform_data\" */ \"null_resource\" \"a\" {}\n", false),
            ("data\n\"x\" \"y\" {}\n", false),
            ("module \"m\" { source = \"./m\" }\n", false),
            ("terraform { required_providers {} }\n", false),
            ("provider \"aws\" {}\n", false),
            ("output \"o\" { value = provider::terraform::encode_expr(1) }\n", false),
            ("resource", false),
        ] {
            assert_eq!(needs_nothing(text), enough, "{text}");
        }
    }

    #[test]
    fn a_provider_of_the_state_counts_too() {
        let own = r#"{"version": 4, "resources": [{"provider": "provider[\"terraform.io/builtin/terraform\"]"}]}"#;
        let other =
            r#"{"version": 4, "resources": [{"provider": "provider[\"registry.terraform.io/hashicorp/null\"]"}]}"#;
        assert!(is_plain_state(own.as_bytes()));
        assert!(!is_plain_state(other.as_bytes()));
        assert!(!is_plain_state(br#"{"version": 3}"#));
    }
}
