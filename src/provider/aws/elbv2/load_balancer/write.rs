//! Making, changing and deleting load balancers.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    CapacityReservationStateEnum, EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum, IpAddressType,
    IpamPools, LoadBalancer, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum,
    LoadBalancerTypeEnum, MinimumLoadBalancerCapacity, RemoveIpamPoolEnum, SubnetMapping,
};

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{filled, same_attribute, same_blocks};
use crate::provider::aws::elbv2::lookup::{Named, find};
use crate::provider::aws::elbv2::{action, arn, attributes, naming, tagging};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::known_part;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError, duration};

use super::PATIENCE;
use super::read::read_one;
use super::schema::{ATTRIBUTES, LOGS, SCHEMA};

const ENFORCE: &str = "enforce_security_group_inbound_rules_on_private_link_traffic";

/// How long deletion waits for the network interfaces after the load balancer itself is gone.
const INTERFACES_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// The type that the code or the live object says.
pub fn kind_of(object: &Value) -> &str {
    object.text("load_balancer_type").unwrap_or("application")
}

/// A subnet's part in a load balancer as the code can say it: subnet, allocation, IPv6 and private IPv4 address;
/// what is left out is empty.
pub fn mappings(object: &Value) -> BTreeSet<[String; 4]> {
    let part = |block: &Value, name: &str| block.text(name).unwrap_or_default().to_owned();
    object
        .blocks("subnet_mapping")
        .iter()
        .map(|block| {
            ["subnet_id", "allocation_id", "ipv6_address", "private_ipv4_address"]
                .map(|name| part(block, name))
        })
        .collect()
}

pub async fn create(aws: &Aws, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.elb();
    let name = planned.text("name").unwrap_or_default();
    // CreateLoadBalancer answers an existing load balancer of the same settings as if it had made it.
    if !naming::is_generated(name)
        && let Some(existing) = find::<LoadBalancer>(client, Named::Names, name).await?
    {
        let arn = existing.load_balancer_arn().unwrap_or_default();
        return Err(OperationError::new(
            ErrorKind::AlreadyExists,
            action("CreateLoadBalancer"),
            format!("a load balancer named \"{name}\" exists already: import {arn}, or choose another name"),
        ));
    }
    let mut call = client
        .create_load_balancer()
        .name(name)
        .r#type(LoadBalancerTypeEnum::from(kind_of(planned)))
        .set_tags(tagging::of(planned))
        .set_customer_owned_ipv4_pool(filled(planned.text("customer_owned_ipv4_pool")).map(str::to_owned))
        .set_ip_address_type(filled(planned.text("ip_address_type")).map(IpAddressType::from))
        .set_ipam_pools(pools(planned))
        .set_security_groups(some(planned.texts("security_groups")));
    if planned.boolean("internal") == Some(true) {
        call = call.scheme(LoadBalancerSchemeEnum::Internal);
    }
    call = match subnet_mappings(planned) {
        Some(mappings) => call.set_subnet_mappings(Some(mappings)),
        None => call.set_subnets(some(planned.texts("subnets"))),
    };
    let answer = call.send().await.map_err(|error| failed(&action("CreateLoadBalancer"), error))?;
    let made = answer.load_balancers.unwrap_or_default().into_iter().next();
    let Some(arn) = made.and_then(|made| made.load_balancer_arn) else {
        return Err(OperationError::new(
            ErrorKind::Other,
            action("CreateLoadBalancer"),
            "AWS answered no load balancer",
        ));
    };
    let existing = planned.with("id", Value::string(&arn)).with("arn", Value::string(&arn));
    match finish(aws, &arn, planned, &existing).await {
        Ok(object) => Ok(object),
        Err(error) => {
            let partial = read_one(aws, &existing).await.unwrap_or_else(|_| known_part(&existing));
            Err(error.with_partial(partial))
        }
    }
}

