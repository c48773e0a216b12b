//! Playing cases: several at once, each in an organization of its own, on one server for each database.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use terrane_tests::{Database, Server, Tenant, Version};

use crate::catalogue::Case;

/// How many cases are played at once on one server. Terraform mostly sleeps between its questions.
const AT_ONCE: usize = 6;

/// A case with a version on a database.
#[derive(Clone, Copy)]
pub(crate) struct Play<'a> {
    /// The case.
    pub(crate) case: &'a Case,
    /// The terraform.
    pub(crate) version: Version,
    /// Where the server keeps its rows.
    pub(crate) database: Database,
}

impl fmt::Display for Play<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}::{}", self.database, self.version, self.case.name)
    }
}

/// What became of it.
pub(crate) struct Outcome<'a> {
    /// Of what.
    pub(crate) play: Play<'a>,
    /// What did not go as the case says; nothing when all did.
    pub(crate) failure: Option<String>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Plays all of them, one database after the other; gives what became of each, and what the servers did wrong beside.
pub(crate) fn all<'a>(plays: &[Play<'a>]) -> (Vec<Outcome<'a>>, Vec<String>) {
    let (mut outcomes, mut trouble) = (Vec::new(), Vec::new());
    for database in Database::ALL {
        let here: Vec<Play<'a>> = plays.iter().copied().filter(|play| play.database == database).collect();
        if !here.is_empty() {
            let (played, why) = on_one_server(database, &here);
            outcomes.extend(played);
            trouble.extend(why);
        }
    }
    (outcomes, trouble)
}

fn on_one_server<'a>(database: Database, plays: &[Play<'a>]) -> (Vec<Outcome<'a>>, Option<String>) {
    let mut server = Server::start_with(database, &["--runner-slots", "6"]);
    let (token, next, outcomes) = (server.owner(), AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&play) = plays.get(number) else { return };
                    let outcome = one(&server, &token, number, play);
                    outcomes.lock().expect("no thread panics while it holds this").push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no thread panics while it holds this");
    let left = std::thread::scope(|scope| scope.spawn(|| server.leave()).join());
    (outcomes, left.err().map(|panic| format!("the server on {database}: {}", said(panic.as_ref()))))
}

fn one<'a>(server: &Server, token: &str, number: usize, play: Play<'a>) -> Outcome<'a> {
    let began = Instant::now();
    // A case fails by a panic, like any test; its thread bears its name, which is what the panic is printed with.
    let played = std::thread::scope(|scope| {
        let body = move || {
            let tenant = Tenant::create(server, token, &format!("org-{number}"), play.version);
            (play.case.play)(&tenant);
            tenant.leaves_no_lock();
        };
        std::thread::Builder::new().name(play.to_string()).spawn_scoped(scope, body).expect("a thread").join()
    });
    Outcome { play, failure: played.err().map(|panic| said(panic.as_ref())), took: began.elapsed() }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked without a word").to_owned()
}
