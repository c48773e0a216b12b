//! `make bench`: every figure of speed and size that the project promises, beside the raw limits of the machine it runs on, since
//! those move from machine to machine and from hour to hour. A benchmark, never a timed test: it prints and judges nothing.
//!
//! `terrane-bench [PART [sqlite|postgres]]`: one part, on one database.

#![expect(clippy::print_stdout, reason = "what this program is for is what it prints")]

mod command;
mod containers;
mod figures;
mod fleet;
mod giants;
mod large;
mod load;
mod providers;
mod queue;
mod raw;
mod runs;
mod scale;
mod stamped;
mod start;
mod states;

use terrane_tests::Database;

use figures::Table;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, arguments @ ..] = &arguments[..]
        && verb == "fill"
    {
        return scale::generate(arguments);
    }
    let only = arguments.first().cloned().unwrap_or_default();
    let wanted = |part: &str| only.is_empty() || only == part;
    println!(
        "Every figure is of this machine, at this hour; [brackets] hold what the strongest open peer showed on such a machine."
    );
    if wanted("start") {
        Table::print("Start and size", start::figures());
    }
    let chosen = arguments.get(1);
    for database in Database::ALL.into_iter().filter(|one| chosen.is_none_or(|chosen| *chosen == one.to_string())) {
        if wanted("states") {
            Table::print(&format!("States on {database}"), states::figures(database));
        }
        if wanted("runs") {
            Table::print(&format!("Runs on {database}"), runs::figures(database));
        }
        if wanted("queue") {
            Table::print(&format!("The queue on {database}"), queue::figures(database));
        }
        if wanted("providers") {
            Table::print(&format!("A provider of 38 MB on {database}"), providers::figures(database));
        }
        if wanted("containers") {
            Table::print(&format!("Runs in containers on {database}"), containers::figures(database));
        }
        if wanted("fleet") {
            Table::print(&format!("Runners elsewhere on {database}"), fleet::figures(database));
        }
        if wanted("giants") {
            Table::print(&format!("Gigabytes on {database}: growth of the server's memory"), giants::figures(database));
        }
        if wanted("large") {
            Table::print(&format!("Large work on {database}"), large::figures(database));
        }
        if wanted("scale") {
            Table::print(&format!("A large site on {database}"), scale::figures(database));
        }
        if wanted("command") {
            Table::print(&format!("The command line on {database}"), command::figures(database));
        }
    }
}
