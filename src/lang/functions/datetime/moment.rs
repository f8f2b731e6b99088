//! Times of RFC 3339: a date, a time of day and an offset from UTC.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

/// How a time may be written. The reference reads times in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// As RFC 3339 says, but for `t` and `z`.
    Exact,
    /// An hour of one digit, a comma before the fraction, and offsets up to 24 hours and 60 minutes, too.
    Lenient,
}

/// A time as its clock shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub nanosecond: u32,
    /// How far the clock is ahead of UTC, in seconds.
    pub offset: i64,
}

/// Days from 1970-01-01 to a day of the Gregorian calendar. Years begin with March here, so that the leap day is the
/// last one.
fn days_of(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = i64::from((month + 9) % 12);
    let era = year.div_euclid(400);
    let year = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// The inverse of [`days_of`].
fn date_of(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month + 2) / 5 + 1) as u32;
    let month = if month < 10 { month + 3 } else { month - 9 } as u32;
    (era * 400 + year + i64::from(month <= 2), month, day)
}

fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads a text piece by piece.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self, letter: char) -> bool {
        let rest = self.rest.strip_prefix(letter);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, letter: char, instead: &str) -> Result<(), String> {
        if self.skip(letter) { Ok(()) } else { Err(self.problem(instead)) }
    }

    fn problem(&self, what: &str) -> String {
        if self.rest.is_empty() {
            format!("the end comes where {what} is expected")
        } else {
            format!("cannot use {:?} as {what}", self.rest)
        }
    }

    fn digits(&mut self, count: usize, what: &str) -> Result<u32, String> {
        let digits = self.rest.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(number) = digits.and_then(|digits| digits.parse().ok()) else {
            return Err(self.problem(what));
        };
        self.rest = &self.rest[count..];
        Ok(number)
    }

    fn two_digits(&mut self, what: &str, most: u32) -> Result<u32, String> {
        let number = self.digits(2, what)?;
        if number > most { Err(format!("{what} {number} is over {most}")) } else { Ok(number) }
    }
}

impl Moment {
    /// The error says what is wrong with the text.
    pub fn parse(text: &str, strictness: Strictness) -> Result<Moment, String> {
        let lenient = strictness == Strictness::Lenient;
        let mut reader = Reader { rest: text };
        let year = i64::from(reader.digits(4, "year")?);
        reader.expect('-', "a \"-\" before the month")?;
        let month = reader.two_digits("month", 12)?;
        reader.expect('-', "a \"-\" before the day of month")?;
        let day = reader.two_digits("day of month", 31)?;
        if month == 0 || day == 0 || day > days_in_month(year, month) {
            return Err(format!("there is no day {month:02}-{day:02} in {year:04}"));
        }
        reader.expect('T', "the 'T' before the time")?;
        let one_digit = lenient && reader.rest.as_bytes().get(1) == Some(&b':');
        let hour = if one_digit { reader.digits(1, "hour")? } else { reader.two_digits("hour", 23)? };
        reader.expect(':', "a \":\" before the minute")?;
        let minute = reader.two_digits("minute", 59)?;
        reader.expect(':', "a \":\" before the second")?;
        let second = reader.two_digits("second", 59)?;
        let nanosecond = match reader.skip('.') || lenient && reader.skip(',') {
            true => fraction(&mut reader)?,
            false => 0,
        };
        let offset = offset(&mut reader, lenient)?;
        if !reader.rest.is_empty() {
            return Err(format!("cannot use {:?} behind the UTC offset", reader.rest));
        }
        Ok(Moment { year, month, day, hour, minute, second, nanosecond, offset })
    }

    /// Reads a time as YAML has it: its numbers but the year may have one digit, and the time of day may follow a space
    /// (then in UTC), or may be missing.
    pub fn parse_yaml(text: &str) -> Option<Moment> {
        let mut reader = Reader { rest: text };
        let one_or_two = |reader: &mut Reader<'_>, most| {
            let two = reader.rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
            reader.digits(if two { 2 } else { 1 }, "").ok().filter(|number| *number <= most)
        };
        let year = i64::from(reader.digits(4, "").ok()?);
        let month = if reader.skip('-') { one_or_two(&mut reader, 12)? } else { return None };
        let day = if reader.skip('-') { one_or_two(&mut reader, 31)? } else { return None };
        if month == 0 || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        let mut moment = Moment { year, month, day, hour: 0, minute: 0, second: 0, nanosecond: 0, offset: 0 };
        if reader.rest.is_empty() {
            return Some(moment);
        }
        let zoned = reader.skip('T') || reader.skip('t');
        if !zoned && !reader.skip(' ') {
            return None;
        }
        moment.hour = one_or_two(&mut reader, 23)?;
        moment.minute = if reader.skip(':') { one_or_two(&mut reader, 59)? } else { return None };
        moment.second = if reader.skip(':') { one_or_two(&mut reader, 59)? } else { return None };
        if reader.skip('.') || reader.skip(',') {
            moment.nanosecond = fraction(&mut reader).ok()?;
        }
        if zoned {
            moment.offset = offset(&mut reader, true).ok()?;
        }
        reader.rest.is_empty().then_some(moment)
    }

    /// The time now, in UTC.
    pub fn now() -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment::at(i64::try_from(since.as_secs()).unwrap_or_default(), since.subsec_nanos(), 0)
    }

    /// What a clock that is `offset` seconds ahead of UTC shows so many seconds after 1970 began in UTC.
    fn at(seconds: i64, nanosecond: u32, offset: i64) -> Moment {
        let shown = seconds + offset;
        let (year, month, day) = date_of(shown.div_euclid(DAY));
        let of_day = shown.rem_euclid(DAY) as u32;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        Moment { year, month, day, hour, minute, second, nanosecond, offset }
    }

    /// Seconds since 1970 began in UTC, and the nanoseconds of the next one.
    pub fn instant(&self) -> (i64, u32) {
        let of_day = i64::from(self.hour * 3600 + self.minute * 60 + self.second);
        (days_of(self.year, self.month, self.day) * DAY + of_day - self.offset, self.nanosecond)
    }

    pub fn plus(&self, nanoseconds: i64) -> Moment {
        const SECOND: i64 = 1_000_000_000;
        let (seconds, nanosecond) = self.instant();
        let sum = i64::from(nanosecond) + nanoseconds.rem_euclid(SECOND);
        let seconds = seconds + nanoseconds.div_euclid(SECOND) + sum.div_euclid(SECOND);
        Moment::at(seconds, sum.rem_euclid(SECOND) as u32, self.offset)
    }

    /// 0 for Sunday.
    pub fn weekday(&self) -> usize {
        (days_of(self.year, self.month, self.day) + 4).rem_euclid(7) as usize
    }

    /// `+05:30`, or `Z` if `zero` is that and there is no offset.
    pub fn offset_text(&self, separator: &str, zero: Option<&str>) -> String {
        if let (0, Some(zero)) = (self.offset, zero) {
            return zero.to_owned();
        }
        let minutes = self.offset.unsigned_abs() / 60;
        let sign = if self.offset < 0 { '-' } else { '+' };
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }
}

