//! Numbers as the reference has them: binary floating point, rounded to nearest, ties to even, of 512 bits of
//! precision where they come from text. Whole numbers that functions count have 64 bits and what they compute
//! with machine floats 53, and the precision shows: in the decimal text, which is the shortest that reads back to
//! the same number at its precision, and in a quotient of two such numbers. There are a negative zero and
//! infinities, but nothing that is not a number.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use dashu_base::{BitTest, DivRem};
use dashu_int::{IBig, UBig};

use decimal::Decimal;
use float::Float;

pub use form::Form;

mod decimal;
mod float;
mod form;

/// Bits of mantissa of a number read from text.
const TEXT: u32 = 512;
/// Bits of mantissa of a number that was a machine integer.
const INTEGER: u32 = 64;
/// Bits of mantissa of a number that was a machine float.
const DOUBLE: u32 = 53;

/// The largest exponent that text may have; beyond it memory, not meaning, would be the limit.
const MAX_EXPONENT: i64 = 100_000;

/// A number. Small integers, nearly all numbers there are, need no allocation.
///
/// Two numbers are equal if they are whole and of one value, or if their decimal texts are the same (which at
/// different precisions is not the same thing as one value). Their order is that of the values.
#[derive(Clone, Debug)]
pub struct Number(Repr);

#[derive(Clone, Debug)]
enum Repr {
    /// A whole number and its precision.
    Small(i64, u32),
    /// Never a number that `Small` can hold.
    Big(Arc<Float>),
    Infinite {
        negative: bool,
    },
}

impl Number {
    pub const ZERO: Number = Number(Repr::Small(0, TEXT));
    pub const INFINITY: Number = Number(Repr::Infinite { negative: false });
    pub const NEGATIVE_INFINITY: Number = Number(Repr::Infinite { negative: true });

