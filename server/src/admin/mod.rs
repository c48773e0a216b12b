//! What the operator of the machine may do without a token: through a socket in the data directory while a server runs, on the store itself
//! while none does.

mod call;
mod keys;
mod request;
mod socket;

pub use call::{Error, call};
pub use keys::{Keys, Root, Rotation};
pub use request::{Organization, Request, Response, Role, RunLimit, Runner, RunnerToken, Secret, Share, User};
pub use socket::{Listener, bind};

/// The socket, in the data directory.
const SOCKET: &str = "admin.sock";

/// The longest line either side accepts, in bytes; a list of 10,000 users fits.
const MAX_LINE: u64 = 4 << 20;

#[cfg(test)]
mod tests;
