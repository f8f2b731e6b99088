//! What the Parameter Store holds. The answers are those that hashicorp/aws 5.100.0 records of the same parameters.

use aws_sdk_ssm::types::ParameterType;
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::registry::Registry;
use recon::provider::{DataSource, ErrorKind, OperationError, Problems};

use crate::subject::connect;
use crate::support::aws::Aws;
use crate::support::lifecycle::{decoded, errors};
use crate::support::proxy::{Proxy, Rule};
use crate::support::stack::Stack;

const SECRET: &str = "hunter2-the-second";

fn source() -> std::sync::Arc<dyn DataSource> {
    Registry::new().data_source("aws_ssm_parameter").unwrap()
}

async fn read(aws: &Aws, text: &str) -> Result<Value, OperationError> {
    let connection = connect(aws, Vec::new()).await.unwrap();
    let source = source();
    let object = source.read(&connection, &decoded(&source.schema().block, text)).await?;
    assert_eq!(object.ty(), source.schema().block.implied_type());
    Ok(object)
}

/// An account with a parameter of each kind, the first of them in two versions.
async fn parameters() -> Aws {
    let aws = Aws::fresh();
    let ssm = aws.ssm();
    for (name, value, kind) in [
        ("/app/size", "one", ParameterType::String),
        ("/app/size", "two", ParameterType::String),
        ("zones", "a,b", ParameterType::StringList),
        ("password", SECRET, ParameterType::SecureString),
    ] {
        ssm.put_parameter().name(name).value(value).r#type(kind).overwrite(true).send().await.unwrap();
    }
    let label = ssm.label_parameter_version().name("/app/size").parameter_version(1).labels("old");
    label.send().await.unwrap();
    aws
}

#[tokio::test]
async fn a_parameter_is_found_by_name_version_label_and_arn() {
    let aws = parameters().await;
    let arn = format!("arn:aws:ssm:eu-west-3:{}:parameter/app/size", aws.account());
    for (name, value, version) in
        [("/app/size", "two", 2), ("/app/size:1", "one", 1), ("/app/size:old", "one", 1), (&arn, "two", 2)]
    {
        let found = read(&aws, &format!("name = \"{name}\"")).await.unwrap();
        assert_eq!((found.text("value"), found.text("insecure_value")), (Some(value), Some(value)), "{name}");
        assert_eq!(found.integer("version"), Some(version), "{name}");
        assert_eq!((found.text("id"), found.text("name")), (Some("/app/size"), Some("/app/size")));
        assert_eq!((found.text("type"), found.text("arn")), (Some("String"), Some(&*arn)));
        assert_eq!(found.boolean("with_decryption"), Some(true));
    }
    let list = read(&aws, "name = \"zones\"").await.unwrap();
    assert_eq!((list.text("type"), list.text("insecure_value")), (Some("StringList"), Some("a,b")));
}

#[tokio::test]
async fn a_secret_is_deciphered_unless_the_code_says_otherwise() {
    let aws = parameters().await;
    let found = read(&aws, "name = \"password\"").await.unwrap();
    assert_eq!((found.text("type"), found.text("value")), (Some("SecureString"), Some(SECRET)));
    assert_eq!(found.text("insecure_value"), Some(""));
    let sealed = read(&aws, "name = \"password\"\nwith_decryption = false").await.unwrap();
    assert_eq!(sealed.boolean("with_decryption"), Some(false));
    let answer = aws.ssm().get_parameter().name("password").send().await.unwrap();
    let ciphered = answer.parameter().unwrap().value().unwrap().to_owned();
    assert_ne!(ciphered, SECRET);
    assert_eq!(sealed.text("value"), Some(&*ciphered));
    assert_eq!(sealed.text("insecure_value"), Some(""));
}

#[tokio::test]
async fn what_is_not_there_or_may_not_be_read_is_said() {
    let aws = parameters().await;
    let none = read(&aws, "name = \"none\"").await.unwrap_err();
    assert_eq!(none.kind, ErrorKind::NotFound);
    assert!(none.message.contains("no parameter of this name"), "{none}");
    let version = read(&aws, "name = \"/app/size:9\"").await.unwrap_err();
    assert_eq!(version.code.as_deref(), Some("ParameterVersionNotFound"));
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("ssm.GetParameter").fail(400, "AccessDeniedException", "no"));
    let denied = read(&aws.through(proxy.endpoint()), "name = \"zones\"").await.unwrap_err();
    assert_eq!((denied.kind, &*denied.operation), (ErrorKind::AccessDenied, "ssm:GetParameter"));
    let source = source();
    let mut problems = Problems::default();
    source.validate(&decoded(&source.schema().block, "name = \"\""), &mut problems);
    assert_eq!(errors(&problems.0), [".name: It has 0 characters; 1 to 2048 are allowed."]);
}

/// A value goes where the code sends it, and is shown nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_through_a_stack_unseen() {
    let aws = parameters().await;
    let stack = Stack::new(&aws);
    let text = r#"
        provider "aws" {
          region = "eu-west-3"
        }

        data "aws_ssm_parameter" "password" {
          name = "password"
        }

        data "aws_ssm_parameter" "size" {
          name = "/app/size"
        }

        resource "aws_cloudwatch_metric_alarm" "this" {
          alarm_name          = "this"
          alarm_description   = "it is ${data.aws_ssm_parameter.password.value}"
          comparison_operator = "GreaterThanThreshold"
          metric_name         = "m"
          namespace           = "n"
          statistic           = "Sum"
          period              = 60
          evaluation_periods  = 1
        }

        output "password" {
          value     = data.aws_ssm_parameter.password.value
          sensitive = true
        }

        output "size" {
          value = data.aws_ssm_parameter.size.insecure_value
        }
    "#;
    stack.write("main.tf", text);
    let plan = ["plan", "--out", "this.plan"];
    for arguments in [&plan[..], &["apply", "--auto-approve"], &["diff"], &["diff", "--json"]] {
        let output = stack.recon(arguments).success();
        assert!(!output.stdout.contains(SECRET) && !output.stderr.contains(SECRET), "{arguments:?}");
    }
    assert!(!stack.read("this.plan").contains(SECRET), "a plan file holds no secrets");
    let alarms = aws.cloudwatch().describe_alarms().alarm_names("this").send().await.unwrap();
    let wanted = format!("it is {SECRET}");
    assert_eq!(alarms.metric_alarms()[0].alarm_description(), Some(&*wanted));
    let state = stack.state();
    assert_eq!(state["outputs"]["size"]["value"], "two");
    for resource in state["resources"].as_array().unwrap() {
        let marked = resource["instances"][0]["sensitive_attributes"].to_string();
        let name = if resource["mode"] == "data" { "value" } else { "alarm_description" };
        assert!(marked.contains(&format!("\"{name}\"")), "{resource}");
    }
    stack.write("main.tf", &text.replace("          sensitive = true\n", ""));
    let refused = stack.recon(&["plan"]).code(1);
    assert!(refused.stderr.contains("sensitive") && !refused.stderr.contains(SECRET), "{refused}");
}
