//! Gives a phase its identity: what its workspace's switches ask for, signed.

use super::{claims::claims, providers, providers::Provided, settings::Settings, subject::Subject};
use crate::{App, Error, Result};
use protocol::{Category, Variable};
use store::{run::Run, workspace::Workspace};

impl App {
    /// Whom a token of this phase speaks of.
    pub(crate) async fn subject(&self, run: &Run, workspace: &Workspace, is_apply: bool) -> Result<Subject> {
        let id = &workspace.project_id;
        let found = self.store.look(async |mut tx| store::organization::find_project(&mut tx, id, "").await).await?;
        let (project, organization, _) = found.ok_or_else(|| Error::Internal(format!("{id} is missing")))?;
        Ok(Subject {
            organization_id: workspace.organization_id.to_string(),
            organization,
            project_id: id.to_string(),
            project: project.name,
            workspace_id: workspace.id.to_string(),
            workspace: workspace.name.clone(),
            run_id: run.id.to_string(),
            is_apply,
        })
    }

    /// What these variables ask for, in the name of `subject`, good for `seconds`. A setting that is wrong is the workspace's: it is told.
    pub(crate) async fn provide(&self, subject: &Subject, seconds: u64, variables: &[Variable]) -> Result<Provided> {
        let environment = variables.iter().filter(|variable| variable.category == Category::Env);
        let settings = Settings::new(environment.map(|variable| (variable.key.as_str(), &variable.value)));
        if !settings.ask_for_identity() {
            return Ok(Provided::default());
        }
        let key = self.signing_key().await?;
        let now = self.now();
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let sign = |audience: &str| {
            let id = format!("{:032x}", u128::from_be_bytes(first_half(self.entropy())));
            let claims = claims(&self.address, &id, audience, subject, now, seconds).to_string();
            key.sign(claims.as_bytes()).map_err(|error| error.to_string())
        };
        providers::provide(&settings, subject.is_apply, &sign).map_err(|why| Error::invalid("", why))
    }
}

fn first_half(entropy: domain::id::Entropy) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&entropy[..16]);
    half
}
