//! What can be said offline of a table's arguments.
//!
//! Facts: DynamoDB Developer Guide, “Service, account, and table quotas” and “Naming rules”; CreateTable.

use std::collections::BTreeSet;

use super::schema::{CAPACITIES, PAY_PER_REQUEST, PROVISIONED, RESTORING};
use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::object::Object;

const PROJECTIONS: [&str; 3] = ["ALL", "KEYS_ONLY", "INCLUDE"];
const VIEWS: [&str; 5] = ["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY", ""];

/// The days that a table can be brought back by (PointInTimeRecoverySpecification).
const RECOVERY_DAYS: std::ops::RangeInclusive<i64> = 1..=35;

pub(super) fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    name(&mut checks, "name");
    checks.one_of("billing_mode", &[PROVISIONED, PAY_PER_REQUEST], false);
    checks.one_of("table_class", &["STANDARD", "STANDARD_INFREQUENT_ACCESS"], false);
    checks.one_of("stream_view_type", &VIEWS, false);
    checks.each("attribute", |checks| checks.one_of("type", &["S", "N", "B"], false));
    checks.each("local_secondary_index", index);
    checks.each("global_secondary_index", |checks| {
        index(checks);
        for capacity in CAPACITIES {
            not_both(checks, capacity);
        }
    });
    for capacity in CAPACITIES {
        not_both(&mut checks, capacity);
    }
    checks.each("point_in_time_recovery", |checks| {
        checks.within("recovery_period_in_days", RECOVERY_DAYS, "days");
    });
    checks.each("server_side_encryption", |checks| checks.arn("kms_key_arn"));
    checks.each("ttl", |checks| {
        if checks.config.boolean("enabled") == Some(true) && checks.is_left_out("attribute_name") {
            checks.missing(
                "attribute_name",
                "ttl is enabled: name the attribute that says when an item expires, in seconds since 1970.",
            );
        }
    });
    if config.boolean("stream_enabled") == Some(true) && checks.is_left_out("stream_view_type") {
        checks.missing(
            "stream_view_type",
            "A stream that is enabled needs stream_view_type: NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY.",
        );
    }
    not_done(&mut checks);
    keys(&mut checks);
}

/// Names of tables and indexes.
fn name(checks: &mut Checks<'_>, argument: &str) {
    let Some(text) = checks.config.text(argument) else { return };
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !(3..=255).contains(&text.len()) || !text.bytes().all(is_name_byte) {
        let detail =
            format!("\"{text}\" will not do: names have 3 to 255 letters, digits, \"_\", \"-\" and \".\".");
        checks.invalid(argument, detail);
    }
}

fn index(checks: &mut Checks<'_>) {
    name(checks, "name");
    checks.one_of("projection_type", &PROJECTIONS, false);
    let projection = checks.config.text("projection_type");
    if projection == Some("INCLUDE") && checks.is_left_out("non_key_attributes") {
        checks.missing(
            "non_key_attributes",
            "projection_type INCLUDE takes the names of the attributes to include.",
        );
    } else if projection.is_some_and(|projection| projection != "INCLUDE")
        && !checks.config.texts("non_key_attributes").is_empty()
    {
        checks.combination(
            "non_key_attributes",
            "Only an index of projection_type INCLUDE has non_key_attributes.",
        );
    }
}

/// Limits of on-demand tables and capacities of provisioned ones exclude each other.
fn not_both(checks: &mut Checks<'_>, capacity: &str) {
    let is_limited = !checks.config.blocks("on_demand_throughput").is_empty();
    if is_limited && checks.config.integer(capacity).is_some_and(|units| units > 0) {
        checks.combination(
            capacity,
            format!(
                "\"{capacity}\" is of provisioned tables, on_demand_throughput of on-demand ones: remove one."
            ),
        );
    }
}

/// What recon does not do with tables.
fn not_done(checks: &mut Checks<'_>) {
    if checks.is_set("replica") {
        checks.combination(
            "replica",
            "recon does not make or change replicas of tables in other regions. Remove the block: replicas that \
             exist stay as they are.",
        );
    }
    if checks.is_set("import_table") {
        checks.combination(
            "import_table",
            "recon does not import items from S3 into a new table. Import it with the AWS CLI, then bring the table \
             under recon with an import block.",
        );
    }
    for argument in RESTORING {
        let is_off = checks.config.boolean(argument) == Some(false);
        if checks.is_set(argument) && !is_off {
            checks.combination(
                argument,
                "recon does not restore tables. Restore it with the AWS CLI, then bring the table under recon with an \
                 import block.",
            );
        }
    }
}

/// Each key has a type, and each attribute is a key: DynamoDB knows of no others beforehand.
fn keys(checks: &mut Checks<'_>) {
    let config = checks.config;
    let kinds = ["attribute", "local_secondary_index", "global_secondary_index"];
    let is_open = |name: &str| {
        config
            .as_entries()
            .and_then(|entries| entries.get(name))
            .is_some_and(|value| !value.is_wholly_known())
    };
    if checks.is_left_out("hash_key") {
        checks.missing("hash_key", "A table needs the name of the attribute that is its partition key.");
        return;
    }
    if kinds.iter().chain(&["hash_key", "range_key"]).any(|name| is_open(name)) {
        return;
    }
    let own = [config].into_iter();
    let indexes = config.blocks(kinds[1]).iter().chain(config.blocks(kinds[2]));
    let used: BTreeSet<&str> = own
        .chain(indexes)
        .flat_map(|object| [object.text("hash_key"), object.text("range_key")])
        .flatten()
        .filter(|name| !name.is_empty())
        .collect();
    let typed: BTreeSet<&str> =
        config.blocks(kinds[0]).iter().filter_map(|attribute| attribute.text("name")).collect();
    let shown = |names: Vec<&&str>| {
        names.into_iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    };
    let unused: Vec<&&str> = typed.difference(&used).collect();
    if !unused.is_empty() {
        checks.combination(
            "attribute",
            format!(
                "An attribute block is for keys of the table or an index only, and nothing uses {}: remove it.",
                shown(unused)
            ),
        );
    }
    let untyped: Vec<&&str> = used.difference(&typed).collect();
    if !untyped.is_empty() {
        checks.combination(
            "attribute",
            format!(
                "Each key needs an attribute block that says its type; there is none for {}.",
                shown(untyped)
            ),
        );
    }
}
