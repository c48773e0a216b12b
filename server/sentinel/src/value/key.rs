//! Keys of maps.

use std::cmp::Ordering;

use super::Value;

/// A key of a map. Whole floats are integers, so that 1 and 1.0 are one key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Key<'h> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'h [u8]),
}

impl<'h> Key<'h> {
    pub(crate) fn of(value: Value<'h>) -> Option<Self> {
        Some(match value {
            Value::Bool(b) => Self::Bool(b),
            Value::Int(i) => Self::Int(i),
            Value::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => Self::Int(f as i64),
            Value::Float(f) => Self::Float(f),
            Value::Str(s) => Self::Str(s),
            _ => return None,
        })
    }

    pub(crate) fn value(self) -> Value<'h> {
        match self {
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) => Value::Int(i),
            Self::Float(f) => Value::Float(f),
            Self::Str(s) => Value::Str(s),
        }
    }

    /// The order of sorted documents: by kind, then by value.
    pub(crate) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(&b),
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(&b),
            (Self::Str(a), Self::Str(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Int(_) => 1,
            Self::Float(_) => 2,
            Self::Str(_) => 3,
        }
    }

    pub(super) fn hash(self) -> u64 {
        fn mix(hash: u64, word: u64) -> u64 {
            (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
        }
        let hash = match self {
            Self::Bool(b) => mix(1, u64::from(b)),
            Self::Int(i) => mix(2, i as u64),
            Self::Float(f) => mix(3, f.to_bits()),
            Self::Str(s) => s.chunks(8).fold(mix(4, s.len() as u64), |hash, chunk| {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                mix(hash, u64::from_le_bytes(word))
            }),
        };
        hash ^ (hash >> 29)
    }
}
