//! Versions, services, tokens.

use super::support::registry::{Answer, Registry};
use super::{HOST, evaluate, flat, manifest, module, recon, stack};

#[test]
fn registry_modules_nest_three_deep_and_take_the_highest_version_allowed() {
    let registry = Registry::start();
    for version in ["1.0.0", "1.9.0", "1.10.0", "2.0.0", "2.1.0-beta1"] {
        let leaf = module(&format!("leaf {version}"));
        registry.publish("acme/leaf/aws", version, &[("main.tf", &leaf), ("modules/part/main.tf", &leaf)]);
    }
    let middle = "module \"leaf\" {\n  source  = \"acme/leaf/aws\"\n  version = \"~> 1.9\"\n}\n\
                  module \"part\" {\n  source  = \"acme/leaf/aws//modules/part\"\n  version = \"1.0.0\"\n}\n\
                  output \"name\" { value = \"middle of ${module.leaf.name} and ${module.part.name}\" }\n";
    registry.publish("acme/middle/aws", "0.1.0", &[("main.tf", middle)]);
    let top = format!(
        "module \"middle\" {{\n  source  = \"{HOST}/acme/middle/aws\"\n  version = \"0.1.0\"\n}}\n\
         output \"name\" {{ value = \"top of ${{module.middle.name}}\" }}\n"
    );
    registry.publish("acme/top/aws", "3.0.0", &[("main.tf", &top)]);
    let stack = stack(
        "module \"newest\" { source = \"acme/leaf/aws\" }\n\
         module \"beta\" {\n  source = \"acme/leaf/aws\"\n  version = \"2.1.0-beta1\"\n}\n\
         module \"top\" {\n  source = \"acme/top/aws\"\n  version = \">= 1.0, < 4.0\"\n}\n",
    );
    let before = stack.recon(&["validate"]).code(1);
    assert!(flat(&before).contains("Module not installed"), "{before}");
    assert!(flat(&before).contains("Run \"recon init\""), "{before}");

    let output = recon(&stack, &registry, &["init"]).success();
    assert!(
        output.stdout.contains("Downloading registry.terraform.io/acme/top/aws 3.0.0 for top..."),
        "{output}"
    );
    let found = manifest(&stack);
    let expected = [
        ["beta", "registry.terraform.io/acme/leaf/aws", "2.1.0-beta1", ".terraform/modules/beta"],
        ["newest", "registry.terraform.io/acme/leaf/aws", "2.0.0", ".terraform/modules/newest"],
        ["top", "registry.terraform.io/acme/top/aws", "3.0.0", ".terraform/modules/top"],
        ["top.middle", "registry.example.com/acme/middle/aws", "0.1.0", ".terraform/modules/top.middle"],
        [
            "top.middle.leaf",
            "registry.terraform.io/acme/leaf/aws",
            "1.10.0",
            ".terraform/modules/top.middle.leaf",
        ],
        [
            "top.middle.part",
            "registry.terraform.io/acme/leaf/aws//modules/part",
            "1.0.0",
            ".terraform/modules/top.middle.part/modules/part",
        ],
    ];
    assert_eq!(found, expected.map(|entry| entry.map(str::to_owned)));
    assert_eq!(evaluate(&stack, "module.top.name"), "\"top of middle of leaf 1.10.0 and leaf 1.0.0\"");
    stack.recon(&["validate"]).success();
}

#[test]
fn a_version_that_is_not_there_is_said_with_the_newest_that_is() {
    let registry = Registry::start();
    registry.publish("acme/leaf/aws", "1.2.0", &[("main.tf", "")]);
    let stack = stack("module \"m\" {\n  source  = \"acme/leaf/aws\"\n  version = \"~> 2.0\"\n}\n");
    let output = recon(&stack, &registry, &["init"]).code(1);
    assert!(flat(&output).contains("The newest available version is 1.2.0."), "{output}");
    assert!(output.stderr.contains("main.tf line 3"), "{output}");
    stack.replace("main.tf", "~> 2.0", "newest");
    let output = recon(&stack, &registry, &["init"]).code(1);
    assert!(flat(&output).contains("Invalid version constraint"), "{output}");
}

