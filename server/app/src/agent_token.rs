//! Tokens that runners come with: those of a pool's agents and those of the site's runners.

use crate::{App, Caller, Error, Result, user::check_description};
use domain::{
    id::{AgentPoolId, TokenId},
    permission::Permission,
};
use secrecy::SecretString;
use store::agent_pool::{AgentPool, AgentToken};

impl App {
    /// Creates a token for the agents of a pool; its value is told this once.
    pub async fn create_agent_token(
        &self,
        caller: &Caller,
        id: &AgentPoolId,
        description: &str,
    ) -> Result<(AgentToken, SecretString)> {
        let pool = self.agent_pool(caller, id, Permission::ManageOrganization).await?;
        if description.trim().is_empty() {
            return Err(Error::invalid("description", "Description can't be blank"));
        }
        self.new_agent_token(Some(&pool), description, Some(caller)).await
    }

    /// The tokens of a pool.
    pub async fn list_agent_tokens(&self, caller: &Caller, id: &AgentPoolId) -> Result<Vec<AgentToken>> {
        self.agent_pool(caller, id, Permission::ManageOrganization).await?;
        Ok(self.store.look(async |mut tx| store::agent_pool::list_tokens(&mut tx, Some(id)).await).await?)
    }

    /// A token of a pool's agents.
    pub async fn agent_token(&self, caller: &Caller, id: &TokenId) -> Result<AgentToken> {
        let missing = || Error::not_found(format!("token {id}"));
        let found = self.store.look(async |mut tx| store::agent_pool::find_token(&mut tx, id).await).await?;
        let token = found.ok_or_else(missing)?;
        let pool: AgentPoolId = token.pool_id.as_deref().and_then(|pool| pool.parse().ok()).ok_or_else(missing)?;
        match self.agent_pool(caller, &pool, Permission::ManageOrganization).await {
            Err(Error::NotFound(_)) => Err(missing()),
            other => other.map(|_| token),
        }
    }

    /// Deletes a token: who comes with it is refused from then on.
    pub async fn delete_agent_token(&self, caller: &Caller, id: &TokenId) -> Result<()> {
        self.agent_token(caller, id).await?;
        self.store.write(async |mut tx| store::agent_pool::delete_token(&mut tx, id).await).await?;
        Ok(())
    }

    /// Creates a token for runners that execute for the whole site; for the house itself.
    pub async fn create_site_runner_token(&self, description: &str) -> Result<(AgentToken, SecretString)> {
        self.new_agent_token(None, description, None).await
    }

    /// The tokens of the site's runners; for the house itself.
    pub async fn list_site_runner_tokens(&self) -> Result<Vec<AgentToken>> {
        Ok(self.store.look(async |mut tx| store::agent_pool::list_tokens(&mut tx, None).await).await?)
    }

    /// Deletes a token of the site's runners; for the house itself.
    pub async fn delete_site_runner_token(&self, id: &str) -> Result<()> {
        let missing = || Error::not_found(format!("runner token {id}"));
        let id: TokenId = id.parse().map_err(|_| missing())?;
        self.store
            .write(async |mut tx| {
                let found = store::agent_pool::find_token(&mut tx, &id).await?;
                found.filter(|token| token.pool_id.is_none()).ok_or_else(missing)?;
                store::agent_pool::delete_token(&mut tx, &id).await?;
                Ok(())
            })
            .await
    }

    async fn new_agent_token(
        &self,
        pool: Option<&AgentPool>,
        description: &str,
        caller: Option<&Caller>,
    ) -> Result<(AgentToken, SecretString)> {
        check_description(description)?;
        let (value, hash) = self.vault.new_token(secrets::TokenKind::Agent)?;
        let token = AgentToken {
            id: TokenId::new(&self.entropy()),
            organization_id: pool.map(|pool| pool.organization_id.to_string()),
            pool_id: pool.map(|pool| pool.id.to_string()),
            description: description.to_owned(),
            created_at: self.now(),
            last_used_at: None,
        };
        let by = caller.and_then(Caller::id);
        self.store.write(async |mut tx| store::agent_pool::insert_token(&mut tx, &token, &hash, by).await).await?;
        Ok((token, value))
    }
}
