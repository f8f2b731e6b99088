//! What forces replacement: for every type of resource that recon manages, its plan against Terraform's. Run by name only
//! (`cargo test --test interop_replacement`), since it needs `terraform` and a local mirror with the AWS provider.
//!
//! The stacks in `interop/replacement` say how each attribute changes (the marks are those of the tamper table; `#= id =
//! "i-1"` is what is recorded of an attribute that only AWS sets). A record is made of what Terraform plans to create, with
//! what it does not know yet made up; then everything changes at once, and both plan against that record without a look
//! at AWS. Nothing is applied. What no stack changes stands in `left_out.json` with the reason; what is in neither place
//! fails.

mod support;

#[path = "tamper/cases.rs"]
#[expect(dead_code, reason = "everything changes at once here, not in rounds")]
mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cases::Marked;
use recon::lang::types::Type;
use recon::provider::ResourceType;
use recon::provider::registry::Registry;
use recon::schema::BlockSchema;
use serde_json::{Map, Value as Json, json};
use support::aws::Aws;
use support::stack::Stack;
use support::terraform::Terraform;

/// The stacks, each of which becomes a module: those of the tamper table, which change what can be changed in place, and
/// those that change what cannot.
const STACKS: &[(&str, &str)] = &[
    ("tamper_alarms", include_str!("tamper/stacks/alarms.tf")),
    ("tamper_application_autoscaling", include_str!("tamper/stacks/application_autoscaling.tf")),
    ("tamper_autoscaling", include_str!("tamper/stacks/autoscaling.tf")),
    ("tamper_buckets", include_str!("tamper/stacks/buckets.tf")),
    ("tamper_dynamodb", include_str!("tamper/stacks/dynamodb.tf")),
    ("tamper_elbv2", include_str!("tamper/stacks/elbv2.tf")),
    ("tamper_front_door", include_str!("tamper/stacks/front_door.tf")),
    ("tamper_iam", include_str!("tamper/stacks/iam.tf")),
    ("tamper_launch_template", include_str!("tamper/stacks/launch_template.tf")),
    ("tamper_listener_rules", include_str!("tamper/stacks/listener_rules.tf")),
    ("tamper_network", include_str!("tamper/stacks/network.tf")),
    ("autoscaling", include_str!("interop/replacement/autoscaling.tf")),
    ("data", include_str!("interop/replacement/data.tf")),
    ("elbv2", include_str!("interop/replacement/elbv2.tf")),
    ("iam", include_str!("interop/replacement/iam.tf")),
    (IGNORED, include_str!("interop/replacement/ignored.tf")),
    ("instance", include_str!("interop/replacement/instance.tf")),
    ("network", include_str!("interop/replacement/network.tf")),
    ("s3", include_str!("interop/replacement/s3.tf")),
    ("security_groups", include_str!("interop/replacement/security_groups.tf")),
];

/// Where recon plans something else on purpose: what Terraform plans and recon does, and why.
const DIFFER: &[(&str, [&str; 2], &str)] = &[
    ("instance.aws_instance.labelled_disk", ["no-op", "update"], LABELLED),
    ("elbv2.aws_lb.network_addresses", ["update", "delete"], MAPPED),
    ("elbv2.aws_lb.network_mappings", ["update", "delete"], MAPPED),
    ("elbv2_alb.aws_alb.network_addresses", ["update", "delete"], MAPPED),
    ("elbv2_alb.aws_alb.network_mappings", ["update", "delete"], MAPPED),
];

const LABELLED: &str =
    "the provider does not see that the tags of such a volume change; recon sets them in place";

/// The provider's own rule is recon's, too: as many mappings as before and other ones are another load balancer.
const MAPPED: &str = "the provider adds a mapping of no subnet to what it plans, so that its own rule takes the change \
                      for an added mapping; there is no such mapping for AWS to take";

/// What AWS leaves empty where the code does not give it.
const EMPTY: &[&str] = &["outpost_id", "snapshot_id", "stream_view_type"];

/// The stack whose changes the provider takes no notice of.
const IGNORED: &str = "ignored";

/// The stacks of load balancers, whose types have two names.
const BALANCED: &[&str] = &["tamper_elbv2", "tamper_listener_rules", "elbv2"];

/// Every resource type that both know: of the AWS provider's, and the one that is built into the language.
fn types() -> Vec<Arc<dyn ResourceType>> {
    let registry = Registry::new();
    let providers = ["aws", "terraform"].map(|name| registry.provider(name).unwrap());
    providers.iter().flat_map(|provider| provider.resource_types()).cloned().collect()
}

