//! What the operator may do without being anybody: the verbs behind `terrane admin`.

use crate::admin::{
    Keys, Organization, Request, Response, Role, Root, Rotation, RunLimit, Runner, RunnerToken, Secret, Share, User,
};
use app::{App, NewUser, Result, ShareChange};
use domain::permission;
use secrecy::ExposeSecret as _;

/// Does what the operator wants.
pub async fn administer(app: &App, request: Request) -> Response {
    done(app, request).await.unwrap_or_else(|error| Response::Refused { reason: error.to_string() })
}

async fn done(app: &App, request: Request) -> Result<Response> {
    Ok(match request {
        Request::CreateUser { name, email, site_admin, password } => {
            let password = password.map(|secret| secret.expose().to_owned().into());
            let user = app.create_user(NewUser { name, email, site_admin, password }).await?;
            Response::UserCreated(told(user))
        }
        Request::SetPassword { name, password } => {
            app.set_password(&name, &password.expose().to_owned().into()).await?;
            Response::PasswordSet
        }
        Request::ListUsers => Response::Users { users: app.list_users().await?.into_iter().map(told).collect() },
        Request::CreateToken { user, description, ttl } => {
            let user = app.user_by_name(&user).await?;
            let ttl = ttl.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
            let (token, value) = app.create_token(&user, &description, ttl).await?;
            Response::TokenCreated {
                id: token.id.to_string(),
                token: Secret::from(value.expose_secret().to_owned()),
                expires_at: token.expires_at.map(|at| domain::time::Time::from_micros(at).rfc3339()),
            }
        }
        Request::CreateOrganization { name, email } => {
            let organization = app.create_organization(None, &name, &email).await?;
            Response::OrganizationCreated(Organization { id: organization.id.to_string(), name: organization.name })
        }
        Request::RotateIdentityKey => {
            app.rotate_identity_key(None).await?;
            Response::IdentityKeyRotated
        }
        Request::TrimIdentityKeys => {
            app.trim_identity_keys(None).await?;
            Response::IdentityKeysTrimmed
        }
        Request::ShowKeys => Response::Keys(keys(app.key_status().await?)),
        Request::EscrowRootKeys { passphrase } => {
            let escrowed = app.escrow_root_keys(passphrase.expose().to_owned().into()).await?;
            let app::keys::Escrowed { text, roots, missing } = escrowed;
            Response::RootKeysEscrowed { text, roots, missing }
        }
        Request::NoteEscrow { roots } => {
            app.note_escrow(&roots).await?;
            Response::EscrowNoted
        }
        Request::RotateRootKey { begin } => {
            let done = if begin { app.rotate_root_key().await? } else { app.go_on_rotating().await? };
            let app::keys::Rotation { root, begun, moved, left, broken } = done;
            Response::RootKeyRotated(Rotation { root, begun, moved, left, broken })
        }
        Request::ListOrganizations => {
            Response::Organizations { organizations: app.list_shares(None).await?.iter().map(share).collect() }
        }
        Request::SetShare { organization, run_limit, run_weight } => {
            let run_limit = run_limit.map(|limit| match limit {
                RunLimit::Default => None,
                RunLimit::Of(runs) => Some(runs.into()),
            });
            let change = ShareChange { run_limit, run_weight: run_weight.map(Into::into) };
            Response::ShareSet(share(&app.set_share(None, &organization, change).await?))
        }
        Request::AddMember { organization, user, role } => {
            let role = match role {
                Role::Owner => permission::Role::Owner,
                Role::Write => permission::Role::Write,
                Role::Plan => permission::Role::Plan,
                Role::Read => permission::Role::Read,
            };
            app.put_member(None, &organization, &user, role).await?;
            Response::MemberAdded
        }
        Request::CreateRunnerToken { description } => {
            let (token, value) = app.create_site_runner_token(&description).await?;
            Response::TokenCreated {
                id: token.id.to_string(),
                token: Secret::from(value.expose_secret().to_owned()),
                expires_at: None,
            }
        }
        Request::ListRunners => {
            let told = |agent: app::model::Agent| Runner {
                status: app::agent_status(&agent, app.now()).to_owned(),
                id: agent.id.to_string(),
                name: agent.name,
                busy: agent.busy,
                slots: agent.slots,
                version: agent.version,
                address: agent.address,
                last_ping_at: agent.last_ping_at.rfc3339(),
            };
            Response::Runners { runners: app.list_site_runners(None).await?.into_iter().map(told).collect() }
        }
        Request::ListRunnerTokens => {
            let told = |token: app::model::AgentToken| RunnerToken {
                id: token.id.to_string(),
                description: token.description,
                created_at: token.created_at.rfc3339(),
                last_used_at: token.last_used_at.map(|at| domain::time::Time::from_micros(at).rfc3339()),
            };
            Response::RunnerTokens { tokens: app.list_site_runner_tokens().await?.into_iter().map(told).collect() }
        }
        Request::DeleteRunnerToken { id } => {
            app.delete_site_runner_token(&id).await?;
            Response::RunnerTokenDeleted
        }
    })
}

fn told(user: app::model::User) -> User {
    User { id: user.id.to_string(), name: user.name, email: user.email, site_admin: user.site_admin }
}

fn share(share: &app::Share) -> Share {
    Share {
        id: share.id.to_string(),
        name: share.name.clone(),
        run_limit: share.effective_limit,
        is_default: share.run_limit.is_none(),
        run_weight: share.run_weight,
        running: share.running,
        queued: share.queued,
    }
}

fn keys(status: app::keys::Status) -> Keys {
    let root = |root: app::keys::RootStatus| Root {
        id: root.id,
        purpose: root.purpose,
        stage: root.stage,
        master: root.master,
        wraps: root.wraps,
        created_at: root.created_at.rfc3339(),
        escrowed_at: root.escrowed_at.map(domain::time::Time::rfc3339),
        retired_at: root.retired_at.map(domain::time::Time::rfc3339),
    };
    Keys {
        rotating: status.is_rotating(),
        site: status.site,
        master: status.master,
        answers: status.trouble.is_none(),
        trouble: status.trouble,
        roots: status.roots.into_iter().map(root).collect(),
    }
}
