//! Whatever can be changed in AWS is changed behind recon's back, attribute by attribute: the diff names what was
//! changed and nothing else, applying puts it back, and then there is nothing to do.
//!
//! The change is made by somebody else: another recon with another code and its own copy of the state. That recon's
//! updates do what they say is shown elsewhere, with the objects read through the SDK (`aws_types`, `aws_elbv2`).
//! What cannot be shown here stands in `left_out.json` with the reason; what is in neither place fails.

#[path = "../support/mod.rs"]
mod support;

mod cases;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, KeySchemaElement, KeyType, ProvisionedThroughput, ScalarAttributeType,
};
use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};
use cases::{Case, Marked};
use recon::provider::registry::Registry;
use recon::schema::BlockSchema;
use serde_json::Value as Json;
use support::aws::Aws;
use support::stack::Stack;

/// The stacks, one a service.
const STACKS: &[&str] = &[
    ALARMS,
    APPLICATION_AUTO_SCALING,
    AUTO_SCALING,
    BUCKETS,
    DYNAMODB,
    FRONT_DOOR,
    IDENTITIES,
    INSTANCES,
    LAUNCH_TEMPLATES,
    LISTENER_RULES,
    LOAD_BALANCING,
    NETWORK,
    NETWORK_MORE,
];

const ALARMS: &str = include_str!("stacks/alarms.tf");
const APPLICATION_AUTO_SCALING: &str = include_str!("stacks/application_autoscaling.tf");
const AUTO_SCALING: &str = include_str!("stacks/autoscaling.tf");
const BUCKETS: &str = include_str!("stacks/buckets.tf");
const DYNAMODB: &str = include_str!("stacks/dynamodb.tf");
const FRONT_DOOR: &str = include_str!("stacks/front_door.tf");
const IDENTITIES: &str = include_str!("stacks/iam.tf");
const INSTANCES: &str = include_str!("stacks/instance.tf");
const LAUNCH_TEMPLATES: &str = include_str!("stacks/launch_template.tf");
const LISTENER_RULES: &str = include_str!("stacks/listener_rules.tf");
const LOAD_BALANCING: &str = include_str!("stacks/elbv2.tf");
const NETWORK: &str = include_str!("stacks/network.tf");
const NETWORK_MORE: &str = include_str!("stacks/network_more.tf");

/// How the reason begins why an argument is left out that recon refuses in code.
const REFUSED: &str = "refused in code: ";

/// Address, path and verdict of what a diff calls changed in AWS. Paths have no indexes; what follows from other
/// changes is left out.
fn drift(output: &[Json]) -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    for line in
        output.iter().filter(|line| line["type"] == "resource_drift" || line["type"] == "planned_change")
    {
        let change = &line["change"];
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let address = text(&change["resource"]["addr"]);
        let none = Vec::new();
        let attributes = change["attributes"].as_array().unwrap_or(&none);
        for attribute in attributes.iter().filter(|attribute| attribute["consequence"] != true) {
            let path = without_indexes(attribute["path"].as_str().unwrap());
            found.insert((address.clone(), path, text(&attribute["verdict"])));
        }
        if attributes.is_empty() {
            found.insert((address, String::new(), text(&change["verdict"])));
        }
    }
    found
}

/// The same of what `recon drift` says.
fn reported(report: &Json) -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    for resource in report["resources"].as_array().unwrap().iter().filter(|one| one["status"] != "in_sync") {
        let address = text(&resource["address"]);
        let attributes = resource["attributes"].as_array().unwrap();
        for attribute in attributes.iter().filter(|attribute| attribute["consequence"] != true) {
            let path = without_indexes(attribute["path"].as_str().unwrap());
            found.insert((address.clone(), path, text(&attribute["status"])));
        }
        if attributes.is_empty() {
            found.insert((address, String::new(), text(&resource["status"])));
        }
    }
    found
}

/// `a.b` of `a[0].b` and of `a["k"]`: `a.k`.
fn without_indexes(path: &str) -> String {
    let mut plain = String::new();
    for part in path.split(['[', ']']) {
        match part.strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
            Some(key) => plain += &format!(".{key}"),
            None if part.parse::<usize>().is_ok() => {}
            None => plain += part,
        }
    }
    plain
}

/// Whether a path that is told is that of the case: sets are told as a whole, maps member by member where it is drift
/// that is told.
fn names(reported: &str, path: &str) -> bool {
    let is_within =
        |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    reported == path || is_within(path, reported) || is_within(reported, path)
}

