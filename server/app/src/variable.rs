//! Variables of a workspace. Values are sealed, sensitive or not; a sensitive one is never told again.

use crate::{App, Caller, Error, Result, access::Which};
use domain::{
    id::{VariableId, WorkspaceId},
    permission::Permission,
    time::Time,
    variable::{Category, check},
};
use secrecy::{ExposeSecret, SecretString};

/// A variable as its reader may see it.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Which.
    pub id: VariableId,
    /// Of which workspace.
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub key: String,
    /// Where it goes.
    pub category: Category,
    /// Its value; `None` when it is sensitive.
    pub value: Option<SecretString>,
    /// Whether the value is an HCL expression.
    pub hcl: bool,
    /// Whether nobody may read it back.
    pub sensitive: bool,
    /// What it is for.
    pub description: String,
    /// Since when.
    pub created_at: Time,
    /// Rises with each change.
    pub version: i64,
}

/// What may be said of a variable; what is not said keeps its value.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its name.
    pub key: Option<String>,
    /// Its value.
    pub value: Option<SecretString>,
    /// Where it goes.
    pub category: Option<Category>,
    /// Whether the value is an HCL expression.
    pub hcl: Option<bool>,
    /// Whether nobody may read it back. Cannot be taken back.
    pub sensitive: Option<bool>,
    /// What it is for.
    pub description: Option<String>,
}

impl App {
    /// The variables of a workspace, by key.
    pub async fn list_variables(&self, caller: &Caller, workspace: &WorkspaceId) -> Result<Vec<Variable>> {
        let workspace = self.workspace(caller, Which::Id(workspace), Permission::ReadVariables).await?;
        let rows = self.store.look(async |mut tx| store::variable::list(&mut tx, &workspace.id).await).await?;
        let mut variables = Vec::with_capacity(rows.len());
        for row in rows {
            variables.push(self.show_variable(workspace.organization_id.as_str(), row).await?);
        }
        Ok(variables)
    }

    /// Creates a variable.
    pub async fn create_variable(&self, caller: &Caller, workspace: &WorkspaceId, new: Change) -> Result<Variable> {
        let workspace = self.workspace(caller, Which::Id(workspace), Permission::WriteVariables).await?;
        let category = new.category.ok_or_else(|| Error::invalid("category", "Category is 'terraform' or 'env'"))?;
        let key = new.key.unwrap_or_default();
        let value = new.value.unwrap_or_default();
        let description = new.description.unwrap_or_default();
        check(category, &key, value.expose_secret(), &description)
            .map_err(|e| Error::invalid(e.attribute, e.detail))?;
        let id = VariableId::new(&self.entropy());
        let organization = workspace.organization_id.as_str();
        let context = crate::vault::context("variables", id.as_str(), organization);
        let sealed = self.seal_small(&workspace.id, &context, value.expose_secret().as_bytes()).await?;
        let row = store::variable::Variable {
            id,
            workspace_id: workspace.id.clone(),
            category: category.as_str().into(),
            key,
            sealed,
            hcl: new.hcl.unwrap_or_default() && category == Category::Terraform,
            sensitive: new.sensitive.unwrap_or_default(),
            description,
            created_at: self.now(),
            version: 0,
        };
        let saved = self.store.write(async |mut tx| store::variable::insert(&mut tx, organization, &row).await).await;
        saved.map_err(taken)?;
        self.show_variable(organization, row).await
    }

    /// Changes a variable.
    pub async fn update_variable(
        &self,
        caller: &Caller,
        workspace: &WorkspaceId,
        id: &VariableId,
        change: Change,
    ) -> Result<Variable> {
        let (mut row, organization) = self.find_variable(caller, workspace, id, Permission::WriteVariables).await?;
        if change.sensitive == Some(false) && row.sensitive {
            return Err(Error::invalid(
                "sensitive",
                "A sensitive variable stays sensitive; delete it and create another",
            ));
        }
        if row.sensitive && change.key.as_ref().is_some_and(|key| *key != row.key) {
            return Err(Error::invalid("key", "The key of a sensitive variable can't be changed"));
        }
        row.sensitive |= change.sensitive.unwrap_or_default();
        row.hcl = change.hcl.unwrap_or(row.hcl);
        if let Some(key) = change.key {
            row.key = key;
        }
        if let Some(category) = change.category {
            row.category = category.as_str().into();
        }
        if let Some(description) = change.description {
            row.description = description;
        }
        let category = Category::parse(&row.category).unwrap_or(Category::Terraform);
        row.hcl &= category == Category::Terraform;
        let value = change.value.as_ref().map_or("", |value| value.expose_secret());
        check(category, &row.key, value, &row.description).map_err(|e| Error::invalid(e.attribute, e.detail))?;
        if change.value.is_some() {
            let context = crate::vault::context("variables", id.as_str(), &organization);
            row.sealed = self.seal_small(&row.workspace_id, &context, value.as_bytes()).await?;
        }
        self.store.write(async |mut tx| store::variable::update(&mut tx, &row).await).await.map_err(taken)?;
        row.version += 1;
        self.show_variable(&organization, row).await
    }

    /// A variable.
    pub async fn variable(&self, caller: &Caller, workspace: &WorkspaceId, id: &VariableId) -> Result<Variable> {
        let (row, organization) = self.find_variable(caller, workspace, id, Permission::ReadVariables).await?;
        self.show_variable(&organization, row).await
    }

    /// Forgets a variable.
    pub async fn delete_variable(&self, caller: &Caller, workspace: &WorkspaceId, id: &VariableId) -> Result<()> {
        self.find_variable(caller, workspace, id, Permission::WriteVariables).await?;
        self.store.write(async |mut tx| store::variable::delete(&mut tx, id).await).await?;
        Ok(())
    }

    async fn find_variable(
        &self,
        caller: &Caller,
        workspace: &WorkspaceId,
        id: &VariableId,
        permission: Permission,
    ) -> Result<(store::variable::Variable, String)> {
        let missing = || Error::not_found(format!("variable {id}"));
        let found = self.store.look(async |mut tx| store::variable::find(&mut tx, id).await).await?;
        let row = found.filter(|row| row.workspace_id == *workspace).ok_or_else(missing)?;
        let workspace = self.workspace(caller, Which::Id(workspace), permission).await.map_err(|e| match e {
            Error::NotFound(_) => missing(),
            other => other,
        })?;
        Ok((row, workspace.organization_id.into()))
    }

    async fn show_variable(&self, organization: &str, row: store::variable::Variable) -> Result<Variable> {
        let value = if row.sensitive { None } else { Some(self.variable_value(organization, &row).await?) };
        Ok(Variable {
            category: Category::parse(&row.category).unwrap_or(Category::Terraform),
            value,
            id: row.id,
            workspace_id: row.workspace_id,
            key: row.key,
            hcl: row.hcl,
            sensitive: row.sensitive,
            description: row.description,
            created_at: row.created_at,
            version: row.version,
        })
    }

    /// The value of a variable, for a run.
    pub(crate) async fn variable_value(
        &self,
        organization: &str,
        row: &store::variable::Variable,
    ) -> Result<SecretString> {
        let context = crate::vault::context("variables", row.id.as_str(), organization);
        let bytes = self.open_small(&row.workspace_id, &context, &row.sealed).await?;
        let text = String::from_utf8(bytes).map_err(|e| Error::internal("opening a variable", e.utf8_error()))?;
        Ok(text.into())
    }
}

fn taken(error: store::Error) -> Error {
    if error.is_taken("variables") { Error::invalid("key", "Key has already been taken") } else { error.into() }
}
