//! Checks a JSON document against a JSON schema: the keywords that recon's schemas use, and no others. A keyword that
//! is not known fails, so that a schema cannot demand what is not checked.

use regex::Regex;
use serde_json::Value;

/// What of a document does not fit, as `PATH: what`. The schema's own references are to `#/$defs/…`.
pub fn violations(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, document, "$", &mut found);
    found
}

fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let mut found = Vec::new();
    check(root, schema, value, "$", &mut found);
    found.is_empty()
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let rules = schema.as_object().expect("a schema is an object");
    for (keyword, rule) in rules {
        let mut unless = |good: bool| {
            if !good {
                found.push(format!("{path}: {keyword} {rule}"));
            }
        };
        match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" | "then" => {}
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                let target = root.pointer(pointer).unwrap_or_else(|| panic!("nothing at {rule}"));
                check(root, target, value, path, found);
            }
            "type" => {
                let types = rule.as_array().map_or_else(|| vec![rule], |types| types.iter().collect());
                unless(types.into_iter().any(|one| is_of_type(value, one.as_str().unwrap())));
            }
            "const" => unless(value == rule),
            "enum" => unless(rule.as_array().unwrap().contains(value)),
            "anyOf" => unless(rule.as_array().unwrap().iter().any(|one| fits(root, one, value))),
            "if" => {
                if fits(root, rule, value) {
                    check(root, &rules["then"], value, path, found);
                }
            }
            "pattern" => unless(value.as_str().is_none_or(|text| matches(rule, text))),
            "minLength" => unless(value.as_str().is_none_or(|text| text.chars().count() >= size(rule))),
            "maxLength" => unless(value.as_str().is_none_or(|text| text.chars().count() <= size(rule))),
            "minItems" => unless(value.as_array().is_none_or(|items| items.len() >= size(rule))),
            "minimum" => unless(value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap())),
            "maximum" => unless(value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap())),
            "required" => {
                for name in rule.as_array().unwrap() {
                    if value.as_object().is_some_and(|object| !object.contains_key(name.as_str().unwrap())) {
                        found.push(format!("{path}: {name} is missing"));
                    }
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, item, &format!("{path}[{index}]"), found);
                }
            }
            "properties" | "patternProperties" | "additionalProperties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    let at = format!("{path}.{name}");
                    match (keyword.as_str(), property(rules, keyword, name)) {
                        ("additionalProperties", _) if is_named(rules, name) => {}
                        ("additionalProperties", _) if *rule == Value::Bool(false) => {
                            found.push(format!("{at}: unknown"));
                        }
                        (_, Some(schema)) => check(root, schema, inner, &at, found),
                        (_, None) => {}
                    }
                }
            }
            other => panic!("the keyword {other} is not checked"),
        }
    }
}

type Rules = serde_json::Map<String, Value>;

fn is_named(rules: &Rules, name: &str) -> bool {
    ["properties", "patternProperties"].iter().any(|keyword| property(rules, keyword, name).is_some())
}

/// The schema that a keyword has for a property.
fn property<'a>(rules: &'a Rules, keyword: &str, name: &str) -> Option<&'a Value> {
    let rule = rules.get(keyword)?;
    match keyword {
        "properties" => rule.get(name),
        "patternProperties" => {
            let patterns = rule.as_object().unwrap();
            patterns
                .iter()
                .find(|(pattern, _)| Regex::new(pattern).unwrap().is_match(name))
                .map(|(_, one)| one)
        }
        _ => Some(rule),
    }
}

fn is_of_type(value: &Value, ty: &str) -> bool {
    match ty {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("the type {other} is not checked"),
    }
}

fn matches(pattern: &Value, text: &str) -> bool {
    Regex::new(pattern.as_str().unwrap()).unwrap().is_match(text)
}

fn size(rule: &Value) -> usize {
    usize::try_from(rule.as_u64().unwrap()).unwrap()
}
