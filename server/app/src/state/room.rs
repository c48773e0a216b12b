//! Room in memory for whole states: those that need more than what is left wait.

use objects::INLINE;
use std::sync::LazyLock;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Which room: each fills up on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// For deltas whose chain ends in a row of the database.
    Rows,
    /// For deltas whose chain ends in an object: while the object store hangs, only those wait that need it.
    Objects,
    /// For verbs that hold whole states. They open deltas meanwhile, so it is none of the rooms above.
    Verbs,
    /// The same for small states, which lie in rows.
    SmallVerbs,
}

/// Held for as long as the bytes are.
pub(crate) type Held = Option<SemaphorePermit<'static>>;

/// What each has, in MiB.
const SIZE: u32 = 256;
static ROOMS: LazyLock<[Semaphore; 4]> = LazyLock::new(|| std::array::from_fn(|_| Semaphore::new(SIZE as usize)));

impl Room {
    /// The room of a verb that holds states of this many bytes together.
    pub(crate) fn of_verb(bytes: i64) -> Self {
        if usize::try_from(bytes).is_ok_and(|bytes| bytes < INLINE) { Self::SmallVerbs } else { Self::Verbs }
    }

    /// Takes so many bytes of it; one that wants more than there is gets all.
    pub(crate) async fn take(self, bytes: i64) -> Held {
        // Never closed.
        ROOMS[self as usize].acquire_many(mebibytes(bytes)).await.ok()
    }
}

/// Gives back what is more than so many bytes.
pub(crate) fn shrink(held: &mut Held, bytes: i64) {
    if let Some(permit) = held {
        let more = permit.num_permits().saturating_sub(mebibytes(bytes) as usize);
        drop(permit.split(more));
    }
}

fn mebibytes(bytes: i64) -> u32 {
    u32::try_from(bytes >> 20).unwrap_or(SIZE).saturating_add(1).min(SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_room_keeps_nobody_from_another() {
        let mut held = Room::Objects.take(i64::MAX).await;
        assert!(ROOMS[Room::Objects as usize].try_acquire().is_err());
        assert!(ROOMS[Room::Rows as usize].try_acquire().is_ok());
        shrink(&mut held, 3 << 20);
        assert_eq!(held.as_ref().map(SemaphorePermit::num_permits), Some(4));
        assert_eq!(ROOMS[Room::Objects as usize].available_permits(), 252);
        drop(held);
        assert_eq!(ROOMS[Room::Objects as usize].available_permits(), 256);
    }
}
