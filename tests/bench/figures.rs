//! A figure beside its goal, and the arithmetic of many measurements.

use std::time::Duration;

/// One line of the table.
pub(crate) struct Figure {
    what: String,
    measured: String,
    goal: String,
}

impl Figure {
    /// What was measured, with its unit, beside the goal as the project states it; a raw limit has none.
    pub(crate) fn new(what: &str, measured: impl Into<String>, goal: &str) -> Self {
        Self { what: what.to_owned(), measured: measured.into(), goal: goal.to_owned() }
    }

    /// A limit of the machine, to read the figures against.
    pub(crate) fn limit(what: &str, measured: impl Into<String>) -> Self {
        Self::new(&format!("(limit) {what}"), measured, "")
    }
}

/// How figures are printed.
pub(crate) struct Table;

impl Table {
    /// Prints a headed table.
    pub(crate) fn print(title: &str, figures: Vec<Figure>) {
        println!("\n{title}");
        for Figure { what, measured, goal } in figures {
            println!("  {what:<58} {measured:>24}   {goal}");
        }
    }
}

/// Many durations of the same thing.
pub(crate) struct Spread(Vec<Duration>);

impl Spread {
    /// Of at least one measurement.
    pub(crate) fn of(mut measured: Vec<Duration>) -> Self {
        assert!(!measured.is_empty(), "nothing was measured");
        measured.sort_unstable();
        Self(measured)
    }

    /// The value below which `percent` of all lie.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }

    /// The middle one.
    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// `p50 1.0 · p99 2.0 · max 3.0 ms`.
    pub(crate) fn text(&self) -> String {
        let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
        format!(
            "p50 {:.1} p99 {:.1} max {:.1} ms",
            ms(self.median()),
            ms(self.percentile(99)),
            ms(self.percentile(100))
        )
    }
}

/// Milliseconds for people.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

/// Seconds for people.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
