//! How long what is no longer needed is kept.

/// The most days that may be said: a hundred years.
pub const LONGEST: i64 = 36_500;
/// So many of the newest states stay where nothing else is said.
pub const LEAST_STATES: i64 = 10;
/// The most newest states that may be said to stay.
pub const MOST_STATES: i64 = 1_000;

/// What has an age of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Versions of states that are current no more.
    States,
    /// Uploaded configurations that no run needs.
    Configurations,
    /// What the plans of runs that ended handed back.
    Plans,
    /// The output of runs that ended.
    Logs,
}

impl Kind {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::States, Self::Configurations, Self::Plans, Self::Logs];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::States => "states",
            Self::Configurations => "configurations",
            Self::Plans => "plans",
            Self::Logs => "logs",
        }
    }

    /// The attribute that says its days.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::States => "delete-states-older-than-n-days",
            Self::Configurations => "delete-configurations-older-than-n-days",
            Self::Plans => "delete-plans-older-than-n-days",
            Self::Logs => "delete-logs-older-than-n-days",
        }
    }
}

/// How long each kind is kept, in days; `None` is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// States, from when they were stored.
    pub states: Option<i64>,
    /// Configurations, from when they were announced.
    pub configurations: Option<i64>,
    /// Plans, from when they ended.
    pub plans: Option<i64>,
    /// Logs, from when what they tell of ended.
    pub logs: Option<i64>,
    /// So many of the newest states of a workspace stay, however old they are; the current one always does.
    pub least_states: i64,
}

/// What is wrong with one part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The days of a kind.
    #[error("is to be a number of days from 1 to {LONGEST}, or null for ever")]
    Days(Kind),
    /// The newest states.
    #[error("is to be a number from 1 to {MOST_STATES}")]
    LeastStates,
}

impl Retention {
    /// Everything, for ever.
    pub const FOREVER: Self =
        Self { states: None, configurations: None, plans: None, logs: None, least_states: LEAST_STATES };

    /// The same days for every kind.
    pub fn days(days: i64) -> Self {
        let days = Some(days);
        Self { states: days, configurations: days, plans: days, logs: days, ..Self::FOREVER }
    }

    /// The days of a kind.
    pub fn of(&self, kind: Kind) -> Option<i64> {
        match kind {
            Kind::States => self.states,
            Kind::Configurations => self.configurations,
            Kind::Plans => self.plans,
            Kind::Logs => self.logs,
        }
    }

    /// The days of a kind, to be changed.
    pub fn of_mut(&mut self, kind: Kind) -> &mut Option<i64> {
        match kind {
            Kind::States => &mut self.states,
            Kind::Configurations => &mut self.configurations,
            Kind::Plans => &mut self.plans,
            Kind::Logs => &mut self.logs,
        }
    }

    /// The fewest days of any kind; `None` when everything stays.
    pub fn shortest(&self) -> Option<i64> {
        Kind::ALL.into_iter().filter_map(|kind| self.of(kind)).min()
    }

    /// Whether it may be kept so.
    ///
    /// # Errors
    /// What is wrong with the first part that may not.
    pub fn check(&self) -> Result<(), Wrong> {
        let bad = |kind: &Kind| self.of(*kind).is_some_and(|days| !(1..=LONGEST).contains(&days));
        if let Some(kind) = Kind::ALL.into_iter().find(bad) {
            return Err(Wrong::Days(kind));
        }
        if (1..=MOST_STATES).contains(&self.least_states) { Ok(()) } else { Err(Wrong::LeastStates) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_numbers_are_bounded() {
        assert_eq!(Retention::FOREVER.check(), Ok(()));
        assert_eq!(Retention::days(1).check(), Ok(()));
        assert_eq!(Retention::days(LONGEST).check(), Ok(()));
        for wrong in [0, -1, LONGEST + 1, i64::MAX, i64::MIN] {
            for kind in Kind::ALL {
                let mut retention = Retention::FOREVER;
                *retention.of_mut(kind) = Some(wrong);
                assert_eq!(retention.check(), Err(Wrong::Days(kind)));
            }
            assert_eq!(Retention { least_states: wrong.min(0), ..Retention::FOREVER }.check(), Err(Wrong::LeastStates));
        }
    }

    #[test]
    fn the_shortest_is_that_of_any_kind() {
        assert_eq!(Retention::FOREVER.shortest(), None);
        assert_eq!(Retention { logs: Some(3), plans: Some(9), ..Retention::FOREVER }.shortest(), Some(3));
    }
}
