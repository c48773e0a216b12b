//! Names of container images, as settings give them.

/// The most bytes of a name.
const LONGEST: usize = 500;

/// Checks the image that the runs of a workspace or of an organization want: a name, in which `{version}` stands for that of the engine, or
/// nothing.
pub fn check(image: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@{}".contains(c);
    if image.len() > LONGEST || !image.chars().all(plain) {
        return Err(
            "Image is a name such as registry.example.com/terraform:{version}, or empty for the one further out",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn an_image_is_a_name_or_nothing() {
        for good in ["", "terraform:1.11.4", "registry.example.com:5000/a/b:{version}", "t@sha256:00ff"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["a b", "a\nb", "$(id)", "ä", &"x".repeat(501)] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
