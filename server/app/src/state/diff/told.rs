//! How much of a difference is told: an answer has its bounds, however much differs.

use super::Shown;
use serde_json::Value;

/// So many resources, and so many outputs, are told.
pub(in crate::state) const RESOURCES: usize = 5_000;
/// So many attributes of all resources together.
const ATTRIBUTES: usize = 10_000;
/// The values that are told take so many bytes in memory.
const BYTES: usize = 32 << 20;
/// What a part of a value takes beside its text: bytes.
const PART: usize = 64;

/// What may still be told.
pub(super) struct Told {
    resources: usize,
    outputs: usize,
    attributes: usize,
    bytes: usize,
    /// Whether something differs that is not told.
    pub(super) truncated: bool,
}

impl Told {
    pub(super) fn new() -> Self {
        Self { resources: RESOURCES, outputs: RESOURCES, attributes: ATTRIBUTES, bytes: BYTES, truncated: false }
    }

    /// Whether one more resource is told.
    pub(super) fn resource(&mut self) -> bool {
        Self::one(&mut self.resources, &mut self.truncated)
    }

    /// Whether one more output with these values is told.
    pub(super) fn output(&mut self, values: [Option<&Value>; 2]) -> bool {
        self.values(values) && Self::one(&mut self.outputs, &mut self.truncated)
    }

    /// Whether one more attribute with these values is told.
    pub(super) fn attribute(&mut self, values: [Option<&Value>; 2]) -> bool {
        self.values(values) && Self::one(&mut self.attributes, &mut self.truncated)
    }

    /// Whether no attribute is told any more.
    pub(super) fn is_full(&self) -> bool {
        self.attributes == 0 || self.bytes == 0
    }

    /// Says that something is left out.
    pub(super) fn leave_out(&mut self) {
        self.truncated = true;
    }

    fn one(left: &mut usize, truncated: &mut bool) -> bool {
        let told = *left > 0;
        *left = left.saturating_sub(1);
        *truncated |= !told;
        told
    }

    fn values(&mut self, values: [Option<&Value>; 2]) -> bool {
        let taken: usize = values.into_iter().flatten().map(weight).sum();
        let told = taken <= self.bytes;
        self.bytes = self.bytes.saturating_sub(taken);
        self.truncated |= !told;
        told
    }
}

/// What a value takes in memory, about: bytes.
fn weight(value: &Value) -> usize {
    PART + match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(name, value)| PART + name.len() + weight(value)).sum(),
        _ => 0,
    }
}

impl Shown {
    /// The value, or that it is hidden.
    pub(super) fn of(value: Option<&Value>, hidden: bool) -> Self {
        match value {
            None => Self::Absent,
            Some(_) if hidden => Self::Hidden,
            Some(value) => Self::Value(super::exact::unmark(value.clone())),
        }
    }
}
