//! The parser: cursor, file header and binary expressions. Recursion is bounded here for every later stage.

use super::ast::{Block, Expr, ExprKind, Import, Name, Param, Program, Quant, Quantifier};
use super::token::{Comment, Kind, Token, lex};
use crate::diagnostic::Diagnostic;

/// How deep brackets and blocks may nest.
const MAX_NESTING: usize = 160;
/// How tall a tree may grow, chains of operators included.
const MAX_HEIGHT: u16 = 1000;

pub(super) type Parsed<T> = Result<T, Diagnostic>;

pub(super) struct Parser<'s> {
    pub(super) file: &'s str,
    pub(super) text: &'s str,
    pub(super) tokens: Vec<Token>,
    comments: Vec<Comment>,
    pub(super) at: usize,
    nesting: usize,
    pub(super) in_loop: bool,
    pub(super) in_func: bool,
}

/// Parses a text into a tree whose names are not resolved yet.
pub(crate) fn parse(file: &str, text: &str) -> Parsed<Program> {
    let (tokens, comments) = lex(file, text)?;
    let mut parser = Parser { file, text, tokens, comments, at: 0, nesting: 0, in_loop: false, in_func: false };
    parser.program()
}

impl<'s> Parser<'s> {
    fn program(&mut self) -> Parsed<Program> {
        let description = self.comments.first().and_then(|first| {
            self.text[..first.0 as usize].trim_start_matches('\u{feff}').trim().is_empty().then(|| self.doc_from(0))?
        });
        let (mut imports, mut params) = (Vec::<Import>::new(), Vec::<Param>::new());
        loop {
            self.skip_semis();
            let at = self.offset();
            if self.eat("import") {
                if !params.is_empty() {
                    return self.fail_at(at, "imports come before params");
                }
                imports.push(self.import(at)?);
            } else if self.eat("param") {
                let name = self.ident("the name of the param")?;
                let default = if self.eat("default") { Some(self.param_default()?) } else { None };
                if params.iter().any(|p| *p.name.text == *name) {
                    return self.fail_at(at, format!("the param {name} is declared twice"));
                }
                if imports.iter().any(|i| *i.name == *name) {
                    return self.fail_at(at, format!("{name} is already the name of an import"));
                }
                params.push(Param { name: Name::new(&name), default, at });
            } else {
                break;
            }
            self.end_of_statement()?;
        }
        let body = self.statements(|p| p.kind() == Kind::Eof)?;
        Ok(Program {
            file: self.file.to_owned(),
            text: self.text.to_owned(),
            imports,
            params,
            body,
            names: Vec::new(),
            description,
        })
    }

    fn import(&mut self, at: u32) -> Parsed<Import> {
        let expr = self.operand()?;
        let ExprKind::Str(path) = expr.kind else { return self.fail_at(expr.at, "import takes a quoted path") };
        let path = String::from_utf8_lossy(&path).into_owned();
        let name = if self.eat("as") {
            self.ident("the name for the import")?
        } else {
            let mut chars = path.chars();
            let first = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
            if !first || !chars.all(|c| c.is_alphanumeric() || c == '_') || super::token::is_keyword(&path) {
                return Err(Diagnostic::new(self.file, self.text, at as usize, format!("\"{path}\" is not a name"))
                    .hint(format!("write: import \"{path}\" as NAME")));
            }
            path.clone()
        };
        Ok(Import { path: path.into(), name: name.into(), at })
    }

    fn param_default(&mut self) -> Parsed<Expr> {
        fn literal(expr: &Expr) -> bool {
            match &expr.kind {
                ExprKind::Null | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Str(_) => true,
                ExprKind::Unary(_, inner) => matches!(inner.kind, ExprKind::Int(_) | ExprKind::Float(_)),
                ExprKind::List(items) => items.iter().all(literal),
                ExprKind::Map(items) => items.iter().all(|(k, v)| literal(k) && literal(v)),
                _ => false,
            }
        }
        let value = self.expr()?;
        if literal(&value) { Ok(value) } else { self.fail_at(value.at, "the default of a param is a literal") }
    }

    // The cursor.

    pub(super) fn token(&self) -> Token {
        self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(super) fn kind(&self) -> Kind {
        self.token().kind
    }

    pub(super) fn offset(&self) -> u32 {
        self.token().at
    }

    pub(super) fn lexeme(&self) -> &'s str {
        let token = self.token();
        &self.text[token.at as usize..token.end as usize]
    }

