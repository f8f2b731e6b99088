//! Binary floating point of any precision: a sign, a magnitude and a power of two.

use std::cmp::Ordering;

use dashu_base::{BitTest, DivRem, Sign};
use dashu_int::{IBig, UBig};

/// `±magnitude × 2^exponent`. The magnitude is odd and of at most `precision` bits, or zero (with an exponent of
/// zero; there is a negative zero).
#[derive(Clone, Debug)]
pub struct Float {
    pub negative: bool,
    pub magnitude: UBig,
    pub exponent: i64,
    /// How many bits of mantissa the number was rounded to, which its decimal text depends on.
    pub precision: u32,
}

impl Float {
    /// Rounds to the precision, to nearest, ties to even. `sticky` says that the exact value is a little further
    /// from zero than `magnitude` says; the magnitude must then have at least two bits more than the precision.
    pub fn rounded(
        negative: bool,
        mut magnitude: UBig,
        mut exponent: i64,
        sticky: bool,
        precision: u32,
    ) -> Float {
        let (bits, wanted) = (magnitude.bit_len(), precision as usize);
        if bits > wanted {
            let surplus = bits - wanted;
            let half = magnitude.bit(surplus - 1);
            let below = sticky || magnitude.trailing_zeros().is_some_and(|zeros| zeros < surplus - 1);
            magnitude >>= surplus;
            exponent += surplus as i64;
            if half && (below || magnitude.bit(0)) {
                magnitude += UBig::ONE;
            }
        }
        match magnitude.trailing_zeros() {
            Some(zeros) => {
                magnitude >>= zeros;
                exponent += zeros as i64;
            }
            None => exponent = 0,
        }
        Float { negative, magnitude, exponent, precision }
    }

    pub fn from_integer(value: IBig, precision: u32) -> Float {
        let (sign, magnitude) = value.into_parts();
        Float::rounded(sign == Sign::Negative, magnitude, 0, false, precision)
    }

    pub fn is_zero(&self) -> bool {
        self.magnitude.is_zero()
    }

    pub fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    pub fn negated(mut self) -> Float {
        self.negative = !self.negative;
        self
    }

    /// The integer of it, towards zero.
    pub fn integer_part(&self) -> IBig {
        let magnitude = if self.exponent >= 0 {
            &self.magnitude << self.exponent as usize
        } else {
            &self.magnitude >> self.exponent.unsigned_abs() as usize
        };
        IBig::from_parts(if self.negative { Sign::Negative } else { Sign::Positive }, magnitude)
    }

    fn aligned(&self, exponent: i64) -> IBig {
        let magnitude = &self.magnitude << (self.exponent - exponent) as usize;
        IBig::from_parts(if self.negative { Sign::Negative } else { Sign::Positive }, magnitude)
    }

    pub fn add(&self, other: &Float, precision: u32) -> Float {
        if self.is_zero() && other.is_zero() {
            let negative = self.negative && other.negative;
            return Float { negative, ..Float::from_integer(IBig::ZERO, precision) };
        }
        // A zero's exponent says nothing of how far the other number must be shifted.
        let exponent = match (self.is_zero(), other.is_zero()) {
            (true, _) => other.exponent.min(0),
            (_, true) => self.exponent.min(0),
            _ => self.exponent.min(other.exponent),
        };
        let (sign, magnitude) = (self.aligned(exponent) + other.aligned(exponent)).into_parts();
        Float::rounded(sign == Sign::Negative, magnitude, exponent, false, precision)
    }

    pub fn multiply(&self, other: &Float, precision: u32) -> Float {
        Float::rounded(
            self.negative != other.negative,
            &self.magnitude * &other.magnitude,
            self.exponent + other.exponent,
            false,
            precision,
        )
    }

    /// The divisor must not be zero.
    pub fn divide(&self, other: &Float, precision: u32) -> Float {
        let shift = precision as usize + 2 + other.magnitude.bit_len();
        let (quotient, remainder) = (&self.magnitude << shift).div_rem(&other.magnitude);
        Float::rounded(
            self.negative != other.negative,
            quotient,
            self.exponent - other.exponent - shift as i64,
            !remainder.is_zero(),
            precision,
        )
    }

    /// By value: the precision does not count, and the zeros are equal.
    pub fn compare(&self, other: &Float) -> Ordering {
        let sign = |float: &Float| match (float.is_zero(), float.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let (left, right) = (sign(self), sign(other));
        if left != right || left == 0 {
            return left.cmp(&right);
        }
        // Sizes first: numbers of very different size must not be shifted to a common exponent.
        let top = |float: &Float| float.magnitude.bit_len() as i64 + float.exponent;
        let by_size = top(self).cmp(&top(other)).then_with(|| {
            let exponent = self.exponent.min(other.exponent);
            let left = &self.magnitude << (self.exponent - exponent) as usize;
            let right = &other.magnitude << (other.exponent - exponent) as usize;
            left.cmp(&right)
        });
        if left < 0 { by_size.reverse() } else { by_size }
    }
}