/// What is recorded of attributes that only AWS sets, by address: `#= name = value`.
fn recorded() -> BTreeMap<String, Map<String, Json>> {
    let mut address = String::new();
    let mut found: BTreeMap<String, Map<String, Json>> = BTreeMap::new();
    for (module, line) in
        stacks().iter().flat_map(|(module, text)| text.lines().map(move |line| (module, line)))
    {
        if let Some(["resource", ty, name, "{"]) =
            line.split_whitespace().collect::<Vec<_>>().first_chunk::<4>()
        {
            address = format!("module.{module}.{}.{}", ty.trim_matches('"'), name.trim_matches('"'));
        }
        if let Some((name, value)) = line.trim().strip_prefix("#= ").and_then(|line| line.split_once('=')) {
            let value = serde_json::from_str(value.trim()).unwrap_or_else(|error| panic!("{line}: {error}"));
            found.entry(address.clone()).or_default().insert(name.trim().to_owned(), value);
        }
    }
    found
}

/// A value as a record has it: what is planned, and something made up where that is unknown.
fn record(name: &str, ty: &Type, planned: &Json, unknown: &Json) -> Json {
    if *unknown == true {
        return match ty {
            Type::Bool => json!(false),
            Type::Number => json!(0),
            Type::String if name == "arn" || name.ends_with("_arn") => {
                json!("arn:aws:made:eu-west-3:123456789012:up")
            }
            Type::String if EMPTY.contains(&name) => json!(""),
            Type::String if name.starts_with("user_data") => Json::Null,
            Type::String if name == "protocol_version" => json!("HTTP1"),
            Type::List(_) | Type::Set(_) | Type::Tuple(_) => json!([]),
            Type::Map(_) => json!({}),
            Type::Object(object) => {
                let members = object.attributes.iter();
                members.map(|(name, ty)| (name.to_string(), record(name, ty, planned, unknown))).collect()
            }
            Type::Dynamic => json!({ "value": "made-up", "type": "string" }),
            _ => json!("made-up"),
        };
    }
    match (ty, planned) {
        (Type::Dynamic, Json::Null) => Json::Null,
        (Type::Dynamic, value) => {
            assert!(value.is_string(), "{name}: only strings are recorded where the type is open");
            json!({ "value": value, "type": "string" })
        }
        (Type::Object(object), Json::Object(_)) => {
            let members = object.attributes.iter();
            members
                .map(|(name, ty)| (name.to_string(), record(name, ty, &planned[&**name], &unknown[&**name])))
                .collect()
        }
        (Type::List(element) | Type::Set(element), Json::Array(items)) => {
            items.iter().enumerate().map(|(at, item)| record(name, element, item, &unknown[at])).collect()
        }
        (Type::Map(element), Json::Object(items)) => {
            let members = items.iter();
            members.map(|(key, item)| (key.clone(), record(name, element, item, &unknown[key]))).collect()
        }
        _ => planned.clone(),
    }
}

/// A state in which all is as a plan would make it.
fn state(plan: &Json, recorded: &BTreeMap<String, Map<String, Json>>) -> Json {
    let types: BTreeMap<&str, Arc<dyn ResourceType>> =
        types().into_iter().map(|ty| (ty.name(), ty)).collect();
    let mut resources = Vec::new();
    for change in plan["resource_changes"].as_array().unwrap() {
        let kind = change["type"].as_str().unwrap();
        let schema = types[kind].schema();
        let sides = &change["change"];
        assert_eq!(sides["actions"], json!(["create"]), "{}", change["address"]);
        let ty = schema.block.implied_type();
        let mut attributes = record("", &ty, &sides["after"], &sides["after_unknown"]);
        if let Some(recorded) = recorded.get(change["address"].as_str().unwrap()) {
            attributes.as_object_mut().unwrap().extend(recorded.clone());
        }
        resources.push(json!({
            "module": change["module_address"],
            "mode": "managed",
            "type": kind,
            "name": change["name"],
            "provider": format!("provider[{}]", change["provider_name"]),
            "instances": [{ "schema_version": schema.version, "attributes": attributes }],
        }));
    }
    json!({
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": "1b8f0bd2-5a3e-4b39-8a40-0f0bb1b5a1a7",
        "outputs": {},
        "resources": resources,
    })
}

/// What a plan does with an object.
#[derive(Debug, PartialEq)]
struct Planned {
    actions: Json,
    replace_paths: BTreeSet<String>,
}

fn planned(change: &Json) -> Planned {
    let change = &change["change"];
    let none = Vec::new();
    let paths = change["replace_paths"].as_array().unwrap_or(&none);
    Planned {
        actions: change["actions"].clone(),
        replace_paths: paths.iter().map(|path| whole(change, path).to_string()).collect(),
    }
}

