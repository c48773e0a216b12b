//! `terraform login`: a person allows it in the browser, the CLI exchanges the code that it is brought for an ordinary token of that person.

use crate::{App, Caller, Error, Result, user};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{id::TokenId, login::Request, time::Time};
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret as _, SecretString};
use store::{Tx, login::Code, user::Token};

/// How long a code can be exchanged, in seconds.
const CODE: i64 = 300;

/// What came of a code.
enum Came {
    /// It is exchanged.
    Token,
    /// It was used before, and the token that it was exchanged for is revoked now.
    Again,
    /// It is unknown, over, or another's.
    Nothing,
}

impl App {
    /// The person allows what the CLI asks for; the answer is the code to bring to it.
    pub async fn allow_login(
        &self,
        caller: &Caller,
        request: &Request,
        description: &str,
        ttl_seconds: Option<i64>,
    ) -> Result<SecretString> {
        let (user, now) = (caller.user()?, self.now());
        user::check_description(description)?;
        let (value, hash) = self.vault.new_token(secrets::TokenKind::Session)?;
        let code = Code {
            user_id: user.id.clone(),
            challenge: request.challenge.clone(),
            redirect_uri: request.redirect.clone(),
            description: description.to_owned(),
            ttl_seconds,
            expires_at: now.plus_seconds(CODE),
            token_id: None,
        };
        self.store
            .write(async |mut tx| {
                store::login::delete_old_codes(&mut tx, now).await?;
                store::login::insert_code(&mut tx, &hash, &code, now).await
            })
            .await?;
        Ok(value)
    }

    /// Exchanges a code for a token, once. Who comes with a used one was not the only one to know it: its token ends.
    pub async fn exchange_login(
        &self,
        code: &SecretString,
        redirect: &str,
        verifier: &SecretString,
    ) -> Result<SecretString> {
        let refused = || {
            Error::Unauthorized(
                "the code is unknown, used, older than five minutes, or was given to another; start `terraform login` again".into(),
            )
        };
        let hash = self.vault.hash_token(code.expose_secret()).ok_or_else(refused)?;
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.expose_secret().as_bytes()));
        let (value, token_hash) = self.vault.new_token(secrets::TokenKind::User)?;
        let (id, now) = (TokenId::new(&self.entropy()), self.now());
        let came = self
            .store
            .write(async |mut tx| {
                // Used up first: of two that come at once, one finds it used.
                let fresh = store::login::use_code(&mut tx, &hash, now).await? == 1;
                let Some(code) = store::login::find_code(&mut tx, &hash).await? else { return Ok(Came::Nothing) };
                if !fresh {
                    return revoke_exchanged(&mut tx, &code, now).await;
                }
                if code.expires_at <= now || code.redirect_uri != redirect || code.challenge != challenge {
                    return Ok(Came::Nothing);
                }
                let token = Token {
                    id: id.clone(),
                    description: code.description,
                    created_at: now,
                    expires_at: code.ttl_seconds.map(|ttl| now.plus_seconds(ttl).micros()),
                };
                store::user::insert_token(&mut tx, &code.user_id, &token, &token_hash).await?;
                store::login::set_token(&mut tx, &hash, &token.id).await?;
                Ok::<_, Error>(Came::Token)
            })
            .await?;
        match came {
            Came::Token => return Ok(value),
            Came::Again => {
                tracing::warn!(
                    "a code of `terraform login` came twice: the token that it was exchanged for is revoked"
                );
                self.known.forget();
            }
            Came::Nothing => {}
        }
        Err(refused())
    }
}

async fn revoke_exchanged(tx: &mut Tx, code: &Code, now: Time) -> Result<Came> {
    let Some(token) = code.token_id.as_deref().and_then(|id| id.parse().ok()) else { return Ok(Came::Nothing) };
    user::revoke(tx, &code.user_id, &token, now).await?;
    Ok(Came::Again)
}
