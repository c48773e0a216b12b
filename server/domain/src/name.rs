//! What an organization, a workspace or a project may be called.

/// Why a name is refused, in words for the person who chose it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(&'static str);

impl Refused {
    pub(crate) fn tag() -> Self {
        Self("A tag has a key of 1 to 256 characters and a value of up to 256, without commas and control characters")
    }
}

/// Checks the name of an organization or workspace: 1 to 90 letters, digits, `-` and `_` (TFE objects 5.1, 5.2). It stands in URLs, in
/// paths and in `terraform.workspace`.
pub fn check(name: &str) -> Result<(), Refused> {
    if name.is_empty() {
        return Err(Refused("Name can't be blank"));
    }
    if name.len() > 90 {
        return Err(Refused("Name is too long (maximum is 90 characters)"));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(Refused("Name may only contain letters, numbers, '-' and '_'"));
    }
    Ok(())
}

/// Checks a project's name: 3 to 40 characters, spaces inside allowed (TFE objects 5.1).
pub fn check_project(name: &str) -> Result<(), Refused> {
    if !(3..=40).contains(&name.len()) {
        return Err(Refused("Name must have 3 to 40 characters"));
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b' ');
    if name.trim() != name || !name.bytes().all(allowed) {
        return Err(Refused("Name may only contain letters, numbers, spaces, '-' and '_', and no space at either end"));
    }
    Ok(())
}

/// Checks the name of a user: what an organization may be called, and `.` and `@` inside.
pub fn check_user(name: &str) -> Result<(), Refused> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@');
    if name.is_empty() || name.len() > 90 || !name.bytes().all(allowed) {
        return Err(Refused("A user's name has 1 to 90 letters, numbers, '-', '_', '.' and '@'"));
    }
    Ok(())
}

/// Checks that an e-mail address looks like one; whether it reaches anybody only a mail can tell.
pub fn check_email(email: &str) -> Result<(), Refused> {
    let parts = email.split_once('@');
    let good = parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    if !good || email.len() > 254 || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Refused("Email is not an e-mail address"));
    }
    Ok(())
}

/// Checks a working directory: a relative path that stays inside the configuration.
pub fn check_directory(path: &str) -> Result<(), Refused> {
    let escapes = path.starts_with('/') || path.split('/').any(|part| part == "..");
    if escapes || path.len() > 1024 || path.chars().any(char::is_control) || path.contains('\\') {
        return Err(Refused("Working directory must be a relative path inside the configuration, without '..'"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_break_a_path_are_refused() {
        for name in ["", "a/b", "ä", "a b", "..", "a\0", &"x".repeat(300)] {
            assert!(check(name).is_err(), "{name:?}");
        }
        for name in ["a", "net-prod_1", &"x".repeat(90)] {
            assert!(check(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_project_may_have_spaces_inside() {
        assert!(check_project("Default Project").is_ok());
        for name in [" ab", "ab", "a/b/c"] {
            assert!(check_project(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_working_directory_stays_inside() {
        assert!(check_directory("envs/prod").is_ok());
        for path in ["/etc", "a/../..", "a\\b", "a\nb"] {
            assert!(check_directory(path).is_err(), "{path:?}");
        }
    }
}
