//! Statistics as CloudWatch spells them.
//!
//! Facts: CloudWatch User Guide, “CloudWatch statistics definitions”; what the AWS provider takes of them.

/// Statistics that have a name.
pub(super) const SIMPLE: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// Whether a text is a percentile (`p99.9`), a trimmed or winsorized mean, count or sum (`tm90`, `TM(10%:90%)`), a
/// percentile rank (`PR(:300)`) or the interquartile mean (`IQM`).
pub(super) fn is_extended(text: &str) -> bool {
    if text == "IQM" {
        return true;
    }
    match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((name, range)) => {
            let bounds = range.split_once(':');
            ["TM", "WM", "PR", "TC", "TS"].contains(&name)
                && bounds.is_some_and(|(low, high)| is_bound(low) && is_bound(high))
        }
        None => ["p", "tm", "wm", "tc", "ts"]
            .iter()
            .filter_map(|name| text.strip_prefix(name))
            .any(|percent| percent == "100" || is_decimal(percent, 2)),
    }
}

/// `10%`, a number, or nothing, which is no bound.
fn is_bound(text: &str) -> bool {
    text.is_empty() || is_decimal(text.strip_suffix('%').unwrap_or(text), usize::MAX)
}

/// Whether a text is a number of at most so many digits before the point, and as many behind it if there is one.
fn is_decimal(text: &str, most: usize) -> bool {
    let are_digits =
        |text: &str| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => are_digits(whole) && are_digits(fraction),
        None => are_digits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `terraform validate` with hashicorp/aws 5.100.0 takes and refuses them.
    #[test]
    fn extended_statistics_are_told_from_others() {
        for good in [
            "p90",
            "p5",
            "p99.99",
            "p100",
            "tm90",
            "wm99",
            "tc5",
            "ts5",
            "TM(10%:90%)",
            "WM(1:2)",
            "PR(:300)",
            "TS(80%:)",
            "IQM",
        ] {
            assert!(is_extended(good), "{good}");
        }
        for bad in [
            "",
            "p",
            "p101",
            "p99.",
            "p99.999",
            "pr5",
            "u5",
            "o1.5",
            "Sum",
            "iqm",
            "TM(10%)",
            "TM(%:90%)",
            "XM(1:2)",
            "TM(1:2",
            "p٣",
        ] {
            assert!(!is_extended(bad), "{bad}");
        }
    }
}
