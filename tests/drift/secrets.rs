//! Sensitive values show nowhere, whatever they have become a part of.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::aws::Aws;
use crate::support::stack::Stack;

const SECRET: &str = "s3cr3t/with+signs";
const CHANGED: &str = "an0ther s3cr3t";

#[tokio::test(flavor = "multi_thread")]
async fn neither_value_of_a_secret_that_drifted_is_shown() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let text = r##"
        variable "password" {
          sensitive = true
        }

        provider "aws" {
          region = "eu-west-3"
        }

        resource "aws_cloudwatch_log_group" "this" {
          name = "this"
          tags = {
            plain  = "yes"
            secret = var.password
          }
        }

        resource "aws_launch_template" "this" {
          name      = "this"
          user_data = base64encode("#!/bin/sh\necho one\nlogin ${nonsensitive(var.password)}\n")
        }
    "##;
    stack.write("main.tf", text);
    stack.write("terraform.tfvars", &format!("password = {SECRET:?}\n"));
    stack.recon(&["apply", "--auto-approve"]).success();
    let logs = aws.logs();
    let group = logs.describe_log_groups().send().await.unwrap().log_groups()[0].arn().unwrap().to_owned();
    let arn = group.trim_end_matches(":*");
    logs.tag_resource().resource_arn(arn).tags("secret", CHANGED).send().await.unwrap();
    let script = STANDARD.encode(format!("#!/bin/sh\necho two\nlogin {SECRET} again\n"));
    let data = aws_sdk_ec2::types::RequestLaunchTemplateData::builder().user_data(&script).build();
    let version = aws.ec2().create_launch_template_version().launch_template_name("this");
    version.launch_template_data(data).send().await.unwrap();
    let modify = aws.ec2().modify_launch_template().launch_template_name("this");
    modify.default_version("2").send().await.unwrap();
    let encoded = |text: &str| STANDARD.encode(text);
    let forms = [
        SECRET.to_owned(),
        SECRET.replace('/', "%2F").replace('+', "%2B"),
        CHANGED.to_owned(),
        CHANGED.replace(' ', "%20"),
        encoded(SECRET),
        encoded(CHANGED),
        script,
    ];
    for arguments in
        [&["drift"][..], &["drift", "--all"], &["drift", "--json"], &["diff"], &["diff", "--json"]]
    {
        let output = stack.recon(arguments).success();
        // A diff shows what the code calls not sensitive: the script.
        let is_meant = |form: &&String| arguments[0] == "drift" || [SECRET, CHANGED].contains(&form.as_str());
        for form in forms.iter().filter(is_meant) {
            assert!(!output.stdout.contains(form) && !output.stderr.contains(form), "{form}: {output}");
        }
    }
    let found = crate::report(&stack, &[]);
    let group = crate::resource(&found, "aws_cloudwatch_log_group.this");
    assert_eq!(crate::attributes(group), [("tags[\"secret\"]", "drifted")]);
    assert_eq!(group["attributes"][0]["sensitive"], true);
    let template = crate::resource(&found, "aws_launch_template.this");
    let attributes = template["attributes"].as_array().unwrap();
    let script = attributes.iter().find(|attribute| attribute["path"] == "user_data").unwrap();
    assert_eq!(script["lines"], serde_json::json!(["- echo one", "+ echo two"]));
    assert!(script["live"].as_str().unwrap().starts_with("sha256:"), "{script}");
}
