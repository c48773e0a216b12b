//! Numbers of up to 100 significant decimal digits.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use num_bigint::{BigInt, Sign};
use num_traits::{Signed, ToPrimitive, Zero};

use crate::eval::{Outcome, fault};
use crate::value::{Object, Value, number_text};

const DIGITS: usize = 100;
/// Exponents beyond this are infinite or zero.
const MAX_EXPONENT: i64 = 100_000;

/// A decimal number.
#[derive(Clone)]
pub(crate) enum Number {
    Nan,
    Infinite {
        negative: bool,
    },
    /// `coefficient * 10^exponent`, kept for the life of the run.
    Finite {
        coefficient: Rc<BigInt>,
        exponent: i64,
    },
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.order(other) == Some(Ordering::Equal)
    }
}

fn ten(power: u64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(power).unwrap_or(u32::MAX))
}

impl Number {
    pub(super) fn nan() -> Self {
        Self::Nan
    }

    pub(super) fn finite(mut coefficient: BigInt, mut exponent: i64) -> Self {
        let digits = coefficient.abs().to_string().len();
        if digits > DIGITS {
            let cut = (digits - DIGITS) as u64;
            let (half, divisor) = (ten(cut) / 2, ten(cut));
            let sign = if coefficient.is_negative() { -1 } else { 1 };
            coefficient = (coefficient.abs() + half) / divisor * sign;
            exponent += cut as i64;
        }
        if exponent > MAX_EXPONENT && !coefficient.is_zero() {
            return Self::Infinite { negative: coefficient.is_negative() };
        }
        if exponent < -MAX_EXPONENT {
            (coefficient, exponent) = (BigInt::zero(), 0);
        }
        Self::Finite { coefficient: Rc::new(coefficient), exponent }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "nan" => return Some(Self::Nan),
            "inf" | "+inf" | "infinity" => return Some(Self::Infinite { negative: false }),
            "-inf" | "-infinity" => return Some(Self::Infinite { negative: true }),
            _ => {}
        }
        if text.len() > 10_000 {
            return None;
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let coefficient = digits.trim_start_matches('+').parse::<BigInt>().ok()?;
        Some(Self::finite(coefficient, i64::from(exponent) - fraction.len() as i64))
    }

