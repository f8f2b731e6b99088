//! The verbs of a format text, and how each writes a value.

use super::super::super::json;
use super::super::super::number::{Form, Number};
use super::super::super::text::graphemes;
use super::super::super::types::Type;
use super::super::super::value::{Kind, Value};

/// Widths and precisions beyond this are mistakes.
const WIDEST: usize = 1_000_000;

pub enum Piece<'a> {
    Text(&'a str),
    Verb(Verb<'a>),
}

/// `%[flags][width][.precision][[argument]]letter`
pub struct Verb<'a> {
    pub source: &'a str,
    /// Where it begins in the text, in bytes.
    pub offset: usize,
    letter: char,
    zero: bool,
    sharp: bool,
    minus: bool,
    space: bool,
    plus: bool,
    width: Option<usize>,
    /// What comes after a point; nothing may.
    precision: Option<Option<usize>>,
    /// The argument that it names, counted from 0.
    pub argument: Option<usize>,
}

/// Takes a format text apart.
pub fn pieces(text: &str) -> impl Iterator<Item = Result<Piece<'_>, String>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        if rest.starts_with("%%") {
            at += 2;
            return Some(Ok(Piece::Text("%")));
        }
        if !rest.starts_with('%') {
            let end = rest.find('%').unwrap_or(rest.len());
            at += end;
            return Some(Ok(Piece::Text(&rest[..end])));
        }
        let parsed = parse(text, at);
        at = match &parsed {
            Ok(verb) => at + verb.source.len(),
            Err(_) => text.len(),
        };
        Some(parsed.map(Piece::Verb))
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip(&mut self, letter: char) -> bool {
        let found = self.peek() == Some(letter);
        if found {
            self.at += letter.len_utf8();
        }
        found
    }

    /// A number, if there are digits.
    fn number(&mut self) -> Result<Option<usize>, String> {
        let rest = &self.text[self.at..];
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let digits = &rest[..end];
        if digits.is_empty() {
            return Ok(None);
        }
        match digits.parse() {
            Ok(number) if number <= WIDEST => {
                self.at += end;
                Ok(Some(number))
            }
            _ => Err(format!("the number at offset {} of the format string is over {WIDEST}", self.at)),
        }
    }

    fn unexpected<T>(&self) -> Result<T, String> {
        Err(match self.peek() {
            Some(letter) => format!("unrecognized format character {letter:?} at offset {}", self.at),
            None => format!("invalid format string starting at offset {}", self.at),
        })
    }
}

fn parse(text: &str, offset: usize) -> Result<Verb<'_>, String> {
    let mut reader = Reader { text, at: offset + 1 };
    let (mut zero, mut sharp, mut minus, mut space, mut plus) = (false, false, false, false, false);
    loop {
        match reader.peek() {
            Some('0') => zero = true,
            Some('#') => sharp = true,
            Some('-') => minus = true,
            Some(' ') => space = true,
            Some('+') => plus = true,
            _ => break,
        }
        reader.at += 1;
    }
    let width = reader.number()?;
    let precision = if reader.skip('.') { Some(reader.number()?) } else { None };
    let argument = if reader.skip('[') {
        match reader.number()? {
            Some(0) => return Err(format!("there is no argument 0, as asked for at offset {offset}")),
            Some(number) if reader.skip(']') => Some(number - 1),
            _ => return reader.unexpected(),
        }
    } else {
        None
    };
    let Some(letter) = reader.peek().filter(char::is_ascii_alphabetic) else { return reader.unexpected() };
    let source = &text[offset..reader.at + 1];
    Ok(Verb { source, offset, letter, zero, sharp, minus, space, plus, width, precision, argument })
}