/// What is left to do once the load balancer exists.
async fn finish(aws: &Aws, arn: &str, planned: &Value, existing: &Value) -> Result<Value, OperationError> {
    let client = aws.elb();
    let deadline = Instant::now() + duration::timeout(planned, "create", PATIENCE);
    let mut pairs = attributes::changes(ATTRIBUTES, kind_of(planned), &SCHEMA.block, None, planned);
    pairs.extend(log_pairs(planned, None));
    modify_attributes(client, arn, pairs).await?;
    wait_active(client, arn, deadline).await?;
    if kind_of(planned) == "network" && filled(planned.text(ENFORCE)).is_some() {
        set_security_groups(client, arn, planned).await?;
    }
    if planned.block("minimum_load_balancer_capacity").is_some() {
        set_capacity(client, arn, planned, deadline).await?;
    }
    read_one(aws, existing).await
}

pub async fn update(aws: &Aws, prior: &Value, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.elb();
    let arn = prior.text("id").unwrap_or_default();
    let schema = &SCHEMA.block;
    let deadline = Instant::now() + duration::timeout(planned, "update", PATIENCE);
    let changed = |name: &str| planned.known(name).is_some() && !same_attribute(schema, name, prior, planned);
    let changed_blocks =
        |name: &str| planned.known(name).is_some() && !same_blocks(schema, name, prior, planned);

    let mut pairs = attributes::changes(ATTRIBUTES, kind_of(prior), schema, Some(prior), planned);
    pairs.extend(log_pairs(planned, Some(prior)));
    modify_attributes(client, arn, pairs).await?;
    if changed("security_groups") || kind_of(prior) == "network" && changed(ENFORCE) {
        set_security_groups(client, arn, planned).await?;
    }
    let remapped = planned.known("subnet_mapping").is_some() && mappings(prior) != mappings(planned);
    if remapped || changed("subnets") {
        let call = client.set_subnets().load_balancer_arn(arn);
        let call = match subnet_mappings(planned).filter(|_| remapped) {
            Some(mappings) => call.set_subnet_mappings(Some(mappings)),
            None => call.set_subnets(Some(planned.texts("subnets"))),
        };
        call.send().await.map_err(|error| failed(&action("SetSubnets"), error))?;
    }
    if let Some(kind) = planned.text("ip_address_type").filter(|_| changed("ip_address_type")) {
        let call = client.set_ip_address_type().load_balancer_arn(arn).ip_address_type(kind.into());
        call.send().await.map_err(|error| failed(&action("SetIpAddressType"), error))?;
    }
    if changed_blocks("ipam_pools") {
        let call = client.modify_ip_pools().load_balancer_arn(arn);
        let call = match pools(planned) {
            Some(pools) => call.ipam_pools(pools),
            None => call.remove_ipam_pools(RemoveIpamPoolEnum::Ipv4),
        };
        call.send().await.map_err(|error| failed(&action("ModifyIpPools"), error))?;
    }
    if changed_blocks("minimum_load_balancer_capacity") {
        set_capacity(client, arn, planned, deadline).await?;
    }
    tagging::update(client, arn, prior, planned).await?;
    wait_active(client, arn, deadline).await?;
    read_one(aws, &planned.with("id", Value::string(arn)).with("arn", Value::string(arn))).await
}

pub async fn delete(aws: &Aws, prior: &Value) -> Result<(), OperationError> {
    let client = aws.elb();
    let arn = prior.text("id").unwrap_or_default();
    let patience = duration::timeout(prior, "delete", PATIENCE);
    match client.delete_load_balancer().load_balancer_arn(arn).send().await {
        Ok(_) => {}
        Err(error) => {
            let mut error = failed(&action("DeleteLoadBalancer"), error);
            if error.kind == ErrorKind::NotFound {
                return Ok(());
            }
            if error.code.as_deref() == Some("OperationNotPermitted")
                && prior.boolean("enable_deletion_protection") == Some(true)
            {
                error.message.push_str(
                    ". It is protected from deletion: set enable_deletion_protection = false and apply that first",
                );
            }
            return Err(error);
        }
    }
    let look = || async {
        Ok(match find::<LoadBalancer>(client, Named::Arns, arn).await? {
            None => Progress::Done(()),
            Some(_) => Progress::Waiting("being deleted".to_owned()),
        })
    };
    until("the load balancer to be gone", patience, look).await?;
    wait_interfaces_gone(aws, arn, patience.min(INTERFACES_PATIENCE)).await;
    Ok(())
}

