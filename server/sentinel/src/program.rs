//! A source file, parsed and checked.

use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{Expr, ExprKind, Program, StmtKind};
use crate::syntax::{parser, resolve};

/// The stack of the parsing thread. Only what is touched takes memory.
const STACK: usize = 64 << 20;

impl Program {
    /// Parses and checks a text. `file` is the name people know it by.
    ///
    /// # Errors
    /// The first thing that is wrong with the text, with its place.
    pub fn parse(file: &str, source: &[u8]) -> Result<Self, Diagnostic> {
        let text = std::str::from_utf8(source)
            .map_err(|e| Diagnostic::new(file, "", e.valid_up_to(), "the text is not UTF-8"))?;
        let read = || {
            let mut program = parser::parse(file, text)?;
            resolve::resolve(&mut program)?;
            Ok(program)
        };
        // Nested sources recurse: the caller's stack may be a small one.
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read);
            let failed = |why: String| Err(Diagnostic::new(file, text, 0, why));
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) => failed("the parser failed on this text; please report it".to_owned()),
                Err(error) => failed(format!("no thread could be started to parse the text: {error}")),
            }
        })
    }

    /// The name the text was given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The first comment of the file.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Names that rules are assigned to, in order.
    #[must_use]
    pub fn rule_names(&self) -> Vec<String> {
        let rules = self.body.stmts.iter().filter_map(|stmt| match &stmt.kind {
            StmtKind::Assign { name, value: Expr { kind: ExprKind::Rule(_), .. }, .. } => Some(name.text.to_string()),
            _ => None,
        });
        rules.collect()
    }

    /// Paths of the file's imports.
    pub fn import_paths(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(|i| &*i.path)
    }
}