/// The path of a block, if the path leads into one that was added or removed: recon names the block, Terraform each
/// argument of it that forces replacement.
fn whole(change: &Json, path: &Json) -> Json {
    let steps = path.as_array().unwrap();
    for (at, _) in steps.iter().enumerate().filter(|(_, step)| step.is_number()) {
        let pointer: String =
            steps[..at].iter().map(|step| format!("/{}", step.to_string().trim_matches('"'))).collect();
        let count = |side: &str| change[side].pointer(&pointer).and_then(Json::as_array).map_or(0, Vec::len);
        if count("before") != count("after") {
            return json!(steps[..at]);
        }
    }
    path.clone()
}

/// Whether recon plans something else there on purpose.
fn differs(address: &str) -> bool {
    DIFFER.iter().any(|(differs, ..)| address.strip_prefix("module.") == Some(differs))
}

/// The changes of a plan by address, those that do nothing too.
fn changes(plan: &Json) -> BTreeMap<&str, &Json> {
    let changes = plan["resource_changes"].as_array().unwrap();
    changes.iter().map(|change| (change["address"].as_str().unwrap(), change)).collect()
}

/// All values that a path without indexes leads to.
fn values(object: &Json, path: &[&str], found: &mut Vec<String>) {
    match (object, path) {
        (_, []) => found.push(object.to_string()),
        (Json::Array(items), _) => items.iter().for_each(|item| values(item, path, found)),
        (_, [first, rest @ ..]) => values(&object[first], rest, found),
    }
    found.sort();
}

/// Whether Terraform's plan changes what the path of a mark leads to.
fn is_changed(change: &Json, path: &str) -> bool {
    let path: Vec<&str> = path.split('.').collect();
    let [before, after, unknown] = ["before", "after", "after_unknown"].map(|side| {
        let mut found = Vec::new();
        values(&change[side], &path, &mut found);
        found
    });
    before != after || unknown.iter().any(|value| value == "true")
}

/// All stacks: those with load balancers once more under the other name of their types.
fn stacks() -> Vec<(String, String)> {
    let mut stacks: Vec<_> =
        STACKS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let twins = STACKS.iter().filter(|(name, _)| BALANCED.contains(name));
    stacks.extend(twins.map(|(name, text)| (format!("{name}_alb"), text.replace("aws_lb", "aws_alb"))));
    stacks
}

/// The call of a stack as a module, with something for each of its variables.
fn call(name: &str, text: &str) -> String {
    let mut call = format!("module {name:?} {{\n  source = \"./{name}\"\n");
    for line in text.lines() {
        if let ["variable", variable, "{", "type", "=", ty, "}"] =
            line.split_whitespace().collect::<Vec<_>>()[..]
        {
            let variable = variable.trim_matches('"');
            let value = match (variable, ty) {
                ("ssh_public_key", _) => json!(include_str!("data/id_ed25519.pub").trim()),
                ("workers_id", _) => json!("lt-1"),
                ("others_id", _) => json!("lt-2"),
                (_, "string") => json!(variable),
                _ => json!(["a", "b"]),
            };
            call += &format!("  {variable} = {value}\n");
        }
    }
    call + "}\n"
}

