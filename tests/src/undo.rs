//! What a test makes outside of its own process, and takes away again: also after a panic, by `Drop`, and after Ctrl-C, which drops nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

type Action = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Made {
    next: u64,
    actions: BTreeMap<u64, Action>,
}

static MADE: Mutex<Made> = Mutex::new(Made { next: 0, actions: BTreeMap::new() });

/// Undone when this is dropped, or the process is interrupted.
pub struct Undo(u64);

impl Undo {
    /// Has `action` done at the end, whatever end that is. What was made last is undone first.
    #[must_use]
    pub fn at_the_end(action: impl FnOnce() + Send + 'static) -> Self {
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| drop(std::thread::spawn(undo_when_interrupted)));
        let mut made = made();
        made.next += 1;
        let number = made.next;
        made.actions.insert(number, Box::new(action));
        Self(number)
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        let action = made().actions.remove(&self.0);
        if let Some(action) = action {
            action();
        }
    }
}

fn made() -> MutexGuard<'static, Made> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn undo_when_interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).expect("follow SIGINT");
        let mut terminate = signal(SignalKind::terminate()).expect("follow SIGTERM");
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    let actions = std::mem::take(&mut made().actions);
    actions.into_values().rev().for_each(|action| action());
    std::process::exit(130);
}
