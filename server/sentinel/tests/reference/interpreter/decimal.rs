//! `decimal`: a whole number and a power of ten. Transcendental functions go through floats.

use std::cmp::Ordering;

use num_bigint::BigInt;

use super::standard::{object, utf8};
use super::value::{Object, Outcome, Value};

/// A decimal.
#[derive(Clone)]
pub(crate) enum Decimal {
    Nan,
    /// Whether it is the negative one.
    Infinite(bool),
    Finite(BigInt, i64),
}

/// Methods of a decimal.
pub(crate) const METHODS: [&str; 37] = [
    "is",
    "is_not",
    "less_than",
    "lt",
    "less_than_or_equals",
    "lte",
    "greater_than",
    "gt",
    "greater_than_or_equals",
    "gte",
    "add",
    "subtract",
    "sub",
    "multiply",
    "mul",
    "divide",
    "div",
    "modulo",
    "mod",
    "remainder",
    "rem",
    "power",
    "pow",
    "exp",
    "loge",
    "ln",
    "log10",
    "log",
    "square_root",
    "sqrt",
    "ceiling",
    "ceil",
    "floor",
    "absolute",
    "abs",
    "negate",
    "neg",
];

use Decimal::{Finite, Infinite, Nan};

fn ten(power: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(power).unwrap_or(0))
}

fn zero() -> BigInt {
    BigInt::from(0)
}

/// Calls a function of the import.
pub(crate) fn function(word: &str, args: &[Value]) -> Outcome<Value> {
    let [arg] = args else { return Err(format!("decimal.{word} takes one argument")) };
    let made = Decimal::of(arg)?;
    Ok(match word {
        "new" => object(Object::Decimal(made)),
        "infinity" | "inf" => object(Object::Decimal(Infinite(made.order(&Finite(zero(), 0)) == Some(Ordering::Less)))),
        "is_nan" | "isnan" => Value::Bool(matches!(made, Nan)),
        _ => Value::Bool(matches!(made, Infinite(_))),
    })
}

impl Decimal {
    fn of(value: &Value) -> Outcome<Self> {
        let text = match value {
            Value::Object(object) => match &**object {
                Object::Decimal(decimal) => return Ok(decimal.clone()),
                _ => return Err("not a decimal".into()),
            },
            Value::Int(_) | Value::Float(_) => value.show(0),
            other => utf8(other)?,
        };
        Self::parse(&text).ok_or(format!("{text} is not a decimal"))
    }

    fn parse(text: &str) -> Option<Self> {
        match text.to_lowercase().as_str() {
            "nan" => return Some(Nan),
            "inf" | "+inf" | "infinity" => return Some(Infinite(false)),
            "-inf" | "-infinity" => return Some(Infinite(true)),
            _ => {}
        }
        let shape = regex::Regex::new(r"^([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$").ok()?;
        let found = shape.captures(text)?;
        let digits = format!("{}{}", &found[2], &found[3]);
        let magnitude: BigInt = digits.parse().ok()?;
        let exponent = found.get(4).map_or(Some(0), |e| e.as_str().parse::<i64>().ok())?;
        let signed = if &found[1] == "-" { -magnitude } else { magnitude };
        Some(Finite(signed, exponent - found[3].len() as i64))
    }

    /// Both as whole numbers of the same power of ten.
    fn aligned(&self, other: &Self) -> Option<(BigInt, BigInt, i64)> {
        let (Finite(a, p), Finite(b, q)) = (self, other) else { return None };
        let power = *p.min(q);
        Some((a * ten(p - power), b * ten(q - power), power))
    }

