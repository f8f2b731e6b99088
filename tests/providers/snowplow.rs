//! `snowplow_track_self_describing_event` against a collector on the loopback.

use serde_json::json;

use crate::collector::Collector;
use crate::support::stack::Stack;

/// A stack that sends to the host. `%` of the resource is what stands in the place of `extra`.
fn stack(provider: &str, extra: &str) -> Stack {
    let stack = Stack::offline();
    stack.write(
        "main.tf",
        &format!(
            r#"
terraform {{
  required_providers {{
    snowplow = {{
      source  = "snowplow-devops/snowplow"
      version = ">= 0.4.0"
    }}
  }}
}}

{provider}

resource "snowplow_track_self_describing_event" "this" {{
  {extra}

  create_event = {{
    iglu_uri = "iglu:com.acme/module_create/jsonschema/1-0-0"
    payload  = jsonencode({{ first = true }})
  }}
  update_event = {{
    iglu_uri = "iglu:com.acme/module_update/jsonschema/1-0-0"
    payload  = jsonencode({{}})
  }}
  delete_event = {{
    iglu_uri = "iglu:com.acme/module_delete/jsonschema/1-0-0"
    payload  = jsonencode({{}})
  }}
  contexts = [{{
    iglu_uri = "iglu:com.acme/context/jsonschema/1-0-0"
    payload  = jsonencode({{ region = "eu-west-3", id = null }})
  }}]
}}
"#
        ),
    );
    stack
}

#[test]
fn events_are_sent_on_create_update_and_delete() {
    let collector = Collector::answering(200);
    let stack = stack(
        "",
        &format!(
            "collector_uri = {:?}\nemitter_protocol = \"http\"\ntracker_app_id = \"modules\"",
            collector.host()
        ),
    );
    let output = stack.recon(&["apply", "--auto-approve"]).success();
    assert!(!output.stderr.contains("Warning"), "{output}");
    assert_eq!(collector.received().len(), 1);
    stack.recon(&["diff", "--detailed-exitcode"]).success();
    assert_eq!(collector.received().len(), 1, "a plan sends nothing");
    let attributes = &stack.state()["resources"][0]["instances"][0]["attributes"];
    assert_eq!(attributes["id"].as_str().unwrap().len(), 36, "a UUID");
    assert_eq!(attributes["tracker_namespace"], "", "as the provider records what is left out");
    assert_eq!(
        stack.state()["resources"][0]["provider"],
        "provider[\"registry.terraform.io/snowplow-devops/snowplow\"]"
    );
    stack.replace("main.tf", "eu-west-3", "eu-west-1");
    let output = stack.recon(&["apply", "--auto-approve"]).success();
    assert!(output.stdout.contains("0 added, 1 changed"), "{output}");
    stack.recon(&["destroy", "--auto-approve"]).success();

    let received = collector.received();
    let schemas: Vec<_> =
        received.iter().map(|event| event.document("ue_px")["data"]["schema"].clone()).collect();
    assert_eq!(
        schemas,
        ["create", "update", "delete"]
            .map(|action| json!(format!("iglu:com.acme/module_{action}/jsonschema/1-0-0")))
    );
    let first = &received[0];
    assert_eq!(first.request, "POST /com.snowplowanalytics.snowplow/tp2");
    assert_eq!(first.content_type, "application/json; charset=UTF-8");
    let parameters = first.parameters();
    assert_eq!(
        (&parameters["e"], &parameters["p"], &parameters["aid"]),
        (&json!("ue"), &json!("srv"), &json!("modules"))
    );
    assert!(parameters.get("tna").is_none(), "no namespace is set");
    assert!(parameters["tv"].as_str().unwrap().starts_with("recon-"));
    assert_eq!(parameters["dtm"].as_str().unwrap().len(), 13, "milliseconds");
    assert_eq!(
        first.document("ue_px")["schema"],
        "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0"
    );
    assert_eq!(first.document("ue_px")["data"]["data"], json!({ "first": true }));
    let context = first.document("cx");
    assert_eq!(context["schema"], "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1");
    assert_eq!(context["data"][0]["data"], json!({ "region": "eu-west-3", "id": null }));
    assert_eq!(received[1].document("cx")["data"][0]["data"]["region"], "eu-west-1");
    let ids: std::collections::BTreeSet<_> =
        received.iter().map(|event| event.parameters()["eid"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 3, "each event has its own id");
}

#[test]
fn the_provider_block_says_what_the_resource_does_not() {
    let collector = Collector::answering(302);
    let provider = format!(
        r#"provider "snowplow" {{
  collector_uri        = {:?}
  tracker_app_id       = "ours"
  tracker_namespace    = "names"
  tracker_platform     = "mob"
  emitter_request_type = "GET"
  emitter_protocol     = "HTTP"
}}"#,
        collector.host()
    );
    let stack = stack(&provider, "tracker_app_id = \"theirs\"");
    let output = stack.recon(&["apply", "--auto-approve"]).success();
    assert!(!output.stderr.contains("Warning"), "{output}");
    let received = collector.received();
    let parameters = received[0].parameters();
    assert!(received[0].request.starts_with("GET /i?"), "{received:?}");
    assert_eq!(
        ["aid", "tna", "p"].map(|name| parameters[name].clone()),
        [json!("theirs"), json!("names"), json!("mob")]
    );
}

