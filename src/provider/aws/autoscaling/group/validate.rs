//! What can be told of a group's configuration offline.

use crate::lang::convert::PathStep;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::names::SUFFIX_LENGTH;
use crate::provider::object::Object;
use crate::provider::{Problems, duration};

use super::refresh::ALWAYS;
use super::requirements::{DECIMAL_RANGES, PRICES, WHOLE_RANGES};
use super::schema::{GRANULARITY, SCHEMA};

/// The longest name of a group (CreateAutoScalingGroup).
pub(super) const MAX_NAME: usize = 255;

/// What a refresh does with instances in standby and with protected ones.
const STANDBY: [&str; 3] = ["Terminate", "Ignore", "Wait"];
const PROTECTED: [&str; 3] = ["Refresh", "Ignore", "Wait"];

pub(super) fn validate(config: &Value, problems: &mut Problems) {
    one_source(config, problems);
    let mut checks = Checks::new(config, problems);
    checks.conflict("name", "name_prefix");
    checks.conflict("availability_zones", "vpc_zone_identifier");
    checks.conflict("load_balancers", "traffic_source");
    checks.conflict("target_group_arns", "traffic_source");
    checks.length("name", 0..=MAX_NAME);
    checks.length("name_prefix", 0..=MAX_NAME - SUFFIX_LENGTH);
    checks.one_of("desired_capacity_type", &["vcpu", "memory-mib", "units"], false);
    checks.one_of("metrics_granularity", &[GRANULARITY], false);
    checks.arn("service_linked_role_arn");
    numbers(&mut checks);
    wait(&mut checks);
    checks.each("availability_zone_distribution", |block| {
        block.one_of("capacity_distribution_strategy", &["balanced-only", "balanced-best-effort"], false);
    });
    checks.each("capacity_reservation_specification", reservations);
    checks.each("initial_lifecycle_hook", hook);
    checks.each("instance_maintenance_policy", maintenance);
    checks.each("instance_refresh", refresh);
    checks.each("launch_template", |block| {
        template(block, "id", "name");
    });
    checks.each("mixed_instances_policy", mixed);
    checks.each("traffic_source", |block| block.length("type", 1..=2047));
    checks.each("warm_pool", |block| {
        block.within("max_group_prepared_capacity", -1..=i64::from(i32::MAX), "");
        block.within("min_size", 0..=i64::from(i32::MAX), "");
        block.one_of("pool_state", &["Stopped", "Running", "Hibernated"], false);
    });
}

/// Exactly one thing to launch instances from.
fn one_source(config: &Value, problems: &mut Problems) {
    let names = ALWAYS;
    let checks = Checks::new(config, problems);
    let given: Vec<&str> = names.into_iter().filter(|name| checks.is_set(name)).collect();
    let choice = names.map(|name| format!("\"{name}\"")).join(", ");
    let (path, detail) = match given.as_slice() {
        [_] => return,
        [] => {
            (Vec::new(), format!("One of {choice} must be given: the group launches its instances from it."))
        }
        [_, second, ..] => (
            vec![PathStep::Attribute((*second).into())],
            format!("Only one of {choice} can be given, but {} were: remove all but one.", given.join(", ")),
        ),
    };
    problems.error(path, "Invalid combination of arguments", detail);
}

fn numbers(checks: &mut Checks<'_>) {
    let most = i64::from(i32::MAX);
    for name in [
        "default_cooldown",
        "default_instance_warmup",
        "desired_capacity",
        "health_check_grace_period",
        "max_size",
        "min_size",
        "min_elb_capacity",
        "wait_for_elb_capacity",
    ] {
        checks.within(name, 0..=most, "");
    }
    if checks.config.integer("max_instance_lifetime").is_some_and(|lifetime| lifetime != 0) {
        checks.within("max_instance_lifetime", 86_400..=31_536_000, "seconds");
    }
    let number = |name: &str| checks.config.integer(name);
    let limits = (number("min_size"), number("max_size"), number("desired_capacity"));
    if let (Some(least), Some(most), _) = limits
        && least > most
    {
        checks.combination("max_size", format!("\"max_size\" ({most}) is less than \"min_size\" ({least})."));
    } else if let (Some(least), Some(most), Some(wanted)) = limits
        && !(least..=most).contains(&wanted)
    {
        let detail = format!(
            "\"desired_capacity\" ({wanted}) is not from \"min_size\" ({least}) to \"max_size\" ({most})."
        );
        checks.combination("desired_capacity", detail);
    }
}

fn wait(checks: &mut Checks<'_>) {
    let name = "wait_for_capacity_timeout";
    if let Some(text) = checks.config.text(name)
        && duration::parse(text).is_none()
    {
        checks.invalid(
            name,
            format!("{text:?} is no duration such as \"10m\" or \"1h30m\"; \"0\" waits for nothing."),
        );
    }
    for name in ["min_elb_capacity", "wait_for_elb_capacity"] {
        if checks.config.integer(name).is_some_and(|count| count > 0) && checks.is_set("load_balancers") {
            checks.warn(
                name,
                "Classic load balancers are not waited for",
                format!("\"{name}\" counts the instances that target groups find healthy; those of \"load_balancers\" are not looked at."),
            );
        }
    }
}

