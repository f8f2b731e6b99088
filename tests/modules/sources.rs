//! Each form of source.

use super::support::registry::{Answer, Registry, Repository, tar_gz, zip};
use super::{HOST, evaluate, flat, manifest, module, recon, stack};

#[test]
fn repositories_are_fetched_at_the_revision_that_is_asked_for() {
    let repository =
        Repository::new(&[("main.tf", &module("first")), ("modules/inner/main.tf", &module("inner"))]);
    repository.git(&["tag", "v1.0.0"]);
    let second = repository.commit(&[("main.tf", &module("second"))]);
    repository.git(&["branch", "feature/x"]);
    repository.commit(&[("main.tf", &module("third"))]);
    let source = repository.source();
    let short = &second[..9];
    let text = format!(
        r#"
module "branch" {{ source = "{source}?ref=feature/x" }}
module "commit" {{ source = "{source}?ref={second}" }}
module "deep" {{ source = "{source}?ref=main&depth=2" }}
module "head" {{ source = "{source}" }}
module "inner" {{ source = "{source}//modules/inner?ref=v1.0.0" }}
module "short" {{ source = "{source}?ref={short}" }}
module "tag" {{ source = "{source}?ref=v1.0.0" }}
"#
    );
    let stack = stack(&text);
    let registry = Registry::start();
    let output = recon(&stack, &registry, &["init"]).success();
    assert!(output.stdout.contains(&format!("Downloading {source}?ref=v1.0.0 for tag...")), "{output}");
    assert!(output.stdout.contains("- inner in .terraform/modules/inner/modules/inner"), "{output}");
    let names = "[for m in [module.branch, module.commit, module.deep, module.head, module.inner, module.short, module.tag] : m.name]";
    let expected = "[\n  \"second\",\n  \"second\",\n  \"third\",\n  \"third\",\n  \"inner\",\n  \"second\",\n  \"first\",\n]";
    assert_eq!(evaluate(&stack, names), expected);
    assert_eq!(manifest(&stack)[1][1], format!("{source}?ref={second}"));
}

#[test]
fn a_revision_that_is_not_there_is_named() {
    let repository = Repository::new(&[("main.tf", &module("first"))]);
    let source = repository.source();
    let registry = Registry::start();
    for (query, said) in [
        ("ref=v9", "has no branch, tag or commit \"v9\""),
        ("ref=--upload-pack=touch", "\"--upload-pack=touch\" cannot be the name of a branch"),
        ("depth=x", "the depth \"x\" is not a positive number"),
    ] {
        let stack = stack(&format!("module \"m\" {{ source = \"{source}?{query}\" }}\n"));
        let output = recon(&stack, &registry, &["init"]).code(1);
        assert!(flat(&output).contains(said), "{output}");
        assert!(output.stderr.contains("main.tf line 1"), "{output}");
    }
}