    /// Reads a number as it is written in source: digits, a fraction, an exponent, a minus before all. `None` if
    /// it is anything else.
    pub fn parse(text: &str) -> Option<Number> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let mantissa = unsigned.find(['e', 'E']).map_or(unsigned, |at| &unsigned[..at]);
        let well_formed = match mantissa.split_once('.') {
            Some((whole, fraction)) => digits(whole) && digits(fraction),
            None => digits(mantissa),
        };
        if well_formed && !text.contains(['p', 'P']) { Number::from_text(text) } else { None }
    }

    /// Reads a number as text is converted to one. Besides what source allows: a plus, no digits on one side of
    /// the point, a binary exponent (`1p-2`), `Inf` and `inf`.
    pub fn from_text(text: &str) -> Option<Number> {
        if let Ok(small) = text.parse::<i64>()
            && (small != 0 || !text.starts_with('-'))
        {
            return Some(Number(Repr::Small(small, TEXT)));
        }
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if matches!(rest, "Inf" | "inf") {
            return Some(Number(Repr::Infinite { negative }));
        }
        let (mantissa, exponent, binary) = match rest.find(['e', 'E', 'p', 'P']) {
            Some(at) => {
                let binary = matches!(rest.as_bytes()[at], b'p' | b'P');
                (&rest[..at], rest[at + 1..].parse::<i64>().ok()?, binary)
            }
            None => (rest, 0, false),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty()
            || !digits.bytes().all(|byte| byte.is_ascii_digit())
            || exponent.abs() > MAX_EXPONENT
        {
            return None;
        }
        let (tens, twos) = if binary { (0, exponent) } else { (exponent, 0) };
        let tens = tens - fraction.len() as i64;
        let magnitude = UBig::from_str_radix(&digits, 10).ok()?;
        let power = UBig::from(10u8).pow(tens.unsigned_abs() as usize);
        if tens >= 0 {
            return Some(Number::from_float(Float::rounded(negative, magnitude * power, twos, false, TEXT)));
        }
        // The division is of exact integers, so that there is one rounding and not two.
        let shift = TEXT as usize + 2 + power.bit_len();
        let (quotient, remainder) = (magnitude << shift).div_rem(&power);
        let exponent = twos - shift as i64;
        Some(Number::from_float(Float::rounded(negative, quotient, exponent, !remainder.is_zero(), TEXT)))
    }

    fn from_float(float: Float) -> Number {
        if (0..64).contains(&float.exponent)
            && !(float.negative && float.is_zero())
            && let Ok(small) = i64::try_from(float.integer_part())
        {
            return Number(Repr::Small(small, float.precision));
        }
        Number(Repr::Big(Arc::new(float)))
    }

    /// `None` for an infinity.
    fn float(&self) -> Option<Float> {
        match &self.0 {
            Repr::Small(value, precision) => Some(Float::from_integer(IBig::from(*value), *precision)),
            Repr::Big(float) => Some(Float::clone(float)),
            Repr::Infinite { .. } => None,
        }
    }

    fn precision(&self) -> u32 {
        match &self.0 {
            Repr::Small(_, precision) => *precision,
            Repr::Big(float) => float.precision,
            Repr::Infinite { .. } => TEXT,
        }
    }

    /// Whether a minus would stand before it, a zero's too.
    fn has_minus(&self) -> bool {
        match &self.0 {
            Repr::Small(value, _) => *value < 0,
            Repr::Big(float) => float.negative,
            Repr::Infinite { negative } => *negative,
        }
    }

    fn is_infinite(&self) -> bool {
        matches!(self.0, Repr::Infinite { .. })
    }

    /// A machine float's value, at its precision. `None` for what is not a number.
    pub fn from_f64(value: f64) -> Option<Number> {
        if value.is_nan() {
            return None;
        }
        if value.is_infinite() {
            return Some(Number(Repr::Infinite { negative: value < 0.0 }));
        }
        let bits = value.to_bits();
        let biased = (bits >> 52 & 0x7ff) as i64;
        let fraction = bits & ((1 << 52) - 1);
        let (magnitude, exponent) =
            if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
        let negative = value.is_sign_negative();
        Some(Number::from_float(Float::rounded(negative, UBig::from(magnitude), exponent, false, DOUBLE)))
    }

    /// The nearest `f64`, infinite if there is none.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small(value, _) => *value as f64,
            Repr::Big(_) => self.to_string().parse().unwrap_or(f64::NAN),
            Repr::Infinite { negative: true } => f64::NEG_INFINITY,
            Repr::Infinite { negative: false } => f64::INFINITY,
        }
    }

    /// The number as an integer of a machine word, if it is one.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small(value, _) => Some(*value),
            Repr::Big(float) => float.is_zero().then_some(0),
            Repr::Infinite { .. } => None,
        }
    }

    /// The number as an integer of any size, if it is one.
    pub fn to_integer(&self) -> Option<IBig> {
        if self.is_integer() { self.integer_part() } else { None }
    }

    /// An integer, exactly.
    pub fn from_integer(value: IBig) -> Number {
        let bits = value.bit_len();
        let precision = u32::try_from(bits).unwrap_or(u32::MAX).max(INTEGER);
        Number::from_float(Float::from_integer(value, precision))
    }

    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small(..) => true,
            Repr::Big(float) => float.is_integer(),
            Repr::Infinite { .. } => false,
        }
    }

    pub fn is_zero(&self) -> bool {
        self.to_i64() == Some(0)
    }

    /// Below zero.
    pub fn is_negative(&self) -> bool {
        self.has_minus() && !self.is_zero()
    }

    /// The integer of it, towards zero. `None` for an infinity.
    pub fn integer_part(&self) -> Option<IBig> {
        match &self.0 {
            Repr::Small(value, _) => Some(IBig::from(*value)),
            Repr::Big(float) => Some(float.integer_part()),
            Repr::Infinite { .. } => None,
        }
    }

    /// The largest whole number that is not above it; an infinity is its own.
    pub fn floor(&self) -> Number {
        self.whole(true)
    }

    /// The smallest whole number that is not below it; an infinity is its own.
    pub fn ceiling(&self) -> Number {
        self.whole(false)
    }

    fn whole(&self, down: bool) -> Number {
        let Some(part) = self.integer_part() else { return self.clone() };
        let away = !self.is_integer() && self.has_minus() == down;
        let step = if down { IBig::NEG_ONE } else { IBig::ONE };
        Number::from_integer(if away { part + step } else { part })
    }

    pub fn absolute(&self) -> Number {
        if self.has_minus() { self.negate() } else { self.clone() }
    }

    pub fn negate(&self) -> Number {
        match &self.0 {
            Repr::Small(value, precision) if *value != 0 && *value != i64::MIN => {
                Number(Repr::Small(-value, *precision))
            }
            Repr::Infinite { negative } => Number(Repr::Infinite { negative: !negative }),
            _ => match self.float() {
                Some(float) => Number::from_float(float.negated()),
                None => self.clone(),
            },
        }
    }

    /// `None` for infinities of different signs, whose sum is not a number.
    pub fn add(&self, other: &Number) -> Option<Number> {
        let precision = self.precision().max(other.precision());
        if let (Repr::Small(left, _), Repr::Small(right, _)) = (&self.0, &other.0)
            && let Some(sum) = left.checked_add(*right)
            && fits(sum, precision)
        {
            return Some(Number(Repr::Small(sum, precision)));
        }
        match (self.float(), other.float()) {
            (Some(left), Some(right)) => Some(Number::from_float(left.add(&right, precision))),
            (None, Some(_)) => Some(self.clone()),
            (Some(_), None) => Some(other.clone()),
            (None, None) => (self.has_minus() == other.has_minus()).then(|| self.clone()),
        }
    }

    /// `None` for infinities of the same sign, whose difference is not a number.
    pub fn subtract(&self, other: &Number) -> Option<Number> {
        self.add(&other.negate())
    }

    /// `None` for zero and an infinity, whose product is not a number.
    pub fn multiply(&self, other: &Number) -> Option<Number> {
        let precision = self.precision().max(other.precision());
        if let (Repr::Small(left, _), Repr::Small(right, _)) = (&self.0, &other.0)
            && let Some(product) = left.checked_mul(*right)
            && product != 0
            && fits(product, precision)
        {
            return Some(Number(Repr::Small(product, precision)));
        }
        let (Some(left), Some(right)) = (self.float(), other.float()) else {
            let negative = self.has_minus() != other.has_minus();
            return (!self.is_zero() && !other.is_zero()).then_some(Number(Repr::Infinite { negative }));
        };
        // A product is given the bits that it needs.
        let product = left.multiply(&right, TEXT);
        let needed = product.magnitude.bit_len() as u32;
        Some(Number::from_float(Float { precision: precision.max(needed), ..product }))
    }

    /// `None` for zero by zero and infinity by infinity, whose quotient is not a number.
    pub fn divide(&self, other: &Number) -> Option<Number> {
        let precision = self.precision().max(other.precision());
        if let (Repr::Small(left, _), Repr::Small(right, _)) = (&self.0, &other.0)
            && let Some(0) = left.checked_rem(*right)
            && let Some(quotient) = left.checked_div(*right)
            && quotient != 0
            && fits(quotient, precision)
        {
            return Some(Number(Repr::Small(quotient, precision)));
        }
        let negative = self.has_minus() != other.has_minus();
        match (self.float(), other.float()) {
            (Some(left), Some(right)) if right.is_zero() => {
                (!left.is_zero()).then_some(Number(Repr::Infinite { negative }))
            }
            (Some(left), Some(right)) => Some(Number::from_float(left.divide(&right, precision))),
            (Some(_), None) => {
                let zero = Float::rounded(negative, UBig::ZERO, 0, false, precision);
                Some(Number::from_float(zero))
            }
            (None, Some(_)) => Some(Number(Repr::Infinite { negative })),
            (None, None) => None,
        }
    }

    /// What is left of a division whose quotient is cut to an integer: it has the sign of `self`. For a divisor
    /// of zero that is `self`, as the reference has it. `None` if an infinity is among the operands.
    pub fn remainder(&self, other: &Number) -> Option<Number> {
        if self.is_infinite() || other.is_infinite() {
            return None;
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        if let (Repr::Small(left, precision), Repr::Small(right, _)) = (&self.0, &other.0)
            && let Some(rest) = left.checked_rem(*right)
        {
            return Some(Number(Repr::Small(rest, *precision)));
        }
        let precision = self.precision();
        let (left, right) = (self.float()?, other.float()?);
        let quotient = self.divide(other)?.integer_part()?;
        let whole = right.multiply(&Float::from_integer(quotient, precision), precision);
        Some(Number::from_float(left.add(&whole.negated(), precision)))
    }
}

