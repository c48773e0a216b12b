//! A wire between a server and what it stands on, which can be cut, held, or answer for the other side.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

/// What a wire does with what goes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mood {
    /// Passes it on.
    Good,
    /// Passes on a part of an answer, and is gone.
    CutAnswers,
    /// Passes on a part of a request, and is gone.
    CutRequests,
    /// Passes on requests, and keeps the answers until its mood is another one.
    Hold,
    /// Says itself that the other side has failed, as a web server would.
    Fail,
    /// Lets nobody in, and is gone for those who are.
    Closed,
}

impl Mood {
    /// All but the good one.
    pub(crate) const BAD: [Self; 5] = [Self::CutAnswers, Self::CutRequests, Self::Hold, Self::Fail, Self::Closed];

    fn of(number: u8) -> Self {
        Self::BAD.into_iter().find(|mood| *mood as u8 == number).unwrap_or(Self::Good)
    }
}

/// A wire to one address. Dropped, it lets nobody in any more.
pub(crate) struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    mood: AtomicU8,
    over: AtomicBool,
    /// What came through since the mood changed: every third piece is hit, and not always the first.
    pieces: AtomicU64,
}

impl Shared {
    fn mood(&self) -> Mood {
        Mood::of(self.mood.load(Ordering::SeqCst))
    }

    fn hits(&self) -> bool {
        self.pieces.fetch_add(1, Ordering::SeqCst) % 3 == 1
    }
}

const FAILED: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

impl Wire {
    /// Lays one to a port of this machine.
    pub(crate) fn lay(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared =
            Arc::new(Shared { mood: AtomicU8::new(0), over: AtomicBool::new(false), pieces: AtomicU64::new(0) });
        let wire = Self { address, shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                if shared.over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(callee) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                if shared.mood() == Mood::Closed {
                    continue;
                }
                let _ = (caller.set_nodelay(true), callee.set_nodelay(true));
                let ends = (caller.try_clone(), callee.try_clone());
                let (Ok(caller_again), Ok(callee_again)) = ends else { continue };
                let (there, back) = (Arc::clone(&shared), Arc::clone(&shared));
                std::thread::spawn(move || pass(caller, callee, Mood::CutRequests, &there));
                std::thread::spawn(move || pass(callee_again, caller_again, Mood::CutAnswers, &back));
            }
        });
        wire
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes its mood, for what is under way as well.
    pub(crate) fn set(&self, mood: Mood) {
        self.shared.pieces.store(0, Ordering::SeqCst);
        self.shared.mood.store(if mood == Mood::Good { 0 } else { mood as u8 }, Ordering::SeqCst);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // The one who listens hears of it by one more caller.
        let _ = TcpStream::connect(self.address);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, cut: Mood, shared: &Shared) {
    let mut piece = vec![0; 16 << 10];
    let answers = cut == Mood::CutAnswers;
    let _ = from.set_read_timeout(Some(Duration::from_millis(50)));
    loop {
        let length = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                if shared.mood() == Mood::Closed || shared.over.load(Ordering::SeqCst) {
                    break;
                }
                continue;
            }
            Err(_) => break,
        };
        let sent = match shared.mood() {
            Mood::Closed => break,
            mood if mood == cut && shared.hits() => {
                let _ = to.write_all(&piece[..length / 2]);
                break;
            }
            Mood::Fail if !answers => {
                let _ = from.write_all(FAILED);
                break;
            }
            Mood::Hold if answers => {
                while shared.mood() == Mood::Hold && !shared.over.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                to.write_all(&piece[..length])
            }
            _ => to.write_all(&piece[..length]),
        };
        if sent.is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