#[test]
fn tokens_are_shown_to_their_registry_and_to_nobody_else() {
    let registry = Registry::start();
    let elsewhere = Registry::start();
    elsewhere.serve("/x.tar.gz", Answer::ok(super::support::registry::tar_gz(&[("main.tf", &module("x"))])));
    registry.publish_at("acme/x/aws", "1.0.0", &elsewhere.url("/x.tar.gz"));
    // A registry that has moved: what comes after the redirect is another host.
    let moved = elsewhere.url("/moved");
    registry.serve_once("/v1/modules/acme/x/aws/versions", Answer::status(302).header("location", &moved));
    elsewhere.serve("/moved", Answer::ok(r#"{"modules":[{"versions":[{"version":"1.0.0"}]}]}"#));
    let stack = stack(&format!("module \"x\" {{ source = \"{HOST}/acme/x/aws\" }}\n"));
    recon(&stack, &registry, &["init"]).env("TF_TOKEN_registry_example_com", "from-environment").success();
    assert_eq!(evaluate(&stack, "module.x.name"), "\"x\"");
    let shown: Vec<_> = registry.requests().into_iter().map(|request| request.authorization).collect();
    assert_eq!(
        shown,
        [Some("Bearer from-environment".to_owned()), Some("Bearer from-environment".to_owned())]
    );
    assert!(elsewhere.requests().iter().all(|request| request.authorization.is_none()));

    // A block of the configuration, and what `terraform login` has stored.
    for (name, text) in [
        ("terraform.rc", format!("credentials \"{HOST}\" {{\n  token = \"from-file\"\n}}\n")),
        ("stored", format!("{{\"credentials\": {{\"{HOST}\": {{\"token\": \"from-file\"}}}}}}")),
    ] {
        registry.forget();
        let mut configuration = registry.configuration(&[HOST]);
        if name == "stored" {
            stack.write("../.home/.terraform.d/credentials.tfrc.json", &text);
        } else {
            configuration.push_str(&text);
        }
        stack.write("../own.rc", &configuration);
        let run = stack.recon(&["init", "-upgrade"]);
        let output = run.env("TF_CLI_CONFIG_FILE", stack.path("../own.rc").into_os_string()).success();
        assert!(output.stdout.contains("Upgrading modules..."), "{output}");
        assert_eq!(registry.requests()[0].authorization.as_deref(), Some("Bearer from-file"), "{name}");
    }
}

#[test]
fn the_configuration_in_the_home_directory_counts() {
    let registry = Registry::start();
    registry.publish("acme/x/aws", "1.0.0", &[("main.tf", &module("x"))]);
    let stack = stack("module \"x\" { source = \"acme/x/aws\" }\n");
    stack.write("../.home/.terraformrc", &registry.configuration(&["registry.terraform.io"]));
    stack.recon(&["init"]).env("HOME", stack.path("../.home").into_os_string()).success();
    stack.write("../broken.rc", "host {\n");
    let output =
        stack.recon(&["init"]).env("TF_CLI_CONFIG_FILE", stack.path("../broken.rc").into_os_string()).code(1);
    assert!(output.stderr.contains("broken.rc line 1"), "{output}");
    let gone = stack.path("../gone.rc").into_os_string();
    let output = stack.recon(&["init"]).env("TF_CLI_CONFIG_FILE", gone).success();
    let text = flat(&output);
    assert!(text.contains("Warning: CLI configuration not read"), "{output}");
    assert!(text.contains("gone.rc does not exist"), "{output}");
}

#[test]
fn an_unusable_registry_is_named() {
    let registry = Registry::start();
    registry.serve("/v1/modules/acme/garbled/aws/versions", Answer::ok("not JSON"));
    registry.publish_at("acme/local/aws", "1.0.0", "file:///etc");
    registry.publish_at("acme/repository/aws", "1.0.0", "git::file:///etc");
    registry.publish_at("acme/absolute/aws", "1.0.0", "git::/etc");
    registry.publish_at("acme/metadata/aws", "1.0.0", "http://169.254.169.254/latest.tar.gz");
    registry.publish_at("acme/redirect/aws", "1.0.0", "/redirect.tar.gz");
    registry.serve("/redirect.tar.gz", Answer::status(302).header("location", "http://169.254.169.254/x"));
    registry.publish_at("acme/file/aws", "1.0.0", "/file.tar.gz");
    registry.serve("/file.tar.gz", Answer::status(302).header("location", "file:///etc/passwd"));
    registry.publish_at("acme/circle/aws", "1.0.0", "/circle.tar.gz");
    registry.serve("/circle.tar.gz", Answer::status(302).header("location", "/circle.tar.gz"));
    registry.publish("acme/forbidden/aws", "1.0.0", &[]);
    registry.serve("/v1/modules/acme/forbidden/aws/versions", Answer::status(401));
    for (name, said) in [
        ("garbled", "the list of versions of acme/garbled/aws is not as it should be"),
        ("local", "it leads to \"file:///etc\", a place on this machine"),
        ("repository", "a place on this machine"),
        ("absolute", "a place on this machine"),
        ("metadata", "recon follows no address of the local link"),
        ("redirect", "recon follows no address of the local link"),
        ("file", "recon follows no address but http and https ones"),
        ("circle", "is redirected without end"),
        ("forbidden", "answers 401 Unauthorized"),
    ] {
        let stack = stack(&format!("module \"m\" {{ source = \"{HOST}/acme/{name}/aws\" }}\n"));
        let output = recon(&stack, &registry, &["init"]).code(1);
        assert!(flat(&output).contains(said), "{name}: {output}");
        assert!(!stack.path(".terraform/modules/m").exists());
    }
}
