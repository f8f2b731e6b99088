//! A stand-in for the repository that recon was made for: every block form, function and module edge that it is known
//! to have, written anew. Its user owns it and has it run with Terraform 1.5; recon has to run it as it is.
//!
//! `repository/` is the root module, `registry/` what the module registry has, one folder a module.

#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use support::aws::Aws;
use support::proxy::Proxy;
use support::registry::Registry;
use support::stack::{Run, Stack};

/// The modules of the registry, each with the one version that is asked for and those that are not.
const MODULES: [(&str, &str, &[&str]); 9] = [
    ("snowplow-devops/alb/aws", "0.2.0", &["0.1.0", "0.3.0"]),
    ("snowplow-devops/collector-kinesis-ec2/aws", "0.9.1", &["0.9.0", "0.10.0"]),
    ("snowplow-devops/dynamodb-autoscaling/aws", "0.2.0", &[]),
    ("snowplow-devops/enrich-kinesis-ec2/aws", "0.6.1", &["0.6.0"]),
    ("snowplow-devops/instance-type-metrics/aws", "0.1.2", &["1.0.0"]),
    ("snowplow-devops/kinesis-stream/aws", "0.3.0", &["0.3.1"]),
    ("snowplow-devops/service-ec2/aws", "0.2.1", &["0.3.0-rc.1"]),
    ("snowplow-devops/snowflake-streaming-loader-ec2/aws", "0.1.2", &[]),
    ("snowplow-devops/telemetry/snowplow", "0.5.0", &[]),
];

/// The repository as its user has it: cloned, the example values copied.
struct Original {
    stack: Stack,
    registry: Registry,
}

impl Original {
    fn new(aws: &Aws) -> Original {
        let stack = Stack::copied(aws, "tests/original/repository", ".");
        stack.write("terraform.tfvars", &stack.read("terraform.example.tfvars"));
        let registry = Registry::start();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/original/registry");
        for (module, version, others) in MODULES {
            registry.publish_folder(module, version, &folder.join(module));
            for other in others {
                registry.publish(module, other, &[("main.tf", "not = the version that is asked for")]);
            }
        }
        stack.write(".home/.terraformrc", &registry.configuration(&["registry.terraform.io"]));
        Original { stack, registry }
    }

    /// A run of recon in which nothing stands in for the user's own values.
    fn recon(&self, arguments: &[&str]) -> Run {
        self.stack.recon(arguments).env_remove("RECON_SANDBOX_VAR_FILE")
    }

    /// The user puts values of their own account in the place of the placeholders.
    fn fill_in(&self, aws: &Aws) {
        let own = std::fs::read_to_string(aws.var_file()).unwrap();
        let content = self.stack.read("terraform.tfvars");
        let lines: Vec<String> = content
            .lines()
            .map(|line| {
                let name = line.split('=').next().unwrap().trim();
                let replaced = own.lines().find(|own| own.split('=').next().unwrap().trim() == name);
                replaced.filter(|_| !name.is_empty()).unwrap_or(line).to_owned()
            })
            .collect();
        self.stack.write("terraform.tfvars", &(lines.join("\n") + "\n"));
    }
}

#[test]
fn it_is_initialised_and_validated_and_its_placeholder_is_refused_before_aws_is_asked() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let original = Original::new(&aws.through(proxy.endpoint()));
    let before = original.recon(&["validate"]).code(1);
    assert_eq!(before.stderr.matches("Module not installed").count(), 7, "{before}");

    let output = original.recon(&["init"]).success();
    assert!(output.stdout.contains("recon implements the language of Terraform 1.11"), "{output}");
    let manifest: serde_json::Value =
        serde_json::from_str(&original.stack.read(".terraform/modules/modules.json")).unwrap();
    let modules = manifest["Modules"].as_array().unwrap();
    let find = |key: &str| modules.iter().find(|module| module["Key"] == key).unwrap();
    let deep = find("enrich_kinesis.service.instance_type_metrics");
    assert_eq!(deep["Version"], "0.1.2");
    assert_eq!(
        find("collector_kinesis.telemetry")["Source"],
        "registry.terraform.io/snowplow-devops/telemetry/snowplow"
    );
    assert_eq!(modules.len(), 20);
    // Each package is fetched once, however many modules are made of it.
    let downloads =
        original.registry.requests().iter().filter(|request| request.path.starts_with("/archives")).count();
    assert_eq!(downloads, MODULES.len());

    let output = original.recon(&["validate"]).success();
    assert!(output.stdout.starts_with("Success!"), "{output}");

    let refused = original.recon(&["diff"]).code(1);
    assert_eq!(
        refused.stderr.matches("\"999.999.999.999/32\" is not a valid CIDR block").count(),
        3,
        "{refused}"
    );
    assert!(refused.stderr.contains("on .terraform/modules/sf_loader/main.tf line 109"), "{refused}");
    assert!(refused.stderr.contains("on main.tf line 20"), "the public key: {refused}");
    assert_eq!(proxy.calls().len(), 0, "{:?}", proxy.counts());
    assert!(!refused.stderr.contains("confidential-key-material"), "{refused}");
}

#[test]
fn it_is_planned_applied_and_in_sync() {
    let aws = Aws::fresh();
    let original = Original::new(&aws);
    original.fill_in(&aws);
    original.recon(&["init"]).success();
    let output = original.recon(&["diff", "--no-color"]).success();
    assert!(output.stdout.contains("Plan: 76 to add, 0 to change, 0 to destroy."), "{output}");
    let output = original.recon(&["apply", "-auto-approve", "--no-color"]).success();
    assert!(!output.stdout.contains("confidential-key-material"), "{output}");
    let output = original.recon(&["diff", "--detailed-exitcode", "--no-color"]).code(0);
    assert!(output.stdout.contains("No changes."), "{output}");
    let output = original.recon(&["destroy", "-auto-approve", "--no-color"]).success();
    assert!(output.stdout.contains("Destroy complete! Resources: 76 destroyed."), "{output}");
}
