//! `decimal`: arithmetic with many digits.

use std::cmp::Ordering;

use num_traits::{Signed, ToPrimitive};

use super::number::Number;
use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::value::{Method, Native, Object, Value, number_text};

pub(super) fn value<'h>(machine: &Machine<'h>, number: Number) -> Value<'h> {
    Value::Object(machine.objects.keep(Object::Decimal(number)))
}

pub(super) fn function(name: &str) -> Option<Native> {
    Some(match name {
        "new" => |machine, args, _| {
            let [given] = exactly(args, "new")?;
            Ok(value(machine, Number::of(given)?))
        },
        "infinity" | "inf" => |machine, args, _| {
            let negative = matches!(args.first(), Some(Value::Int(i)) if *i < 0);
            Ok(value(machine, Number::Infinite { negative }))
        },
        "is_nan" | "isnan" => |_, args, _| {
            let [given] = exactly(args, "is_nan")?;
            Ok(Value::Bool(matches!(Number::of(given)?, Number::Nan)))
        },
        "is_infinite" | "is_inf" | "isinf" | "isinfinite" => |_, args, _| match args {
            [given] => Ok(Value::Bool(matches!(Number::of(*given)?, Number::Infinite { .. }))),
            [given, Value::Int(sign)] => Ok(Value::Bool(match Number::of(*given)? {
                Number::Infinite { negative } => *sign == 0 || (*sign < 0) == negative,
                _ => false,
            })),
            _ => fault("is_infinite takes a decimal and perhaps a sign"),
        },
        _ => return None,
    })
}

fn own(object: &Object) -> Outcome<&Number> {
    match object {
        Object::Decimal(number) => Ok(number),
        _ => fault("this is not a decimal"),
    }
}

fn compared<'h>(object: &Object, args: &[Value<'h>], wanted: fn(Ordering) -> bool) -> Outcome<Value<'h>> {
    let [other] = exactly(args, "a comparison")?;
    Ok(Value::Bool(own(object)?.order(&Number::of(other)?).is_some_and(wanted)))
}

fn combined<'h>(machine: &Machine<'h>, object: &Object, args: &[Value<'h>], op: char) -> Outcome<Value<'h>> {
    let [other] = exactly(args, "arithmetic")?;
    let other = Number::of(other)?;
    let number = own(object)?;
    let result = if op == '^' { number.power(&other) } else { number.combine(&other, op) };
    Ok(value(machine, result))
}

fn by_float(number: &Number, f: fn(f64) -> f64) -> Number {
    Number::parse(&number_text(f(number.float()))).unwrap_or(Number::Nan)
}

pub(super) fn object_member<'h>(
    machine: &mut Machine<'h>,
    object: &'h Object,
    number: &Number,
    name: &str,
) -> Outcome<Option<Value<'h>>> {
    let method: Method = match name {
        "string" => return Ok(Some(Value::text(machine.bump, &number.to_string()))),
        "float" => return Ok(Some(Value::Float(number.float()))),
        "int" => return Ok(number.int().map(Value::Int)),
        "sign" => {
            let sign = number.order(&Number::finite(0.into(), 0)).map_or(0, |o| o as i64);
            return Ok(Some(Value::Int(sign)));
        }
        "coefficient" | "exponent" => {
            let Number::Finite { coefficient, exponent } = number else { return Ok(None) };
            let part = if name == "exponent" { Some(*exponent) } else { coefficient.abs().to_i64() };
            return Ok(part.map(Value::Int));
        }
        "is" => |_, d, args, _| compared(d, args, Ordering::is_eq),
        "is_not" => |_, d, args, _| {
            let [other] = exactly(args, "is_not")?;
            Ok(Value::Bool(own(d)?.order(&Number::of(other)?) != Some(Ordering::Equal)))
        },
        "less_than" | "lt" => |_, d, args, _| compared(d, args, Ordering::is_lt),
        "less_than_or_equals" | "lte" => |_, d, args, _| compared(d, args, Ordering::is_le),
        "greater_than" | "gt" => |_, d, args, _| compared(d, args, Ordering::is_gt),
        "greater_than_or_equals" | "gte" => |_, d, args, _| compared(d, args, Ordering::is_ge),
        "add" => |m, d, args, _| combined(m, d, args, '+'),
        "subtract" | "sub" => |m, d, args, _| combined(m, d, args, '-'),
        "multiply" | "mul" => |m, d, args, _| combined(m, d, args, '*'),
        "divide" | "div" => |m, d, args, _| combined(m, d, args, '/'),
        "modulo" | "mod" | "remainder" | "rem" => |m, d, args, _| combined(m, d, args, '%'),
        "power" | "pow" => |m, d, args, _| combined(m, d, args, '^'),
        "exp" => |m, d, _, _| Ok(value(m, by_float(own(d)?, f64::exp))),
        "loge" | "ln" => |m, d, _, _| Ok(value(m, by_float(own(d)?, f64::ln))),
        "log10" | "log" => |m, d, _, _| Ok(value(m, by_float(own(d)?, f64::log10))),
        "square_root" | "sqrt" => |m, d, _, _| Ok(value(m, own(d)?.root())),
        "ceiling" | "ceil" => |m, d, _, _| Ok(value(m, own(d)?.whole(1))),
        "floor" => |m, d, _, _| Ok(value(m, own(d)?.whole(-1))),
        "absolute" | "abs" => |m, d, _, _| {
            let number = own(d)?;
            let negative = number.order(&Number::finite(0.into(), 0)) == Some(Ordering::Less);
            Ok(value(m, if negative { number.negated() } else { number.clone() }))
        },
        "negate" | "neg" => |m, d, _, _| Ok(value(m, own(d)?.negated())),
        _ => return Ok(None),
    };
    Ok(Some(Value::Bound(object, method)))
}
