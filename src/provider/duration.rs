//! Durations as providers' arguments spell them: `90s`, `1h30m`, `1.5h`.

use std::time::Duration;

use crate::lang::value::Value;
use crate::provider::object::Object;

/// Reads a duration in the notation of the Go language's `time.ParseDuration`: numbers, each with a unit of
/// `ns`, `us`, `µs`, `ms`, `s`, `m` or `h`. `None` for anything else and for negative ones.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0f64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(|byte| !byte.is_ascii_digit() && *byte != b'.').count();
        let (unit, after) = after.split_at(letters);
        let scale = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

/// How long an action on an object may take: what its `timeouts` block says, else `default`.
pub fn timeout(object: &Value, action: &str, default: Duration) -> Duration {
    object.block("timeouts").and_then(|block| block.text(action)).and_then(parse).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let read = |text: &str| parse(text).map(|duration| duration.as_millis());
        assert_eq!(read("90s"), Some(90_000));
        assert_eq!(read("1h30m"), Some(5_400_000));
        assert_eq!(read("1.5h"), Some(5_400_000));
        assert_eq!(read("250ms"), Some(250));
        assert_eq!(read("0"), Some(0));
        for text in ["", "5", "5 m", "m", "-5m", "1d", "1h30", "h1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
