//! Random programs: mostly meaningful, sometimes not, always finite. Whoever drives it decides every choice, so a seed or a fuzzer's bytes will do.

use std::fmt::Write;

/// What an expression is meant to give; one in a while gives something else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
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
pub(crate) struct Programs<'c> {
    choose: &'c mut dyn FnMut(usize) -> usize,
    /// Names in scope, with what they are likely to hold.
    names: Vec<(String, Want)>,
    /// Functions in scope, with the number of their parameters and what they give.
    functions: Vec<(String, usize, Want)>,
    out: String,
    indent: usize,
    made: usize,
    in_loop: bool,
    in_func: bool,
    /// Expressions left until only the simplest are written.
    room: usize,
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
    fn pick(&mut self, below: usize) -> usize {
        (self.choose)(below)
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "\t".repeat(self.indent));
    }

    fn fresh(&mut self, kind: Want) -> String {
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

    fn name(&mut self, kind: Want) -> Option<String> {
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

    fn expression(&mut self, kind: Want, depth: usize) -> String {
        self.room = self.room.saturating_sub(1);
        let kind = match self.pick(200) {
            0 => KINDS[self.pick(6)],
            1 => return "null".to_owned(),
            2..=8 => return ["undefined", "{}.none", "[][0]"][self.pick(3)].to_owned(),
            _ if kind == Any => KINDS[self.pick(6)],
            _ => kind,
        };
        if depth > 3 || self.room == 0 {
            return self.simple(kind);
        }
        if self.pick(8) == 0 || kind == Any {
            return self.general(kind, depth + 1);
        }
        let depth = depth + 1;
        match kind {
            Bool => self.condition(depth),
            Number => match self.pick(8) {
                0..=2 => self.simple(kind),
                3..=5 => {
                    let op = ["+", "-", "*", "/", "%"][self.pick(5)];
                    let safe = matches!(op, "/" | "%") && self.pick(20) > 0;
                    let right = if safe { "2".to_owned() } else { self.expression(Number, depth) };
                    format!("{} {op} {right}", self.expression(Number, depth))
                }
                6 => format!("length({})", self.expression([List, Map, Text][depth % 3], depth)),
                _ => format!("{}({})", ["int", "float", "-"][self.pick(3)], self.expression(Number, depth)),
            },
            Text => match self.pick(6) {
                0..=2 => self.simple(kind),
                3 => format!("{} + {}", self.expression(Text, depth), self.expression(Text, depth)),
                4 => format!("string({})", self.expression(Any, depth)),
                _ => {
                    let (low, high) = (self.pick(2), 1 + self.pick(3));
                    format!("({})[{low}:{high}]", self.expression(Text, depth))
                }
            },
            List => self.list(depth),
            _ => self.map(depth),
        }
    }

    fn simple(&mut self, kind: Want) -> String {
        if self.pick(2) == 0
            && let Some(name) = self.name(kind)
        {
            return name;
        }
        let of = |choices: &[&str], at: usize| choices[at % choices.len()].to_owned();
        let at = self.pick(8);
        match kind {
            Bool => of(&["true", "false"], at),
            Number => of(&["0", "1", "2", "3", "-1", "1.5", "0x1F", "7"], at),
            Text => of(&["\"\"", "\"a\"", "\"b\"", "\"ab\"", "`a.b`", "\"\\u00e9\"", "\"1\"", "\"true\""], at),
            List => of(
                &["[]", "[1, 2]", "[\"a\", \"b\"]", "[true, false]", "[1, \"a\", null]", "[[1], []]", "range(3)"],
                at,
            ),
            Map => of(&["{}", "{\"a\": 1}", "{\"a\": {\"b\": 2}, \"b\": true}", "{\"a\": [1], \"ab\": null}"], at),
            Any => of(&["null", "undefined", "1", "\"a\""], at),
        }
    }

    /// Recovery, access, calls. What access gives is seldom what is wanted.
    fn general(&mut self, kind: Want, depth: usize) -> String {
        let open = kind == Any || self.pick(20) == 0;
        let at = self.pick(8);
        match at {
            0 if open => format!("{}.{}", self.postfix(Map, depth), ["a", "b", "ab", "else", "rule"][self.pick(5)]),
            1 if open => format!("{}[{}]", self.postfix(Map, depth), self.expression(Text, depth)),
            2 if open => {
                let index = if self.pick(8) == 0 { self.expression(Number, depth) } else { self.pick(3).to_string() };
                format!("{}[{index}]", self.postfix(List, depth))
            }
            3 if open => self.simple(Any),
            0..=5 => {
                let fitting: Vec<_> = self.functions.iter().filter(|f| f.2 == kind || open).cloned().collect();
                if fitting.is_empty() {
                    return self.simple(kind);
                }
                let (name, count, _) = fitting[self.pick(fitting.len())].clone();
                let args: Vec<_> = (0..count).map(|_| self.expression(Any, depth)).collect();
                format!("{name}({})", args.join(", "))
            }
            6 => {
                let missing = ["{}.none", "[][0]", "undefined", "null.a", "int(\"x\")", "\"ab\"[0:9]"][self.pick(6)];
                format!("({missing} else {})", self.expression(kind, depth))
            }
            _ => {
                let parameter = self.fresh(Any);
                self.names.push((parameter.clone(), Any));
                let body = self.expression(kind, depth);
                self.names.pop();
                format!("func({parameter}) {{ return {body} }}({})", self.expression(Any, depth))
            }
        }
    }

    fn postfix(&mut self, kind: Want, depth: usize) -> String {
        match self.name(kind) {
            Some(name) if self.pick(3) > 0 => name,
            _ => format!("({})", self.expression(kind, depth)),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        match self.pick(14) {
            0 => self.simple(Bool),
            1..=3 => {
                let op = ["and", "or", "xor"][self.pick(3)];
                let (left, right) = (self.expression(Bool, depth), self.expression(Bool, depth));
                if self.pick(2) == 0 { format!("({left} {op} {right})") } else { format!("{left} {op} {right}") }
            }
            4 => format!("{} {}", ["not", "!"][self.pick(2)], self.postfix(Bool, depth)),
            5 | 6 => {
                let op = ["is", "is not", "==", "!="][self.pick(4)];
                let kind = KINDS[self.pick(6)];
                format!("{} {op} {}", self.expression(kind, depth), self.expression(kind, depth))
            }
            7 => {
                let op = ["<", "<=", ">", ">="][self.pick(4)];
                let kind = [Number, Text, Any][self.pick(3)];
                format!("{} {op} {}", self.expression(kind, depth), self.expression(kind, depth))
            }
            8 | 9 => {
                let (container, item) = [(List, Any), (Map, Text), (Text, Text)][self.pick(3)];
                let (container, item) = (self.expression(container, depth), self.expression(item, depth));
                match self.pick(4) {
                    0 => format!("{container} contains {item}"),
                    1 => format!("{container} not contains {item}"),
                    2 => format!("{item} in {container}"),
                    _ => format!("{item} not in {container}"),
                }
            }
            10 => {
                let pattern = ["\"a\"", "\"^b$\"", "`[a-b]+`", "\"\"", "`\\d`"][self.pick(5)];
                format!("{} {} {pattern}", self.expression(Text, depth), ["matches", "not matches"][self.pick(2)])
            }
            11 => {
                let at = self.pick(4);
                let test = ["is empty", "is not empty", "is defined", "is not defined"][at];
                let kind = if at < 2 { [List, Map, Text][self.pick(3)] } else { Any };
                format!("{} {test}", self.expression(kind, depth))
            }
            _ => {
                let word = ["all", "any"][self.pick(2)];
                self.quantifier(word, Bool, depth)
            }
        }
    }

    fn quantifier(&mut self, word: &str, body: Want, depth: usize) -> String {
        let kind = if self.pick(3) == 0 { Map } else { List };
        let over = self.expression(kind, depth);
        let names = self.names.len();
        let (first, second) = (self.fresh(Any), self.fresh(Any));
        self.names.push((first.clone(), Any));
        let bound = if self.pick(2) == 0 {
            first
        } else {
            self.names.push((second.clone(), Any));
            format!("{first}, {second}")
        };
        let body = self.expression(body, depth);
        self.names.truncate(names);
        format!("{word} {over} as {bound} {{ {body} }}")
    }

    fn list(&mut self, depth: usize) -> String {
        match self.pick(9) {
            0 | 1 => self.simple(List),
            2 => {
                let items: Vec<_> = (0..self.pick(4)).map(|_| self.expression(Any, depth)).collect();
                format!("[{}]", items.join(", "))
            }
            3 => format!("{} + {}", self.expression(List, depth), self.expression(List, depth)),
            4 => {
                let (low, high) = (self.pick(2), self.pick(3));
                format!("{}[{low}:{high}]", self.postfix(List, depth))
            }
            5 => format!("{}({})", ["keys", "values"][self.pick(2)], self.simple(Map)),
            6 => self.quantifier("filter", Bool, depth),
            7 => self.quantifier("map", Any, depth),
            _ => format!("range({})", self.pick(4)),
        }
    }

    fn map(&mut self, depth: usize) -> String {
        match self.pick(4) {
            0 => self.simple(Map),
            1 => self.quantifier("filter", Bool, depth),
            _ => {
                let mut items = Vec::new();
                for _ in 0..self.pick(4) {
                    let key = match self.pick(20) {
                        0 => self.expression(Any, 3),
                        1..=4 => self.simple(Number),
                        _ => self.simple(Text),
                    };
                    items.push(format!("{key}: {}", self.expression(Any, depth)));
                }
                format!("{{{}}}", items.join(", "))
            }
        }
    }
}
