//! What the provider makes of tags: default tags, ignored tags, and whose a live tag is.
//!
//! A type with tags has two attributes: `tags`, what the code gives, and `tags_all`, that with the provider's
//! `default_tags` merged in, which is what AWS gets. AWS answers one list; [`TagRules::live`] makes `tags_all` of
//! it and [`TagRules::own`] says which of those are the resource's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::provider::object::Object;

/// Tags with this prefix are AWS's own: nobody else can set them.
const SYSTEM_PREFIX: &str = "aws:";

/// A provider block's rules for tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagRules {
    /// `default_tags`: set on every object that has tags, unless its own tags say otherwise.
    pub defaults: BTreeMap<String, String>,
    /// `ignore_tags.keys`
    pub ignored_keys: BTreeSet<String>,
    /// `ignore_tags.key_prefixes`
    pub ignored_prefixes: Vec<String>,
}

/// What to tell AWS so that an object's tags become others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChanges {
    /// Keys to remove.
    pub remove: Vec<String>,
    /// Tags to add or to give another value.
    pub set: BTreeMap<String, String>,
}

impl TagChanges {
    /// The changes between two objects' `tags_all`.
    pub fn between(prior: &Value, planned: &Value) -> TagChanges {
        let before = prior.text_map("tags_all");
        let mut after = planned.text_map("tags_all");
        let remove = before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
        after.retain(|key, value| before.get(key) != Some(value));
        TagChanges { remove, set: after }
    }

    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.set.is_empty()
    }
}

