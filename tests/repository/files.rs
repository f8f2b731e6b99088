//! Files that nothing is wrong with, the root, and the stacks that are found.

use std::path::Path;

use proptest::prelude::*;
use recon::lang::source::SourceMap;
use recon::repository::{
    AddressPattern, AttributePattern, Event, FreezeWindow, GitHub, NotificationKind, Percentage, Repository,
    find_root, load, stack_name,
};

use recon::state::encryption::Method;

use crate::{directory, good, read};

const BACKEND: &str = "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n  }\n}\n";

fn names(repository: &Repository) -> Vec<&str> {
    repository.stacks.iter().map(|stack| &*stack.name).collect()
}

#[test]
fn everything_written_is_read() {
    let text = r#"
stack "state" {
  path = "./state/"
}
stack "pipeline" {
  path       = "stacks/pipeline"
  workspace  = "prod"
  var_files  = ["prod.tfvars", "../common.tfvars"]
  vars       = { prefix = "sp-prod", zones = ["a", "b"], size = -3, text = <<-EOT
    two
    lines
    EOT
  }
  depends_on = ["state"]
  read_role  = "arn:aws:iam::111122223333:role/recon-read"
  write_role = "arn:aws-us-gov:iam::111122223333:role/ci/recon-write"
  drift {
    default = "ignore"
    correct {
      max_drift = "2.5%"
      freeze    = []
    }
  }
}
drift {
  default = "propose"
  correct {
    max_corrections = 4
    confirm         = 1
    stop_after      = 9
    max_drift       = "50%"
    allow_replace   = true
    allow_delete    = true
    freeze          = ["Fri 16:00-Mon 08:00 Europe/Paris", "Wed 12:00-Wed 13:00 UTC"]
  }
}
github {
  repository         = "acme/infra.live"
  base               = "release/2027"
  labels             = ["drift", "team: sre"]
  reviewers          = ["acme/sre", "octocat", "jane_acme"]
  max_open_proposals = 3
}
notify "slack" {
  url_env = "SLACK_WEBHOOK_URL"
  on      = ["fight", "error"]
}
notify "webhook" {
  url_env = "HOOK"
}
"#;
    let root =
        directory(&[("recon.hcl", text), ("state/main.tf", BACKEND), ("stacks/pipeline/main.tf", BACKEND)]);
    let repository = good(root.path());
    assert_eq!(names(&repository), ["state", "pipeline"]);
    assert_eq!(repository.stacks[0].path, Path::new("state"));
    let stack = repository.stack("pipeline").unwrap();
    assert_eq!(stack.workspace.as_deref(), Some("prod"));
    let files: Vec<&Path> = stack.var_files.iter().map(|file| file.value.as_path()).collect();
    assert_eq!(files, [Path::new("stacks/pipeline/prod.tfvars"), Path::new("stacks/common.tfvars")]);
    assert_eq!(stack.vars["prefix"].value.as_str(), Some("sp-prod"));
    assert_eq!(stack.vars["size"].value.as_i64(), Some(-3));
    assert_eq!(stack.vars["zones"].value.as_elements().unwrap().len(), 2);
    assert_eq!(stack.vars["text"].value.as_str(), Some("two\nlines\n"));
    assert_eq!(stack.depends_on[0].value, "state");
    assert_eq!(stack.read_role.as_ref().unwrap().value, "arn:aws:iam::111122223333:role/recon-read");
    assert_eq!(
        stack.write_role.as_ref().unwrap().value,
        "arn:aws-us-gov:iam::111122223333:role/ci/recon-write"
    );
    let github = &repository.github;
    assert_eq!(github.repository.as_ref().unwrap().value, "acme/infra.live");
    assert_eq!(github.base.as_ref().unwrap().value, "release/2027");
    assert_eq!(github.labels, ["drift", "team: sre"]);
    assert_eq!(github.reviewers, ["acme/sre", "octocat", "jane_acme"]);
    assert_eq!(github.max_open_proposals, 3);
    let [slack, webhook] = &repository.notifications[..] else { panic!() };
    assert_eq!((slack.kind, &*slack.url_env), (NotificationKind::Slack, "SLACK_WEBHOOK_URL"));
    assert_eq!(slack.on, [Event::Fight, Event::Error]);
    assert_eq!(webhook.kind, NotificationKind::Webhook);
    assert_eq!(webhook.on, Event::WORDS.map(|(_, event)| event));
    // The stack's own limits come before the repository's.
    let (limits, whole) = (repository.limits(stack), repository.limits(&repository.stacks[0]));
    assert_eq!((limits.max_drift, whole.max_drift), (Percentage(250), Percentage(5_000)));
    assert_eq!((limits.freeze.len(), whole.freeze.len()), (0, 2));
    assert_eq!((limits.max_corrections, limits.confirm, limits.stop_after), (4, 1, 9));
    assert!(limits.allow_replace && limits.allow_delete);
    let lunch = "2027-01-13T12:30:00Z".parse().unwrap();
    assert!(whole.is_frozen(lunch) && !limits.is_frozen(lunch));
    assert_eq!(whole.frozen_by(lunch).unwrap().to_string(), "Wed 12:00-Wed 13:00 UTC");
}