    pub(super) fn of(value: Value<'_>) -> Outcome<Self> {
        let number = match value {
            Value::Object(Object::Decimal(number)) => Some(number.clone()),
            Value::Int(i) => Some(Self::finite(i.into(), 0)),
            Value::Float(f) => Self::parse(&number_text(f)),
            Value::Str(text) => std::str::from_utf8(text).ok().and_then(Self::parse),
            _ => None,
        };
        number.map_or_else(|| fault(format!("a {} is not a decimal", value.type_name())), Ok)
    }

    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        Some(match (self, other) {
            (Self::Nan, _) | (_, Self::Nan) => return None,
            (Self::Infinite { negative: a }, Self::Infinite { negative: b }) => b.cmp(a),
            (Self::Infinite { negative }, _) => {
                if *negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (_, Self::Infinite { negative }) => {
                if *negative {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (a, b) => {
                let (a, b, _) = a.aligned(b)?;
                a.cmp(&b)
            }
        })
    }

    /// Both coefficients at one exponent.
    pub(super) fn aligned(&self, other: &Self) -> Option<(BigInt, BigInt, i64)> {
        let (Self::Finite { coefficient: a, exponent: ea }, Self::Finite { coefficient: b, exponent: eb }) =
            (self, other)
        else {
            return None;
        };
        let exponent = *ea.min(eb);
        let lift = |c: &BigInt, e: i64| c * ten(e.abs_diff(exponent));
        Some((lift(a, *ea), lift(b, *eb), exponent))
    }

    pub(super) fn combine(&self, other: &Self, op: char) -> Self {
        let (Self::Finite { coefficient: a, exponent: ea }, Self::Finite { coefficient: b, exponent: eb }) =
            (self, other)
        else {
            let combined = match op {
                '+' => self.float() + other.float(),
                '-' => self.float() - other.float(),
                '*' => self.float() * other.float(),
                '/' => self.float() / other.float(),
                _ => self.float() % other.float(),
            };
            return Self::parse(&number_text(combined)).unwrap_or(Self::Nan);
        };
        match op {
            '*' => Self::finite(&**a * &**b, ea + eb),
            '/' if b.is_zero() && a.is_zero() => Self::Nan,
            '/' if b.is_zero() => Self::Infinite { negative: a.is_negative() },
            '/' => {
                let extra = (DIGITS + 2 + b.to_string().len()) as u64;
                Self::finite(&**a * ten(extra) / &**b, ea - eb - extra as i64).trimmed()
            }
            _ => match self.aligned(other) {
                Some((a, b, exponent)) => match op {
                    '+' => Self::finite(a + b, exponent),
                    '-' => Self::finite(a - b, exponent),
                    _ if b.is_zero() => Self::Nan,
                    _ => Self::finite(a % b, exponent),
                },
                None => Self::Nan,
            },
        }
    }

    pub(super) fn trimmed(self) -> Self {
        let Self::Finite { coefficient, mut exponent } = self else { return self };
        let text = coefficient.to_string();
        let zeros = text.len() - text.trim_end_matches('0').len();
        let zeros = if coefficient.is_zero() { 0 } else { zeros };
        exponent += zeros as i64;
        Self::Finite { coefficient: Rc::new(&*coefficient / ten(zeros as u64)), exponent }
    }

    pub(super) fn float(&self) -> f64 {
        match self {
            Self::Nan => f64::NAN,
            Self::Infinite { negative } => {
                if *negative {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                }
            }
            Self::Finite { coefficient, exponent } => format!("{coefficient}e{exponent}").parse().unwrap_or(f64::NAN),
        }
    }

    /// Whole numbers towards `direction`: -1 floor, 0 truncate, 1 ceiling.
    pub(super) fn whole(&self, direction: i8) -> Self {
        let Self::Finite { coefficient, exponent } = self else { return self.clone() };
        if *exponent >= 0 {
            return self.clone();
        }
        let divisor = ten(exponent.unsigned_abs());
        let (mut whole, rest) = (&**coefficient / &divisor, &**coefficient % &divisor);
        match (direction, rest.sign()) {
            (-1, Sign::Minus) => whole -= 1,
            (1, Sign::Plus) => whole += 1,
            _ => {}
        }
        Self::finite(whole, 0)
    }

    pub(super) fn negated(&self) -> Self {
        match self {
            Self::Nan => Self::Nan,
            Self::Infinite { negative } => Self::Infinite { negative: !negative },
            Self::Finite { coefficient, exponent } => Self::finite(-&**coefficient, *exponent),
        }
    }

    pub(super) fn root(&self) -> Self {
        let Self::Finite { coefficient, exponent } = self else { return self.clone() };
        if coefficient.is_negative() {
            return Self::Nan;
        }
        let lift = 2 * DIGITS as i64 + exponent.rem_euclid(2);
        let lifted = &**coefficient * ten(lift.unsigned_abs());
        Self::finite(lifted.sqrt(), (exponent - lift) / 2).trimmed()
    }

    pub(super) fn power(&self, exponent: &Self) -> Self {
        let whole = exponent.whole(0);
        match whole.int().filter(|n| whole == *exponent && n.unsigned_abs() <= 10_000) {
            Some(n) => {
                let one = Self::finite(1.into(), 0);
                let (mut result, mut base, mut left) = (one.clone(), self.clone(), n.unsigned_abs());
                while left > 0 {
                    if left & 1 == 1 {
                        result = result.combine(&base, '*');
                    }
                    base = base.combine(&base, '*');
                    left >>= 1;
                }
                if n < 0 { one.combine(&result, '/') } else { result }
            }
            None => Self::parse(&number_text(self.float().powf(exponent.float()))).unwrap_or(Self::Nan),
        }
    }

    pub(super) fn int(&self) -> Option<i64> {
        let Self::Finite { coefficient, exponent } = self.whole(0) else { return None };
        if exponent > 30 && !coefficient.is_zero() {
            return None;
        }
        (&*coefficient * ten(exponent.unsigned_abs())).to_i64()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (coefficient, exponent) = match self {
            Self::Nan => return f.write_str("NaN"),
            Self::Infinite { negative } => return f.write_str(if *negative { "-Infinity" } else { "Infinity" }),
            Self::Finite { coefficient, exponent } => (coefficient, *exponent),
        };
        let sign = if coefficient.is_negative() { "-" } else { "" };
        let digits = coefficient.abs().to_string();
        if exponent == 0 {
            write!(f, "{sign}{digits}")
        } else if exponent > 0 {
            write!(f, "{sign}{digits}E+{exponent}")
        } else {
            let places = exponent.unsigned_abs() as usize;
            if places > 400 {
                return write!(f, "{sign}{digits}E{exponent}");
            }
            let padded = format!("{digits:0>width$}", width = places + 1);
            write!(f, "{sign}{}.{}", &padded[..padded.len() - places], &padded[padded.len() - places..])
        }
    }
}
