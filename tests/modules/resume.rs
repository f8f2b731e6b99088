//! What is installed is used, what is not is fetched, and nothing is half there.

use super::support::registry::{Answer, Registry, Repository, tar_gz};
use super::{evaluate, flat, manifest, module, recon, stack};

#[test]
fn an_installation_goes_on_where_it_was_cut_short() {
    let registry = Registry::start();
    registry.publish("acme/a/aws", "1.0.0", &[("main.tf", &module("a"))]);
    registry.publish("acme/b/aws", "1.0.0", &[("main.tf", &module("b"))]);
    let whole = tar_gz(&[("main.tf", &module("b"))]);
    let cut = Answer { cut_at: Some(whole.len() / 2), ..Answer::ok(whole) };
    registry.serve_once("/archives/acme/b/aws/1.0.0.tar.gz", cut);
    let stack = stack("module \"a\" { source = \"acme/a/aws\" }\nmodule \"b\" { source = \"acme/b/aws\" }\n");
    let output = recon(&stack, &registry, &["init"]).code(1);
    assert!(flat(&output).contains("The module \"b\" could not be fetched"), "{output}");
    assert!(output.stdout.contains("- a in .terraform/modules/a"), "{output}");
    let entries = std::fs::read_dir(stack.path(".terraform/modules")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["a", "modules.json"], "what is not complete is not there");

    registry.forget();
    // What a run that was killed has left behind.
    stack.write(".terraform/modules/.recon-left/main.tf", "");
    recon(&stack, &registry, &["init"]).success();
    assert!(registry.requests().iter().all(|request| request.path.contains("/b/")), "only what was missing");
    assert!(!stack.path(".terraform/modules/.recon-left").exists());
    assert_eq!(evaluate(&stack, "\"${module.a.name}${module.b.name}\""), "\"ab\"");

    registry.forget();
    let output = recon(&stack, &registry, &["init"]).success();
    assert!(registry.requests().is_empty(), "nothing is missing");
    assert!(!output.stdout.contains("Downloading"), "{output}");
}

#[test]
fn a_server_that_fails_for_a_moment_is_asked_again() {
    let registry = Registry::start();
    registry.publish("acme/a/aws", "1.0.0", &[("main.tf", &module("a"))]);
    registry.serve_once("/v1/modules/acme/a/aws/versions", Answer::status(503));
    registry.serve_once("/archives/acme/a/aws/1.0.0.tar.gz", Answer::status(502));
    let stack = stack("module \"a\" { source = \"acme/a/aws\" }\n");
    recon(&stack, &registry, &["init"]).success();
    assert_eq!(registry.requests().len(), 5);
}

#[test]
fn a_changed_source_or_version_is_installed_and_takes_its_modules_along() {
    let registry = Registry::start();
    let child = "module \"child\" { source = \"./child\" }\noutput \"name\" { value = module.child.name }\n";
    registry.publish("acme/a/aws", "1.0.0", &[("main.tf", child), ("child/main.tf", &module("one"))]);
    registry.publish("acme/a/aws", "1.1.0", &[("main.tf", child), ("child/main.tf", &module("two"))]);
    let stack = stack("module \"a\" {\n  source  = \"acme/a/aws\"\n  version = \"1.0.0\"\n}\n");
    recon(&stack, &registry, &["init"]).success();
    assert_eq!(evaluate(&stack, "module.a.name"), "\"one\"");

    stack.replace("main.tf", "1.0.0", "~> 1.0");
    recon(&stack, &registry, &["init"]).success();
    assert_eq!(evaluate(&stack, "module.a.name"), "\"one\"", "what is there is allowed");
    recon(&stack, &registry, &["init", "--upgrade"]).success();
    assert_eq!(evaluate(&stack, "module.a.name"), "\"two\"");

    stack.replace("main.tf", "~> 1.0", "1.0.0");
    let output = stack.recon(&["validate"]).code(1);
    assert!(
        flat(&output)
            .contains("The installed version of module \"a\" (1.1.0) is not one that the call allows"),
        "{output}"
    );
    recon(&stack, &registry, &["init"]).success();
    assert_eq!(evaluate(&stack, "module.a.name"), "\"one\"");

    let repository = Repository::new(&[("main.tf", &module("repository"))]);
    stack.write("main.tf", &format!("module \"a\" {{ source = \"{}\" }}\n", repository.source()));
    let output = stack.recon(&["validate"]).code(1);
    assert!(
        flat(&output).contains("The source of module \"a\" has changed since it was installed."),
        "{output}"
    );
    recon(&stack, &registry, &["init"]).success();
    assert_eq!(manifest(&stack).len(), 1, "the module's own module went with it");
    assert_eq!(evaluate(&stack, "module.a.name"), "\"repository\"");

    repository.commit(&[("main.tf", &module("newer"))]);
    recon(&stack, &registry, &["init"]).success();
    assert_eq!(evaluate(&stack, "module.a.name"), "\"repository\"", "what is there is used");
    recon(&stack, &registry, &["init", "-upgrade"]).success();
    assert_eq!(evaluate(&stack, "module.a.name"), "\"newer\"");
}

#[test]
fn a_failed_upgrade_leaves_what_was_there() {
    let registry = Registry::start();
    registry.publish("acme/a/aws", "1.0.0", &[("main.tf", &module("one"))]);
    let stack = stack("module \"a\" { source = \"acme/a/aws\" }\n");
    recon(&stack, &registry, &["init"]).success();
    registry.publish("acme/a/aws", "2.0.0", &[]);
    registry.serve("/archives/acme/a/aws/2.0.0.tar.gz", Answer::ok("no archive"));
    recon(&stack, &registry, &["init", "-upgrade"]).code(1);
    assert_eq!(evaluate(&stack, "module.a.name"), "\"one\"");
    assert_eq!(manifest(&stack)[0][2], "1.0.0");
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let registry = Registry::start();
    let text: String = (0..6)
        .map(|number| {
            registry.publish(&format!("acme/m{number}/aws"), "1.0.0", &[("main.tf", &module("m"))]);
            format!("module \"m{number}\" {{ source = \"acme/m{number}/aws\" }}\n")
        })
        .collect();
    let stack = stack(&text);
    let started: Vec<_> = (0..4).map(|_| recon(&stack, &registry, &["init"]).start()).collect();
    for run in started {
        let output = run.wait();
        assert_eq!(output.exit_code(), 0, "{output}");
    }
    assert_eq!(manifest(&stack).len(), 6);
    assert_eq!(evaluate(&stack, "module.m5.name"), "\"m\"");
    let downloads =
        registry.requests().iter().filter(|request| request.path.starts_with("/archives")).count();
    assert_eq!(downloads, 6, "the second finds what the first has installed");
}