#[test]
fn spans_are_those_of_what_is_written() {
    let text = "\u{feff}stack \"web\" {\r\n  path       = \"web\"\r\n  var_files  = [\"é.tfvars\", \"b.tfvars\"]\r\n}\r\n";
    let root = directory(&[("recon.hcl", text), ("web/main.tf", BACKEND)]);
    let sources = SourceMap::new();
    let (repository, found) = load(root.path(), Path::new("some/where"), &sources);
    assert!(found.is_empty());
    let stack = &repository.stacks[0];
    assert_eq!(sources.text(stack.declared_at.unwrap()), "\"web\"");
    assert_eq!(sources.text(stack.var_files[1].span), "\"b.tfvars\"");
    let file = sources.file(stack.var_files[1].span.source);
    assert_eq!(file.name, "some/where/recon.hcl");
    let position = file.position(stack.var_files[1].span.start as usize);
    assert_eq!((position.line, position.column), (3, 29));
}

#[test]
fn a_repository_needs_no_file() {
    let root = directory(&[("main.tf", BACKEND)]);
    let repository = good(root.path());
    assert!(repository.stacks.is_empty());
    assert!(repository.notifications.is_empty());
    assert_eq!(repository.github, GitHub::default());
    assert!(good(directory(&[("recon.hcl", "# nothing yet\n")]).path()).stacks.is_empty());
}

#[test]
fn the_root_is_the_nearest_directory_that_is_one() {
    let root = directory(&[
        ("outer/recon.hcl", ""),
        ("outer/inner/.git/HEAD", "ref: refs/heads/main\n"),
        ("outer/inner/a/b/main.tf", ""),
        ("outer/tree/.git", "gitdir: ../inner/.git/worktrees/tree\n"),
        ("outer/tree/a/main.tf", ""),
        ("outer/json/recon.hcl.json", "{}"),
        ("outer/recon.hcl.d/recon.hcl/x", ""),
        ("none/a/main.tf", ""),
    ]);
    for (from, expected) in [
        ("outer", "outer"),
        ("outer/inner", "outer/inner"),
        ("outer/inner/a/b", "outer/inner"),
        ("outer/tree/a", "outer/tree"),
        ("outer/json", "outer/json"),
        // A directory of that name is no file.
        ("outer/recon.hcl.d/recon.hcl", "outer"),
    ] {
        assert_eq!(find_root(&root.path().join(from)), Some(root.path().join(expected)), "{from}");
    }
    assert_eq!(find_root(&root.path().join("none/a")), None);
}

