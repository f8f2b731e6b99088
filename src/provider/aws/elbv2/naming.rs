//! Names of load balancers and target groups.

use std::collections::BTreeMap;

use crate::lang::value::Value;
use crate::provider::aws::names::{SUFFIX_LENGTH, prefix_of};
use crate::provider::object::Object;

use super::checks::Checks;

/// The longest name of a load balancer or target group.
const MAX_NAME: usize = 32;

/// The object with a name: the one that it has, else one made of its `name_prefix`, or the default one, and
/// `unique`. `name_prefix` becomes known too.
pub fn with_name(planned: Value, default_prefix: &str, unique: &str) -> Value {
    if let Some(name) = planned.text("name").filter(|name| !name.is_empty()) {
        let prefix = prefix_of(name).to_owned();
        return with_prefix(planned, &prefix);
    }
    let prefix = planned.text("name_prefix").filter(|prefix| !prefix.is_empty());
    let prefix = prefix.unwrap_or(default_prefix).to_owned();
    let mut name = format!("{prefix}{unique}");
    name.truncate(MAX_NAME);
    with_prefix(planned.with("name", Value::string(name)), &prefix)
}

fn with_prefix(planned: Value, prefix: &str) -> Value {
    if planned.known("name_prefix").is_some() {
        return planned;
    }
    planned.with("name_prefix", Value::string(prefix))
}

/// Whether a name can belong to nobody else yet, because it was made unique for this object.
pub fn is_generated(name: &str) -> bool {
    name.len() >= SUFFIX_LENGTH && (name.len() == SUFFIX_LENGTH || !prefix_of(name).is_empty())
}

/// Checks `name` and `name_prefix` of a configuration. `reserved` is what no name may begin with.
pub fn check(checks: &mut Checks<'_>, what: &str, reserved: Option<&str>) {
    checks.conflict("name", "name_prefix");
    let limits = BTreeMap::from([("name", MAX_NAME), ("name_prefix", MAX_NAME - SUFFIX_LENGTH)]);
    for (attribute, limit) in limits {
        let Some(text) = checks.config.text(attribute).filter(|text| !text.is_empty()).map(str::to_owned)
        else {
            continue;
        };
        if text.chars().count() > limit {
            let reason = match attribute {
                "name" => format!("the name of a {what} has at most {limit} characters"),
                _ => format!(
                    "the prefix has at most {limit} characters, because {SUFFIX_LENGTH} of the {MAX_NAME} that the name \
                     of a {what} may have are added to it"
                ),
            };
            checks
                .invalid(attribute, format!("\"{text}\" has {} characters; {reason}.", text.chars().count()));
        }
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            checks.invalid(
                attribute,
                format!("\"{text}\" may have only letters of the English alphabet, digits and hyphens."),
            );
        }
        if text.starts_with('-') || attribute == "name" && text.ends_with('-') {
            checks.invalid(attribute, format!("\"{text}\" must not begin or end with a hyphen."));
        }
        if let Some(reserved) = reserved
            && text.starts_with(reserved)
        {
            checks.invalid(
                attribute,
                format!(
                    "\"{text}\" begins with \"{reserved}\", which AWS keeps for itself. Choose another name."
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::types::Type;

    const UNIQUE: &str = "20261123011954150800000003";

    fn object(name: Value, prefix: Value) -> Value {
        Value::object([("name", name), ("name_prefix", prefix)])
    }

    #[test]
    fn a_name_is_kept_or_made() {
        let unknown = || Value::unknown(Type::String);
        let made = with_name(object(unknown(), unknown()), "tf-lb-", UNIQUE);
        assert_eq!(made.text("name"), Some("tf-lb-20261123011954150800000003"));
        assert_eq!(made.text("name_prefix"), Some("tf-lb-"));
        let prefixed = with_name(object(unknown(), Value::string("http-")), "tf-", UNIQUE);
        assert_eq!(prefixed.text("name"), Some("http-20261123011954150800000003"));
        let named = with_name(object(Value::string("collector"), unknown()), "tf-", UNIQUE);
        assert_eq!((named.text("name"), named.text("name_prefix")), (Some("collector"), Some("")));
    }

    #[test]
    fn a_generated_name_is_recognised() {
        assert!(is_generated("http-20261123011954150800000003"));
        assert!(!is_generated("collector"));
    }
}
