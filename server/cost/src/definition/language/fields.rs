//! Which attributes a definition looks at. A plan holds dozens for a machine and a definition asks for ten: the rest need
//! not be read.

use std::collections::BTreeSet;

use super::{Definition, Expression, Fragment, Piece, Statement, Step};

/// The attributes that say where a resource stands, whatever its type.
const PLACE: [&str; 5] = ["arn", "availability_zone", "location", "region", "zone"];

/// The names of all attributes that may be looked at, sorted; None when the definition hands on all of them.
pub(crate) fn fields(definition: &Definition, fragments: &[Fragment]) -> Option<Vec<String>> {
    let mut found: BTreeSet<String> = PLACE.iter().map(|name| (*name).to_owned()).collect();
    body(&definition.body, fragments, 0, &mut found)?;
    Some(found.into_iter().collect())
}

fn body(statements: &[Statement], fragments: &[Fragment], depth: usize, found: &mut BTreeSet<String>) -> Option<()> {
    if depth > 16 {
        return None;
    }
    for statement in statements {
        match statement {
            Statement::Let { value, .. } => expression(value, found)?,
            Statement::Each { list: head, body: inner, .. }
            | Statement::When { condition: head, body: inner }
            | Statement::Part { name: head, body: inner }
            | Statement::Times { factor: head, body: inner }
            | Statement::With { resource: head, body: inner } => {
                expression(head, found)?;
                body(inner, fragments, depth, found)?;
            }
            Statement::Include { fragment, arguments } => {
                for (_, value) in arguments {
                    expression(value, found)?;
                }
                let fragment = fragments.iter().find(|known| known.name == *fragment)?;
                body(&fragment.body, fragments, depth + 1, found)?;
            }
            Statement::Free => {}
            Statement::Unpriced { reason } => expression(reason, found)?,
            Statement::Component(line) => {
                for part in [&line.name, &line.unit, &line.quantity, &line.price] {
                    expression(part, found)?;
                }
                for part in [&line.per, &line.when, &line.note].into_iter().flatten() {
                    expression(part, found)?;
                }
            }
        }
    }
    Some(())
}

fn expression(of: &Expression, found: &mut BTreeSet<String>) -> Option<()> {
    match of {
        Expression::Path(steps) => match steps.as_slice() {
            [Step::Field(root), Step::Field(name), ..] if root == "self" => {
                found.insert(name.clone());
            }
            [Step::Field(root)] if root == "self" => return None,
            [Step::Field(root), ..] => {
                found.insert(root.clone());
            }
            _ => return None,
        },
        // A function may be given the name of an attribute.
        Expression::Template(pieces) => {
            for piece in pieces {
                match piece {
                    Piece::Text(text) => {
                        found.insert(text.clone());
                    }
                    Piece::Hole(inner) => expression(inner, found)?,
                }
            }
        }
        Expression::List(items) | Expression::Call(_, items) => {
            for item in items {
                expression(item, found)?;
            }
        }
        Expression::Not(inner) | Expression::Negate(inner) => expression(inner, found)?,
        Expression::Binary(_, left, right) => {
            expression(left, found)?;
            expression(right, found)?;
        }
        Expression::Choose(condition, yes, no) => {
            for part in [condition, yes, no] {
                expression(part, found)?;
            }
        }
        Expression::Null | Expression::Bool(_) | Expression::Number(_) => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn names_what_is_looked_at_wherever_it_stands() {
        let text =
            "type aws_x\nlet a = b.c ?? given(\"d\")\nwhen e\n  Name {f} | h | self.g * usage.u | key/{h.i} | when j\n";
        let found = fields(&parse::definition(text).unwrap(), &[]).unwrap();
        for name in ["b", "d", "e", "f", "g", "h", "j", "region"] {
            assert!(found.iter().any(|known| known == name), "{name} of {found:?}");
        }
        assert!(!found.iter().any(|known| known == "c"));
        let whole = parse::definition("type aws_x\nlet a = keys(self)\nA | h | 1 | k\n").unwrap();
        assert_eq!(fields(&whole, &[]), None);
    }
}