#[test]
fn a_collector_that_refuses_is_a_warning() {
    let collector = Collector::answering(503);
    let stack = stack("", &format!("collector_uri = {:?}\nemitter_protocol = \"HTTP\"", collector.host()));
    let output = stack.recon(&["apply", "--auto-approve"]).success();
    assert!(output.stderr.contains("Warning") && output.stderr.contains("An event was not sent"), "{output}");
    assert!(output.stderr.contains("503") && output.stderr.contains("on main.tf line "), "{output}");
    assert_eq!(stack.state()["resources"][0]["instances"].as_array().unwrap().len(), 1);
    stack.recon(&["diff", "--detailed-exitcode"]).success();
    let output = stack.recon(&["destroy", "--auto-approve"]).success();
    assert!(output.stderr.contains("delete_event"), "{output}");
    assert_eq!(stack.state()["resources"], json!([]));
}

#[test]
fn a_collector_that_is_not_there_is_a_warning_in_json_too() {
    // A port that nobody listens on any more.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let stack = stack("", &format!("collector_uri = \"127.0.0.1:{port}\"\nemitter_protocol = \"HTTP\""));
    let output = stack.recon(&["apply", "--auto-approve", "--json"]).success();
    let warning = output.json_lines().into_iter().find(|line| line["@level"] == "warn");
    let warning = warning.unwrap_or_else(|| panic!("{output}"));
    assert_eq!(warning["diagnostic"]["summary"], "An event was not sent");
    assert_eq!(warning["diagnostic"]["address"], "snowplow_track_self_describing_event.this");
}

#[test]
fn mistakes_are_found_before_anything_is_sent() {
    let collector = Collector::answering(200);
    let good = format!("collector_uri = {:?}\nemitter_protocol = \"HTTP\"", collector.host());
    let cases = [
        ("jsonencode({ first = true })", "\"no json\"", "is no JSON"),
        ("jsonencode({ first = true })", "\"[1]\"", "must be a JSON object"),
        ("iglu:com.acme/module_delete", "http://com.acme", "must look like"),
        ("    payload  = jsonencode({ first = true })\n", "", "there is no \"payload\""),
        ("\"HTTP\"", "\"FTP\"", "must be HTTP or HTTPS"),
        ("collector_uri = \"", "collector_uri = \"http://", "without a scheme"),
        ("contexts =", "context =", "Did you mean \"contexts\""),
    ];
    for (from, to, expected) in cases {
        let stack = stack("", &good);
        stack.replace("main.tf", from, to);
        let output = stack.recon(&["apply", "--auto-approve"]).code(1);
        let flat = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(expected) && flat.contains("on main.tf line "), "{expected}: {output}");
    }
    let stack = stack("", "");
    let output = stack.recon(&["apply", "--auto-approve"]).code(1);
    assert!(output.stderr.contains("No collector"), "{output}");
    assert!(collector.received().is_empty());
}
