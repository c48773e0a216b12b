//! The tree of a program. Operators stay words.

use std::rc::Rc;

/// An expression.
#[derive(Debug)]
pub(crate) enum Expr {
    Undefined,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Vec<u8>),
    Name(String),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Unary(&'static str, Box<Expr>),
    Binary(String, Box<Expr>, Box<Expr>),
    /// `is empty` and the like: the test and whether it is negated.
    Test(Box<Expr>, &'static str, bool),
    Select(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    Call(Box<Expr>, Vec<Expr>),
    Func(Rc<Func>),
    Rule(Rc<Rule>),
    Quantifier(Box<Quantifier>),
}

/// A function's text.
#[derive(Debug)]
pub(crate) struct Func {
    pub(crate) params: Vec<String>,
    pub(crate) body: Vec<Stmt>,
}

/// A rule's text.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) when: Option<Expr>,
    pub(crate) body: Expr,
}

/// `all`, `any`, `filter` or `map`.
#[derive(Debug)]
pub(crate) struct Quantifier {
    pub(crate) word: String,
    pub(crate) over: Expr,
    pub(crate) names: Vec<String>,
    pub(crate) body: Expr,
}

/// A statement.
#[derive(Debug)]
pub(crate) enum Stmt {
    Expr(Expr),
    Assign(String, String, Expr),
    SetIndex(Expr, Expr, String, Expr),
    If(Vec<(Expr, Vec<Stmt>)>, Option<Vec<Stmt>>),
    For(Expr, Vec<String>, Vec<Stmt>),
    Case(Option<Expr>, Vec<(Vec<Expr>, Vec<Stmt>)>, Option<Vec<Stmt>>),
    Break,
    Continue,
    Return(Option<Expr>),
}

/// A file.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// Path and name.
    pub(crate) imports: Vec<(String, String)>,
    /// Name and default.
    pub(crate) params: Vec<(String, Option<Expr>)>,
    pub(crate) body: Vec<Stmt>,
}
