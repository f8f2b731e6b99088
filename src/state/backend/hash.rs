//! The number by which Terraform tells that a backend block has changed since `init`: the CRC-32 (IEEE) of the block's
//! kind and settings in the notation in which its values are hashed for sets. Taken from what `terraform init` 1.11
//! records for blocks of every kind of argument.

use std::fmt::Write;

use crate::lang::value::{Kind, Value};
use crate::schema::BlockSchema;

/// The hash of a block of a kind, of the arguments of a schema.
pub(super) fn of(kind: &str, settings: &Value, schema: &BlockSchema) -> u32 {
    let mut text = String::from("<");
    quote(kind, &mut text);
    text.push_str(";<");
    for name in schema.attributes.keys() {
        match settings.get(name) {
            Some(value) => write(&value, &mut text),
            None => text.push('~'),
        }
        text.push(';');
    }
    text.push_str(">;>");
    let mut crc = flate2::Crc::new();
    crc.update(text.as_bytes());
    crc.sum()
}

fn write(value: &Value, out: &mut String) {
    match &value.kind {
        Kind::Null(_) | Kind::Type(_) => out.push('~'),
        Kind::Unknown(..) => out.push('?'),
        Kind::Bool(true) => out.push('T'),
        Kind::Bool(false) => out.push('F'),
        Kind::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Kind::String(text) => quote(text, out),
        Kind::List(_, elements) | Kind::Set(_, elements) => {
            out.push('[');
            for element in elements.iter() {
                write(element, out);
                out.push(';');
            }
            out.push(']');
        }
        Kind::Tuple(elements) => {
            out.push('<');
            for element in elements.iter() {
                write(element, out);
                out.push(';');
            }
            out.push('>');
        }
        Kind::Map(_, entries) => {
            out.push('{');
            for (key, element) in entries.iter() {
                quote(key, out);
                out.push(':');
                write(element, out);
                out.push(';');
            }
            out.push('}');
        }
        Kind::Object(entries) => {
            out.push('<');
            for element in entries.values() {
                write(element, out);
                out.push(';');
            }
            out.push('>');
        }
    }
}

/// A string as Go quotes it.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_ascii_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::config::{LoadOptions, load};
    use crate::lang::diagnostic::Diagnostics;
    use crate::lang::source::SourceMap;

    use super::super::configuration::Written;

    /// The block's hash, and what `terraform init` 1.11.4 has recorded for it.
    fn assert_hash(arguments: &str, expected: u32) {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("terraform {{\n  backend \"s3\" {{\n{arguments}\n}}\n}}\n");
        std::fs::write(folder.path().join("main.tf"), text).unwrap();
        let options =
            LoadOptions { directory: folder.path().to_path_buf(), shown: folder.path().to_path_buf() };
        let (configuration, found) = load(&options, &Arc::new(SourceMap::new()));
        assert!(!found.has_errors(), "{found:?}");
        let mut diagnostics = Diagnostics::new();
        let block = configuration.root().backend.as_ref().unwrap();
        let written = Written::decode(block, &mut diagnostics).unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(written.hash(), expected);
    }

    #[test]
    fn strings_bools_and_an_object_hash_as_terraform_says() {
        assert_hash(
            r#"
            bucket = "states"
            key = "a/b.tfstate"
            region = "us-east-1"
            use_lockfile = true
            use_path_style = true
            skip_credentials_validation = true
            skip_requesting_account_id = true
            skip_metadata_api_check = true
            endpoints = { s3 = "http://127.0.0.1:4599", dynamodb = "http://127.0.0.1:4599" }
            "#,
            313_143_179,
        );
    }

    #[test]
    fn sets_maps_numbers_and_letters_beyond_ascii_hash_as_terraform_says() {
        assert_hash(
            r#"
            key = "d/d.tfstate"
            use_path_style = true
            max_retries = 3
            skip_credentials_validation = true
            skip_requesting_account_id = true
            skip_metadata_api_check = true
            shared_config_files = ["b\"c", "aé"]
            assume_role = { role_arn = "arn:aws:iam::123456789012:role/x", tags = { a = "b", c = "d" } }
            endpoints = { s3 = "http://127.0.0.1:4599", dynamodb = "http://127.0.0.1:4599", sts = "http://127.0.0.1:4599" }
            "#,
            633_975_983,
        );
    }
}
