//! States that other tools wrote: what recon does not change, it writes as it was.
//!
//! `tests/states` holds one state a corner of the format, written by hand; `tests/states/refused` those that recon
//! does not read.

mod generated;
mod runs;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recon::address::InstanceKey;
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::state::{InstanceState, ObjectKey, OutputState, State};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use support::stack::Stack;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states")
}

/// The names and texts of the states in a folder.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tfstate"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    texts.sort();
    texts
}

fn parse(text: &str) -> State {
    State::parse(text, "here").unwrap_or_else(|error| panic!("{error}\n{text}")).expect("there is a state")
}

/// Where a piece of a text stands in it.
fn span(text: &str, piece: &str) -> Range<usize> {
    let start = piece.as_ptr() as usize - text.as_ptr() as usize;
    assert!(start + piece.len() <= text.len());
    start..start + piece.len()
}

fn members(json: &str) -> Vec<(String, &RawValue)> {
    #[derive(serde::Deserialize)]
    struct Members<'a>(#[serde(borrow)] std::collections::BTreeMap<String, &'a RawValue>);
    serde_json::from_str::<Members>(json).unwrap().0.into_iter().collect()
}

fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    members(json).into_iter().find(|(own, _)| own == name).map(|(_, value)| value.get())
}

fn items(json: Option<&str>) -> Vec<&str> {
    let items: Option<Vec<&RawValue>> = json.map(|json| serde_json::from_str(json).unwrap());
    items.unwrap_or_default().into_iter().map(RawValue::get).collect()
}

/// Every recorded object of a state's text: its resource's address, its key, and where it stands.
fn objects(text: &str) -> Vec<(String, ObjectKey, Range<usize>)> {
    let mut objects = Vec::new();
    for resource in items(member(text, "resources")) {
        let named =
            |name: &str| member(resource, name).map(|text| serde_json::from_str::<String>(text).unwrap());
        let module = named("module").map(|module| format!("{module}.")).unwrap_or_default();
        let data = if named("mode").unwrap() == "data" { "data." } else { "" };
        let address = format!("{module}{data}{}.{}", named("type").unwrap(), named("name").unwrap());
        for instance in items(member(resource, "instances")) {
            let json: Json = serde_json::from_str(instance).unwrap();
            let key = match &json["index_key"] {
                Json::Number(index) => InstanceKey::Index(index.as_i64().unwrap()),
                Json::String(key) => InstanceKey::Key(key.as_str().into()),
                _ => InstanceKey::None,
            };
            let deposed = json["deposed"].as_str().filter(|deposed| !deposed.is_empty()).map(str::to_owned);
            objects.push((address.clone(), ObjectKey { key, deposed }, span(text, instance)));
        }
    }
    objects
}

/// Two texts that are the same but for a piece of the first: what stands in its place in the second.
#[track_caller]
fn apart<'a>(name: &str, old: &str, span: &Range<usize>, new: &'a str) -> &'a str {
    let (before, after) = (&old[..span.start], &old[span.end..]);
    assert!(new.starts_with(before), "{name}: what stands before it is otherwise\n{old}\n{new}");
    assert!(new.ends_with(after), "{name}: what stands behind it is otherwise\n{old}\n{new}");
    &new[before.len()..new.len() - after.len()]
}

#[test]
fn every_state_is_written_as_it_was_read() {
    let texts = texts(&folder());
    assert!(texts.len() >= 30, "{}", texts.len());
    for (name, text) in texts {
        let expected = text.clone();
        let state = parse(&text);
        drop(text);
        let written = state.to_text();
        assert_eq!(written, expected, "{name}");
        // And so is what was written.
        assert_eq!(parse(&written).to_text(), expected, "{name}");
    }
}

/// What may happen to an object, and the members that are another by that.
type Change = (fn(&mut InstanceState), &'static [&'static str]);

const CHANGES: [Change; 5] = [
    (
        |instance| match &mut instance.attributes {
            Json::Object(attributes) => {
                attributes.insert("changed_by_recon".to_owned(), json!(["<new>", 1]));
            }
            attributes => {
                *attributes = json!({"changed_by_recon": true});
                instance.other.shift_remove("attributes_flat");
            }
        },
        // The attributes take the place of those that Terraform 0.11 has left.
        &["attributes", "attributes_flat"],
    ),
    (|instance| instance.private = Some("Y2hhbmdlZA==".to_owned()), &["private"]),
    (|instance| instance.tainted = !instance.tainted, &["status"]),
    (|instance| instance.dependencies.push("aws_vpc.changed".to_owned()), &["dependencies"]),
    (|instance| instance.schema_version += 1, &["schema_version"]),
];

