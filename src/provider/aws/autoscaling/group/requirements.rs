//! `instance_requirements`: what instance types have to have, instead of their names.
//!
//! Facts: EC2 Auto Scaling API reference, `InstanceRequirements`.

use aws_sdk_autoscaling::types::{
    AcceleratorCountRequest, AcceleratorTotalMemoryMiBRequest, BareMetal, BaselineEbsBandwidthMbpsRequest,
    BurstablePerformance, InstanceRequirements, LocalStorage, MemoryGiBPerVCpuRequest, MemoryMiBRequest,
    NetworkBandwidthGbpsRequest, NetworkInterfaceCountRequest, TotalLocalStorageGbRequest, VCpuCountRequest,
};

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::autoscaling::values::{decimal, float, owned, small};
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{self, Object};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock};

/// Sets of texts.
pub(super) const SETS: [&str; 8] = [
    "accelerator_manufacturers",
    "accelerator_names",
    "accelerator_types",
    "allowed_instance_types",
    "cpu_manufacturers",
    "excluded_instance_types",
    "instance_generations",
    "local_storage_types",
];

/// Blocks with a least and a most, in whole numbers.
pub(super) const WHOLE_RANGES: [&str; 6] = [
    "accelerator_count",
    "accelerator_total_memory_mib",
    "baseline_ebs_bandwidth_mbps",
    "memory_mib",
    "network_interface_count",
    "vcpu_count",
];

/// Blocks with a least and a most, with decimals.
pub(super) const DECIMAL_RANGES: [&str; 3] =
    ["memory_gib_per_vcpu", "network_bandwidth_gbps", "total_local_storage_gb"];

/// Percentages over or of a price.
pub(super) const PRICES: [&str; 3] = [
    "max_spot_price_as_percentage_of_optimal_on_demand_price",
    "on_demand_max_price_percentage_over_lowest_price",
    "spot_max_price_percentage_over_lowest_price",
];

/// The schema of the block.
pub(super) fn block() -> BlockSchema {
    let optional = AttributeSchema::optional;
    let mut block = BlockSchema::new().attribute("require_hibernate_support", optional(Type::Bool));
    for name in ["bare_metal", "burstable_performance", "local_storage"] {
        block = block.attribute(name, optional(Type::String));
    }
    for name in SETS {
        block = block.attribute(name, optional(Type::set(Type::String)));
    }
    for name in PRICES {
        block = block.attribute(name, optional(Type::Number));
    }
    for name in WHOLE_RANGES.into_iter().chain(DECIMAL_RANGES) {
        let range = BlockSchema::new()
            .attribute("max", optional(Type::Number))
            .attribute("min", optional(Type::Number));
        block = block.block(name, NestedBlock::one(range));
    }
    block
}

/// A block of a least and a most as the service takes it.
macro_rules! range {
    ($block:expr, $name:literal, $kind:ident, $number:ident) => {
        $block.block($name).map(|range| {
            $kind::builder().set_min($number(range, "min")).set_max($number(range, "max")).build()
        })
    };
}

/// The texts of a set in the service's words; nothing if there are none.
fn words<T: for<'a> From<&'a str>>(block: &Value, name: &str) -> Option<Vec<T>> {
    let texts = block.texts(name);
    (!texts.is_empty()).then(|| texts.iter().map(|text| T::from(text.as_str())).collect())
}

