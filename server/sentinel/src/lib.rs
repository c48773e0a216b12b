//! The Sentinel policy language, implemented from its public documentation: parse a [`Program`], describe a [`Run`], get a [`Report`].

mod builtin;
pub mod case;
pub mod check;
pub mod command;
pub mod config;
mod diagnostic;
mod eval;
pub mod format;
pub mod http;
mod import;
mod limits;
pub mod mock;
mod program;
mod re2;
mod report;
mod run;
mod std_imports;
mod syntax;
mod terraform;
mod unsettled;
mod value;

pub use diagnostic::{Diagnostic, line_and_column};
pub use limits::Limits;
pub use report::{Position, Report, RuleReport, Verdict};
pub use run::{Provider, Run};
pub use syntax::ast::Program;
