//! User data: what the code gives, what EC2 takes and answers, and what states have.
//!
//! EC2 takes and answers it in base64. The AWS provider records `user_data` as the SHA-1 digest of what it decodes to,
//! and takes text that is base64 already as it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::lang::value::Value;

/// Text as EC2 takes it.
pub(super) fn encoded(text: &str) -> String {
    match STANDARD.decode(text) {
        Ok(_) => text.to_owned(),
        Err(_) => STANDARD.encode(text),
    }
}

/// The digest that stands for user data in states, 40 hexadecimal digits; nothing for nothing.
pub(super) fn digest(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let bytes = STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_digest(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Whether two values of `user_data` are the same, each as it is or as its digest.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    let digest = |value: &Value| {
        value.as_str().map(|text| if is_digest(text) { text.to_owned() } else { digest(text) })
    };
    digest(left) == digest(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plan of hashicorp/aws 5.100.0 for `user_data = "x"`.
    #[test]
    fn digests_are_those_of_the_provider() {
        assert_eq!(digest("x"), "11f6ad8ec52a2984abaafd7c3b516503785c2072");
        assert_eq!(digest("eA=="), digest("x"));
        assert!(same(&Value::string("x"), &Value::string(digest("x"))));
        assert!(!same(&Value::string("y"), &Value::string(digest("x"))));
    }

    #[test]
    fn user_data_is_encoded_once() {
        assert_eq!(encoded("x"), "eA==");
        assert_eq!(encoded("eA=="), "eA==");
        assert_eq!(encoded("#!/bin/sh\n"), "IyEvYmluL3NoCg==");
    }
}
