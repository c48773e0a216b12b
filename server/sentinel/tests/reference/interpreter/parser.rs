//! Tokens to a tree: the cursor, the file and its statements, checks included.

use super::expression::literal;
use super::lexer::{Token, tokens};
use super::tree::{Expr, File, Stmt};

const KEYWORDS: [&str; 26] = [
    "all", "any", "as", "break", "case", "continue", "default", "else", "filter", "for", "func", "if", "import", "map",
    "param", "return", "rule", "when", "and", "contains", "in", "is", "matches", "not", "or", "xor",
];
const BUILTINS: [&str; 13] = [
    "append", "delete", "keys", "values", "length", "range", "print", "error", "int", "float", "string", "bool",
    "compare",
];

pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) in_loop: bool,
    pub(super) in_func: bool,
    imports: Vec<String>,
}

pub(super) type Parsed<T> = Result<T, String>;

/// Parses a file.
pub(crate) fn parse(source: &[u8]) -> Parsed<File> {
    let source = std::str::from_utf8(source).map_err(|e| e.to_string())?;
    let mut parser = Parser { tokens: tokens(source)?, at: 0, in_loop: false, in_func: false, imports: Vec::new() };
    parser.file()
}

pub(super) fn name_of(word: &str) -> bool {
    !KEYWORDS.contains(&word) && !["true", "false", "null", "undefined"].contains(&word)
}

