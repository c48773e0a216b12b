//! The object store at its worst: it answers 500, keeps its answers, is cut in the midst of up- and downloads, or is not there.

use std::time::{Duration, Instant};

use terrane_tests::{Database, Peer, Server, Stage, Version};

use crate::blows::deal;
use crate::chance::Chance;
use crate::clients::Size;
use crate::points::examine;
use crate::report::Report;
use crate::wire::{Mood, Wire};

/// Deals so many blows to a bucket, and as many to a container; whether everything was as it must be.
pub(crate) fn torture(database: Database, blows: u64, mut chance: Chance) -> bool {
    let began = Instant::now();
    let mut report = Report::default();
    let moto = Peer::moto();
    moto.make_bucket("states");
    let wire = Wire::lay(port(&moto.address()));
    let endpoint = format!("http://127.0.0.1:{}", wire.port());
    let flags =
        ["--objects", "s3:states/site", "--objects-endpoint", &endpoint, "--objects-credential", "nobody:a-secret"];
    strike(Server::start_with(database, &flags), &wire, "bucket", blows.div_ceil(2), &mut chance, &mut report);

    let folder = tempfile::tempdir().expect("a temporary folder");
    let azurite = Peer::azurite(folder.path().to_str().expect("a path of letters"));
    azurite.make_container("states");
    let wire = Wire::lay(port(&azurite.address()));
    let signed = azurite.container("states").replace(&azurite.address(), &format!("http://127.0.0.1:{}", wire.port()));
    let flags = ["--objects", "azblob:states/site", "--objects-credential", &signed];
    strike(Server::start_with(database, &flags), &wire, "container", blows / 2, &mut chance, &mut report);
    report.print(&format!("{database}, objects: {:.0} s", began.elapsed().as_secs_f64()))
}

fn port(address: &str) -> u16 {
    address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("an address ends in a port")
}

fn strike(server: Server, wire: &Wire, label: &str, blows: u64, chance: &mut Chance, report: &mut Report) {
    let mut stage = Stage::on(server, Version::V1_11_4);
    deal(&mut stage, label, Size::Large, blows, chance, report, |_, _, number, chance, report| {
        let mood = Mood::BAD[usize::try_from(number).expect("a small number") % Mood::BAD.len()];
        report.count(&format!("{label}: {mood:?}"), 1);
        wire.set(mood);
        std::thread::sleep(Duration::from_millis(chance.between(300, 1_800)));
        wire.set(Mood::Good);
    });
    examine(&stage.server, label, report);
    let _ = stage.server.stop();
}
