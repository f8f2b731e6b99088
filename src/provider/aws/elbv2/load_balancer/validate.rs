//! Offline checks of `aws_lb`.

use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::attributes::Row;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::elbv2::naming;
use crate::provider::object::Object;

use super::schema::{ATTRIBUTES, BLOCKS, LOGS};

pub fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    let checks = &mut checks;
    naming::check(checks, "load balancer", Some("internal-"));
    checks.one_of("load_balancer_type", &["application", "network", "gateway"], false);
    checks.one_of("ip_address_type", &["ipv4", "dualstack", "dualstack-without-public-ipv4"], false);
    checks.one_of("desync_mitigation_mode", &["monitor", "defensive", "strictest"], false);
    checks.one_of("xff_header_processing_mode", &["append", "preserve", "remove"], false);
    checks.one_of(
        "dns_record_client_routing_policy",
        &["any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"],
        false,
    );
    checks.one_of("enforce_security_group_inbound_rules_on_private_link_traffic", &["on", "off"], false);
    checks.within("idle_timeout", 1..=4000, "seconds");
    checks.within("client_keep_alive", 60..=604_800, "seconds");
    subnets(checks);
    for logs in LOGS {
        checks.each(logs.name, |block| {
            let enabled = block.config.boolean("enabled") == Some(true);
            if enabled && block.config.text("bucket") == Some("") {
                block.invalid("bucket", "Logs that are enabled need the name of a bucket to be written to.");
            }
        });
    }
    checks.each("minimum_load_balancer_capacity", |block| {
        block.within("capacity_units", 1..=i64::from(i32::MAX), "");
    });
    if config.get("load_balancer_type").is_some_and(|kind| !kind.is_known()) {
        return;
    }
    let kind = config.text("load_balancer_type").unwrap_or("application");
    for Row { name, kinds, .. } in ATTRIBUTES {
        of_kinds(checks, kind, name, kinds);
    }
    for logs in LOGS {
        of_kinds(checks, kind, logs.name, logs.kinds);
    }
    for (name, kinds) in BLOCKS {
        of_kinds(checks, kind, name, kinds);
    }
    if kind == "gateway"
        && checks.config.known("security_groups").is_some()
        && checks.is_set("security_groups")
    {
        checks.combination(
            "security_groups",
            "A Gateway Load Balancer has no security groups: remove the argument, or choose another \
             load_balancer_type.",
        );
    }
}

/// Says that an argument does nothing for the type of load balancer; it is no error, as for the AWS provider.
fn of_kinds(checks: &mut Checks<'_>, kind: &str, name: &str, kinds: &[&str]) {
    if kinds.contains(&kind) || checks.config.known(name).is_none() || !checks.is_set(name) {
        return;
    }
    // The provider itself tells people to say this for an Application Load Balancer, where it always holds.
    if name == "enable_cross_zone_load_balancing" && checks.config.boolean(name) == Some(true) {
        return;
    }
    let kinds = kinds.join(" and ");
    checks.warn(
        name,
        format!("\"{name}\" has no effect"),
        format!("Only load balancers of type {kinds} have it, and this one is of type {kind}."),
    );
}

fn subnets(checks: &mut Checks<'_>) {
    checks.conflict("subnets", "subnet_mapping");
    if checks.is_left_out("subnets") && checks.is_left_out("subnet_mapping") {
        checks.missing(
            "subnets",
            "A load balancer needs subnets: set \"subnets\", or write a \"subnet_mapping\" block for each subnet.",
        );
    }
    let kind = checks.config.get("load_balancer_type");
    let application = kind.is_none_or(|kind| kind.is_null() || kind.as_str() == Some("application"));
    for name in ["subnets", "subnet_mapping"] {
        let one =
            checks.config.known(name).is_some_and(|value| value.is_wholly_known() && counts(value) == 1);
        if application && one && checks.config.text("customer_owned_ipv4_pool").is_none() {
            checks.warn(
                name,
                "One subnet only",
                "An Application Load Balancer needs subnets in two Availability Zones, unless its subnet is in a Local \
                 Zone or on an Outpost: name another one.",
            );
        }
    }
    checks.each("subnet_mapping", |block| {
        address(block, "ipv6_address", |text| text.parse::<std::net::Ipv6Addr>().is_ok(), "IPv6");
        address(block, "private_ipv4_address", |text| text.parse::<std::net::Ipv4Addr>().is_ok(), "IPv4");
        block.conflict("allocation_id", "private_ipv4_address");
        if application && block.config.known("allocation_id").is_some() && block.is_set("allocation_id") {
            block.combination(
                "allocation_id",
                "An Application Load Balancer takes no Elastic IP addresses: remove the argument, or set \
                 load_balancer_type = \"network\".",
            );
        }
    });
}

fn counts(value: &Value) -> usize {
    value.as_elements().map_or(0, <[Value]>::len)
}

fn address(checks: &mut Checks<'_>, name: &str, is_valid: impl Fn(&str) -> bool, family: &str) {
    let text = checks.config.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(text) = text.filter(|text| !is_valid(text)) {
        checks.invalid(name, format!("\"{text}\" is not an {family} address."));
    }
}