/// Waits until the load balancer's network interfaces are gone, which keep its security groups and subnets from
/// being deleted. They belong to a service account and say in their description whose they are. A caller who may
/// not look, or looks in vain, is not kept: the load balancer is gone.
async fn wait_interfaces_gone(aws: &Aws, arn: &str, patience: Duration) {
    let Some(suffix) = arn::load_balancer_suffix(arn) else {
        return;
    };
    let filter = |name: &str, values: &[&str]| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        aws_sdk_ec2::types::Filter::builder().name(name).set_values(Some(values)).build()
    };
    let description = format!("ELB {suffix}");
    let look = || async {
        let answer = aws
            .ec2()
            .describe_network_interfaces()
            .filters(filter("description", &[&description]))
            .filters(filter("attachment.instance-owner-id", &["amazon-elb", "amazon-aws"]))
            .send()
            .await
            .map_err(|error| failed("ec2:DescribeNetworkInterfaces", error))?;
        Ok(match answer.network_interfaces().len() {
            0 => Progress::Done(()),
            count => Progress::Waiting(format!("attached to {count} network interfaces")),
        })
    };
    let _ = until("the load balancer's network interfaces to be gone", patience, look).await;
}

/// The pairs that turn an object's logs into the planned ones; for a new object, if it is to have any.
fn log_pairs(planned: &Value, prior: Option<&Value>) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    for logs in LOGS.iter().filter(|logs| logs.kinds.contains(&kind_of(planned))) {
        let block = planned.block(logs.name);
        let enabled = block.and_then(|block| block.boolean("enabled")) == Some(true);
        let unchanged = match prior {
            Some(prior) => same_blocks(&SCHEMA.block, logs.name, prior, planned),
            None => !enabled,
        };
        if unchanged || planned.known(logs.name).is_none() {
            continue;
        }
        pairs.push((logs.enabled, enabled.to_string()));
        if let Some(block) = block.filter(|_| enabled) {
            let prefix = block.text("prefix").unwrap_or_default();
            pairs.push((logs.bucket, block.text("bucket").unwrap_or_default().to_owned()));
            if prior.is_some() || !prefix.is_empty() {
                pairs.push((logs.prefix, prefix.to_owned()));
            }
        }
    }
    pairs
}

/// Sends pairs. An attribute that the region or the load balancer does not know is left out if it is only to be what
/// it is by default.
async fn modify_attributes(
    client: &Client,
    arn: &str,
    mut pairs: Vec<(&'static str, String)>,
) -> Result<(), OperationError> {
    while !pairs.is_empty() {
        let attribute =
            |(key, value): &(&str, String)| LoadBalancerAttribute::builder().key(*key).value(value).build();
        let sent = client
            .modify_load_balancer_attributes()
            .load_balancer_arn(arn)
            .set_attributes(Some(pairs.iter().map(attribute).collect()))
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(());
        };
        let error = failed(&action("ModifyLoadBalancerAttributes"), error);
        let refused = pairs.iter().position(|(key, text)| {
            refuses(&error.message, key) && attributes::is_default(ATTRIBUTES, &SCHEMA.block, key, text)
        });
        match refused {
            Some(at) => pairs.remove(at),
            None => return Err(error),
        };
    }
    Ok(())
}

/// Whether a message says that an attribute does not exist: `attribute key 'KEY' is not recognized` or `…
/// supported …`.
fn refuses(message: &str, key: &str) -> bool {
    let Some(at) = message.find(key) else {
        return false;
    };
    let rest = message.get(at + key.len()..).unwrap_or_default().trim_start_matches(['\'', '"']).trim_start();
    rest.starts_with("is not recognized") || rest.starts_with("is not supported")
}

async fn set_security_groups(client: &Client, arn: &str, planned: &Value) -> Result<(), OperationError> {
    let enforce = filled(planned.text(ENFORCE)).filter(|_| kind_of(planned) == "network");
    client
        .set_security_groups()
        .load_balancer_arn(arn)
        .set_security_groups(Some(planned.texts("security_groups")))
        .set_enforce_security_group_inbound_rules_on_private_link_traffic(
            enforce.map(EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::from),
        )
        .send()
        .await
        .map_err(|error| failed(&action("SetSecurityGroups"), error))?;
    Ok(())
}

