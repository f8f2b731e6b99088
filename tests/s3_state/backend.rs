//! Which backend a state is in: partial configuration, what `init` remembers, and moving a state.

use crate::support::ministack::{Bucket, REGION};
use crate::support::stack::{Output, Stack};

const RESOURCE: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n";

fn flat(output: &Output) -> String {
    output.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn block(arguments: &str) -> String {
    format!("terraform {{\n  backend \"s3\" {{\n{arguments}\n  }}\n}}\n")
}

/// A stack whose block leaves out bucket and key.
fn partial() -> Stack {
    let stack = Stack::offline();
    stack.write("backend.tf", &block(&format!("    region = \"{REGION}\"\n    use_path_style = true")));
    stack.write("main.tf", RESOURCE);
    stack
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_of_the_block_is_given_to_init_and_remembered() {
    let bucket = Bucket::fresh().await;
    let stack = partial();
    let missing = bucket.recon(&stack, &["diff"]).code(1);
    assert!(flat(&missing).contains("needs \"bucket\""), "{missing}");
    assert!(missing.stderr.contains("backend.tf line 2"), "{missing}");

    stack.write("prod.s3.tfbackend", &format!("bucket = \"{}\"\nuse_lockfile = true\n", bucket.name));
    let given = ["init", "--backend-config=prod.s3.tfbackend", "--backend-config=key=p/a.tfstate"];
    bucket.recon(&stack, &given).success();
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    assert_eq!(bucket.keys().await, ["p/a.tfstate"]);
    // As Terraform remembers it.
    let remembered: serde_json::Value =
        serde_json::from_str(&stack.read(".terraform/terraform.tfstate")).unwrap();
    assert_eq!(remembered["version"], 3);
    assert_eq!(remembered["backend"]["type"], "s3");
    assert_eq!(remembered["backend"]["config"]["bucket"], bucket.name.as_str());
    assert_eq!(remembered["backend"]["config"]["use_lockfile"], true);
    assert_eq!(remembered["backend"]["config"]["encrypt"], serde_json::Value::Null);

    // The block says something else: what was given has to be given again.
    stack.replace("backend.tf", "use_path_style = true", "use_path_style = true\n    encrypt = true");
    let changed = bucket.recon(&stack, &["diff"]).code(1);
    assert!(flat(&changed).contains("give them again"), "{changed}");
    bucket.recon(&stack, &given).success();
    bucket.recon(&stack, &["diff", "--detailed-exitcode"]).success();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_takes_backend_config_without_init() {
    let bucket = Bucket::fresh().await;
    let stack = partial();
    let (name, key) = (format!("-backend-config=bucket={}", bucket.name), "--backend-config=key=k");
    bucket.recon(&stack, &["apply", "--auto-approve", &name, key]).success();
    let shown = bucket.recon(&stack, &["show", "--json", &name, key]).success().json();
    assert_eq!(shown["values"]["root_module"]["resources"][0]["address"], "terraform_data.a");
    assert!(!stack.path(".terraform/terraform.tfstate").exists(), "nothing is remembered but by init");
}

#[test]
fn an_argument_that_terraform_does_not_know_is_told_at_its_place() {
    let stack = Stack::offline();
    stack.write(
        "main.tf",
        &block("    bucket = \"b\"\n    key = \"/k\"\n    region = \"r\"\n    encrypted = true\n    lock_table = \"t\""),
    );
    let output = stack.recon(&["diff"]).code(1);
    assert!(
        flat(&output)
            .contains("An argument named \"encrypted\" is not expected here. Did you mean \"encrypt\"?")
    );
    assert!(output.stderr.contains("main.tf line 6"), "{output}");
    assert!(output.stderr.contains("main.tf line 7"), "{output}");
    stack.write(
        "main.tf",
        &block("    bucket = \"b\"\n    key = \"/k\"\n    region = \"r\"\n    max_retries = -1"),
    );
    let output = stack.recon(&["diff"]).code(1);
    assert!(flat(&output).contains("must not start or end with \"/\""), "{output}");
    assert!(flat(&output).contains("must not be negative"), "{output}");
    let output = stack.recon(&["init", "--backend-config=nonsense=1"]).code(1);
    assert!(flat(&output).contains("\"nonsense\" given on the command line is not expected"), "{output}");
}

#[test]
fn a_secret_is_in_no_message() {
    let stack = Stack::offline();
    stack.write(
        "main.tf",
        &block("    bucket = \"b\"\n    key = \"k\"\n    region = \"eu-west-3\"\n    sse_customer_key = \"hidden-text\""),
    );
    let output = stack.recon(&["diff"]).code(1);
    assert!(flat(&output).contains("256 bits in base64"), "{output}");
    assert!(!output.stderr.contains("hidden-text") && !output.stdout.contains("hidden-text"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_goes_to_s3_and_back() {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    stack.write("main.tf", RESOURCE);
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.recon(&["workspace", "new", "stage"]).success();
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.recon(&["workspace", "select", "default"]).success();
    let local = stack.read("terraform.tfstate");

    // The code names S3 now: nothing goes on with an empty state there.
    stack.write("backend.tf", &bucket.backend("m/a.tfstate", "use_lockfile = true"));
    for command in [&["diff"][..], &["apply", "--auto-approve"], &["init"]] {
        let output = bucket.recon(&stack, command).code(1);
        assert!(flat(&output).contains("--migrate-state"), "{output}");
    }
    assert_eq!(bucket.keys().await, [""; 0]);
    bucket.recon(&stack, &["init", "--migrate-state"]).success();
    assert_eq!(bucket.text("m/a.tfstate").await.as_deref(), Some(local.as_str()));
    assert_eq!(bucket.keys().await, ["env:/stage/m/a.tfstate", "m/a.tfstate"]);
    assert!(!stack.path("terraform.tfstate").exists());
    assert_eq!(stack.read("terraform.tfstate.backup"), local);
    bucket.recon(&stack, &["diff", "--detailed-exitcode"]).success();

    // And back.
    stack.remove("backend.tf");
    let output = bucket.recon(&stack, &["diff"]).code(1);
    assert!(flat(&output).contains("has no backend block any more"), "{output}");
    bucket.recon(&stack, &["init", "--migrate-state"]).success();
    assert_eq!(stack.read("terraform.tfstate"), local);
    assert!(stack.path("terraform.tfstate.d/stage/terraform.tfstate").exists());
    stack.recon(&["diff", "--detailed-exitcode"]).success();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_in_the_way_is_not_overwritten() {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    stack.write("main.tf", RESOURCE);
    stack.recon(&["apply", "--auto-approve"]).success();
    let other = Stack::offline();
    other.write("main.tf", &format!("{}{RESOURCE}", bucket.backend("m/a.tfstate", "")));
    bucket.recon(&other, &["apply", "--auto-approve"]).success();
    let theirs = bucket.text("m/a.tfstate").await.unwrap();

    stack.write("backend.tf", &bucket.backend("m/a.tfstate", ""));
    let output = bucket.recon(&stack, &["init", "--migrate-state"]).code(1);
    assert!(flat(&output).contains("another state (of another lineage)"), "{output}");
    assert_eq!(bucket.text("m/a.tfstate").await.unwrap(), theirs);
    assert!(stack.path("terraform.tfstate").exists());
    // To leave the local one is possible, and so is to overwrite the other.
    bucket.recon(&stack, &["init", "--reconfigure"]).success();
    let shown = bucket.recon(&stack, &["show", "--json"]).success().json();
    let theirs: serde_json::Value = serde_json::from_str(&theirs).unwrap();
    let id = &theirs["resources"][0]["instances"][0]["attributes"]["id"];
    assert_eq!(&shown["values"]["root_module"]["resources"][0]["values"]["id"], id);
    std::fs::remove_dir_all(stack.path(".terraform")).unwrap();
    let local = stack.read("terraform.tfstate");
    bucket.recon(&stack, &["init", "--force-copy"]).success();
    assert_eq!(bucket.text("m/a.tfstate").await.unwrap(), local);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_told() {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    let text = bucket.backend("a", "").replace(&bucket.name, "no-such-bucket");
    stack.write("main.tf", &format!("{text}{RESOURCE}"));
    let output = bucket.recon(&stack, &["apply", "--auto-approve"]).code(1);
    assert!(flat(&output).contains("There is no bucket \"no-such-bucket\""), "{output}");
}

#[test]
fn without_credentials_nothing_is_asked() {
    let stack = Stack::offline();
    stack.write("main.tf", &block("    bucket = \"b\"\n    key = \"k\"\n    region = \"eu-west-3\""));
    let output = stack.recon(&["diff"]).code(1);
    assert!(flat(&output).contains("There are no AWS credentials"), "{output}");
    assert!(!output.stderr.contains("provider block"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_encrypted_as_the_block_says() {
    let key = "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012";
    let cases = [
        ("encrypt = true".to_owned(), "AES256", None),
        (format!("encrypt = true\n    kms_key_id = \"{key}\""), "aws:kms", Some(key)),
    ];
    for (arguments, algorithm, key) in cases {
        let bucket = Bucket::fresh().await;
        let proxy = crate::support::proxy::Proxy::start(&bucket.endpoint);
        let stack = Stack::offline();
        let arguments =
            format!("{arguments}\n    use_lockfile = true\n    acl = \"bucket-owner-full-control\"");
        stack.write("main.tf", &format!("{}{RESOURCE}", bucket.backend("e.tfstate", &arguments)));
        bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve"]).success();
        let puts: Vec<_> =
            proxy.calls().into_iter().filter(|call| call.request.operation == "PutObject").collect();
        // The lock, the journal, the state.
        assert!(puts.len() >= 3, "{}", puts.len());
        for put in puts {
            let header =
                |name: &str| put.request.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(header("x-amz-server-side-encryption").as_deref(), Some(algorithm));
            assert_eq!(header("x-amz-server-side-encryption-aws-kms-key-id").as_deref(), key);
            assert_eq!(header("x-amz-acl").as_deref(), Some("bucket-owner-full-control"));
            assert_eq!(header("content-type").as_deref(), Some("application/json"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_key_is_sent_with_every_put_and_get() {
    let bucket = Bucket::fresh().await;
    let proxy = crate::support::proxy::Proxy::start(&bucket.endpoint);
    let stack = Stack::offline();
    let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let arguments = format!("sse_customer_key = \"{key}\"");
    stack.write("main.tf", &format!("{}{RESOURCE}", bucket.backend("e.tfstate", &arguments)));
    let output = bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve"]).output();
    assert!(!output.stdout.contains(key) && !output.stderr.contains(key));
    let calls = proxy.calls();
    let objects = calls.iter().filter(|call| ["PutObject", "GetObject"].contains(&&*call.request.operation));
    let mut count = 0;
    for call in objects {
        let header = |name: &str| call.request.headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("x-amz-server-side-encryption-customer-algorithm"), "AES256");
        assert_eq!(header("x-amz-server-side-encryption-customer-key"), key);
        // MD5 of 01234567890123456789012345678901, base64 (computed with md5sum).
        assert_eq!(header("x-amz-server-side-encryption-customer-key-md5"), "KYvwGXoFFJ42a2u2GDWhwQ==");
        count += 1;
    }
    assert!(count > 2, "{output}");
}

/// The command's own work; the stack that really makes a bucket is in `bootstrap.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn bootstrap_moves_the_state_into_the_bucket_that_its_outputs_name() {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    let outputs = format!(
        "{RESOURCE}output \"bucket\" {{\n  value = \"{}\"\n}}\noutput \"region\" {{\n  value = \"{REGION}\"\n}}\noutput \
         \"lock_table\" {{\n  value = \"{}\"\n}}\n",
        bucket.name, bucket.table
    );
    stack.write("states/main.tf", &outputs);
    let refused = bucket.recon(&stack, &["bootstrap", "state", "states"]).input("no\n").code(1);
    assert!(!stack.path("states/backend.tf").exists(), "{refused}");
    bucket.recon(&stack, &["bootstrap", "state", "--auto-approve", "states"]).success();
    let written = stack.read("states/backend.tf");
    for argument in [
        &format!("bucket         = \"{}\"", bucket.name),
        "encrypt        = true",
        "use_lockfile   = true",
        &format!("dynamodb_table = \"{}\"", bucket.table),
    ] {
        assert!(written.contains(argument), "{written}");
    }
    assert!(stack.recon(&["fmt", "--check", "states"]).success().stdout.is_empty());
    let id =
        &bucket.json("state/terraform.tfstate").await["resources"][0]["instances"][0]["attributes"]["id"];
    assert!(id.is_string());
    assert!(!stack.path("states/terraform.tfstate").exists());
    bucket.recon(&stack, &["diff", "--detailed-exitcode", "states"]).success();
    // Once more is no more.
    bucket.recon(&stack, &["bootstrap", "state", "--auto-approve", "states"]).success();
    // A run that ended before the state was moved is taken up.
    let text = bucket.text("state/terraform.tfstate").await.unwrap();
    std::fs::remove_dir_all(stack.path("states/.terraform")).unwrap();
    stack.write("states/terraform.tfstate", &text);
    bucket.recon(&stack, &["bootstrap", "state", "states"]).success();
    assert!(!stack.path("states/terraform.tfstate").exists());
}

#[test]
fn bootstrap_writes_the_stack_and_its_values() {
    let stack = Stack::offline();
    // Without credentials nothing is made.
    let arguments =
        ["bootstrap", "state", "--bucket", "our-states", "--region", "eu-west-3", "--auto-approve"];
    stack.recon(&arguments).code(1);
    assert_eq!(stack.read("state/terraform.tfvars"), "bucket = \"our-states\"\nregion = \"eu-west-3\"\n");
    for name in ["main.tf", "outputs.tf", "variables.tf", "versions.tf"] {
        let own = std::fs::read_to_string(format!("{}/state/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert_eq!(stack.read(&format!("state/{name}")), own);
    }
    assert!(!stack.path("state/backend.tf").exists());
    // The same again is well, other values are not taken silently.
    stack.recon(&arguments).code(1);
    let other = stack.recon(&["bootstrap", "state", "--bucket", "others", "--region", "eu-west-3"]).code(1);
    assert!(flat(&other).contains("edit them there"), "{other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_pulled_and_pushed_whole() {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    stack.write("main.tf", &format!("{}{RESOURCE}", bucket.backend("p.tfstate", "use_lockfile = true")));
    assert_eq!(bucket.recon(&stack, &["state", "pull"]).success().stdout, "");
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    let pulled = bucket.recon(&stack, &["state", "pull"]).success().stdout;
    assert_eq!(Some(&pulled), bucket.text("p.tfstate").await.as_ref());

    // The same is no change, an older or another one is refused, a later one goes in.
    stack.write("new.json", &pulled);
    bucket.recon(&stack, &["state", "push", "new.json"]).success();
    for (from, to, problem) in [
        ("\"serial\": 1", "\"serial\": 0", "is later: its serial is 1"),
        ("\"lineage\": \"", "\"lineage\": \"other-", "is another one: its lineage"),
        ("\"value\": 1", "\"value\": 7", "both have gone on from the same version"),
    ] {
        assert!(pulled.contains(from), "{pulled}");
        stack.write("new.json", &pulled.replace(from, to));
        let refused = bucket.recon(&stack, &["state", "push", "new.json"]).code(1);
        assert!(flat(&refused).contains(problem), "{refused}");
    }
    assert_eq!(Some(&pulled), bucket.text("p.tfstate").await.as_ref());
    let later = pulled.replace("\"serial\": 1", "\"serial\": 5").replace("\"value\": 1", "\"value\": 7");
    bucket.recon(&stack, &["state", "push", "-"]).input(&later).success();
    assert_eq!(Some(&later), bucket.text("p.tfstate").await.as_ref());
    // By force, and yet with a serial of its own.
    stack.write("old.json", &pulled);
    bucket.recon(&stack, &["state", "push", "--force", "old.json"]).success();
    let forced = pulled.replace("\"serial\": 1", "\"serial\": 6");
    assert_eq!(Some(&forced), bucket.text("p.tfstate").await.as_ref());
    for wrong in ["missing.json", "main.tf"] {
        bucket.recon(&stack, &["state", "push", wrong]).code(1);
    }
    assert_eq!(bucket.keys().await, ["p.tfstate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_stacks_outputs_are_read_from_s3() {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    let outputs = "output \"name\" {\n  value = terraform.workspace\n}\noutput \"hidden\" {\n  value = \"in-the-dark\"\n  \
                   sensitive = true\n}\n";
    stack.write("main.tf", &format!("{}{outputs}", bucket.backend("network.tfstate", "")));
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    bucket.recon(&stack, &["apply", "--auto-approve"]).env("TF_WORKSPACE", "stage").success();
    let reader = Stack::offline();
    let config = format!(
        "bucket = \"{}\", key = \"network.tfstate\", region = \"{REGION}\", use_path_style = true",
        bucket.name
    );
    let data = |name: &str, workspace: &str, config: &str| {
        format!(
            "data \"terraform_remote_state\" \"{name}\" {{\n  backend = \"s3\"\n  {workspace}\n  config = {{ {config} \
             }}\n}}\n"
        )
    };
    let text = data("one", "", &config)
        + &data("two", "workspace = \"stage\"", &config)
        + "output \"names\" {\n  value = [data.terraform_remote_state.one.outputs.name, \
           data.terraform_remote_state.two.outputs.name]\n}\noutput \"hidden\" {\n  value = \
           data.terraform_remote_state.one.outputs.hidden\n  sensitive = true\n}\n";
    reader.write("main.tf", &text);
    let applied = bucket.recon(&reader, &["apply", "--auto-approve"]).success();
    assert!(!applied.stdout.contains("in-the-dark"), "{applied}");
    let names = bucket.recon(&reader, &["output", "--json", "names"]).success().json();
    assert_eq!(names, serde_json::json!(["default", "stage"]));
    for (from, to, problem) in [
        ("network.tfstate\", region", "other.tfstate\", region", "there is no object s3://"),
        ("bucket = ", "buckets = ", "has no argument \"buckets\""),
    ] {
        reader.write("main.tf", &text.replace(from, to));
        let refused = bucket.recon(&reader, &["diff"]).code(1);
        assert!(flat(&refused).contains(problem), "{refused}");
    }
}
