//! A network of its own for each runner, which can be cut: a network namespace with one wire to this machine.
//!
//! The server listens on 127.0.0.1 as ever. What the runners reach is an address that is private to this machine, with the tests' own
//! front behind it. All of it needs root and Debian's iproute2.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::undo::Undo;

/// How many of these there can be at the same time on one machine.
const GROUNDS: u32 = 2048;
/// The last byte of the first island's address.
const FIRST: u8 = 10;

/// The private address at which the islands reach the server. Dropping it takes it away.
pub struct Ground {
    number: u32,
    islands: AtomicU8,
    _undo: Undo,
}

/// A network namespace with a wire to the ground. Dropping it takes both away.
pub struct Island {
    name: String,
    wire: String,
    address: Ipv4Addr,
    _undo: Undo,
}

/// How a wire is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// As if it was pulled out: either side sees that there is none.
    Pulled,
    /// What the server says does not arrive, although it hears the runner and either side believes that there is a wire.
    OneWay,
}

impl Ground {
    /// Lays it, after taking away what killed tests have left.
    ///
    /// # Panics
    /// When this machine refuses: without root, or without `ip`.
    #[must_use]
    pub fn lay() -> Self {
        sweep();
        let start = std::process::id() % GROUNDS;
        let number = (0..GROUNDS)
            .map(|step| (start + step) % GROUNDS)
            .find(|number| {
                // Its other end is used by nobody: what counts is a device that the address can lie on.
                let other = format!("{}p", device(*number));
                let made = run(&["link", "add", &device(*number), "type", "veth", "peer", "name", &other]);
                let taken = made.as_ref().is_err_and(|error| error.contains("File exists"));
                assert!(made.is_ok() || taken, "a network of its own needs root and iproute2: {made:?}");
                made.is_ok()
            })
            .expect("one of two thousand private networks is free");
        let undo = Undo::at_the_end(move || remove(number));
        let ground = Self { number, islands: AtomicU8::new(0), _undo: undo };
        ip(&["link", "set", &device(number), "alias", &std::process::id().to_string()]);
        ip(&["address", "add", &format!("{}/32", ground.address()), "dev", &device(number)]);
        ip(&["link", "set", &device(number), "up"]);
        ground
    }

    /// Where the server is reached.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.at(1)
    }

    fn at(&self, last: u8) -> Ipv4Addr {
        let high = u8::try_from(self.number / 256).expect("below 8");
        Ipv4Addr::new(10, 224 + high, u8::try_from(self.number % 256).expect("a byte"), last)
    }

    /// Makes a network for one runner.
    ///
    /// # Panics
    /// When this machine refuses.
    #[must_use]
    pub fn island(&self) -> Island {
        let count = self.islands.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{count}", device(self.number));
        let (wire, address) = (name.clone(), self.at(FIRST + count));
        let namespace = name.clone();
        let undo = Undo::at_the_end(move || drop(run(&["netns", "delete", &namespace])));
        ip(&["netns", "add", &name]);
        ip(&["link", "add", &wire, "type", "veth", "peer", "name", "wire", "netns", &name]);
        ip(&["-n", &name, "link", "set", "lo", "up"]);
        ip(&["-n", &name, "address", "add", &format!("{address}/32"), "dev", "wire"]);
        ip(&["-n", &name, "link", "set", "wire", "up"]);
        ip(&["-n", &name, "route", "add", &self.address().to_string(), "dev", "wire"]);
        ip(&["link", "set", &wire, "up"]);
        let island = Island { name, wire, address, _undo: undo };
        island.mend();
        island
    }
}

impl Island {
    /// Cuts the wire.
    ///
    /// # Panics
    /// When this machine refuses.
    pub fn cut(&self, how: Cut) {
        match how {
            Cut::Pulled => ip(&["link", "set", &self.wire, "down"]),
            Cut::OneWay => ip(&["route", "replace", "blackhole", &self.address.to_string()]),
        }
    }

    /// Makes the wire whole again, whichever way it was cut.
    ///
    /// # Panics
    /// When this machine refuses.
    pub fn mend(&self) {
        let address = self.address.to_string();
        ip(&["link", "set", &self.wire, "up"]);
        // There is none when the wire was pulled.
        let _ = run(&["route", "delete", "blackhole", &address]);
        ip(&["route", "replace", &address, "dev", &self.wire]);
    }

    /// A command that will run here.
    #[must_use]
    pub fn command(&self, program: &std::path::Path) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name)).arg("--").arg(program);
        command
    }
}

fn device(number: u32) -> String {
    format!("trr{number}")
}

/// Takes a ground away, with the islands that are left of it.
fn remove(number: u32) {
    let islands = format!("{}-", device(number));
    for entry in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&islands) {
            let _ = run(&["netns", "delete", &name]);
        }
    }
    let _ = run(&["link", "delete", &device(number)]);
}

/// Takes away what was left by tests that were killed.
fn sweep() {
    for entry in fs::read_dir("/sys/class/net").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(number) = name.strip_prefix("trr").and_then(|number| number.parse().ok()) else { continue };
        let owner = fs::read_to_string(entry.path().join("ifalias")).unwrap_or_default();
        let owner = owner.trim();
        if !owner.is_empty() && !fs::exists(format!("/proc/{owner}")).unwrap_or(true) {
            remove(number);
        }
    }
}

fn ip(arguments: &[&str]) {
    run(arguments).unwrap_or_else(|error| panic!("ip {}: {error}", arguments.join(" ")));
}

/// Runs `ip`; an error is what it said.
fn run(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(arguments).output().map_err(|error| format!("no ip: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}