/// What is wrong with a diff after these cases.
fn mistakes(cases: &[&Case], found: &BTreeSet<(String, String, String)>) -> Vec<String> {
    let mut mistakes = Vec::new();
    for case in cases {
        for path in &case.paths {
            let is_named = found.iter().any(|(address, reported, verdict)| {
                *address == case.address && names(reported, path) && verdict == "drifted"
            });
            if !is_named {
                mistakes.push(format!("{}: {path} is not called drifted", case.address));
            }
        }
    }
    for (address, reported, verdict) in found {
        let mine = cases.iter().filter(|case| case.address == *address);
        let mut expected = mine.flat_map(|case| case.paths.iter().chain(&case.also));
        if !expected.any(|path| names(reported, path)) {
            mistakes.push(format!("{address}: {reported} is called {verdict}"));
        }
    }
    mistakes
}

fn named(cases: &[&Case]) -> String {
    let named = cases.iter().map(|case| format!("{}.{}", case.address, case.paths.join(" and ")));
    named.collect::<Vec<_>>().join(", ")
}

/// Makes a launch template of two versions. Answers its id.
async fn template(aws: &Aws, name: &str) -> String {
    let data = RequestLaunchTemplateData::builder().image_id("ami-12c6146b");
    let data = data.instance_type(InstanceType::T3Micro).build();
    let call = aws.ec2().create_launch_template().launch_template_name(name);
    let made = call.launch_template_data(data.clone()).send().await.unwrap();
    let id = made.launch_template().unwrap().launch_template_id().unwrap().to_owned();
    let call = aws.ec2().create_launch_template_version().launch_template_id(&id);
    call.launch_template_data(data).send().await.unwrap();
    id
}

/// Makes a table of provisioned capacity.
async fn table(aws: &Aws, name: &str) {
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("id");
    let attribute = attribute.attribute_type(ScalarAttributeType::S).build().unwrap();
    let capacity = ProvisionedThroughput::builder().read_capacity_units(1).write_capacity_units(1);
    let call = aws.dynamodb().create_table().table_name(name).key_schema(key);
    let call = call.attribute_definitions(attribute).provisioned_throughput(capacity.build().unwrap());
    call.send().await.unwrap();
}

