//! Attends one container from its first word to its end: lays down what comes out, passes on what the server wishes, and says how it ended in the
//! file in which a supervisor would.

use super::{
    Docker,
    connection::{Connection, Output},
    container::{Note, seconds_until, told},
    fate::Fate,
    log::{self, Log},
    outputs::{End, Wanted},
};
use crate::supervise::{
    self,
    spec::{Exit, name},
};
use bollard::{container::LogOutput, errors::Error, query_parameters::KillContainerOptionsBuilder};
use futures::{StreamExt, TryStreamExt};
use std::{fs, io, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::io::{StreamReader, SyncIoBridge};

/// How long a kill may take inside before the container itself is killed.
const KILL: Duration = Duration::from_secs(10);
/// How long the log may take to end after everything else has.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How long an engine that does not answer is waited for.
const ENGINE: Duration = Duration::from_secs(120);
/// Between two attempts to reach it.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// Between two attempts to write a file of the phase: nothing tells when there is room again.
const ROOM: Duration = Duration::from_secs(2);
/// How much is kept of what PID 1 complains about.
const COMPLAINTS: usize = 2_000;

/// What is to be done with a phase. A later one is never milder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ask {
    GoOn,
    Interrupt,
    Kill,
}

/// A container that is attended.
pub(super) struct Attended {
    docker: Arc<Docker>,
    note: Note,
    ask: watch::Receiver<Ask>,
    lease: Option<watch::Receiver<u64>>,
    /// What was passed on already.
    passed: Ask,
    next: Option<(Instant, Ask)>,
    /// Why the files of the phase could not be written at some time, and when the engine is killed for that.
    trouble: Option<(String, Instant)>,
    /// The engine does not keep what the container said first: what it says from now on is heard.
    headless: bool,
    complaints: Vec<u8>,
}

/// Why a container is no longer heard.
enum Silence {
    /// Its streams broke.
    Broken(String),
    /// A file of the phase cannot be written.
    Files(io::Error),
    /// What the engine kept of its log does not begin where the container began.
    Headless,
}

impl From<io::Error> for Silence {
    fn from(error: io::Error) -> Self {
        Self::Files(error)
    }
}

impl From<log::Trouble> for Silence {
    fn from(trouble: log::Trouble) -> Self {
        match trouble {
            log::Trouble::Files(error) => Self::Files(error),
            log::Trouble::Headless => Self::Headless,
        }
    }
}

impl Attended {
    pub(super) fn new(
        docker: Arc<Docker>,
        note: Note,
        ask: watch::Receiver<Ask>,
        lease: Option<watch::Receiver<u64>>,
    ) -> Self {
        Self {
            docker,
            note,
            ask,
            lease,
            passed: Ask::GoOn,
            next: None,
            trouble: None,
            headless: false,
            complaints: Vec::new(),
        }
    }

    /// Until the phase has ended and the exit is written; gives the container, which is of no use any more.
    pub(super) async fn run(mut self, connection: Option<Connection>) -> String {
        let exit = self.follow(connection).await;
        let directory = &self.note.wanted.directory;
        while let Err(error) = supervise::write_whole(directory, name::EXIT, &exit, self.note.survive) {
            tracing::error!(path = %directory.display(), %error, "how a container ended cannot be written down");
            if !self.note.survive {
                break;
            }
            sleep(ROOM).await; // without it nobody knows that an apply has ended
        }
        self.note.id
    }

    async fn follow(&mut self, mut connection: Option<Connection>) -> Exit {
        loop {
            let first = connection.is_some();
            let silence = match self.connect(connection.take()).await {
                Ok(connection) => match self.hear(connection).await {
                    Ok(end) => return self.exit(end).await,
                    // A plan is made again. Nobody makes the state of an apply again: it stays in the container until there is a place for it.
                    Err(Silence::Files(error)) if self.note.survive => {
                        tracing::error!(container = self.note.id, %error, "files of an apply cannot be written: it is interrupted");
                        let grace = Duration::from_secs(self.note.grace_seconds);
                        self.trouble.get_or_insert_with(|| (error.to_string(), Instant::now() + grace));
                        sleep(ROOM).await;
                        continue;
                    }
                    Err(Silence::Files(error)) => {
                        self.kill().await;
                        return Exit { lost: Some(format!("its files cannot be written: {error}")), ..Exit::default() };
                    }
                    Err(Silence::Headless) if first => {
                        self.kill().await;
                        let lost = Some("it does not speak as one of ours".to_owned());
                        return Exit { lost, ..Exit::default() };
                    }
                    Err(Silence::Headless) => {
                        tracing::warn!(
                            container = self.note.id,
                            "the engine does not keep the whole log of a container"
                        );
                        self.headless = true;
                        continue;
                    }
                    Err(Silence::Broken(reason)) => reason,
                },
                Err(error) => told(&error),
            };
            let engine = &self.docker.options.host;
            let reason = match self.docker.fate(&self.note.id, || self.patience()).await {
                Fate::Runs => {
                    tracing::warn!(container = self.note.id, silence, "a container is heard again");
                    sleep(PAUSE).await; // one that cannot be heard is not asked in a circle
                    continue;
                }
                Fate::Ended => silence,
                Fate::EndedWithEngine => {
                    format!("its engine {engine} was restarted, and ended it; one with live-restore does not")
                }
                Fate::Unknown(error) => {
                    let lost = Some(format!("{engine} does not answer: {error}"));
                    return Exit { lost, killed: *self.ask.borrow() == Ask::Kill, ..Exit::default() };
                }
            };
            return self.lost(&reason).await;
        }
    }

