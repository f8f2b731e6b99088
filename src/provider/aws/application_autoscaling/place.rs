//! What is scaled, as all objects of the service name it.

use std::collections::BTreeMap;

use crate::lang::value::Value;
use crate::provider::aws::autoscaling::values::filled;
use crate::provider::{OperationError, ReadRequest};

/// A dimension of a resource of a service: `dynamodb`, `table/orders`, `dynamodb:table:ReadCapacityUnits`. All three
/// together are unique in an account and region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) namespace: String,
    pub(super) resource: String,
    pub(super) dimension: String,
}

impl Place {
    /// The place that an object of either type names.
    pub(super) fn of(known: &Value) -> Option<Place> {
        Some(Place {
            namespace: filled(known, "service_namespace")?.to_owned(),
            resource: filled(known, "resource_id")?.to_owned(),
            dimension: filled(known, "scalable_dimension")?.to_owned(),
        })
    }

    /// The place of an object that is to be made or changed: its arguments are there.
    pub(super) fn required(planned: &Value) -> Result<Place, OperationError> {
        Place::of(planned).ok_or_else(|| {
            OperationError::internal(
                "\"service_namespace\", \"resource_id\" and \"scalable_dimension\" must not be empty",
            )
        })
    }

    /// The place that an import id begins with, `NAMESPACE/RESOURCE/DIMENSION`, and what stands behind it. A resource
    /// id may have slashes in it; a dimension is the first part of the form `NAMESPACE:TYPE:PROPERTY` behind it.
    pub(super) fn parse(id: &str) -> Option<(Place, &str)> {
        let (namespace, rest) = id.split_once('/').filter(|(namespace, _)| !namespace.is_empty())?;
        let mut start = 0;
        for part in rest.split('/') {
            let end = start + part.len();
            if start > 1 && is_dimension(namespace, part) {
                let place = Place {
                    namespace: namespace.to_owned(),
                    resource: rest.get(..start - 1)?.to_owned(),
                    dimension: part.to_owned(),
                };
                return Some((place, rest.get(end + 1..).unwrap_or_default()));
            }
            start = end + 1;
        }
        None
    }

    /// What an import id begins with; the import id of a target.
    pub(super) fn import_id(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.resource, self.dimension)
    }

    /// The arguments that name the place.
    pub(super) fn arguments(&self) -> [(&'static str, Value); 3] {
        [
            ("resource_id", Value::string(&self.resource)),
            ("scalable_dimension", Value::string(&self.dimension)),
            ("service_namespace", Value::string(&self.namespace)),
        ]
    }
}

fn is_dimension(namespace: &str, part: &str) -> bool {
    let properties = part.strip_prefix(namespace).and_then(|rest| rest.strip_prefix(':'));
    properties.is_some_and(|rest| {
        rest.split_once(':').is_some_and(|(kind, property)| {
            !kind.is_empty() && !property.is_empty() && !property.contains(':')
        })
    })
}

/// The positions of requests by their service's namespace, since a call asks for the objects of one. Those that name
/// no place are in none.
pub(super) fn by_namespace(requests: &[ReadRequest]) -> BTreeMap<String, Vec<usize>> {
    let mut namespaces: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, request) in requests.iter().enumerate() {
        if let Some(place) = Place::of(&request.known) {
            namespaces.entry(place.namespace).or_default().push(index);
        }
    }
    namespaces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_ids_are_taken_apart() {
        let parse = |id| Place::parse(id).map(|(place, rest)| (place.resource, place.dimension, rest));
        for (id, resource, dimension, rest) in [
            (
                "dynamodb/table/t/dynamodb:table:ReadCapacityUnits",
                "table/t",
                "dynamodb:table:ReadCapacityUnits",
                "",
            ),
            // The AWS console's names of policies have slashes and colons in them.
            (
                "dynamodb/table/t/index/i/dynamodb:index:WriteCapacityUnits/Utilization:table/t/index/i",
                "table/t/index/i",
                "dynamodb:index:WriteCapacityUnits",
                "Utilization:table/t/index/i",
            ),
            (
                "kafka/arn:aws:kafka:eu-west-3:123456789012:cluster/c/0-1-2/kafka:broker-storage:VolumeSize/p",
                "arn:aws:kafka:eu-west-3:123456789012:cluster/c/0-1-2",
                "kafka:broker-storage:VolumeSize",
                "p",
            ),
            (
                "custom-resource/https://e.com/x/1/custom-resource:ResourceType:Property/p",
                "https://e.com/x/1",
                "custom-resource:ResourceType:Property",
                "p",
            ),
        ] {
            assert_eq!(parse(id), Some((resource.to_owned(), dimension.to_owned(), rest)), "{id}");
        }
        for id in
            ["", "t", "/table/t/:a:b", "dynamodb/dynamodb:table:Units", "dynamodb/table/t/ecs:service:Count"]
        {
            assert_eq!(parse(id), None, "{id}");
        }
    }
}
