//! Postgres at its worst, in a cluster that is the torture's own: restarted in either way, its connections ended, its wire cut in the midst of
//! answers, so that nobody knows what became of a commit.

use std::process::Command;
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};
use terrane_tests::{Database, Server, Stage, Version, settings};

use crate::blows::deal;
use crate::chance::Chance;
use crate::clients::Size;
use crate::points::examine_at;
use crate::report::Report;
use crate::wire::{Mood, Wire};

/// What is done to the database.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// It is killed and recovers.
    Immediate,
    /// It is restarted in order; whoever is connected is sent away.
    Fast,
    /// Every connection of the server is ended.
    Terminated,
    /// The wire does what it likes.
    Wire(Mood),
}

const BLOWS: [Blow; 7] = [
    Blow::Wire(Mood::CutAnswers),
    Blow::Immediate,
    Blow::Terminated,
    Blow::Wire(Mood::Hold),
    Blow::Fast,
    Blow::Wire(Mood::CutRequests),
    Blow::Wire(Mood::Closed),
];

/// A cluster of its own, removed with this value.
struct Cluster(String);

impl Cluster {
    fn start() -> Self {
        Self(tool(&["start", "--durable"]).trim().to_owned())
    }

    fn port(&self) -> u16 {
        let rest = self.0.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next());
        rest.and_then(|port| port.parse().ok()).expect("the URL of the cluster names a port")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = tool(&["stop", &self.0]);
    }
}

fn tool(arguments: &[&str]) -> String {
    let program = settings::checkout().join("tests/tools/postgres");
    let output = Command::new(program).args(arguments).output().expect("run tests/tools/postgres");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Deals so many blows; whether everything was as it must be.
pub(crate) fn torture(database: Database, blows: u64, mut chance: Chance) -> bool {
    let began = Instant::now();
    let mut report = Report::default();
    let cluster = Cluster::start();
    let wire = Wire::lay(cluster.port());
    let url = format!("postgres://terrane@127.0.0.1:{}/postgres", wire.port());
    // Not one of the tests' own databases, which are in a cluster that nobody restarts.
    let server = Server::start_with(Database::Sqlite, &["--database", &url]);
    let mut stage = Stage::on(server, Version::V1_11_4);
    deal(&mut stage, "database", Size::Small, blows, &mut chance, &mut report, |_, _, number, chance, report| {
        let blow = BLOWS[usize::try_from(number).expect("a small number") % BLOWS.len()];
        report.count(&format!("{blow:?}"), 1);
        match blow {
            Blow::Immediate => drop(tool(&["restart", &cluster.0, "immediate"])),
            Blow::Fast => drop(tool(&["restart", &cluster.0, "fast"])),
            Blow::Terminated => terminate(&cluster.0),
            Blow::Wire(mood) => {
                wire.set(mood);
                std::thread::sleep(Duration::from_millis(chance.between(200, 1_200)));
                wire.set(Mood::Good);
            }
        }
    });
    examine_at(&stage.server, Some(&cluster.0), "database", &mut report);
    let _ = stage.server.stop();
    drop(stage);
    report.print(&format!("{database}, database: {:.0} s", began.elapsed().as_secs_f64()))
}

fn terminate(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = PgConnection::connect(url).await.expect("the cluster");
        let ended = sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'terrane' AND pid <> pg_backend_pid()",
        );
        ended.execute(&mut connection).await.expect("end the connections");
    });
}
