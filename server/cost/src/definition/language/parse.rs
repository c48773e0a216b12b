//! Reading definition files. One line is one statement; what a block holds is indented below it.
//!
//! ```text
//! type aws_nat_gateway
//! NAT gateway    | hours | hours                           | aws/nat/hour
//! Data processed | GB    | usage.monthly_data_processed_gb | aws/nat/gb
//! ```

use super::expression::Expression;
use super::{Back, Component, Definition, Fragment, Reference, Statement, Tier};

/// What is wrong with a definition file: line number, from 1, and why.
pub(crate) type Wrong = (usize, String);

struct Line<'a> {
    number: usize,
    indent: usize,
    text: &'a str,
}

/// Reads a file of one definition.
pub(crate) fn definition(text: &str) -> Result<Definition, Wrong> {
    let mut definition = Definition::default();
    let mut body = Vec::new();
    for line in lines(text) {
        let wrong = |what: String| (line.number, what);
        match line.text.split_once(' ') {
            Some(("type", types)) if line.indent == 0 => {
                definition.types.extend(types.split_whitespace().map(str::to_owned));
            }
            Some(("regions", rest)) if line.indent == 0 => {
                definition.regions.extend(rest.split_whitespace().map(str::to_owned));
            }
            Some(("ref", rest)) if line.indent == 0 => definition.references.push(reference(rest).map_err(wrong)?),
            Some(("back", rest)) if line.indent == 0 => definition.backs.push(back(rest).map_err(wrong)?),
            _ => body.push(line),
        }
    }
    if definition.types.is_empty() {
        return Err((1, "a definition names at least one `type`".into()));
    }
    definition.body = block(&body)?;
    Ok(definition)
}

/// Reads a file of fragments, each beginning with `fragment name(parameter, …)`.
pub(crate) fn fragments(text: &str) -> Result<Vec<Fragment>, Wrong> {
    let lines: Vec<Line<'_>> = lines(text).collect();
    let (mut fragments, mut at) = (Vec::new(), 0);
    while at < lines.len() {
        let line = &lines[at];
        let head = line.text.strip_prefix("fragment ").and_then(|rest| rest.strip_suffix(')')?.split_once('('));
        let (name, parameters) = head.ok_or((line.number, "expected `fragment name(…)`".to_owned()))?;
        let end = lines[at + 1..].iter().position(|line| line.indent == 0).map_or(lines.len(), |found| at + 1 + found);
        let parameters = parameters.split(',').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect();
        fragments.push(Fragment { name: name.to_owned(), parameters, body: block(&lines[at + 1..end])? });
        at = end;
    }
    Ok(fragments)
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().enumerate().filter_map(|(at, line)| {
        let text = line.trim();
        let meaningful = !text.is_empty() && !text.starts_with('#');
        meaningful.then(|| Line { number: at + 1, indent: line.len() - line.trim_start().len(), text })
    })
}

/// `name = path, path -> type, type`
fn reference(text: &str) -> Result<Reference, String> {
    let (name, rest) = text.split_once('=').ok_or("expected `ref name = attribute, …`")?;
    let (paths, types) = rest.split_once("->").unwrap_or((rest, ""));
    let list = |text: &str| text.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect::<Vec<_>>();
    Ok(Reference { name: name.trim().to_owned(), paths: list(paths), types: list(types) })
}

/// `name = type.attribute`
fn back(text: &str) -> Result<Back, String> {
    let (name, rest) = text.split_once('=').ok_or("expected `back name = type.attribute`")?;
    let (kind, attribute) = rest.trim().split_once('.').ok_or("expected `type.attribute`")?;
    Ok(Back { name: name.trim().to_owned(), kind: kind.to_owned(), attribute: attribute.to_owned() })
}

