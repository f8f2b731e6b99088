//! RE2's syntax of regular expressions, as the reference accepts it, brought into the regex crate's. The two differ
//! in what is an error (RE2 knows no `a**`, no `\p{Letter}` and no repetition over 1000), in what is a literal
//! (`a{,2}`, `[a&&b]`) and in what stands for more than ASCII (`\d`, `\s`, `\w` and `\b` do not in RE2). So a pattern is
//! parsed here, and every piece written anew with its flags beside it.

use std::fmt::{self, Write};

use super::class;

/// How often something may be repeated, nested repetitions multiplied.
const MOST_REPEATED: u32 = 1000;
/// How deep groups and repetitions may nest: what compiles a pattern calls itself as often.
pub const DEEPEST: usize = 200;

/// Why a pattern is refused, and the piece of it that is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    problem: &'static str,
    piece: String,
}

impl PatternError {
    fn new(problem: &'static str, piece: &str) -> PatternError {
        PatternError { problem, piece: piece.to_owned() }
    }

    pub fn too_large(pattern: &str) -> PatternError {
        PatternError::new("expression too large", pattern)
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid regexp pattern: {} in {}", self.problem, self.piece)
    }
}

impl std::error::Error for PatternError {}

/// A pattern of the regex crate. Its groups have no names; `groups` has them in order.
#[derive(Debug)]
pub struct Translated {
    pub pattern: String,
    pub groups: Vec<Option<String>>,
}

pub fn translate(pattern: &str) -> Result<Translated, PatternError> {
    let mut parser = Parser { whole: pattern, rest: pattern, flags: Flags::default(), groups: Vec::new() };
    let translated = parser.alternation(0)?;
    if !parser.rest.is_empty() {
        return Err(PatternError::new("unexpected )", pattern));
    }
    Ok(Translated { pattern: translated.text, groups: parser.groups })
}

/// `i`, `m`, `s` and `U`.
#[derive(Clone, Copy, Default)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_all: bool,
    swap_greed: bool,
}

/// A piece that has been translated.
struct Piece {
    text: String,
    /// How often what is in it is repeated at most.
    repeated: u32,
    /// How many groups and repetitions are within each other in it.
    depth: usize,
}

impl Piece {
    fn plain(text: impl Into<String>) -> Piece {
        Piece { text: text.into(), repeated: 0, depth: 0 }
    }
}

struct Parser<'a> {
    whole: &'a str,
    rest: &'a str,
    flags: Flags,
    groups: Vec<Option<String>>,
}

impl<'a> Parser<'a> {
    fn take(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next()?;
        self.rest = letters.as_str();
        Some(letter)
    }

