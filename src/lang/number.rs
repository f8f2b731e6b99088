//! Numbers as the reference has them: binary floating point with 512 bits of precision, rounded to
//! nearest, ties to even. Integers up to 2^512 are exact, and decimal text is the shortest that reads back
//! to the same number.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use dashu_base::{Abs, BitTest, DivRem, Sign, Signed};
use dashu_int::{IBig, UBig};

/// Bits of mantissa.
const PRECISION: usize = 512;

/// The largest decimal exponent that a literal may have; beyond it memory, not meaning, would be the limit.
const MAX_EXPONENT: i64 = 100_000;

/// A finite number. Small integers, nearly all numbers there are, need no allocation.
#[derive(Clone, Debug)]
pub struct Number(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Small(i64),
    /// Never a number that `Small` can hold.
    Big(Arc<Float>),
}

/// `mantissa × 2^exponent`; the mantissa is odd and of at most [`PRECISION`] bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Float {
    mantissa: IBig,
    exponent: i64,
}

impl Float {
    /// Rounds to the precision. `sticky` says that the exact value is a little further from zero than
    /// `mantissa` says; the mantissa must then have at least two bits more than the precision.
    fn rounded(mut mantissa: IBig, mut exponent: i64, sticky: bool) -> Float {
        let (sign, mut magnitude) = mantissa.into_parts();
        let bits = magnitude.bit_len();
        if bits > PRECISION {
            let surplus = bits - PRECISION;
            let half = magnitude.bit(surplus - 1);
            let below = sticky || magnitude.trailing_zeros().is_some_and(|zeros| zeros < surplus - 1);
            magnitude >>= surplus;
            exponent += surplus as i64;
            if half && (below || magnitude.bit(0)) {
                magnitude += UBig::ONE;
            }
        }
        let zeros = magnitude.trailing_zeros().unwrap_or(0);
        magnitude >>= zeros;
        exponent += zeros as i64;
        mantissa = IBig::from_parts(sign, magnitude);
        if mantissa == IBig::ZERO {
            exponent = 0;
        }
        Float { mantissa, exponent }
    }

    fn from_small(value: i64) -> Float {
        Float::rounded(IBig::from(value), 0, false)
    }

    fn add(&self, other: &Float) -> Float {
        let exponent = self.exponent.min(other.exponent);
        let left = &self.mantissa << (self.exponent - exponent) as usize;
        let right = &other.mantissa << (other.exponent - exponent) as usize;
        Float::rounded(left + right, exponent, false)
    }

    fn multiply(&self, other: &Float) -> Float {
        Float::rounded(&self.mantissa * &other.mantissa, self.exponent + other.exponent, false)
    }

    /// `None` for a divisor of zero.
    fn divide(&self, other: &Float) -> Option<Float> {
        if other.mantissa == IBig::ZERO {
            return None;
        }
        let shift = PRECISION + 2 + other.mantissa.bit_len();
        let (quotient, remainder) = (&self.mantissa << shift).div_rem(&other.mantissa);
        Some(Float::rounded(quotient, self.exponent - other.exponent - shift as i64, remainder != IBig::ZERO))
    }

    /// Towards zero.
    fn truncated(&self) -> Float {
        if self.exponent >= 0 {
            return self.clone();
        }
        let (sign, magnitude) = self.mantissa.clone().into_parts();
        Float::rounded(IBig::from_parts(sign, magnitude >> self.exponent.unsigned_abs() as usize), 0, false)
    }

    fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    fn compare(&self, other: &Float) -> Ordering {
        let (left, right) = (self.mantissa.sign(), other.mantissa.sign());
        let zero = |float: &Float| float.mantissa == IBig::ZERO;
        match (zero(self), zero(other)) {
            (true, true) => return Ordering::Equal,
            (true, false) => return if right == Sign::Negative { Ordering::Greater } else { Ordering::Less },
            (false, true) => return if left == Sign::Negative { Ordering::Less } else { Ordering::Greater },
            (false, false) => {}
        }
        match (left, right) {
            (Sign::Negative, Sign::Positive) => return Ordering::Less,
            (Sign::Positive, Sign::Negative) => return Ordering::Greater,
            _ => {}
        }
        // Magnitudes first: numbers of very different size must not be shifted to a common exponent.
        let top = |float: &Float| float.mantissa.bit_len() as i64 + float.exponent;
        let by_size = top(self).cmp(&top(other)).then_with(|| {
            let exponent = self.exponent.min(other.exponent);
            let left = (&self.mantissa).abs() << (self.exponent - exponent) as usize;
            let right = (&other.mantissa).abs() << (other.exponent - exponent) as usize;
            left.cmp(&right)
        });
        if left == Sign::Negative { by_size.reverse() } else { by_size }
    }
}

