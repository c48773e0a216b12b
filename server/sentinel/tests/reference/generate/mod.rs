//! Random programs: mostly meaningful, sometimes not, always finite. Whoever drives it decides every choice, so a seed or a fuzzer's bytes will do.

mod expression;

use std::fmt::Write;

/// What an expression is meant to give; one in a while gives something else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Bool,
    Number,
    Text,
    List,
    Map,
    Any,
}

use Want::{Any, Bool, List, Map, Number, Text};

const KINDS: [Want; 6] = [Bool, Number, Text, List, Map, Any];

/// A program in the making.
pub(super) struct Programs<'c> {
    choose: &'c mut dyn FnMut(usize) -> usize,
    /// Names in scope, with what they are likely to hold.
    pub(super) names: Vec<(String, Want)>,
    /// Functions in scope, with the number of their parameters and what they give.
    pub(super) functions: Vec<(String, usize, Want)>,
    out: String,
    indent: usize,
    made: usize,
    in_loop: bool,
    in_func: bool,
    /// Expressions left until only the simplest are written.
    pub(super) room: usize,
}

/// A program; `choose(n)` gives a number below `n`.
pub(crate) fn program(choose: &mut dyn FnMut(usize) -> usize) -> String {
    let mut made = Programs {
        choose,
        names: Vec::new(),
        functions: Vec::new(),
        out: String::new(),
        indent: 0,
        made: 0,
        in_loop: false,
        in_func: false,
        room: 300,
    };
    let statements = 2 + made.pick(10);
    for _ in 0..statements {
        made.statement(0);
    }
    let kind = if made.pick(3) == 0 { KINDS[made.pick(6)] } else { Bool };
    let value = made.expression(kind, 0);
    let main = if made.pick(2) == 0 { format!("main = rule {{ {value} }}") } else { format!("main = {value}") };
    made.line(&main);
    made.out
}

