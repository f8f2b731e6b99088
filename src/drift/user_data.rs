//! Scripts that machines run when they start. They hold what nobody marks as sensitive, so that only a digest is shown of
//! them, and the lines that differ.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use similar::{ChangeTag, TextDiff};

use crate::lang::convert::PathStep;
use crate::lang::secrets::Secrets;
use crate::lang::value::Value;

/// Attributes that hold such a script, as it is or as base64.
const NAMES: [&str; 2] = ["user_data", "user_data_base64"];
/// Lines that are shown at most.
const MOST: usize = 200;

/// Whether an attribute holds a script.
pub(super) fn is_script(path: &[PathStep]) -> bool {
    matches!(path.last(), Some(PathStep::Attribute(name)) if NAMES.contains(&&**name))
}

/// `sha256:…` of a script; null where there is none. What the provider records instead of a script, its SHA-1, is shown
/// as it is.
pub(super) fn digest(value: &Value) -> Json {
    match value.as_str() {
        None | Some("") => Json::Null,
        Some(sha1) if sha1.len() == 40 && sha1.bytes().all(|byte| byte.is_ascii_hexdigit()) => json!(sha1),
        Some(text) => json!(format!("sha256:{:x}", Sha256::digest(text.as_bytes()))),
    }
}

/// The script as text: decoded if it is base64 of a text.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    STANDARD
        .decode(text.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| text.to_owned())
}

/// The lines in which two scripts differ, without those in which a secret stands.
pub(super) fn lines(recorded: &Value, live: &Value, secrets: &Secrets) -> Vec<String> {
    let (old, new) = (text(recorded), text(live));
    let diff = TextDiff::from_lines(&old, &new);
    let changed = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    let mut lines: Vec<String> = changed
        .filter(|change| !secrets.is_in(change.value()))
        .map(|change| format!("{} {}", change.tag(), change.value().trim_end_matches(['\n', '\r'])))
        .collect();
    if lines.len() > MOST {
        let more = lines.len() - MOST;
        lines.truncate(MOST);
        lines.push(format!("… and {more} more"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_secrets_are_left_out() {
        let secret = Value::string("hunter2-the-second").sensitive();
        let secrets = Secrets::of([&secret]);
        let old = Value::string("#!/bin/sh\necho one\nexport PASSWORD=hunter2-the-second\n");
        let new =
            Value::string(STANDARD.encode("#!/bin/sh\necho two\nexport PASSWORD=x hunter2-the-second\n"));
        assert_eq!(lines(&old, &new, &secrets), ["- echo one", "+ echo two"]);
    }

    #[test]
    fn a_digest_is_no_script() {
        let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        assert_eq!(digest(&Value::string(sha1)), json!(sha1));
        // Of `abc`: FIPS 180-2, appendix B.1.
        let expected = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(&Value::string("abc")), json!(expected));
        assert_eq!(digest(&Value::string("")), Json::Null);
    }
}