    /// The order of two; none with NaN.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        let rank = |d: &Self| match d {
            Infinite(negative) => {
                if *negative {
                    -1
                } else {
                    1
                }
            }
            _ => 0,
        };
        match (self, other) {
            (Nan, _) | (_, Nan) => None,
            _ => Some(match self.aligned(other) {
                Some((a, b, _)) => a.cmp(&b),
                None => rank(self).cmp(&rank(other)),
            }),
        }
    }

    fn float(&self) -> f64 {
        match self {
            Nan => f64::NAN,
            Infinite(negative) => {
                if *negative {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                }
            }
            Finite(coefficient, exponent) => format!("{coefficient}e{exponent}").parse().unwrap_or(f64::NAN),
        }
    }

    /// Rounded towards zero, and whether something was lost.
    fn truncated(&self) -> Option<(BigInt, bool)> {
        let Finite(coefficient, exponent) = self else { return None };
        if *exponent >= 0 {
            return Some((coefficient * ten(*exponent), false));
        }
        let divisor = ten(-exponent);
        Some((coefficient / &divisor, coefficient % &divisor != zero()))
    }

    /// A part of the decimal.
    pub(crate) fn data(&self, word: &str) -> Option<Value> {
        Some(match (word, self) {
            ("string", _) => Value::text(&self.text()),
            ("float", _) => Value::Float(self.float()),
            ("int", _) => Value::Int(i64::try_from(self.truncated()?.0).ok()?),
            ("sign", _) => Value::Int(self.order(&Finite(zero(), 0)).map_or(0, |o| o as i64)),
            ("exponent", Finite(_, exponent)) => Value::Int(*exponent),
            ("coefficient", Finite(c, _)) => Value::Int(i64::try_from(if *c < zero() { -c } else { c.clone() }).ok()?),
            _ => return None,
        })
    }

    fn text(&self) -> String {
        let Finite(coefficient, exponent) = self else { return Value::Float(self.float()).show(0) };
        let (sign, digits) = match coefficient.to_string().strip_prefix('-') {
            Some(digits) => ("-", digits.to_owned()),
            None => ("", coefficient.to_string()),
        };
        if *exponent >= 0 {
            return format!("{sign}{digits}{}", "0".repeat(*exponent as usize));
        }
        let places = -exponent as usize;
        let padded = format!("{digits:0>width$}", width = places + 1);
        format!("{sign}{}.{}", &padded[..padded.len() - places], &padded[padded.len() - places..])
    }

    fn combined(&self, word: &str, other: &Self) -> Self {
        let Some((a, b, power)) = self.aligned(other) else { return Self::by_float(word, self.float(), other.float()) };
        match word {
            "add" => Finite(a + b, power),
            "subtract" | "sub" => Finite(a - b, power),
            "multiply" | "mul" => match (self, other) {
                (Finite(a, p), Finite(b, q)) => Finite(a * b, p + q),
                _ => Nan,
            },
            "divide" | "div" if b != zero() => {
                let quotient = a * ten(120) / b;
                Finite(quotient, -120)
            }
            "modulo" | "mod" | "remainder" | "rem" if b != zero() => Finite(a % b, power),
            "power" | "pow" => match (self, other.truncated()) {
                (Finite(base, exponent), Some((times, false))) if times >= zero() && times < BigInt::from(1000) => {
                    let times = u32::try_from(times).unwrap_or(0);
                    Finite(base.pow(times), exponent * i64::from(times))
                }
                _ => Self::by_float(word, self.float(), other.float()),
            },
            _ => Self::by_float(word, self.float(), other.float()),
        }
    }

    fn by_float(word: &str, a: f64, b: f64) -> Self {
        let result = match word {
            "add" => a + b,
            "subtract" | "sub" => a - b,
            "multiply" | "mul" => a * b,
            "divide" | "div" => a / b,
            "power" | "pow" => a.powf(b),
            _ => a % b,
        };
        Self::parse(&Value::Float(result).show(0)).unwrap_or(Nan)
    }

    fn changed(&self, word: &str) -> Self {
        let of_float = |f: f64| Self::parse(&Value::Float(f).show(0)).unwrap_or(Nan);
        match (word, self) {
            ("negate" | "neg", Finite(c, e)) => Finite(-c, *e),
            ("negate" | "neg", Infinite(negative)) => Infinite(!negative),
            ("absolute" | "abs", Finite(c, e)) => Finite(if *c < zero() { -c } else { c.clone() }, *e),
            ("absolute" | "abs", Infinite(_)) => Infinite(false),
            ("ceiling" | "ceil" | "floor", Finite(c, _)) => match self.truncated() {
                Some((whole, true)) if *c > zero() && word != "floor" => Finite(whole + 1, 0),
                Some((whole, true)) if *c < zero() && word == "floor" => Finite(whole - 1, 0),
                Some((whole, _)) => Finite(whole, 0),
                None => Nan,
            },
            ("square_root" | "sqrt", Finite(c, e)) if *c >= zero() => {
                let power = 240 + i64::from(e % 2 != 0);
                Finite((c * ten(power)).sqrt(), (e - power) / 2)
            }
            ("exp", _) => of_float(self.float().exp()),
            ("loge" | "ln", _) => of_float(self.float().ln()),
            ("log10" | "log", _) => of_float(self.float().log10()),
            ("square_root" | "sqrt", _) => of_float(self.float().sqrt()),
            _ => self.clone(),
        }
    }

    /// Calls a method.
    pub(crate) fn method(&self, word: &str, args: &[Value]) -> Outcome<Value> {
        let Some(arg) = args.first() else { return Ok(object(Object::Decimal(self.changed(word)))) };
        let other = Self::of(arg)?;
        let order = self.order(&other);
        Ok(match word {
            "is" => Value::Bool(order == Some(Ordering::Equal)),
            "is_not" => Value::Bool(order != Some(Ordering::Equal)),
            "less_than" | "lt" => Value::Bool(order == Some(Ordering::Less)),
            "less_than_or_equals" | "lte" => Value::Bool(order.is_some_and(Ordering::is_le)),
            "greater_than" | "gt" => Value::Bool(order == Some(Ordering::Greater)),
            "greater_than_or_equals" | "gte" => Value::Bool(order.is_some_and(Ordering::is_ge)),
            _ => object(Object::Decimal(self.combined(word, &other))),
        })
    }
}
