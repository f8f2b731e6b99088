//! From text to tokens.
//!
//! The tokens follow each other as they stand in the file: comments, line ends and the insides of templates are
//! tokens like any other, only blanks and tabs between tokens are not. So the formatter can work on the same
//! tokens as the parser. Token boundaries are the reference's, because its diagnostics point at tokens.

use unicode_normalization::char::is_combining_mark;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    Identifier,
    Number,
    /// `"` that opens a string.
    OpenQuote,
    CloseQuote,
    /// Text inside a quoted string.
    QuotedText,
    /// `<<EOT` or `<<-EOT` with its line end.
    OpenHeredoc,
    /// The marker that ends a heredoc, with the blanks before it.
    CloseHeredoc,
    /// One line (or the part of one between templates) inside a heredoc, or text of a template file.
    Text,
    /// `${` or `${~`
    Interpolation,
    /// `%{` or `%{~`
    Control,
    /// `}` or `~}` that ends a template sequence.
    SequenceEnd,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    OpenParen,
    CloseParen,
    Equal,
    EqualEqual,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    And,
    Or,
    Not,
    Question,
    Colon,
    DoubleColon,
    Comma,
    Dot,
    Ellipsis,
    FatArrow,
    Newline,
    /// With its line end, if it is a `#` or `//` comment.
    Comment,
    // What the language does not have, kept apart for its messages.
    BitAnd,
    BitOr,
    BitNot,
    BitXor,
    Apostrophe,
    Backtick,
    Semicolon,
    /// A line end inside a quoted string.
    QuotedNewline,
    BadUtf8,
    Invalid,
    End,
}

/// A token: its kind and the bytes it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub start: u32,
    pub end: u32,
}

impl Token {
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start as usize..self.end as usize]
    }
}

/// What the scanner is inside of.
enum Mode {
    /// Expressions and blocks; how many braces are open since a template sequence began.
    Normal {
        braces: usize,
        in_template: bool,
    },
    Quoted,
    Heredoc {
        marker: String,
    },
    /// The text of a template file.
    Template,
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    tokens: Vec<Token>,
    modes: Vec<Mode>,
}

/// Tokens of a file or an expression. The last one is [`TokenKind::End`].
pub fn scan(text: &str) -> Vec<Token> {
    Scanner::new(text, Mode::Normal { braces: 0, in_template: false }).run()
}

/// Tokens of what begins at an offset: an expression, or a template.
pub fn scan_from(text: &str, at: usize, template: bool) -> Vec<Token> {
    let mode = if template { Mode::Template } else { Mode::Normal { braces: 0, in_template: false } };
    Scanner { at, ..Scanner::new(text, mode) }.run()
}

