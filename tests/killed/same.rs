//! Whether two states of one stack are the same up to what each run makes up: ids, generated names, timestamps, lineage
//! and serial.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value as Json;

/// Lists in which two states differ, with the paths. Ids may be others, but the same one has to be the same everywhere.
pub fn differences(expected: &Json, found: &Json) -> Vec<String> {
    let mut comparison = Comparison::default();
    comparison.compare("", expected, found);
    comparison.differences
}

#[derive(Default)]
struct Comparison {
    /// What each made-up text of the one state is in the other, both ways.
    there: HashMap<String, String>,
    back: HashMap<String, String>,
    differences: Vec<String>,
}

impl Comparison {
    fn compare(&mut self, path: &str, expected: &Json, found: &Json) {
        match (expected, found) {
            (Json::Object(one), Json::Object(other)) => {
                // All that a random_id has are spellings of the same bytes, of which one is enough.
                let is_random = one.contains_key("b64_std") && one.contains_key("hex");
                for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
                    if ["lineage", "serial"].contains(&name.as_str()) && path.is_empty()
                        || is_random && ["b64_std", "b64_url", "dec", "id"].contains(&name.as_str())
                    {
                        continue;
                    }
                    let place = format!("{path}.{name}");
                    match (one.get(name), other.get(name)) {
                        (Some(one), Some(other)) => self.compare(&place, one, other),
                        (one, other) => self.differences.push(format!("{place}: {one:?}, {other:?}")),
                    }
                }
            }
            (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
                for (index, (one, other)) in one.iter().zip(other).enumerate() {
                    self.compare(&format!("{path}[{index}]"), one, other);
                }
            }
            (Json::String(one), Json::String(other)) => {
                if !self.same_text(path, one, other) {
                    self.differences.push(format!("{path}: {one:?}, {other:?}"));
                }
            }
            _ if expected == found => {}
            _ => self.differences.push(format!("{path}: {expected}, {found}")),
        }
    }

    fn same_text(&mut self, path: &str, expected: &str, found: &str) -> bool {
        if expected == found {
            return true;
        }
        if let (Some(expected), Some(found)) = (decoded(expected), decoded(found)) {
            return self.same_text(path, &expected, &found);
        }
        // A line may be the Base64 of something else.
        if expected.contains('\n') && expected.lines().count() == found.lines().count() {
            return expected.lines().zip(found.lines()).all(|(one, other)| self.same_text(path, one, other));
        }
        let (expected, found) = (TIME.replace_all(expected, "TIME"), TIME.replace_all(found, "TIME"));
        // Which address of a network or of AWS's an object gets is as random as an id.
        let is_address = ["_ip", "_dns"].iter().any(|end| path.ends_with(end));
        let without = |text: &str| match is_address {
            true => ADDRESS.replace_all(text, "ADDRESS").into_owned(),
            false => text.to_owned(),
        };
        let (expected, found) = (without(&expected), without(&found));
        if WORD.replace_all(&expected, "") != WORD.replace_all(&found, "") {
            return false;
        }
        let words = WORD.find_iter(&expected).zip(WORD.find_iter(&found));
        let words: Vec<(&str, &str)> = words.map(|(one, other)| (one.as_str(), other.as_str())).collect();
        words.into_iter().all(|(one, other)| self.same_word(one, other))
    }

    /// Whether a word is the same one, or made up by each run.
    fn same_word(&mut self, expected: &str, found: &str) -> bool {
        if expected == found {
            return true;
        }
        if !MADE_UP.is_match(expected) || !MADE_UP.is_match(found) {
            return false;
        }
        let there = self.there.entry(expected.to_owned()).or_insert_with(|| found.to_owned());
        let back = self.back.entry(found.to_owned()).or_insert_with(|| expected.to_owned());
        there == found && back == expected
    }
}

static TIME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?").unwrap());

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d{1,3}(?:[.-]\d{1,3}){3}\b").unwrap());

/// A UUID is one word.
static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-Za-z]+").unwrap());

/// UUIDs, hexadecimal numbers of seven digits and more, and IAM's and auto scaling's ids.
static MADE_UP: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^(?:[0-9a-f-]{7,}|[0-9A-Z]{20,}|[0-9a-z]{20,})$").unwrap());

/// The text that a text is the Base64 of: user data.
fn decoded(text: &str) -> Option<String> {
    if text.len() < 40 {
        return None;
    }
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_run_makes_up_may_differ_but_is_the_same_everywhere() {
        let one = json!({"serial": 3, "a": "vpc-0123456789abcdef0", "b": ["arn:x:vpc-0123456789abcdef0:1"],
            "t": "2026-01-01T00:00:00Z"});
        let other = json!({"serial": 4, "a": "vpc-aaaaaaaaaaaaaaaa1", "b": ["arn:x:vpc-aaaaaaaaaaaaaaaa1:1"],
            "t": "2026-01-02T03:04:05.678Z"});
        assert_eq!(differences(&one, &other), Vec::<String>::new());
        let elsewhere = json!({"serial": 4, "a": "vpc-aaaaaaaaaaaaaaaa1", "b": ["arn:x:vpc-bbbbbbbbbbbbbbbb1:1"],
            "t": "2026-01-02T03:04:05.678Z"});
        assert_eq!(differences(&one, &elsewhere).len(), 1);
    }

    #[test]
    fn anything_else_is_a_difference() {
        let one = json!({"name": "collector", "size": 1, "tags": {"a": "b"}, "list": [1]});
        let other = json!({"name": "enrich", "size": 2, "tags": {}, "list": [1, 2]});
        assert_eq!(differences(&one, &other).len(), 4);
    }
}
