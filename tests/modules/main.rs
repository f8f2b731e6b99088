//! Modules from registries, repositories and archives, all on this machine.

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod layout;
mod registries;
mod resume;
mod sources;

use serde_json::Value as Json;
use support::registry::Registry;
use support::stack::{Output, Run, Stack};

/// The host that the tests' registry stands for.
pub const HOST: &str = "registry.example.com";

/// A run of `recon` for which the registry is that of [`HOST`] and the public one.
pub fn recon(stack: &Stack, registry: &Registry, arguments: &[&str]) -> Run {
    // Another run may be reading it.
    if !stack.path("../terraform.rc").exists() {
        stack.write("../terraform.rc", &registry.configuration(&[HOST, "registry.terraform.io"]));
    }
    stack.recon(arguments).env("TF_CLI_CONFIG_FILE", stack.path("../terraform.rc").into_os_string())
}

/// A stack in a folder below a temporary one, so that there is room beside it.
pub fn stack(text: &str) -> Stack {
    let mut stack = Stack::offline();
    stack.enter("stack");
    stack.write("main.tf", text);
    stack
}

/// A module with one output, by which it is known.
pub fn module(output: &str) -> String {
    format!("output \"name\" {{ value = {output:?} }}\n")
}

/// Key, source, version and directory of each module in the manifest, the root module left out.
pub fn manifest(stack: &Stack) -> Vec<[String; 4]> {
    let document: Json = serde_json::from_str(&stack.read(".terraform/modules/modules.json")).unwrap();
    let text = |entry: &Json, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let modules = document["Modules"].as_array().unwrap();
    assert_eq!((text(&modules[0], "Key"), text(&modules[0], "Dir")), (String::new(), ".".to_owned()));
    modules[1..]
        .iter()
        .map(|entry| ["Key", "Source", "Version", "Dir"].map(|name| text(entry, name)))
        .collect()
}

/// What an expression is in a stack: the modules that were installed are the ones that are used.
pub fn evaluate(stack: &Stack, expression: &str) -> String {
    let output = stack.recon(&["console"]).input(&format!("{expression}\n")).success();
    output.stdout.trim().to_owned()
}

/// The text of diagnostics without frames and line breaks.
pub fn flat(output: &Output) -> String {
    output.stderr.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}
