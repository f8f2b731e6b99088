//! Decimal text of binary numbers: the shortest that reads back to the same number at its precision.

use dashu_base::BitTest;
use dashu_int::UBig;

use super::float::Float;

/// Digits of a decimal number `0.d1d2d3… × 10^point`, without trailing zeros.
pub struct Decimal {
    pub digits: Vec<u8>,
    pub point: i64,
}

impl Decimal {
    /// `magnitude × 2^exponent`, exactly.
    pub fn exact(magnitude: &UBig, exponent: i64) -> Decimal {
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

    /// Rounds to so many digits, to nearest, ties to even. Fewer than none, and nothing is left.
    pub fn round(&mut self, count: i64) {
        let Ok(count) = usize::try_from(count) else {
            self.digits.clear();
            return;
        };
        let Some(rest) = self.digits.get(count..).filter(|rest| !rest.is_empty()) else { return };
        let up = match rest {
            [b'5'] => count > 0 && (self.digits[count - 1] - b'0') % 2 == 1,
            _ => rest[0] >= b'5',
        };
        self.cut(count, up);
    }

    /// The shortest decimal that rounds to the number, its sign aside, at its precision. It must not be zero.
    pub fn shortest(float: &Float) -> Decimal {
        // One bit more than the precision, so that its unit is half of the last place.
        let shift = float.precision as usize + 1 - float.magnitude.bit_len();
        let middle = &float.magnitude << shift;
        let exponent = float.exponent - shift as i64;
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