/// Whether a whole number needs no rounding.
fn fits(value: i64, precision: u32) -> bool {
    precision >= INTEGER || value.unsigned_abs() >> precision == 0
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number(Repr::Small(value, INTEGER))
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
            (Repr::Small(left, _), Repr::Small(right, _)) => left == right,
            (Repr::Big(left), Repr::Big(right)) if !left.is_integer() && !right.is_integer() => {
                let one_value = left.compare(right) == Ordering::Equal;
                // A number of few bits and one of many that have one text differ beyond what the text shows.
                if left.precision == right.precision {
                    one_value
                } else {
                    self.to_string() == other.to_string()
                }
            }
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Number {}

impl std::hash::Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Small(value, _) => value.hash(state),
            Repr::Big(float) if float.is_zero() => 0i64.hash(state),
            Repr::Big(float) if float.is_integer() => float.integer_part().hash(state),
            Repr::Big(_) | Repr::Infinite { .. } => self.to_string().hash(state),
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
        let infinity = |number: &Number| match number.0 {
            Repr::Infinite { negative: true } => -1,
            Repr::Infinite { negative: false } => 1,
            _ => 0,
        };
        match (&self.0, &other.0) {
            (Repr::Small(left, _), Repr::Small(right, _)) => left.cmp(right),
            _ => match (self.float(), other.float()) {
                (Some(left), Some(right)) => left.compare(&right),
                _ => infinity(self).cmp(&infinity(other)),
            },
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = match &self.0 {
            Repr::Small(value, precision) if fits(*value, *precision) => return write!(f, "{value}"),
            Repr::Small(value, precision) => &Float::from_integer(IBig::from(*value), *precision),
            Repr::Big(float) => &**float,
            Repr::Infinite { negative } => return f.write_str(if *negative { "-Inf" } else { "+Inf" }),
        };
        if float.negative {
            f.write_str("-")?;
        }
        if float.is_zero() {
            return f.write_str("0");
        }
        let Decimal { digits, point } = Decimal::shortest(float);
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

    fn double(value: f64) -> Number {
        Number::from_f64(value).unwrap()
    }

    #[test]
    fn decimal_text_is_the_shortest_that_reads_back() {
        for text in
            ["0", "-0", "12", "-7", "0.1", "1.5", "123456789012345678901234567890", "0.0000000001", "-3.25"]
        {
            assert_eq!(number(text).to_string(), text);
        }
        assert_eq!(number("1e3").to_string(), "1000");
        assert_eq!(number("1e1000").to_string(), format!("1{}", "0".repeat(1000)));
        assert_eq!(number("1.50").to_string(), "1.5");
        for text in ["", ".5", "5.", "1e", "0x1F", "1_000", "+5", "1.2.3", "e5", "--1", "1p2", "Inf"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn text_converts_more_generously_than_source() {
        let text = |text| Number::from_text(text).map(|number| number.to_string());
        for (given, read) in [
            ("5.", "5"),
            (".5", "0.5"),
            ("+5", "5"),
            ("1p-2", "0.25"),
            ("1.5P+2", "6"),
            ("inf", "+Inf"),
            ("-Inf", "-Inf"),
            ("00012", "12"),
        ] {
            assert_eq!(text(given).as_deref(), Some(read), "{given}");
        }
        for given in ["", ".", "1e", " 1", "1_0", "0b1", "0x10", "infinity", "NaN", "+-1", "1e1.5"] {
            assert_eq!(text(given), None, "{given}");
        }
    }

    #[test]
    fn arithmetic_on_text_keeps_512_bits() {
        let sum = |left, right| number(left).add(&number(right)).unwrap();
        assert_eq!(sum("0.1", "0.2"), number("0.3"));
        assert_eq!(number("4.35").multiply(&number("100")).unwrap().to_string(), "435");
        assert_ne!(sum("1e150", "1"), number("1e150"));
        assert_eq!(sum("9223372036854775807", "1").to_string(), "9223372036854775808");
        assert_eq!(sum("1e30", "0").to_string(), "1000000000000000000000000000000");
        assert_eq!(number("-7").divide(&number("2")).unwrap().to_string(), "-3.5");
        assert_eq!(number("-7").remainder(&number("3")).unwrap().to_string(), "-1");
        assert_eq!(number("7.5").remainder(&number("2")).unwrap().to_string(), "1.5");
        assert_eq!(number("5").remainder(&Number::ZERO).unwrap().to_string(), "5");
        assert!(number("1e400") > number("1e399"));
        assert!(number("-1e400") < number("-1e399"));
        assert!(number("-0.5") < Number::ZERO);
    }

    // The texts are what Terraform 1.11.4 prints for pow(2, 0.5), pow(2, 100), length([1]) / length([1, 2, 3])
    // and what is made of them.
    #[test]
    fn precision_is_that_of_the_origin() {
        let root = double(2f64.sqrt());
        assert_eq!(root.to_string(), "1.4142135623730951");
        assert_eq!(root.multiply(&root).unwrap().to_string(), "2.00000000000000027343234630647693");
        let text = "2.4142135623730951454746218587388284504413604736328125";
        assert_eq!(root.add(&number("1")).unwrap().to_string(), text);
        assert_eq!(root, number("1.4142135623730951"));
        assert_ne!(root, number("1.4142135623730951454746218587388284504413604736328125"));
        let power = double(2f64.powi(100));
        assert_eq!(power.to_string(), "1267650600228229400000000000000");
        assert_eq!(power, number("1267650600228229401496703205376"));
        assert_ne!(power, number("1267650600228229400000000000000"));
        let third = Number::from(1i64).divide(&Number::from(3i64)).unwrap();
        assert_eq!(third.to_string(), "0.33333333333333333334");
        assert_ne!(third, number("1").divide(&number("3")).unwrap());
    }

    #[test]
    fn zeros_have_signs_and_there_are_infinities() {
        let (minus, zero, infinity) = (number("-0"), Number::ZERO, Number::INFINITY);
        assert_eq!(minus, zero);
        assert_eq!(minus.negate().to_string(), "0");
        assert_eq!(zero.multiply(&number("-1")).unwrap().to_string(), "-0");
        assert_eq!(minus.add(&zero).unwrap().to_string(), "0");
        assert_eq!(number("1").divide(&minus).unwrap().to_string(), "-Inf");
        assert_eq!(number("1").divide(&infinity).unwrap(), zero);
        assert!(infinity > number("1e400"));
        for undefined in [
            zero.divide(&minus),
            infinity.subtract(&infinity),
            infinity.multiply(&zero),
            infinity.divide(&infinity),
            number("7").remainder(&infinity),
        ] {
            assert_eq!(undefined, None);
        }
    }

    #[test]
    fn floats_of_machine_words_convert_both_ways() {
        for value in [0.0, 1.0, -2.5, 1e300, 5e-324, 0.1, 2f64.powi(63), f64::INFINITY] {
            assert_eq!(double(value).to_f64(), value);
        }
        assert_eq!(double(2.5), number("2.5"));
        assert_eq!(Number::from_f64(f64::NAN), None);
    }

    #[test]
    fn whole_numbers_below_and_above() {
        for (text, floor, ceiling) in [
            ("4.0001", "4", "5"),
            ("-4.9", "-5", "-4"),
            ("-0.3", "-1", "0"),
            ("7", "7", "7"),
            ("1e-60", "0", "1"),
        ] {
            assert_eq!(number(text).floor().to_string(), floor);
            assert_eq!(number(text).ceiling().to_string(), ceiling);
        }
    }
}
