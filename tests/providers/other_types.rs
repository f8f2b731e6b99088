//! Types of the AWS provider that recon knows by their schema only: validated, planned against the record, never
//! touched. No AWS is there: a call would fail.

use serde_json::{Value as Json, json};

use crate::support::stack::{Output, Stack};

const PROVIDER: &str = r#"
provider "aws" {
  region     = "eu-west-3"
  access_key = "none"
  secret_key = "none"

  # Nobody listens there.
  endpoints {
    sqs = "http://127.0.0.1:1"
    sts = "http://127.0.0.1:1"
  }
}
"#;

const QUEUE: &str = r#"
resource "aws_sqs_queue" "this" {
  name                       = "jobs"
  visibility_timeout_seconds = 60
  policy                     = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["sqs:SendMessage", "sqs:ReceiveMessage"], Resource = "*" }] })
  tags                       = { Name = "jobs" }
}
"#;

/// What the AWS provider records of that queue, its defaults included.
fn queue() -> Json {
    json!({
        "arn": "arn:aws:sqs:eu-west-3:123456789012:jobs",
        "content_based_deduplication": false,
        "deduplication_scope": "",
        "delay_seconds": 0,
        "fifo_queue": false,
        "fifo_throughput_limit": "",
        "id": "https://sqs.eu-west-3.amazonaws.com/123456789012/jobs",
        "kms_data_key_reuse_period_seconds": 300,
        "kms_master_key_id": "",
        "max_message_size": 262144,
        "message_retention_seconds": 345600,
        "name": "jobs",
        "name_prefix": "",
        "policy": "{\"Statement\":{\"Action\":[\"sqs:ReceiveMessage\",\"sqs:SendMessage\"],\"Effect\":\"Allow\",\"Resource\":\"*\"},\"Version\":\"2012-10-17\"}",
        "receive_wait_time_seconds": 0,
        "redrive_allow_policy": "",
        "redrive_policy": "",
        "sqs_managed_sse_enabled": true,
        "tags": { "Name": "jobs" },
        "tags_all": { "Name": "jobs" },
        "timeouts": null,
        "url": "https://sqs.eu-west-3.amazonaws.com/123456789012/jobs",
        "visibility_timeout_seconds": 60
    })
}

/// A stack of the provider, the text and a record of one object.
fn stack(text: &str, recorded: Option<(&str, Json)>) -> Stack {
    let stack = Stack::offline();
    stack.write("main.tf", &format!("{PROVIDER}{text}"));
    if let Some((ty, attributes)) = recorded {
        let state = json!({
            "version": 4, "terraform_version": "1.11.4", "serial": 7,
            "lineage": "0c4b2c2e-8d0e-4ac1-8a5e-66ab6d1b6a10", "outputs": {},
            "resources": [{
                "mode": "managed", "type": ty, "name": "this",
                "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
                "instances": [{ "schema_version": 0, "attributes": attributes, "sensitive_attributes": [] }]
            }]
        });
        stack.write("terraform.tfstate", &state.to_string());
    }
    stack
}

