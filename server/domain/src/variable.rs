//! Values that a workspace gives to its runs.

use secrecy::SecretString;

/// Where a variable goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// An input variable of the root module.
    Terraform,
    /// The environment of the engine.
    Env,
}

impl Category {
    /// The name that the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::Env => "env",
        }
    }
    /// Reads the API's name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "terraform" => Some(Self::Terraform),
            "env" => Some(Self::Env),
            _ => None,
        }
    }
}

/// A variable's value, whether or not it may be shown.
#[derive(Debug, Clone)]
pub struct Value {
    /// The text: as it is, or an HCL expression.
    pub text: SecretString,
    /// Whether `text` is an HCL expression.
    pub hcl: bool,
    /// Whether nobody may read it back. One-way.
    pub sensitive: bool,
}

/// Why a variable is refused, and which attribute is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// The attribute.
    pub attribute: &'static str,
    /// What is wrong with it.
    pub detail: String,
}

/// The most bytes of a value.
pub const LONGEST: usize = 256 * 1024;

/// Environment variables that would let a workspace reach around the runner: they steer the loader, the engine's own set-up or the runner
/// itself.
const RESERVED: &[&str] =
    &["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_CONFIG_FILE"];

/// Checks a variable's key, value and description.
pub fn check(category: Category, key: &str, value: &str, description: &str) -> Result<(), Refused> {
    let refuse = |attribute, detail: String| Err(Refused { attribute, detail });
    if key.trim().is_empty() {
        return refuse("key", "Key can't be blank".into());
    }
    if key.len() > 256 || key.chars().any(|c| c.is_control() || c.is_whitespace() || c == '=') {
        return refuse("key", "Key has up to 256 characters, without spaces, '=' and control characters".into());
    }
    if category == Category::Terraform
        && (key.starts_with(|c: char| c.is_ascii_digit() || c == '-') || key.contains('.'))
    {
        return refuse("key", "Key is no name that a Terraform variable can have".into());
    }
    if category == Category::Env && (RESERVED.contains(&key) || key.starts_with("TERRANE_")) {
        return refuse("key", format!("{key} is set by the runner itself and can't be chosen"));
    }
    if value.len() > LONGEST {
        return refuse("value", format!("Value is too long (maximum is {LONGEST} bytes)"));
    }
    if value.contains('\0') {
        return refuse("value", "Value holds a NUL character".into());
    }
    if description.chars().count() > 512 {
        return refuse("description", "Description is too long (maximum is 512 characters)".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_reach_around_the_runner_are_refused() {
        for key in ["LD_PRELOAD", "TERRANE_MASTER_KEY", "TF_WORKSPACE", "", "a b", "a=b"] {
            assert!(check(Category::Env, key, "", "").is_err(), "{key}");
        }
        assert!(check(Category::Env, "AWS_REGION", "eu-west-1", "").is_ok());
    }

    #[test]
    fn a_long_description_is_refused() {
        assert_eq!(check(Category::Terraform, "a", "", &"x".repeat(513)).map_err(|e| e.attribute), Err("description"));
    }
}
