//! Tokens to a tree: one function for each level of precedence, checks included.

use std::rc::Rc;

use super::lexer::{Token, tokens};
use super::tree::{Expr, File, Func, Quantifier, Rule, Stmt};

const KEYWORDS: [&str; 26] = [
    "all", "any", "as", "break", "case", "continue", "default", "else", "filter", "for", "func", "if", "import", "map",
    "param", "return", "rule", "when", "and", "contains", "in", "is", "matches", "not", "or", "xor",
];
const BUILTINS: [&str; 13] = [
    "append", "delete", "keys", "values", "length", "range", "print", "error", "int", "float", "string", "bool",
    "compare",
];

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    in_loop: bool,
    in_func: bool,
    imports: Vec<String>,
}

type Parsed<T> = Result<T, String>;

/// Parses a file.
pub(crate) fn parse(source: &[u8]) -> Parsed<File> {
    let source = std::str::from_utf8(source).map_err(|e| e.to_string())?;
    let mut parser = Parser { tokens: tokens(source)?, at: 0, in_loop: false, in_func: false, imports: Vec::new() };
    parser.file()
}

fn name_of(word: &str) -> bool {
    !KEYWORDS.contains(&word) && !["true", "false", "null", "undefined"].contains(&word)
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is(&self, text: &str) -> bool {
        self.is_ahead(0, text)
    }

    fn is_ahead(&self, ahead: usize, text: &str) -> bool {
        match self.tokens.get(self.at + ahead) {
            Some(Token::Word(word)) => word == text,
            Some(Token::Sign(sign)) => *sign == text,
            _ => false,
        }
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.is(text);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) -> Parsed<()> {
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

    fn name(&mut self) -> Parsed<String> {
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

    fn block(&mut self) -> Parsed<Vec<Stmt>> {
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

    fn loop_names(&mut self) -> Parsed<Vec<String>> {
        self.expect("as")?;
        let mut names = vec![self.name()?];
        if self.eat(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }

    fn func(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let mut params: Vec<String> = Vec::new();
        while !self.eat(")") {
            let name = self.name()?;
            if params.contains(&name) && name != "_" {
                return Err(format!("two parameters {name}"));
            }
            params.push(name);
            if !self.eat(",") {
                self.expect(")")?;
                break;
            }
        }
        let outer = (std::mem::replace(&mut self.in_loop, false), std::mem::replace(&mut self.in_func, true));
        let body = self.block()?;
        (self.in_loop, self.in_func) = outer;
        if !returns(&body) {
            return Err("a function without return".into());
        }
        Ok(Expr::Func(Rc::new(Func { params, body })))
    }

    /// The body of a rule or quantifier.
    fn braced(&mut self) -> Parsed<Expr> {
        self.expect("{")?;
        let body = self.expr()?;
        if self.peek() == Some(&Token::End) {
            self.at += 1;
        }
        self.expect("}")?;
        Ok(body)
    }

    fn expr(&mut self) -> Parsed<Expr> {
        self.chain(&["or", "xor"], |p| p.chain(&["and"], |p| p.comparison()))
    }

    /// Operators of one level, associating to the left.
    fn chain(&mut self, words: &[&str], next: impl Fn(&mut Self) -> Parsed<Expr>) -> Parsed<Expr> {
        let mut left = next(self)?;
        'more: loop {
            for word in words {
                // `else:` begins a clause of a case.
                if *word == "else" && self.is_ahead(1, ":") {
                    continue;
                }
                if self.eat(word) {
                    left = Expr::Binary((*word).to_owned(), Box::new(left), Box::new(next(self)?));
                    continue 'more;
                }
            }
            return Ok(left);
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let recovery =
            |p: &mut Self| p.chain(&["else"], |p| p.chain(&["+", "-"], |p| p.chain(&["*", "/", "%"], |p| p.unary())));
        let mut left = recovery(self)?;
        loop {
            let mut op = String::new();
            if self.eat("is") {
                let negated = self.eat("not");
                if let Some(test) = ["empty", "defined"].into_iter().find(|t| self.eat(t)) {
                    left = self.behind_test(Expr::Test(Box::new(left), test, negated))?;
                    continue;
                }
                op.push_str(if negated { "!=" } else { "==" });
            } else if self.is("not") && ["in", "contains", "matches"].iter().any(|w| self.is_ahead(1, w)) {
                self.at += 1;
                op.push_str("not ");
            }
            if op.is_empty() || op == "not " {
                let words = ["==", "!=", "<=", ">=", "<", ">", "contains", "matches", "in"];
                match words.into_iter().find(|w| self.eat(w)) {
                    Some(word) => op.push_str(word),
                    None => return Ok(left),
                }
            }
            left = Expr::Binary(op, Box::new(left), Box::new(recovery(self)?));
        }
    }

    /// What binds tighter than a test may follow it all the same: `x is empty else y`.
    fn behind_test(&mut self, mut left: Expr) -> Parsed<Expr> {
        loop {
            let operators = ["else", "+", "-", "*", "/", "%"];
            let Some(word) = operators.into_iter().find(|w| self.is(w) && !(*w == "else" && self.is_ahead(1, ":")))
            else {
                return Ok(left);
            };
            self.at += 1;
            let right = match word {
                "else" => self.chain(&["+", "-"], |p| p.chain(&["*", "/", "%"], |p| p.unary()))?,
                "+" | "-" => self.chain(&["*", "/", "%"], |p| p.unary())?,
                _ => self.unary()?,
            };
            left = Expr::Binary(word.to_owned(), Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        for word in ["-", "+", "!", "not"] {
            if self.eat(word) {
                if let (Some(Token::Int(i)), "-") = (self.peek().cloned(), word)
                    && i == 1 << 63
                {
                    self.at += 1;
                    return Ok(Expr::Int(i64::MIN));
                }
                return Ok(Expr::Unary(if word == "not" { "!" } else { word }, Box::new(self.unary()?)));
            }
        }
        let mut made = self.operand()?;
        loop {
            if self.eat(".") {
                let Some(Token::Word(word)) = self.peek().cloned() else { return Err("wanted a selector".into()) };
                self.at += 1;
                made = Expr::Select(Box::new(made), word);
            } else if self.eat("(") {
                made = Expr::Call(Box::new(made), self.items(")")?);
            } else if self.eat("[") {
                let low = if self.is(":") { None } else { Some(Box::new(self.expr()?)) };
                if self.eat(":") {
                    let high = if self.is("]") { None } else { Some(Box::new(self.expr()?)) };
                    made = Expr::Slice(Box::new(made), low, high);
                } else {
                    made = Expr::Index(Box::new(made), low.ok_or("an empty index")?);
                }
                self.expect("]")?;
            } else {
                return Ok(made);
            }
        }
    }

    fn items(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.expr()?);
            if !self.eat(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(items)
    }

    fn operand(&mut self) -> Parsed<Expr> {
        if self.eat("(") {
            let inner = self.expr()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.eat("[") {
            return Ok(Expr::List(self.items("]")?));
        }
        if self.eat("{") {
            let mut items = Vec::new();
            while !self.eat("}") {
                let key = self.expr()?;
                self.expect(":")?;
                items.push((key, self.expr()?));
                if !self.eat(",") {
                    self.expect("}")?;
                    break;
                }
            }
            return Ok(Expr::Map(items));
        }
        if self.eat("func") {
            return self.func();
        }
        if self.eat("rule") {
            let when = if self.eat("when") { Some(self.expr()?) } else { None };
            return Ok(Expr::Rule(Rc::new(Rule { when, body: self.braced()? })));
        }
        for word in ["all", "any", "filter", "map"] {
            if self.eat(word) {
                let over = self.expr()?;
                let names = self.loop_names()?;
                let body = self.braced()?;
                return Ok(Expr::Quantifier(Box::new(Quantifier { word: word.to_owned(), over, names, body })));
            }
        }
        let made = match self.peek().cloned() {
            Some(Token::Int(i)) => Expr::Int(i64::try_from(i).map_err(|_| "a number out of range")?),
            Some(Token::Float(f)) => Expr::Float(f),
            Some(Token::Text(text)) => Expr::Text(text),
            Some(Token::Word(word)) => match word.as_str() {
                "true" | "false" => Expr::Bool(word == "true"),
                "null" => Expr::Null,
                "undefined" => Expr::Undefined,
                _ if name_of(&word) => Expr::Name(word),
                _ => return Err(format!("wanted an expression, found {word}")),
            },
            other => return Err(format!("wanted an expression, found {other:?}")),
        };
        self.at += 1;
        Ok(made)
    }
}

fn literal(expr: &Expr) -> bool {
    match expr {
        Expr::Null | Expr::Bool(_) | Expr::Int(_) | Expr::Float(_) | Expr::Text(_) => true,
        Expr::Unary("-" | "+", inner) => matches!(**inner, Expr::Int(_) | Expr::Float(_)),
        Expr::List(items) => items.iter().all(literal),
        Expr::Map(items) => items.iter().all(|(k, v)| literal(k) && literal(v)),
        _ => false,
    }
}

/// Whether a body ends in return on every path that can be told. A loop or a case that holds a return counts.
fn returns(body: &[Stmt]) -> bool {
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
