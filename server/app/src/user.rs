//! People: create one, let one in, give one a token.

use crate::{App, Caller, Error, Result, hub::FORGET};
use domain::{
    id::{TokenId, UserId},
    name,
    time::Time,
};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use store::{
    Tx,
    agent_pool::AgentToken,
    user::{Token, User},
};

/// How long a browser session lasts, in seconds.
const SESSION: i64 = 14 * 24 * 3600;
/// How long the first set-up link is good, in seconds.
const SETUP: i64 = 24 * 3600;
/// The fewest characters of a password.
const SHORTEST_PASSWORD: usize = 12;

/// A token, without its value.
#[derive(Debug, Clone)]
pub enum AnyToken {
    /// Of a person.
    User(Token),
    /// Of the agents of a pool.
    Agent(AgentToken),
}

/// What a new person is made of.
#[derive(Debug, Clone)]
pub struct New {
    /// The name to sign in with.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Whether they may do everything everywhere.
    pub site_admin: bool,
    /// A password for the browser; without one there are only tokens.
    pub password: Option<SecretString>,
}

/// Refuses what a token may not be said to be for.
pub(crate) fn check_description(description: &str) -> Result<()> {
    if description.chars().count() > 256 {
        return Err(Error::invalid("description", "Description is too long (maximum is 256 characters)"));
    }
    Ok(())
}

/// Revokes a token of this person, and tells every server in the same commit: one that is not told goes on letting it in. How many were.
pub(crate) async fn revoke(tx: &mut Tx, user: &UserId, token: &TokenId, now: Time) -> Result<u64> {
    let revoked = store::user::revoke_token(tx, user, token, now).await?;
    if revoked > 0 {
        store::notify::tell(tx, FORGET).await?;
    }
    Ok(revoked)
}

/// The caller, who must be the person with this id: nobody else may know whether there is one.
fn own<'a>(caller: &'a Caller, id: &UserId) -> Result<&'a User> {
    match caller.user() {
        Ok(user) if user.id == *id => Ok(user),
        _ => Err(Error::not_found(format!("user {id}"))),
    }
}

