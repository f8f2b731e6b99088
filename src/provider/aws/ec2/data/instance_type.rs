//! `aws_ec2_instance_type`: what an instance type offers.
//!
//! Facts: EC2 API reference (DescribeInstanceTypes, InstanceTypeInfo); the AWS provider's manual page and its answers.

use async_trait::async_trait;
use aws_sdk_ec2::types::{EbsInfo, InstanceType as Kind, InstanceTypeInfo, NetworkInfo, VCpuInfo};

use super::{answered, flag, text, with};
use crate::lang::number::Number;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::errors::failed;
use crate::provider::object::{self, Object};
use crate::provider::{Connection, DataSource, ErrorKind, OperationError};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// The IAM action of the only call.
const DESCRIBE: &str = "ec2:DescribeInstanceTypes";

/// Attributes of an answer by name.
type Entries = Vec<(&'static str, Value)>;

/// `aws_ec2_instance_type`
pub struct InstanceType {
    schema: Schema,
}

/// The type of a device: its texts and its numbers.
fn device_type(texts: &[&'static str], numbers: &[&'static str]) -> Type {
    let texts = texts.iter().map(|name| (*name, Type::String));
    Type::object(texts.chain(numbers.iter().map(|name| (*name, Type::Number))))
}

/// The type of what computes: accelerators of all kinds.
fn accelerator_type() -> Type {
    device_type(&["manufacturer", "name"], &["count", "memory_size"])
}

fn disk_type() -> Type {
    device_type(&["type"], &["count", "size"])
}

fn card_type() -> Type {
    let numbers = ["baseline_bandwidth", "index", "maximum_interfaces", "peak_bandwidth"];
    device_type(&["performance"], &numbers)
}

fn neuron_type() -> Type {
    device_type(&["name"], &["core_count", "core_version", "count", "memory_size"])
}

const FLAGS: [&str; 12] = [
    "auto_recovery_supported",
    "bare_metal",
    "burstable_performance_supported",
    "current_generation",
    "dedicated_hosts_supported",
    "efa_supported",
    "ena_srd_supported",
    "encryption_in_transit_supported",
    "free_tier_eligible",
    "hibernation_supported",
    "instance_storage_supported",
    "ipv6_supported",
];

const TEXTS: [&str; 9] = [
    "ebs_encryption_support",
    "ebs_nvme_support",
    "ebs_optimized_support",
    "ena_support",
    "hypervisor",
    "network_performance",
    "nitro_enclaves_support",
    "nitro_tpm_support",
    "phc_support",
];

const NUMBERS: [&str; 23] = [
    "default_cores",
    "default_network_card_index",
    "default_threads_per_core",
    "default_vcpus",
    "ebs_performance_baseline_bandwidth",
    "ebs_performance_baseline_iops",
    "ebs_performance_baseline_throughput",
    "ebs_performance_maximum_bandwidth",
    "ebs_performance_maximum_iops",
    "ebs_performance_maximum_throughput",
    "efa_maximum_interfaces",
    "maximum_ipv4_addresses_per_interface",
    "maximum_ipv6_addresses_per_interface",
    "maximum_network_cards",
    "maximum_network_interfaces",
    "memory_size",
    "sustained_clock_speed",
    "total_fpga_memory",
    "total_gpu_memory",
    "total_inference_memory",
    "total_instance_storage",
    "total_media_memory",
    "total_neuron_device_memory",
];

const TEXT_SETS: [&str; 4] =
    ["bandwidth_weightings", "boot_modes", "nitro_tpm_supported_versions", "supported_cpu_features"];

const TEXT_LISTS: [&str; 5] = [
    "supported_architectures",
    "supported_placement_strategies",
    "supported_root_device_types",
    "supported_usages_classes",
    "supported_virtualization_types",
];

impl Default for InstanceType {
    fn default() -> InstanceType {
        let computed = |ty: Type| move || AttributeSchema::computed(Type::clone(&ty));
        let block = with(BlockSchema::new().id(), &FLAGS, computed(Type::Bool));
        let block = with(block, &TEXTS, computed(Type::String));
        let block = with(block, &NUMBERS, computed(Type::Number));
        let block = with(block, &TEXT_SETS, computed(Type::set(Type::String)));
        let block = with(block, &TEXT_LISTS, computed(Type::list(Type::String)));
        let block =
            with(block, &["valid_cores", "valid_threads_per_core"], computed(Type::list(Type::Number)));
        let accelerators = ["fpgas", "gpus", "inference_accelerators", "media_accelerators"];
        let block = with(block, &accelerators, computed(Type::set(accelerator_type())));
        let block = block
            .attribute("instance_disks", AttributeSchema::computed(Type::set(disk_type())))
            .attribute("instance_type", AttributeSchema::required(Type::String))
            .attribute("network_cards", AttributeSchema::computed(Type::set(card_type())))
            .attribute("neuron_devices", AttributeSchema::computed(Type::set(neuron_type())))
            .timeouts(&["read"]);
        InstanceType { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for InstanceType {
    fn name(&self) -> &'static str {
        "aws_ec2_instance_type"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let name = config.text("instance_type").unwrap_or_default();
        let answer = aws.ec2().describe_instance_types().instance_types(Kind::from(name)).send().await;
        let found = answer.map_err(|error| failed(DESCRIBE, error))?.instance_types.unwrap_or_default();
        let info = found.into_iter().next().ok_or_else(|| {
            let message = format!("there is no instance type {name:?} in {}", aws.region);
            OperationError::new(ErrorKind::NotFound, DESCRIBE, message)
        })?;
        let id = [("id", Value::string(name)), ("instance_type", Value::string(name))];
        let found = id.into_iter().chain(general(&info));
        let found = found.chain(info.v_cpu_info().map(cores).unwrap_or_default());
        let found = found.chain(info.ebs_info().map(volumes).unwrap_or_default());
        let found = found.chain(info.network_info().map(network).unwrap_or_default());
        let found = found.chain(accelerators(&info)).chain(storage(&info));
        Ok(answered(&self.schema, config, &["timeouts"], found))
    }
}

fn number(value: Option<i32>) -> Value {
    object::integer(value.map(i64::from))
}

/// A number, zero where AWS says nothing.
fn count(value: Option<i32>) -> Value {
    Value::number(i64::from(value.unwrap_or(0)))
}

/// A number with a fraction, or null.
fn fraction(value: Option<f64>) -> Value {
    let number = value.and_then(Number::from_f64);
    number.map_or_else(|| Value::null(Type::Number), Value::number)
}

fn numbers(values: &[i32]) -> Value {
    Value::list(Type::Number, values.iter().map(|value| Value::number(i64::from(*value))).collect())
}

/// The words of the SDK's enumerations.
fn words<T: AsRef<str>>(values: &[T]) -> Value {
    object::text_list(values)
}

fn general(info: &InstanceTypeInfo) -> Entries {
    let processor = info.processor_info();
    let placement = info.placement_group_info().map(|one| one.supported_strategies()).unwrap_or_default();
    let versions = info.nitro_tpm_info().map(|one| one.supported_versions()).unwrap_or_default();
    vec![
        ("auto_recovery_supported", flag(info.auto_recovery_supported())),
        ("bare_metal", flag(info.bare_metal())),
        ("boot_modes", object::text_set(info.supported_boot_modes())),
        ("burstable_performance_supported", flag(info.burstable_performance_supported())),
        ("current_generation", flag(info.current_generation())),
        ("dedicated_hosts_supported", flag(info.dedicated_hosts_supported())),
        ("free_tier_eligible", flag(info.free_tier_eligible())),
        ("hibernation_supported", flag(info.hibernation_supported())),
        ("hypervisor", text(info.hypervisor().map(AsRef::as_ref))),
        ("memory_size", object::integer(info.memory_info().and_then(|one| one.size_in_mib()))),
        ("nitro_enclaves_support", text(info.nitro_enclaves_support().map(AsRef::as_ref))),
        ("nitro_tpm_support", text(info.nitro_tpm_support().map(AsRef::as_ref))),
        ("nitro_tpm_supported_versions", object::text_set(versions)),
        ("phc_support", text(info.phc_support().map(AsRef::as_ref))),
        (
            "supported_architectures",
            words(processor.map(|one| one.supported_architectures()).unwrap_or_default()),
        ),
        (
            "supported_cpu_features",
            object::text_set(processor.map(|one| one.supported_features()).unwrap_or_default()),
        ),
        ("supported_placement_strategies", words(placement)),
        ("supported_root_device_types", words(info.supported_root_device_types())),
        ("supported_usages_classes", words(info.supported_usage_classes())),
        ("supported_virtualization_types", words(info.supported_virtualization_types())),
        ("sustained_clock_speed", fraction(processor.and_then(|one| one.sustained_clock_speed_in_ghz()))),
    ]
}

fn cores(info: &VCpuInfo) -> Entries {
    vec![
        ("default_cores", count(info.default_cores())),
        ("default_threads_per_core", count(info.default_threads_per_core())),
        ("default_vcpus", count(info.default_v_cpus())),
        ("valid_cores", numbers(info.valid_cores())),
        ("valid_threads_per_core", numbers(info.valid_threads_per_core())),
    ]
}

fn volumes(info: &EbsInfo) -> Entries {
    let speed = info.ebs_optimized_info();
    vec![
        ("ebs_encryption_support", text(info.encryption_support().map(AsRef::as_ref))),
        ("ebs_nvme_support", text(info.nvme_support().map(AsRef::as_ref))),
        ("ebs_optimized_support", text(info.ebs_optimized_support().map(AsRef::as_ref))),
        (
            "ebs_performance_baseline_bandwidth",
            number(speed.and_then(|one| one.baseline_bandwidth_in_mbps())),
        ),
        ("ebs_performance_baseline_iops", number(speed.and_then(|one| one.baseline_iops()))),
        (
            "ebs_performance_baseline_throughput",
            fraction(speed.and_then(|one| one.baseline_throughput_in_m_bps())),
        ),
        ("ebs_performance_maximum_bandwidth", number(speed.and_then(|one| one.maximum_bandwidth_in_mbps()))),
        ("ebs_performance_maximum_iops", number(speed.and_then(|one| one.maximum_iops()))),
        (
            "ebs_performance_maximum_throughput",
            fraction(speed.and_then(|one| one.maximum_throughput_in_m_bps())),
        ),
    ]
}

fn network(info: &NetworkInfo) -> Entries {
    let cards = info.network_cards().iter().map(|card| {
        let speed = |value: Option<f64>| fraction(Some(value.unwrap_or(0.0)));
        Value::object([
            ("baseline_bandwidth", speed(card.baseline_bandwidth_in_gbps())),
            ("index", count(card.network_card_index())),
            ("maximum_interfaces", count(card.maximum_network_interfaces())),
            ("peak_bandwidth", speed(card.peak_bandwidth_in_gbps())),
            ("performance", text(card.network_performance())),
        ])
    });
    vec![
        ("bandwidth_weightings", object::text_set(info.bandwidth_weightings())),
        ("default_network_card_index", count(info.default_network_card_index())),
        ("efa_maximum_interfaces", number(info.efa_info().and_then(|one| one.maximum_efa_interfaces()))),
        ("efa_supported", flag(info.efa_supported())),
        ("ena_srd_supported", flag(info.ena_srd_supported())),
        ("ena_support", text(info.ena_support().map(AsRef::as_ref))),
        ("encryption_in_transit_supported", flag(info.encryption_in_transit_supported())),
        ("ipv6_supported", flag(info.ipv6_supported())),
        ("maximum_ipv4_addresses_per_interface", count(info.ipv4_addresses_per_interface())),
        ("maximum_ipv6_addresses_per_interface", count(info.ipv6_addresses_per_interface())),
        ("maximum_network_cards", count(info.maximum_network_cards())),
        ("maximum_network_interfaces", count(info.maximum_network_interfaces())),
        ("network_cards", Value::set(card_type(), cards)),
        ("network_performance", text(info.network_performance())),
    ]
}

/// One of the accelerators of a kind.
fn accelerator(name: Option<&str>, maker: Option<&str>, number: Option<i32>, memory: Option<i32>) -> Value {
    Value::object([
        ("count", count(number)),
        ("manufacturer", text(maker)),
        ("memory_size", count(memory)),
        ("name", text(name)),
    ])
}

/// The accelerators of a kind, with what the SDK's devices are asked in the same words.
macro_rules! accelerators {
    ($devices:expr) => {
        Value::set(
            accelerator_type(),
            $devices.unwrap_or_default().iter().map(|one| {
                let memory = one.memory_info().and_then(|memory| memory.size_in_mib());
                accelerator(one.name(), one.manufacturer(), one.count(), memory)
            }),
        )
    };
}

fn accelerators(info: &InstanceTypeInfo) -> Entries {
    let (fpga, gpu) = (info.fpga_info(), info.gpu_info());
    let (inference, media) = (info.inference_accelerator_info(), info.media_accelerator_info());
    let neuron = info.neuron_info();
    let devices = neuron.map(|one| one.neuron_devices()).unwrap_or_default().iter().map(|one| {
        let core = one.core_info();
        Value::object([
            ("core_count", count(core.and_then(|core| core.count()))),
            ("core_version", count(core.and_then(|core| core.version()))),
            ("count", count(one.count())),
            ("memory_size", count(one.memory_info().and_then(|memory| memory.size_in_mib()))),
            ("name", text(one.name())),
        ])
    });
    vec![
        ("fpgas", accelerators!(fpga.map(|one| one.fpgas()))),
        ("gpus", accelerators!(gpu.map(|one| one.gpus()))),
        ("inference_accelerators", accelerators!(inference.map(|one| one.accelerators()))),
        ("media_accelerators", accelerators!(media.map(|one| one.accelerators()))),
        ("neuron_devices", Value::set(neuron_type(), devices)),
        ("total_fpga_memory", number(fpga.and_then(|one| one.total_fpga_memory_in_mib()))),
        ("total_gpu_memory", number(gpu.and_then(|one| one.total_gpu_memory_in_mib()))),
        ("total_inference_memory", number(inference.and_then(|one| one.total_inference_memory_in_mib()))),
        ("total_media_memory", number(media.and_then(|one| one.total_media_memory_in_mib()))),
        (
            "total_neuron_device_memory",
            number(neuron.and_then(|one| one.total_neuron_device_memory_in_mib())),
        ),
    ]
}

fn storage(info: &InstanceTypeInfo) -> Entries {
    let storage = info.instance_storage_info();
    let disks = storage.map(|one| one.disks()).unwrap_or_default().iter().map(|disk| {
        Value::object([
            ("count", count(disk.count())),
            ("size", Value::number(disk.size_in_gb().unwrap_or(0))),
            ("type", text(disk.r#type().map(AsRef::as_ref))),
        ])
    });
    vec![
        ("instance_disks", Value::set(disk_type(), disks)),
        ("instance_storage_supported", flag(info.instance_storage_supported())),
        ("total_instance_storage", object::integer(storage.and_then(|one| one.total_size_in_gb()))),
    ]
}