impl TagRules {
    /// Whether recon neither shows nor touches a tag: AWS's own, and what `ignore_tags` names.
    pub fn is_ignored(&self, key: &str) -> bool {
        key.starts_with(SYSTEM_PREFIX)
            || self.ignored_keys.contains(key)
            || self.ignored_prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()))
    }

    /// `tags_all` of a live object, from the tags that AWS answered.
    pub fn live<K: AsRef<str>, V: AsRef<str>>(&self, tags: impl IntoIterator<Item = (K, V)>) -> Value {
        let entries = tags
            .into_iter()
            .filter(|(key, _)| !self.is_ignored(key.as_ref()))
            .map(|(key, value)| (Arc::from(key.as_ref()), Value::string(value)))
            .collect();
        Value::map(Type::String, entries)
    }

    /// `tags` of a live object: its `tags_all` without those that only the defaults gave it. `known` is the
    /// object's `tags` as the code says them or as they were recorded, the code's first: a tag that it names is
    /// the object's own, even where a default says the same. Null if there are none and `known` has none
    /// either.
    pub fn own(&self, tags_all: &Value, known: Option<&Value>) -> Value {
        let named = known.and_then(Value::as_entries);
        let Some(all) = tags_all.as_entries() else {
            return Value::null(Type::map(Type::String));
        };
        let own: BTreeMap<Arc<str>, Value> = all
            .iter()
            .filter(|(key, value)| {
                let is_default =
                    self.defaults.get(&***key).is_some_and(|d| Some(d.as_str()) == value.as_str());
                !is_default || named.is_some_and(|named| named.contains_key(&**key))
            })
            .map(|(key, value)| (Arc::clone(key), value.clone()))
            .collect();
        if own.is_empty() && named.is_none() {
            return Value::null(Type::map(Type::String));
        }
        Value::map(Type::String, own).with_marks(tags_all.marks)
    }

    /// `tags` as it is planned: what the code says without null elements, which mean no tag.
    pub fn plan_own(&self, tags: &Value) -> Value {
        let Kind::Map(element, entries) = &tags.kind else {
            return tags.clone();
        };
        if entries.values().all(|value| !value.is_null()) {
            return tags.clone();
        }
        let entries = entries.iter().filter(|(_, value)| !value.is_null());
        let entries = entries.map(|(key, value)| (Arc::clone(key), value.clone())).collect();
        Value::map(Type::clone(element), entries).with_marks(tags.marks)
    }

    /// `tags_all` as it is planned: the defaults with the object's own tags over them. Unknown if `tags` is; a
    /// tag of unknown value is unknown here too.
    pub fn plan_all(&self, tags: &Value) -> Value {
        if !tags.is_known() {
            return Value::unknown(Type::map(Type::String)).with_marks(tags.marks);
        }
        let mut all: BTreeMap<Arc<str>, Value> = self
            .defaults
            .iter()
            .map(|(key, value)| (Arc::from(key.as_str()), Value::string(value)))
            .collect();
        for (key, value) in tags.as_entries().into_iter().flatten() {
            if !value.is_null() {
                all.insert(Arc::clone(key), value.clone());
            }
        }
        all.retain(|key, _| !self.is_ignored(key));
        Value::map(Type::String, all).with_marks(tags.marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::object::text_map;

    fn rules() -> TagRules {
        TagRules {
            defaults: [("team", "data"), ("stage", "test")].map(|(k, v)| (k.into(), v.into())).into(),
            ignored_keys: BTreeSet::from(["owner".to_owned()]),
            ignored_prefixes: vec!["kubernetes.io/".to_owned()],
        }
    }

    #[test]
    fn live_tags_leave_out_what_is_not_ours() {
        let live = rules().live([
            ("aws:cloudformation:stack", "x"),
            ("owner", "me"),
            ("kubernetes.io/cluster", "c"),
            ("Name", "n"),
            ("team", "data"),
        ]);
        assert_eq!(live, text_map([("Name", "n"), ("team", "data")]));
    }

    #[test]
    fn own_tags_are_all_but_the_defaults_that_nobody_names() {
        let all = text_map([("Name", "n"), ("team", "data"), ("stage", "live")]);
        assert_eq!(rules().own(&all, None), text_map([("Name", "n"), ("stage", "live")]));
        let named = text_map([("team", "anything")]);
        assert_eq!(rules().own(&all, Some(&named)), all);
        let defaults = text_map([("team", "data"), ("stage", "test")]);
        assert!(rules().own(&defaults, None).is_null());
        let empty = text_map::<&str, &str>([]);
        assert_eq!(rules().own(&defaults, Some(&empty)), empty);
    }

    #[test]
    fn planned_tags_merge_with_own_ones_first() {
        let own = text_map([("stage", "live"), ("owner", "ignored")]);
        assert_eq!(rules().plan_all(&own), text_map([("stage", "live"), ("team", "data")]));
        let none = Value::null(Type::map(Type::String));
        assert_eq!(rules().plan_all(&none), text_map([("stage", "test"), ("team", "data")]));
        assert!(!rules().plan_all(&Value::unknown(Type::map(Type::String))).is_known());
    }

    #[test]
    fn null_tags_are_no_tags_and_unknown_ones_stay_unknown() {
        let map = |entries: Vec<(&str, Value)>| {
            Value::map(Type::String, entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
        };
        let tags = map(vec![("a", Value::null(Type::String)), ("b", Value::unknown(Type::String))]);
        let all = TagRules::default().plan_all(&tags);
        assert_eq!(all, map(vec![("b", Value::unknown(Type::String))]));
        assert_eq!(TagRules::default().plan_own(&tags), all);
    }

    #[test]
    fn changes_name_what_goes_and_what_comes() {
        let object = |tags: Value| Value::object([("tags_all", tags)]);
        let before = object(text_map([("a", "1"), ("b", "2"), ("c", "3")]));
        let after = object(text_map([("b", "2"), ("c", "4"), ("d", "5")]));
        let changes = TagChanges::between(&before, &after);
        assert_eq!(changes.remove, ["a"]);
        assert_eq!(changes.set, BTreeMap::from([("c".into(), "4".into()), ("d".into(), "5".into())]));
        assert!(TagChanges::between(&after, &after).is_empty());
    }
}
