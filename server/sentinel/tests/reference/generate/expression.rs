//! Expressions of random programs.

use super::Want::{self, Any, Bool, List, Map, Number, Text};
use super::{KINDS, Programs};

impl Programs<'_> {
    pub(super) fn expression(&mut self, kind: Want, depth: usize) -> String {
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
                let recovered = format!("{missing} else {}", self.expression(kind, depth));
                if self.pick(2) == 0 { format!("({recovered})") } else { recovered }
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
