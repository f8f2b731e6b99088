//! The types of `hashicorp/random`, from making to importing.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

use crate::support::stack::Stack;

/// The recorded attributes of a resource.
fn attributes(stack: &Stack, ty: &str) -> Json {
    let state = stack.state();
    let resources = state["resources"].as_array().unwrap().clone();
    let resource = resources.into_iter().find(|resource| resource["type"] == ty);
    resource.unwrap_or_else(|| panic!("no {ty} in {state}"))["instances"][0]["attributes"].clone()
}

/// Applies a stack; a plan of what that recorded has no change.
fn applied(text: &str) -> Stack {
    let stack = Stack::offline();
    stack.write("main.tf", text);
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.recon(&["diff", "--detailed-exitcode"]).success();
    stack
}

#[test]
fn an_id_is_the_same_bytes_in_every_notation() {
    let stack = applied("resource \"random_id\" \"this\" {\n  byte_length = 16\n  prefix = \"p-\"\n}\n");
    let id = attributes(&stack, "random_id");
    let text = |name: &str| id[name].as_str().unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(text("id")).unwrap();
    assert_eq!(bytes.len(), 16);
    assert_eq!(text("b64_url"), format!("p-{}", text("id")));
    assert_eq!(text("b64_std"), format!("p-{}", STANDARD.encode(&bytes)));
    let number = u128::from_be_bytes(bytes.clone().try_into().unwrap());
    assert_eq!(text("hex"), format!("p-{number:032x}"));
    assert_eq!(text("dec"), format!("p-{number}"));
    let other = applied("resource \"random_id\" \"this\" {\n  byte_length = 16\n}\n");
    assert_ne!(attributes(&other, "random_id")["id"], id["id"]);
}

#[test]
fn other_keepers_make_another_value() {
    let stack = applied(
        "resource \"random_uuid\" \"this\" {\n  keepers = {\n    version = \"1\"\n    none = null\n  }\n}\n",
    );
    let first = attributes(&stack, "random_uuid");
    assert_eq!(first["id"], first["result"]);
    let bytes = first["id"].as_str().unwrap().as_bytes().to_vec();
    assert_eq!((bytes.len(), bytes[14], bytes[8]), (36, b'4', b'-'), "version 4");
    stack.replace("main.tf", "    none = null\n", "");
    stack.recon(&["diff", "--detailed-exitcode"]).success();
    stack.replace("main.tf", "\"1\"", "\"2\"");
    let output = stack.recon(&["apply", "--auto-approve"]).success();
    assert!(output.stdout.contains("1 added, 0 changed, 1 destroyed"), "{output}");
    assert_ne!(attributes(&stack, "random_uuid")["id"], first["id"]);
}

#[test]
fn strings_have_the_characters_that_were_asked_for() {
    let stack = applied(
        r#"
resource "random_string" "this" {
  length           = 60
  upper            = false
  number           = false
  min_upper        = 2
  min_lower        = 3
  min_special      = 20
  override_special = "%/"
}
"#,
    );
    let string = attributes(&stack, "random_string");
    let result = string["result"].as_str().unwrap();
    let count = |is: fn(&char) -> bool| result.chars().filter(is).count();
    assert_eq!(result.chars().count(), 60);
    assert_eq!(
        count(char::is_ascii_uppercase),
        2,
        "as many as there must be at least, though not drawn from"
    );
    assert_eq!(count(char::is_ascii_digit), 0);
    assert!(count(char::is_ascii_lowercase) >= 3);
    assert!(count(|character| "%/".contains(*character)) >= 20);
    assert_eq!(count(|character| !character.is_ascii_alphabetic() && !"%/".contains(*character)), 0);
    assert_eq!((&string["number"], &string["numeric"]), (&json!(false), &json!(false)), "one argument");
    assert_eq!(string["id"], string["result"]);
    assert_eq!(stack.state()["resources"][0]["instances"][0]["schema_version"], 2);
}

#[test]
fn a_password_is_never_shown_and_has_a_hash() {
    let stack = applied("resource \"random_password\" \"this\" {\n  length = 100\n}\n");
    let password = attributes(&stack, "random_password");
    let result = password["result"].as_str().unwrap();
    assert_eq!((result.len(), &password["id"]), (100, &json!("none")));
    let hash = password["bcrypt_hash"].as_str().unwrap();
    assert!(hash.starts_with("$2a$10$"), "{hash}");
    assert!(bcrypt::verify(&result[..72], hash).unwrap(), "of what bcrypt takes into account");
    assert_eq!(stack.state()["resources"][0]["instances"][0]["schema_version"], 3);
    let output = stack.recon(&["state", "show", "random_password.this"]).success();
    assert!(output.stdout.contains("(sensitive value)") && !output.stdout.contains(result), "{output}");
    // A single quote of a diff, too.
    stack.replace("main.tf", "100", "10");
    let output = stack.recon(&["diff"]).success();
    assert!(!output.stdout.contains(result) && !output.stdout.contains(hash), "{output}");
}

