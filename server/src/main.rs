//! `terrane`: the server and its commands.
fn main() {}
