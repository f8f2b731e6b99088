//! Letters as people count them.

use unicode_segmentation::UnicodeSegmentation;

/// The extended grapheme clusters of a text, as of Unicode 15.0, which the reference counts by. Since 15.1 Indic
/// conjuncts are one cluster (rule GB9c); here they still fall apart before each consonant.
pub fn graphemes(text: &str) -> impl Iterator<Item = &str> {
    text.graphemes(true).flat_map(|cluster| Parts { rest: cluster })
}

struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let mut end = self.rest.len();
        if !self.rest.is_ascii() {
            let mut before = None;
            for (at, letter) in self.rest.char_indices() {
                if before.is_some_and(|before| is_conjunct_consonant(letter) && !is_prepended(before)) {
                    end = at;
                    break;
                }
                before = Some(letter);
            }
        }
        let (part, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(part)
    }
}

fn is_one_cluster(letters: &[char]) -> bool {
    let text: String = letters.iter().collect();
    text.graphemes(true).nth(1).is_none()
}

/// Whether a letter joins a consonant before it when a virama stands between them, and only then.
fn is_conjunct_consonant(letter: char) -> bool {
    const KA: char = '\u{915}';
    const VIRAMA: char = '\u{94d}';
    letter.is_alphabetic() && is_one_cluster(&[KA, VIRAMA, letter]) && !is_one_cluster(&[KA, letter])
}

/// Whether a letter forms a cluster with whatever comes after it.
fn is_prepended(letter: char) -> bool {
    is_one_cluster(&[letter, 'a'])
}

/// The start of a text that stays as it is whatever is appended: without the last letter, unless that is one that
/// nothing can combine with.
pub fn settled(prefix: &str) -> &str {
    let Some(last) = prefix.chars().next_back() else { return prefix };
    let settles = matches!(last, ' ' | '\t') || last.is_ascii_punctuation() && !"<=>`".contains(last);
    if settles {
        return prefix;
    }
    let length = graphemes(prefix).last().map_or(0, str::len);
    &prefix[..prefix.len() - length]
}

#[cfg(test)]
mod tests {
    use super::*;

    // As far as startswith answers for a template that ends in something unknown in Terraform 1.11.4.
    #[test]
    fn a_letter_at_the_end_is_not_settled() {
        for (prefix, expected) in [
            ("", ""),
            ("abc", "ab"),
            ("abc-", "abc-"),
            ("a=", "a"),
            ("\u{e9}\u{301}", ""),
            ("a\n", "a"),
            ("{", "{"),
        ] {
            assert_eq!(settled(prefix), expected);
        }
    }

    // The counts are what length answers in Terraform 1.11.4.
    #[test]
    fn clusters_are_those_of_the_reference() {
        for (text, count) in [
            ("abc", 3),
            ("\r\n", 1),
            ("\t\u{301}", 2),
            ("Z\u{351}\u{36b}\u{343}algo", 5),
            ("\u{1F1EB}\u{1F1F7}\u{1F1E9}", 2),
            ("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}", 2),
            ("\u{1F9D1}\u{1F3FB}\u{200d}\u{1F384}", 1),
            ("\u{0e01}\u{0e33}", 1),
            ("\u{600}\u{915}", 1),
            ("\u{915}\u{94d}\u{937}\u{93f}", 2),
            ("\u{915}\u{94d}\u{200d}\u{937}", 2),
            ("\u{d15}\u{d4d}\u{d37}", 2),
        ] {
            assert_eq!(graphemes(text).count(), count, "{}", text.escape_unicode());
            assert_eq!(graphemes(text).collect::<String>(), text);
        }
    }
}
