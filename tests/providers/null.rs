//! `null_resource` and `null_data_source`.

use crate::support::stack::Stack;

#[test]
fn other_triggers_make_another_resource() {
    let stack = Stack::offline();
    stack.write(
        "main.tf",
        r#"
resource "null_resource" "this" {
  triggers = { version = "1" }
}

data "null_data_source" "values" {
  inputs = { id = null_resource.this.id, fixed = "x" }
}

output "values" {
  value = data.null_data_source.values.outputs
}

output "default" {
  value = data.null_data_source.values.has_computed_default
}
"#,
    );
    stack.recon(&["apply", "--auto-approve"]).success();
    let id = |stack: &Stack| {
        let attributes = stack.state()["resources"][0]["instances"][0]["attributes"].clone();
        let id = attributes["id"].as_str().unwrap().to_owned();
        assert!(id.parse::<i64>().is_ok_and(|number| number >= 0), "{id}");
        id
    };
    let first = id(&stack);
    assert_eq!(stack.state()["outputs"]["values"]["value"]["id"], first.as_str());
    assert_eq!(stack.state()["outputs"]["default"]["value"], "default");
    stack.recon(&["diff", "--detailed-exitcode"]).success();
    stack.replace("main.tf", "version = \"1\"", "version = \"2\"");
    let output = stack.recon(&["diff", "--detailed-exitcode"]).code(2);
    assert!(output.stdout.contains("must be replaced") || output.stdout.contains("-/+"), "{output}");
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_ne!(id(&stack), first);
    assert_eq!(stack.state()["outputs"]["values"]["value"]["id"], id(&stack).as_str());
    stack.recon(&["destroy", "--auto-approve"]).success();
}