/// Both outputs with all white space alike.
fn flat(output: &Output) -> String {
    let both = format!("{} {}", output.stdout, output.stderr);
    both.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An apply that is refused, with the place of the block, before anything is changed.
fn refused(stack: &Stack, arguments: &[&str], what: &str) {
    let before = stack.path("terraform.tfstate").exists().then(|| stack.read("terraform.tfstate"));
    let output = stack.recon(arguments).code(1);
    let text = flat(&output);
    assert!(text.contains("A type that recon cannot change"), "{output}");
    assert!(text.contains(&format!("recon would have to {what}")), "{what}: {output}");
    let after = stack.path("terraform.tfstate").exists().then(|| stack.read("terraform.tfstate"));
    assert_eq!(before, after, "{output}");
}

#[test]
fn code_is_validated_by_the_schema() {
    stack(QUEUE, None).recon(&["validate"]).success();
    let data = "data \"aws_sqs_queue\" \"other\" {\n  name = \"other\"\n}\n\noutput \"url\" {\n  value = data.aws_sqs_queue.other.url\n}\n";
    stack(data, None).recon(&["validate"]).success();
    let cases = [
        ("  name  ", "  nam  ", "Did you mean \"name\"?"),
        ("= 60", "= \"long\"", "a number is required"),
        ("= { Name = \"jobs\" }", "= \"jobs\"", "Inappropriate value for attribute \"tags\""),
        ("aws_sqs_queue", "aws_sqs_queu", "Did you mean \"aws_sqs_queue\"?"),
    ];
    for (from, to, expected) in cases {
        let stack = stack(QUEUE, None);
        stack.replace("main.tf", from, to);
        let output = stack.recon(&["validate"]).code(1);
        let text = flat(&output);
        assert!(text.contains(expected) && text.contains("on main.tf line "), "{expected}: {output}");
    }
    let output = format!("{QUEUE}\noutput \"url\" {{\n  value = aws_sqs_queue.this.urls\n}}\n");
    let output = stack(&output, None).recon(&["validate"]).code(1);
    assert!(flat(&output).contains("Unsupported attribute"), "{output}");
    let missing = "resource \"aws_sqs_queue_policy\" \"this\" {\n  queue_url = \"x\"\n}\n";
    let output = stack(missing, None).recon(&["validate"]).code(1);
    assert!(flat(&output).contains("\"policy\" is required"), "{output}");
    let data = "data \"aws_sqs_queues_\" \"all\" {}\n";
    let output = stack(data, None).recon(&["validate"]).code(1);
    assert!(flat(&output).contains("Did you mean \"aws_sqs_queues\"?"), "{output}");
}

#[test]
fn an_object_as_recorded_is_no_change_and_unreadable() {
    let stack = stack(QUEUE, Some(("aws_sqs_queue", queue())));
    let output = stack.recon(&["diff", "--detailed-exitcode"]).success();
    let text = flat(&output);
    assert!(
        text.contains("Could not be read") && text.contains("recon knows aws_sqs_queue by its schema only"),
        "{output}"
    );
    let before = stack.read("terraform.tfstate");
    stack.recon(&["apply", "--auto-approve"]).success();
    let (before, after): (Json, Json) = (serde_json::from_str(&before).unwrap(), stack.state());
    assert_eq!(before["resources"], after["resources"]);
}

#[test]
fn a_change_is_planned_and_refused_before_anything_else_is_done() {
    let also = "\nresource \"terraform_data\" \"also\" {}\n";
    let stack = stack(&format!("{QUEUE}{also}"), Some(("aws_sqs_queue", queue())));
    stack.replace("main.tf", "= 60", "= 90");
    let output = stack.recon(&["diff", "--detailed-exitcode"]).code(2);
    assert!(flat(&output).contains("visibility_timeout_seconds = 60 -> 90"), "{output}");
    assert!(flat(&output).contains("1 to add, 1 to change, 0 to destroy"), "{output}");
    refused(&stack, &["apply", "--auto-approve"], "change aws_sqs_queue.this");
    let output = stack.recon(&["apply", "--auto-approve"]).code(1);
    assert!(flat(&output).contains("on main.tf line 14, column 1"), "{output}");
    let output = stack.recon(&["apply", "--auto-approve", "--json"]).code(1);
    let lines = output.json_lines();
    let error = lines.iter().find(|line| line["@level"] == "error").unwrap_or_else(|| panic!("{output}"));
    assert_eq!(error["diagnostic"]["address"], "aws_sqs_queue.this");
    stack.recon(&["apply", "--auto-approve", "--target", "terraform_data.also"]).success();
    assert_eq!(stack.state()["resources"].as_array().unwrap().len(), 2);
}

#[test]
fn creating_and_deleting_are_refused() {
    refused(&stack(QUEUE, None), &["apply", "--auto-approve"], "create aws_sqs_queue.this");
    let recorded = || Some(("aws_sqs_queue", queue()));
    let whole = stack(QUEUE, recorded());
    refused(&whole, &["destroy", "--auto-approve"], "delete aws_sqs_queue.this");
    refused(
        &whole,
        &["apply", "--auto-approve", "--replace", "aws_sqs_queue.this"],
        "replace aws_sqs_queue.this",
    );
    let gone = stack("", recorded());
    refused(&gone, &["apply", "--auto-approve"], "delete aws_sqs_queue.this");
    let removed = "removed {\n  from = aws_sqs_queue.this\n  lifecycle {\n    destroy = false\n  }\n}\n";
    let forgotten = stack(removed, recorded());
    forgotten.recon(&["apply", "--auto-approve"]).success();
    assert_eq!(forgotten.state()["resources"], json!([]));
}

#[test]
fn reading_is_refused_by_name() {
    let data = "\ndata \"aws_sqs_queue\" \"other\" {\n  name = \"other\"\n}\n";
    let output = stack(data, None).recon(&["diff"]).code(1);
    let text = flat(&output);
    assert!(text.contains("data.aws_sqs_queue.other") && text.contains("on main.tf line 14"), "{output}");
    assert!(text.contains("knows aws_sqs_queue by its schema only"), "{output}");
    let later = "\nresource \"terraform_data\" \"name\" {\n  input = \"other\"\n}\n\ndata \"aws_sqs_queue\" \"other\" {\n  name = terraform_data.name.output\n}\n";
    refused(&stack(later, None), &["apply", "--auto-approve"], "read data.aws_sqs_queue.other");
    let import = "\nimport {\n  to = aws_sqs_queue.this\n  id = \"https://x\"\n}\n";
    let output = stack(&format!("{QUEUE}{import}"), None).recon(&["diff"]).code(1);
    assert!(flat(&output).contains("knows aws_sqs_queue by its schema only"), "{output}");
}

#[test]
fn blocks_that_the_code_writes_in_part_are_as_recorded() {
    let cache = |origins: &str| {
        format!(
            r#"
resource "aws_cloudfront_distribution" "this" {{
  enabled = true
  {origins}
  default_cache_behavior {{
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["HEAD", "GET"]
    target_origin_id       = "a"
    viewer_protocol_policy = "allow-all"
  }}
  restrictions {{
    geo_restriction {{
      restriction_type = "none"
    }}
  }}
  viewer_certificate {{
    cloudfront_default_certificate = true
  }}
}}
"#
        )
    };
    let origin = |name: &str| {
        format!(
            "\n  origin {{\n    domain_name = \"{name}.example.com\"\n    origin_id   = \"{name}\"\n  }}\n"
        )
    };
    let recorded = |name: &str| {
        json!({
            "domain_name": format!("{name}.example.com"), "origin_id": name, "connection_attempts": 3,
            "connection_timeout": 10, "custom_header": [], "custom_origin_config": [],
            "origin_access_control_id": "", "origin_path": "", "origin_shield": [], "s3_origin_config": [],
            "vpc_origin_config": []
        })
    };
    let attributes = json!({
        "arn": "arn:aws:cloudfront::123456789012:distribution/E1", "enabled": true, "http_version": "http2",
        "price_class": "PriceClass_All", "retain_on_delete": false, "wait_for_deployment": true, "staging": false,
        "aliases": [], "comment": "", "default_root_object": "", "id": "E1", "is_ipv6_enabled": false,
        "web_acl_id": "", "tags": null, "tags_all": {}, "custom_error_response": [], "logging_config": [],
        "ordered_cache_behavior": [], "origin_group": [], "origin": [recorded("b"), recorded("a")],
        "default_cache_behavior": [{
            "allowed_methods": ["GET", "HEAD"], "cached_methods": ["GET", "HEAD"], "target_origin_id": "a",
            "viewer_protocol_policy": "allow-all", "compress": false, "default_ttl": 0, "max_ttl": 0, "min_ttl": 0,
            "forwarded_values": [], "function_association": [], "lambda_function_association": [],
            "trusted_key_groups": [], "trusted_signers": [], "smooth_streaming": false
        }],
        "restrictions": [{ "geo_restriction": [{ "locations": [], "restriction_type": "none" }] }],
        "viewer_certificate": [{
            "acm_certificate_arn": "", "cloudfront_default_certificate": true, "iam_certificate_id": "",
            "minimum_protocol_version": "TLSv1", "ssl_support_method": ""
        }]
    });
    let both = format!("{}{}", origin("a"), origin("b"));
    let stack = stack(&cache(&both), Some(("aws_cloudfront_distribution", attributes)));
    stack.recon(&["diff", "--detailed-exitcode"]).success();
    stack.replace("main.tf", "b.example.com", "c.example.com");
    let output = stack.recon(&["diff", "--detailed-exitcode"]).code(2);
    assert!(output.stdout.contains("c.example.com"), "{output}");
    assert!(!output.stdout.contains("\"a.example.com\" ->"), "{output}");
}
