//! File descriptors: a shell often allows a process 1,024 of them, and each connection takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Where the system names no limit: what macOS grants, and more than is ever used.
const UNLIMITED: u64 = 10_240;

/// Raises the limit as far as the system lets anybody, and answers what it is now.
pub(super) fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(UNLIMITED).max(current.unwrap_or(UNLIMITED));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    if let Err(error) = raised {
        tracing::debug!(%error, wanted, "cannot raise the limit of file descriptors");
    }
    let now = getrlimit(Resource::Nofile).current.unwrap_or(UNLIMITED);
    usize::try_from(now).unwrap_or(usize::MAX)
}