impl Programs<'_> {
    pub(super) fn pick(&mut self, below: usize) -> usize {
        (self.choose)(below)
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "\t".repeat(self.indent));
    }

    pub(super) fn fresh(&mut self, kind: Want) -> String {
        let letter = match kind {
            Bool => "b",
            Number => "n",
            Text => "s",
            List => "l",
            Map => "m",
            Any => "v",
        };
        self.made += 1;
        format!("{letter}{}", self.made)
    }

    pub(super) fn name(&mut self, kind: Want) -> Option<String> {
        let fitting: Vec<_> = self.names.iter().filter(|n| n.1 == kind || kind == Any).map(|n| n.0.clone()).collect();
        if fitting.is_empty() { None } else { Some(fitting[self.pick(fitting.len())].clone()) }
    }

    /// Statements between braces; names made inside are gone behind them when `scope` says so.
    fn block(&mut self, open: &str, depth: usize, scope: bool) {
        self.line(open);
        self.indent += 1;
        let (names, functions) = (self.names.len(), self.functions.len());
        for _ in 0..=self.pick(3) {
            self.statement(depth + 1);
        }
        // What a branch binds is there only if the branch is taken: it is seldom used behind it.
        if scope || self.pick(12) > 0 {
            self.names.truncate(names);
            self.functions.truncate(functions);
        }
        self.indent -= 1;
    }

    fn statement(&mut self, depth: usize) {
        let choice = if depth > 3 || self.room == 0 { self.pick(5) } else { self.pick(16) };
        match choice {
            0..=3 => self.assignment(),
            4 => {
                let kind = [Number, Text, List][self.pick(3)];
                let op = if kind == Number { ["+=", "-=", "*=", "/=", "%="][self.pick(5)] } else { "+=" };
                let value = if matches!(op, "/=" | "%=") { "3".to_owned() } else { self.expression(kind, 2) };
                match self.name(kind) {
                    Some(name) => self.line(&format!("{name} {op} {value}")),
                    None => self.assignment(),
                }
            }
            5 | 6 => self.change(),
            7 | 8 => {
                let condition = self.expression(Bool, 1);
                self.block(&format!("if {condition} {{"), depth, false);
                if self.pick(2) == 0 {
                    self.block("} else {", depth, false);
                }
                self.line("}");
            }
            9 | 10 => self.for_loop(depth),
            11 => self.case(depth),
            12 | 13 => self.function(depth),
            14 => {
                let kind = KINDS[self.pick(6)];
                let (name, value) = (self.fresh(kind), self.expression(kind, 1));
                let when =
                    if self.pick(3) == 0 { format!("when {} ", self.expression(Bool, 2)) } else { String::new() };
                self.line(&format!("{name} = rule {when}{{ {value} }}"));
                self.names.push((name, kind));
            }
            _ if self.in_loop => {
                let condition = self.expression(Bool, 2);
                let word = ["break", "continue"][self.pick(2)];
                self.line(&format!("if {condition} {{ {word} }}"));
            }
            _ if self.in_func => {
                let (condition, value) = (self.expression(Bool, 2), self.expression(Any, 2));
                self.line(&format!("if {condition} {{ return {value} }}"));
            }
            _ => {
                let value = self.expression(Any, 2);
                self.line(&format!("print({value})"));
            }
        }
    }

    fn assignment(&mut self) {
        let kind = KINDS[self.pick(6)];
        let value = self.expression(kind, 0);
        let old = if self.pick(3) == 0 { self.name(kind) } else { None };
        let name = old.unwrap_or_else(|| self.fresh(kind));
        self.line(&format!("{name} = {value}"));
        if !self.names.iter().any(|n| n.0 == name) {
            self.names.push((name, kind));
        }
    }

    /// Something that changes a collection in place.
    fn change(&mut self) {
        let value = self.expression(Any, 2);
        let text = match self.pick(5) {
            0 | 1 => self.name(List).map(|list| format!("append({list}, {value})")),
            2 => {
                let key = self.expression(Text, 3);
                self.name(Map).map(|map| format!("{map}[{key}] = {value}"))
            }
            3 => {
                let index = self.pick(3);
                let list = self.name(List);
                let safe = self.pick(10) > 0;
                list.map(|l| match safe {
                    true => format!("if length({l}) > {index} {{ {l}[{index}] = {value} }}"),
                    false => format!("{l}[{index}] = {value}"),
                })
            }
            _ => {
                let key = self.expression(Text, 3);
                self.name(Map).map(|map| format!("delete({map}, {key})"))
            }
        };
        match text {
            Some(text) => self.line(&text),
            None => self.assignment(),
        }
    }

    fn for_loop(&mut self, depth: usize) {
        let kind = if self.pick(3) == 0 { Map } else { List };
        let over = self.expression(kind, 1);
        let over = if self.pick(10) > 0 { format!("({over} else [])") } else { over };
        let (first, second) = (self.fresh(Any), self.fresh(Any));
        let names = self.names.len();
        self.names.push((first.clone(), Any));
        let head = if self.pick(2) == 0 {
            format!("for {over} as {first} {{")
        } else {
            self.names.push((second.clone(), Any));
            format!("for {over} as {first}, {second} {{")
        };
        let outer = std::mem::replace(&mut self.in_loop, true);
        self.block(&head, depth, true);
        self.in_loop = outer;
        self.names.truncate(names);
        self.line("}");
    }

    fn case(&mut self, depth: usize) {
        // Behind `case` a bare brace opens the clauses.
        let subject = if self.pick(4) == 0 { String::new() } else { format!("({}) ", self.expression(Any, 2)) };
        self.line(&format!("case {subject}{{"));
        for _ in 0..=self.pick(2) {
            let values: Vec<_> = (0..=self.pick(2)).map(|_| self.expression(Any, 3)).collect();
            self.block(&format!("when {}:", values.join(", ")), depth, false);
        }
        if self.pick(2) == 0 {
            self.block("else:", depth, false);
        }
        self.line("}");
    }

    fn function(&mut self, depth: usize) {
        let params: Vec<_> = (0..self.pick(3)).map(|_| self.fresh(Any)).collect();
        self.made += 1;
        let name = format!("f{}", self.made);
        let names = self.names.len();
        self.names.extend(params.iter().map(|p| (p.clone(), Any)));
        let outer = (std::mem::replace(&mut self.in_loop, false), std::mem::replace(&mut self.in_func, true));
        let head = match self.pick(2) {
            0 => format!("{name} = func({}) {{", params.join(", ")),
            _ => format!("func {name}({}) {{", params.join(", ")),
        };
        self.block(&head, depth, true);
        self.indent += 1;
        let kind = KINDS[self.pick(6)];
        let value = self.expression(kind, 1);
        self.line(&format!("return {value}"));
        self.indent -= 1;
        (self.in_loop, self.in_func) = outer;
        self.names.truncate(names);
        self.line("}");
        self.functions.push((name, params.len(), kind));
    }
}
