//! The examples of README and `docs/`, and the tables that could fall behind.

mod support;

use std::collections::BTreeSet;
use std::process::Command;

use support::aws::Aws;
use support::stack::Stack;

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// The lines of shell examples.
fn examples(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside {
            lines.push(line.to_owned());
        }
    }
    lines
}

#[test]
fn the_command_table_names_every_command() {
    let help = Command::new(env!("CARGO_BIN_EXE_recon")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands: BTreeSet<String> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    let table: BTreeSet<String> = readme()
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned))
        .collect();
    assert_eq!(table, commands);
}

#[test]
fn the_resource_table_names_every_type() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/resources.md")).unwrap();
    let registry = recon::provider::registry::Registry::new();
    for provider in registry.providers() {
        let resources = provider.resource_types().iter().map(|ty| ty.name());
        for name in resources.chain(provider.data_sources().iter().map(|ty| ty.name())) {
            assert!(text.contains(&format!("`{name}`")), "{name} is not in docs/resources.md");
        }
    }
}

/// The sandbox examples, in their order, against a local AWS of the test's own.
#[test]
fn the_sandbox_examples_work() {
    let aws = Aws::fresh();
    let stack = Stack::copied(&aws, "stacks", "pipeline");
    let mut run = 0;
    for line in examples(&readme()) {
        let Some(command) = line.strip_prefix("recon sandbox run -- recon ") else { continue };
        let arguments: Vec<&str> =
            command.split_whitespace().filter(|argument| *argument != "stacks/pipeline").collect();
        stack.recon(&arguments).success();
        run += 1;
    }
    assert_eq!(run, 4);
}

#[test]
fn the_demo_ends_with_success() {
    let output = Command::new(env!("CARGO_BIN_EXE_recon")).arg("demo").output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("That was the whole story."), "{text}");
}