    fn skip(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// What has been read since `from`, which was the rest.
    fn since(&self, from: &'a str) -> &'a str {
        &from[..from.len() - self.rest.len()]
    }

    fn too_deep(&self) -> PatternError {
        PatternError::new("expression nests too deeply", self.whole)
    }

    /// Alternatives, to the end of the pattern or of the group.
    fn alternation(&mut self, depth: usize) -> Result<Piece, PatternError> {
        if depth > DEEPEST {
            return Err(self.too_deep());
        }
        let outer = self.flags;
        let mut all = self.sequence(depth)?;
        while self.skip("|") {
            let next = self.sequence(depth)?;
            all.text.push('|');
            all.text.push_str(&next.text);
            all.repeated = all.repeated.max(next.repeated);
            all.depth = all.depth.max(next.depth);
        }
        self.flags = outer;
        Ok(all)
    }

    fn sequence(&mut self, depth: usize) -> Result<Piece, PatternError> {
        let mut pieces: Vec<Piece> = Vec::new();
        // Where the repetition began that has just been read.
        let mut repetition: Option<&'a str> = None;
        while let Some(letter) = self.rest.chars().next() {
            let from = self.rest;
            let before = repetition.take();
            match letter {
                '|' | ')' => break,
                '*' | '+' | '?' => {
                    self.take();
                    let count = letter.to_string();
                    self.repeat(&mut pieces, from, before, &count, None)?;
                    repetition = Some(from);
                }
                '{' => match self.bounds(from)? {
                    Some((text, most)) => {
                        self.repeat(&mut pieces, from, before, &text, Some(most))?;
                        repetition = Some(from);
                    }
                    None => {
                        self.take();
                        pieces.push(self.literal('{'));
                    }
                },
                '(' => pieces.extend(self.group(depth)?),
                '[' => pieces.push(self.class()?),
                '\\' => self.escape(&mut pieces)?,
                _ => {
                    self.take();
                    pieces.push(match letter {
                        '^' => Piece::plain(if self.flags.multi_line { "(?m:^)" } else { r"\A" }),
                        '$' => Piece::plain(if self.flags.multi_line { "(?m:$)" } else { r"\z" }),
                        '.' => Piece::plain(if self.flags.dot_all { "(?s:.)" } else { "." }),
                        _ => self.literal(letter),
                    });
                }
            }
        }
        let repeated = pieces.iter().map(|piece| piece.repeated).max().unwrap_or(0);
        let depth = pieces.iter().map(|piece| piece.depth).max().unwrap_or(0);
        Ok(Piece { text: pieces.into_iter().map(|piece| piece.text).collect(), repeated, depth })
    }

    fn literal(&self, letter: char) -> Piece {
        let mut text = String::new();
        push_letter(&mut text, letter);
        self.folded(text)
    }

    /// A piece that depends on case, with the flag that says how.
    fn folded(&self, text: String) -> Piece {
        Piece::plain(if self.flags.fold_case { format!("(?i:{text})") } else { text })
    }

    /// Puts a repetition behind the last piece; `bounded` is how often at most if it is one with numbers.
    fn repeat(
        &mut self,
        pieces: &mut [Piece],
        from: &'a str,
        before: Option<&'a str>,
        count: &str,
        bounded: Option<u32>,
    ) -> Result<(), PatternError> {
        let mut lazy = self.flags.swap_greed;
        if self.skip("?") {
            lazy = !lazy;
        }
        if let Some(before) = before {
            return Err(PatternError::new("invalid nested repetition operator", self.since(before)));
        }
        let Some(piece) = pieces.last_mut() else {
            return Err(PatternError::new("missing argument to repetition operator", self.since(from)));
        };
        piece.repeated = match bounded {
            Some(0) => 0,
            Some(most) => most.saturating_mul(piece.repeated.max(1)),
            None => piece.repeated,
        };
        if piece.repeated > MOST_REPEATED {
            return Err(PatternError::new("invalid repeat count", self.since(from)));
        }
        piece.depth += 1;
        if piece.depth > DEEPEST {
            return Err(self.too_deep());
        }
        piece.text = format!("(?:{}){count}{}", piece.text, if lazy { "?" } else { "" });
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,3}`: its text, and how often something is repeated by it, if it is one; else the brace is a
    /// letter like others.
    fn bounds(&mut self, from: &'a str) -> Result<Option<(String, u32)>, PatternError> {
        let inside = &from[1..];
        let Some((least, rest)) = number(inside) else { return Ok(None) };
        let (most, rest) = match rest.strip_prefix(',') {
            None => (Some(least), rest),
            Some(rest) if rest.starts_with('}') => (None, rest),
            Some(rest) => match number(rest) {
                Some((most, rest)) => (Some(most), rest),
                None => return Ok(None),
            },
        };
        let Some(rest) = rest.strip_prefix('}') else { return Ok(None) };
        self.rest = rest;
        if least > MOST_REPEATED || most.is_some_and(|most| most > MOST_REPEATED || least > most) {
            return Err(PatternError::new("invalid repeat count", self.since(from)));
        }
        let text = match most {
            Some(most) => format!("{{{least},{most}}}"),
            None => format!("{{{least},}}"),
        };
        // None or more is no repetition that multiplies.
        Ok(Some((text, most.unwrap_or(least.max(1)))))
    }

    /// A group; nothing if it only changes the flags.
    fn group(&mut self, depth: usize) -> Result<Option<Piece>, PatternError> {
        let from = self.rest;
        self.take();
        let outer = self.flags;
        let open = if self.rest.starts_with('?') {
            if from.starts_with("(?P<") || from.starts_with("(?<") {
                self.group_name(from)?;
                "("
            } else if self.group_flags(from)? {
                "(?:"
            } else {
                return Ok(None);
            }
        } else {
            self.groups.push(None);
            "("
        };
        let inner = self.alternation(depth + 1)?;
        if !self.skip(")") {
            return Err(PatternError::new("missing closing )", self.whole));
        }
        self.flags = outer;
        let depth = inner.depth + 1;
        if depth > DEEPEST {
            return Err(self.too_deep());
        }
        Ok(Some(Piece { text: format!("{open}{})", inner.text), depth, ..inner }))
    }

    /// The rest of `(?P<name>` or `(?<name>`.
    fn group_name(&mut self, from: &'a str) -> Result<(), PatternError> {
        let problem = "invalid named capture";
        let start = if from.starts_with("(?P<") { 4 } else { 3 };
        let Some(end) = from.find('>') else { return Err(PatternError::new(problem, from)) };
        self.rest = &from[end + 1..];
        let name = &from[start..end];
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(PatternError::new(problem, self.since(from)));
        }
        self.groups.push(Some(name.to_owned()));
        Ok(())
    }

    /// The rest of `(?i)` or `(?i-s:`, whose flags are set. Whether it opens a group.
    fn group_flags(&mut self, from: &'a str) -> Result<bool, PatternError> {
        self.take();
        let mut flags = self.flags;
        let mut on = true;
        let mut complete = true;
        while let Some(letter) = self.take() {
            match letter {
                'i' => flags.fold_case = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_all = on,
                'U' => flags.swap_greed = on,
                '-' if on => {
                    on = false;
                    complete = false;
                    continue;
                }
                ':' | ')' if complete => {
                    self.flags = flags;
                    return Ok(letter == ':');
                }
                _ => break,
            }
            complete = true;
        }
        Err(PatternError::new("invalid or unsupported Perl syntax", self.since(from)))
    }

    /// What a backslash begins outside of a class.
    fn escape(&mut self, pieces: &mut Vec<Piece>) -> Result<(), PatternError> {
        let assertion = match self.rest.as_bytes().get(1) {
            Some(b'A') => r"\A",
            Some(b'z') => r"\z",
            Some(b'b') => r"(?-u:\b)",
            Some(b'B') => r"(?-u:\B)",
            Some(b'Q') => {
                let (quoted, rest) = self.rest[2..].split_once(r"\E").unwrap_or((&self.rest[2..], ""));
                self.rest = rest;
                pieces.extend(quoted.chars().map(|letter| self.literal(letter)));
                return Ok(());
            }
            _ => {
                let piece = match self.named_set()? {
                    Some(set) => self.folded(format!("[{set}]")),
                    None => {
                        let letter = self.escaped_letter()?;
                        self.literal(letter)
                    }
                };
                pieces.push(piece);
                return Ok(());
            }
        };
        self.rest = &self.rest[2..];
        pieces.push(Piece::plain(assertion));
        Ok(())
    }

    /// `\d`, `\pL`, `\P{Greek}`…: a piece of a class, if there is one.
    fn named_set(&mut self) -> Result<Option<String>, PatternError> {
        let from = self.rest;
        let mut letters = from.chars().skip(1);
        let Some(kind) = letters.next() else { return Ok(None) };
        if let Some(set) = class::escape(kind) {
            self.rest = &from[2..];
            return Ok(Some(set.to_owned()));
        }
        if !matches!(kind, 'p' | 'P') {
            return Ok(None);
        }
        let problem = "invalid character class range";
        let name = match letters.next() {
            Some('{') => {
                let Some(end) = from.find('}') else { return Err(PatternError::new(problem, from)) };
                self.rest = &from[end + 1..];
                &from[3..end]
            }
            Some(letter) => {
                self.rest = &from[2 + letter.len_utf8()..];
                &from[2..2 + letter.len_utf8()]
            }
            None => return Err(PatternError::new(problem, from)),
        };
        let (name, opposite) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
        match class::unicode(name, (kind == 'P') != opposite) {
            Some(set) => Ok(Some(set)),
            None => Err(PatternError::new(problem, self.since(from))),
        }
    }

    /// The letter that an escape of one letter stands for.
    fn escaped_letter(&mut self) -> Result<char, PatternError> {
        let from = self.rest;
        self.take();
        let Some(letter) = self.take() else {
            return Err(PatternError::new("trailing backslash at end of expression", self.whole));
        };
        let code = match letter {
            'x' => self.hexadecimal(),
            // A digit other than 0 that stands alone would refer to a group, and that does not exist.
            '1'..='7' if !self.rest.starts_with(|next| matches!(next, '0'..='7')) => None,
            '0'..='7' => {
                let mut code = letter.to_digit(8);
                for _ in 0..2 {
                    let Some(digit) = self.rest.chars().next().and_then(|next| next.to_digit(8)) else {
                        break;
                    };
                    self.take();
                    code = code.map(|code| code * 8 + digit);
                }
                code
            }
            'a' => Some(7),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            _ if letter.is_ascii() && !letter.is_ascii_alphanumeric() => Some(u32::from(letter)),
            _ => None,
        };
        code.and_then(char::from_u32)
            .ok_or_else(|| PatternError::new("invalid escape sequence", self.since(from)))
    }

    /// `41` or `{1F600}` behind `\x`.
    fn hexadecimal(&mut self) -> Option<u32> {
        if !self.skip("{") {
            let (high, low) = (self.take()?.to_digit(16)?, self.take()?.to_digit(16)?);
            return Some(high * 16 + low);
        }
        let mut code: Option<u32> = None;
        loop {
            let letter = self.take()?;
            if letter == '}' {
                return code;
            }
            let next = code.unwrap_or(0) * 16 + letter.to_digit(16)?;
            if next > 0x10_ffff {
                return None;
            }
            code = Some(next);
        }
    }

    /// `[…]`
    fn class(&mut self) -> Result<Piece, PatternError> {
        let from = self.rest;
        self.take();
        let mut set = String::from("[");
        if self.skip("^") {
            set.push('^');
        }
        let mut first = true;
        loop {
            if self.rest.is_empty() {
                return Err(PatternError::new("missing closing ]", from));
            }
            if !first && self.skip("]") {
                break;
            }
            first = false;
            if let Some(named) = self.posix_set()? {
                set.push_str(&named);
                continue;
            }
            if self.rest.starts_with('\\')
                && let Some(named) = self.named_set()?
            {
                set.push_str(&named);
                continue;
            }
            let start = self.rest;
            let low = self.class_letter(from)?;
            push_letter(&mut set, low);
            if self.rest.starts_with('-') && self.rest.len() > 1 && !self.rest.starts_with("-]") {
                self.take();
                let high = self.class_letter(from)?;
                if high < low {
                    return Err(PatternError::new("invalid character class range", self.since(start)));
                }
                set.push('-');
                push_letter(&mut set, high);
            }
        }
        set.push(']');
        Ok(self.folded(set))
    }

    fn class_letter(&mut self, class: &str) -> Result<char, PatternError> {
        if self.rest.starts_with('\\') {
            return self.escaped_letter();
        }
        self.take().ok_or_else(|| PatternError::new("missing closing ]", class))
    }

    /// `[:alpha:]`
    fn posix_set(&mut self) -> Result<Option<String>, PatternError> {
        let Some((name, rest)) = self.rest.strip_prefix("[:").and_then(|inside| inside.split_once(":]"))
        else {
            return Ok(None);
        };
        match class::posix(name) {
            Some(set) => {
                self.rest = rest;
                Ok(Some(set))
            }
            None => Err(PatternError::new("invalid character class range", &self.rest[..name.len() + 4])),
        }
    }
}

/// The number at the start of a text, without needless zeros, and what comes after it.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}

/// Writes a letter so that it can only be that letter.
fn push_letter(text: &mut String, letter: char) {
    if letter.is_ascii_alphanumeric() || !letter.is_ascii() {
        text.push(letter);
    } else {
        // A String takes whatever is written.
        let _ = write!(text, "\\x{:02X}", u32::from(letter));
    }
}
