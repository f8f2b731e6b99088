//! The language in JSON means what it means in its own syntax.

use recon::config::ConstantScope;
use recon::lang::parse::json::parse_module_file;
use recon::lang::parse::parse_file;
use recon::lang::source::SourceMap;
use recon::lang::value::Value;
use recon::provider::registry::Registry;
use recon::schema::decode::decode;

/// The object that the one resource of a file describes.
fn object(text: &str, is_json: bool) -> Value {
    let sources = SourceMap::new();
    let (body, mut diagnostics) = if is_json {
        parse_module_file(&sources, "main.tf.json", text.as_bytes())
    } else {
        parse_file(&sources, "main.tf", text.as_bytes())
    };
    assert_eq!(body.blocks.len(), 1, "{diagnostics:?}");
    let block = &body.blocks[0];
    let ty = Registry::new().resource_type(&block.labels[0].value).unwrap();
    let value = decode(&ty.schema().block, &block.body, &ConstantScope, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    value
}

#[test]
fn blocks_are_objects_or_lists_of_objects() {
    let native = r#"
resource "aws_lb_listener" "this" {
  load_balancer_arn = "arn:${upper("x")}"
  port              = 80

  default_action {
    type = "forward"

    forward {
      target_group {
        arn    = "a"
        weight = 1
      }
      target_group {
        arn    = "b"
        weight = 2
      }
    }
  }
}
"#;
    let json = r#"{
  "//": "a comment",
  "resource": { "aws_lb_listener": { "this": {
    "load_balancer_arn": "arn:${upper(\"x\")}",
    "port": "${40 + 40}",
    "default_action": [{
      "type": "forward",
      "forward": { "target_group": [{ "arn": "a", "weight": 1 }, { "arn": "b", "weight": 2 }] }
    }]
  } } }
}"#;
    assert_eq!(object(json, true), object(native, false));
}

#[test]
fn dynamic_blocks_and_templates_are_as_in_the_native_syntax() {
    let native = r#"
resource "aws_security_group" "this" {
  name        = "n"
  description = "%{for x in ["a", "b"]}<${x}>%{endfor}"

  dynamic "ingress" {
    for_each = toset([80, 443])

    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["10.0.0.0/8"]
    }
  }
}
"#;
    let json = r#"{ "resource": [{ "aws_security_group": [{ "this": [{
  "name": "n",
  "description": "%{for x in [\"a\", \"b\"]}<${x}>%{endfor}",
  "dynamic": { "ingress": {
    "for_each": "${toset([80, 443])}",
    "content": {
      "from_port": "${ingress.value}",
      "to_port": "${ingress.value}",
      "protocol": "tcp",
      "cidr_blocks": ["10.0.0.0/8"]
    }
  } }
}] }] }] }"#;
    assert_eq!(object(json, true), object(native, false));
}
