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
        let state = stack.state();
        let resources = state["resources"].as_array().unwrap();
        let managed = resources.iter().find(|resource| resource["mode"] == "managed").unwrap();
        let attributes = managed["instances"][0]["attributes"].clone();
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

/// An old resource with a provisioner keeps nobody out: only what would run one is refused.
#[test]
fn what_would_run_a_provisioner_is_refused() {
    let stack = Stack::offline();
    let with = |provisioner: &str| {
        format!(
            "resource \"null_resource\" \"old\" {{\n{provisioner}}}\n\nresource \"terraform_data\" \"other\" {{\n  input = 1\n}}\n"
        )
    };
    let at_create = "  provisioner \"local-exec\" {\n    command = \"touch made-${self.id}\"\n  }\n";
    let at_destroy =
        "  provisioner \"local-exec\" {\n    when    = destroy\n    command = \"touch gone\"\n  }\n";
    stack.write("main.tf", &with(at_create));
    let output = stack.recon(&["apply", "--auto-approve"]).code(1);
    assert!(output.stderr.contains("Error: A provisioner would have to run"), "{}", output.stderr);
    assert!(output.stderr.contains("main.tf line 2"), "{}", output.stderr);
    assert!(!stack.path("terraform.tfstate").exists(), "nothing is made before that is said");
    // Leaving it out works, and so does all else once it is there.
    stack.recon(&["apply", "--auto-approve", "--target=terraform_data.other"]).success();
    stack.write("main.tf", &with(""));
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.write("main.tf", &with(at_create));
    stack.recon(&["diff", "--detailed-exitcode"]).code(0);
    stack.replace("main.tf", "input = 1", "input = 2");
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.recon(&["apply", "--auto-approve", "--replace=null_resource.old"]).code(1);
    // One that runs at the end forbids the end.
    stack.write("main.tf", &with(at_destroy));
    stack.recon(&["diff", "--detailed-exitcode"]).code(2);
    stack.recon(&["apply", "--auto-approve", "--target=null_resource.old"]).success();
    let output = stack.recon(&["destroy", "--auto-approve"]).code(1);
    assert!(output.stderr.contains("deleting"), "{}", output.stderr);
    stack.write("main.tf", &with(at_create));
    stack.recon(&["destroy", "--auto-approve"]).success();
}
