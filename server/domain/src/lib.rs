//! Words and rules. Nothing here does IO, reads a clock or rolls dice.
