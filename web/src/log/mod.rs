//! The log of a phase in a browser: the end of it inside the page, the rest as a stream that resumes by offset, all of it as a download.

mod ansi;
mod line;
mod lines;

pub(crate) use line::Part;
pub(crate) use lines::Lines;

use crate::{Web, failure::Failure, live::HEARTBEAT, person::Person, run::find};
use app::{App, Error, hub::Event};
use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{
        IntoResponse as _, Response,
        sse::{Event as Sent, Sse},
    },
};
use domain::id::RunId;
use futures::stream;
use serde::Deserialize;
use std::convert::Infallible;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// The most bytes that are read at once.
const PIECE: usize = 64 * 1024;
/// How much of the end of a log a page holds.
const TAIL: u64 = 64 * 1024;

type Names = (String, String, String, String);

/// The phase of a run by its name in an address.
fn phase_id(run: &RunId, phase: &str) -> Result<String, Error> {
    match phase {
        "plan" => Ok(run.plan().to_string()),
        "apply" => Ok(run.apply().to_string()),
        _ => Err(Error::not_found("That log")),
    }
}

/// The end of a log, for a page.
pub(crate) struct Tail {
    /// Its lines.
    pub(crate) lines: Vec<Vec<Part>>,
    /// Where a stream goes on.
    pub(crate) offset: u64,
    /// There is more before it.
    pub(crate) cut: bool,
    /// There will be nothing after it.
    pub(crate) ended: bool,
}

/// Reads the end of a log. `length` is how long it is.
pub(crate) async fn tail(app: &App, phase: &str, length: i64) -> Result<Tail, Error> {
    let length = u64::try_from(length).unwrap_or_default();
    let start = length.saturating_sub(TAIL);
    let mut lines = if start > 0 { Lines::inside_of_a_line(start) } else { Lines::from(0) };
    let part = app.read_log(phase, start, PIECE).await?;
    let mut shown = lines.push(&part.bytes);
    if part.ended {
        shown.extend(lines.end());
    }
    Ok(Tail { lines: shown, offset: lines.offset(), cut: start > 0, ended: part.ended })
}

/// Where to begin.
#[derive(Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    offset: u64,
}

struct Stream {
    app: App,
    person: Person,
    run: RunId,
    phase: String,
    events: Receiver<Event>,
    stopping: CancellationToken,
    lines: Lines,
    read: u64,
    ended: bool,
    checked: Instant,
}

/// `GET …/log/PHASE`: events of whole lines; each carries as its id the offset after it, from which a broken stream goes on.
pub(crate) async fn follow(
    State(web): State<Web>,
    person: Person,
    Path((organization, workspace, run, phase)): Path<Names>,
    Query(From { offset }): Query<From>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let app = web.http.app;
    let (run, _) = find(&app, &person, &organization, &workspace, &run).await?;
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let offset = resumed.unwrap_or(offset);
    let stream = Stream {
        phase: phase_id(&run.id, &phase)?,
        run: run.id,
        // Heard before it is read: nothing falls in between.
        events: app.hub.listen(),
        stopping: web.http.stopping,
        lines: Lines::from(offset),
        read: offset,
        ended: false,
        checked: Instant::now(),
        app,
        person,
    };
    let first = stream::iter([Ok::<_, Infallible>(Sent::default().comment("hello"))]);
    let rest = stream::unfold(stream, async |mut stream| stream.next().await.map(|sent| (Ok(sent), stream)));
    Ok(Sse::new(futures::StreamExt::chain(first, rest)).into_response())
}

impl Stream {
    async fn next(&mut self) -> Option<Sent> {
        loop {
            if self.ended || (self.checked.elapsed() >= HEARTBEAT && !self.is_allowed().await) {
                return None;
            }
            let part = match self.app.read_log(&self.phase, self.read, PIECE).await {
                Ok(part) => part,
                Err(error) => {
                    tracing::warn!(phase = %self.phase, %error, "following a log");
                    return None;
                }
            };
            self.read += part.bytes.len() as u64;
            let mut shown = self.lines.push(&part.bytes);
            if part.ended {
                shown.extend(self.lines.end());
                if shown.is_empty() {
                    self.ended = true;
                    return Some(Sent::default().event("end").data("end"));
                }
            }
            if !shown.is_empty() {
                let data = serde_json::to_string(&shown).ok()?;
                return Some(Sent::default().id(self.lines.offset().to_string()).data(data));
            }
            if part.bytes.is_empty() {
                match self.wait().await {
                    Waited::Grew => {}
                    Waited::Long => return Some(Sent::default().comment("still here")),
                    Waited::Over => return None,
                }
            }
        }
    }

    /// Whether its reader may still read it.
    async fn is_allowed(&mut self) -> bool {
        self.checked = Instant::now();
        self.app.run(&self.person.caller, &self.run).await.is_ok() && self.person.is_signed_in(&self.app).await
    }

    async fn wait(&mut self) -> Waited {
        let deadline = tokio::time::sleep_until(self.checked + HEARTBEAT);
        tokio::pin!(deadline);
        loop {
            let heard = tokio::select! {
                () = self.stopping.cancelled() => return Waited::Over,
                () = &mut deadline => return Waited::Long,
                heard = self.events.recv() => heard,
            };
            match heard {
                Ok(Event::Log(phase)) if phase == self.phase => return Waited::Grew,
                // A phase that will never run ends without a word of its own.
                Ok(Event::Run { run, .. }) if run == self.run => return Waited::Grew,
                Ok(Event::Anything) | Err(RecvError::Lagged(_)) => return Waited::Grew,
                Ok(_) => {}
                Err(RecvError::Closed) => return Waited::Over,
            }
        }
    }
}

enum Waited {
    Grew,
    Long,
    Over,
}

/// `GET …/log/PHASE/text`: the bytes as they were written, as far as they are there.
pub(crate) async fn text(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace, run, phase)): Path<Names>,
) -> Result<Response, Failure> {
    let (run, _) = find(&app, &person, &organization, &workspace, &run).await?;
    let id = phase_id(&run.id, &phase)?;
    Ok(download(app, id, &format!("{}-{phase}", run.id)))
}

/// All of the log of a phase, as a file of this name.
pub(crate) fn download(app: App, id: String, name: &str) -> Response {
    let name = format!("attachment; filename=\"{name}.log\"");
    let pieces = stream::try_unfold((app, id, 0), async |(app, id, offset)| {
        let part = app.read_log(&id, offset, PIECE).await?;
        let next = offset + part.bytes.len() as u64;
        Ok::<_, Error>((!part.bytes.is_empty()).then_some((part.bytes, (app, id, next))))
    });
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, Body::from_stream(pieces)).into_response()
}