#[test]
fn after_one_object_is_changed_only_its_bytes_differ() {
    let mut count = 0;
    for (name, text) in texts(&folder()) {
        for (address, key, span) in objects(&text) {
            for (change, touched) in CHANGES {
                let mut state = parse(&text);
                let (_, resource) =
                    state.resources.iter_mut().find(|(own, _)| own.to_string() == address).unwrap();
                change(resource.instances.get_mut(&key).unwrap());
                let written = state.to_text();
                let place = format!("{name}: {address}{}", key.key);
                let new = apart(&place, &text, &span, &written);
                let old = &text[span.clone()];
                assert_ne!(new, old, "{place}");
                // Of the object only what was changed.
                let is_touched = |(name, _): &(String, &RawValue)| touched.contains(&name.as_str());
                let kept = |json| {
                    let kept = members(json).into_iter().filter(|one| !is_touched(one));
                    kept.map(|(name, value)| (name, value.get().to_owned())).collect::<Vec<_>>()
                };
                assert_eq!(kept(new), kept(old), "{place}");
                let state_again = parse(&written);
                assert_eq!(state_again.resources, state.resources, "{place}");
                count += 1;
            }
        }
    }
    assert!(count > 400, "{count}");
}

#[test]
fn after_one_object_has_gone_all_others_are_as_they_were() {
    for (name, text) in texts(&folder()) {
        for (address, key, _) in objects(&text) {
            let mut state = parse(&text);
            let (_, resource) =
                state.resources.iter_mut().find(|(own, _)| own.to_string() == address).unwrap();
            resource.instances.remove(&key).unwrap();
            let written = state.to_text();
            let pieces = |text: &str| {
                let objects = objects(text).into_iter();
                let pieces: BTreeSet<(String, ObjectKey, String)> =
                    objects.map(|(address, key, span)| (address, key, text[span].to_owned())).collect();
                pieces
            };
            let (old, new) = (pieces(&text), pieces(&written));
            assert!(new.is_subset(&old), "{name}: {address}");
            assert_eq!(new.len() + 1, old.len(), "{name}: {address}");
        }
    }
}