#[test]
fn archives_are_unpacked_by_name_by_parameter_and_by_where_a_page_leads() {
    let registry = Registry::start();
    let files = [("top/main.tf", &*module("top")), ("top/modules/inner/main.tf", &*module("inner"))];
    let (gz, zipped) = (tar_gz(&files), zip(&files));
    let sum = sha256(&gz);
    registry.serve("/a.tar.gz", Answer::ok(gz.clone()));
    registry.serve("/a.tgz", Answer::ok(gz.clone()));
    registry.serve("/a.zip", Answer::ok(zipped.clone()));
    registry.serve("/download", Answer::ok(zipped));
    registry.serve("/header", Answer::status(204).header("X-Terraform-Get", "./a.zip//top"));
    let page =
        format!("<html><meta name=\"terraform-get\" content=\"{}//*\" /></html>", registry.url("/a.tgz"));
    registry.serve("/page", Answer::ok(page));
    registry.serve("/moved.zip", Answer::status(302).header("location", "/a.zip"));
    let at = |path: &str| registry.url(path);
    let text = format!(
        r#"
module "checked" {{ source = "{}//top?checksum=sha256:{sum}" }}
module "header" {{ source = "{}//modules/inner" }}
module "moved" {{ source = "{}//top/modules/inner" }}
module "named" {{ source = "{}//top" }}
module "page" {{ source = "{}" }}
module "parameter" {{ source = "{}//top?archive=zip" }}
"#,
        at("/a.tar.gz"),
        at("/header"),
        at("/moved.zip"),
        at("/a.tgz"),
        at("/page"),
        at("/download"),
    );
    let stack = stack(&text);
    recon(&stack, &registry, &["init"]).success();
    let names = "join(\" \", [for m in [module.checked, module.header, module.moved, module.named, module.page, module.parameter] : m.name])";
    assert_eq!(evaluate(&stack, names), "\"top inner inner top top top\"");
    let directories: Vec<String> =
        manifest(&stack).into_iter().map(|[_, _, _, directory]| directory).collect();
    let expected = [
        "checked/top",
        // Of what a page leads to only the subdirectory is kept.
        "header/modules/inner",
        "moved/top/modules/inner",
        "named/top",
        "page",
        "parameter/top",
    ];
    assert_eq!(directories, expected.map(|end| format!(".terraform/modules/{end}")));
    assert!(registry.requests().iter().any(|request| request.path == "/page?terraform-get=1"));
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_cannot_be_fetched_is_said_with_its_place_and_a_way_out() {
    let registry = Registry::start();
    registry.serve("/a.tar.gz", Answer::ok(tar_gz(&[("main.tf", "")])));
    registry.serve("/page", Answer::ok("<html></html>"));
    let table = [
        (
            "s3::https://s3.amazonaws.com/b/k.zip".to_owned(),
            "recon does not fetch modules from S3 buckets (s3::).",
        ),
        ("gcs::https://www.googleapis.com/storage/v1/b/x.zip".to_owned(), "Google Cloud Storage (gcs::)."),
        ("hg::http://example.com/a".to_owned(), "Mercurial repositories (hg::)."),
        ("vpc".to_owned(), "For a path relative to the calling module write \"./vpc\""),
        (
            format!("{}?checksum=md5:{}", registry.url("/a.tar.gz"), "0".repeat(32)),
            "the download's checksum is",
        ),
        (format!("{}//nowhere", registry.url("/a.tar.gz")), "the package has no directory \"nowhere\""),
        (registry.url("/a.tar.xz"), "recon unpacks tar.gz, tgz, tar and zip"),
        (registry.url("/missing.zip"), "answers 404 Not Found"),
        (registry.url("/page"), "neither a header X-Terraform-Get nor a meta tag terraform-get"),
        (
            format!("{HOST}/acme/nothing/aws"),
            "The module registry.example.com/acme/nothing/aws is not in the registry.",
        ),
    ];
    for (source, said) in table {
        let stack = stack(&format!("module \"m\" {{\n  source = \"{source}\"\n}}\n"));
        let output = recon(&stack, &registry, &["init"]).code(1);
        assert!(flat(&output).contains(said), "{source}: {output}");
        assert!(output.stderr.contains("main.tf line 2"), "{source}: {output}");
    }
}

#[test]
fn directories_of_this_machine_are_used_where_they_are() {
    let stack = stack("");
    stack.write(
        "../elsewhere/top/main.tf",
        &format!("module \"side\" {{ source = \"../side\" }}\n{}", module("top")),
    );
    stack.write("../elsewhere/side/main.tf", &module("side"));
    let elsewhere = stack.path("../elsewhere").canonicalize().unwrap();
    stack.write("main.tf", &format!("module \"m\" {{ source = \"{}//top\" }}\n", elsewhere.display()));
    let registry = Registry::start();
    recon(&stack, &registry, &["init"]).success();
    assert_eq!(evaluate(&stack, "module.m.name"), "\"top\"");
    let side = elsewhere.join("side").display().to_string();
    assert_eq!(manifest(&stack)[1], ["m.side", "../side", "", &side].map(str::to_owned));
    assert!(stack.path(".terraform/modules/m").is_symlink());
}