/// Digits behind the point, those after the ninth passed over.
fn fraction(reader: &mut Reader<'_>) -> Result<u32, String> {
    let end = reader.rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(reader.rest.len());
    if end == 0 {
        return Err(reader.problem("fraction of a second"));
    }
    let (digits, rest) = reader.rest.split_at(end);
    reader.rest = rest;
    let nine: String = digits.chars().chain(std::iter::repeat('0')).take(9).collect();
    Ok(nine.parse().unwrap_or_default())
}

fn offset(reader: &mut Reader<'_>, lenient: bool) -> Result<i64, String> {
    if reader.skip('Z') {
        return Ok(0);
    }
    let sign = match reader.rest.chars().next() {
        Some('+') => 1,
        Some('-') => -1,
        _ => return Err(reader.problem("UTC offset")),
    };
    reader.rest = &reader.rest[1..];
    let (most_hours, most_minutes) = if lenient { (24, 60) } else { (23, 59) };
    let hours = reader.two_digits("hour of the UTC offset", most_hours)?;
    reader.expect(':', "a \":\" in the UTC offset")?;
    let minutes = reader.two_digits("minute of the UTC offset", most_minutes)?;
    Ok(sign * i64::from(hours * 3600 + minutes * 60))
}

/// As in RFC 3339, to the second. A year before 0 has a minus, and one after 9999 five digits.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Moment { month, day, hour, minute, second, .. } = self;
        let sign = if self.year < 0 { "-" } else { "" };
        let year = self.year.unsigned_abs();
        let offset = self.offset_text(":", Some("Z"));
        write!(f, "{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}")
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    #[test]
    fn the_calendar_is_the_one_of_others() {
        let first = civil::date(-9999, 1, 1);
        for day in (0..7_000_000).step_by(97) {
            let date = first.saturating_add(jiff::Span::new().days(day));
            let (year, month) = (i64::from(date.year()), date.month() as u32);
            let days = days_of(year, month, date.day() as u32);
            assert_eq!(date_of(days), (year, month, date.day() as u32));
            let moment = Moment::at(days * DAY, 0, 0);
            assert_eq!(moment.weekday() as i8, date.weekday().to_sunday_zero_offset());
            assert_eq!(days_in_month(year, month), date.days_in_month() as u32);
        }
        assert_eq!(days_of(1970, 1, 1), 0);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2030",
            "2030-06-15",
            "2030-06-15T00:00:00",
            "2030-06-15 00:00:00Z",
            "2030-06-15t00:00:00Z",
            "2030-06-15T00:00:00z",
            "2030-02-29T00:00:00Z",
            "2030-06-31T00:00:00Z",
            "2030-13-01T00:00:00Z",
            "2030-00-01T00:00:00Z",
            "2030-06-00T00:00:00Z",
            "2030-06-15T24:00:00Z",
            "2030-06-15T00:60:00Z",
            "2030-06-15T23:59:60Z",
            "12030-06-15T00:00:00Z",
            "+2030-06-15T00:00:00Z",
            "2030-06-15T00:00:00.Z",
            "2030-06-15T00:00:00+05",
            "2030-06-15T00:00:00+0530",
            "2030-06-15T00:00:00Zx",
            "2030-6-15T00:00:00Z",
            "2030-06-15T00:0:00Z",
            "203é-06-15T00:00:00Z",
            "2030-06-15T00:00:00+é5:00",
        ] {
            assert!(Moment::parse(text, Strictness::Exact).is_err(), "{text}");
            assert!(Moment::parse(text, Strictness::Lenient).is_err(), "{text}");
        }
        for text in ["2030-06-15T0:00:00Z", "2030-06-15T00:00:00,5Z", "2030-06-15T00:00:00-24:60"] {
            assert!(Moment::parse(text, Strictness::Exact).is_err(), "{text}");
            assert!(Moment::parse(text, Strictness::Lenient).is_ok(), "{text}");
        }
        assert!(Moment::parse("2030-06-15T00:00:00+25:00", Strictness::Lenient).is_err());
    }
}
