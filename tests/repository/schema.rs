//! `docs/recon.schema.json` and recon agree on what may stand in the JSON form.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::json_schema::violations;
use crate::{directory, good, read};

/// The committed schema.
pub fn schema() -> Value {
    serde_json::from_str(include_str!("../../docs/recon.schema.json")).unwrap()
}

/// A document that says everything there is to say.
fn complete() -> Value {
    json!({
        "//": "everything",
        "discover": ["infra/**"],
        "stack": [
            {"state": {"path": "state"}},
            {"web": {
                "path": "stacks/web",
                "workspace": "prod",
                "var_files": ["prod.tfvars"],
                "vars": {"prefix": "sp-${prod}", "zones": ["a", "b"], "size": 3, "on": true, "none": null},
                "depends_on": ["state"],
                "read_role": "arn:aws:iam::111122223333:role/recon-read",
                "write_role": "arn:aws-cn:iam::111122223333:role/ci/recon-write",
                "drift": {"default": "propose", "unmanaged": [], "correct": {"confirm": 5}},
                "state_encryption": {"none": {}},
            }},
        ],
        "drift": {
            "default": "report",
            "unmanaged": ["aws_iam_role_policy", "aws_lb_listener"],
            "rule": {
                "closed doors": {
                    "match": ["**.aws_security_group_rule.*"],
                    "action": "correct",
                    "allow_security": true,
                    "allow_recreate": false,
                    "allow_state": true,
                },
                "scaling": {
                    "match": ["**.aws_autoscaling_group.*"],
                    "attributes": ["desired_capacity"],
                    "action": "ignore",
                    "until": "2027-01-31",
                    "reason": "AWS scales it",
                },
            },
            "correct": {
                "max_corrections": 10,
                "max_drift": "20%",
                "confirm": 2,
                "stop_after": 3,
                "allow_replace": false,
                "allow_delete": false,
                "freeze": ["Fri 16:00-Mon 08:00 Europe/Paris"],
            },
        },
        "state_encryption": {
            "age": {
                "recipients": [
                    "age10cvwnum2585usd0vqz6cdl8u2ggky2e3cawymmtvajg5x98wffnqz9gkug",
                    "age1j0skuq3dvqz2yumxa3zs6m23ywdka9yz4fa5u6vr6vz6cx3hs9wsraw5gp",
                ],
                "gives_up_terraform": true,
            },
        },
        "github": {
            "repository": "acme/infra",
            "base": "main",
            "labels": ["drift"],
            "reviewers": ["acme/sre", "octocat"],
            "max_open_proposals": 10,
        },
        "notify": {"slack": [{"url_env": "A", "on": ["drifted", "proposed", "corrected"]}, {"url_env": "B", "on": ["fight", "error"]}], "webhook": {"url_env": "C"}},
    })
}

fn root(document: &Value) -> tempfile::TempDir {
    let backend = "terraform {\n  backend \"s3\" {}\n}\n";
    directory(&[
        ("recon.hcl.json", &serde_json::to_string_pretty(document).unwrap()),
        ("state/main.tf", backend),
        ("stacks/web/main.tf", backend),
        ("infra/network/main.tf", backend),
    ])
}

/// The names of properties that a schema speaks of.
fn described(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(rules) => {
            if let Some(Value::Object(properties)) = rules.get("properties") {
                // In a condition they are not described.
                if rules.contains_key("type") {
                    names.extend(properties.keys().cloned());
                }
            }
            rules.values().for_each(|inner| described(inner, names));
        }
        Value::Array(items) => items.iter().for_each(|inner| described(inner, names)),
        _ => {}
    }
}

fn used(document: &Value, names: &mut BTreeSet<String>) {
    match document {
        Value::Object(properties) => {
            names.extend(properties.keys().cloned());
            properties.values().for_each(|inner| used(inner, names));
        }
        Value::Array(items) => items.iter().for_each(|inner| used(inner, names)),
        _ => {}
    }
}

#[test]
fn everything_that_the_schema_describes_is_read() {
    let document = complete();
    assert_eq!(violations(&schema(), &document), Vec::<String>::new());
    let (mut described_names, mut used_names) = (BTreeSet::new(), BTreeSet::new());
    described(&schema(), &mut described_names);
    used(&document, &mut used_names);
    let unused: Vec<&String> = described_names.difference(&used_names).collect();
    assert!(unused.is_empty(), "not in the complete document: {unused:?}");
    let root = root(&document);
    let repository = good(root.path());
    assert_eq!(repository.stacks.len(), 3);
    assert_eq!(repository.notifications.len(), 3);
    let vars = &repository.stack("web").unwrap().vars;
    assert_eq!(vars["prefix"].value.as_str(), Some("sp-${prod}"), "JSON strings are what they say");
    assert!(vars["none"].value.is_null());
    assert_eq!(vars["size"].value.as_i64(), Some(3));
}

