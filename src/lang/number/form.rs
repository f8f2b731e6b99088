//! Decimal text in the forms that `%e`, `%f` and `%g` mean.

use super::decimal::Decimal;
use super::{Float, Number};

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `1.5e+01`: one digit before the point; the precision is the number of digits behind it.
    Exponent,
    /// `15.0`: the precision is the number of digits behind the point.
    Point,
    /// Without trailing zeros, as an exponent only if the number is very large or small; the precision is the number
    /// of digits.
    General,
}

impl Number {
    /// The number in decimal, rounded to nearest, ties to even. Without a precision it is the shortest text that reads
    /// back to the same number. Infinities are `+Inf` and `-Inf`.
    pub fn format(&self, form: Form, precision: Option<usize>) -> String {
        let Some(float) = self.float() else { return self.to_string() };
        let mut decimal = decimal(&float, form, precision);
        let sign = if float.negative { "-" } else { "" };
        // There is no exponent to nothing.
        if decimal.digits.is_empty() {
            decimal.point = 0;
        }
        let count = decimal.digits.len();
        let text = match form {
            Form::Exponent => with_exponent(&decimal, precision.unwrap_or(count.saturating_sub(1))),
            Form::Point => {
                let shortest = usize::try_from(count as i64 - decimal.point).unwrap_or(0);
                with_point(&decimal, precision.unwrap_or(shortest))
            }
            Form::General => general(&decimal, precision),
        };
        format!("{sign}{text}")
    }
}

fn decimal(float: &Float, form: Form, precision: Option<usize>) -> Decimal {
    if float.is_zero() {
        return Decimal { digits: Vec::new(), point: 0 };
    }
    let Some(precision) = precision else { return Decimal::shortest(float) };
    let precision = i64::try_from(precision).unwrap_or(i64::MAX / 2);
    let mut decimal = Decimal::exact(&float.magnitude, float.exponent);
    decimal.round(match form {
        Form::Exponent => precision + 1,
        Form::Point => decimal.point + precision,
        Form::General => precision.max(1),
    });
    decimal
}

fn digit(decimal: &Decimal, place: i64) -> char {
    usize::try_from(place)
        .ok()
        .and_then(|place| decimal.digits.get(place))
        .map_or('0', |digit| char::from(*digit))
}

fn with_exponent(decimal: &Decimal, places: usize) -> String {
    let mut text = String::from(digit(decimal, 0));
    if places > 0 {
        text.push('.');
        text.extend((1..=places as i64).map(|place| digit(decimal, place)));
    }
    let exponent = if decimal.digits.is_empty() { 0 } else { decimal.point - 1 };
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push_str(&format!("e{sign}{:02}", exponent.unsigned_abs()));
    text
}

fn with_point(decimal: &Decimal, places: usize) -> String {
    let mut text: String = (0..decimal.point).map(|place| digit(decimal, place)).collect();
    if text.is_empty() {
        text.push('0');
    }
    if places > 0 {
        text.push('.');
        text.extend((0..places as i64).map(|place| digit(decimal, decimal.point + place)));
    }
    text
}

fn general(decimal: &Decimal, precision: Option<usize>) -> String {
    let count = decimal.digits.len();
    // From which power of ten on there is an exponent. The shortest text has one from 10^6 on however long it is.
    let limit = match precision.map(|precision| precision.max(1)) {
        None => 6,
        Some(precision) if precision > count && count as i64 >= decimal.point => count,
        Some(precision) => precision,
    };
    let power = decimal.point - 1;
    if power < -4 || power >= limit as i64 {
        return with_exponent(decimal, count.saturating_sub(1));
    }
    with_point(decimal, usize::try_from(count as i64 - decimal.point).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    // What format answers for %e, %f and %g in Terraform 1.11.4.
    #[test]
    fn forms_are_those_of_the_reference() {
        use Form::{Exponent as E, General as G, Point as P};
        for (number, form, precision, expected) in [
            ("12345.678", E, Some(3), "1.235e+04"),
            ("12345.678", E, Some(0), "1e+04"),
            ("0", E, Some(6), "0.000000e+00"),
            ("-0", P, Some(6), "-0.000000"),
            ("0.1", E, Some(20), "1.00000000000000000000e-01"),
            ("2.25", P, Some(1), "2.2"),
            ("2.675", P, Some(2), "2.67"),
            ("0.0005", P, Some(3), "0.000"),
            ("0.5", P, Some(0), "0"),
            ("1.5", P, Some(0), "2"),
            ("99.5", P, Some(0), "100"),
            ("1e30", P, Some(1), "1000000000000000000000000000000.0"),
            ("999999", G, None, "999999"),
            ("1000000", G, None, "1e+06"),
            ("123456.789", G, None, "123456.789"),
            ("0.0001", G, None, "0.0001"),
            ("0.00001", G, None, "1e-05"),
            ("-0", G, None, "-0"),
            ("99999", G, Some(3), "1e+05"),
            ("1234.5678", G, Some(10), "1234.5678"),
            ("15", G, Some(0), "2e+01"),
            ("15", G, Some(2), "15"),
            ("0.1", G, Some(100), "0.1"),
            ("100", G, Some(2), "1e+02"),
            ("100", G, Some(5), "100"),
        ] {
            assert_eq!(Number::parse(number).unwrap().format(form, precision), expected, "{number} {form:?}");
        }
        assert_eq!(Number::NEGATIVE_INFINITY.format(G, Some(3)), "-Inf");
    }
}
