//! Freeze windows, on both sides of the days on which clocks change.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use recon::repository::{FreezeError, FreezeWindow};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Windows, and moments with whether they are frozen. The zones' changes are those that `zdump -v` prints: Paris
/// 2027-03-28T01:00Z and 2027-10-31T01:00Z, New York 2027-03-14T07:00Z and 2027-11-07T06:00Z, Lord Howe (half an hour)
/// 2027-04-03T15:00Z and 2027-10-02T15:30Z; Apia has no 30 December 2011.
#[test]
fn windows_begin_and_end_by_the_clocks_of_the_place() {
    let table = [
        // Winter and summer.
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-01-08T14:59:59Z", false),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-01-08T15:00:00Z", true),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-01-10T12:00:00Z", true),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-01-11T06:59:59.999Z", true),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-01-11T07:00:00Z", false),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-07-09T13:59:59Z", false),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-07-09T14:00:00Z", true),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-07-12T05:59:59Z", true),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-07-12T06:00:00Z", false),
        // The clock is put forward, then back, within the window: begun in one time, ended in the other.
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-03-26T15:00:00Z", true),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-03-29T05:59:59Z", true),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-03-29T06:00:00Z", false),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-10-29T14:00:00Z", true),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-11-01T06:59:59Z", true),
        ("Fri 16:00-Mon 08:00 Europe/Paris", "2027-11-01T07:00:00Z", false),
        // It ends at a time that is left out: when the clock is put forward.
        ("Sat 22:00-Sun 02:30 Europe/Paris", "2027-03-28T00:59:59Z", true),
        ("Sat 22:00-Sun 02:30 Europe/Paris", "2027-03-28T01:00:00Z", false),
        // It begins at a time that is left out.
        ("Sun 02:30-Sun 06:00 Europe/Paris", "2027-03-28T00:59:59Z", false),
        ("Sun 02:30-Sun 06:00 Europe/Paris", "2027-03-28T01:00:00Z", true),
        ("Sun 02:30-Sun 06:00 Europe/Paris", "2027-03-28T03:59:59Z", true),
        ("Sun 02:30-Sun 06:00 Europe/Paris", "2027-03-28T04:00:00Z", false),
        // It ends at a time that comes twice (00:30Z and 01:30Z): at the second.
        ("Sat 22:00-Sun 02:30 Europe/Paris", "2027-10-31T00:30:00Z", true),
        ("Sat 22:00-Sun 02:30 Europe/Paris", "2027-10-31T01:29:59Z", true),
        ("Sat 22:00-Sun 02:30 Europe/Paris", "2027-10-31T01:30:00Z", false),
        // It begins at a time that comes twice: at the first, and goes on while the clock shows an earlier one.
        ("Sun 02:30-Sun 06:00 Europe/Paris", "2027-10-31T00:29:59Z", false),
        ("Sun 02:30-Sun 06:00 Europe/Paris", "2027-10-31T00:30:00Z", true),
        ("Sun 02:30-Sun 06:00 Europe/Paris", "2027-10-31T01:10:00Z", true),
        ("Sun 02:30-Sun 06:00 Europe/Paris", "2027-10-31T05:00:00Z", false),
        // Within a day, over midnight, around the week.
        ("Wed 09:00-Wed 17:00 UTC", "2027-01-13T08:59:59Z", false),
        ("Wed 09:00-Wed 17:00 UTC", "2027-01-13T09:00:00Z", true),
        ("Wed 09:00-Wed 17:00 UTC", "2027-01-13T17:00:00Z", false),
        ("Wed 17:00-Wed 09:00 UTC", "2027-01-13T08:59:59Z", true),
        ("Wed 17:00-Wed 09:00 UTC", "2027-01-13T12:00:00Z", false),
        ("Wed 17:00-Wed 09:00 UTC", "2027-01-13T17:00:00Z", true),
        ("Wed 17:00-Wed 09:00 UTC", "2027-01-17T00:00:00Z", true),
        ("Mon 00:00-Fri 00:00 UTC", "2027-01-14T23:59:59Z", true),
        ("Mon 00:00-Fri 00:00 UTC", "2027-01-15T00:00:00Z", false),
        // Elsewhere.
        ("Fri 16:00-Mon 08:00 America/New_York", "2027-03-12T20:59:59Z", false),
        ("Fri 16:00-Mon 08:00 America/New_York", "2027-03-12T21:00:00Z", true),
        ("Fri 16:00-Mon 08:00 America/New_York", "2027-03-15T11:59:59Z", true),
        ("Fri 16:00-Mon 08:00 America/New_York", "2027-03-15T12:00:00Z", false),
        ("Sun 01:30-Sun 01:45 America/New_York", "2027-11-07T05:30:00Z", true),
        ("Sun 01:30-Sun 01:45 America/New_York", "2027-11-07T06:44:59Z", true),
        ("Sun 01:30-Sun 01:45 America/New_York", "2027-11-07T06:45:00Z", false),
        ("Sun 02:15-Sun 04:00 Australia/Lord_Howe", "2027-10-02T15:29:59Z", false),
        ("Sun 02:15-Sun 04:00 Australia/Lord_Howe", "2027-10-02T15:30:00Z", true),
        ("Sun 02:15-Sun 04:00 Australia/Lord_Howe", "2027-10-02T17:00:00Z", false),
        ("Fri 10:00-Sat 09:00 Pacific/Apia", "2011-12-30T09:59:59Z", false),
        ("Fri 10:00-Sat 09:00 Pacific/Apia", "2011-12-30T10:00:00Z", true),
        ("Fri 10:00-Sat 09:00 Pacific/Apia", "2011-12-30T18:59:59Z", true),
        ("Fri 10:00-Sat 09:00 Pacific/Apia", "2011-12-30T19:00:00Z", false),
    ];
    for (text, moment, frozen) in table {
        let window = FreezeWindow::parse(text).unwrap();
        assert_eq!(window.is_frozen(at(moment)), frozen, "{text} at {moment}");
        assert_eq!(window.to_string(), text);
    }
}