#[test]
fn the_same_changes_force_replacement_in_terraform_and_recon() {
    let terraform = Terraform::find();
    // Terraform asks AWS about the two instance types where one is changed to the other.
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let stacks = stacks();
    let marked: Vec<(&str, Marked)> =
        stacks.iter().map(|(name, text)| (name.as_str(), Marked::parse(text))).collect();
    let write = |content: &dyn Fn(&Marked) -> String| {
        for (name, marked) in &marked {
            stack.write(&format!("{name}/main.tf"), &content(marked));
        }
    };
    stack.write("main.tf", &stacks.iter().map(|(name, text)| call(name, text)).collect::<String>());
    write(&Marked::base);
    terraform.run(&stack, &["init"]).success();
    let plan = |name: &str| {
        let out = format!("-out={name}");
        terraform.run(&stack, &["plan", "-no-color", "-refresh=false", &out]).success();
        terraform.run(&stack, &["show", "-json", name]).success().json()
    };
    stack.write("terraform.tfstate", &state(&plan("before.plan"), &recorded()).to_string());

    write(&|marked| marked.tampered(&marked.cases.iter().collect::<Vec<_>>()));
    let theirs = plan("after.plan");
    stack.recon(&["diff", "--refresh=false", "--out", "recon.plan"]).success();
    let ours = stack.recon(&["show", "--json", "recon.plan"]).success().json();

    let (theirs, ours) = (changes(&theirs), changes(&ours));
    let mut wrong = Vec::new();
    for (address, change) in &theirs {
        let (expected, found) = (planned(change), ours.get(address).map(|change| planned(change)));
        if let Some((_, actions, reason)) =
            DIFFER.iter().find(|(differs, ..)| address.strip_prefix("module.") == Some(differs))
        {
            println!("differs: {address}: {reason}");
            let first = |planned: &Planned| planned.actions[0].as_str().map(str::to_owned);
            let seen = [first(&expected), found.as_ref().and_then(first)];
            if seen != actions.map(|action| Some(action.to_owned())) {
                wrong.push(format!(
                    "{address}: differs otherwise than in {actions:?}: {expected:?}, {found:?}"
                ));
            }
            continue;
        }
        match found {
            Some(found) if found == expected => {}
            found => wrong.push(format!("{address}: Terraform plans {expected:?}, recon {found:?}")),
        }
    }
    let mut changed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, case) in
        marked.iter().flat_map(|(name, marked)| marked.cases.iter().map(move |case| (name, case)))
    {
        let address = format!("module.{name}.{}", case.address);
        let change = &theirs[&*address]["change"];
        for path in &case.paths {
            let is_ignored = *name == IGNORED;
            if is_ignored && is_changed(change, path) {
                wrong.push(format!("{address}: {path} is marked as ignored, but Terraform plans its change"));
            } else if is_changed(change, path) {
                changed.entry(case.resource_type()).or_default().insert(path);
            } else if !is_ignored && !differs(&address) && !name.starts_with("tamper_") {
                wrong.push(format!("{address}: {path} is marked, but Terraform plans no change of it"));
            }
        }
    }
    let replaced = theirs.values().filter(|change| planned(change).actions.as_array().unwrap().len() > 1);
    println!("objects planned: {}, replaced: {}", theirs.len(), replaced.count());
    wrong.extend(uncovered(&changed));
    assert!(wrong.is_empty(), "{} mistakes:\n{}", wrong.len(), wrong.join("\n"));
}

/// The arguments of a type, and whether another value forces replacement.
fn arguments(path: &str, block: &BlockSchema, forces: bool, found: &mut BTreeMap<String, bool>) {
    for (name, attribute) in &block.attributes {
        if attribute.is_argument() {
            found.insert(format!("{path}{name}"), forces || attribute.forces_replacement);
        }
    }
    for (name, nested) in &block.blocks {
        if &**name != "timeouts" {
            let forces = forces || nested.forces_replacement;
            arguments(&format!("{path}{name}."), &nested.block, forces, found);
        }
    }
}

/// Whether a marked path is this argument's or within it (of a map).
fn shows(path: &str, argument: &str) -> bool {
    path.strip_prefix(argument).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What no stack changes and no reason is given for. Prints how many arguments are changed.
fn uncovered(changed: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let left_out: [BTreeMap<String, BTreeMap<String, String>>; 2] =
        [include_str!("interop/replacement/left_out.json"), include_str!("tamper/left_out.json")]
            .map(|text| serde_json::from_str(text).unwrap());
    let [left_out, tamper] = &left_out;
    let none = BTreeMap::new();
    let [mut forcing, mut updatable] = [(0, 0); 2];
    let mut wrong = Vec::new();
    let types = types();
    for ty in &types {
        let name = ty.name();
        let mut all = BTreeMap::new();
        arguments("", &ty.schema().block, false, &mut all);
        // The provider's own copies of tags, and the id, which no configuration may set any more.
        all.retain(|path, _| path != "id" && !path.ends_with("tags_all"));
        let left_out = left_out.get(&name.replace("aws_alb", "aws_lb")).unwrap_or(&none);
        // What recon refuses in code cannot be planned.
        let refused = tamper.get(name).unwrap_or(&none);
        for (argument, forces) in &all {
            let is_shown =
                changed.get(name).is_some_and(|paths| paths.iter().any(|path| shows(path, argument)));
            let reason = left_out
                .get(argument)
                .or_else(|| refused.get(argument).filter(|reason| reason.starts_with("refused in code: ")));
            let (shown, total) = if *forces { &mut forcing } else { &mut updatable };
            *total += 1;
            *shown += usize::from(is_shown);
            match (is_shown, reason) {
                (true, Some(_)) => wrong.push(format!("{name}.{argument} is changed and left out")),
                (false, None) => wrong.push(format!(
                    "{name}.{argument} is neither changed nor left out{}",
                    if *forces { "; it forces replacement" } else { "" }
                )),
                (false, Some(reason)) => println!("left out: {name}.{argument}: {reason}"),
                (true, None) => {}
            }
        }
        for path in left_out.keys().filter(|path| !all.contains_key(*path)) {
            wrong.push(format!("{name}.{path} is left out but is no argument"));
        }
    }
    println!("types: {}", types.len());
    println!("arguments that force replacement, changed: {} of {}", forcing.0, forcing.1);
    println!("other arguments, changed: {} of {}", updatable.0, updatable.1);
    wrong
}
