//! What the field's configurations expect to find in the environment of a run, whoever executes it.

use crate::identity::{Provided, Subject};

/// Adds them: as variables of the environment, and as input variables for whoever declares one of that name.
pub(super) fn run_variables(subject: &Subject, provided: &mut Provided) {
    let slug = format!("{}/{}", subject.organization, subject.workspace);
    let always = [
        ("TFC_RUN_ID", subject.run_id.as_str()),
        ("TFC_WORKSPACE_NAME", &subject.workspace),
        ("TFC_WORKSPACE_SLUG", &slug),
        ("TFC_WORKSPACE_ID", &subject.workspace_id),
        ("TFC_PROJECT_NAME", &subject.project),
        ("TFC_PROJECT_ID", &subject.project_id),
        ("TFC_ORGANIZATION_NAME", &subject.organization),
        ("TFE_RUN_ID", &subject.run_id),
        ("ATLAS_RUN_ID", &subject.run_id),
        ("ATLAS_WORKSPACE_NAME", &subject.workspace),
        ("ATLAS_WORKSPACE_SLUG", &slug),
    ];
    for (key, value) in always {
        provided.set(key, value);
        provided.set(format!("TF_VAR_{key}"), value);
    }
    // An uploaded configuration has no commit. As input variables they stay unset, so that a default counts.
    for key in ["BRANCH", "COMMIT_SHA", "TAG"] {
        provided.set(format!("TFC_CONFIGURATION_VERSION_GIT_{key}"), "");
    }
}
