//! Finding sensitive values again where they have become a part of something else.
//!
//! A mark stays with a value through every operation of the language. It is lost where a value leaves it: AWS answers a
//! script in which the secret stands, a policy that names it, an error message that repeats it. What is shown is searched
//! for each secret as it is and as base64 (whatever stands before it), JSON and URLs write it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value as Json;

use super::functions::url_encode;
use super::value::{Kind, Value};

/// What stands in place of a sensitive value.
pub const MASK: &str = "(sensitive value)";

/// Shorter texts are not looked for: they stand in everything.
const SHORTEST: usize = 4;
/// Lines of a longer secret that are secrets of their own have at least so many bytes.
const SHORTEST_LINE: usize = 8;
/// Shorter pieces of base64 may be of anything.
const SHORTEST_BASE64: usize = 6;

/// Sensitive values that are to be kept out of what is shown.
#[derive(Clone, Default)]
pub struct Secrets {
    forms: Option<AhoCorasick>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

impl Secrets {
    /// Gathers what is marked sensitive anywhere in the values.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Secrets {
        let mut texts = BTreeSet::new();
        values.into_iter().for_each(|value| gather(value, false, &mut texts));
        Secrets::of_texts(&texts)
    }

    fn of_texts(texts: &BTreeSet<String>) -> Secrets {
        let mut forms = BTreeSet::new();
        texts.iter().for_each(|text| add_forms(text, &mut forms));
        if forms.is_empty() {
            return Secrets::default();
        }
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        // It fails for more patterns than fit into memory only.
        Secrets { forms: built.ok() }
    }

    /// The text with each secret masked.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.forms {
            Some(forms) if forms.is_match(text) => {
                let mut masked = String::with_capacity(text.len());
                forms.replace_all_with(text, &mut masked, |_, _, masked| {
                    masked.push_str(MASK);
                    true
                });
                Cow::Owned(masked)
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// Whether a secret stands in the text.
    pub fn is_in(&self, text: &str) -> bool {
        self.forms.as_ref().is_some_and(|forms| forms.is_match(text))
    }

    /// The JSON with each secret masked, in names of members, too.
    pub fn mask_json(&self, json: Json) -> Json {
        if self.forms.is_none() {
            return json;
        }
        match json {
            Json::String(text) => Json::String(self.mask(&text).into_owned()),
            Json::Number(number) if self.is_in(&number.to_string()) => Json::String(MASK.to_owned()),
            Json::Array(items) => Json::Array(items.into_iter().map(|item| self.mask_json(item)).collect()),
            Json::Object(members) => Json::Object(
                members
                    .into_iter()
                    .map(|(name, member)| (self.mask(&name).into_owned(), self.mask_json(member)))
                    .collect(),
            ),
            other => other,
        }
    }
}

fn gather(value: &Value, is_secret: bool, texts: &mut BTreeSet<String>) {
    let is_secret = is_secret || value.is_sensitive();
    match &value.kind {
        Kind::String(text) if is_secret => {
            texts.insert(text.to_string());
        }
        Kind::Number(number) if is_secret => {
            texts.insert(number.to_string());
        }
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            items.iter().for_each(|item| gather(item, is_secret, texts));
        }
        Kind::Map(_, entries) | Kind::Object(entries) => {
            entries.values().for_each(|entry| gather(entry, is_secret, texts));
        }
        _ => {}
    }
}

/// Adds a secret in all the ways in which it may stand in a text.
fn add_forms(secret: &str, forms: &mut BTreeSet<String>) {
    let mut parts = vec![secret];
    if secret.contains('\n') {
        parts.extend(secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE));
    }
    for part in parts.into_iter().filter(|part| part.len() >= SHORTEST) {
        forms.insert(part.to_owned());
        let quoted = Json::String(part.to_owned()).to_string();
        forms.insert(quoted[1..quoted.len() - 1].to_owned());
        // Go's and Terraform's JSON writes these as escapes.
        let escaped = quoted.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        forms.insert(escaped[1..escaped.len() - 1].to_owned());
        // Both spellings of a space: of a form, and of a path.
        let in_url = url_encode(part);
        forms.insert(in_url.replace('+', "%20"));
        forms.insert(in_url);
        add_base64(part.as_bytes(), forms);
    }
}

/// Adds the base64 of a secret as it is in that of any text around it: how it looks depends on where in a group of three
/// bytes it begins, and its first and last letters on its neighbours, so that those are left out.
fn add_base64(secret: &[u8], forms: &mut BTreeSet<String>) {
    for before in 0..3_usize {
        let mut bytes = vec![0_u8; before];
        bytes.extend_from_slice(secret);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&bytes);
            // Six bits a letter: those that hold bits of what stands before.
            let start = (before * 8).div_ceil(6);
            let end = bytes.len() * 8 / 6;
            if let Some(inner) = encoded.get(start..end).filter(|inner| inner.len() >= SHORTEST_BASE64) {
                forms.insert(inner.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn secrets(text: &str) -> Secrets {
        Secrets::of([&Value::string(text).sensitive()])
    }

    #[test]
    fn a_secret_is_masked_in_every_spelling() {
        let secret = "p\"w <&> d/+é";
        let secrets = secrets(secret);
        let json = serde_json::to_string(&format!("x {secret} y")).unwrap();
        for text in [format!("a {secret} b"), json, "p%22w%20%3C%26%3E%20d%2F%2B%C3%A9".to_owned()] {
            let masked = secrets.mask(&text);
            assert!(
                masked.contains(MASK) && !masked.contains("p\\\"w") && !masked.contains(secret),
                "{masked}"
            );
        }
        assert_eq!(secrets.mask("nothing here"), "nothing here");
    }

    #[test]
    fn what_is_not_marked_is_no_secret() {
        let secrets = Secrets::of([&Value::string("public value")]);
        assert_eq!(secrets.mask("a public value"), "a public value");
        assert!(!secrets.is_in("a public value"));
    }

    #[test]
    fn marks_hold_for_all_that_is_within() {
        let inner = Value::list(crate::lang::types::Type::String, vec![Value::string("hunter2")]);
        let secrets = Secrets::of([&inner.sensitive()]);
        let json = serde_json::json!({"a": ["is hunter2"], "hunter2": 1});
        assert_eq!(secrets.mask_json(json), serde_json::json!({"a": [format!("is {MASK}")], MASK: 1}));
    }

    #[test]
    fn lines_of_a_key_are_secrets_too() {
        let secrets = secrets("-----BEGIN-----\nMIIBVgIBADANBg\n-----END-----\n");
        assert_eq!(secrets.mask("has MIIBVgIBADANBg in it"), format!("has {MASK} in it"));
    }

    proptest! {
        /// Wherever it stands in what is encoded, and in either alphabet.
        #[test]
        fn base64_hides_nothing(before in ".{0,7}", after in ".{0,7}", secret in "[ -~]{8,20}") {
            let secrets = secrets(&secret);
            let text = format!("{before}{secret}{after}");
            for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                prop_assert!(secrets.is_in(&encoded));
            }
        }
    }
}
