//! What a policy may use.

use std::time::Duration;

/// Bounds of one run; exceeding any of them is a policy error.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Evaluation steps.
    pub steps: u64,
    /// Calls inside each other.
    pub depth: usize,
    /// Bytes of values made during the run.
    pub memory: usize,
    /// Wall clock; `None` for no bound.
    pub time: Option<Duration>,
    /// Bytes of printed text.
    pub output: usize,
    /// Whether questions that the documentation of the language leaves open end the policy instead of being answered.
    pub strict: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 500_000_000,
            depth: 1000,
            memory: 1 << 30,
            time: Some(Duration::from_secs(300)),
            output: 4 << 20,
            strict: false,
        }
    }
}
