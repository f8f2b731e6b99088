//! When two spellings of an attribute mean the same.

use serde_json::Value as Json;

use crate::lang::operators;
use crate::lang::value::{Kind, Value};

/// How two values of an attribute are compared.
#[derive(Clone, Copy, Debug)]
pub enum Equality {
    /// They are the same value.
    Exact,
    /// Strings that differ in case only are the same.
    IgnoreCase,
    /// Strings that hold the same JSON document, however it is laid out.
    Json,
    /// Strings that hold the same IAM policy: statements and lists of one or in another order are alike.
    Policy,
    /// Lists whose order says nothing.
    AnyOrder,
    /// The attribute's own rule, for two known values that are not null.
    Custom(fn(&Value, &Value) -> bool),
}

impl Equality {
    /// Whether two values mean the same. Null equals null only; unknown equals nothing.
    pub fn same(self, left: &Value, right: &Value) -> bool {
        if !left.is_known() || !right.is_known() {
            return false;
        }
        if left.is_null() || right.is_null() {
            return left.is_null() && right.is_null();
        }
        if operators::equality(left, right) == Some(true) {
            return true;
        }
        match self {
            Equality::Exact => false,
            Equality::Custom(rule) => rule(left, right),
            Equality::AnyOrder => match (left.as_elements(), right.as_elements()) {
                (Some(left), Some(right)) => same_elements(left, right),
                _ => false,
            },
            Equality::IgnoreCase => match (left.as_str(), right.as_str()) {
                (Some(left), Some(right)) => left.to_lowercase() == right.to_lowercase(),
                _ => false,
            },
            Equality::Json => parsed(left, right).is_some_and(|(left, right)| same_json(&left, &right)),
            Equality::Policy => {
                parsed(left, right).is_some_and(|(left, right)| policy_form(left) == policy_form(right))
            }
        }
    }
}

/// Whether two values of an attribute mean the same. An argument that is left out and one that is empty, zero
/// or false are alike: AWS cannot tell them apart, and neither do state files of the AWS provider.
pub fn same_or_zero(equality: Equality, left: &Value, right: &Value) -> bool {
    equality.same(left, right) || left.is_null() && is_zero(right) || right.is_null() && is_zero(left)
}

/// Whether a value is what stands for an argument that was left out.
pub fn is_zero(value: &Value) -> bool {
    if value.is_null() {
        return true;
    }
    if let Some(text) = value.as_str() {
        return text.is_empty();
    }
    if let Some(number) = value.as_number() {
        return number.is_zero();
    }
    if let Some(elements) = value.as_elements() {
        return elements.is_empty();
    }
    if let Kind::Map(_, entries) = &value.kind {
        return entries.is_empty();
    }
    value.as_bool() == Some(false)
}

fn same_elements(left: &[Value], right: &[Value]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut rest: Vec<&Value> = right.iter().collect();
    left.iter().all(|value| {
        match rest.iter().position(|other| operators::equality(value, other) == Some(true)) {
            Some(at) => {
                rest.swap_remove(at);
                true
            }
            None => false,
        }
    })
}

fn parsed(left: &Value, right: &Value) -> Option<(Json, Json)> {
    Some((serde_json::from_str(left.as_str()?).ok()?, serde_json::from_str(right.as_str()?).ok()?))
}

/// Equal as JSON: the order of an object's members says nothing, `1` and `1.0` are one number.
fn same_json(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same_json(value, other)))
        }
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_json(left, right))
        }
        (Json::Number(left), Json::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}

/// A policy with all that may be written in more than one way written in one: lists of one as that one,
/// lists sorted, member names in order. IAM User Guide, “Grammar of the IAM JSON policy language”: elements
/// take one value or a list; the order of statements and of lists has no meaning; an account is a principal by its
/// number or by the ARN of its root.
fn policy_form(policy: Json) -> Json {
    match policy {
        Json::Object(members) => {
            let form = |(key, value): (String, Json)| {
                let value = if key == "Principal" || key == "NotPrincipal" { accounts(value) } else { value };
                (key, policy_form(value))
            };
            let mut members: Vec<(String, Json)> = members.into_iter().map(form).collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            Json::Object(members.into_iter().collect())
        }
        Json::Array(elements) => {
            let mut elements: Vec<Json> = elements.into_iter().map(policy_form).collect();
            elements.sort_by_cached_key(Json::to_string);
            elements.dedup();
            match elements.len() {
                1 => elements.swap_remove(0),
                _ => Json::Array(elements),
            }
        }
        // Condition values may be booleans and numbers; IAM answers them as strings.
        Json::Bool(value) => Json::String(value.to_string()),
        Json::Number(number) => Json::String(number.to_string()),
        other => other,
    }
}

