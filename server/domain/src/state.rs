//! When a new state may follow the current one (client contract 15.4).

use crate::lock::Standing;

/// What identifies a state to its clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The client's counter.
    pub serial: i64,
    /// The client's name for the whole history; some old states have none.
    pub lineage: String,
    /// Hex MD5 of its bytes.
    pub md5: String,
}

/// What becomes of a new state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It becomes the current one.
    Append,
    /// It is the current one: a client repeats itself.
    Repeat,
    /// It is refused.
    Refuse(Refusal),
}

/// Why a state is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The same serial stands for other bytes already.
    #[error("serial {serial} is taken by another state (its MD5 is {md5}); pull the current state and try again")]
    SerialTaken {
        /// The serial.
        serial: i64,
        /// The current state's MD5.
        md5: String,
    },
    /// It belongs to another history.
    #[error(
        "the state's lineage {new:?} is not that of the current state, {current:?}; `terraform state push -force` replaces it"
    )]
    ForeignLineage {
        /// The lineage of the current state.
        current: String,
        /// The lineage of the new one.
        new: String,
    },
    /// It is older than the current one, and its writer does not hold the lock.
    #[error("serial {new} is older than the current {current}; only the holder of the workspace's lock may go back")]
    Older {
        /// The serial of the current state.
        current: i64,
        /// The serial of the new one.
        new: i64,
    },
}

/// So many versions after one another begin with one that is whole.
const BLOCK: i64 = 64;

/// The sequence of the version against which that with this sequence is written once it is no longer current: each is near its base, and none
/// is more than six steps away from one that is whole. `None` for one that stays whole.
pub fn base_of(sequence: i64) -> Option<i64> {
    let place = (sequence - 1).rem_euclid(BLOCK);
    (place > 0).then(|| sequence - (place & -place))
}

/// Judges a new state against the current one. `force` skips serial and lineage, as its name says.
pub fn judge(current: Option<&Identity>, new: &Identity, standing: Standing, force: bool) -> Verdict {
    let Some(current) = current else { return Verdict::Append };
    if current.md5 == new.md5 && current.serial == new.serial {
        return Verdict::Repeat;
    }
    if force {
        return Verdict::Append;
    }
    // A state without a lineage is older than lineages: anything follows it. It follows nothing that has one.
    if current.lineage != new.lineage && !current.lineage.is_empty() {
        return Verdict::Refuse(Refusal::ForeignLineage { current: current.lineage.clone(), new: new.lineage.clone() });
    }
    if current.serial == new.serial {
        return Verdict::Refuse(Refusal::SerialTaken { serial: current.serial, md5: current.md5.clone() });
    }
    // `state push -force` of a cloud block sends a lower serial and does not say that it is forced: the lock tells.
    if new.serial < current.serial && standing != Standing::Holds {
        return Verdict::Refuse(Refusal::Older { current: current.serial, new: new.serial });
    }
    Verdict::Append
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(serial: i64, lineage: &str, md5: &str) -> Identity {
        Identity { serial, lineage: lineage.into(), md5: md5.into() }
    }

    #[test]
    fn every_version_is_near_its_base_and_near_one_that_is_whole() {
        assert_eq!(
            (1..=9).map(base_of).collect::<Vec<_>>(),
            [None, Some(1), Some(1), Some(3), Some(1), Some(5), Some(5), Some(7), Some(1)]
        );
        assert_eq!((base_of(64), base_of(65), base_of(66)), (Some(63), None, Some(65)));
        for sequence in 1..1000 {
            let chain: Vec<i64> = std::iter::successors(base_of(sequence), |base| base_of(*base)).collect();
            assert!(chain.len() <= 6, "{sequence}: {chain:?}");
            assert!(chain.iter().all(|base| (base - 1) / BLOCK == (sequence - 1) / BLOCK), "{sequence}: {chain:?}");
        }
    }

    #[test]
    fn the_rules() {
        use Standing::{Free, Holds};
        let now = state(5, "l", "m5");
        let judged = |new: Identity, standing, force| judge(Some(&now), &new, standing, force);
        assert_eq!(judge(None, &state(0, "", "m"), Free, false), Verdict::Append);
        assert_eq!(judged(state(6, "l", "m6"), Free, false), Verdict::Append);
        assert_eq!(judged(state(5, "l", "m5"), Free, false), Verdict::Repeat);
        assert!(matches!(
            judged(state(5, "l", "x"), Holds, false),
            Verdict::Refuse(Refusal::SerialTaken { serial: 5, .. })
        ));
        assert!(matches!(judged(state(6, "k", "x"), Holds, false), Verdict::Refuse(Refusal::ForeignLineage { .. })));
        assert_eq!(judged(state(6, "k", "x"), Holds, true), Verdict::Append);
        assert_eq!(judged(state(4, "l", "x"), Holds, false), Verdict::Append);
        assert!(matches!(
            judged(state(4, "l", "x"), Free, false),
            Verdict::Refuse(Refusal::Older { current: 5, new: 4 })
        ));
        assert!(matches!(judged(state(6, "", "x"), Free, false), Verdict::Refuse(Refusal::ForeignLineage { .. })));
        assert_eq!(judge(Some(&state(5, "", "m5")), &state(6, "l", "x"), Free, false), Verdict::Append);
    }
}
