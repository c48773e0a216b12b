//! Whom a token speaks of: one phase of one run.

/// Names and ids as they were when the phase was claimed. Names may change and be taken by another; ids never.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) organization_id: String,
    pub(crate) organization: String,
    pub(crate) project_id: String,
    pub(crate) project: String,
    pub(crate) workspace_id: String,
    pub(crate) workspace: String,
    pub(crate) run_id: String,
    pub(crate) is_apply: bool,
}

impl Subject {
    pub(crate) fn phase(&self) -> &'static str {
        if self.is_apply { "apply" } else { "plan" }
    }

    /// `sub`. No name may hold a `:` (`domain::name`), so that no name can pass for two.
    pub(crate) fn text(&self) -> String {
        let Self { organization, project, workspace, .. } = self;
        format!("organization:{organization}:project:{project}:workspace:{workspace}:run_phase:{}", self.phase())
    }
}
