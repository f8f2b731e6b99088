//! Text as it stands in a file, to text as it is meant.

use super::super::scan::Token;
use super::super::source::Span;
use super::Parser;

impl Parser<'_> {
    /// The text of a literal token: escapes of quoted strings resolved, doubled template signs made single.
    pub(super) fn unescaped(&mut self, token: Token, quoted: bool) -> String {
        let raw = self.token_text(token);
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw.char_indices().peekable();
        while let Some((at, letter)) = rest.next() {
            match letter {
                '$' | '%' if raw[at + 1..].starts_with(letter) && raw[at + 2..].starts_with('{') => {
                    text.push(letter);
                    rest.next();
                }
                '\\' if quoted => {
                    let Some((_, selector)) = rest.next() else {
                        self.bad_escape(
                            token,
                            at,
                            raw.len(),
                            "A backslash must be followed by an escape sequence selector.",
                        );
                        break;
                    };
                    let simple = match selector {
                        'n' => Some('\n'),
                        'r' => Some('\r'),
                        't' => Some('\t'),
                        '"' => Some('"'),
                        '\\' => Some('\\'),
                        _ => None,
                    };
                    if let Some(letter) = simple {
                        text.push(letter);
                        continue;
                    }
                    let digits = match selector {
                        'u' => 4,
                        'U' => 8,
                        other => {
                            let detail = format!(
                                "The symbol {:?} is not a valid escape sequence selector.",
                                other.to_string()
                            );
                            self.bad_escape(token, at, at + 1 + other.len_utf8(), &detail);
                            text.push(other);
                            continue;
                        }
                    };
                    let mut hex = String::new();
                    while hex.len() < digits
                        && let Some((_, digit)) = rest.next_if(|(_, digit)| digit.is_ascii_hexdigit())
                    {
                        hex.push(digit);
                    }
                    let end = at + 2 + hex.len();
                    if hex.len() < digits {
                        let detail = format!(
                            "The \\{selector} escape sequence must be followed by {digits} hexadecimal digits."
                        );
                        self.bad_escape(token, at, end, &detail);
                        continue;
                    }
                    match u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32) {
                        Some(letter) => text.push(letter),
                        None => {
                            let detail = format!("\\{selector}{hex} is not a Unicode character.");
                            self.bad_escape(token, at, end, &detail);
                        }
                    }
                }
                other => text.push(other),
            }
        }
        text
    }

    fn bad_escape(&mut self, token: Token, start: usize, end: usize, detail: &str) {
        let base = token.start as usize;
        let span = Span::new(self.source, base + start, base + end);
        self.error("Invalid escape sequence", detail, span);
    }
}
