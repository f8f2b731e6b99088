//! Both install the same modules at the same places, and each uses what the other has installed.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::registry::{Answer, Registry, Repository, tar_gz, zip};
use crate::support::stack::{Run, Stack};
use crate::support::terraform::Terraform;

/// Every file below a folder but Git's own, with its content.
fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() == ".git" {
                continue;
            }
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The module registry's modules, and the code that calls them in every way.
fn publish(registry: &Registry, repository: &Repository) -> String {
    let source = repository.source();
    let leaf = |name: &str| format!("output \"name\" {{ value = {name:?} }}\n");
    for version in ["1.0.0", "1.2.0", "1.10.0", "2.0.0-beta1"] {
        let inner =
            format!("module \"g\" {{ source = \"{source}//mods/inner?ref=v1.0.0\" }}\n{}", leaf(version));
        let files = [("x/main.tf", &*inner), ("x/modules/sub/main.tf", "output \"z\" { value = 3 }\n")];
        let path = format!("/deep-{version}.tgz");
        registry.serve(&path, Answer::ok(tar_gz(&files)));
        registry.publish_at("acme/deep/aws", version, &format!("{path}//x?archive=tgz"));
    }
    let top = "module \"deep\" {\n  source  = \"acme/deep/aws\"\n  version = \"~> 1.2\"\n}\n\
               module \"sub\" { source = \"./modules/sub\" }\noutput \"name\" { value = module.deep.name }\n";
    registry.publish("acme/top/aws", "0.9.0", &[("main.tf", top), ("modules/sub/main.tf", "")]);
    let files = [("top/main.tf", &*leaf("top")), ("top/modules/sub/main.tf", &*leaf("sub"))];
    registry.serve("/a.zip", Answer::ok(zip(&files)));
    let page =
        format!("<head><meta name=\"terraform-get\" content=\"{}//top\" /></head>", registry.url("/a.zip"));
    registry.serve("/page", Answer::ok(page).header("content-type", "text/html"));
    format!(
        r#"
module "archive" {{ source = "{}//top/modules/sub?archive=zip" }}
module "git" {{ source = "{source}" }}
module "gitref" {{ source = "{source}//mods/inner?ref=v1.0.0&depth=1" }}
module "local" {{ source = "./l/../l" }}
module "page" {{ source = "{}//modules/sub" }}
module "reg" {{
  source  = "reg.example.test/acme/top/aws"
  version = ">= 0.1, < 1.0"
}}
module "regsub" {{
  source  = "acme/deep/aws//modules/sub"
  version = "1.10.0"
}}
output "name" {{ value = module.reg.name }}
"#,
        registry.url("/a.zip"),
        registry.url("/page"),
    )
}

#[test]
fn each_installs_the_modules_that_the_other_would() {
    let terraform = Terraform::find();
    let registry = Registry::start();
    let repository = Repository::new(&[
        ("main.tf", "module \"inner\" { source = \"./mods/inner\" }\n"),
        ("mods/inner/main.tf", "module \"side\" { source = \"../side\" }\n"),
        ("mods/side/main.tf", "output \"y\" { value = 2 }\n"),
    ]);
    repository.git(&["tag", "v1.0.0"]);
    repository.commit(&[("later.tf", "output \"later\" { value = 1 }\n")]);
    let code = publish(&registry, &repository);
    let configuration = registry.configuration(&["reg.example.test", "registry.terraform.io"]);
    let stacks: Vec<Stack> = (0..2)
        .map(|_| {
            let stack = Stack::offline();
            stack.write("main.tf", &code).write("l/main.tf", "").write(".rc", &configuration);
            stack
        })
        .collect();
    let (theirs, ours) = (&stacks[0], &stacks[1]);
    let configured =
        |stack: &Stack, run: Run| run.env("TF_CLI_CONFIG_FILE", stack.path(".rc").into_os_string()).success();
    configured(theirs, terraform.run(theirs, &["init"]));
    configured(ours, ours.recon(&["init"]));
    let installed = |stack: &Stack| tree(&stack.path(".terraform/modules"));
    assert_eq!(installed(ours), installed(theirs));

    // Neither has anything to fetch where the other one was.
    let before = installed(theirs);
    registry.forget();
    configured(theirs, theirs.recon(&["init"]));
    configured(theirs, theirs.recon(&["validate"]));
    configured(ours, terraform.run(ours, &["init"]));
    configured(ours, terraform.run(ours, &["validate"]));
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
    assert_eq!((installed(ours), installed(theirs)), (before.clone(), before));
}
