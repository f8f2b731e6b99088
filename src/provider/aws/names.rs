//! Generated names.

use crate::lang::value::Value;
use crate::provider::object::Object;

/// Length of what is put behind a prefix: 18 digits of time and 8 hexadecimal digits of a counter.
pub const SUFFIX_LENGTH: usize = 26;

/// What generated names begin with where the code gives neither name nor prefix: the AWS provider's word, which
/// existing states have.
const DEFAULT_PREFIX: &str = "terraform-";

/// Fills in a prepared object's name, if the code leaves it to be generated, from its prefix and the creation's
/// unique suffix.
pub fn fill(planned: Value, name: &str, prefix: &str, unique: &str) -> Value {
    if planned.text(name).is_some_and(|text| !text.is_empty()) {
        return planned;
    }
    let given = planned.text(prefix).filter(|prefix| !prefix.is_empty()).unwrap_or(DEFAULT_PREFIX);
    let full = format!("{given}{unique}");
    planned.with(name, Value::string(full))
}

/// The prefix of a name that was generated, else nothing.
pub fn prefix_of(name: &str) -> &str {
    let Some(at) = name.len().checked_sub(SUFFIX_LENGTH).filter(|at| name.is_char_boundary(*at)) else {
        return "";
    };
    let (prefix, suffix) = name.split_at(at);
    let (time, counter) = suffix.as_bytes().split_at(18);
    let is_suffix = time.iter().all(u8::is_ascii_digit)
        && counter.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte));
    if is_suffix { prefix } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::types::Type;

    #[test]
    fn the_prefix_of_a_generated_name_is_found_again() {
        assert_eq!(prefix_of("web-20240131235959123400000001"), "web-");
        assert_eq!(prefix_of("terraform-2024013123595912340000000f"), "terraform-");
        assert_eq!(prefix_of("web"), "");
        assert_eq!(prefix_of("ünïcödë-nämë-that-is-längër-than-it"), "");
        assert_eq!(prefix_of("web-2024013123595912340000000z"), "");
    }

    #[test]
    fn names_are_filled_in_where_the_code_has_none() {
        let planned = |name: Value, prefix: Value| Value::object([("name", name), ("name_prefix", prefix)]);
        let unique = "20240131235959123400000001";
        let unknown = || Value::unknown(Type::String);
        let fill = |planned| fill(planned, "name", "name_prefix", unique).text("name").unwrap().to_owned();
        assert_eq!(fill(planned("given".into(), unknown())), "given");
        assert_eq!(fill(planned(unknown(), "web-".into())), format!("web-{unique}"));
        assert_eq!(fill(planned(unknown(), unknown())), format!("terraform-{unique}"));
    }
}
