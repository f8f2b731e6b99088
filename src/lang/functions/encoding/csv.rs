//! `csvdecode`: RFC 4180 as Go reads it. Empty lines are passed over, a line end is `\n` however it is written, and
//! quotes stand around whole fields only.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::super::types::Type;
use super::super::super::value::Value;
use super::super::{CallError, CallResult, Host};

/// A list of objects whose attributes the first line names.
pub fn decoded_type(arguments: &[Value]) -> Result<Type, CallError> {
    if !arguments[0].is_known() {
        return Ok(Type::Dynamic);
    }
    let mut reader = Reader::new(super::text(&arguments[0]));
    Ok(Type::list(Type::object(names(&mut reader)?.into_iter().map(|name| (name, Type::String)))))
}

fn names(reader: &mut Reader<'_>) -> Result<Vec<Arc<str>>, CallError> {
    let Some(fields) = reader.record()? else { return Err(CallError::call("missing header line")) };
    let mut names: Vec<Arc<str>> = Vec::with_capacity(fields.len());
    let mut known: BTreeSet<Arc<str>> = BTreeSet::new();
    for field in fields {
        let name = Value::string(&field);
        let name = name.as_str().unwrap_or(&field);
        if !known.insert(Arc::from(name)) {
            return Err(CallError::call(format!("duplicate column name {name:?}")));
        }
        names.push(name.into());
    }
    Ok(names)
}

pub fn decode(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let mut reader = Reader::new(super::text(&arguments[0]));
    let names = names(&mut reader)?;
    let mut rows = Vec::new();
    while let Some(fields) = reader.record()? {
        if fields.len() != names.len() {
            return Err(reader.error("wrong number of fields"));
        }
        let row = names.iter().cloned().zip(fields.into_iter().map(Value::string));
        rows.push(Value::object(row));
    }
    Ok(Value::list(ty.element().cloned().unwrap_or(Type::Dynamic), rows))
}

struct Reader<'a> {
    rest: &'a str,
    /// The number of the line that has been read.
    line: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Reader<'a> {
        Reader { rest: text, line: 0 }
    }

    fn error(&self, problem: &str) -> CallError {
        CallError::call(format!("CSV parse error on line {}: {problem}", self.line))
    }

    /// The next line without its end, and whether it has one.
    fn next_line(&mut self) -> Option<(&'a str, bool)> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let (line, rest, ended) = match self.rest.split_once('\n') {
            Some((line, rest)) => (line, rest, true),
            None => (self.rest, "", false),
        };
        self.rest = rest;
        Some((line.strip_suffix('\r').unwrap_or(line), ended))
    }

    /// The fields of the next line that is not empty, or of several lines if a field goes on.
    fn record(&mut self) -> Result<Option<Vec<String>>, CallError> {
        let mut line = loop {
            match self.next_line() {
                None => return Ok(None),
                Some(("", _)) => {}
                Some(line) => break line,
            }
        };
        let mut fields = Vec::new();
        loop {
            let Some(mut quoted) = line.0.strip_prefix('"') else {
                let end = line.0.find(',').unwrap_or(line.0.len());
                let (field, after) = line.0.split_at(end);
                if field.contains('"') {
                    return Err(self.error("bare \" in non-quoted-field"));
                }
                fields.push(field.to_owned());
                match after.strip_prefix(',') {
                    Some(after) => line.0 = after,
                    None => return Ok(Some(fields)),
                }
                continue;
            };
            let wrong = "extraneous or missing \" in quoted-field";
            let mut field = String::new();
            let after = loop {
                let Some((part, after)) = quoted.split_once('"') else {
                    field.push_str(quoted);
                    // The field goes on in the next line.
                    if line.1 {
                        field.push('\n');
                    }
                    match self.next_line() {
                        Some(next) => line = next,
                        None => return Err(self.error(wrong)),
                    }
                    quoted = line.0;
                    continue;
                };
                field.push_str(part);
                match after.strip_prefix('"') {
                    Some(after) => {
                        field.push('"');
                        quoted = after;
                    }
                    None => break after,
                }
            };
            fields.push(field);
            match after.strip_prefix(',') {
                Some(after) => line.0 = after,
                None if after.is_empty() => return Ok(Some(fields)),
                None => return Err(self.error(wrong)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Option<Vec<Vec<String>>> {
        let mut reader = Reader::new(text);
        let mut records = Vec::new();
        while let Some(record) = reader.record().ok()? {
            records.push(record);
        }
        Some(records)
    }

    fn expected(rows: &[&[&str]]) -> Option<Vec<Vec<String>>> {
        Some(rows.iter().map(|row| row.iter().map(|field| (*field).to_owned()).collect()).collect())
    }

    // As Terraform 1.11.4 answers.
    #[test]
    fn records_are_read_as_go_reads_them() {
        assert_eq!(
            records("\n\na,b\n\n1,2\r\n\r\n3,4\r"),
            expected(&[&["a", "b"], &["1", "2"], &["3", "4"]])
        );
        assert_eq!(records("a\rb"), expected(&[&["a\rb"]]));
        assert_eq!(records("\"l1\r\nl2\n\nl4\",z"), expected(&[&["l1\nl2\n\nl4", "z"]]));
        assert_eq!(
            records("\"say \"\"hi\"\"\",\"\",\n\"x\r\""),
            expected(&[&["say \"hi\"", "", ""], &["x\r"]])
        );
        assert_eq!(records(" a , b "), expected(&[&[" a ", " b "]]));
        for wrong in ["x\"y", "\"x", "1, \"2\"", "\"x\"y", "\"x\"\"", "\"\n", "\"x\" "] {
            assert_eq!(records(wrong), None, "{wrong:?}");
        }
    }
}
