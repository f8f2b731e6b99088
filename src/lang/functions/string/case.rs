//! Upper, lower and title case as the reference has them: letter by letter, each letter becoming one letter,
//! whatever stands around it, as of Unicode 15.0.

/// `ß` stays as it is, because its upper case would be two letters.
pub fn upper(text: &str) -> String {
    text.chars().map(upper_letter).collect()
}

pub fn lower(text: &str) -> String {
    text.chars().map(lower_letter).collect()
}

/// The first letter of each word in title case, the others as they are.
pub fn title(text: &str) -> String {
    let mut before = ' ';
    text.chars()
        .map(|letter| {
            let after = std::mem::replace(&mut before, letter);
            if is_separator(after) { title_letter(letter) } else { letter }
        })
        .collect()
}

fn is_separator(letter: char) -> bool {
    if letter.is_ascii() {
        return !letter.is_ascii_alphanumeric() && letter != '_';
    }
    letter.is_whitespace()
}

fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    let first = letters.next()?;
    letters.next().is_none().then_some(first)
}

/// Letters that have a case only since Unicode 16.0 or 17.0, or whose other case has been added since.
fn is_new(letter: char) -> bool {
    matches!(letter as u32,
        0x19b | 0x264 | 0x1c89 | 0x1c8a | 0xa7cb..=0xa7cf | 0xa7d2..=0xa7d5 | 0xa7da..=0xa7dc
        | 0x10d50..=0x10d65 | 0x10d70..=0x10d85 | 0x16ea0..=0x16ed3)
}

fn upper_letter(letter: char) -> char {
    if is_new(letter) {
        return letter;
    }
    single(letter.to_uppercase()).unwrap_or_else(|| with_iota(letter))
}

/// Greek vowels with an iota below have one letter for both written large, besides the two that are their full upper
/// case.
fn with_iota(letter: char) -> char {
    let code = letter as u32;
    let large = match code {
        0x1f80..=0x1faf if code & 8 == 0 => code + 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => code + 9,
        _ => code,
    };
    char::from_u32(large).unwrap_or(letter)
}

fn lower_letter(letter: char) -> char {
    if is_new(letter) {
        return letter;
    }
    // Only the I with a dot has a lower case of two letters.
    single(letter.to_lowercase()).unwrap_or('i')
}

fn title_letter(letter: char) -> char {
    match letter as u32 {
        // The digraphs of two letters, of which only the first becomes large.
        0x1c4..=0x1c6 => '\u{1c5}',
        0x1c7..=0x1c9 => '\u{1c8}',
        0x1ca..=0x1cc => '\u{1cb}',
        0x1f1..=0x1f3 => '\u{1f2}',
        // Georgian has upper case only for whole words.
        0x10d0..=0x10fa | 0x10fd..=0x10ff => letter,
        _ => upper_letter(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Terraform 1.11.4 answers.
    #[test]
    fn letters_stay_one_letter() {
        assert_eq!(
            upper("straße \u{fb01}\u{149}\u{1f80}\u{1fb3}\u{1f88}"),
            "STRAßE \u{fb01}\u{149}\u{1f88}\u{1fbc}\u{1f88}"
        );
        assert_eq!(lower("\u{130}\u{1e9e}ΣΑΣ"), "i\u{df}σασ");
        assert_eq!(upper("\u{131}ſ\u{264}"), "IS\u{264}");
    }

    #[test]
    fn words_are_separated_by_spaces_and_ascii_punctuation() {
        assert_eq!(
            title("o'neil snake_case a-b \u{1c6}x“y\u{2003}z"),
            "O'Neil Snake_case A-B \u{1c5}x“y\u{2003}Z"
        );
        assert_eq!(title("\u{10d0} ééa"), "\u{10d0} Ééa");
    }
}
