//! `instance_requirements`: what instance types must have, where the template names none.

use aws_sdk_ec2::types::{
    AcceleratorCountRequest, AcceleratorManufacturer, AcceleratorName, AcceleratorTotalMemoryMiBRequest,
    AcceleratorType, BareMetal, BaselineEbsBandwidthMbpsRequest, BurstablePerformance, CpuManufacturer,
    InstanceGeneration, InstanceRequirements, InstanceRequirementsRequest, LocalStorage, LocalStorageType,
    MemoryGiBPerVCpuRequest, MemoryMiBRequest, NetworkBandwidthGbpsRequest, NetworkInterfaceCountRequest,
    TotalLocalStorageGbRequest, VCpuCountRangeRequest,
};

use crate::lang::number::Number;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::ec2::network::{filled, small};
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;

/// The ends of a range: zero is what is left out, but as an end that zero is the beginning of, which means none.
fn whole(block: &Value) -> (Option<i32>, Option<i32>) {
    let min = small(block, "min").filter(|min| *min > 0);
    (min, small(block, "max").filter(|max| *max > 0))
}

fn float(block: &Value) -> (Option<f64>, Option<f64>) {
    let end = |name: &str| block.float(name).filter(|number| *number > 0.0);
    (end("min"), end("max"))
}

/// A request of a range, from the ends that `ends` finds in the block.
macro_rules! range {
    ($requirements:ident, $name:literal, $request:ty, $ends:expr) => {
        $requirements.block($name).map(|block| {
            let (min, max) = $ends(block);
            <$request>::builder().set_min(min).set_max(max).build()
        })
    };
}

/// The words of a set, as the SDK's enumeration.
fn words<T: for<'a> From<&'a str>>(block: &Value, name: &str) -> Option<Vec<T>> {
    let words: Vec<T> = block.texts(name).iter().map(|word| T::from(word.as_str())).collect();
    Some(words).filter(|words| !words.is_empty())
}

/// What EC2 is told.
pub(super) fn request(block: &Value) -> InstanceRequirementsRequest {
    let texts = |name: &str| Some(block.texts(name)).filter(|texts| !texts.is_empty());
    let price = |name: &str| small(block, name).filter(|price| *price > 0);
    // That there are no more than zero accelerators is a requirement, unless there must be some.
    let accelerators = |block: &Value| {
        let (min, _) = whole(block);
        (min, small(block, "max").filter(|max| *max >= min.unwrap_or(0)))
    };
    InstanceRequirementsRequest::builder()
        .set_accelerator_count(range!(block, "accelerator_count", AcceleratorCountRequest, accelerators))
        .set_accelerator_manufacturers(words::<AcceleratorManufacturer>(block, "accelerator_manufacturers"))
        .set_accelerator_names(words::<AcceleratorName>(block, "accelerator_names"))
        .set_accelerator_total_memory_mib(range!(
            block,
            "accelerator_total_memory_mib",
            AcceleratorTotalMemoryMiBRequest,
            whole
        ))
        .set_accelerator_types(words::<AcceleratorType>(block, "accelerator_types"))
        .set_allowed_instance_types(texts("allowed_instance_types"))
        .set_bare_metal(filled(block, "bare_metal").map(BareMetal::from))
        .set_baseline_ebs_bandwidth_mbps(range!(
            block,
            "baseline_ebs_bandwidth_mbps",
            BaselineEbsBandwidthMbpsRequest,
            whole
        ))
        .set_burstable_performance(filled(block, "burstable_performance").map(BurstablePerformance::from))
        .set_cpu_manufacturers(words::<CpuManufacturer>(block, "cpu_manufacturers"))
        .set_excluded_instance_types(texts("excluded_instance_types"))
        .set_instance_generations(words::<InstanceGeneration>(block, "instance_generations"))
        .set_local_storage(filled(block, "local_storage").map(LocalStorage::from))
        .set_local_storage_types(words::<LocalStorageType>(block, "local_storage_types"))
        .set_max_spot_price_as_percentage_of_optimal_on_demand_price(price(
            "max_spot_price_as_percentage_of_optimal_on_demand_price",
        ))
        .set_memory_gib_per_v_cpu(range!(block, "memory_gib_per_vcpu", MemoryGiBPerVCpuRequest, float))
        .set_memory_mib(range!(block, "memory_mib", MemoryMiBRequest, whole))
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
            whole
        ))
        .set_on_demand_max_price_percentage_over_lowest_price(price(
            "on_demand_max_price_percentage_over_lowest_price",
        ))
        .set_require_hibernate_support(block.boolean("require_hibernate_support").filter(|on| *on))
        .set_spot_max_price_percentage_over_lowest_price(price("spot_max_price_percentage_over_lowest_price"))
        .set_total_local_storage_gb(range!(
            block,
            "total_local_storage_gb",
            TotalLocalStorageGbRequest,
            float
        ))
        .set_v_cpu_count(range!(block, "vcpu_count", VCpuCountRangeRequest, whole))
        .build()
}