/// Principals with accounts as their numbers.
fn accounts(principals: Json) -> Json {
    match principals {
        Json::Object(mut kinds) => {
            if let Some(identifiers) = kinds.get_mut("AWS") {
                *identifiers = accounts(identifiers.take());
            }
            Json::Object(kinds)
        }
        Json::Array(identifiers) => Json::Array(identifiers.into_iter().map(accounts).collect()),
        Json::String(identifier) => {
            let account = account_of_root(&identifier).map(str::to_owned);
            Json::String(account.unwrap_or(identifier))
        }
        other => other,
    }
}

/// The account of `arn:aws:iam::123456789012:root`, in any partition.
fn account_of_root(arn: &str) -> Option<&str> {
    let (partition, account) = arn.strip_prefix("arn:")?.strip_suffix(":root")?.split_once(":iam::")?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (!partition.contains(':') && is_account).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As hashicorp/aws 5.100.0 compares trust policies.
    #[test]
    fn an_account_is_its_root() {
        let same = |left: &str, right: &str| {
            let policy = |principal: &str| {
                Value::string(format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal}}}]}}"#))
            };
            Equality::Policy.same(&policy(left), &policy(right))
        };
        assert!(same(r#"{"AWS":"123456789012"}"#, r#"{"AWS":["arn:aws:iam::123456789012:root"]}"#));
        assert!(same(r#"{"AWS":"123456789012"}"#, r#"{"AWS":"arn:aws-cn:iam::123456789012:root"}"#));
        assert!(same(
            r#"{"AWS":["123456789012","arn:aws:iam::333333333333:root"]}"#,
            r#"{"AWS":["333333333333","arn:aws:iam::123456789012:root"]}"#
        ));
        assert!(!same(r#"{"AWS":"123456789012"}"#, r#"{"AWS":"arn:aws:iam::123456789013:root"}"#));
        assert!(!same(r#"{"AWS":"123456789012"}"#, r#"{"AWS":"arn:aws:iam::123456789012:role/root"}"#));
        assert!(!same(r#"{"Service":"123456789012"}"#, r#"{"Service":"arn:aws:iam::123456789012:root"}"#));
        assert!(!same(r#""*""#, r#"{"AWS":"*"}"#));
    }

    #[test]
    fn policies_are_compared_by_meaning() {
        let written = Value::string(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject"],"Resource":["*"]}]}"#,
        );
        let answered = Value::string(
            r#"{"Statement":{"Action":["s3:GetObject","s3:PutObject"],"Resource":"*","Effect":"Allow"},"Version":"2012-10-17"}"#,
        );
        let other = Value::string(
            r#"{"Statement":{"Action":["s3:GetObject"],"Resource":"*","Effect":"Allow"},"Version":"2012-10-17"}"#,
        );
        assert!(Equality::Policy.same(&written, &answered));
        assert!(!Equality::Policy.same(&written, &other));
        assert!(!Equality::Json.same(&written, &answered));
    }

    #[test]
    fn json_is_compared_without_its_layout() {
        let equal =
            |left: &str, right: &str| Equality::Json.same(&Value::string(left), &Value::string(right));
        assert!(equal(r#"{"a": 1, "b": [1, 2]}"#, r#"{"b":[1,2],"a":1.0}"#));
        assert!(!equal(r#"{"b":[1,2]}"#, r#"{"b":[2,1]}"#));
        assert!(!equal("not json", "{}"));
    }

    #[test]
    fn order_and_case_can_be_without_meaning() {
        let list = |items: &[&str]| {
            Value::list(
                crate::lang::types::Type::String,
                items.iter().map(|item| Value::string(*item)).collect(),
            )
        };
        assert!(Equality::AnyOrder.same(&list(&["a", "b", "a"]), &list(&["a", "a", "b"])));
        assert!(!Equality::AnyOrder.same(&list(&["a", "b", "b"]), &list(&["a", "a", "b"])));
        assert!(Equality::IgnoreCase.same(&Value::string("HTTP"), &Value::string("http")));
        assert!(!Equality::Exact.same(&Value::string("HTTP"), &Value::string("http")));
    }
}