    pub(super) fn peek(&self, ahead: usize) -> (&'s str, Kind) {
        let token = self.tokens[(self.at + ahead).min(self.tokens.len() - 1)];
        (&self.text[token.at as usize..token.end as usize], token.kind)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self.kind(), Kind::Keyword | Kind::Punct) && self.lexeme() == text
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.is(text);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, text: &str, after: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { self.unexpected(&format!("{text:?} {after}")) }
    }

    pub(super) fn skip_semis(&mut self) {
        while self.kind() == Kind::Semi {
            self.at += 1;
        }
    }

    pub(super) fn end_of_statement(&mut self) -> Parsed<()> {
        let closes = self.kind() == Kind::Eof || self.is("}") || self.is("when") || self.is("else");
        if self.kind() == Kind::Semi {
            self.skip_semis();
        } else if !closes {
            return self.unexpected("the end of the statement");
        }
        Ok(())
    }

    pub(super) fn ident(&mut self, what: &str) -> Parsed<String> {
        if self.kind() != Kind::Ident || matches!(self.lexeme(), "true" | "false" | "null" | "undefined") {
            return self.unexpected(what);
        }
        let text = self.lexeme().to_owned();
        self.at += 1;
        Ok(text)
    }

    pub(super) fn fail_at<T>(&self, at: u32, message: impl Into<String>) -> Parsed<T> {
        Err(Diagnostic::new(self.file, self.text, at as usize, message))
    }

    pub(super) fn unexpected<T>(&self, wanted: &str) -> Parsed<T> {
        let token = self.token();
        let found = match token.kind {
            Kind::Eof => "the end of the file".to_owned(),
            Kind::Semi if token.at == token.end => "the end of the line".to_owned(),
            _ => format!("{:?}", self.lexeme()),
        };
        let problem =
            Diagnostic::new(self.file, self.text, token.at as usize, format!("expected {wanted}, found {found}"));
        Err(match (token.kind, self.peek(1).0) {
            (Kind::Semi, "." | "and" | "or" | "xor" | "+" | "else" | "is" | "in" | "contains" | "matches") => {
                problem.hint("an operator stands at the end of a line to continue it, not at the start of the next")
            }
            (Kind::Semi, "]" | "}" | ")") => {
                problem.hint("put a comma after the last element of a list that spans lines")
            }
            _ => match self.lexeme() {
                "else" => problem.hint("} else { stands on one line"),
                "import" | "param" => problem.hint("imports and params stand at the top of the file"),
                _ => problem,
            },
        })
    }

    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= MAX_NESTING {
            return self.fail_at(self.offset(), format!("more than {MAX_NESTING} levels of nesting"));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }

    pub(super) fn node(&self, at: u32, below: u16, kind: ExprKind) -> Parsed<Expr> {
        if below >= MAX_HEIGHT {
            return self.fail_at(at, format!("an expression of more than {MAX_HEIGHT} levels"));
        }
        Ok(Expr { at, height: below + 1, kind })
    }

    /// The comment lines that end on the line directly above `at`.
    pub(super) fn doc_above(&self, at: u32) -> Option<Box<str>> {
        let line_start = self.text[..at as usize].rfind('\n').map_or(0, |p| p + 1) as u32;
        let mut next = line_start;
        let mut first = self.comments.partition_point(|c| c.1 <= line_start);
        let last = first;
        while first > 0 {
            let (start, end) = self.comments[first - 1];
            let line = self.text[..start as usize].rfind('\n').map_or(0, |p| p + 1);
            if !self.text[line..start as usize].trim().is_empty()
                || self.text[end as usize..next as usize].trim_matches([' ', '\t', '\r']) != "\n"
            {
                break;
            }
            next = line as u32;
            first -= 1;
        }
        (first < last).then(|| self.comment_text(first, last))
    }

    fn doc_from(&self, first: usize) -> Option<Box<str>> {
        let mut last = first + 1;
        while last < self.comments.len() {
            let between = &self.text[self.comments[last - 1].1 as usize..self.comments[last].0 as usize];
            if !between.trim().is_empty() || between.matches('\n').count() > 1 {
                break;
            }
            last += 1;
        }
        Some(self.comment_text(first, last))
    }

    fn comment_text(&self, first: usize, last: usize) -> Box<str> {
        let mut lines = Vec::new();
        for (start, end) in &self.comments[first..last] {
            let text = &self.text[*start as usize..*end as usize];
            match text.strip_prefix("/*").and_then(|t| t.strip_suffix("*/")) {
                Some(block) => lines.extend(block.lines().map(|l| l.trim().trim_start_matches('*').trim())),
                None => lines.push(text.trim_start_matches(['#', '/']).trim()),
            }
        }
        lines.join("\n").trim().into()
    }

    // Expressions.

    pub(super) fn quantifier(&mut self, at: u32, kind: Quant) -> Parsed<Expr> {
        let over = self.expr()?;
        let names = self.loop_names()?;
        self.expect("{", "before the body")?;
        let body = self.braced_expr()?;
        let height = over.height.max(body.height);
        let scope = super::ast::Scope::default();
        self.node(at, height, ExprKind::Quantifier(Box::new(Quantifier { kind, over, names, body, scope })))
    }

    pub(super) fn loop_names(&mut self) -> Parsed<Vec<Box<str>>> {
        self.expect("as", "and a name for the elements")?;
        let mut names = vec![self.ident("a name for the elements")?.into()];
        if self.eat(",") {
            names.push(self.ident("a second name")?.into());
        }
        Ok(names)
    }

    pub(super) fn braced_expr(&mut self) -> Parsed<Expr> {
        self.skip_semis();
        let body = self.expr()?;
        self.skip_semis();
        self.expect("}", "after the body")?;
        Ok(body)
    }

    pub(super) fn block(&mut self) -> Parsed<Block> {
        self.expect("{", "to open a block")?;
        let block = self.nested(|p| p.statements(|p| p.is("}")))?;
        self.expect("}", "to close the block")?;
        Ok(block)
    }
}