    async fn connect(&self, connection: Option<Connection>) -> Result<Connection, Error> {
        match connection {
            Some(connection) => Ok(connection),
            None => self.docker.attach_again(&self.note.id, !self.headless).await,
        }
    }

    /// Both ways out until the end of the phase, and the log to its end.
    async fn hear(&mut self, mut connection: Connection) -> Result<End, Silence> {
        let directory = self.note.wanted.directory.clone();
        if let Some((_, end)) = self.trouble {
            self.say(&mut connection, "int").await;
            self.next = Some((end, Ask::Kill));
        }
        let mut log = match self.headless {
            false => Log::open(&directory, self.note.before, self.note.keep.clone())?,
            true => Log::from_now_on(&directory)?,
        };
        let known: Option<End> =
            fs::read(directory.join(ENDED)).ok().and_then(|json| serde_json::from_slice(&json).ok());
        let mut end = known;
        let open = connection.outputs.take();
        let mut outputs = pin!(read(Arc::clone(&self.docker), self.note.id.clone(), open, self.note.wanted.clone()));
        let mut over: Option<Instant> = None;
        if end.is_some() {
            self.say(&mut connection, "ack").await;
            over = Some(Instant::now() + LAST_WORDS);
        }
        self.passed = Ask::GoOn;
        loop {
            tokio::select! {
                message = connection.output.next() => match message {
                    Some(Ok(LogOutput::StdErr { message })) => {
                        let room = COMPLAINTS.saturating_sub(self.complaints.len()).min(message.len());
                        self.complaints.extend_from_slice(&message[..room]);
                    }
                    Some(Ok(message)) => {
                        let was_ready = log.is_ready();
                        log.push(&message.into_bytes())?;
                        if !was_ready && log.is_ready() {
                            self.pass(&mut connection, true).await;
                        }
                    }
                    Some(Err(error)) => return end.ok_or_else(|| Silence::Broken(told(&error))),
                    None => return end.ok_or_else(|| Silence::Broken("its output ended".to_owned())),
                },
                read = &mut outputs, if end.is_none() => {
                    let read = read.map_err(Silence::Broken)?;
                    supervise::write_whole(&directory, ENDED, &read, self.note.survive)?;
                    end = Some(read);
                    self.say(&mut connection, "ack").await;
                    over = Some(Instant::now() + LAST_WORDS);
                }
                changed = self.ask.changed() => {
                    if changed.is_err() {
                        std::future::pending::<()>().await; // the handle is gone, and this task with it
                    }
                    self.pass(&mut connection, log.is_ready()).await;
                }
                () = prolonged(&mut self.lease) => {
                    if log.is_ready() && end.is_none() {
                        let seconds = self.lease.as_ref().map_or(0, |lease| seconds_until(*lease.borrow()));
                        self.say(&mut connection, &format!("lease {seconds}")).await;
                    }
                }
                () = until(self.next.map(|(at, _)| at)), if end.is_none() => self.escalate(&mut connection).await,
                () = until(over) => return end.ok_or_else(|| Silence::Broken("its log does not end".to_owned())),
            }
        }
    }

    /// Passes a wish on. A container that has not yet taken its phase is killed at once: nothing has begun.
    async fn pass(&mut self, connection: &mut Connection, ready: bool) {
        let ask = *self.ask.borrow_and_update();
        if ask <= self.passed {
            return;
        }
        self.passed = ask;
        if !ready {
            self.kill().await;
        } else if ask == Ask::Interrupt {
            self.say(connection, "int").await;
            self.next = Some((Instant::now() + Duration::from_secs(self.note.grace_seconds), Ask::Kill));
        } else {
            self.end_now(connection).await;
        }
    }

