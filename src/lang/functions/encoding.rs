//! Encoding functions: `base64decode base64encode base64gunzip base64gzip csvdecode jsondecode jsonencode
//! textdecodebase64 textencodebase64 urldecode urlencode yamldecode yamlencode`. `base64gunzip` and `urldecode` are
//! OpenTofu's.

use std::io::{Read, Write};

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as BASE64};
use flate2::{Compression, GzBuilder, read::MultiGzDecoder};

use super::super::json;
use super::super::text::settled;
use super::super::types::Type;
use super::super::value::{Kind, Refinement, Value};
use super::{CallError, CallResult, Function, Host};

mod charset;
mod csv;
mod yaml;

use charset::Charset;

/// The most that compressed content may become.
const MOST_UNPACKED: u64 = 1 << 28;

pub(super) fn functions() -> Vec<Function> {
    let of_text = |name, parameter, implementation| {
        Function::new(name, implementation).takes(parameter, Type::String).returns(Type::String)
    };
    let of_value = |name, implementation| {
        Function::new(name, implementation)
            .takes("value", Type::Dynamic)
            .or_null()
            .or_unknown()
            .returns(Type::String)
    };
    vec![
        of_text("base64decode", "str", |_, arguments| {
            let bytes = decoded(&arguments[0]).map_err(CallError::Call)?;
            utf8(bytes, "the result of decoding the provided string")
        }),
        of_text("base64encode", "str", |_, arguments| Ok(Value::string(BASE64.encode(text(&arguments[0]))))),
        of_text("base64gunzip", "str", gunzip),
        of_text("base64gzip", "str", gzip),
        Function::typed("csvdecode", csv::decoded_type, csv::decode).takes("str", Type::String),
        Function::typed("jsondecode", json_type, |_, arguments, _| json_value(&arguments[0]))
            .takes("str", Type::String)
            .may_be_null(),
        of_value("jsonencode", json_encode),
        of_text("textdecodebase64", "source", text_decode).takes("encoding", Type::String),
        of_text("textencodebase64", "string", text_encode).takes("encoding", Type::String),
        of_text("urldecode", "str", url_decode),
        of_text("urlencode", "str", |_, arguments| Ok(Value::string(url_encode(text(&arguments[0]))))),
        Function::typed("yamldecode", yaml::decoded_type, yaml::decode)
            .takes("src", Type::String)
            .may_be_null(),
        of_value("yamlencode", yaml::encode),
    ]
}

fn text(argument: &Value) -> &str {
    argument.as_str().unwrap_or_default()
}

/// Reads base64 in the standard alphabet. It must have its padding; line ends in it do not matter, nor do the last
/// bits.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    const ENGINE: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    if text.contains(['\r', '\n']) {
        return ENGINE.decode(text.replace(['\r', '\n'], "")).ok();
    }
    ENGINE.decode(text).ok()
}

fn decoded(argument: &Value) -> Result<Vec<u8>, String> {
    decode_base64(text(argument))
        .ok_or_else(|| "the given string is not base64 data, or lacks its padding".to_owned())
}

fn utf8(bytes: Vec<u8>, what: &str) -> CallResult {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Value::string(text)),
        Err(_) => Err(CallError::call(format!("{what} is not valid UTF-8"))),
    }
}

fn gzip(_: &dyn Host, arguments: &[Value]) -> CallResult {
    // The header says nothing of time and system, so that the same text is always the same.
    let mut encoder =
        GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::default());
    let written = encoder.write_all(text(&arguments[0]).as_bytes()).and_then(|()| encoder.finish());
    let packed = written.map_err(|error| CallError::call(format!("failed to compress: {error}")))?;
    Ok(Value::string(BASE64.encode(packed)))
}

fn gunzip(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let packed = decoded(&arguments[0]).map_err(CallError::Call)?;
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed.as_slice())
        .take(MOST_UNPACKED + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| CallError::call(format!("failed to decompress: {error}")))?;
    if bytes.len() as u64 > MOST_UNPACKED {
        return Err(CallError::call(format!("the content would be larger than {MOST_UNPACKED} bytes")));
    }
    utf8(bytes, "the decompressed content")
}

/// The type is that of the content. Of text whose start alone is known, the first letter says something.
fn json_type(arguments: &[Value]) -> Result<Type, CallError> {
    let Kind::Unknown(_, known) = &arguments[0].kind else { return Ok(json_value(&arguments[0])?.ty()) };
    let prefix = known.as_ref().and_then(|known| known.prefix.as_deref()).map_or("", settled).trim();
    match prefix.chars().next() {
        None | Some('{' | '[' | 'n') => Ok(Type::Dynamic),
        Some('"') => Ok(Type::String),
        Some('t' | 'f') => Ok(Type::Bool),
        Some('-' | '0'..='9') => Ok(Type::Number),
        Some(letter) => {
            Err(CallError::argument(0, format!("a JSON document cannot begin with the character {letter:?}")))
        }
    }
}

fn json_value(argument: &Value) -> CallResult {
    json::from_json_text(text(argument)).map_err(|error| CallError::call(error.to_string()))
}