#[test]
fn after_one_output_is_changed_only_its_bytes_differ() {
    let mut count = 0;
    for (name, text) in texts(&folder()) {
        let Some(outputs) = member(&text, "outputs") else { continue };
        for (output, value) in members(outputs) {
            let mut state = parse(&text);
            let recorded = state.outputs.get_mut(output.as_str()).unwrap();
            recorded.value = Value::string("changed by recon");
            recorded.ty = recorded.value.ty();
            let written = state.to_text();
            let new = apart(&format!("{name}: {output}"), &text, &span(&text, value.get()), &written);
            assert_eq!(member(new, "value"), Some("\"changed by recon\""), "{name}: {output}");
            assert_eq!(member(new, "type"), Some("\"string\""), "{name}: {output}");
            assert_eq!(member(new, "sensitive"), member(value.get(), "sensitive"), "{name}: {output}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

/// All fields that recon itself writes, none of them read before. That Terraform writes the same bytes is shown by
/// `tests/interop_state.rs`.
#[test]
fn a_state_that_recon_makes_has_terraforms_fields_order_and_escapes() {
    use recon::lang::convert::PathStep;
    let mut state = State::new();
    state.terraform_version = "1.11.4".to_owned();
    state.serial = 12;
    state.lineage = "0f9d3c1a-52a7-4a0e-9a53-7f1d2b3c4d5e".to_owned();
    let number = recon::lang::number::Number::parse("12345678901234567890.5").unwrap();
    let object =
        Value::object([("number", Value::number(number)), ("list", Value::tuple(vec![Value::bool(true)]))]);
    let text = Value::string("<a href=\"&\">\u{2028}\u{2029}é😀\u{8}\u{c}\n\r\t\0\u{1f}/\\");
    for (name, value, sensitive) in [("b", object, true), ("a", text, false)] {
        let ty = value.ty();
        let value = if sensitive { value.sensitive() } else { value };
        let output = OutputState { ty, value, sensitive, other: serde_json::Map::new() };
        state.outputs.insert(name.into(), output);
    }
    let plain = |schema_version: u64, attributes: Json| InstanceState {
        schema_version,
        attributes,
        ..InstanceState::default()
    };
    let aws = "provider[\"registry.terraform.io/hashicorp/aws\"]";
    let east = format!("{aws}.east");
    let own = format!("module.a-b.{aws}");
    let worker = InstanceState {
        tainted: true,
        sensitive_attributes: vec![
            vec![PathStep::Attribute("tags".into()), PathStep::Key("<k>".into())],
            vec![PathStep::Attribute("volumes".into()), PathStep::Index(0)],
        ],
        private: Some("bnVsbA==".to_owned()),
        dependencies: vec!["aws_instance.web".to_owned(), "data.terraform_remote_state.net".to_owned()],
        create_before_destroy: true,
        ..plain(1, json!({"id": "i-2", "tags": {}, "volumes": [], "zone": null}))
    };
    let deposed = InstanceState { create_before_destroy: true, ..plain(1, json!({"id": "deposed"})) };
    let objects = [
        ("module.a.module.z[\"&\"].aws_lb.m", None, aws, plain(0, json!({"id": "lb"}))),
        ("module.a-b.aws_lb.m[\"k\\\"1\"]", None, &own, plain(0, json!({"id": "lb"}))),
        ("aws_instance.worker[10]", None, aws, plain(1, json!({}))),
        ("aws_instance.worker[2]", None, aws, worker),
        ("aws_instance.web", Some("00c0ffee"), &east, deposed),
        ("aws_instance.web", None, &east, plain(1, json!({"id": "none"}))),
        (
            "data.terraform_remote_state.net",
            None,
            "provider[\"terraform.io/builtin/terraform\"]",
            plain(0, json!({"backend": "local"})),
        ),
    ];
    for (address, deposed, provider, instance) in objects {
        let address = recon::address::parse_instance(address).unwrap();
        state.put(&address, deposed.map(str::to_owned), provider, instance);
    }
    let expected = std::fs::read_to_string(folder().join("all_fields.tfstate")).unwrap();
    assert_eq!(state.to_text(), expected);
    assert_eq!(parse(&expected), state);
}

#[test]
fn a_new_object_stands_where_terraform_would_put_it() {
    let text = std::fs::read_to_string(folder().join("modules.tfstate")).unwrap();
    let mut state = parse(&text);
    let added = "module.a[10].aws_lb.zzz";
    let address = recon::address::parse_instance(added).unwrap();
    let instance = InstanceState { attributes: json!({}), ..Default::default() };
    state.put(&address, None, "provider[\"registry.terraform.io/hashicorp/aws\"]", instance);
    let order: Vec<String> = objects(&state.to_text()).into_iter().map(|(address, _, _)| address).collect();
    let at = order.iter().position(|address| address == added).unwrap();
    assert_eq!(order[at - 1], "module.a[10].aws_lb.main");
    // By the text of the module's address, as Terraform 1.11 was seen to do.
    assert_eq!(order[at + 1], "module.a[2].data.aws_region.here");
}

#[test]
fn a_path_to_what_is_sensitive_that_is_of_a_strange_kind_hides_more_and_not_less() {
    let text = std::fs::read_to_string(folder().join("sensitive_attributes_strange.tfstate")).unwrap();
    let state = parse(&text);
    let (_, _, _, instance) = state.objects().next().unwrap();
    let paths: Vec<Vec<String>> = instance
        .sensitive_attributes
        .iter()
        .map(|path| path.iter().map(|step| format!("{step:?}")).collect())
        .collect();
    let own = |name: &str| vec![format!("{:?}", recon::lang::convert::PathStep::Attribute(Arc::from(name)))];
    assert_eq!(paths, [own("set"), own("flags"), own("big"), Vec::new()]);
}

/// An object of a type, as it stands in a file.
fn recorded(ty: &str, attributes: Json) -> (recon::schema::Schema, InstanceState) {
    let schema = recon::provider::registry::Registry::new().resource_type(ty).unwrap().schema().clone();
    let instance = InstanceState {
        attributes,
        schema_version: schema.version,
        private: Some("bnVsbA==".to_owned()),
        ..Default::default()
    };
    (schema, instance)
}

#[test]
fn what_recon_does_not_model_stays_when_an_object_is_recorded_anew() {
    let attributes = serde_json::from_str(
        r#"{
          "aaa_new": {"b": [1.50, null], "a": 1E3},
          "access_logs": [{"bucket": "logs", "enabled": true, "format": "parquet", "prefix": ""}],
          "idle_timeout": 60.0,
          "name": "e\u0301",
          "subnet_mapping": [
            {"allocation_id": "", "ipv6_address": "", "outpost_id": "", "private_ipv4_address": "",
             "subnet_id": "subnet-1", "zone": "a"},
            {"allocation_id": "", "ipv6_address": "", "outpost_id": "", "private_ipv4_address": "",
             "subnet_id": "subnet-2", "zone": "b"}
          ],
          "subnets": ["subnet-2", "subnet-1"],
          "zzz_secret": "s"
        }"#,
    );
    let attributes = attributes.unwrap();
    let (schema, mut instance) = recorded("aws_lb", attributes);
    let secret = vec![recon::lang::convert::PathStep::Attribute("zzz_secret".into())];
    instance.sensitive_attributes = vec![secret.clone()];
    let value = instance.value(&schema.block);
    assert!(!value.is_sensitive(), "what is not there does not hide the rest");
    // One block and one attribute change, all else is written anew as it was.
    let logs = value.get("access_logs").unwrap();
    let log = logs.as_elements().unwrap()[0].with("prefix", Value::string("lb"));
    let logs = Value::list(log.ty(), vec![log]);
    let value = value.with("access_logs", logs).with("internal", Value::bool(true));
    let old = instance.clone();
    instance.set_value(&schema, &value);
    let mut expected = old.attributes.clone();
    expected["access_logs"][0]["prefix"] = json!("lb");
    expected["internal"] = json!(true);
    let expected = expected.as_object().unwrap();
    for (name, value) in instance.attributes.as_object().unwrap() {
        match expected.get(name) {
            Some(expected) => assert_eq!(value.to_string(), expected.to_string(), "{name}"),
            None => assert!(value.is_null() || *value == json!([]), "{name}: {value}"),
        }
    }
    assert!(expected.keys().all(|name| instance.attributes.get(name).is_some()));
    assert_eq!(instance.sensitive_attributes, [secret]);
    assert_eq!(instance.private, old.private);
}

#[test]
fn other_formats_are_refused_with_advice_and_left_alone() {
    let advice = [
        ("encrypted_by_opentofu", ["it is encrypted by OpenTofu", "decrypt it with \"tofu state pull\""]),
        ("version_1", ["it has version 1 of the format", "with Terraform 0.12 or later"]),
        ("version_2", ["it has version 2 of the format", "with Terraform 0.12 or later"]),
        ("version_3", ["it has version 3 of the format", "with Terraform 0.12 or later"]),
        ("version_5", ["it has version 5 of the format", "use a newer recon"]),
    ];
    let texts = texts(&folder().join("refused"));
    let names: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, advice.map(|(name, _)| name));
    for ((name, text), (_, advice)) in texts.iter().zip(advice) {
        let stack = Stack::offline();
        stack.write("main.tf", "resource \"terraform_data\" \"a\" {}\n").write("terraform.tfstate", text);
        for command in ["diff", "apply", "destroy"] {
            let arguments: &[&str] = if command == "diff" { &["diff"] } else { &[command, "--auto-approve"] };
            let refused = stack.recon(arguments).code(1);
            let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "");
            for piece in advice {
                assert!(said.contains(piece), "{name}: {refused}");
            }
            assert_eq!(stack.read("terraform.tfstate"), *text, "{name}");
        }
    }
}

/// Whoever made such a file: nothing of it is lost.
#[test]
fn a_resource_that_is_there_twice_is_read_as_one() {
    let entry = |rest: &str| {
        format!(
            r#"{{"mode": "managed", "type": "x_y", "name": "a", "provider": "provider[\"x/y/x\"]", {rest}}}"#
        )
    };
    let instance = r#""instances": [{"schema_version": 0, "attributes": {"id": "1"}}]"#;
    for [one, two] in [[instance, r#""odd": true"#], [r#""odd": true"#, instance]] {
        let text = format!(
            r#"{{"version": 4, "serial": 1, "lineage": "l", "resources": [{}, {}]}}"#,
            entry(one),
            entry(two)
        );
        let state = parse(&text);
        assert_eq!(state.resources.len(), 1);
        let again = parse(&state.to_text());
        assert_eq!(again.resources, state.resources);
        let resource = again.resources.values().next().unwrap();
        assert_eq!((resource.instances.len(), resource.other.contains_key("odd")), (1, true));
        let other = text.replacen("x/y/x", "x/z/x", 1);
        assert!(
            State::parse(&other, "s")
                .unwrap_err()
                .to_string()
                .contains("there twice, of different providers")
        );
    }
}

#[test]
fn what_is_no_state_is_refused() {
    for (text, problem) in [
        ("[]", "it is not a JSON object"),
        ("{", "it is not JSON"),
        ("{}", "it does not say what version"),
        (r#"{"version": "4"}"#, "it does not say what version"),
        (r#"{"version": 4, "outputs": []}"#, "\"outputs\" is not an object"),
        (r#"{"version": 4, "resources": {}}"#, "\"resources\" is not a list"),
        (r#"{"version": 4, "resources": true}"#, "\"resources\" is not a list"),
        (r#"{"version": 4, "outputs": {"a": {"value": 1, "type": "letter"}}}"#, "\"type\" is not a type"),
        // Half a surrogate pair is no text.
        (r#"{"version": 4, "lineage": "\ud800"}"#, "it is not JSON"),
        (
            r#"{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "b", "instances": 1}]}"#,
            "\"instances\" is not a list",
        ),
        (
            r#"{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "b", "instances": [
                {"attributes": "x"}]}]}"#,
            "\"attributes\" is not an object",
        ),
        (
            r#"{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "b", "instances": [
                {"status": "cooking"}]}]}"#,
            "an instance has the status \"cooking\"",
        ),
        (
            r#"{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "b", "instances": [{}, {}]}]}"#,
            "an instance of a.b is there twice",
        ),
    ] {
        let error = State::parse(text, "here").unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
}