/// Digits of a decimal number `0.d1d2d3… × 10^point`, without trailing zeros.
struct Decimal {
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    /// `magnitude × 2^exponent`, exactly.
    fn exact(magnitude: &UBig, exponent: i64) -> Decimal {
        let (integer, scale) = if exponent >= 0 {
            (magnitude << exponent as usize, 0)
        } else {
            let places = exponent.unsigned_abs() as usize;
            (magnitude * UBig::from(5u8).pow(places), places)
        };
        let mut digits: Vec<u8> = integer.to_string().into_bytes();
        let point = digits.len() as i64 - scale as i64;
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        Decimal { digits, point }
    }

    /// The digit at a place counted from `top`, the power of ten of the first place.
    fn digit(&self, top: i64, place: usize) -> u8 {
        let index = place as i64 - (top - self.point);
        usize::try_from(index).ok().and_then(|index| self.digits.get(index).copied()).unwrap_or(b'0')
    }

    fn has_more(&self, top: i64, place: usize) -> bool {
        place as i64 + 1 - (top - self.point) < self.digits.len() as i64
    }

    /// Keeps `count` digits, the last one raised if `up`.
    fn cut(&mut self, count: usize, up: bool) {
        self.digits.truncate(count);
        if up {
            while self.digits.last() == Some(&b'9') {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    self.digits.push(b'1');
                    self.point += 1;
                }
            }
        }
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
    }

    /// The shortest decimal that rounds to `magnitude × 2^exponent` at the precision.
    fn shortest(magnitude: &UBig, exponent: i64) -> Decimal {
        // One bit more than the precision, so that its unit is half of the last place.
        let shift = PRECISION + 1 - magnitude.bit_len();
        let middle = magnitude << shift;
        let exponent = exponent - shift as i64;
        let inclusive = !middle.bit(1);
        let mut decimal = Decimal::exact(&middle, exponent);
        let lower = Decimal::exact(&(&middle - UBig::ONE), exponent);
        let upper = Decimal::exact(&(&middle + UBig::ONE), exponent);
        let top = decimal.point;
        for place in 0..decimal.digits.len() {
            let (low, digit, high) =
                (lower.digit(top, place), decimal.digits[place], upper.digit(top, place));
            let down = low != digit || inclusive && !lower.has_more(top, place);
            let up = digit != high && (inclusive || digit + 1 < high || upper.has_more(top, place));
            let round_up = || {
                let rest = &decimal.digits[place + 1..];
                match rest.first() {
                    Some(b'5') if rest.len() == 1 => (digit - b'0') % 2 == 1,
                    Some(next) => *next >= b'5',
                    None => false,
                }
            };
            let raise = match (down, up) {
                (true, true) => round_up(),
                (true, false) => false,
                (false, true) => true,
                (false, false) => continue,
            };
            decimal.cut(place + 1, raise);
            break;
        }
        decimal
    }
}

impl Number {
    pub const ZERO: Number = Number(Repr::Small(0));