impl Parser {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.is_ahead(0, text)
    }

    pub(super) fn is_ahead(&self, ahead: usize, text: &str) -> bool {
        match self.tokens.get(self.at + ahead) {
            Some(Token::Word(word)) => word == text,
            Some(Token::Sign(sign)) => *sign == text,
            _ => false,
        }
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.is(text);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { Err(format!("wanted {text}, found {:?}", self.peek())) }
    }

    fn ends(&mut self) {
        while self.peek() == Some(&Token::End) {
            self.at += 1;
        }
    }

    /// The end of a statement: a semicolon, or what closes or follows the block.
    fn end(&mut self) -> Parsed<()> {
        let closes = self.peek().is_none() || self.is("}") || self.is("when") || self.is("else");
        if self.peek() != Some(&Token::End) && !closes {
            return Err(format!("wanted the end of a statement, found {:?}", self.peek()));
        }
        self.ends();
        Ok(())
    }

    pub(super) fn name(&mut self) -> Parsed<String> {
        match self.peek().cloned() {
            Some(Token::Word(word)) if name_of(&word) => {
                self.at += 1;
                Ok(word)
            }
            other => Err(format!("wanted a name, found {other:?}")),
        }
    }

    fn file(&mut self) -> Parsed<File> {
        let mut file = File::default();
        self.ends();
        while self.eat("import") {
            let Some(Token::Text(path)) = self.peek().cloned() else { return Err("an import takes a path".into()) };
            self.at += 1;
            let path = String::from_utf8(path).map_err(|e| e.to_string())?;
            let name = if self.eat("as") { self.name()? } else { path.clone() };
            let mut characters = name.chars();
            let first = characters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
            if !first || !characters.all(|c| c.is_alphanumeric() || c == '_') || !name_of(&name) {
                return Err(format!("{name} is not a name"));
            }
            if self.imports.contains(&name) {
                return Err(format!("{name} is imported twice"));
            }
            self.imports.push(name.clone());
            file.imports.push((path, name));
            self.end()?;
        }
        while self.eat("param") {
            let name = self.name()?;
            let default = if self.eat("default") { Some(self.expr()?) } else { None };
            let taken = self.imports.contains(&name) || file.params.iter().any(|p| p.0 == name);
            if taken || BUILTINS.contains(&name.as_str()) || !default.iter().all(literal) {
                return Err(format!("the param {name}"));
            }
            file.params.push((name, default));
            self.end()?;
        }
        file.body = self.statements(|p| p.peek().is_none())?;
        Ok(file)
    }

    fn statements(&mut self, done: impl Fn(&Self) -> bool) -> Parsed<Vec<Stmt>> {
        let mut made = Vec::new();
        self.ends();
        while !done(self) {
            if self.peek().is_none() {
                return Err("an open block".into());
            }
            made.push(self.statement()?);
            self.end()?;
        }
        Ok(made)
    }

    pub(super) fn block(&mut self) -> Parsed<Vec<Stmt>> {
        self.expect("{")?;
        let made = self.statements(|p| p.is("}"))?;
        self.expect("}")?;
        Ok(made)
    }

    fn statement(&mut self) -> Parsed<Stmt> {
        if self.is("import") || self.is("param") {
            return Err("imports and params come first".into());
        }
        if self.eat("if") {
            let mut arms = vec![(self.expr()?, self.block()?)];
            let mut otherwise = None;
            while self.eat("else") {
                if self.eat("if") {
                    arms.push((self.expr()?, self.block()?));
                } else {
                    otherwise = Some(self.block()?);
                    break;
                }
            }
            return Ok(Stmt::If(arms, otherwise));
        }
        if self.eat("for") {
            let over = self.expr()?;
            let names = self.loop_names()?;
            let outer = std::mem::replace(&mut self.in_loop, true);
            let body = self.block()?;
            self.in_loop = outer;
            return Ok(Stmt::For(over, names, body));
        }
        if self.eat("case") {
            return self.case();
        }
        for (word, stmt) in [("break", Stmt::Break), ("continue", Stmt::Continue)] {
            if self.eat(word) {
                return if self.in_loop { Ok(stmt) } else { Err(format!("{word} outside a loop")) };
            }
        }
        if self.eat("return") {
            if !self.in_func {
                return Err("return outside a function".into());
            }
            let bare = self.peek() == Some(&Token::End) || self.is("}");
            return Ok(Stmt::Return(if bare { None } else { Some(self.expr()?) }));
        }
        if self.is("func") && matches!(self.tokens.get(self.at + 1), Some(Token::Word(_))) {
            self.at += 1;
            let name = self.name()?;
            let func = self.func()?;
            return self.checked(Stmt::Assign(name, "=".into(), func));
        }
        let target = self.expr()?;
        for sign in ["=", "+=", "-=", "*=", "/=", "%="] {
            if self.eat(sign) {
                let value = self.expr()?;
                return match target {
                    Expr::Name(name) => self.checked(Stmt::Assign(name, sign.into(), value)),
                    Expr::Index(base, key) => self.checked(Stmt::SetIndex(*base, *key, sign.into(), value)),
                    _ => Err("this cannot be assigned to".into()),
                };
            }
        }
        Ok(Stmt::Expr(target))
    }

    /// An assignment that is allowed: no import, nothing inside an import, no result of append.
    fn checked(&self, stmt: Stmt) -> Parsed<Stmt> {
        match &stmt {
            Stmt::Assign(name, _, _) if self.imports.contains(name) => return Err(format!("{name} is an import")),
            Stmt::Assign(_, _, Expr::Call(callee, _)) if matches!(&**callee, Expr::Name(n) if n == "append") => {
                return Err("append gives no value".into());
            }
            Stmt::SetIndex(base, ..) if matches!(base, Expr::Select(..)) => {
                let mut root = base;
                while let Expr::Select(inner, _) = root {
                    root = inner;
                }
                if matches!(root, Expr::Name(name) if self.imports.contains(name)) {
                    return Err("an import cannot be changed".into());
                }
            }
            _ => {}
        }
        Ok(stmt)
    }

    fn case(&mut self) -> Parsed<Stmt> {
        let subject = if self.is("{") { None } else { Some(self.expr()?) };
        self.expect("{")?;
        let (mut clauses, mut otherwise) = (Vec::new(), None);
        self.ends();
        while !self.eat("}") {
            let mut values = Vec::new();
            let is_else = self.eat("else");
            if !is_else {
                self.expect("when")?;
                values.push(self.expr()?);
                while self.eat(",") {
                    values.push(self.expr()?);
                }
            }
            self.expect(":")?;
            let body = self.statements(|p| p.is("}") || p.is("when") || p.is("else"))?;
            match (is_else, &otherwise) {
                (false, _) => clauses.push((values, body)),
                (true, None) => otherwise = Some(body),
                (true, Some(_)) => return Err("two else clauses".into()),
            }
        }
        Ok(Stmt::Case(subject, clauses, otherwise))
    }

    pub(super) fn loop_names(&mut self) -> Parsed<Vec<String>> {
        self.expect("as")?;
        let mut names = vec![self.name()?];
        if self.eat(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }
}

/// Whether a body ends in return on every path that can be told. A loop or a case that holds a return counts.
pub(super) fn returns(body: &[Stmt]) -> bool {
    match body.last() {
        Some(Stmt::Return(_)) => true,
        Some(Stmt::Expr(Expr::Call(callee, _))) => matches!(&**callee, Expr::Name(name) if name == "error"),
        Some(Stmt::If(arms, Some(otherwise))) => arms.iter().all(|a| returns(&a.1)) && returns(otherwise),
        Some(Stmt::Case(_, clauses, _)) => clauses.iter().any(|c| returns(&c.1)),
        Some(Stmt::For(_, _, body)) => body.iter().any(|s| match s {
            Stmt::Return(_) => true,
            Stmt::If(arms, _) => arms.iter().any(|a| returns(&a.1)),
            _ => false,
        }),
        _ => false,
    }
}