impl App {
    /// Creates a person. Only the house itself calls this: `terrane admin`, and the set-up page.
    pub async fn create_user(&self, new: New) -> Result<User> {
        name::check_user(&new.name).map_err(|e| Error::invalid("name", e))?;
        name::check_email(&new.email).map_err(|e| Error::invalid("email", e))?;
        let hash = match &new.password {
            Some(password) => Some(self.hash_password(password).await?),
            None => None,
        };
        let user = User {
            id: UserId::new(&self.entropy()),
            name: new.name,
            email: new.email,
            site_admin: new.site_admin,
            created_at: self.now(),
        };
        let saved = self.store.write(async |mut tx| store::user::insert(&mut tx, &user, hash.as_deref()).await).await;
        match saved {
            Ok(()) => Ok(user),
            Err(error) if error.is_taken("users") => Err(Error::Conflict(format!(
                "a user named {} or with the address {} exists already",
                user.name, user.email
            ))),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a person another password and ends their sessions. Only the house itself calls this: `terrane admin`.
    pub async fn set_password(&self, name: &str, password: &SecretString) -> Result<()> {
        let user = self.user_by_name(name).await?;
        let hash = self.hash_password(password).await?;
        Ok(self
            .store
            .write(async |mut tx| {
                store::user::set_password(&mut tx, &user.id, &hash).await?;
                store::user::delete_sessions(&mut tx, &user.id).await
            })
            .await
            .map(drop)?)
    }

    /// Everybody, by name.
    pub async fn list_users(&self) -> Result<Vec<User>> {
        Ok(self.store.look(async |mut tx| store::user::list(&mut tx).await).await?)
    }

    /// The names of the people with these ids, who did something that the caller may see.
    pub async fn user_names(&self, ids: &[&str]) -> Result<HashMap<String, String>> {
        let names = self.store.look(async |mut tx| store::user::list_names(&mut tx, ids).await).await?;
        Ok(names.into_iter().collect())
    }

    /// The person with this name, for the house itself.
    pub async fn user_by_name(&self, name: &str) -> Result<User> {
        let user = self.store.look(async |mut tx| store::user::find_by_name(&mut tx, name).await).await?;
        user.ok_or_else(|| Error::not_found(format!("user {name}")))
    }

    /// Creates a token of a person; its value is told this once.
    pub async fn create_token(
        &self,
        user: &User,
        description: &str,
        ttl_seconds: Option<i64>,
    ) -> Result<(Token, SecretString)> {
        check_description(description)?;
        let now = self.now();
        let (value, hash) = self.vault.new_token(secrets::TokenKind::User)?;
        let token = Token {
            id: TokenId::new(&self.entropy()),
            description: description.to_owned(),
            created_at: now,
            expires_at: ttl_seconds.map(|ttl| now.plus_seconds(ttl).micros()),
        };
        self.store.write(async |mut tx| store::user::insert_token(&mut tx, &user.id, &token, &hash).await).await?;
        Ok((token, value))
    }

    /// The caller's tokens.
    pub async fn list_tokens(&self, caller: &Caller) -> Result<Vec<Token>> {
        let user = caller.user()?;
        Ok(self.store.look(async |mut tx| store::user::list_tokens(&mut tx, &user.id).await).await?)
    }

    /// The tokens of the person with this id, who is the caller.
    pub async fn list_tokens_of(&self, caller: &Caller, user: &UserId) -> Result<Vec<Token>> {
        own(caller, user)?;
        self.list_tokens(caller).await
    }

    /// Creates a token of the person with this id, who is the caller; its value is told this once.
    pub async fn create_token_of(
        &self,
        caller: &Caller,
        user: &UserId,
        description: &str,
        until: Option<Time>,
    ) -> Result<(Token, SecretString)> {
        let user = own(caller, user)?;
        let seconds = until.map(|until| (until.micros() - self.now().micros()) / 1_000_000);
        if seconds.is_some_and(|seconds| seconds <= 0) {
            return Err(Error::invalid("expired-at", "Expired at must be in the future"));
        }
        self.create_token(user, description, seconds).await
    }

    /// A token by its id: one of the caller's own, or one of a pool that they manage.
    pub async fn any_token(&self, caller: &Caller, id: &TokenId) -> Result<AnyToken> {
        if let Ok(user) = caller.user()
            && let Some(token) =
                self.store.look(async |mut tx| store::user::find_token(&mut tx, &user.id, id).await).await?
        {
            return Ok(AnyToken::User(token));
        }
        self.agent_token(caller, id).await.map(AnyToken::Agent)
    }

    /// Ends such a token, at once.
    pub async fn delete_any_token(&self, caller: &Caller, id: &TokenId) -> Result<()> {
        match self.any_token(caller, id).await? {
            AnyToken::User(token) => self.revoke_token(caller, &token.id).await,
            AnyToken::Agent(token) => self.delete_agent_token(caller, &token.id).await,
        }
    }

    /// Revokes one of the caller's tokens, at once.
    pub async fn revoke_token(&self, caller: &Caller, token: &TokenId) -> Result<()> {
        let (user, now) = (caller.user()?, self.now());
        let revoked = self.store.write(async |mut tx| revoke(&mut tx, &user.id, token, now).await).await?;
        self.known.forget();
        if revoked == 0 { Err(Error::not_found(format!("token {token}"))) } else { Ok(()) }
    }

    /// Lets a person in with name (or address) and password; the answer is the session's secret.
    pub async fn sign_in(&self, login: &str, password: &SecretString) -> Result<SecretString> {
        let wrong = || Error::Unauthorized("the name or the password is wrong".into());
        let found = self.store.look(async |mut tx| store::user::find_password(&mut tx, login).await).await?;
        // A name that nobody has costs as much as a wrong password: the time tells nothing.
        let (user, hash) = found.unzip();
        if !self.verify_password(password, hash).await? {
            return Err(wrong());
        }
        let user: UserId = user.ok_or_else(wrong)?.parse().map_err(|e| Error::internal("reading a user's id", e))?;
        self.begin_session(&user).await
    }

    /// Ends a session.
    pub async fn sign_out(&self, session: &str) -> Result<()> {
        if let Some(hash) = self.vault.hash_token(session) {
            self.store.write(async |mut tx| store::user::delete_session(&mut tx, &hash).await).await?;
        }
        Ok(())
    }

    /// A new set-up link's secret while there is nobody yet.
    pub async fn offer_setup(&self) -> Result<Option<SecretString>> {
        if !self.store.look(async |mut tx| store::user::is_empty(&mut tx).await).await? {
            return Ok(None);
        }
        let (value, hash) = self.vault.new_token(secrets::TokenKind::Session)?;
        let until = self.now().plus_seconds(SETUP);
        self.store.write(async |mut tx| store::user::replace_setup(&mut tx, &hash, until).await).await?;
        Ok(Some(value))
    }

    /// Whether this set-up link is good.
    pub async fn check_setup(&self, setup: &str) -> Result<()> {
        let (hash, now) = (self.setup_hash(setup)?, self.now());
        let good = self
            .store
            .read(async |mut tx| {
                let good = store::user::find_setup(&mut tx, &hash, now).await?;
                // Somebody may have been made since on the server itself: then it leads nowhere any more.
                Ok::<_, store::Error>(good && store::user::is_empty(&mut tx).await?)
            })
            .await?;
        if good { Ok(()) } else { Err(Self::stale_setup()) }
    }

    /// Uses the set-up link: its bearer becomes the first person, a site admin, and is let in.
    pub async fn set_up(&self, setup: &str, new: New) -> Result<SecretString> {
        let (link, now) = (self.setup_hash(setup)?, self.now());
        name::check_user(&new.name).map_err(|e| Error::invalid("name", e))?;
        name::check_email(&new.email).map_err(|e| Error::invalid("email", e))?;
        let password = new.password.as_ref().ok_or_else(|| Error::invalid("password", "Password can't be blank"))?;
        let hash = self.hash_password(password).await?;
        let user = User {
            id: UserId::new(&self.entropy()),
            name: new.name,
            email: new.email,
            site_admin: true,
            created_at: now,
        };
        self.store
            .write(async |mut tx| {
                let good = store::user::find_setup(&mut tx, &link, now).await?;
                if !good || !store::user::is_empty(&mut tx).await? {
                    return Err(Self::stale_setup());
                }
                // Of two that come at once, one deletes the link.
                if store::user::delete_setups(&mut tx).await? == 0 {
                    return Err(Self::stale_setup());
                }
                Ok(store::user::insert(&mut tx, &user, Some(&hash)).await?)
            })
            .await?;
        self.begin_session(&user.id).await
    }

    async fn begin_session(&self, user: &UserId) -> Result<SecretString> {
        let (value, hash) = self.vault.new_token(secrets::TokenKind::Session)?;
        let now = self.now();
        let until: Time = now.plus_seconds(SESSION);
        self.store.write(async |mut tx| store::user::insert_session(&mut tx, user, &hash, now, until).await).await?;
        Ok(value)
    }

    fn setup_hash(&self, setup: &str) -> Result<[u8; 32]> {
        self.vault.hash_token(setup).ok_or_else(Self::stale_setup)
    }
    fn stale_setup() -> Error {
        Error::Unauthorized(
            "the set-up link is used or too old; while there is no user, each start of the server prints a new one"
                .into(),
        )
    }

    async fn hash_password(&self, password: &SecretString) -> Result<String> {
        if password.expose_secret().chars().count() < SHORTEST_PASSWORD {
            return Err(Error::invalid(
                "password",
                format!("Password is too short (minimum is {SHORTEST_PASSWORD} characters)"),
            ));
        }
        let password = password.clone();
        // Argon2 is slow on purpose: not on a thread that answers others.
        let hashed = tokio::task::spawn_blocking(move || secrets::Password::new(password).hash()).await;
        hashed
            .map_err(|e| Error::internal("hashing a password", e))?
            .map_err(|e| Error::internal("hashing a password", e))
    }
    async fn verify_password(&self, password: &SecretString, hash: Option<String>) -> Result<bool> {
        let password = password.clone();
        let verify = move || {
            let password = secrets::Password::new(password);
            match hash {
                Some(hash) => password.verify(&hash),
                None => password.hash().map(|_| false),
            }
        };
        let verified = tokio::task::spawn_blocking(verify).await;
        verified
            .map_err(|e| Error::internal("verifying a password", e))?
            .map_err(|e| Error::internal("verifying a password", e))
    }
}