impl Verb<'_> {
    /// Writes a wholly known value.
    pub fn write(&self, value: &Value, written: &mut String) -> Result<(), String> {
        if self.letter != 'v' && value.is_null() {
            return Err(self.unsupported("null value cannot be formatted"));
        }
        match self.letter {
            'v' => self.write_any(value, written)?,
            't' => {
                let value = self.converted(value, &Type::Bool)?.as_bool().unwrap_or_default();
                written.push_str(if value { "true" } else { "false" });
            }
            'b' | 'd' | 'o' | 'x' | 'X' => self.write_integer(&self.number(value)?, written)?,
            'e' | 'E' | 'f' | 'g' | 'G' => self.write_float(&self.number(value)?, written),
            's' | 'q' => {
                let value = self.converted(value, &Type::String)?;
                let whole = value.as_str().unwrap_or_default();
                let text: String = match self.precision {
                    Some(Some(count)) => graphemes(whole).take(count).collect(),
                    _ => whole.to_owned(),
                };
                if self.letter == 's' {
                    self.pad(&text, written);
                } else {
                    let mut quoted = String::with_capacity(text.len() + 2);
                    json::write_string(&mut quoted, &text);
                    self.pad(&quoted, written);
                }
            }
            letter => {
                let (source, offset) = (self.source, self.offset);
                return Err(format!("unsupported format verb {letter:?} in {source:?} at offset {offset}"));
            }
        }
        Ok(())
    }

    fn unsupported(&self, reason: &str) -> String {
        format!("unsupported value for {:?} at {}: {reason}", self.source, self.offset)
    }

    fn converted(&self, value: &Value, ty: &Type) -> Result<Value, String> {
        value.convert(ty).map_err(|error| self.unsupported(&error.to_string()))
    }

    fn number(&self, value: &Value) -> Result<Number, String> {
        let value = self.converted(value, &Type::Number)?;
        Ok(value.as_number().cloned().unwrap_or(Number::ZERO))
    }

    /// `%v`: strings and numbers as they are, anything else, and with `#` anything, as JSON.
    fn write_any(&self, value: &Value, written: &mut String) -> Result<(), String> {
        match &value.kind {
            Kind::String(text) if !self.sharp => self.pad(text, written),
            Kind::Number(number) if !self.sharp => self.pad(&number.format(Form::General, None), written),
            _ => {
                let text = json::to_json_text(value).map_err(|error| self.unsupported(&error.to_string()))?;
                self.pad(&text, written);
            }
        }
        Ok(())
    }

    /// Brings a text to the width, counted in letters that people see.
    fn pad(&self, text: &str, written: &mut String) {
        let missing = self.width.map_or(0, |width| width.saturating_sub(graphemes(text).count()));
        let padding = std::iter::repeat_n(if self.zero { '0' } else { ' ' }, missing);
        if self.minus {
            written.push_str(text);
            written.extend(padding);
        } else {
            written.extend(padding);
            written.push_str(text);
        }
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        }
    }

    fn write_integer(&self, number: &Number, written: &mut String) -> Result<(), String> {
        let integer = number.to_integer().ok_or_else(|| self.unsupported("an integer is required"))?;
        let (base, prefix) = match self.letter {
            'b' => (2, "0b"),
            'o' => (8, "0"),
            'x' => (16, "0x"),
            'X' => (16, "0X"),
            _ => (10, ""),
        };
        let (sign, magnitude) = integer.into_parts();
        let sign = self.sign(sign == dashu_base::Sign::Negative && !magnitude.is_zero());
        let prefix = if self.sharp { prefix } else { "" };
        let mut digits = magnitude.in_radix(base).to_string();
        if self.letter == 'X' {
            digits.make_ascii_uppercase();
        }
        let mut zeros = 0;
        if let Some(precision) = self.precision.map(Option::unwrap_or_default) {
            // Zero with no digits is nothing at all, not even padding.
            if precision == 0 && magnitude.is_zero() {
                return Ok(());
            }
            zeros = precision.saturating_sub(digits.len());
        }
        let length = sign.len() + prefix.len() + zeros + digits.len();
        let missing = self.width.map_or(0, |width| width.saturating_sub(length));
        let (mut before, mut after) = (0, 0);
        match (self.minus, self.zero && self.precision.is_none()) {
            (true, _) => after = missing,
            (_, true) => zeros = missing,
            _ => before = missing,
        }
        written.extend(std::iter::repeat_n(' ', before));
        written.push_str(sign);
        written.push_str(prefix);
        written.extend(std::iter::repeat_n('0', zeros));
        written.push_str(&digits);
        written.extend(std::iter::repeat_n(' ', after));
        Ok(())
    }

    fn write_float(&self, number: &Number, written: &mut String) {
        let precision = self.precision.map(Option::unwrap_or_default);
        let mut text = match self.letter {
            'e' | 'E' => number.format(Form::Exponent, precision.or(Some(6))),
            'f' => number.format(Form::Point, precision.or(Some(6))),
            _ => number.format(Form::General, precision),
        };
        if matches!(self.letter, 'E' | 'G') && !text.ends_with("Inf") {
            text.make_ascii_uppercase();
        }
        let (sign, digits, infinite) = match text.split_at_checked(1) {
            Some(("-", digits)) => ("-", digits, digits == "Inf"),
            Some(("+", digits)) => (if self.space { " " } else { "+" }, digits, true),
            _ => (self.sign(false), text.as_str(), false),
        };
        let missing = self.width.map_or(0, |width| width.saturating_sub(sign.len() + digits.len()));
        let (mut before, mut zeros, mut after) = (0, 0, 0);
        match (self.zero && !infinite, self.minus) {
            (true, _) => zeros = missing,
            (_, true) => after = missing,
            _ => before = missing,
        }
        written.extend(std::iter::repeat_n(' ', before));
        written.push_str(sign);
        written.extend(std::iter::repeat_n('0', zeros));
        written.push_str(digits);
        written.extend(std::iter::repeat_n(' ', after));
    }
}
