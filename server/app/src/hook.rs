//! Commands that surround the phases of runs: those of the site, which its operator gives, and those of an organization.

use crate::{App, Caller, Error, Result, vault};
use domain::{
    hook::{Point, check},
    id::OrganizationId,
    permission::Permission,
    time::Time,
};
use protocol::Moment;
use secrecy::{ExposeSecret, SecretString};
use store::phase::Phase;

/// A hook, as its owner sees it.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Where it stands.
    pub point: Point,
    /// What `/bin/sh` executes.
    pub script: SecretString,
    /// Since when it is as it is.
    pub updated_at: Time,
}

/// What the operator gives to every run of the site.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Hooks of the site.
    pub hooks: Vec<(Point, SecretString)>,
    /// The SSH host keys that runs accept, as in a `known_hosts` file; without it every one is.
    pub known_hosts: Option<String>,
}

impl App {
    /// The hooks of an organization. Only who may change them sees them: a script may hold a secret.
    pub async fn list_hooks(&self, caller: &Caller, organization: &str) -> Result<Vec<Hook>> {
        let organization = self.organization(caller, organization, Permission::ManageOrganization).await?;
        self.hooks_of(&organization.id).await
    }

    /// Sets a hook of an organization.
    pub async fn put_hook(
        &self,
        caller: &Caller,
        organization: &str,
        point: Point,
        script: SecretString,
    ) -> Result<Hook> {
        let organization = self.organization(caller, organization, Permission::ManageOrganization).await?;
        check(script.expose_secret()).map_err(|e| Error::invalid("script", e))?;
        let context = vault::context("hooks", point.as_str(), organization.id.as_str());
        let vault::Own { wrapped, sealed } = self.vault.seal_own(&context, script.expose_secret().as_bytes())?;
        let updated_at = self.now();
        let row = store::hook::Hook { point: point.as_str().to_owned(), wrapped, sealed, updated_at };
        self.store.write(async |mut tx| store::hook::put(&mut tx, &organization.id, &row).await).await?;
        Ok(Hook { point, script, updated_at })
    }

    /// Forgets a hook of an organization.
    pub async fn delete_hook(&self, caller: &Caller, organization: &str, point: Point) -> Result<()> {
        let organization = self.organization(caller, organization, Permission::ManageOrganization).await?;
        let id = &organization.id;
        match self.store.write(async |mut tx| store::hook::delete(&mut tx, id, point.as_str()).await).await? {
            0 => Err(Error::not_found(format!("the {} hook of {}", point.as_str(), organization.name))),
            _ => Ok(()),
        }
    }

    /// The hooks of a phase in the order in which they run: the site's surround the organization's.
    pub(crate) async fn job_hooks(&self, organization: &OrganizationId, phase: &Phase) -> Result<Vec<protocol::Hook>> {
        // A test plans and applies: what is to happen around either happens around it.
        let concerns = |point: &Point| phase.is_test() || point.is_of(phase.is_apply());
        let site = self.surroundings.hooks.iter().map(|(point, script)| (*point, "site", script.clone()));
        let mut before: Vec<_> = site.filter(|(point, ..)| concerns(point)).collect();
        let after = before.extract_if(.., |(point, ..)| !point.is_before()).collect::<Vec<_>>();
        let own = self.hooks_of(organization).await?;
        let own = own.into_iter().filter(|hook| concerns(&hook.point));
        let hooks = before.into_iter().chain(own.map(|hook| (hook.point, "organization", hook.script))).chain(after);
        let moment = |point: Point| if point.is_before() { Moment::Before } else { Moment::After };
        Ok(hooks
            .map(|(point, whose, script)| protocol::Hook {
                moment: moment(point),
                name: format!("{} hook of the {whose}", point.as_str()),
                script,
            })
            .collect())
    }

    async fn hooks_of(&self, organization: &OrganizationId) -> Result<Vec<Hook>> {
        let rows = self.store.look(async |mut tx| store::hook::list(&mut tx, organization).await).await?;
        let mut hooks = Vec::with_capacity(rows.len());
        for row in rows {
            let point = Point::parse(&row.point).ok_or_else(|| Error::Internal(format!("no hook is {}", row.point)))?;
            let context = vault::context("hooks", &row.point, organization.as_str());
            let script = self.open_own(&context, &vault::Own { wrapped: row.wrapped, sealed: row.sealed }).await?;
            let script = String::from_utf8(script.to_vec()).map_err(|e| Error::internal("opening a hook", e))?;
            hooks.push(Hook { point, script: script.into(), updated_at: row.updated_at });
        }
        Ok(hooks)
    }
}