#[test]
fn a_record_of_the_provider_3_1_is_taken_over() {
    let stack = Stack::offline();
    stack.write("main.tf", "resource \"random_password\" \"this\" {\n  length  = 8\n  special = false\n}\n");
    let old = json!({
        "id": "none", "keepers": null, "length": 8, "lower": true, "min_lower": 0, "min_numeric": 0,
        "min_special": 0, "min_upper": 0, "number": true, "override_special": null, "result": "Abcdef12",
        "special": false, "upper": true
    });
    let state = json!({
        "version": 4, "terraform_version": "1.5.7", "serial": 1, "lineage": "0c4b2c2e-8d0e-4ac1-8a5e-66ab6d1b6a10",
        "outputs": {},
        "resources": [{
            "mode": "managed", "type": "random_password", "name": "this",
            "provider": "provider[\"registry.terraform.io/hashicorp/random\"]",
            "instances": [{ "schema_version": 0, "attributes": old, "sensitive_attributes": [] }]
        }]
    });
    stack.write("terraform.tfstate", &state.to_string());
    stack.recon(&["diff", "--detailed-exitcode"]).success();
    stack.recon(&["apply", "--auto-approve"]).success();
    let new = attributes(&stack, "random_password");
    assert_eq!((&new["result"], &new["numeric"]), (&json!("Abcdef12"), &json!(true)));
    assert!(bcrypt::verify("Abcdef12", new["bcrypt_hash"].as_str().unwrap()).unwrap());
}

#[test]
fn names_of_pets_have_as_many_words_as_they_should() {
    let stack = applied("resource \"random_pet\" \"this\" {}\n");
    let pet = attributes(&stack, "random_pet");
    assert_eq!(pet["id"].as_str().unwrap().split('-').count(), 2);
    assert_eq!((&pet["length"], &pet["separator"]), (&json!(2), &json!("-")));
    let stack = applied(
        "resource \"random_pet\" \"this\" {\n  length = 4\n  prefix = \"web\"\n  separator = \".\"\n}\n",
    );
    let pet = attributes(&stack, "random_pet");
    let words: Vec<_> = pet["id"].as_str().unwrap().split('.').collect();
    assert_eq!((words.len(), words[0]), (5, "web"));
    assert!(words[1].ends_with('y') && words[2].ends_with('y'), "two adverbs: {words:?}");
}

#[test]
fn integers_come_from_all_of_their_range() {
    let stack = applied(
        r#"
resource "random_integer" "few" {
  count = 40
  min   = -1
  max   = 1
}

output "few" {
  value = random_integer.few[*].result
}
"#,
    );
    let state = stack.state();
    let drawn = state["outputs"]["few"]["value"].as_array().unwrap();
    let drawn: BTreeSet<i64> = drawn.iter().map(|value| value.as_i64().unwrap()).collect();
    // One of the three is not among 40 once in four million runs.
    assert_eq!(drawn, BTreeSet::from([-1, 0, 1]));
    let attributes = attributes(&stack, "random_integer");
    assert_eq!(attributes["id"], attributes["result"].to_string());
}

#[test]
fn a_seed_draws_the_same_again() {
    let text = r#"
resource "random_integer" "this" {
  min  = 1
  max  = 1000000000000
  seed = "fixed"
}

resource "random_shuffle" "this" {
  input = ["a", "b", "c", "d", "e", "f", "g", "h"]
  seed  = "fixed"
}
"#;
    let (first, second) = (applied(text), applied(text));
    for ty in ["random_integer", "random_shuffle"] {
        assert_eq!(attributes(&first, ty)["result"], attributes(&second, ty)["result"]);
    }
    let other = applied(&text.replace("fixed", "other"));
    for ty in ["random_integer", "random_shuffle"] {
        assert_ne!(attributes(&first, ty)["result"], attributes(&other, ty)["result"]);
    }
}

#[test]
fn a_shuffle_is_a_permutation_repeated_as_often_as_need_be() {
    let stack = applied(
        "resource \"random_shuffle\" \"this\" {\n  input = [\"a\", \"b\", \"c\"]\n  result_count = 7\n}\n",
    );
    let shuffle = attributes(&stack, "random_shuffle");
    let result: Vec<_> =
        shuffle["result"].as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
    assert_eq!((result.len(), &shuffle["id"]), (7, &json!("-")));
    for run in [&result[..3], &result[3..6]] {
        assert_eq!(run.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from(["a", "b", "c"]));
    }
    let empty = applied("resource \"random_shuffle\" \"this\" {\n  input = []\n}\n");
    assert_eq!(attributes(&empty, "random_shuffle")["result"], json!([]));
}

