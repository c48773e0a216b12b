//! Points at which a process ends itself, as a power cut would end it: one before and one after each step that makes something durable. The
//! torture names one of them and which passing of it is the last; a build without the feature `armed`, and every release build, has none.
//!
//! Each name stands in the code once. A test holds them all against the list that the torture plays.

/// Whether this build has points.
pub const ARMED: bool = cfg!(all(feature = "armed", debug_assertions));

/// Passes a point. Where it is [armed](arm) and this is the passing that was named, the process ends here: nothing is unwound, flushed or told.
#[inline]
pub fn pass(name: &'static str) {
    #[cfg(all(feature = "armed", debug_assertions))]
    armed::pass(name);
    #[cfg(not(all(feature = "armed", debug_assertions)))]
    let _ = name;
}

/// Arms one point of this process: `NAME` or `NAME:PASSING`, the first passing being 1. The first call counts; a build without points
/// ignores it.
pub fn arm(point: &str) {
    #[cfg(all(feature = "armed", debug_assertions))]
    armed::arm(point);
    #[cfg(not(all(feature = "armed", debug_assertions)))]
    let _ = point;
}

#[cfg(all(feature = "armed", debug_assertions))]
mod armed {
    use std::{
        io::Write as _,
        sync::{
            OnceLock,
            atomic::{AtomicU64, Ordering},
        },
    };

    struct Point {
        name: String,
        passings: AtomicU64,
        last: u64,
    }

    static POINT: OnceLock<Point> = OnceLock::new();

    pub(super) fn arm(point: &str) {
        let (name, last) = point.split_once(':').unwrap_or((point, "1"));
        let last = last.parse().unwrap_or(1);
        let _ = POINT.set(Point { name: name.to_owned(), passings: AtomicU64::new(0), last });
    }

    pub(super) fn pass(name: &str) {
        let Some(point) = POINT.get().filter(|point| point.name == name) else { return };
        if point.passings.fetch_add(1, Ordering::SeqCst) + 1 == point.last {
            // Straight to the descriptor: a log that is written by a task of its own would be cut off too.
            let _ = writeln!(std::io::stderr(), "the point {name} ends this process");
            std::process::abort();
        }
    }
}
