//! Work that nobody waits for steps aside while states are written.

use crate::App;
use std::time::Duration;
use tokio::time::sleep;

/// While states are written, the pause after a piece of such work is so many times as long as the work took.
const ASIDE: u32 = 3;
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(2);

/// A piece of such work, from its beginning.
#[derive(Debug)]
pub(crate) struct Pace {
    began: Duration,
    stored: u64,
}

impl App {
    /// A piece of work that nobody waits for begins.
    pub(crate) fn pace(&self) -> Pace {
        Pace { began: self.clock.steady(), stored: self.hub.stored() }
    }

    /// The piece has ended: the next one begins once others had their turn, at once where nobody wrote.
    pub(crate) async fn step_aside(&self, pace: Pace) {
        let pause = pace.pause(self.clock.steady(), self.hub.stored());
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
}

impl Pace {
    fn pause(&self, now: Duration, stored: u64) -> Duration {
        if stored == self.stored {
            return Duration::ZERO;
        }
        now.saturating_sub(self.began).saturating_mul(ASIDE).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_steps_aside_for_writers_only() {
        let at = Duration::from_millis;
        let pace = Pace { began: at(100), stored: 7 };
        assert_eq!(pace.pause(at(110), 7), Duration::ZERO);
        assert_eq!(pace.pause(at(110), 8), at(30));
        assert_eq!(pace.pause(at(99), 8), Duration::ZERO);
        assert_eq!(pace.pause(at(9_000), 9), LONGEST);
    }
}