fn reservations(checks: &mut Checks<'_>) {
    let words = ["capacity-reservations-only", "capacity-reservations-first", "none", "default"];
    checks.one_of("capacity_reservation_preference", &words, false);
    checks.each("capacity_reservation_target", |target| {
        target.conflict("capacity_reservation_ids", "capacity_reservation_resource_group_arns");
    });
}

fn hook(checks: &mut Checks<'_>) {
    checks.one_of("default_result", &["CONTINUE", "ABANDON"], false);
    checks.within("heartbeat_timeout", 30..=7200, "seconds");
    let transitions = ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"];
    checks.one_of("lifecycle_transition", &transitions, false);
    checks.arn("notification_target_arn");
    checks.arn("role_arn");
}

fn maintenance(checks: &mut Checks<'_>) {
    let at = |name: &str| checks.config.integer(name);
    let (most, least) = (at("max_healthy_percentage"), at("min_healthy_percentage"));
    if most != Some(-1) {
        checks.within("max_healthy_percentage", 100..=200, "percent (or -1, for no policy)");
    }
    if least != Some(-1) {
        checks.within("min_healthy_percentage", 0..=100, "percent (or -1, for no policy)");
    }
    if let (Some(most), Some(least)) = (most, least)
        && (most == -1) != (least == -1)
    {
        checks
            .combination("max_healthy_percentage", "Both percentages are -1, for no policy, or neither is.");
    }
}

fn refresh(checks: &mut Checks<'_>) {
    checks.one_of("strategy", &["Rolling"], false);
    let schema = &SCHEMA.block;
    for trigger in checks.config.texts("triggers") {
        if ALWAYS.contains(&trigger.as_str()) {
            checks.warn(
                "triggers",
                "Needless trigger",
                format!("A change of \"{trigger}\" always starts a refresh: it need not be listed."),
            );
        } else if !schema.attributes.contains_key(trigger.as_str())
            && !schema.blocks.contains_key(trigger.as_str())
        {
            checks.invalid("triggers", format!("\"{trigger}\" is no argument of aws_autoscaling_group."));
        }
    }
    checks.each("preferences", |block| {
        for name in ["checkpoint_delay", "instance_warmup"] {
            if let Some(text) = block.config.text(name).filter(|text| !text.is_empty())
                && text.parse::<u32>().is_err()
            {
                block.invalid(name, format!("{text:?} is no whole number of seconds."));
            }
        }
        block.within("max_healthy_percentage", 100..=200, "percent");
        block.within("min_healthy_percentage", 0..=100, "percent");
        block.one_of("scale_in_protected_instances", &PROTECTED, false);
        block.one_of("standby_instances", &STANDBY, false);
    });
}

/// A template by its id or by its name.
fn template(checks: &mut Checks<'_>, id: &str, name: &str) {
    checks.conflict(id, name);
    checks.length("version", 1..=255);
    if let Some(text) = checks.config.text(id)
        && !text.starts_with("lt-")
    {
        checks.invalid(id, format!("\"{text}\" is no id of a launch template: those begin with \"lt-\"."));
    }
    checks.length(name, 3..=125);
    if checks.is_left_out(id) && checks.is_left_out(name) {
        checks.missing(id, format!("The launch template's \"{id}\" or \"{name}\" must be given."));
    }
}

fn mixed(checks: &mut Checks<'_>) {
    let most = i64::from(i32::MAX);
    checks.each("instances_distribution", |block| {
        block.within("on_demand_base_capacity", 0..=most, "");
        block.within("on_demand_percentage_above_base_capacity", 0..=100, "percent");
        block.within("spot_instance_pools", 0..=most, "");
        block.length("spot_max_price", 0..=255);
    });
    checks.each("launch_template", |block| {
        let specification = |block: &mut Checks<'_>| {
            block.each("launch_template_specification", |block| {
                template(block, "launch_template_id", "launch_template_name");
            });
        };
        specification(block);
        block.each("override", |block| {
            specification(block);
            weight(block);
            block.each("instance_requirements", requirements);
        });
    });
}

fn weight(checks: &mut Checks<'_>) {
    let name = "weighted_capacity";
    if let Some(text) = checks.config.text(name).filter(|text| !text.is_empty())
        && !text.parse::<u16>().is_ok_and(|weight| (1..=999).contains(&weight))
    {
        checks.invalid(name, format!("{text:?} is no whole number from 1 to 999."));
    }
}

fn requirements(checks: &mut Checks<'_>) {
    checks.conflict("allowed_instance_types", "excluded_instance_types");
    checks.conflict(PRICES[0], PRICES[2]);
    for name in ["bare_metal", "burstable_performance", "local_storage"] {
        checks.one_of(name, &["included", "excluded", "required"], false);
    }
    for name in PRICES {
        checks.within(name, 1..=i64::from(i32::MAX), "percent");
    }
    for name in ["memory_mib", "vcpu_count"] {
        if checks.is_left_out(name) {
            checks.missing(name, format!("The service requires a block \"{name}\" with its \"min\"."));
        }
    }
    for name in WHOLE_RANGES.into_iter().chain(DECIMAL_RANGES) {
        checks.each(name, |range| {
            if let (Some(least), Some(most)) = (range.config.float("min"), range.config.float("max"))
                && least > most
            {
                range.combination("max", format!("\"max\" ({most}) is less than \"min\" ({least})."));
            }
        });
    }
}