    /// Reads decimal text: digits, a fraction, an exponent, a sign before all. `None` if it is anything else.
    pub fn parse(text: &str) -> Option<Number> {
        if let Ok(small) = text.parse::<i64>() {
            return (!text.starts_with('+')).then_some(Number(Repr::Small(small)));
        }
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], rest[at + 1..].parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty()
            || whole.is_empty()
            || mantissa.ends_with('.')
            || !digits.bytes().all(|byte| byte.is_ascii_digit())
            || exponent.abs() > MAX_EXPONENT
        {
            return None;
        }
        let exponent = exponent - fraction.len() as i64;
        let magnitude = UBig::from_str_radix(&digits, 10).ok()?;
        let sign = if negative { Sign::Negative } else { Sign::Positive };
        let power = UBig::from(10u8).pow(exponent.unsigned_abs() as usize);
        if exponent >= 0 {
            return Some(Number::from_float(Float::rounded(
                IBig::from_parts(sign, magnitude * power),
                0,
                false,
            )));
        }
        // The division is of exact integers, so that there is one rounding and not two.
        let shift = PRECISION + 2 + power.bit_len();
        let (quotient, remainder) = (magnitude << shift).div_rem(&power);
        Some(Number::from_float(Float::rounded(
            IBig::from_parts(sign, quotient),
            -(shift as i64),
            remainder != UBig::ZERO,
        )))
    }

    fn from_float(float: Float) -> Number {
        if float.exponent >= 0
            && float.exponent < 64
            && let Ok(small) = i64::try_from(&float.mantissa << float.exponent as usize)
        {
            return Number(Repr::Small(small));
        }
        Number(Repr::Big(Arc::new(float)))
    }

    fn float(&self) -> Float {
        match &self.0 {
            Repr::Small(value) => Float::from_small(*value),
            Repr::Big(float) => Float::clone(float),
        }
    }

    /// The nearest number to a finite `f64`; zero for anything else.
    pub fn from_f64(value: f64) -> Number {
        if value == 0.0 || !value.is_finite() {
            return Number::ZERO;
        }
        let bits = value.to_bits();
        let biased = (bits >> 52 & 0x7ff) as i64;
        let fraction = (bits & ((1 << 52) - 1)) as i64;
        let (mantissa, exponent) =
            if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
        let mantissa = if value < 0.0 { -mantissa } else { mantissa };
        Number::from_float(Float::rounded(IBig::from(mantissa), exponent, false))
    }

    /// The nearest `f64`, infinite if there is none.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small(value) => *value as f64,
            Repr::Big(_) => self.to_string().parse().unwrap_or(f64::NAN),
        }
    }

    /// The number as an integer of a machine word, if it is one.
    pub fn to_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Small(value) => Some(value),
            Repr::Big(_) => None,
        }
    }

    /// The number as an integer of any size, if it is one.
    pub fn to_integer(&self) -> Option<IBig> {
        match &self.0 {
            Repr::Small(value) => Some(IBig::from(*value)),
            Repr::Big(float) => float.is_integer().then(|| &float.mantissa << float.exponent as usize),
        }
    }

    pub fn from_integer(value: IBig) -> Number {
        Number::from_float(Float::rounded(value, 0, false))
    }

    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small(_) => true,
            Repr::Big(float) => float.is_integer(),
        }
    }

    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0))
    }

    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(value) => *value < 0,
            Repr::Big(float) => float.mantissa.is_negative(),
        }
    }

    /// Towards zero.
    pub fn truncate(&self) -> Number {
        match &self.0 {
            Repr::Small(_) => self.clone(),
            Repr::Big(float) => Number::from_float(float.truncated()),
        }
    }

    pub fn negate(&self) -> Number {
        match &self.0 {
            Repr::Small(value) => match value.checked_neg() {
                Some(negated) => Number(Repr::Small(negated)),
                None => Number::from_integer(-IBig::from(*value)),
            },
            Repr::Big(float) => {
                Number::from_float(Float { mantissa: -&float.mantissa, exponent: float.exponent })
            }
        }
    }

    pub fn add(&self, other: &Number) -> Number {
        if let (Repr::Small(left), Repr::Small(right)) = (&self.0, &other.0)
            && let Some(sum) = left.checked_add(*right)
        {
            return Number(Repr::Small(sum));
        }
        Number::from_float(self.float().add(&other.float()))
    }

    pub fn subtract(&self, other: &Number) -> Number {
        self.add(&other.negate())
    }

    pub fn multiply(&self, other: &Number) -> Number {
        if let (Repr::Small(left), Repr::Small(right)) = (&self.0, &other.0)
            && let Some(product) = left.checked_mul(*right)
        {
            return Number(Repr::Small(product));
        }
        Number::from_float(self.float().multiply(&other.float()))
    }

    /// `None` for a divisor of zero.
    pub fn divide(&self, other: &Number) -> Option<Number> {
        if let (Repr::Small(left), Repr::Small(right)) = (&self.0, &other.0)
            && let Some(0) = left.checked_rem(*right)
            && let Some(quotient) = left.checked_div(*right)
        {
            return Some(Number(Repr::Small(quotient)));
        }
        Some(Number::from_float(self.float().divide(&other.float())?))
    }

    /// What is left of a division whose quotient is cut to an integer: it has the sign of `self`.
    /// `None` for a divisor of zero.
    pub fn remainder(&self, other: &Number) -> Option<Number> {
        if let (Repr::Small(left), Repr::Small(right)) = (&self.0, &other.0)
            && let Some(rest) = left.checked_rem(*right)
        {
            return Some(Number(Repr::Small(rest)));
        }
        let whole = self.divide(other)?.truncate();
        Some(self.subtract(&whole.multiply(other)))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number(Repr::Small(value))
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Number {
        i64::try_from(value).map_or_else(|_| Number::from_integer(IBig::from(value)), Number::from)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        match (&self.0, &other.0) {
            (Repr::Small(left), Repr::Small(right)) => left == right,
            (Repr::Big(left), Repr::Big(right)) => left == right,
            _ => false,
        }
    }
}