fn json_encode(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let value = &arguments[0];
    if !value.is_wholly_known() {
        // If it cannot be null, its type says what the text begins with.
        let prefix = match value.ty() {
            _ if !value.is_not_null() => None,
            Type::String => Some("\""),
            Type::Object(_) | Type::Map(_) => Some("{"),
            Type::Tuple(_) | Type::List(_) | Type::Set(_) => Some("["),
            _ => None,
        };
        let known = Refinement { prefix: prefix.map(Into::into), ..Refinement::default() };
        return Ok(Value::unknown_refined(Type::String, known));
    }
    let text = json::to_json_text(value).map_err(|error| CallError::call(error.to_string()))?;
    Ok(Value::string(text))
}

fn charset(argument: &Value) -> Result<Charset, CallError> {
    let name = text(argument);
    Charset::find(name).ok_or_else(|| {
        CallError::argument(1, format!("{name:?} is not a supported IANA encoding name or alias"))
    })
}

fn text_decode(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let charset = charset(&arguments[1])?;
    let bytes = decoded(&arguments[0]).map_err(|message| CallError::argument(0, message))?;
    // A letter that stands for what could not be read is no letter of the text.
    match charset.decode(&bytes).filter(|text| !text.contains('\u{fffd}')) {
        Some(text) => Ok(Value::string(text)),
        None => {
            let name = charset.name();
            Err(CallError::argument(
                0,
                format!("the given string contains symbols that are not defined for {name}"),
            ))
        }
    }
}

fn text_encode(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let charset = charset(&arguments[1])?;
    match charset.encode(text(&arguments[0])) {
        Some(bytes) => Ok(Value::string(BASE64.encode(bytes))),
        None => Err(CallError::argument(
            0,
            format!("the given string contains characters that cannot be represented in {}", charset.name()),
        )),
    }
}

/// As `urlencode` has it: all but unreserved letters (RFC 3986, 2.3) as `%XX`, a space as `+`.
pub fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte))
            }
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn url_decode(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let mut bytes = Vec::with_capacity(text(&arguments[0]).len());
    let mut rest = text(&arguments[0]).as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = rest.get(..2).and_then(|digits| {
                    let digit = |byte: u8| char::from(byte).to_digit(16);
                    Some((digit(digits[0])? << 4 | digit(digits[1])?) as u8)
                });
                let Some(byte) = digits else {
                    return Err(CallError::call("a \"%\" must be followed by two hexadecimal digits"));
                };
                bytes.push(byte);
                rest = &rest[2..];
            }
            _ => bytes.push(*first),
        }
    }
    utf8(bytes, "the result of decoding the provided string")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{call, error, text, ty};
    use super::*;

    fn one(name: &str, argument: &str) -> Option<String> {
        let function = super::super::find(name).unwrap();
        let answer = function.call(&super::super::tests::TestHost, &[argument.into()]).ok()?;
        answer.as_str().map(str::to_owned)
    }

    // Expected answers are those of Terraform 1.11.4.
    #[test]
    fn base64_is_read_as_go_reads_it() {
        for (given, expected) in [
            ("c3RhcnM=", Some("stars")),
            ("c3Rh\r\ncnM=\r\n", Some("stars")),
            ("YQ=\n=", Some("a")),
            ("YR==", Some("a")),
            ("", Some("")),
            ("c3RhcnM", None),
            ("YQ====", None),
            ("YQ==YQ==", None),
            ("YQ== ", None),
            ("Y-_=", None),
            ("/w==", None),
        ] {
            assert_eq!(one("base64decode", given).as_deref(), expected, "{given:?}");
        }
    }

    #[test]
    fn what_is_packed_unpacks() {
        let packed = one("base64gzip", "naïve ".repeat(100).as_str()).unwrap();
        assert!(packed.starts_with("H4sIAAAAAAAA/"));
        assert_eq!(one("base64gunzip", &packed), Some("naïve ".repeat(100)));
        assert_eq!(one("base64gunzip", "YQ=="), None);
    }

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(one("urlencode", "a b~*é%").as_deref(), Some("a+b~%2A%C3%A9%25"));
        assert_eq!(one("urldecode", "a+b~%2A%c3%A9%25").as_deref(), Some("a b~*é%"));
        for wrong in ["%", "%2", "%zz", "%+1", "%ff"] {
            assert_eq!(one("urldecode", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_unknown_may_have_a_known_start() {
        let part = Value::unknown_refined(
            Type::String,
            Refinement { not_null: true, prefix: Some("a".into()), ..Refinement::default() },
        );
        let document = call("jsonencode", [part.clone()]);
        assert_eq!(ty("jsondecode", [document]), "string");
        assert_eq!(ty("jsondecode", [call("jsonencode", [Value::tuple(vec![part])])]), "dynamic");
        let start = |prefix: &str| {
            Value::unknown_refined(
                Type::String,
                Refinement { prefix: Some(prefix.into()), ..Refinement::default() },
            )
        };
        assert_eq!(ty("jsondecode", [start("tr")]), "bool");
        assert_eq!(ty("jsondecode", [start("1")]), "dynamic");
        assert_eq!(ty("jsondecode", [start("-1")]), "number");
        assert!(matches!(error("jsondecode", [start("x=")]), CallError::Argument { index: 0, .. }));
        assert_eq!(text("jsonencode", [Value::null(Type::Dynamic)]), "\"null\"");
    }
}
