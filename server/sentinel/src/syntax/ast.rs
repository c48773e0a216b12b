//! The tree of a source file. Places of names are filled in by the resolver.

/// An expression with its offset; `height` bounds the recursion of everything that walks it.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) at: u32,
    pub(crate) height: u16,
    pub(crate) kind: ExprKind,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Null,
    Undefined,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Box<[u8]>),
    Name(Name),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<(Expr, Expr)>),
    /// `is empty` and `is defined`, with the negated forms.
    Test {
        operand: Box<Expr>,
        empty: bool,
        negated: bool,
    },
    Select(Box<Expr>, Box<str>),
    Index(Box<(Expr, Expr)>),
    Slice(Box<(Expr, Option<Expr>, Option<Expr>)>),
    Call(Box<Expr>, Vec<Expr>),
    Func(Box<Func>),
    Rule(Box<Rule>),
    Quantifier(Box<Quantifier>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Minus,
    Plus,
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Else,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Matches,
    NotMatches,
    Contains,
    NotContains,
    In,
    NotIn,
    And,
    Or,
    Xor,
}

/// A slot, counted in scopes outwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) up: u16,
    pub(crate) index: u16,
}

/// What a name means when none of its slots is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fallback {
    Unbound,
    Builtin(u8),
    Import(u16),
}

/// A use of a name: candidate slots, innermost first.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) text: Box<str>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) fallback: Fallback,
}

impl Name {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.into(), slots: Vec::new(), fallback: Fallback::Unbound }
    }
}

/// Room a scope needs, and whether something may outlive it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scope {
    pub(crate) size: u16,
    pub(crate) captured: bool,
}

#[derive(Debug)]
pub(crate) struct Func {
    pub(crate) params: Vec<Box<str>>,
    pub(crate) body: Block,
    pub(crate) scope: Scope,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) when: Option<Expr>,
    pub(crate) body: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quant {
    All,
    Any,
    Filter,
    Map,
}

#[derive(Debug)]
pub(crate) struct Quantifier {
    pub(crate) kind: Quant,
    pub(crate) over: Expr,
    pub(crate) names: Vec<Box<str>>,
    pub(crate) body: Expr,
    pub(crate) scope: Scope,
}

#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) height: u16,
}

#[derive(Debug)]
pub(crate) struct Stmt {
    pub(crate) at: u32,
    pub(crate) kind: StmtKind,
}

#[derive(Debug)]
pub(crate) enum StmtKind {
    Expr(Expr),
    Assign { name: Name, op: Option<Binary>, value: Expr, doc: Option<Box<str>> },
    SetIndex { base: Expr, key: Expr, op: Option<Binary>, value: Expr },
    If { arms: Vec<(Expr, Block)>, otherwise: Option<Block> },
    For { over: Expr, names: Vec<Box<str>>, body: Block, scope: Scope },
    Case { subject: Option<Expr>, clauses: Vec<(Vec<Expr>, Block)>, otherwise: Option<Block> },
    Break,
    Continue,
    Return(Option<Expr>),
}

/// `import "path" as name`.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) path: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) at: u32,
}

/// `param name default value`.
#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) name: Name,
    pub(crate) default: Option<Expr>,
    pub(crate) at: u32,
}

/// A parsed and checked file.
#[derive(Debug)]
pub struct Program {
    pub(crate) file: String,
    pub(crate) text: String,
    pub(crate) imports: Vec<Import>,
    pub(crate) params: Vec<Param>,
    pub(crate) body: Block,
    /// File-scope names by slot.
    pub(crate) names: Vec<Box<str>>,
    pub(crate) description: Option<Box<str>>,
}
