//! Every step that makes something durable, cut off: for each point in the code the process ends there, is started again, and everything that
//! was acknowledged has to be there, nothing stuck, no row without its other half.

mod list;
mod provoke;
mod runs;
mod site;

use std::time::{Duration, Instant};

use terrane_tests::{Database, Server, Stage};

use crate::chance::Chance;
use crate::clients::{Clients, Size};
use crate::report::Report;
use crate::rows;
use list::{Load, POINTS, Point};
use site::{Kind, Sites};

/// How long a point may take to be passed so often.
const PATIENCE: Duration = Duration::from_secs(60);
/// The variable that arms a point.
const VARIABLE: &str = "TERRANE_TEST_POINT";

/// Plays every point in turn until there were so many kills; whether everything was as it must be. The short form plays every `step`-th one,
/// beginning somewhere.
pub(crate) fn torture(database: Database, kills: u64, step: usize, mut chance: Chance) -> bool {
    let began = Instant::now();
    let (mut report, mut sites) = (Report::default(), Sites::default());
    let points: Vec<_> = POINTS.iter().filter(|point| point.is_on(database)).collect();
    let begin = usize::try_from(chance.between(0, step as u64 - 1)).expect("a small number");
    let points: Vec<_> = points.into_iter().skip(begin).step_by(step).collect();
    let often = points.iter().filter(|point| point.often).count() as u64;
    let rounds = if step == 1 { 1 + kills.saturating_sub(points.len() as u64).div_ceil(often.max(1)) } else { 1 };
    for round in 0..rounds {
        // What is passed once in its life is played once: it is no other the next time.
        for (at, point) in points.iter().enumerate().filter(|(_, point)| round == 0 || point.often) {
            // A state that goes in parts takes its time, and passes its point a few times only.
            let more = if matches!(point.load, Load::BucketParts | Load::ContainerParts) { 0 } else { 8 * round };
            let passing = if point.often { chance.between(1, 5 + more) } else { 1 };
            println!("  {database} {}.{}: {}:{passing}", round + 1, at + 1, point.name);
            let label = format!("{}-{round}", point.name.replace('.', "-"));
            play(&mut sites, database, point, &label, passing, &mut report);
        }
    }
    report.count("points", points.len() as u64);
    sites.all().for_each(|site| examine(&site.stage.server, "at the end", &mut report));
    report.print(&format!("{database}, points: {:.0} s", began.elapsed().as_secs_f64()))
}

/// Arms a point for whatever is started from now on; an empty name is none.
fn arm(server: &mut Server, point: &str) {
    server.environment(&[(VARIABLE.to_owned(), point.to_owned())]);
}

fn play(sites: &mut Sites, database: Database, point: &Point, label: &str, passing: u64, report: &mut Report) {
    let armed = format!("{}:{passing}", point.name);
    if point.load == Load::First {
        return provoke::first(database, &armed, report);
    }
    let site = sites.of(Kind::of(point.load), database);
    match point.load {
        Load::Write => kill(&mut site.stage, label, &armed, Size::Small, report),
        Load::Large | Load::Bucket | Load::Container => kill(&mut site.stage, label, &armed, Size::Large, report),
        Load::BucketParts | Load::ContainerParts => kill(&mut site.stage, label, &armed, Size::Huge, report),
        Load::Run => runs::own(&mut site.stage, label, &armed, report),
        Load::Runner => runs::elsewhere(site, label, &armed, false, report),
        Load::Unsent => runs::elsewhere(site, label, &armed, true, report),
        Load::Backup => provoke::backup(&mut site.stage, label, &armed, report),
        Load::Prune => provoke::prune(&mut site.stage, label, &armed, report),
        Load::Restore => provoke::restore(&mut site.stage, label, &armed, report),
        Load::Escrow => provoke::escrow(&mut site.stage, label, &armed, report),
        Load::First => {}
    }
}

/// A server that ends at the point while clients write, and is started again under them.
fn kill(stage: &mut Stage, label: &str, point: &str, size: Size, report: &mut Report) {
    stage.server.stop();
    arm(&mut stage.server, point);
    // It may end while it starts.
    stage.server.spawn();
    let (workspaces, each) = if matches!(size, Size::Huge) { (1, 2) } else { (2, 3) };
    let clients = Clients::start(stage, label, workspaces, each, size);
    ends(&mut stage.server, point, report);
    arm(&mut stage.server, "");
    let down = Instant::now();
    stage.server.restart();
    report.most("slowest start (ms)", down.elapsed().as_millis());
    let went_on = clients.go_on(if matches!(size, Size::Huge) { 1 } else { 6 }, PATIENCE);
    report.zero("clients that did not go on", u64::from(!went_on), || format!("{point}: no write was acknowledged"));
    report.take(point, &clients.end(stage));
    examine(&stage.server, point, report);
}

/// Waits until the server has ended at its point.
fn ends(server: &mut Server, point: &str, report: &mut Report) {
    let name = point.split(':').next().unwrap_or(point);
    let ended = server.node_mut(0).ends_within(PATIENCE);
    let by_itself = ended.is_some() && server.log().contains(&format!("the point {name} ends this process"));
    report.count("kills", u64::from(by_itself));
    report.zero("points that were not passed", u64::from(!by_itself), || format!("{point}: {ended:?}"));
    if ended.is_none() {
        server.kill();
    }
}

/// Looks at everything that lies there.
pub(crate) fn examine(server: &Server, what: &str, report: &mut Report) {
    examine_at(server, server.postgres().as_deref(), what, report);
}

/// As [`examine`], of a server whose Postgres is at this address.
pub(crate) fn examine_at(server: &Server, postgres: Option<&str>, what: &str, report: &mut Report) {
    for (wrong, number) in rows::wrong(server, postgres) {
        report.zero("orphans", number, || format!("{what}: {number} {wrong}"));
    }
    let said = server.terrane("verify", &[]);
    report
        .zero("not clean to `terrane verify`", u64::from(!said.good), || format!("{what}: {}{}", said.out, said.told));
}

#[cfg(test)]
mod tests {
    use super::list::POINTS;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// The points that a folder's sources pass.
    fn passed(folder: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            if path.is_dir() && !["points", "target", "tests"].contains(&name.as_str()) {
                passed(&path, into);
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path).unwrap();
                let names =
                    text.split("points::pass(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
                into.extend(names);
            }
        }
    }

    #[test]
    fn every_point_of_the_code_is_played() {
        let checkout = terrane_tests::settings::checkout();
        let mut names = Vec::new();
        ["server", "runner", "web"].iter().for_each(|folder| passed(&checkout.join(folder), &mut names));
        let code: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(code.len(), names.len(), "a point stands in the code twice");
        let played: BTreeSet<&str> = POINTS.iter().map(|point| point.name).collect();
        assert_eq!(played.len(), POINTS.len(), "a point is listed twice");
        assert_eq!(code, played);
    }
}