fn block(lines: &[Line<'_>]) -> Result<Vec<Statement>, Wrong> {
    let (mut statements, mut at) = (Vec::new(), 0);
    while at < lines.len() {
        let line = &lines[at];
        let end =
            lines[at + 1..].iter().position(|l| l.indent <= line.indent).map_or(lines.len(), |found| at + 1 + found);
        let body = block(&lines[at + 1..end])?;
        let blockless = body.is_empty();
        let statement = statement(line.text, body).map_err(|what| (line.number, what))?;
        let opens = matches!(
            statement,
            Statement::Each { .. }
                | Statement::When { .. }
                | Statement::Part { .. }
                | Statement::Times { .. }
                | Statement::With { .. }
        );
        if opens == blockless {
            return Err((line.number, "a block needs indented lines below it, and only a block may have them".into()));
        }
        statements.push(statement);
        at = end;
    }
    Ok(statements)
}

fn statement(text: &str, body: Vec<Statement>) -> Result<Statement, String> {
    if let Some(component) = component(text)? {
        return Ok(Statement::Component(Box::new(component)));
    }
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(match word {
        "let" => {
            let (name, value) = rest.split_once('=').ok_or("expected `let name = value`")?;
            Statement::Let { name: name.trim().to_owned(), value: Expression::parse(value)? }
        }
        "each" => {
            let (name, list) = rest.split_once(" in ").ok_or("expected `each name in list`")?;
            Statement::Each { name: name.trim().to_owned(), list: Expression::parse(list)?, body }
        }
        "when" => Statement::When { condition: Expression::parse(rest)?, body },
        "part" => Statement::Part { name: Expression::template(rest)?, body },
        "times" => Statement::Times { factor: Expression::parse(rest)?, body },
        "with" => Statement::With { resource: Expression::parse(rest)?, body },
        "free" => Statement::Free,
        "unpriced" => Statement::Unpriced { reason: Expression::template(rest)? },
        "include" => {
            let head = rest.strip_suffix(')').and_then(|rest| rest.split_once('('));
            let (name, arguments) = head.ok_or("expected `include fragment(a = b, …)`")?;
            let mut given = Vec::new();
            for argument in split(arguments, ',').into_iter().filter(|a| !a.trim().is_empty()) {
                let (name, value) = argument.split_once('=').ok_or("expected `name = value`")?;
                given.push((name.trim().to_owned(), Expression::parse(value)?));
            }
            Statement::Include { fragment: name.trim().to_owned(), arguments: given }
        }
        _ => return Err(format!("`{word}` begins no statement")),
    })
}

/// `name | unit | quantity | price | option | …`; None when the line has no bars.
fn component(text: &str) -> Result<Option<Component>, String> {
    let fields = split(text, '|');
    if fields.len() < 4 {
        return if fields.len() == 1 { Ok(None) } else { Err("a component has name | unit | quantity | price".into()) };
    }
    let mut component = Component {
        name: Expression::template(fields[0].trim())?,
        unit: Expression::template(fields[1].trim())?,
        quantity: Expression::parse(fields[2])?,
        price: match fields[3].trim().strip_prefix('=') {
            Some(computed) => Expression::parse(computed)?,
            None => Expression::Call("price".into(), vec![Expression::template(fields[3].trim())?]),
        },
        per: None,
        when: None,
        note: None,
        tiers: Vec::new(),
    };
    for option in &fields[4..] {
        let (word, rest) = option.trim().split_once(' ').unwrap_or((option.trim(), ""));
        match word {
            "per" => component.per = Some(Expression::parse(rest)?),
            "when" => component.when = Some(Expression::parse(rest)?),
            "note" => component.note = Some(Expression::template(rest)?),
            "tiers" => component.tiers = tiers(rest)?,
            _ => return Err(format!("`{word}` is no option of a component")),
        }
    }
    if !component.tiers.is_empty() && !matches!(component.price, Expression::Call(..)) {
        return Err("a tiered component takes a price key, not a computed price".into());
    }
    Ok(Some(component))
}

/// `first 100K:100000, next 400K:400000, over 500K`
fn tiers(text: &str) -> Result<Vec<Tier>, String> {
    let mut start = rust_decimal::Decimal::ZERO;
    let mut tiers = Vec::new();
    for tier in text.split(if text.contains(';') { ';' } else { ',' }) {
        let (label, width) = match tier.rsplit_once(':') {
            Some((label, width)) => {
                let width = width.trim().replace('_', "");
                (label, Some(width.parse().map_err(|_| format!("`{width}` is no width of a tier"))?))
            }
            None => (tier, None),
        };
        tiers.push(Tier { label: label.trim().to_owned(), start, width });
        start += width.unwrap_or_default();
    }
    if tiers.iter().rev().skip(1).any(|tier| tier.width.is_none()) {
        return Err("only the last tier may be open".into());
    }
    Ok(tiers)
}

/// Splits at a separator outside of strings and brackets; `||` is no separator.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0, false);
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            '|' if separator == '|' && characters.peek().is_some_and(|(_, next)| *next == '|') => {
                characters.next();
            }
            _ if character == separator && depth == 0 && !quoted => {
                parts.push(&text[start..at]);
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
