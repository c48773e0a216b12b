//! `terrane-runner`
fn main() {}
