//! The layouts of `formatdate`: runs of one letter stand for parts of a time, what is quoted and what is no letter for
//! itself.

use super::moment::Moment;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub fn format(layout: &str, moment: &Moment) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = layout;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            rest = quoted(rest, &mut text)?;
            continue;
        }
        if !letter.is_ascii_alphabetic() {
            text.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        }
        let end = rest.find(|next| next != letter).unwrap_or(rest.len());
        let (verb, after) = rest.split_at(end);
        text.push_str(&part(verb, moment)?);
        rest = after;
    }
    Ok(text)
}

/// Writes what quotes enclose and answers what comes after it. Two quotes side by side are one that stands for
/// itself, in quotes or not, and at the end of the layout they close what is quoted, too.
fn quoted<'a>(layout: &'a str, text: &mut String) -> Result<&'a str, String> {
    let (opens, mut rest) = quotes(layout, text);
    if !opens {
        return Ok(rest);
    }
    loop {
        let Some(at) = rest.find('\'') else { return Err("unterminated literal '".to_owned()) };
        text.push_str(&rest[..at]);
        let (closes, after) = quotes(&rest[at..], text);
        if closes || after.is_empty() {
            return Ok(after);
        }
        rest = after;
    }
}

/// Writes one for each two of the quotes at the start, and answers whether one is left over and what comes after.
fn quotes<'a>(layout: &'a str, text: &mut String) -> (bool, &'a str) {
    let rest = layout.trim_start_matches('\'');
    let count = layout.len() - rest.len();
    text.extend(std::iter::repeat_n('\'', count / 2));
    (count % 2 == 1, rest)
}

fn part(verb: &str, moment: &Moment) -> Result<String, String> {
    let Moment { year, month, day, hour, minute, second, .. } = *moment;
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month_name = MONTHS[(month as usize - 1) % 12];
    let day_name = DAYS[moment.weekday()];
    let short = |name: &str| name[..3].to_owned();
    let noon = if hour < 12 { "AM" } else { "PM" };
    let allowed = match verb {
        "YYYY" => return Ok(format!("{year:04}")),
        "YY" => return Ok(format!("{:02}", year.rem_euclid(100))),
        "MMMM" => return Ok(month_name.to_owned()),
        "MMM" => return Ok(short(month_name)),
        "MM" => return Ok(format!("{month:02}")),
        "M" => return Ok(month.to_string()),
        "DD" => return Ok(format!("{day:02}")),
        "D" => return Ok(day.to_string()),
        "EEEE" => return Ok(day_name.to_owned()),
        "EEE" => return Ok(short(day_name)),
        "hh" => return Ok(format!("{hour:02}")),
        "h" => return Ok(hour.to_string()),
        "HH" => return Ok(format!("{half:02}")),
        "H" => return Ok(half.to_string()),
        "AA" => return Ok(noon.to_owned()),
        "aa" => return Ok(noon.to_ascii_lowercase()),
        "mm" => return Ok(format!("{minute:02}")),
        "m" => return Ok(minute.to_string()),
        "ss" => return Ok(format!("{second:02}")),
        "s" => return Ok(second.to_string()),
        "ZZZZZ" => return Ok(moment.offset_text(":", None)),
        "ZZZZ" => return Ok(moment.offset_text("", None)),
        "ZZZ" => return Ok(moment.offset_text("", Some("UTC"))),
        "Z" => return Ok(moment.offset_text(":", Some("Z"))),
        _ => match verb.as_bytes()[0] {
            b'Y' => ": the year is YY or YYYY",
            b'M' => ": the month is M, MM, MMM or MMMM",
            b'D' => ": the day of month is D or DD",
            b'E' => ": the day of week is EEE or EEEE",
            b'h' => ": the hour is h or hh, and of a half day H or HH",
            b'H' => ": the hour of a half day is H or HH, and of a day h or hh",
            b'A' => ": the half of the day is AA or aa",
            b'a' => ": the half of the day is aa or AA",
            b'm' => ": the minute is m or mm",
            b's' => ": the second is s or ss",
            b'Z' => ": the UTC offset is Z, ZZZ, ZZZZ or ZZZZZ",
            _ => "; letters that are to stand for themselves go between '",
        },
    };
    Err(format!("invalid date format verb {verb:?}{allowed}"))
}

#[cfg(test)]
mod tests {
    use super::super::moment::Strictness;
    use super::*;

    fn formatted(layout: &str, time: &str) -> Result<String, String> {
        format(layout, &Moment::parse(time, Strictness::Exact).unwrap())
    }

    // Expected texts are what formatdate answers in Terraform 1.11.4.
    #[test]
    fn runs_of_letters_are_parts_of_the_time() {
        for (layout, time, expected) in [
            (
                "YYYY YY MMMM MMM MM M DD D EEEE EEE",
                "2031-03-07T04:05:09Z",
                "2031 31 March Mar 03 3 07 7 Friday Fri",
            ),
            ("hh h HH H AA aa mm m ss s", "2031-03-07T04:05:09Z", "04 4 04 4 AM am 05 5 09 9"),
            ("H HH AA", "2031-03-07T12:05:09Z", "12 12 PM"),
            ("H HH AA", "2031-03-07T23:05:09Z", "11 11 PM"),
            ("ZZZZZ ZZZZ ZZZ Z", "2031-03-07T04:05:09-03:30", "-03:30 -0330 -0330 -03:30"),
            ("ZZZZZ ZZZZ ZZZ Z", "2031-03-07T04:05:09+00:00", "+00:00 +0000 UTC Z"),
            ("YYYY YY", "0000-03-07T04:05:09Z", "0000 00"),
            ("[YYYY].é漢", "2031-03-07T04:05:09Z", "[2031].é漢"),
        ] {
            assert_eq!(formatted(layout, time).as_deref(), Ok(expected), "{layout}");
        }
        for layout in ["YYY", "YYYYYYYY", "E", "ZZ", "DDD", "hhh", "A", "Aa", "S", "q", "'x"] {
            assert!(formatted(layout, "2031-03-07T04:05:09Z").is_err(), "{layout}");
        }
    }

    #[test]
    fn quotes_keep_letters() {
        for (layout, expected) in [
            ("'YYYY'", "YYYY"),
            ("'it''s' h", "it's 4"),
            ("''", "'"),
            ("''''", "''"),
            ("''''''", "'''"),
            ("'a'''", "a'"),
            ("'''a'", "'a"),
            ("h'a''b'h", "4a'b4"),
            ("h''h", "4'4"),
            ("''''h", "''4"),
            ("'a''", "a'"),
            ("'a'''h", "a'4"),
        ] {
            assert_eq!(formatted(layout, "2031-03-07T04:05:09Z").as_deref(), Ok(expected), "{layout}");
        }
        for layout in ["'", "'''", "'''''", "'a''h", "''''h'"] {
            assert!(formatted(layout, "2031-03-07T04:05:09Z").is_err(), "{layout}");
        }
    }
}