/// Reserves the planned capacity, or gives the reservation up, and waits until it is so.
async fn set_capacity(
    client: &Client,
    arn: &str,
    planned: &Value,
    deadline: Instant,
) -> Result<(), OperationError> {
    let units =
        planned.block("minimum_load_balancer_capacity").and_then(|block| block.integer("capacity_units"));
    let units = units.and_then(|units| i32::try_from(units).ok()).filter(|units| *units > 0);
    let call = client.modify_capacity_reservation().load_balancer_arn(arn);
    let call = match units {
        Some(units) => call.minimum_load_balancer_capacity(
            MinimumLoadBalancerCapacity::builder().capacity_units(units).build(),
        ),
        None => call.reset_capacity_reservation(true),
    };
    call.send().await.map_err(|error| failed(&action("ModifyCapacityReservation"), error))?;
    let look = || async {
        let answer = client
            .describe_capacity_reservation()
            .load_balancer_arn(arn)
            .send()
            .await
            .map_err(|error| failed(&action("DescribeCapacityReservation"), error))?;
        let states = answer.capacity_reservation_state().iter().filter_map(|zone| zone.state());
        let other = states
            .filter(|state| state.code() != Some(&CapacityReservationStateEnum::Provisioned))
            .filter_map(|state| Some((state.code()?.as_str(), state.reason().unwrap_or_default())))
            .next();
        Ok(match other {
            None => Progress::Done(()),
            Some((code, "")) => Progress::Waiting(code.to_owned()),
            Some((code, reason)) => Progress::Waiting(format!("{code}: {reason}")),
        })
    };
    until("the reserved capacity", deadline.saturating_duration_since(Instant::now()), look).await
}

/// Waits until the load balancer is active. Right after its creation it may not be seen yet, and one that failed may
/// recover: the reason is in the message if it does not.
async fn wait_active(client: &Client, arn: &str, deadline: Instant) -> Result<(), OperationError> {
    let look = || async {
        let Some(found) = find::<LoadBalancer>(client, Named::Arns, arn).await? else {
            return Ok(Progress::Waiting("not to be seen".to_owned()));
        };
        let state = found.state();
        let code = state.and_then(|state| state.code());
        let reason = state.and_then(|state| state.reason()).unwrap_or_default();
        Ok(match code {
            None | Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => {
                Progress::Done(())
            }
            Some(code) if reason.is_empty() => Progress::Waiting(code.as_str().to_owned()),
            Some(code) => Progress::Waiting(format!("{}: {reason}", code.as_str())),
        })
    };
    until("the load balancer to be active", deadline.saturating_duration_since(Instant::now()), look).await
}

fn pools(planned: &Value) -> Option<IpamPools> {
    let pool = filled(planned.block("ipam_pools")?.text("ipv4_ipam_pool_id"))?;
    Some(IpamPools::builder().ipv4_ipam_pool_id(pool).build())
}

/// The mappings that the plan knows, if any.
fn subnet_mappings(planned: &Value) -> Option<Vec<SubnetMapping>> {
    let given = |block: &Value, name: &str| filled(block.text(name)).map(str::to_owned);
    let mapping = |block: &Value| {
        SubnetMapping::builder()
            .set_subnet_id(given(block, "subnet_id"))
            .set_allocation_id(given(block, "allocation_id"))
            .set_ipv6_address(given(block, "ipv6_address"))
            .set_private_ipv4_address(given(block, "private_ipv4_address"))
            .build()
    };
    some(planned.blocks("subnet_mapping").iter().map(mapping).collect())
}

fn some<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::refuses;

    #[test]
    fn the_services_words_for_an_unknown_attribute_are_understood() {
        let unknown = "Load balancer attribute key 'routing.http.desync_mitigation_mode' is not recognized";
        assert!(refuses(unknown, "routing.http.desync_mitigation_mode"));
        assert!(!refuses(unknown, "idle_timeout.timeout_seconds"));
        let elsewhere = "Load balancer attribute key 'dns_record.client_routing_policy' is not supported on load \
                         balancers with type 'network'";
        assert!(refuses(elsewhere, "dns_record.client_routing_policy"));
        assert!(!refuses(
            "The value of idle_timeout.timeout_seconds is too high",
            "idle_timeout.timeout_seconds"
        ));
    }
}
