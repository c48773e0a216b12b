//! Waits for changes of files.

use rustix::fs::inotify;
use std::{io, os::fd::OwnedFd, path::Path, time::Duration};
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::sleep,
};

/// Between two looks where nothing can be watched.
const LOOK: Duration = Duration::from_secs(1);

/// Tells when something changes in a file or directly in a directory.
pub(crate) enum Events {
    Watched(AsyncFd<OwnedFd>),
    /// The kernel watches so many things for one user over all that it executes, and others may have used them up. A log that stands still would
    /// keep its phase from ever ending: then a timer is right.
    Timed,
}

impl Events {
    /// Watches from now on.
    pub(crate) fn of(path: &Path) -> Self {
        match Self::watch(path) {
            Ok(watched) => Self::Watched(watched),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "changes cannot be watched: they are looked for each second");
                Self::Timed
            }
        }
    }

    fn watch(path: &Path) -> io::Result<AsyncFd<OwnedFd>> {
        let handle = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC)?;
        let changes = inotify::WatchFlags::MODIFY
            | inotify::WatchFlags::CLOSE_WRITE
            | inotify::WatchFlags::MOVED_TO
            | inotify::WatchFlags::CREATE;
        inotify::add_watch(&handle, path, changes)?;
        register(handle)
    }

    /// Waits until something may have changed since the last call.
    pub(crate) async fn next(&self) -> io::Result<()> {
        let Self::Watched(watched) = self else {
            sleep(LOOK).await;
            return Ok(());
        };
        let mut buffer = [0; 4096];
        loop {
            let mut guard = watched.readable().await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_cannot_be_watched_is_looked_at_by_the_clock() {
        let events = Events::of(Path::new("/there/is/nothing"));
        assert!(matches!(events, Events::Timed));
        events.next().await.unwrap();
    }
}