/// The requirements as the service takes them.
pub(super) fn expand(block: &Value) -> InstanceRequirements {
    let types = |name: &str| Some(block.texts(name)).filter(|types| !types.is_empty());
    InstanceRequirements::builder()
        .set_accelerator_count(range!(block, "accelerator_count", AcceleratorCountRequest, small))
        .set_accelerator_manufacturers(words(block, "accelerator_manufacturers"))
        .set_accelerator_names(words(block, "accelerator_names"))
        .set_accelerator_total_memory_mib(range!(
            block,
            "accelerator_total_memory_mib",
            AcceleratorTotalMemoryMiBRequest,
            small
        ))
        .set_accelerator_types(words(block, "accelerator_types"))
        .set_allowed_instance_types(types("allowed_instance_types"))
        .set_bare_metal(owned(block, "bare_metal").map(|text| BareMetal::from(text.as_str())))
        .set_baseline_ebs_bandwidth_mbps(range!(
            block,
            "baseline_ebs_bandwidth_mbps",
            BaselineEbsBandwidthMbpsRequest,
            small
        ))
        .set_burstable_performance(
            owned(block, "burstable_performance").map(|text| BurstablePerformance::from(text.as_str())),
        )
        .set_cpu_manufacturers(words(block, "cpu_manufacturers"))
        .set_excluded_instance_types(types("excluded_instance_types"))
        .set_instance_generations(words(block, "instance_generations"))
        .set_local_storage(owned(block, "local_storage").map(|text| LocalStorage::from(text.as_str())))
        .set_local_storage_types(words(block, "local_storage_types"))
        .set_max_spot_price_as_percentage_of_optimal_on_demand_price(price(block, PRICES[0]))
        .set_memory_gib_per_v_cpu(range!(block, "memory_gib_per_vcpu", MemoryGiBPerVCpuRequest, float))
        .set_memory_mib(range!(block, "memory_mib", MemoryMiBRequest, small))
        .set_network_bandwidth_gbps(range!(
            block,
            "network_bandwidth_gbps",
            NetworkBandwidthGbpsRequest,
            float
        ))
        .set_network_interface_count(range!(
            block,
            "network_interface_count",
            NetworkInterfaceCountRequest,
            small
        ))
        .set_on_demand_max_price_percentage_over_lowest_price(price(block, PRICES[1]))
        .set_require_hibernate_support(block.boolean("require_hibernate_support").filter(|is| *is))
        .set_spot_max_price_percentage_over_lowest_price(price(block, PRICES[2]))
        .set_total_local_storage_gb(range!(
            block,
            "total_local_storage_gb",
            TotalLocalStorageGbRequest,
            float
        ))
        .set_v_cpu_count(range!(block, "vcpu_count", VCpuCountRequest, small))
        .build()
}

/// A percentage; 0 means that none is given.
fn price(block: &Value, name: &str) -> Option<i32> {
    small(block, name).filter(|percentage| *percentage != 0)
}

/// The texts of the service's words.
fn texts<T>(words: &[T], text: fn(&T) -> &str) -> Value {
    object::text_set(words.iter().map(text))
}

/// The blocks that hold the requirements as the service answers them: one, or none.
pub(super) fn flatten(outer: &BlockSchema, live: Option<&InstanceRequirements>) -> Value {
    let name = "instance_requirements";
    let Some(live) = live else { return blocks::none(outer, name) };
    let schema = blocks::inner(outer, name);
    /// The blocks of one range: one, or none.
    macro_rules! bounds {
        ($name:literal, $field:ident, $number:ident) => {
            (
                $name,
                match live.$field() {
                    Some(range) => blocks::one(
                        schema,
                        $name,
                        [("min", $number(range.min())), ("max", $number(range.max()))],
                    ),
                    None => blocks::none(schema, $name),
                },
            )
        };
    }
    let given = [
        bounds!("accelerator_count", accelerator_count, whole),
        ("accelerator_manufacturers", texts(live.accelerator_manufacturers(), |word| word.as_str())),
        ("accelerator_names", texts(live.accelerator_names(), |word| word.as_str())),
        bounds!("accelerator_total_memory_mib", accelerator_total_memory_mib, whole),
        ("accelerator_types", texts(live.accelerator_types(), |word| word.as_str())),
        ("allowed_instance_types", object::text_set(live.allowed_instance_types())),
        ("bare_metal", object::text(live.bare_metal().map(BareMetal::as_str))),
        bounds!("baseline_ebs_bandwidth_mbps", baseline_ebs_bandwidth_mbps, whole),
        (
            "burstable_performance",
            object::text(live.burstable_performance().map(BurstablePerformance::as_str)),
        ),
        ("cpu_manufacturers", texts(live.cpu_manufacturers(), |word| word.as_str())),
        ("excluded_instance_types", object::text_set(live.excluded_instance_types())),
        ("instance_generations", texts(live.instance_generations(), |word| word.as_str())),
        ("local_storage", object::text(live.local_storage().map(LocalStorage::as_str))),
        ("local_storage_types", texts(live.local_storage_types(), |word| word.as_str())),
        (PRICES[0], object::integer(live.max_spot_price_as_percentage_of_optimal_on_demand_price())),
        bounds!("memory_gib_per_vcpu", memory_gib_per_v_cpu, decimal),
        bounds!("memory_mib", memory_mib, whole),
        bounds!("network_bandwidth_gbps", network_bandwidth_gbps, decimal),
        bounds!("network_interface_count", network_interface_count, whole),
        (PRICES[1], object::integer(live.on_demand_max_price_percentage_over_lowest_price())),
        ("require_hibernate_support", object::boolean(live.require_hibernate_support())),
        (PRICES[2], object::integer(live.spot_max_price_percentage_over_lowest_price())),
        bounds!("total_local_storage_gb", total_local_storage_gb, decimal),
        bounds!("vcpu_count", v_cpu_count, whole),
    ];
    blocks::one(outer, name, given)
}

fn whole(number: Option<i32>) -> Value {
    object::integer(number)
}