    async fn end_now(&mut self, connection: &mut Connection) {
        self.say(connection, "kill").await;
        self.passed = Ask::Kill;
        self.next = Some((Instant::now() + KILL, Ask::GoOn));
    }

    /// What was asked for gently did not happen in time.
    async fn escalate(&mut self, connection: &mut Connection) {
        match self.next.take() {
            Some((_, Ask::Kill)) => self.end_now(connection).await,
            // The state is in it, and was not taken out because of what became of this machine.
            _ if self.trouble.is_some() && *self.ask.borrow() != Ask::Kill => {}
            _ => self.kill().await,
        }
    }

    /// A line for PID 1. One that cannot be said is no failure: the container ends with its lease.
    async fn say(&self, connection: &mut Connection, line: &str) {
        let Some(input) = &mut connection.input else { return };
        let text = format!("{line}\n");
        let said = async {
            input.write_all(text.as_bytes()).await?;
            input.flush().await
        };
        if !matches!(timeout(KILL, said).await, Ok(Ok(()))) {
            tracing::warn!(container = self.note.id, line, "a container does not listen");
        }
    }

    async fn kill(&self) {
        let options = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
        if let Err(error) = self.docker.api.kill_container(&self.note.id, Some(options)).await {
            tracing::debug!(container = self.note.id, error = told(&error), "a container cannot be killed");
        }
    }

    /// How long an engine that does not answer is waited for, by what is wished of its container meanwhile.
    fn patience(&self) -> Duration {
        match *self.ask.borrow() {
            Ask::Kill => KILL,
            // It goes on without its engine, and nobody may say that it has ended before that is known.
            _ if self.note.survive => Duration::MAX,
            Ask::GoOn => ENGINE,
            Ask::Interrupt => Duration::from_secs(self.note.grace_seconds).max(KILL),
        }
    }

    async fn exit(&self, end: End) -> Exit {
        let exit = end.exit(self.note.steps);
        let (failed, limits) = (exit.succeeded < self.note.steps, &self.docker.options);
        let memory = (failed && self.docker.out_of_memory(&self.note.id).await).then_some(limits.memory);
        let files = self.trouble.as_ref().filter(|_| failed && exit.interrupted).map(|(reason, _)| reason.clone());
        Exit { memory, room: end.full.then_some(limits.work_size), files, ..exit }
    }

    /// The container is gone or stopped, and never said how its phase ended.
    async fn lost(&self, silence: &str) -> Exit {
        let memory = self.docker.out_of_memory(&self.note.id).await.then_some(self.docker.options.memory);
        let said = String::from_utf8_lossy(&self.complaints).trim().to_owned();
        let lost = if said.is_empty() { silence.to_owned() } else { said };
        Exit {
            interrupted: self.passed >= Ask::Interrupt,
            killed: self.passed != Ask::GoOn,
            lost: Some(lost),
            memory,
            ..Exit::default()
        }
    }
}

/// Where the end of a phase is kept until its container is gone.
const ENDED: &str = "ended";

/// Reads the second way out to the end of the phase. Foreign code can kill the command that writes there: then it is asked for again.
async fn read(docker: Arc<Docker>, id: String, mut open: Option<Output>, wanted: Wanted) -> Result<End, String> {
    loop {
        let output = match open.take() {
            Some(output) => Ok(output),
            None => docker.outputs(&id).await.map_err(|error| told(&error)),
        };
        let reason = match output {
            Ok(output) => match take(output, wanted.clone()).await {
                Ok(end) => return Ok(end),
                Err(error) => error.to_string(),
            },
            Err(reason) => reason,
        };
        if !docker.runs(&id).await.unwrap_or(false) {
            return Err(reason);
        }
        tracing::debug!(container = id, reason, "the outputs of a container are asked for again");
        sleep(PAUSE).await;
    }
}

async fn take(output: Output, wanted: Wanted) -> io::Result<End> {
    let bytes = output.map_err(io::Error::other).try_filter_map(|message| async move {
        Ok(match message {
            LogOutput::StdErr { .. } => None,
            message => Some(message.into_bytes()),
        })
    });
    let reader = SyncIoBridge::new(StreamReader::new(Box::pin(bytes)));
    tokio::task::spawn_blocking(move || wanted.read(reader)).await.map_err(io::Error::other)?
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn prolonged(lease: &mut Option<watch::Receiver<u64>>) {
    let changed = match lease {
        Some(lease) => lease.changed().await.is_ok(),
        None => false,
    };
    if !changed {
        std::future::pending::<()>().await;
    }
}
