//! Reading JSON as Go does: strictly, but for half of a surrogate pair, which becomes U+FFFD.

use super::{Document, JsonError};

/// How deep arrays and objects may nest.
const DEEPEST: usize = 500;

pub(super) fn parse(text: &str) -> Result<Document, JsonError> {
    let mut parser = Parser { text, at: 0 };
    let document = parser.value(0)?;
    parser.space();
    if parser.at < text.len() { Err(parser.unexpected("after the value")) } else { Ok(document) }
}

struct Parser<'a> {
    text: &'a str,
    /// Bytes read.
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn error(&self, problem: &str) -> JsonError {
        let line = 1 + self.text[..self.at].matches('\n').count();
        let column = 1 + self.text[..self.at].rsplit('\n').next().unwrap_or_default().chars().count();
        JsonError(format!("{problem} at line {line}, column {column} of the JSON"))
    }

    fn unexpected(&self, place: &str) -> JsonError {
        match self.text[self.at..].chars().next() {
            Some(_) => self.error(&format!("unexpected character {place}")),
            None => JsonError("unexpected end of JSON input".to_owned()),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Document, JsonError> {
        if depth > DEEPEST {
            return Err(self.error("too many values within each other"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Document::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = [
                    ("null", Document::Null),
                    ("true", Document::Bool(true)),
                    ("false", Document::Bool(false)),
                ];
                for (word, document) in words {
                    if self.text[self.at..].starts_with(word) {
                        self.at += word.len();
                        return Ok(document);
                    }
                }
                Err(self.unexpected("at the beginning of a value"))
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Document, JsonError> {
        self.at += 1;
        let mut elements = Vec::new();
        self.space();
        if self.skip(b']') {
            return Ok(Document::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.space();
            if self.skip(b']') {
                return Ok(Document::Array(elements));
            }
            if !self.skip(b',') {
                return Err(self.unexpected("after an element of an array"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Document, JsonError> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.skip(b'}') {
            return Ok(Document::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("where the name of an object's member begins"));
            }
            let name = self.string()?;
            self.space();
            if !self.skip(b':') {
                return Err(self.unexpected("after the name of an object's member"));
            }
            members.push((name, self.value(depth + 1)?));
            self.space();
            if self.skip(b'}') {
                return Ok(Document::Object(members));
            }
            if !self.skip(b',') {
                return Err(self.unexpected("after a member of an object"));
            }
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.unexpected("in a number"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Document, JsonError> {
        let from = self.at;
        self.skip(b'-');
        if !self.skip(b'0') {
            self.digits()?;
        }
        if self.skip(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if !self.skip(b'+') {
                self.skip(b'-');
            }
            self.digits()?;
        }
        Ok(Document::Number(self.text[from..self.at].to_owned()))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain =
                rest.find(|letter| matches!(letter, '"' | '\\' | '\0'..='\u{1f}')).unwrap_or(rest.len());
            string.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    self.at += 1;
                    string.push(self.escape()?);
                }
                _ => return Err(self.unexpected("in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let letter = match self.peek() {
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.code();
            }
            _ => return Err(self.unexpected("in an escape")),
        };
        self.at += 1;
        Ok(letter)
    }

    fn unit(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at..self.at + 4);
        let hexadecimal = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match hexadecimal.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(unit) => {
                self.at += 4;
                Ok(unit)
            }
            None => Err(self.error("an escape without four hexadecimal digits")),
        }
    }

    /// The letter of one `\u` escape, or of two that are a pair.
    fn code(&mut self) -> Result<char, JsonError> {
        let unit = self.unit()?;
        if (0xd800..0xdc00).contains(&unit) && self.text[self.at..].starts_with("\\u") {
            let after = self.at;
            self.at += 2;
            let low = self.unit()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = after;
        }
        Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Result<Document, JsonError> {
        parse(text)
    }

    // As far as it is accepted, what serde_json reads is read.
    #[test]
    fn documents_are_read_as_by_others() {
        for text in [
            r#" {"a" : [1, -0.5e+3 , true,false ,null], "b":{}, "c":[] , "":"\"\\\/\b\f\n\r\t\u00e9\ud83e\udd8a" } "#,
            "\"\u{7f}\u{2028}é\"",
            "0",
            "-0",
        ] {
            let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(plain(&parse(text).unwrap()), theirs, "{text}");
        }
        for text in [
            "",
            " ",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "nul",
            "\"a",
            "\"\n\"",
            "\"\\x41\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "{} {}",
            "// a\n1",
            "\u{feff}{}",
            "NaN",
            "[1 2]",
            "{\"a\" 1}",
            "\u{a0}1",
        ] {
            assert!(parse(text).is_err(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        }
    }

    fn plain(document: &Document) -> serde_json::Value {
        match document {
            Document::Null => serde_json::Value::Null,
            Document::Bool(value) => (*value).into(),
            Document::Number(text) => serde_json::from_str(text).unwrap(),
            Document::String(text) => text.as_str().into(),
            Document::Array(elements) => elements.iter().map(plain).collect(),
            Document::Object(members) => {
                members.iter().map(|(name, member)| (name.clone(), plain(member))).collect()
            }
        }
    }

    #[test]
    fn half_a_pair_is_replaced() {
        assert_eq!(string(r#""\ud83e""#), Ok(Document::String("\u{fffd}".into())));
        assert_eq!(string(r#""\ud83e\u0041""#), Ok(Document::String("\u{fffd}A".into())));
        assert_eq!(string(r#""\ud83ex\udd8a""#), Ok(Document::String("\u{fffd}x\u{fffd}".into())));
    }

    #[test]
    fn depth_has_a_bound() {
        assert!(parse(&"[".repeat(100_000)).is_err());
        let deep = format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        assert!(parse(&deep).is_ok());
    }
}
