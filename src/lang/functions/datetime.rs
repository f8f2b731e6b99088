//! Date and time functions: `formatdate plantimestamp timeadd timecmp timestamp`.

use super::super::types::Type;
use super::super::value::Value;
use super::{CallError, CallResult, Function, Host};

mod duration;
mod layout;
mod moment;

use moment::{Moment, Strictness};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("formatdate", |_, arguments| {
            let moment =
                moment(arguments, 1, Strictness::Exact).map_err(|message| CallError::argument(1, message))?;
            let text = layout::format(text(arguments, 0), &moment);
            Ok(Value::string(text.map_err(|message| CallError::argument(0, message))?))
        })
        .takes("format", Type::String)
        .takes("time", Type::String)
        .returns(Type::String),
        Function::new("plantimestamp", |host, _| {
            Ok(host.plan_timestamp().map_or_else(|| Value::unknown(Type::String), Value::string))
        })
        .returns(Type::String),
        Function::new("timeadd", time_add)
            .takes("timestamp", Type::String)
            .takes("duration", Type::String)
            .returns(Type::String),
        Function::new("timecmp", |_, arguments| {
            let own = |index| {
                moment(arguments, index, Strictness::Lenient)
                    .map_err(|message| CallError::argument(index, message))
            };
            Ok(Value::from(own(0)?.instant().cmp(&own(1)?.instant()) as i64))
        })
        .takes("timestamp_a", Type::String)
        .takes("timestamp_b", Type::String)
        .returns(Type::Number),
        Function::new("timestamp", |host, _| {
            Ok(if host.answers_impure() {
                Value::string(Moment::now().to_string())
            } else {
                Value::unknown(Type::String)
            })
        })
        .returns(Type::String),
    ]
}

/// A time as YAML writes it, in RFC 3339.
pub(super) fn timestamp(text: &str) -> Option<String> {
    Moment::parse_yaml(text).map(|moment| moment.to_string())
}

fn text(arguments: &[Value], index: usize) -> &str {
    arguments[index].as_str().unwrap_or_default()
}

fn moment(arguments: &[Value], index: usize, strictness: Strictness) -> Result<Moment, String> {
    Moment::parse(text(arguments, index), strictness)
        .map_err(|problem| format!("not a valid RFC3339 timestamp: {problem}"))
}

fn time_add(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let moment = moment(arguments, 0, Strictness::Exact).map_err(CallError::Call)?;
    let nanoseconds = duration::parse(text(arguments, 1)).map_err(CallError::Call)?;
    Ok(Value::string(moment.plus(nanoseconds).to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{call, error, text};
    use super::*;

    // Expected answers are those of Terraform 1.11.4.
    #[test]
    fn durations_are_added() {
        for (time, duration, expected) in [
            ("2030-06-15T22:45:00Z", "1h30m", "2030-06-16T00:15:00Z"),
            ("2030-06-15T00:00:00Z", "-10ns", "2030-06-14T23:59:59Z"),
            ("2030-06-15T00:00:00.75Z", "250ms", "2030-06-15T00:00:01Z"),
            ("2100-02-28T12:00:00Z", "24h", "2100-03-01T12:00:00Z"),
            ("9999-12-31T23:59:59Z", "1s", "10000-01-01T00:00:00Z"),
            ("0000-01-01T00:00:00Z", "-1s", "-0001-12-31T23:59:59Z"),
            ("2030-06-15T23:30:00+05:30", "1h", "2030-06-16T00:30:00+05:30"),
            ("2030-06-15T00:00:00-00:00", "0", "2030-06-15T00:00:00Z"),
            ("2030-06-15T00:00:00Z", "2562047h47m16.854775807s", "2322-09-24T23:47:16Z"),
            ("2030-06-15T00:00:00Z", "-2562047h47m16.854775808s", "1738-03-06T00:12:43Z"),
            ("2030-06-15T00:00:00Z", "0.33333333333333333333h", "2030-06-15T00:20:00Z"),
            ("9999-12-31T23:59:59Z", "2562047h", "10292-04-10T22:59:59Z"),
        ] {
            assert_eq!(
                text("timeadd", [time, duration].map(Value::from)),
                format!("{expected:?}"),
                "{time} {duration}"
            );
        }
        let failed = error("timeadd", ["2030-06-15T00:00:00Z", "1d"].map(Value::from));
        assert!(matches!(failed, CallError::Call(_)));
    }

    #[test]
    fn times_are_compared_as_instants() {
        let compared = |left: &str, right: &str| call("timecmp", [left, right].map(Value::from)).as_i64();
        assert_eq!(compared("2030-01-01T05:45:00+05:45", "2029-12-31T19:00:00-05:00"), Some(0));
        assert_eq!(compared("2030-01-01T00:00:00.000000001Z", "2030-01-01T00:00:00Z"), Some(1));
        assert_eq!(compared("2030-01-01T00:00:00.1234567899Z", "2030-01-01T00:00:00.123456789Z"), Some(0));
        assert_eq!(compared("2030-06-15T0:00:00,5+24:00", "2030-06-15T00:00:00Z"), Some(-1));
        let second = error("timecmp", ["2030-01-01T00:00:00Z", "x"].map(Value::from));
        assert!(matches!(second, CallError::Argument { index: 1, .. }));
    }

    #[test]
    fn the_time_now_is_a_time() {
        let now = call("timestamp", []);
        let now = Moment::parse(now.as_str().unwrap(), Strictness::Exact).unwrap();
        assert!(now.year > 2025);
        assert_eq!(call("plantimestamp", []), Value::unknown_not_null(Type::String));
    }
}
