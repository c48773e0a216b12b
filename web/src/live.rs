//! Streams of changes: a page hears that something it shows has changed, and fetches itself again. Ids only, and only what the reader may see.

use crate::{Web, failure::Failure, person::Person};
use app::{App, Error, Which, hub::Event};
use axum::{
    extract::{Query, State},
    response::{
        IntoResponse as _, Response,
        sse::{Event as Sent, Sse},
    },
};
use domain::{
    id::{OrganizationId, WorkspaceId},
    permission::Permission,
};
use futures::stream;
use serde::Deserialize;
use std::{collections::HashMap, convert::Infallible, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// How often a stream that has nothing to say shows that it lives, and asks again whether its reader may still listen.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);
/// How many workspaces a stream remembers its judgement of.
const REMEMBERED: usize = 10_000;

/// What a page shows.
#[derive(Debug, Deserialize)]
pub(crate) struct Scope {
    workspace: Option<String>,
    organization: Option<String>,
    /// The organization whose queue it shows a place in.
    queue: Option<String>,
}

struct Stream {
    app: App,
    person: Person,
    events: Receiver<Event>,
    stopping: CancellationToken,
    workspace: Option<WorkspaceId>,
    organization: String,
    queue: Option<(OrganizationId, String)>,
    /// Which workspaces belong to the scope and may be seen, as last judged.
    judged: HashMap<WorkspaceId, bool>,
    checked: Instant,
}

/// `GET /app/events?workspace=ID` or `?organization=NAME`, and `queue=NAME` for what moves in the queue of an organization
pub(crate) async fn events(
    State(web): State<Web>,
    person: Person,
    Query(scope): Query<Scope>,
) -> Result<Response, Failure> {
    let app = web.http.app;
    let (workspace, organization) = match (scope.workspace, scope.organization) {
        (Some(id), _) => {
            let id: WorkspaceId = id.parse().map_err(|_| Error::not_found("That workspace"))?;
            (Some(app.workspace(&person.caller, Which::Id(&id), Permission::ReadRuns).await?.id), String::new())
        }
        (None, Some(name)) => (None, app.organization(&person.caller, &name, Permission::ReadRuns).await?.name),
        (None, None) => return Err(Error::invalid("workspace", "say of which workspace or organization").into()),
    };
    let queue = match scope.queue {
        Some(name) => {
            let organization = app.organization(&person.caller, &name, Permission::ReadRuns).await?;
            Some((organization.id, organization.name))
        }
        None => None,
    };
    let (events, stopping) = (app.hub.listen(), web.http.stopping);
    let stream = Stream {
        app,
        person,
        events,
        stopping,
        workspace,
        organization,
        queue,
        judged: HashMap::new(),
        checked: Instant::now(),
    };
    // The first word opens the stream for readers that wait for a byte.
    let first = stream::iter([Ok::<_, Infallible>(Sent::default().comment("hello"))]);
    let rest = stream::unfold(stream, async |mut stream| stream.next().await.map(|sent| (Ok(sent), stream)));
    Ok(Sse::new(futures::StreamExt::chain(first, rest)).into_response())
}

impl Stream {
    /// The next thing to say; `None` ends the stream.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            // Looked at in every round: a stream that never falls silent is judged anew all the same.
            if self.checked.elapsed() >= HEARTBEAT {
                return self.is_allowed().await.then(|| Sent::default().comment("still here"));
            }
            let heard = tokio::select! {
                () = self.stopping.cancelled() => return None,
                heard = tokio::time::timeout_at(self.checked + HEARTBEAT, self.events.recv()) => heard,
            };
            let (workspace, changed) = match heard {
                Ok(Ok(Event::Run { workspace, run })) => (workspace, run.to_string()),
                Ok(Ok(Event::Workspace(workspace))) => (workspace.clone(), workspace.to_string()),
                Ok(Ok(Event::Queue(organization))) => {
                    if self.queue.as_ref().is_some_and(|(own, _)| *own == organization) {
                        return Some(Sent::default().data(&organization));
                    }
                    continue;
                }
                Ok(Ok(Event::Log(_) | Event::Wish(_))) => continue,
                Ok(Ok(Event::Anything) | Err(RecvError::Lagged(_))) => return Some(Sent::default().data("all")),
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => continue,
            };
            if self.concerns(&workspace).await {
                return Some(Sent::default().data(changed));
            }
        }
    }

    /// Whether its reader may still listen. Forgets earlier judgements.
    async fn is_allowed(&mut self) -> bool {
        self.checked = Instant::now();
        self.judged.clear();
        if !self.person.is_signed_in(&self.app).await {
            return false;
        }
        if let Some((_, name)) = &self.queue
            && self.app.organization(&self.person.caller, name, Permission::ReadRuns).await.is_err()
        {
            return false;
        }
        match self.workspace.clone() {
            Some(id) => self.judge(&id).await,
            None => true, // each workspace is judged anew
        }
    }

    async fn concerns(&mut self, workspace: &WorkspaceId) -> bool {
        if self.workspace.as_ref().is_some_and(|own| own != workspace) {
            return false;
        }
        if let Some(known) = self.judged.get(workspace) {
            return *known;
        }
        let judgement = self.judge(workspace).await;
        if self.judged.len() >= REMEMBERED {
            self.judged.clear();
        }
        self.judged.insert(workspace.clone(), judgement);
        judgement
    }

    async fn judge(&self, id: &WorkspaceId) -> bool {
        let seen = self.app.workspace(&self.person.caller, Which::Id(id), Permission::ReadRuns).await;
        seen.is_ok_and(|found| self.workspace.is_some() || found.organization_name == self.organization)
    }
}
