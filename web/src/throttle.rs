//! How often one may guess a password: so many times at once, then one more each minute, for an address and for a name alike.

use domain::time::Time;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// How many guesses at once.
const BURST: i64 = 10;
/// How long until one guess is forgotten, in microseconds.
const FORGIVE: i64 = 60_000_000;
/// How many addresses and names are remembered. When there are more, those that wait least are forgotten.
const MOST: usize = 10_000;

/// Remembers guesses; bounded, and only in memory: a restart forgives.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, i64>>);

impl Throttle {
    /// Counts a guess for each of these keys. `false` when one of them has had too many: then nothing is to be tried.
    pub(crate) fn allow(&self, keys: &[String], now: Time) -> bool {
        let now = now.micros();
        let mut debts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A key's debt is the moment at which all its guesses are forgotten.
        let owes = |debts: &HashMap<String, i64>, key: &String| debts.get(key).copied().unwrap_or(now).max(now);
        if keys.iter().any(|key| owes(&debts, key) - now > (BURST - 1) * FORGIVE) {
            return false;
        }
        if debts.len() + keys.len() > MOST {
            debts.retain(|_, until| *until > now);
        }
        if debts.len() + keys.len() > MOST {
            let mut moments: Vec<i64> = debts.values().copied().collect();
            let middle = moments.len() / 2;
            let (_, median, _) = moments.select_nth_unstable(middle);
            let median = *median;
            debts.retain(|_, until| *until > median);
        }
        for key in keys {
            let until = owes(&debts, key) + FORGIVE;
            debts.insert(key.clone(), until);
        }
        true
    }
    /// Forgives a key that turned out to be good.
    pub(crate) fn forgive(&self, keys: &[String]) {
        let mut debts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            debts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_guesses_then_one_a_minute_and_others_are_not_concerned() {
        let throttle = Throttle::default();
        let at = |seconds| Time::from_micros(0).plus_seconds(seconds);
        let key = ["ada".to_owned()];
        assert!((0..10).all(|_| throttle.allow(&key, at(0))));
        assert!(!throttle.allow(&key, at(0)));
        assert!(throttle.allow(&["bob".to_owned()], at(0)));
        assert!(throttle.allow(&key, at(60)));
        assert!(!throttle.allow(&key, at(60)));
        throttle.forgive(&key);
        assert!(throttle.allow(&key, at(60)));
    }

    #[test]
    fn a_flood_of_names_does_not_grow_the_memory() {
        let throttle = Throttle::default();
        for i in 0..50_000_i64 {
            throttle.allow(&[format!("name-{i}")], Time::from_micros(i));
        }
        assert!(throttle.0.lock().unwrap().len() <= MOST);
    }
}
