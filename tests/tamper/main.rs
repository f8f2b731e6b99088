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

use cases::{Case, Marked};
use recon::provider::registry::Registry;
use recon::schema::BlockSchema;
use serde_json::Value as Json;
use support::aws::Aws;
use support::stack::Stack;

/// The stacks, one a service.
const STACKS: &[&str] = &[FRONT_DOOR, IDENTITIES, LOAD_BALANCING, NETWORK];

const FRONT_DOOR: &str = include_str!("stacks/front_door.tf");
const IDENTITIES: &str = include_str!("stacks/iam.tf");
const NETWORK: &str = include_str!("stacks/network.tf");
const LOAD_BALANCING: &str = include_str!("stacks/elbv2.tf");

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

/// Whether a path that the diff names is that of the case: sets are named as a whole.
fn names(reported: &str, path: &str) -> bool {
    reported == path || path.strip_prefix(reported).is_some_and(|rest| rest.starts_with('.'))
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

/// Shows every case of a stack in an account that holds what the stack refers to.
async fn show(text: &str) {
    let marked = Marked::parse(text);
    let aws = Aws::fresh();
    let (_, subnets) = aws.network().await;
    for name in ["a", "b"] {
        let certificate = aws.iam().upload_server_certificate().server_certificate_name(name);
        certificate.certificate_body("text").private_key("text").send().await.unwrap();
    }
    let (stack, other) = (Stack::new(&aws), Stack::new(&aws));
    for stack in [&stack, &other] {
        stack.write("more.auto.tfvars", &format!("third_subnet_id = {:?}\n", subnets[2]));
    }
    stack.write("main.tf", &marked.base());
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.recon(&["diff", "--detailed-exitcode"]).code(0);
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
async fn streams_keys_groups_and_dashboards() {
    show(FRONT_DOOR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identities() {
    show(IDENTITIES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn networks() {
    show(NETWORK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn load_balancing() {
    show(LOAD_BALANCING).await;
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
            all += 1;
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
