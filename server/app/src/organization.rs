//! Organizations, their members and their projects.

use crate::{App, Caller, Error, Result};
use domain::{
    id::{OrganizationId, ProjectId},
    image, name,
    permission::{Permission, Role, allows},
};
use store::{
    organization::{Member, Organization, Project},
    user::User,
};

/// The name of the project that every organization begins with.
const DEFAULT_PROJECT: &str = "Default Project";

/// Names under `/app/` that pages have.
const RESERVED: [&str; 2] = ["events", "settings"];

/// What may be said of an organization; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Where mail goes.
    pub email: Option<String>,
    /// The image of its runs where they are executed in containers and their workspace names none; empty for that of the site.
    pub image: Option<String>,
}

impl App {
    /// Creates an organization whose owner is this person, with its default project.
    pub async fn create_organization(&self, owner: Option<&User>, name: &str, email: &str) -> Result<Organization> {
        name::check(name).map_err(|e| Error::invalid("name", e))?;
        if RESERVED.contains(&name) {
            return Err(Error::invalid(
                "name",
                format!("Name can't be one of {}: pages have those addresses", RESERVED.join(", ")),
            ));
        }
        name::check_email(email).map_err(|e| Error::invalid("email", e))?;
        let now = self.now();
        let organization = Organization {
            id: OrganizationId::new(&self.entropy()),
            name: name.to_owned(),
            email: email.to_owned(),
            run_limit: None,
            run_weight: 1,
            image: String::new(),
            created_at: now,
            role: owner.map(|_| Role::Owner.as_str().to_owned()),
        };
        let project = Project {
            id: ProjectId::new(&self.entropy()),
            name: DEFAULT_PROJECT.into(),
            description: String::new(),
            is_default: true,
            created_at: now,
        };
        let saved = self
            .store
            .write(async |mut tx| {
                store::organization::insert(&mut tx, &organization).await?;
                store::organization::insert_project(&mut tx, &organization.id, &project).await?;
                // Whoever reads the organization's mail owns it, if they are known.
                let by_mail = store::user::find_by_email(&mut tx, email).await?;
                for user in owner.into_iter().chain(by_mail.as_ref()) {
                    store::organization::put_member(&mut tx, &organization.id, &user.id, Role::Owner, now).await?;
                }
                Ok::<_, store::Error>(())
            })
            .await;
        match saved {
            Ok(()) => Ok(organization),
            Err(error) if error.is_taken("organizations") => Err(Error::invalid("name", "Name has already been taken")),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes an organization; for its owners. Phases that are handed out from then on have the new image.
    pub async fn update_organization(&self, caller: &Caller, name: &str, change: &Change) -> Result<Organization> {
        let mut organization = self.organization(caller, name, Permission::ManageOrganization).await?;
        if let Some(email) = &change.email {
            name::check_email(email).map_err(|e| Error::invalid("email", e))?;
            organization.email.clone_from(email);
        }
        if let Some(image) = &change.image {
            image::check(image).map_err(|e| Error::invalid("execution-image", e))?;
            organization.image.clone_from(image);
        }
        self.store.write(async |mut tx| store::organization::update(&mut tx, &organization).await).await?;
        Ok(organization)
    }

    /// The organizations that the caller sees.
    pub async fn list_organizations(&self, caller: &Caller) -> Result<Vec<Organization>> {
        let user = caller.user()?;
        Ok(self
            .store
            .look(async |mut tx| store::organization::list(&mut tx, user.id.as_str(), user.site_admin).await)
            .await?)
    }

    /// Gives a person a role in an organization. For an owner, and for the house itself (`caller` is none).
    pub async fn put_member(
        &self,
        caller: Option<&Caller>,
        organization: &str,
        user: &str,
        role: Role,
    ) -> Result<Member> {
        let now = self.now();
        self.store
            .write(async |mut tx| {
                let asker = caller.map_or("", Caller::user_id);
                let found = store::organization::find_by_name(&mut tx, organization, asker).await?;
                let found = found.ok_or_else(|| Error::not_found(format!("organization {organization}")))?;
                if let Some(caller) = caller {
                    let own = caller.role(found.role.as_deref());
                    if !own.is_some_and(|own| allows(own, Permission::ManageOrganization)) {
                        return Err(Error::Forbidden(format!(
                            "only an owner of {organization} decides who is a member"
                        )));
                    }
                }
                let user = store::user::find_by_name(&mut tx, user).await?;
                let user = user.ok_or_else(|| Error::not_found("that user"))?;
                store::organization::put_member(&mut tx, &found.id, &user.id, role, now).await?;
                Ok(Member { user_id: user.id, name: user.name, role: role.as_str().to_owned() })
            })
            .await
    }

    /// Takes a person out of an organization; for the house itself.
    pub async fn remove_member(&self, organization: &str, user: &str) -> Result<()> {
        self.store
            .write(async |mut tx| {
                let found = store::organization::find_by_name(&mut tx, organization, "").await?;
                let found = found.ok_or_else(|| Error::not_found(format!("organization {organization}")))?;
                let user = store::user::find_by_name(&mut tx, user).await?;
                let user = user.ok_or_else(|| Error::not_found("that user"))?;
                match store::organization::delete_member(&mut tx, &found.id, &user.id).await? {
                    0 => Err(Error::not_found(format!("member {} of {organization}", user.name))),
                    _ => Ok(()),
                }
            })
            .await
    }

    /// The projects of an organization.
    pub async fn list_projects(&self, caller: &Caller, organization: &str) -> Result<Vec<Project>> {
        let organization = self.organization(caller, organization, Permission::Read).await?;
        Ok(self.store.look(async |mut tx| store::organization::list_projects(&mut tx, &organization.id).await).await?)
    }

    /// Creates a project.
    pub async fn create_project(
        &self,
        caller: &Caller,
        organization: &str,
        name: &str,
        description: &str,
    ) -> Result<Project> {
        let organization = self.organization(caller, organization, Permission::ManageProjects).await?;
        name::check_project(name).map_err(|e| Error::invalid("name", e))?;
        let project = Project {
            id: ProjectId::new(&self.entropy()),
            name: name.to_owned(),
            description: description.chars().take(256).collect(),
            is_default: false,
            created_at: self.now(),
        };
        let saved = self
            .store
            .write_once(async |mut tx, again| {
                if again && store::organization::find_project(&mut tx, &project.id, "").await?.is_some() {
                    return Ok(());
                }
                store::organization::insert_project(&mut tx, &organization.id, &project).await
            })
            .await;
        match saved {
            Ok(()) => Ok(project),
            Err(error) if error.is_taken("projects") => Err(Error::invalid("name", "Name has already been taken")),
            Err(error) => Err(error.into()),
        }
    }

    /// A project and the name of its organization.
    pub async fn project(&self, caller: &Caller, id: &ProjectId) -> Result<(Project, String)> {
        let user = caller.user_id();
        let found = self.store.read(async |mut tx| store::organization::find_project(&mut tx, id, user).await).await?;
        match found {
            Some((project, organization, role)) if caller.role(role.as_deref()).is_some() => {
                Ok((project, organization))
            }
            _ => Err(Error::not_found(format!("project {id}"))),
        }
    }

    /// How many runs of an organization wait, and how many phases execute.
    pub async fn capacity(&self, caller: &Caller, organization: &str) -> Result<(Organization, i64, i64)> {
        let organization = self.organization(caller, organization, Permission::Read).await?;
        let (pending, running) =
            self.store.look(async |mut tx| store::organization::capacity(&mut tx, &organization.id).await).await?;
        Ok((organization, pending, running))
    }
}