/// One thing changed in the complete document, and whether it may be: recon and the schema answer alike.
#[test]
fn recon_and_the_schema_refuse_the_same() {
    let rule = "/drift/rule/scaling";
    let table = [
        ("/discovery", json!([]), false),
        ("/discover", json!("infra"), false),
        ("/discover", json!([1]), false),
        ("/discover", json!([""]), false),
        ("/stack/0/state/path", json!(1), false),
        ("/stack/0/state/paths", json!("a"), false),
        ("/stack/0/State", json!({"path": "state"}), false),
        ("/stack/0/a b", json!({"path": "state"}), false),
        ("/stack/0/0.a_b-c", json!({"path": "stacks"}), true),
        ("/stack/0/pathless", json!({}), false),
        ("/stack/1/web/workspace", json!("a/b"), false),
        ("/stack/1/web/vars", json!([]), false),
        ("/stack/1/web/var_files", json!("a"), false),
        ("/stack/1/web/depends_on", json!([]), true),
        ("/stack/1/web/read_role", json!("arn:aws:iam::1:role/a"), false),
        ("/stack/1/web/read_role", json!("arn:aws:iam::111122223333:user/a"), false),
        ("/stack/1/web/drift/rules", json!({}), false),
        ("/drift/default", json!("repair"), false),
        ("/drift/default", json!("ignore"), true),
        ("/drift/rule/scaling/match", json!([]), false),
        ("/drift/rule/scaling/match", json!("**"), false),
        ("/drift/rule/scaling/match", Value::Null, false),
        ("/drift/rule/scaling/attributes", json!([]), false),
        ("/drift/rule/scaling/action", json!("fix"), false),
        ("/drift/rule/scaling/action", json!("propose"), true),
        ("/drift/rule/scaling/until", json!("tomorrow"), false),
        ("/drift/rule/scaling/until", json!("2028-02-29"), true),
        ("/drift/rule/scaling/reason", json!(""), false),
        ("/drift/rule/scaling/reason", json!(3), false),
        ("/drift/rule/closed doors/allow_security", json!("yes"), false),
        ("/drift/rule/more", json!({"match": ["**"], "action": "ignore"}), false),
        ("/drift/rule/more", json!({"match": ["**"], "action": "report"}), true),
        ("/drift/rule/more", json!({"match": ["**"]}), false),
        ("/drift/rule/more", json!({"action": "report"}), false),
        ("/drift/correct/max_corrections", json!(0), false),
        ("/drift/correct/max_corrections", json!(1000), true),
        ("/drift/correct/max_corrections", json!(1001), false),
        ("/drift/correct/max_corrections", json!(1.5), false),
        ("/drift/correct/max_drift", json!("2.5%"), true),
        ("/drift/correct/max_drift", json!("100%"), true),
        ("/drift/correct/max_drift", json!("20"), false),
        ("/drift/correct/max_drift", json!(20), false),
        ("/drift/correct/confirm", json!(0), false),
        ("/drift/correct/confirm", json!(101), false),
        ("/drift/correct/stop_after", json!(1), false),
        ("/drift/correct/stop_after", json!(2), true),
        ("/drift/correct/allow_delete", json!(1), false),
        ("/drift/correct/freeze", json!(["Fri 16:00-Mon 08:00"]), false),
        ("/drift/correct/freeze", json!(["16:00-08:00 UTC"]), false),
        ("/drift/correct/freeze", json!([]), true),
        ("/state_encryption/aes", json!({}), false),
        ("/state_encryption", json!({"none": {}}), true),
        ("/state_encryption", json!({"none": {"recipients": []}}), false),
        ("/state_encryption/age/gives_up_terraform", json!(false), false),
        ("/state_encryption/age/gives_up_terraform", json!("true"), false),
        ("/state_encryption/age/recipients", json!([]), false),
        ("/state_encryption/age/recipients", json!(["age1xyz"]), false),
        ("/state_encryption/age/recipient", json!([]), false),
        ("/state_encryption/age", json!({"gives_up_terraform": true}), false),
        (
            "/state_encryption/age",
            json!({"recipients": ["age10cvwnum2585usd0vqz6cdl8u2ggky2e3cawymmtvajg5x98wffnqz9gkug"]}),
            false,
        ),
        ("/stack/1/web/state_encryption/none/recipients", json!([]), false),
        ("/github/repository", json!("infra"), false),
        ("/github/repository", json!("a/b/c"), false),
        ("/github/base", json!(""), false),
        ("/github/labels", json!(["x".repeat(50)]), true),
        ("/github/labels", json!(["x".repeat(51)]), false),
        ("/github/max_open_proposals", json!(101), false),
        ("/github/url", json!("x"), false),
        ("/notify/email", json!({"url_env": "A"}), false),
        ("/notify/webhook/url_env", json!("https://a.example"), false),
        ("/notify/webhook/url_env", json!("1A"), false),
        ("/notify/webhook/on", json!([]), false),
        ("/notify/webhook/on", json!(["drift"]), false),
        ("/notify/webhook/url", json!("x"), false),
    ];
    assert!(complete().pointer(rule).is_some());
    for (pointer, value, may) in table {
        let mut document = complete();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"))[name] = value.clone();
        let refused = violations(&schema(), &document);
        assert_eq!(refused.is_empty(), may, "the schema, {pointer} = {value}: {refused:?}");
        let (_, found, said) = read(root(&document).path());
        assert_eq!(!found.has_errors(), may, "recon, {pointer} = {value}: {said}");
    }
}
