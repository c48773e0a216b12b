//! What a token says, in the field's names.

use super::subject::Subject;
use domain::time::Time;
use serde_json::{Value, json};

/// Verifiers whose clocks are a little behind are forgiven: seconds.
const BEHIND: i64 = 5;

/// The claims of a token for this audience, good from now until the phase must be over.
pub(super) fn claims(issuer: &str, id: &str, audience: &str, subject: &Subject, now: Time, seconds: i64) -> Value {
    let now = now.micros().div_euclid(1_000_000);
    json!({
        "jti": id,
        "iss": issuer,
        "aud": audience,
        "iat": now,
        "nbf": now - BEHIND,
        "exp": now + seconds,
        "sub": subject.text(),
        "terraform_organization_id": subject.organization_id,
        "terraform_organization_name": subject.organization,
        "terraform_project_id": subject.project_id,
        "terraform_project_name": subject.project,
        "terraform_workspace_id": subject.workspace_id,
        "terraform_workspace_name": subject.workspace,
        "terraform_full_workspace": subject.text().rsplit_once(":run_phase:").map(|(workspace, _)| workspace.to_owned()),
        "terraform_run_id": subject.run_id,
        "terraform_run_phase": subject.phase(),
    })
}
