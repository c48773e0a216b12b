//! Lock and unlock, the same lock through every door.

use crate::{App, Caller, Error, Result, access, hub::Event, run::advance};
use domain::{
    id::WorkspaceId,
    lock::{Door, Holder, Lock},
    permission::Permission,
};
use store::workspace::Workspace;

/// The most bytes of a reason or of a client's lock.
const LONGEST: usize = 16 * 1024;

/// How somebody wants to unlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlock<'a> {
    /// One's own lock, through the TFE API.
    Own,
    /// Whoever's client lock it is.
    Force,
    /// The lock of a `backend "http"` with this id.
    Http(&'a str),
    /// The lock of a `backend "http"`, whatever its id: an UNLOCK with an empty body.
    ForceHttp,
}

impl App {
    /// Takes the lock for a person. `client` is the id and the whole lock that a `backend "http"` sent.
    pub async fn lock(
        &self,
        caller: &Caller,
        id: &WorkspaceId,
        reason: &str,
        client: Option<(&str, &str)>,
    ) -> Result<Workspace> {
        if reason.len() > LONGEST || client.is_some_and(|(id, info)| id.len() > 256 || info.len() > LONGEST) {
            return Err(Error::invalid("reason", "The lock is longer than 16 KiB"));
        }
        let now = self.now();
        let locked = self
            .store
            .write_once(async |mut tx, again| {
                let workspace = access::hold(&mut tx, caller, id, Permission::Lock).await?;
                // The phase of a run holds its workspace already: asking again is no conflict.
                if let (Caller::Phase { run_id, .. }, Some(lock)) = (caller, workspace.lock()?)
                    && lock.holder == Holder::Run(run_id.clone())
                {
                    return Ok(workspace);
                }
                let user = caller.user()?.id.clone();
                let door = if client.is_some() { Door::Http } else { Door::Cloud };
                let holder = Holder::Client { door, user: user.clone(), id: client.map(|(id, _)| id.to_owned()) };
                if let Some(lock) = workspace.lock()? {
                    if again && lock.holder == holder && lock.since == now {
                        return Ok(workspace);
                    }
                    // The answer to the first try may have been lost on its way.
                    let own = Holder::Client { door: Door::Http, user, id: client.map(|(id, _)| id.to_owned()) };
                    return if client.is_some() && lock.holder == own {
                        Ok(workspace)
                    } else {
                        Err(locked(&workspace, lock))
                    };
                }
                let lock = Lock { holder, reason: reason.to_owned(), since: now };
                store::workspace::lock(&mut tx, id, &lock, client.map(|(_, info)| info)).await?;
                let saved = store::workspace::find(&mut tx, id, caller.user_id()).await?;
                saved.ok_or_else(|| Error::not_found(format!("workspace {id}")))
            })
            .await?;
        self.hub.announce([Event::Workspace(id.clone())]);
        Ok(locked)
    }

    /// Gives the lock back, or takes it away. The next run that waits begins.
    pub async fn unlock(&self, caller: &Caller, id: &WorkspaceId, how: Unlock<'_>) -> Result<Workspace> {
        let now = self.now();
        let (unlocked, mut events) = self
            .store
            .write_once(async |mut tx, again| {
                let right = match how {
                    Unlock::Own | Unlock::Http(_) => Permission::Lock,
                    Unlock::Force | Unlock::ForceHttp => Permission::ForceUnlock,
                };
                let workspace = access::hold(&mut tx, caller, id, right).await?;
                // It is free, or its next run has begun in the same commit.
                let begun = |lock: &Lock| matches!(lock.holder, Holder::Run(_)) && lock.since == now;
                if again && workspace.lock()?.as_ref().is_none_or(begun) {
                    let queued = Event::Queue(workspace.organization_id.clone());
                    return Ok((workspace, vec![queued]));
                }
                let Some(lock) = workspace.lock()? else {
                    return Err(Error::Conflict(format!("workspace {} is not locked", workspace.name)));
                };
                if let (Caller::Phase { run_id, .. }, Holder::Run(run)) = (caller, &lock.holder)
                    && run_id == run
                {
                    return Ok((workspace, Vec::new())); // it goes on holding it until it ends
                }
                let may = match (&lock.holder, how) {
                    (Holder::Run(run), _) => {
                        return Err(Error::Conflict(format!(
                            "workspace {} is locked by Run {run}; cancel or discard that run",
                            workspace.name
                        )));
                    }
                    (Holder::Client { .. }, Unlock::Force) => true,
                    (Holder::Client { door, user, .. }, Unlock::Own) => {
                        *door == Door::Cloud && caller.id() == Some(user)
                    }
                    (Holder::Client { door, user, id }, Unlock::Http(given)) => {
                        *door == Door::Http && caller.id() == Some(user) && id.as_deref() == Some(given)
                    }
                    (Holder::Client { door, .. }, Unlock::ForceHttp) => *door == Door::Http,
                };
                if !may {
                    return Err(locked(&workspace, lock));
                }
                store::workspace::unlock(&mut tx, id).await?;
                let events = advance::next(&mut tx, id, now).await?;
                let saved = store::workspace::find(&mut tx, id, caller.user_id()).await?;
                let saved = saved.ok_or_else(|| Error::not_found(format!("workspace {id}")))?;
                Ok((saved, events))
            })
            .await?;
        events.push(Event::Workspace(id.clone()));
        self.after(events);
        Ok(unlocked)
    }
}

/// The refusal that tells who holds the lock.
pub(crate) fn locked(workspace: &Workspace, lock: Lock) -> Error {
    let who = match &lock.holder {
        Holder::Run(run) => format!("Run {run}"),
        Holder::Client { user, .. } => format!("User {user}"),
    };
    let reason = if lock.reason.is_empty() { String::new() } else { format!(": {}", lock.reason) };
    Error::Locked {
        message: format!("workspace {} is locked by {who} since {}{reason}", workspace.name, lock.since),
        lock: Box::new(lock),
        info: workspace.lock_info.clone(),
    }
}
