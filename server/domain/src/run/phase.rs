//! The status of a plan or an apply, which clients poll beside the run's.

/// Where a plan or an apply stands (TFE objects 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhaseStatus {
    /// Not yet.
    Pending,
    /// Ready for a runner.
    Queued,
    /// A runner executes it.
    Running,
    /// It succeeded.
    Finished,
    /// It failed.
    Errored,
    /// Somebody stopped it.
    Canceled,
    /// It will never run.
    Unreachable,
}

impl PhaseStatus {
    /// Every status.
    pub const ALL: [Self; 7] =
        [Self::Pending, Self::Queued, Self::Running, Self::Finished, Self::Errored, Self::Canceled, Self::Unreachable];

    /// The name that clients know.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Errored => "errored",
            Self::Canceled => "canceled",
            Self::Unreachable => "unreachable",
        }
    }
    /// Reads the name that clients know.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
    /// Whether it has ended: its log grows no more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Queued | Self::Running)
    }
}
