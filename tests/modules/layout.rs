//! The layout is Terraform's: what it has installed is used, and it uses what recon has installed.

use super::support::registry::Registry;
use super::{evaluate, manifest, module, recon, stack};

#[test]
fn what_terraform_has_installed_is_used_as_it_is() {
    // As `terraform init` (1.11.4) writes it, with a module whose registry is not there any more.
    let text = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"git","Source":"git::https://github.com/a/b.git//sub?depth=1\u0026ref=v1","Dir":".terraform/modules/git/sub"},{"Key":"reg","Source":"registry.terraform.io/acme/top/aws","Version":"1.10.0","Dir":".terraform/modules/reg/top"},{"Key":"reg.sub","Source":"./modules/sub","Dir":".terraform/modules/reg/top/modules/sub"}]}"#;
    let stack = stack(
        "module \"git\" { source = \"git::https://github.com/a/b.git//sub?depth=1&ref=v1\" }\n\
         module \"reg\" {\n  source  = \"acme/top/aws\"\n  version = \"~> 1.2\"\n}\n",
    );
    stack.write(".terraform/modules/modules.json", text);
    stack.write(".terraform/modules/git/sub/main.tf", &module("git"));
    let top = "module \"sub\" { source = \"./modules/sub\" }\noutput \"name\" { value = module.sub.name }\n";
    stack.write(".terraform/modules/reg/top/main.tf", top);
    stack.write(".terraform/modules/reg/top/modules/sub/main.tf", &module("sub"));
    let registry = Registry::start();
    let output = recon(&stack, &registry, &["init"]).success();
    assert!(!output.stdout.contains("modules"), "nothing happened to them: {output}");
    assert!(registry.requests().is_empty());
    assert_eq!(stack.read(".terraform/modules/modules.json"), text, "not a byte is changed");
    assert_eq!(evaluate(&stack, "\"${module.git.name} ${module.reg.name}\""), "\"git sub\"");
}

#[test]
fn local_modules_are_noted_and_used_where_they_are() {
    let stack = stack("module \"l\" { source = \"./x/../l\" }\n");
    stack.write(
        "l/main.tf",
        "module \"n\" { source = \"../../beside\" }\noutput \"name\" { value = module.n.name }\n",
    );
    stack.write("../beside/main.tf", &module("beside"));
    assert_eq!(evaluate(&stack, "module.l.name"), "\"beside\"", "no installation is needed");
    let registry = Registry::start();
    let output = recon(&stack, &registry, &["init"]).success();
    assert!(output.stdout.contains("- l in l\n- l.n in ../beside\n"), "{output}");
    let expected = [["l", "./l", "", "l"], ["l.n", "../../beside", "", "../beside"]];
    assert_eq!(manifest(&stack), expected.map(|entry| entry.map(str::to_owned)));
}

#[test]
fn a_stack_without_modules_is_left_alone() {
    let stack = stack("output \"x\" { value = 1 }\n");
    let registry = Registry::start();
    let output = recon(&stack, &registry, &["init"]).success();
    assert!(!stack.path(".terraform").exists());
    assert_eq!(output.stdout.matches("AWS provider 5.100").count(), 1, "{output}");
}

#[test]
fn a_stack_named_from_elsewhere_is_installed_in_its_own_directory() {
    let registry = Registry::start();
    registry.publish("acme/a/aws", "1.0.0", &[("main.tf", &module("a"))]);
    let stack = stack("module \"a\" { source = \"acme/a/aws\" }\n");
    let outside = stack.path("..");
    recon(&stack, &registry, &["init", "stack"]).current_directory(&outside).success();
    assert_eq!(manifest(&stack)[0][3], ".terraform/modules/a");
    assert_eq!(evaluate(&stack, "module.a.name"), "\"a\"");
}