/// Shows every case of a stack in an account that holds what the stack refers to.
async fn show(text: &str) {
    let marked = Marked::parse(text);
    let aws = Aws::fresh();
    let (_, subnets) = aws.network().await;
    for name in ["a", "b"] {
        let certificate = aws.iam().upload_server_certificate().server_certificate_name(name);
        certificate.certificate_body("text").private_key("text").send().await.unwrap();
    }
    let mut variables = format!("third_subnet_id = {:?}\n", subnets[2]);
    for name in ["workers", "others"] {
        variables += &format!("{name}_id = {:?}\n", template(&aws, name).await);
    }
    for name in ["old", "new"] {
        let call = aws.autoscaling().create_launch_configuration().launch_configuration_name(name);
        call.image_id("ami-12c6146b").instance_type("t3.micro").send().await.unwrap();
    }
    for name in ["orders", "users"] {
        table(&aws, name).await;
    }
    let images = aws.ec2().describe_images().owners("amazon").send().await.unwrap();
    let image = images.images().iter().find(|image| image.root_device_name().is_some()).unwrap();
    variables += &format!("image_id = {:?}\nprofiles = [\"one\", \"two\"]\n", image.image_id().unwrap());
    for name in ["one", "two"] {
        aws.iam().create_instance_profile().instance_profile_name(name).send().await.unwrap();
    }
    let (stack, other) = (Stack::new(&aws), Stack::new(&aws));
    for stack in [&stack, &other] {
        stack.write("more.auto.tfvars", &variables);
    }
    stack.write("main.tf", &marked.base());
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.recon(&["diff", "--detailed-exitcode"]).code(0);
    // Nobody has touched anything.
    for _ in 0..5 {
        let report = stack.recon(&["drift", "--json", "--detailed-exitcode", "--strict"]).code(0).json();
        assert_eq!(report["summary"]["in_sync"], report["summary"]["resources"], "{report:#}");
    }
    let mut wrong = Vec::new();
    for cases in marked.rounds() {
        other.write("main.tf", &marked.tampered(&cases));
        other.write("terraform.tfstate", &stack.read("terraform.tfstate"));
        let tampering = other.recon(&["apply", "--auto-approve"]).output();
        if tampering.exit_code() != 0 {
            wrong.push(format!("{}\n{}", named(&cases), tampering.stderr));
        }
        let found = drift(&stack.recon(&["diff", "--json"]).success().json_lines());
        wrong.extend(mistakes(&cases, &found));
        let told = reported(&stack.recon(&["drift", "--json"]).success().json());
        wrong.extend(mistakes(&cases, &told).into_iter().map(|mistake| format!("recon drift: {mistake}")));
        stack.recon(&["apply", "--auto-approve"]).success();
        let after = stack.recon(&["diff", "--json", "--detailed-exitcode"]).output();
        if after.exit_code() != 0 {
            let left = drift(&after.json_lines());
            wrong.push(format!("after {} was put back there is {left:?}", named(&cases)));
            stack.recon(&["apply", "--auto-approve"]).success();
        }
    }
    assert!(wrong.is_empty(), "{} mistakes:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms() {
    show(ALARMS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scaled_tables() {
    show(APPLICATION_AUTO_SCALING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scaling_groups_and_policies() {
    show(AUTO_SCALING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets() {
    show(BUCKETS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_items() {
    show(DYNAMODB).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_keys_groups_and_dashboards() {
    show(FRONT_DOOR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identities() {
    show(IDENTITIES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances() {
    show(INSTANCES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn launch_templates() {
    show(LAUNCH_TEMPLATES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listener_rules() {
    show(LISTENER_RULES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn load_balancing() {
    show(LOAD_BALANCING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn networks() {
    show(NETWORK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_routes_and_addresses() {
    show(NETWORK_MORE).await;
}

/// The arguments of a type that can change while the object stays.
fn updatable(path: &str, block: &BlockSchema, found: &mut BTreeSet<String>) {
    for (name, attribute) in &block.attributes {
        let has_live_value = !attribute.code_only && !attribute.write_only;
        if attribute.is_argument() && !attribute.forces_replacement && has_live_value {
            found.insert(format!("{path}{name}"));
        }
    }
    for (name, nested) in &block.blocks {
        if !nested.forces_replacement && &**name != "timeouts" {
            updatable(&format!("{path}{name}."), &nested.block, found);
        }
    }
}

#[test]
fn every_updatable_attribute_is_shown_or_left_out_with_a_reason() {
    let left_out: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(include_str!("left_out.json")).unwrap();
    let cases: Vec<Case> = STACKS.iter().flat_map(|text| Marked::parse(text).cases).collect();
    let (mut shown, mut all, mut wrong) = (0, 0, Vec::new());
    let provider = Registry::new().provider("aws").unwrap();
    for ty in provider.resource_types() {
        // An alias shares all with the type that it is another name of.
        if ty.name().starts_with("aws_alb") {
            continue;
        }
        let mut paths = BTreeSet::new();
        updatable("", &ty.schema().block, &mut paths);
        // A provider's own copy of the tags, and the id, which only old configurations set.
        paths.retain(|path| path != "tags_all" && path != "id");
        let none = BTreeMap::new();
        let left_out = left_out.get(ty.name()).unwrap_or(&none);
        for path in &paths {
            let mine = cases.iter().filter(|case| case.resource_type() == ty.name());
            let is_shown = mine.flat_map(|case| &case.paths).any(|case| names(path, case));
            // What no code can set is not to be changed back.
            let is_refused = left_out.get(path).is_some_and(|reason| reason.starts_with(REFUSED));
            all += usize::from(!is_refused);
            shown += usize::from(is_shown);
            match (is_shown, left_out.get(path)) {
                (true, Some(_)) => wrong.push(format!("{}.{path} is shown and left out", ty.name())),
                (false, None) => wrong.push(format!("{}.{path} is neither shown nor left out", ty.name())),
                (false, Some(reason)) => println!("left out: {}.{path}: {reason}", ty.name()),
                (true, None) => {}
            }
        }
        for path in left_out.keys().filter(|path| !paths.contains(*path)) {
            wrong.push(format!("{}.{path} is left out but is no updatable attribute", ty.name()));
        }
    }
    println!("updatable attributes shown: {shown} of {all}");
    assert!(wrong.is_empty(), "{} of {all}:\n{}", wrong.len(), wrong.join("\n"));
}
