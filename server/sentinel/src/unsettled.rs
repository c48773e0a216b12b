//! Questions that the public documentation of the language leaves open or answers twice. The engine has an answer to each; a strict
//! run takes none of them and ends in an error instead, so that nothing is allowed by a guess.

use crate::eval::{Machine, Outcome, fault};

/// An open question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsettled {
    Order,
    UndefinedElement,
    FunctionEquality,
    StringIndex,
    FloatIndex,
    UndefinedIndex,
    UndefinedQuantifier,
    UndefinedWhen,
    DuplicateKey,
    UndefinedMember,
    UndefinedCase,
    NoReturnValue,
    IntOfFraction,
    IntOfSign,
    FunctionType,
    GrowingLoop,
    ListAddition,
    NullInPath,
    NegativeDuration,
    VersionSign,
    LeadingNot,
    FirstGeneration,
}

/// Every question with the answer that a run takes when it is not strict.
pub(crate) const QUESTIONS: [(Unsettled, &str); 22] = [
    (Unsettled::Order, "values of different kinds have no order: comparing them gives undefined"),
    (
        Unsettled::UndefinedElement,
        "collections with undefined elements are equal to nothing: comparing them gives undefined",
    ),
    (Unsettled::FunctionEquality, "functions are never equal"),
    (Unsettled::StringIndex, "a string is indexed by bytes"),
    (Unsettled::FloatIndex, "a whole float is an index of a list"),
    (Unsettled::UndefinedIndex, "an undefined index gives undefined"),
    (Unsettled::UndefinedQuantifier, "a quantifier over undefined gives undefined"),
    (Unsettled::UndefinedWhen, "a rule whose condition is undefined is undefined"),
    (Unsettled::DuplicateKey, "of two equal keys in a map literal the last one counts"),
    (Unsettled::UndefinedMember, "a map contains a key whose value is undefined"),
    (Unsettled::UndefinedCase, "no clause of a case equals undefined"),
    (Unsettled::NoReturnValue, "a function that returns nothing gives undefined"),
    (Unsettled::IntOfFraction, "int rounds a negative float down"),
    (Unsettled::IntOfSign, "int reads a sign before the digits"),
    (Unsettled::FunctionType, "the type of a function is func"),
    (Unsettled::GrowingLoop, "a loop walks the collection as it was when the loop began"),
    (Unsettled::ListAddition, "+= makes a new list"),
    (Unsettled::NullInPath, "maps.get gives a null that is there, not the default"),
    (Unsettled::NegativeDuration, "sub is the receiver minus the argument"),
    (Unsettled::VersionSign, "compare is negative when the receiver is the lower version"),
    (Unsettled::LeadingNot, "not before an operand binds to the operand: not x in y is (not x) in y"),
    (Unsettled::FirstGeneration, "imports of the first generation are made from the plan's JSON"),
];

impl Machine<'_> {
    /// Refuses to answer an open question in a strict run.
    pub(crate) fn unsettled(&self, question: Unsettled) -> Outcome<()> {
        if !self.strict {
            return Ok(());
        }
        let answer = QUESTIONS.iter().find(|(q, _)| *q == question).map_or("", |(_, answer)| answer);
        fault(format!("the documentation does not settle this, and the run is strict; otherwise {answer}"))
    }
}

#[cfg(test)]
mod tests {
    use super::QUESTIONS;

    #[test]
    fn every_question_is_documented() {
        let page = include_str!("../../../docs/sentinel/what-differs.md");
        for (question, answer) in QUESTIONS {
            assert!(page.to_lowercase().contains(&format!("| {}", answer.to_lowercase())), "{question:?}: {answer}");
        }
    }
}
