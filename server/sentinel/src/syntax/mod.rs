//! From source text to a checked tree: lexer, parser, resolver.

pub(crate) mod ast;
pub(crate) mod literal;
mod operators;
pub(crate) mod parser;
mod primary;
pub(crate) mod resolve;
mod statement;
pub(crate) mod token;
