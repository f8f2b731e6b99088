//! Durations as Go writes them: `1h30m`, `-1.5h`, `250ms`.

/// Nanoseconds of each unit. There are two letters for micro.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration in nanoseconds.
pub fn parse(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    // One more than the largest duration: the smallest one has no opposite.
    let limit = 1u64 << 63;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, after) = split_digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => split_digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after.find(|letter: char| letter == '.' || letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit {unit:?} in duration {text:?}"));
        };
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        let part = whole.checked_mul(*size).and_then(|part| part.checked_add(of_unit(fraction, *size)));
        total = part
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= limit)
            .ok_or_else(invalid)?;
        rest = after;
    }
    let magnitude = i128::from(total);
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| invalid())
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()))
}

/// A decimal fraction of a unit, cut to a nanosecond. Go computes it with machine floats, from as many digits as fit
/// into 63 bits, and so do we: 0.33333333333333333333h is 20 minutes.
fn of_unit(digits: &str, unit: u64) -> u64 {
    const MOST: u64 = 1 << 63;
    let (mut numerator, mut denominator) = (0u64, 1f64);
    for digit in digits.bytes() {
        let next = numerator.checked_mul(10).and_then(|next| next.checked_add(u64::from(digit - b'0')));
        let Some(next) = next.filter(|next| *next <= MOST) else { break };
        numerator = next;
        denominator *= 10.0;
    }
    (numerator as f64 * (unit as f64 / denominator)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    // Accepted and refused as timeadd does in Terraform 1.11.4.
    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("+0", 0),
            ("-0", 0),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("1h1h", 7_200_000_000_000),
            ("1m1h", 3_660_000_000_000),
            ("1ms1us1\u{b5}s1\u{3bc}s1ns", 1_003_001),
            ("-1.5h", -5_400_000_000_000),
            ("0.33333333333333333333h", 1_200_000_000_000),
            ("0.999999999999999999999ns", 1),
            ("0.9ns", 0),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
        ] {
            assert_eq!(parse(text), Ok(nanoseconds), "{text}");
        }
        for text in [
            "",
            "-",
            "+",
            ".s",
            "10",
            "0.0",
            "1.5.5s",
            "1d",
            "1H",
            "1h-30m",
            "1h 30m",
            "PT1H",
            "2562048h",
            "9223372036854775808ns",
            "-9223372036854775809ns",
            "99999999999999999999999h",
            "1sé",
            "é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
