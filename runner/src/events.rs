//! Waits for changes of files: nothing here asks again and again.

use rustix::fs::inotify;
use std::{io, os::fd::OwnedFd, path::Path};
use tokio::io::{Interest, unix::AsyncFd};

/// Tells when something changes in a file or directly in a directory.
pub(crate) struct Events(AsyncFd<OwnedFd>);

impl Events {
    /// Watches from now on.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let handle = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC)?;
        let changes = inotify::WatchFlags::MODIFY
            | inotify::WatchFlags::CLOSE_WRITE
            | inotify::WatchFlags::MOVED_TO
            | inotify::WatchFlags::CREATE;
        inotify::add_watch(&handle, path, changes)?;
        Ok(Self(register(handle)?))
    }

    /// Waits until something has changed since the last call.
    pub(crate) async fn next(&self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        loop {
            let mut guard = self.0.readable().await?;
            match guard.try_io(|handle| Ok(rustix::io::read(handle, &mut buffer)?)) {
                Ok(result) => return result.map(drop),
                Err(_would_block) => {}
            }
        }
    }
}

/// Makes a descriptor one that can be waited for.
pub(crate) fn register(handle: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    #[expect(
        unsafe_code,
        reason = "the descriptor is owned, so it stays the same and open until the registration ends"
    )]
    let registered = unsafe { AsyncFd::register_with_interest(handle, Interest::READABLE) };
    Ok(registered?)
}
