//! From nothing to ready, and what the server weighs.

use std::time::{Duration, Instant};

use terrane_tests::{Database, Server, process, settings};

use crate::figures::{Figure, Spread, ms};

/// The figures of start and size.
pub(crate) fn figures() -> Vec<Figure> {
    let size = std::fs::metadata(settings::binary()).expect("the built binary").len();
    let mut figures = vec![Figure::new("stripped binary", format!("{:.1} MB", size as f64 / 1e6), "< 60 MB [71]")];
    for database in Database::ALL {
        let empty = Spread::of((0..7).map(|_| start(&mut Server::prepare(database, &[]))).collect());
        let mut server = Server::start(database);
        let again = Spread::of((0..7).map(|_| restart(&mut server)).collect());
        // What start-up allocated has been given back by then.
        std::thread::sleep(Duration::from_secs(3));
        let resident = process::resident_kib(server.pid()) as f64 / 1024.0;
        figures.extend([
            Figure::new(&format!("empty start to ready, {database}"), ms(empty.median()), "< 100 ms [144]"),
            Figure::new(&format!("start on its data to ready, {database}"), ms(again.median()), ""),
            Figure::new(&format!("resident when idle, {database}"), format!("{resident:.1} MB"), "< 40 MB [57]"),
        ]);
    }
    figures
}

fn start(server: &mut Server) -> Duration {
    let began = Instant::now();
    server.restart();
    began.elapsed()
}

fn restart(server: &mut Server) -> Duration {
    let _ = server.stop();
    start(server)
}
