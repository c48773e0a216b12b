//! `terrane`
fn main() {}