#[test]
fn directories_with_a_backend_are_stacks() {
    let json = r#"{"terraform": [{"backend": {"s3": {"bucket": "b"}}}]}"#;
    let root = directory(&[
        (
            "recon.hcl",
            "discover = [\"./infra/**\", \"apps/*\", \"apps/a/\"]\nstack \"named\" {\n  path = \"infra/named\"\n}\n",
        ),
        ("main.tf", BACKEND),
        ("infra/main.tf", "# backend\n"),
        ("infra/network/versions.tf", BACKEND),
        ("infra/named/main.tf", BACKEND),
        ("infra/Data Lake/eu/main.tf", BACKEND),
        ("infra/json/main.tf.json", json),
        ("infra/module/main.tf", "variable \"backend\" {}\n"),
        ("infra/cloud/main.tf", "terraform {\n  cloud {\n    organization = \"backend\"\n  }\n}\n"),
        ("infra/broken/main.tf", "terraform {\n  backend \"s3\" {\n"),
        ("infra/network/.terraform/modules/x/main.tf", BACKEND),
        ("infra/text/readme.md", BACKEND),
        ("apps/a/main.tf", BACKEND),
        ("apps/a/deeper/main.tf", BACKEND),
        ("other/main.tf", BACKEND),
    ]);
    std::os::unix::fs::symlink(root.path().join("infra"), root.path().join("infra/loop")).unwrap();
    let repository = good(root.path());
    let found: Vec<(&str, &Path)> =
        repository.stacks.iter().map(|stack| (&*stack.name, stack.path.as_path())).collect();
    let expected = [
        ("named", "infra/named"),
        ("apps.a", "apps/a"),
        ("infra.data-lake.eu", "infra/Data Lake/eu"),
        ("infra.broken", "infra/broken"),
        ("infra.json", "infra/json"),
        ("infra.network", "infra/network"),
    ];
    assert_eq!(found, expected.map(|(name, path)| (name, Path::new(path))));
    let everything =
        directory(&[("recon.hcl", "discover = [\"**\"]\n"), ("main.tf", BACKEND), ("a/b/x.tf", BACKEND)]);
    assert_eq!(names(&good(everything.path())), ["root", "a.b"]);
}

#[test]
fn found_stacks_have_good_names() {
    for (path, name) in
        [("", "root"), ("a/b", "a.b"), ("_A/É x", "a.--x"), ("...", "root"), ("a.b/c_d-e", "a.b.c_d-e")]
    {
        assert_eq!(stack_name(Path::new(path)), name, "{path}");
    }
}

#[test]
fn one_directory_may_serve_several_stacks() {
    let text = "stack \"test\" {\n  path = \"web\"\n  workspace = \"test\"\n}\nstack \"prod\" {\n  path = \"web\"\n  workspace = \"prod\"\n}\ndiscover = [\"**\"]\n";
    let root = directory(&[("recon.hcl", text), ("web/main.tf", BACKEND), ("db/main.tf", BACKEND)]);
    let repository = good(root.path());
    assert_eq!(names(&repository), ["test", "prod", "db"]);
    let served: Vec<&str> = repository.stacks_in(Path::new("web")).map(|stack| &*stack.name).collect();
    assert_eq!(served, ["test", "prod"]);
}

#[test]
fn stacks_run_in_waves() {
    let text = r#"
discover = ["found/*"]
stack "d" {
  path       = "a"
  workspace  = "d"
  depends_on = ["b", "c", "found.x"]
}
stack "b" {
  path       = "a"
  workspace  = "b"
  depends_on = ["a"]
}
stack "a" {
  path = "a"
}
stack "c" {
  path       = "a"
  workspace  = "c"
  depends_on = ["a", "a"]
}
stack "alone" {
  path      = "a"
  workspace = "alone"
}
"#;
    let root = directory(&[("recon.hcl", text), ("a/main.tf", BACKEND), ("found/x/main.tf", BACKEND)]);
    let repository = good(root.path());
    let waves: Vec<Vec<&str>> = repository
        .waves()
        .into_iter()
        .map(|wave| wave.into_iter().map(|stack| &*stack.name).collect())
        .collect();
    assert_eq!(waves, [vec!["a", "alone", "found.x"], vec!["b", "c"], vec!["d"]]);
}