impl Eq for Number {}

impl std::hash::Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Small(value) => value.hash(state),
            Repr::Big(float) => float.hash(state),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(left), Repr::Small(right)) => left.cmp(right),
            _ => self.float().compare(&other.float()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = match &self.0 {
            Repr::Small(value) => return write!(f, "{value}"),
            Repr::Big(float) => float,
        };
        if float.mantissa.is_negative() {
            f.write_str("-")?;
        }
        let (_, magnitude) = float.mantissa.clone().into_parts();
        let Decimal { digits, point } = Decimal::shortest(&magnitude, float.exponent);
        let digits = String::from_utf8_lossy(&digits);
        let count = digits.len() as i64;
        if point <= 0 {
            write!(f, "0.{}{digits}", "0".repeat(point.unsigned_abs() as usize))
        } else if point >= count {
            write!(f, "{digits}{}", "0".repeat((point - count) as usize))
        } else {
            let (whole, fraction) = digits.split_at(point as usize);
            write!(f, "{whole}.{fraction}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn decimal_text_is_the_shortest_that_reads_back() {
        for text in ["0", "12", "-7", "0.1", "1.5", "123456789012345678901234567890", "0.0000000001", "-3.25"]
        {
            assert_eq!(number(text).to_string(), text);
        }
        assert_eq!(number("1e3").to_string(), "1000");
        assert_eq!(number("1e1000").to_string(), format!("1{}", "0".repeat(1000)));
        assert_eq!(number("1.50").to_string(), "1.5");
        for text in ["", ".5", "5.", "1e", "0x1F", "1_000", "+5", "1.2.3", "e5", "--1"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_keeps_512_bits() {
        assert_eq!(number("0.1").add(&number("0.2")), number("0.3"));
        assert_eq!(number("4.35").multiply(&number("100")).to_string(), "435");
        assert_ne!(number("1e150").add(&number("1")), number("1e150"));
        assert_eq!(number("9223372036854775807").add(&number("1")).to_string(), "9223372036854775808");
        assert_eq!(number("-7").divide(&number("2")).unwrap().to_string(), "-3.5");
        assert_eq!(number("-7").remainder(&number("3")).unwrap().to_string(), "-1");
        assert_eq!(number("5").divide(&Number::ZERO), None);
        assert_eq!(number("7.5").remainder(&number("2")).unwrap().to_string(), "1.5");
        assert!(number("1e400") > number("1e399"));
        assert!(number("-1e400") < number("-1e399"));
        assert!(number("-0.5") < Number::ZERO);
    }

    #[test]
    fn floats_of_machine_words_convert_both_ways() {
        for value in [0.0, 1.0, -2.5, 1e300, 5e-324, 0.1] {
            assert_eq!(Number::from_f64(value).to_f64(), value);
        }
        assert_eq!(Number::from_f64(2.5), number("2.5"));
    }
}
