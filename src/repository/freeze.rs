//! Freeze windows: the hours of each week in which nothing is corrected, `Fri 16:00-Mon 08:00 Europe/Paris`.
//!
//! A window is written in the wall-clock time of a place. Where the clock is put forward or back, its ends are the
//! ones that a person reading that clock would name: it begins the first time that the clock shows the start or
//! passes it, and ends the last time that the clock shows the end.

use std::fmt;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Span, Timestamp};

/// One weekly window.
#[derive(Clone, Debug, PartialEq)]
pub struct FreezeWindow {
    from: Moment,
    to: Moment,
    zone: TimeZone,
}

/// A moment of every week, on a wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    day: Weekday,
    time: Time,
}

/// What is wrong with a window: full sentences that say what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    #[error(
        "A freeze window is a day and time, a dash, a day and time, and a time zone: \"Fri 16:00-Mon 08:00 Europe/Paris\"."
    )]
    Form,
    #[error("{0:?} is no day of the week: write Mon, Tue, Wed, Thu, Fri, Sat or Sun.")]
    Day(String),
    #[error(
        "{0:?} is no time of day: write hours from 00 to 23 and minutes, as in 08:00. Midnight is 00:00 of the day it begins."
    )]
    Time(String),
    #[error("The time zone is missing: put its name behind the window, such as Europe/Paris, or UTC.")]
    NoZone,
    #[error(
        "{0:?} is no time zone that is known here: write a name of the IANA database, such as Europe/Paris, or UTC."
    )]
    Zone(String),
    #[error(
        "The window ends when it begins, so it would be empty or never end. To correct nothing at all, write no rule with the action \"correct\"."
    )]
    Empty,
}

impl FreezeWindow {
    /// Reads a window.
    pub fn parse(text: &str) -> Result<FreezeWindow, FreezeError> {
        let (window, zone) = text.trim().rsplit_once(char::is_whitespace).ok_or(FreezeError::Form)?;
        if zone.contains(':') {
            return Err(FreezeError::NoZone);
        }
        let (from, to) = window.split_once('-').ok_or(FreezeError::Form)?;
        let (from, to) = (moment(from)?, moment(to)?);
        let zone = TimeZone::get(zone).map_err(|_| FreezeError::Zone(zone.to_owned()))?;
        if from == to {
            return Err(FreezeError::Empty);
        }
        Ok(FreezeWindow { from, to, zone })
    }

    /// Whether the moment is in the window. Its first moment is, its end no more.
    pub fn is_frozen(&self, at: Timestamp) -> bool {
        let today = self.zone.to_datetime(at).date();
        // The window that began on this day of the week last; the week before that, if it lasts into the next; and
        // the next, for a day that the zone leaves out.
        let since = i64::from(today.weekday().since(self.from.day));
        [since, since + 7, since - 7].into_iter().any(|days| {
            let Ok(start) = today.checked_sub(Span::new().days(days)) else { return false };
            self.bounds(start).is_some_and(|(from, to)| from <= at && at < to)
        })
    }

    /// When the window that begins on a date begins and ends. `None` beyond the calendar.
    fn bounds(&self, start: Date) -> Option<(Timestamp, Timestamp)> {
        let mut days = i64::from(self.to.day.since(self.from.day));
        if days == 0 && self.to.time < self.from.time {
            days = 7;
        }
        let end = start.checked_add(Span::new().days(days)).ok()?;
        Some((
            self.instant(start.to_datetime(self.from.time), |before, _| before)?,
            self.instant(end.to_datetime(self.to.time), |_, after| after)?,
        ))
    }

    /// When the clock shows a time. One that it shows twice is decided by `fold`, from the offsets before and after
    /// the clock is put back; one that it leaves out is the moment at which it is put forward.
    fn instant(&self, at: DateTime, fold: impl Fn(Offset, Offset) -> Offset) -> Option<Timestamp> {
        match self.zone.to_ambiguous_timestamp(at).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(at).ok(),
            AmbiguousOffset::Fold { before, after } => fold(before, after).to_timestamp(at).ok(),
            AmbiguousOffset::Gap { before, .. } => {
                // By the clock that was not put forward this is after the change, by less than the gap's length.
                let behind = before.to_timestamp(at).ok()?;
                let following = behind.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
                self.zone.preceding(following).next().map(|change| change.timestamp())
            }
        }
    }
}

impl fmt::Display for FreezeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} {}", self.from, self.to, self.zone.iana_name().unwrap_or("UTC"))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = DAYS.iter().find(|(_, day)| *day == self.day).map_or("", |(name, _)| name);
        write!(f, "{day} {:02}:{:02}", self.time.hour(), self.time.minute())
    }
}

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

fn moment(text: &str) -> Result<Moment, FreezeError> {
    let (day, clock) = text.trim().split_once(char::is_whitespace).ok_or(FreezeError::Form)?;
    let day = DAYS
        .iter()
        .find(|(name, _)| *name == day)
        .map(|(_, day)| *day)
        .ok_or_else(|| FreezeError::Day(day.to_owned()))?;
    Ok(Moment { day, time: time(clock.trim())? })
}

/// `HH:MM`
fn time(text: &str) -> Result<Time, FreezeError> {
    let wrong = || FreezeError::Time(text.to_owned());
    let digits = |part: &str| -> Option<i8> {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let (hours, minutes) = digits(hours).zip(digits(minutes)).ok_or_else(wrong)?;
    Time::new(hours, minutes, 0, 0).map_err(|_| wrong())
}