/// Where no end is in a changed hour, a window is what a person reads off the clock on the wall.
#[test]
fn windows_agree_with_the_clock_on_the_wall() {
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let minute_of_week = |day: usize, hour: i64, minute: i64| day as i64 * 1_440 + hour * 60 + minute;
    for zone in ["Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "UTC"] {
        let clock = TimeZone::get(zone).unwrap();
        for (from, to) in [((4, 16), (0, 8)), ((2, 9), (2, 17)), ((6, 23), (6, 9)), ((0, 5), (6, 20))] {
            let ((from_day, from_hour), (to_day, to_hour)) = (from, to);
            let text =
                format!("{} {from_hour:02}:15-{} {to_hour:02}:45 {zone}", days[from_day], days[to_day]);
            let window = FreezeWindow::parse(&text).unwrap();
            let (begin, end) = (minute_of_week(from_day, from_hour, 15), minute_of_week(to_day, to_hour, 45));
            for step in 0..3 * 7 * 24 * 4 {
                let moment = at("2027-10-20T00:00:00Z") + SignedDuration::from_mins(step * 15);
                let wall = clock.to_datetime(moment);
                let day = wall.weekday().since(Weekday::Monday) as usize;
                let now = minute_of_week(day, i64::from(wall.hour()), i64::from(wall.minute()));
                let frozen = if begin < end { begin <= now && now < end } else { now < end || begin <= now };
                assert_eq!(window.is_frozen(moment), frozen, "{text} at {moment}");
            }
        }
    }
}

#[test]
fn what_is_no_window_is_told_apart() {
    for (text, error) in [
        ("", FreezeError::Form),
        ("weekends", FreezeError::Form),
        ("Fri 16:00 UTC", FreezeError::Form),
        ("Fri-Mon UTC", FreezeError::Form),
        ("Fri 16:00-Mon 08:00", FreezeError::NoZone),
        ("Fri 16:00 - Mon 08:00", FreezeError::NoZone),
        ("Fri 16:00-Mon 08:00 +01:00", FreezeError::NoZone),
        ("fri 16:00-Mon 08:00 UTC", FreezeError::Day("fri".to_owned())),
        ("Fri 25:00-Mon 08:00 UTC", FreezeError::Time("25:00".to_owned())),
        ("Fri 16:60-Mon 08:00 UTC", FreezeError::Time("16:60".to_owned())),
        ("Fri 16:00-Mon 0800 UTC", FreezeError::Time("0800".to_owned())),
        ("Fri 16:00-Mon 08:00 Mars/Olympus", FreezeError::Zone("Mars/Olympus".to_owned())),
        ("Fri 16:00-Fri 16:00 UTC", FreezeError::Empty),
    ] {
        assert_eq!(FreezeWindow::parse(text), Err(error), "{text}");
    }
    assert!(FreezeWindow::parse(" Fri 16:00 - Mon 08:00  Europe/Paris ").is_ok());
}
