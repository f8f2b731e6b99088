//! How a file was written, where that is otherwise than recon would write it.
//!
//! Members in another order or that recon leaves out (`"sensitive": false`), members left out that recon writes
//! (`sensitive_attributes` before Terraform 0.14), values that read the same in another form: what recon does not
//! change is written as it was read. What such a file says is in the state itself; this is how it says it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::address::AbsoluteResource;

use super::ObjectKey;
use super::spelling::Spelling;

/// The form of a whole file. Empty for one that is written as recon writes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct AsRead {
    pub(super) root: Form,
    pub(super) outputs: HashMap<Arc<str>, Form>,
    pub(super) resources: HashMap<AbsoluteResource, Form>,
    pub(super) instances: HashMap<AbsoluteResource, HashMap<ObjectKey, Form>>,
    /// The order of outputs, resources and a resource's objects, where it is not the usual one.
    pub(super) output_order: Vec<Arc<str>>,
    pub(super) resource_order: Vec<AbsoluteResource>,
    pub(super) instance_order: HashMap<AbsoluteResource, Vec<ObjectKey>>,
    pub(super) spelling: Spelling,
    /// What follows the JSON, if that is not one line end.
    pub(super) end: Option<Box<str>>,
}

/// How a state is written is no part of what it says.
impl PartialEq for AsRead {
    fn eq(&self, _: &AsRead) -> bool {
        true
    }
}

/// The items of a file in the order in which they were read, new ones last; as they are given if that order is empty.
pub(super) fn in_order<'a, K: Eq + Hash, V>(mut items: Vec<(&'a K, V)>, order: &[K]) -> Vec<(&'a K, V)> {
    if !order.is_empty() {
        let places: HashMap<&K, usize> = order.iter().enumerate().map(|(place, key)| (key, place)).collect();
        items.sort_by_key(|(key, _)| places.get(key).copied().unwrap_or(order.len()));
    }
    items
}

/// The order in which items were read, if it is another than the usual one.
pub(super) fn unusual<'a, K: Eq + 'a>(read: Vec<K>, usual: impl Iterator<Item = &'a K>) -> Vec<K> {
    if read.iter().eq(usual) { Vec::new() } else { read }
}

/// An object's members, in an order.
type Members = Map<String, Json>;

/// An object's members as they were read, and as recon would have written them then.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(Option<Box<(Members, Members)>>);

impl Form {
    /// `None` if recon writes it just so.
    pub fn new(read: Map<String, Json>, canonical: Map<String, Json>) -> Option<Form> {
        let same = read.iter().eq(canonical.iter());
        (!same).then(|| Form(Some(Box::new((read, canonical)))))
    }

    /// An object as recon writes it, with all that is as it was when it was read in the form in which it was read.
    pub fn apply(&self, mut now: Map<String, Json>) -> Map<String, Json> {
        let Some((read, canonical)) = self.0.as_deref() else { return now };
        let mut members: Vec<(String, Json)> = Vec::with_capacity(read.len() + 1);
        let order: Vec<String> = now.keys().cloned().collect();
        for (name, value) in read {
            let new = now.get(name);
            if new == canonical.get(name) {
                members.push((name.clone(), value.clone()));
            } else if let Some(new) = new {
                members.push((name.clone(), new.clone()));
            }
        }
        for (at, name) in order.iter().enumerate() {
            if read.contains_key(name) || now.get(name) == canonical.get(name) {
                continue;
            }
            // Behind what it follows in recon's own order.
            let place = order[..at]
                .iter()
                .rev()
                .find_map(|before| members.iter().position(|(name, _)| name == before))
                .map_or(0, |before| before + 1);
            if let Some(value) = now.remove(name) {
                members.insert(place, (name.clone(), value));
            }
        }
        members.into_iter().collect()
    }
}
