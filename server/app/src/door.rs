//! Time and chance come in by the door: a clock and a source of randomness that tests can replace.

use domain::{id::Entropy, time::Time};
use ring::rand::{SecureRandom, SystemRandom};
use std::time::{Duration, Instant};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Time;
    /// How long this process has worked, by a clock that nobody sets: for whatever a step of the time must neither end nor prolong.
    fn steady(&self) -> Duration;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    began: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Time {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Time::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn steady(&self) -> Duration {
        self.began.elapsed()
    }
}

/// Rolls dice.
pub trait Chance: Send + Sync + 'static {
    /// Bytes that nobody can guess.
    fn entropy(&self) -> Entropy;
}

/// The operating system's randomness.
#[derive(Debug)]
pub struct SystemChance(SystemRandom);

impl Default for SystemChance {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Chance for SystemChance {
    fn entropy(&self) -> Entropy {
        let mut bytes = Entropy::default();
        self.0.fill(&mut bytes).expect("the operating system has randomness");
        bytes
    }
}