#[test]
fn bytes_are_secret() {
    let stack = applied("resource \"random_bytes\" \"this\" {\n  length = 9\n}\n");
    let bytes = attributes(&stack, "random_bytes");
    let decoded = STANDARD.decode(bytes["base64"].as_str().unwrap()).unwrap();
    let hex: String = decoded.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((decoded.len(), &bytes["hex"]), (9, &json!(hex)));
    let output = stack.recon(&["state", "show", "random_bytes.this"]).success();
    assert!(!output.stdout.contains(&hex), "{output}");
}

#[test]
fn values_are_imported() {
    let cases = [
        (
            "random_id",
            "byte_length = 3\n  prefix = \"a,b-\"",
            "a,b-,p-9h",
            json!({ "hex": "a,b-a7ef61", "id": "p-9h" }),
        ),
        ("random_string", "length = 5", "Ab1$x", json!({ "result": "Ab1$x", "id": "Ab1$x", "length": 5 })),
        (
            "random_password",
            "length = 5",
            "Ab1$x",
            json!({ "result": "Ab1$x", "id": "none", "numeric": true }),
        ),
        (
            "random_uuid",
            "",
            "aabbccdd-eeff-0011-2233-445566778899",
            json!({ "result": "aabbccdd-eeff-0011-2233-445566778899" }),
        ),
        (
            "random_integer",
            "min = 1\n  max = 50",
            "15,1,50",
            json!({ "result": 15, "id": "15", "seed": null }),
        ),
        ("random_bytes", "length = 3", "AQL/", json!({ "hex": "0102ff", "length": 3 })),
    ];
    for (ty, arguments, id, expected) in cases {
        let stack = Stack::offline();
        let resource = format!("resource \"{ty}\" \"this\" {{\n  {arguments}\n}}\n");
        stack.write("main.tf", &format!("{resource}\nimport {{\n  to = {ty}.this\n  id = \"{id}\"\n}}\n"));
        let output = stack.recon(&["apply", "--auto-approve"]).success();
        assert!(output.stdout.contains("1 imported, 0 added, 0 changed, 0 destroyed"), "{output}");
        let imported = attributes(&stack, ty);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(imported[name], *value, "{ty}.{name}");
        }
    }
    for (ty, arguments, id) in [
        ("random_id", "byte_length = 3", "no base64!"),
        ("random_integer", "min = 1\n  max = 2", "1,2"),
        ("random_uuid", "", "1234"),
        ("random_bytes", "length = 3", "???"),
        ("random_pet", "", "happy-dog"),
    ] {
        let stack = Stack::offline();
        let resource = format!("resource \"{ty}\" \"this\" {{\n  {arguments}\n}}\n");
        stack.write("main.tf", &format!("{resource}\nimport {{\n  to = {ty}.this\n  id = \"{id}\"\n}}\n"));
        let output = stack.recon(&["apply", "--auto-approve"]).code(1);
        assert!(
            output.stderr.contains("Invalid import id") && output.stderr.contains("on main.tf line "),
            "{output}"
        );
    }
}

#[test]
fn mistakes_are_found_offline() {
    let cases = [
        ("random_id", "byte_length = 0", "byte_length must be at least 1"),
        ("random_id", "byte_length = 1.5", "byte_length must be a whole number"),
        ("random_string", "length = 3\n  min_upper = 2\n  min_lower = 2", "length must be at least"),
        ("random_string", "length = 3\n  min_upper = -1", "min_upper must be at least 0"),
        ("random_string", "length = 3\n  number = true\n  numeric = false", "different values"),
        (
            "random_password",
            "length = 3\n  upper = false\n  lower = false\n  special = false\n  numeric = false",
            "nothing to draw from",
        ),
        ("random_integer", "min = 3\n  max = 2", "must not be greater"),
        ("random_shuffle", "input = []\n  result_count = -1", "result_count must be at least 0"),
        ("random_pet", "length = 0", "length must be at least 1"),
        ("random_uuid", "result = \"x\"", "Value for unconfigurable attribute"),
        ("random_pets", "", "Did you mean \"random_pet\""),
    ];
    for (ty, arguments, expected) in cases {
        let stack = Stack::offline();
        stack.write("main.tf", &format!("resource \"{ty}\" \"this\" {{\n  {arguments}\n}}\n"));
        let output = stack.recon(&["validate"]).code(1);
        let flat = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let flat = format!("{flat} {}", output.stdout.split_whitespace().collect::<Vec<_>>().join(" "));
        assert!(flat.contains(expected) && flat.contains("on main.tf line "), "{expected}: {output}");
    }
}
