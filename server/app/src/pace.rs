//! Work that nobody waits for steps aside while states are written.

use crate::App;
use std::time::Duration;
use tokio::time::sleep;

/// While states are written, the pause after a piece of such work is so many times as long as the work took.
const ASIDE: u32 = 3;
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(2);

/// All that was due of such work at some moment. It steps aside until it took too long: then those who wait for it come first.
#[derive(Debug)]
pub(crate) struct Round {
    until: Duration,
}

/// A piece of it, from its beginning.
#[derive(Debug)]
pub(crate) struct Pace {
    began: Duration,
    stored: u64,
}

impl App {
    /// Work that was due begins. It steps aside for so long.
    pub(crate) fn round(&self, patience: Duration) -> Round {
        Round { until: self.clock.steady().saturating_add(patience) }
    }

    /// A piece of it begins.
    pub(crate) fn pace(&self) -> Pace {
        Pace { began: self.clock.steady(), stored: self.hub.stored() }
    }

    /// The piece has ended: the next one begins once others had their turn, at once where nobody wrote.
    pub(crate) async fn step_aside(&self, round: &Round, pace: Pace) {
        let pause = pace.pause(round, self.clock.steady(), self.hub.stored());
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
}

impl Pace {
    fn pause(&self, round: &Round, now: Duration, stored: u64) -> Duration {
        if stored == self.stored || now >= round.until {
            return Duration::ZERO;
        }
        now.saturating_sub(self.began).saturating_mul(ASIDE).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_steps_aside_for_writers_only_and_not_for_ever() {
        let at = Duration::from_millis;
        let (round, pace) = (Round { until: at(60_000) }, Pace { began: at(100), stored: 7 });
        assert_eq!(pace.pause(&round, at(110), 7), Duration::ZERO);
        assert_eq!(pace.pause(&round, at(110), 8), at(30));
        assert_eq!(pace.pause(&round, at(99), 8), Duration::ZERO);
        assert_eq!(pace.pause(&round, at(9_000), 9), LONGEST);
        assert_eq!(pace.pause(&round, at(60_000), 9), Duration::ZERO);
    }
}
