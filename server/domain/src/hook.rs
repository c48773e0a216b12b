//! Commands that surround a phase. They come from the site and from organizations, never from a configuration.

/// Where in a run a hook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// Before a plan, and before the engine is initialised for it.
    PrePlan,
    /// After a plan that succeeded.
    PostPlan,
    /// Before an apply, and before the engine is initialised for it.
    PreApply,
    /// After an apply that succeeded.
    PostApply,
}

/// The most bytes of a script: it travels as one argument of a shell, and those end at 128 KiB.
pub const LONGEST: usize = 64 * 1024;

impl Point {
    /// Every point.
    pub const ALL: [Self; 4] = [Self::PrePlan, Self::PostPlan, Self::PreApply, Self::PostApply];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrePlan => "pre-plan",
            Self::PostPlan => "post-plan",
            Self::PreApply => "pre-apply",
            Self::PostApply => "post-apply",
        }
    }
    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.as_str() == text)
    }
    /// Whether it belongs to this phase.
    pub fn is_of(self, apply: bool) -> bool {
        apply == matches!(self, Self::PreApply | Self::PostApply)
    }
    /// Whether it comes before the engine.
    pub fn is_before(self) -> bool {
        matches!(self, Self::PrePlan | Self::PreApply)
    }
}

/// Checks a script.
pub fn check(script: &str) -> Result<(), &'static str> {
    if script.trim().is_empty() {
        return Err("Script can't be blank; delete the hook instead");
    }
    if script.len() > LONGEST {
        return Err("Script is too long (maximum is 65536 bytes)");
    }
    if script.contains('\0') {
        return Err("Script holds a NUL character");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_point_has_its_phase_and_its_side() {
        let told: Vec<_> =
            Point::ALL.map(|point| (Point::parse(point.as_str()), point.is_of(true), point.is_before())).into();
        let expected = [
            (Some(Point::PrePlan), false, true),
            (Some(Point::PostPlan), false, false),
            (Some(Point::PreApply), true, true),
            (Some(Point::PostApply), true, false),
        ];
        assert_eq!(told, expected);
        assert_eq!(Point::parse("plan"), None);
    }

    #[test]
    fn a_script_fits_into_one_argument() {
        assert!(check("true").is_ok());
        for bad in ["", " \n", "a\0", &"x".repeat(LONGEST + 1)] {
            assert!(check(bad).is_err());
        }
    }
}