/// Tokens of a template file, whose outermost level is text.
pub fn scan_template(text: &str) -> Vec<Token> {
    Scanner::new(text, Mode::Template).run()
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str, mode: Mode) -> Scanner<'t> {
        Scanner {
            text,
            bytes: text.as_bytes(),
            at: 0,
            tokens: Vec::with_capacity(text.len() / 4),
            modes: vec![mode],
        }
    }

    fn run(mut self) -> Vec<Token> {
        while self.at < self.bytes.len() {
            match self.modes.last() {
                Some(Mode::Quoted) => self.quoted(),
                Some(Mode::Heredoc { marker }) => {
                    let marker = marker.clone();
                    self.heredoc(&marker);
                }
                Some(Mode::Template) => self.template_text(),
                _ => self.normal(),
            }
        }
        let end = self.bytes.len();
        self.push(TokenKind::End, end, end);
        self.tokens
    }

    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.tokens.push(Token { kind, start: start as u32, end: end as u32 });
        self.at = end;
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn starts_with(&self, prefix: &str) -> bool {
        self.bytes[self.at..].starts_with(prefix.as_bytes())
    }

    /// The length of a line end at an offset: 1, 2 or none.
    fn newline_at(&self, at: usize) -> Option<usize> {
        match (self.bytes.get(at), self.bytes.get(at + 1)) {
            (Some(b'\n'), _) => Some(1),
            (Some(b'\r'), Some(b'\n')) => Some(2),
            _ => None,
        }
    }

    fn normal(&mut self) {
        let start = self.at;
        let byte = self.bytes[start];
        if byte == b' ' || byte == b'\t' {
            self.at += 1;
            return;
        }
        if let Some(length) = self.newline_at(start) {
            return self.push(TokenKind::Newline, start, start + length);
        }
        if byte == b'#' || self.starts_with("//") {
            let end = self.bytes[start..].iter().position(|byte| *byte == b'\n');
            let end = end.map_or(self.bytes.len(), |at| start + at + 1);
            return self.push(TokenKind::Comment, start, end);
        }
        if self.starts_with("/*")
            && let Some(length) = self.text[start + 2..].find("*/")
        {
            return self.push(TokenKind::Comment, start, start + 2 + length + 2);
        }
        if byte.is_ascii_digit() {
            return self.number();
        }
        if byte == b'"' {
            self.modes.push(Mode::Quoted);
            return self.push(TokenKind::OpenQuote, start, start + 1);
        }
        if self.starts_with("<<") && self.heredoc_start() {
            return;
        }
        if self.brace(byte) {
            return;
        }
        if let Some((kind, length)) = self.operator() {
            return self.push(kind, start, start + length);
        }
        let Some(letter) = self.text[start..].chars().next() else { return };
        if is_identifier_start(letter) {
            let rest = &self.text[start..];
            let end = rest.find(|letter| !is_identifier_continue(letter)).unwrap_or(rest.len());
            return self.push(TokenKind::Identifier, start, start + end);
        }
        // What file::read puts in the place of bytes that are not UTF-8.
        let kind = if letter == '\u{fffd}' { TokenKind::BadUtf8 } else { TokenKind::Invalid };
        self.push(kind, start, start + letter.len_utf8());
    }

    fn number(&mut self) {
        let start = self.at;
        let digits = |from: usize| self.bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = start + digits(start);
        if self.bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if matches!(self.bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.bytes.get(end + 1), Some(b'+' | b'-')));
            let count = digits((end + 1 + sign).min(self.bytes.len()));
            if count > 0 {
                end += 1 + sign + count;
            }
        }
        self.push(TokenKind::Number, start, end);
    }

    /// `<<NAME` or `<<-NAME` and a line end; anything else is two less-than signs.
    fn heredoc_start(&mut self) -> bool {
        let start = self.at;
        let mut at = start + 2;
        if self.bytes.get(at) == Some(&b'-') {
            at += 1;
        }
        let rest = &self.text[at..];
        if !rest.chars().next().is_some_and(is_identifier_start) {
            return false;
        }
        let length = rest.find(|letter| !is_identifier_continue(letter)).unwrap_or(rest.len());
        let marker = rest[..length].to_owned();
        let Some(newline) = self.newline_at(at + length) else { return false };
        self.modes.push(Mode::Heredoc { marker });
        self.push(TokenKind::OpenHeredoc, start, at + length + newline);
        true
    }

    /// Braces, and the end of a template sequence.
    fn brace(&mut self, byte: u8) -> bool {
        let start = self.at;
        let Some(Mode::Normal { braces, in_template }) = self.modes.last_mut() else { return false };
        match byte {
            b'{' => {
                *braces += 1;
                self.push(TokenKind::OpenBrace, start, start + 1);
            }
            b'}' if *braces == 0 && *in_template => {
                self.modes.pop();
                self.push(TokenKind::SequenceEnd, start, start + 1);
            }
            b'}' => {
                *braces = braces.saturating_sub(1);
                self.push(TokenKind::CloseBrace, start, start + 1);
            }
            b'~' if *braces == 0 && *in_template && self.bytes.get(start + 1) == Some(&b'}') => {
                self.modes.pop();
                self.push(TokenKind::SequenceEnd, start, start + 2);
            }
            _ => return false,
        }
        true
    }

    fn operator(&self) -> Option<(TokenKind, usize)> {
        use TokenKind as T;
        let three = self.starts_with("...");
        if three {
            return Some((T::Ellipsis, 3));
        }
        let two = match (self.peek(0), self.peek(1)) {
            (b'=', b'=') => Some(T::EqualEqual),
            (b'=', b'>') => Some(T::FatArrow),
            (b'!', b'=') => Some(T::NotEqual),
            (b'>', b'=') => Some(T::GreaterEqual),
            (b'<', b'=') => Some(T::LessEqual),
            (b'&', b'&') => Some(T::And),
            (b'|', b'|') => Some(T::Or),
            (b':', b':') => Some(T::DoubleColon),
            _ => None,
        };
        if let Some(kind) = two {
            return Some((kind, 2));
        }
        let one = match self.peek(0) {
            b'[' => T::OpenBracket,
            b']' => T::CloseBracket,
            b'(' => T::OpenParen,
            b')' => T::CloseParen,
            b'=' => T::Equal,
            b'>' => T::Greater,
            b'<' => T::Less,
            b'+' => T::Plus,
            b'-' => T::Minus,
            b'*' => T::Star,
            b'/' => T::Slash,
            b'%' => T::Percent,
            b'!' => T::Not,
            b'?' => T::Question,
            b':' => T::Colon,
            b',' => T::Comma,
            b'.' => T::Dot,
            b'&' => T::BitAnd,
            b'|' => T::BitOr,
            b'~' => T::BitNot,
            b'^' => T::BitXor,
            b'\'' => T::Apostrophe,
            b'`' => T::Backtick,
            b';' => T::Semicolon,
            _ => return None,
        };
        Some((one, 1))
    }

    /// `${`, `%{`, and the same with `~`, unless the dollar or percent sign is doubled.
    fn sequence_start(&mut self) -> bool {
        let start = self.at;
        let kind = match self.bytes[start] {
            b'$' => TokenKind::Interpolation,
            b'%' => TokenKind::Control,
            _ => return false,
        };
        if self.bytes.get(start + 1) != Some(&b'{') {
            return false;
        }
        let length = if self.bytes.get(start + 2) == Some(&b'~') { 3 } else { 2 };
        self.modes.push(Mode::Normal { braces: 0, in_template: true });
        self.push(kind, start, start + length);
        true
    }

    /// The end of literal text from an offset: the next template sequence or whatever `stop` says.
    fn literal_end(&self, from: usize, stop: impl Fn(&Self, usize) -> bool) -> usize {
        let mut at = from;
        while at < self.bytes.len() {
            if stop(self, at) {
                break;
            }
            let sign = self.bytes[at];
            if sign == b'$' || sign == b'%' {
                if self.bytes.get(at + 1) == Some(&sign) && self.bytes.get(at + 2) == Some(&b'{') {
                    at += 3;
                    continue;
                }
                if self.bytes.get(at + 1) == Some(&b'{') {
                    break;
                }
            }
            at += 1;
        }
        at
    }

    fn quoted(&mut self) {
        let start = self.at;
        if self.bytes[start] == b'"' {
            self.modes.pop();
            return self.push(TokenKind::CloseQuote, start, start + 1);
        }
        if let Some(length) = self.newline_at(start) {
            return self.push(TokenKind::QuotedNewline, start, start + length);
        }
        if self.sequence_start() {
            return;
        }
        let mut at = start;
        while at < self.bytes.len() {
            if self.bytes[at] == b'\\' && at + 1 < self.bytes.len() && self.newline_at(at + 1).is_none() {
                at += 2;
                continue;
            }
            let end = self.literal_end(at, |this, at| {
                matches!(this.bytes[at], b'"' | b'\\') || this.newline_at(at).is_some()
            });
            if end == at && self.bytes[at] == b'\\' {
                at += 1;
                continue;
            }
            at = end;
            if at >= self.bytes.len() || self.bytes[at] != b'\\' {
                break;
            }
        }
        // A backslash before a letter of several bytes covers all of it.
        while at < self.bytes.len() && !self.text.is_char_boundary(at) {
            at += 1;
        }
        self.push(TokenKind::QuotedText, start, at);
    }

    fn heredoc(&mut self, marker: &str) {
        let start = self.at;
        let at_line_start = start == 0 || self.bytes[start - 1] == b'\n';
        if at_line_start {
            let line_end = self.bytes[start..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(self.bytes.len(), |at| start + at);
            let line = &self.text[start..line_end];
            if line.trim() == marker {
                let end = start + line.strip_suffix('\r').unwrap_or(line).len();
                // A marker that the file ends right behind, without a line end, does not count.
                if line_end < self.bytes.len() {
                    self.modes.pop();
                    return self.push(TokenKind::CloseHeredoc, start, end);
                }
            }
        }
        if self.sequence_start() {
            return;
        }
        if self.is_lone_return(start) {
            return self.push(TokenKind::Invalid, start, start + 1);
        }
        let end = self.literal_end(start, |this, at| {
            at > start && this.bytes[at - 1] == b'\n' || this.is_lone_return(at)
        });
        self.push(TokenKind::Text, start, end);
    }

    /// A carriage return that ends no line, which the language has no use for outside template files.
    fn is_lone_return(&self, at: usize) -> bool {
        self.bytes[at] == b'\r' && self.bytes.get(at + 1) != Some(&b'\n')
    }

    /// Literal text up to a template sequence, or to the end of its line: a `~` trims no further than that.
    fn template_text(&mut self) {
        if self.sequence_start() {
            return;
        }
        let start = self.at;
        let end = self.literal_end(start, |this, at| at > start && this.bytes[at - 1] == b'\n');
        self.push(TokenKind::Text, start, end);
    }
}

/// Whether a name can begin with it (Unicode Standard Annex 31, and the underscore).
pub fn is_identifier_start(letter: char) -> bool {
    letter.is_alphabetic() && !is_combining_mark(letter) || letter == '_'
}

/// Whether a name can go on with it: as Annex 31, and the dash.
pub fn is_identifier_continue(letter: char) -> bool {
    letter.is_alphanumeric() && (!letter.is_numeric() || is_decimal_digit(letter) || letter.is_alphabetic())
        || letter == '_'
        || letter == '-'
        || is_combining_mark(letter)
}

fn is_decimal_digit(letter: char) -> bool {
    letter.is_ascii_digit() || !letter.is_ascii() && letter.is_numeric()
}
