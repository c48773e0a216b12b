//! Another machine, as far as containers can tell: a network of its own beside this one, with a server in it.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

pub(crate) struct Beside {
    /// The network's name, and that of the way there.
    name: String,
    /// The machine's address.
    pub(crate) address: Ipv4Addr,
    /// Another one of the same machine.
    pub(crate) other: Ipv4Addr,
    server: Child,
}

impl Beside {
    /// Makes it, and waits until its server listens on this port of every address.
    pub(crate) fn new(serve: &[&str], port: u16) -> Self {
        // Tests run at once, each in a process of its own.
        let pid = std::process::id();
        let name = format!("tb{pid}");
        let block = 0x0a61_0000 + (pid % 8192) * 8; // 10.97.0.0/16, in parts of 8 addresses
        let [here, address, other] = [1, 2, 3].map(|number| Ipv4Addr::from(block + number));
        run("ip", &["netns", "add", &name]);
        run("ip", &["link", "add", &name, "type", "veth", "peer", "name", "inner", "netns", &name]);
        run("ip", &["addr", "add", &format!("{here}/29"), "dev", &name]);
        run("ip", &["link", "set", &name, "up"]);
        for command in [
            format!("addr add {address}/29 dev inner"),
            format!("addr add {other}/29 dev inner"),
            "link set inner up".to_owned(),
            "link set lo up".to_owned(),
            format!("route add default via {here}"),
        ] {
            run("ip", &[&["-n", &name], &command.split(' ').collect::<Vec<_>>()[..]].concat());
        }
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &name]).args(serve).stdout(Stdio::null()).stderr(Stdio::null());
        let beside = Self { name, address, other, server: command.spawn().unwrap() };
        let listens = SocketAddr::from((address, port));
        let tries = (0..600).find(|_| {
            std::thread::sleep(Duration::from_millis(100));
            TcpStream::connect_timeout(&listens, Duration::from_secs(1)).is_ok()
        });
        assert!(tries.is_some(), "{serve:?} does not listen on {listens}");
        beside
    }

    /// Gives the machine this address too.
    pub(crate) fn also_has(&self, address: &str) {
        run("ip", &["-n", &self.name, "addr", "add", &format!("{address}/32"), "dev", "inner"]);
        run("ip", &["route", "add", &format!("{address}/32"), "via", &self.address.to_string()]);
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
        // With the link go the routes over it.
        Command::new("ip").args(["link", "del", &self.name]).status().ok();
        Command::new("ip").args(["netns", "del", &self.name]).status().ok();
    }
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
