//! What AWS answers in other words than it was told in is no drift; another value in the same place is.
//!
//! The local AWS echoes what it is given, so its answers are put into AWS's words on their way (`normalised/SERVICE.json`,
//! for the objects of `normalised/SERVICE.tf`). Every case says who says that AWS answers so:
//!
//! ```json
//! {
//!   "about": "what AWS does",
//!   "source": "a page of AWS's, or an issue of the provider",
//!   "object": "aws_iam_role.this",
//!   "on": "iam",
//!   "request": "what the request says, where the answer does not tell whom it is about",
//!   "answered": [{"at": "RoleName", "set": "x"}],
//!   "otherwise": [{"at": "RoleName", "set": "y"}],
//!   "drifts": "name"
//! }
//! ```
//!
//! `on` is a service, or one of its operations; `answered` is what AWS makes of it, and `otherwise` a real change there, by
//! which `drifts` drifts. `${type.name.attribute}` stands for what is recorded.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;

use crate::body::{Edit, edited};
use crate::support::aws::Aws;
use crate::support::proxy::{Proxy, Rule};
use crate::support::stack::Stack;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/drift/normalised")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn cases(service: &str) -> Vec<Json> {
    let name = format!("{service}.json");
    let cases: Json = serde_json::from_str(&read(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    cases.as_array().unwrap().clone()
}

/// A text with what is recorded in place of `${type.name.attribute}`, with the element's number behind it for lists.
fn filled(text: &str, state: &Json) -> String {
    let mut rest = text;
    let mut whole = String::new();
    while let Some((before, after)) = rest.split_once("${") {
        let (place, after) = after.split_once('}').unwrap();
        let parts: Vec<_> = place.split('.').collect();
        let [ty, name, attribute, index @ ..] = &parts[..] else { panic!("{place}") };
        let mut resources = state["resources"].as_array().unwrap().iter();
        let found = resources.find(|resource| resource["type"] == *ty && resource["name"] == *name);
        let attributes = &found.unwrap_or_else(|| panic!("no {place}"))["instances"][0]["attributes"];
        let value = index.iter().fold(&attributes[attribute], |list, at| &list[at.parse::<usize>().unwrap()]);
        whole += before;
        whole += value.as_str().unwrap_or_else(|| panic!("{place} is no text"));
        rest = after;
    }
    whole + rest
}

/// A stack that is applied, seen through a proxy.
struct Applied {
    stack: Stack,
    proxy: Proxy,
}

impl Applied {
    async fn new(service: &str) -> Applied {
        let aws = Aws::fresh();
        let (_, subnets) = aws.network().await;
        let certificate = aws.iam().upload_server_certificate().server_certificate_name("normal");
        certificate.certificate_body("text").private_key("text").send().await.unwrap();
        let images = aws.ec2().describe_images().owners("amazon").send().await.unwrap();
        let image = images.images().iter().find(|image| image.root_device_name().is_some()).unwrap();
        let variables =
            format!("subnet_ids = {subnets:?}\nimage_id = {:?}\n", image.image_id().unwrap_or_default());
        let mut stack = Stack::new(&aws);
        stack.write("main.tf", &read(&format!("{service}.tf")));
        stack.write("more.auto.tfvars", &variables);
        stack.recon(&["apply", "--auto-approve"]).success();
        let proxy = Proxy::before(&aws);
        stack.set_aws(&aws.through(proxy.endpoint()));
        Applied { stack, proxy }
    }

    /// The report where answers are changed so, and what is amiss with the changes.
    fn report(&self, case: &Json, edits: &Json) -> (Json, Vec<String>) {
        let edits = edits.as_array().unwrap_or_else(|| panic!("no edits: {case:#}"));
        let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
        let (on, request_says) = (text("on"), text("request"));
        let seen = Arc::new(Mutex::new((vec![0; edits.len()], Vec::new())));
        let (ours, parsed) = (Arc::clone(&seen), edits.iter().map(Edit::parse).collect::<Vec<_>>());
        self.proxy.clear_rules();
        self.proxy.forget_calls();
        let rule = if on.contains('.') { Rule::on(&on) } else { Rule::on_service(&on) };
        self.proxy.rule(rule.rewrite(move |request, reply| {
            let body = String::from_utf8_lossy(&request.body).replace("%2F", "/");
            let is_it = format!("{} {body}", request.uri).contains(&request_says);
            if !is_it || !reply.status.is_success() || reply.body.is_empty() {
                return reply;
            }
            let (new, changed) = edited(request, &reply, &parsed);
            let mut seen = ours.lock().unwrap();
            seen.0.iter_mut().zip(changed).for_each(|(sum, changed)| *sum += changed);
            seen.1.push(reply.text());
            new
        }));
        let report = crate::report(&self.stack, &[]);
        let (changed, answers) = seen.lock().unwrap().clone();
        let idle = edits.iter().zip(changed).filter(|(_, changed)| *changed == 0);
        let amiss = idle.map(|(edit, _)| {
            let calls = self.proxy.counts();
            format!("{edit} changes nothing of {on} in {calls:?}: {}", answers.join("\n"))
        });
        (report, amiss.collect())
    }

    fn show(&self, case: &Json) -> Vec<String> {
        let (report, mut wrong) = self.report(case, &case["answered"]);
        let resources = report["resources"].as_array().unwrap();
        // An empty or broken report says nothing.
        if report["complete"] != true || resources.is_empty() {
            wrong.push(format!("is not compared: {report:#}"));
        }
        let drifted = resources.iter().filter(|resource| resource["status"] != "in_sync");
        wrong.extend(drifted.map(|resource| format!("is no drift: {resource:#}")));
        let (report, amiss) = self.report(case, &case["otherwise"]);
        wrong.extend(amiss);
        let object = crate::resource(&report, case["object"].as_str().unwrap());
        let path = case["drifts"].as_str().unwrap();
        if !crate::attributes(object).contains(&(path, "drifted")) {
            wrong.push(format!("{path} does not drift: {object:#}"));
        }
        wrong
    }
}

async fn replay(service: &str) {
    let applied = Applied::new(service).await;
    let untouched = crate::report(&applied.stack, &[]);
    assert_eq!(untouched["summary"]["in_sync"], untouched["summary"]["resources"], "{untouched:#}");
    let state = applied.stack.state();
    let mut wrong = Vec::new();
    for case in cases(service) {
        let case: Json = serde_json::from_str(&filled(&case.to_string(), &state)).unwrap();
        wrong.extend(applied.show(&case).into_iter().map(|what| format!("{}: {what}", case["about"])));
    }
    assert!(wrong.is_empty(), "{} mistakes:\n{}", wrong.len(), wrong.join("\n"));
}

macro_rules! replayed {
    ($($service:ident),*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $service() {
                replay(stringify!($service)).await;
            }
        )*
        const REPLAYED: &[&str] = &[$(stringify!($service)),*];
    };
}

replayed!(
    application_autoscaling,
    autoscaling,
    cloudwatch,
    dynamodb,
    ec2,
    elbv2,
    iam,
    kinesis,
    logs,
    network,
    s3
);

/// Forty of them, each with its source.
#[test]
fn who_says_that_aws_answers_so() {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    assert_eq!(files.len(), REPLAYED.len());
    let all: Vec<Json> = REPLAYED.iter().flat_map(|service| cases(service)).collect();
    assert!(all.len() >= 40, "{}", all.len());
    for case in all {
        let source = case["source"].as_str().unwrap();
        let thread =
            source.strip_prefix("https://github.com/").map(|thread| thread.split('/').collect::<Vec<_>>());
        let is_issue = matches!(thread.as_deref(), Some([_, _, "issues" | "pull", number]) if number.parse::<u32>().is_ok());
        assert!(is_issue || source.starts_with("https://docs.aws.amazon.com/"), "{case:#}");
    }
}