#[test]
fn a_long_chain_of_stacks_is_followed() {
    use std::fmt::Write;
    let mut text = String::new();
    for number in 0..2_000 {
        let depends = if number == 0 { String::new() } else { format!("\"s{}\"", number - 1) };
        let _ = write!(
            text,
            "stack \"s{number}\" {{\n  path = \"a\"\n  workspace = \"s{number}\"\n  depends_on = [{depends}]\n}}\n"
        );
    }
    let root = directory(&[("recon.hcl", &text), ("a/main.tf", BACKEND)]);
    assert_eq!(good(root.path()).waves().len(), 2_000);
    let circle = text.replacen("depends_on = []", "depends_on = [\"s1999\"]", 1);
    let root = directory(&[("recon.hcl", &circle), ("a/main.tf", BACKEND)]);
    let (repository, found, _) = read(root.path());
    assert_eq!(found.iter().count(), 1);
    assert!(repository.waves().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever somebody writes, recon answers.
    #[test]
    fn nothing_makes_the_reader_panic(
        word in "[ -~é\\n]{0,24}",
        place in 0_usize..16,
        json in any::<bool>(),
    ) {
        let _ = (AddressPattern::parse(&word), AttributePattern::parse(&word), FreezeWindow::parse(&word));
        let _ = Percentage::parse(&word);
        let files = [
            "stack \"PLACE\" {\n  path = \".\"\n}\n",
            "stack \"a\" {\n  path = \"PLACE\"\n  var_files = [\"PLACE\"]\n}\n",
            "stack \"a\" {\n  PLACE\n}\n",
            "discover = [\"PLACE\"]\n",
            "drift {\n  rule \"a\" {\n    match = [\"PLACE\"]\n    until = \"PLACE\"\n    action = \"PLACE\"\n  }\n}\n",
            "drift {\n  correct {\n    freeze = [\"PLACE\"]\n    max_drift = \"PLACE%\"\n    confirm = PLACE\n  }\n}\n",
            "github {\n  repository = \"PLACE\"\n  base = \"PLACE\"\n  reviewers = [\"PLACE\"]\n}\n",
            "PLACE",
        ];
        let jsons = [
            "{\"stack\": {\"PLACE\": {\"path\": \"PLACE\"}}}",
            "{\"drift\": {\"rule\": {\"a\": {\"match\": [\"PLACE\"], \"action\": \"report\"}}}}",
            "{\"drift\": PLACE, \"stack\": [PLACE], \"notify\": {\"slack\": PLACE}}",
            "PLACE",
        ];
        let text = if json { jsons[place % jsons.len()] } else { files[place % files.len()] };
        let name = if json { "recon.hcl.json" } else { "recon.hcl" };
        let root = directory(&[(name, &text.replace("PLACE", &word))]);
        let _ = read(root.path());
    }
}

#[test]
fn a_stack_may_be_encrypted_otherwise_than_the_others() {
    let root = directory(&[
        ("a/main.tf", ""),
        ("b/main.tf", ""),
        (
            "recon.hcl",
            "state_encryption \"age\" {\n  recipients = [\"age10cvwnum2585usd0vqz6cdl8u2ggky2e3cawymmtvajg5x98wffnqz9gkug\", \
             \"age1j0skuq3dvqz2yumxa3zs6m23ywdka9yz4fa5u6vr6vz6cx3hs9wsraw5gp\"]\n  gives_up_terraform = true\n}\n\
             stack \"a\" {\n  path = \"a\"\n}\nstack \"b\" {\n  path = \"b\"\n  state_encryption \"none\" {}\n}\n",
        ),
    ]);
    let repository = good(root.path());
    let Some(Method::Age(recipients)) = repository.state_encryption.map(|found| found.method) else {
        panic!()
    };
    let texts: Vec<String> = recipients.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "age10cvwnum2585usd0vqz6cdl8u2ggky2e3cawymmtvajg5x98wffnqz9gkug",
            "age1j0skuq3dvqz2yumxa3zs6m23ywdka9yz4fa5u6vr6vz6cx3hs9wsraw5gp",
        ]
    );
    let of = |at: usize| repository.stacks[at].state_encryption.as_ref().map(|found| &found.method);
    assert_eq!(of(0), None);
    assert_eq!(of(1), Some(&Method::Clear));
}
