//! Whether the account, partition and region that are asked are those that the record is about.
//!
//! With the credentials of another account, or in another region, AWS answers that nothing of the stack exists. That is
//! no drift, and nothing that an apply should mend.

use std::collections::BTreeMap;
use std::fmt;

use crate::address::{InstanceAddress, Mode};
use crate::provider::registry::Registry;
use crate::provider::{Connection, OperationError};
use crate::state::State;

use super::incomparable::comparable;
use super::{Live, ProviderKey};

/// Where a provider configuration leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Twelve digits; empty where the provider block says not to ask for it.
    pub account: String,
    pub region: String,
    /// `aws`, `aws-cn`, `aws-us-gov`
    pub partition: String,
}

/// An object that is recorded to be somewhere else than where recon would look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    pub address: InstanceAddress,
    /// `account`, `region`, `partition`
    pub what: &'static str,
    pub recorded: String,
    pub asked: String,
    /// How many objects more are elsewhere.
    pub others: usize,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = match self.others {
            0 => String::new(),
            1 => " (and another object)".to_owned(),
            count => format!(" (and {count} other objects)"),
        };
        write!(
            f,
            "{}{others} is recorded in {} {}, and the credentials and settings in use lead to {} {}. There it would seem to \
             be missing, so nothing is compared. Use the credentials, profile or region that the stack was applied with. If \
             the stack is to be made anew elsewhere, give it another state.",
            self.address, self.what, self.recorded, self.what, self.asked
        )
    }
}

/// Why objects are not to be looked for.
#[derive(Debug)]
pub enum Unsure {
    Elsewhere(Box<Elsewhere>),
    /// Nobody says where the credentials lead.
    Unknown(OperationError),
}

/// Partition, region and account of an ARN: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
fn arn_place(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    if parts.next() != Some("arn") {
        return None;
    }
    let (partition, _, region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    parts.next()?;
    Some((partition, region, account))
}

/// Compares the ARN of each recorded object that recon reads with where its provider configuration leads. Answers where
/// that is, by configuration.
///
/// # Errors
/// An object is elsewhere, or it cannot be told.
pub async fn verify(
    registry: &Registry,
    state: &State,
    live: &mut Live,
) -> Result<BTreeMap<ProviderKey, Place>, Unsure> {
    let mut places: BTreeMap<ProviderKey, Option<Place>> = BTreeMap::new();
    let mut first: Option<Elsewhere> = None;
    for (address, _, resource, instance) in state.objects() {
        if address.resource.mode != Mode::Managed {
            continue;
        }
        let Ok((key, ty)) = comparable(registry, &address.resource, resource, instance) else { continue };
        let Some(arn) = instance.attributes.get("arn").and_then(|arn| arn.as_str()) else { continue };
        let Some((partition, region, account)) = arn_place(arn) else { continue };
        if ty.is_schema_only() {
            continue;
        }
        if !places.contains_key(&key) {
            let place = place_of(live, &key).await.map_err(Unsure::Unknown)?;
            places.insert(key.clone(), place);
        }
        let Some(Some(place)) = places.get(&key) else { continue };
        // Global services' objects have no region, buckets no account, and AWS's own policies no number.
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let differs = [
            ("account", account, &place.account, is_account),
            ("partition", partition, &place.partition, true),
            ("region", region, &place.region, !region.is_empty()),
        ]
        .into_iter()
        .find(|(_, recorded, asked, counts)| *counts && !asked.is_empty() && recorded != asked);
        if let Some((what, recorded, asked, _)) = differs {
            match &mut first {
                Some(first) => first.others += 1,
                None => {
                    first = Some(Elsewhere {
                        address,
                        what,
                        recorded: recorded.to_owned(),
                        asked: asked.clone(),
                        others: 0,
                    });
                }
            }
        }
    }
    match first {
        Some(elsewhere) => Err(Unsure::Elsewhere(Box::new(elsewhere))),
        None => Ok(places.into_iter().filter_map(|(key, place)| Some((key, place?))).collect()),
    }
}

async fn place_of(live: &mut Live, key: &ProviderKey) -> Result<Option<Place>, OperationError> {
    let Connection::Aws(aws) = live.connection(key).await? else { return Ok(None) };
    let account = aws.account_id().await?.to_owned();
    Ok(Some(Place { account, region: aws.region.clone(), partition: aws.partition().id.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_say_where_their_objects_are() {
        let table = [
            ("arn:aws:iam::111122223333:role/a:b", Some(("aws", "", "111122223333"))),
            ("arn:aws-cn:s3:::bucket", Some(("aws-cn", "", ""))),
            ("arn:aws:logs:eu-west-3:111122223333:log-group:x:*", Some(("aws", "eu-west-3", "111122223333"))),
            ("arn:aws:iam", None),
            ("not an arn", None),
            ("", None),
        ];
        for (arn, expected) in table {
            assert_eq!(arn_place(arn), expected, "{arn}");
        }
    }
}