/// A number with a fraction, or null.
fn fraction(value: Option<f64>) -> Value {
    let number = value.and_then(Number::from_f64);
    number.map_or_else(|| Value::null(Type::Number), Value::number)
}

/// What EC2 answers. `schema` is that of the block.
pub(super) fn object(schema: &BlockSchema, live: &InstanceRequirements) -> Value {
    let number = |value: Option<i32>| object::integer(value.map(i64::from));
    let range = |name: &str, ends: Option<(Option<i32>, Option<i32>)>| match ends {
        Some((min, max)) => blocks::one(schema, name, [("min", number(min)), ("max", number(max))]),
        None => blocks::none(schema, name),
    };
    let floats = |name: &str, ends: Option<(Option<f64>, Option<f64>)>| match ends {
        Some((min, max)) => blocks::one(schema, name, [("min", fraction(min)), ("max", fraction(max))]),
        None => blocks::none(schema, name),
    };
    let text = |text: Option<&str>| object::text(text);
    let ranges = [
        ("accelerator_count", live.accelerator_count().map(|one| (one.min(), one.max()))),
        (
            "accelerator_total_memory_mib",
            live.accelerator_total_memory_mib().map(|one| (one.min(), one.max())),
        ),
        ("baseline_ebs_bandwidth_mbps", live.baseline_ebs_bandwidth_mbps().map(|one| (one.min(), one.max()))),
        ("memory_mib", live.memory_mib().map(|one| (one.min(), one.max()))),
        ("network_interface_count", live.network_interface_count().map(|one| (one.min(), one.max()))),
        ("vcpu_count", live.v_cpu_count().map(|one| (one.min(), one.max()))),
    ];
    let fractions = [
        ("memory_gib_per_vcpu", live.memory_gib_per_v_cpu().map(|one| (one.min(), one.max()))),
        ("network_bandwidth_gbps", live.network_bandwidth_gbps().map(|one| (one.min(), one.max()))),
        ("total_local_storage_gb", live.total_local_storage_gb().map(|one| (one.min(), one.max()))),
    ];
    let own = [
        (
            "accelerator_manufacturers",
            object::text_set(live.accelerator_manufacturers().iter().map(AsRef::<str>::as_ref)),
        ),
        ("accelerator_names", object::text_set(live.accelerator_names().iter().map(AsRef::<str>::as_ref))),
        ("accelerator_types", object::text_set(live.accelerator_types().iter().map(AsRef::<str>::as_ref))),
        ("allowed_instance_types", object::text_set(live.allowed_instance_types())),
        ("bare_metal", text(live.bare_metal().map(AsRef::as_ref))),
        ("burstable_performance", text(live.burstable_performance().map(AsRef::as_ref))),
        ("cpu_manufacturers", object::text_set(live.cpu_manufacturers().iter().map(AsRef::<str>::as_ref))),
        ("excluded_instance_types", object::text_set(live.excluded_instance_types())),
        (
            "instance_generations",
            object::text_set(live.instance_generations().iter().map(AsRef::<str>::as_ref)),
        ),
        ("local_storage", text(live.local_storage().map(AsRef::as_ref))),
        (
            "local_storage_types",
            object::text_set(live.local_storage_types().iter().map(AsRef::<str>::as_ref)),
        ),
        (
            "max_spot_price_as_percentage_of_optimal_on_demand_price",
            number(live.max_spot_price_as_percentage_of_optimal_on_demand_price()),
        ),
        (
            "on_demand_max_price_percentage_over_lowest_price",
            number(live.on_demand_max_price_percentage_over_lowest_price()),
        ),
        ("require_hibernate_support", object::boolean(live.require_hibernate_support())),
        (
            "spot_max_price_percentage_over_lowest_price",
            number(live.spot_max_price_percentage_over_lowest_price()),
        ),
    ];
    let ranges = ranges.into_iter().map(|(name, ends)| (name, range(name, ends)));
    let fractions = fractions.into_iter().map(|(name, ends)| (name, floats(name, ends)));
    schema.object(own.into_iter().chain(ranges).chain(fractions))
}
