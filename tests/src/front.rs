//! What stands before several servers: connections go to one after the other, and past those that are down.

use std::io;
use std::net::{Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Listens at `address` for ever, and hands each connection to the next of `behind`.
///
/// # Panics
/// When the port is taken.
pub(crate) fn stand(address: SocketAddrV4, behind: Vec<u16>) {
    let listener = TcpListener::bind(address).expect("the port of the front");
    thread::spawn(move || {
        let next = AtomicUsize::new(0);
        for client in listener.incoming().flatten() {
            let first = next.fetch_add(1, Ordering::Relaxed);
            let ports = (0..behind.len()).map(|step| behind[(first + step) % behind.len()]);
            // With all of them down the connection ends at once, as that to a server that is down does.
            if let Some(server) = ports.into_iter().find_map(|port| TcpStream::connect(("127.0.0.1", port)).ok()) {
                join(client, server);
            }
        }
    });
}

fn join(client: TcpStream, server: TcpStream) {
    // A connection that cannot be copied is cut, which its client sees.
    let pair = |a: &TcpStream, b: &TcpStream| Some((a.try_clone().ok()?, b.try_clone().ok()?));
    for stream in [&client, &server] {
        let _ = stream.set_nodelay(true);
    }
    if let Some((from, to)) = pair(&client, &server) {
        thread::spawn(move || pass(from, to));
        thread::spawn(move || pass(server, client));
    }
}

/// Hands on what comes until there is no more; a connection that breaks on one side breaks on the other.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let how = if io::copy(&mut from, &mut to).is_ok() { Shutdown::Write } else { Shutdown::Both };
    let _ = to.shutdown(how);
}
