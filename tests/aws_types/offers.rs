//! Data sources about what AWS offers: images, instance types, zones.

use recon::lang::parse::parse_file;
use recon::lang::source::SourceMap;
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::registry::Registry;
use recon::provider::{ErrorKind, OperationError, Problem, Problems};
use recon::schema::decode::decode;
use recon::state::decode as from_json;

use crate::subject::connect;
use crate::support::aws::Aws;
use crate::support::lifecycle::{Nothing, errors};
use crate::support::proxy::{Proxy, Reply, Rule};

fn config(name: &str, text: &str) -> Value {
    let source = Registry::new().data_source(name).unwrap();
    let sources = SourceMap::new();
    let (body, mut diagnostics) = parse_file(&sources, "main.tf", text.as_bytes());
    let config = decode(&source.schema().block, &body, &Nothing, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}\n{text}");
    config
}

fn problems(name: &str, text: &str) -> Vec<Problem> {
    let mut problems = Problems::default();
    Registry::new().data_source(name).unwrap().validate(&config(name, text), &mut problems);
    problems.0
}

async fn read(aws: &Aws, name: &str, text: &str) -> Result<Value, OperationError> {
    let connection = connect(aws, Vec::new()).await.unwrap();
    let source = Registry::new().data_source(name).unwrap();
    let object = source.read(&connection, &config(name, text)).await?;
    assert_eq!(object.ty(), source.schema().block.implied_type());
    assert!(object.is_wholly_known());
    Ok(object)
}

/// What the pipeline's services run on.
const AMAZON_LINUX: &str = r#"
most_recent = true
owners      = ["amazon"]
filter {
  name   = "name"
  values = ["amzn2-ami-hvm-*-x86_64-ebs"]
}
filter {
  name   = "root-device-type"
  values = ["ebs"]
}
filter {
  name   = "virtualization-type"
  values = ["hvm"]
}
"#;

#[tokio::test]
async fn an_image_is_found() {
    let aws = Aws::fresh();
    let found = read(&aws, "aws_ami", AMAZON_LINUX).await.unwrap();
    let id = found.text("id").unwrap();
    let live = aws.ec2().describe_images().image_ids(id).send().await.unwrap().images.unwrap().remove(0);
    assert_eq!(found.text("name"), live.name());
    assert_eq!(found.text("creation_date"), live.creation_date());
    assert_eq!(found.text("root_device_name"), live.root_device_name());
    assert_eq!(found.text("arn"), Some(&*format!("arn:aws:ec2:eu-west-3::image/{id}")));
    let ebs = live.block_device_mappings()[0].ebs().unwrap();
    assert_eq!(found.text("root_snapshot_id"), ebs.snapshot_id());
    let mapping = &found.blocks("block_device_mappings")[0];
    // As hashicorp/aws 5.100.0 records it on the local AWS: texts, with nothing left out.
    let volume = mapping.text_map("ebs");
    let volume: Vec<_> = volume.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(
        volume,
        [
            ("delete_on_termination", "false"),
            ("encrypted", "false"),
            ("iops", "0"),
            ("snapshot_id", ebs.snapshot_id().unwrap()),
            ("throughput", "0"),
            ("volume_initialization_rate", "0"),
            ("volume_size", "15"),
            ("volume_type", "standard"),
        ]
    );
    assert_eq!(found.text_map("state_reason").get("code").map(String::as_str), Some("UNSET"));
    assert_eq!(found.text("kernel_id"), Some(""));
    assert_eq!(found.boolean("include_deprecated"), Some(false));
    assert_eq!(found.texts("owners"), ["amazon"]);
}

/// The answers of DescribeImages with their dates changed: `name` and date, in order.
fn dated(dates: &'static [(&'static str, &'static str)]) -> Rule {
    Rule::on("ec2.DescribeImages").respond(move |_| {
        let image = |(name, date): &(&str, &str)| {
            format!("<item><imageId>ami-{name}</imageId><name>{name}</name><creationDate>{date}</creationDate></item>")
        };
        let images: String = dates.iter().map(image).collect();
        let body = format!(
            "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><imagesSet>{images}</imagesSet>\
             </DescribeImagesResponse>"
        );
        Some(Reply::new(200, "text/xml", body))
    })
}

#[tokio::test]
async fn of_several_images_the_last_made_counts_if_the_code_says_so() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(dated(&[
        ("old", "2024-05-01T00:00:00.000Z"),
        ("new", "2025-11-30T10:00:00.000Z"),
        ("mid", "2025-02-28T10:00:00.000Z"),
    ]));
    let through = aws.through(proxy.endpoint());
    let ask = async |text: &str| read(&through, "aws_ami", &format!("owners = [\"self\"]\n{text}")).await;
    assert_eq!(ask("most_recent = true").await.unwrap().text("name"), Some("new"));
    assert_eq!(ask("most_recent = true\nname_regex = \"^[mo]\"").await.unwrap().text("name"), Some("mid"));
    assert_eq!(ask("name_regex = \"^o\"").await.unwrap().text("id"), Some("ami-old"));
    let many = ask("").await.unwrap_err();
    assert!(many.message.contains("more than one result, 3 images"), "{many}");
    let none = ask("name_regex = \"x$\"").await.unwrap_err();
    assert_eq!(none.kind, ErrorKind::NotFound);
    assert!(none.message.contains("returned no results"), "{none}");
}

/// What is refused is what hashicorp/aws 5.100.0 refuses (`terraform validate`).
#[test]
fn what_is_wrong_is_told_offline() {
    for (name, text, path) in [
        ("aws_ami", "name_regex = \"(x\"", ".name_regex"),
        ("aws_ami", "owners = []", ".owners"),
        ("aws_ami", "owners = [\"\"]", ".owners"),
        ("aws_availability_zones", "state = \"up\"", ".state"),
    ] {
        let found = errors(&problems(name, text));
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(&format!("{path}:")), "{text}: {found:?}");
    }
    // Anybody's image.
    for (text, count) in [
        ("most_recent = true", 1),
        ("most_recent = true\nowners = [\"self\"]", 0),
        ("most_recent = true\nfilter {\n name = \"owner-id\"\n values = [\"123456789012\"]\n}", 0),
        ("most_recent = true\nfilter {\n name = \"name\"\n values = [\"x\"]\n}", 1),
    ] {
        let found = problems("aws_ami", text);
        assert_eq!(found.iter().filter(|one| !one.is_error).count(), count, "{text}");
    }
}

/// `instance_types.json` is what hashicorp/aws 5.100.0 recorded on the local AWS.
#[tokio::test]
async fn instance_types_are_described_as_the_provider_does() {
    let aws = Aws::fresh();
    let recorded: serde_json::Value = serde_json::from_str(include_str!("instance_types.json")).unwrap();
    let ty = Registry::new().data_source("aws_ec2_instance_type").unwrap().schema().block.implied_type();
    for (name, attributes) in recorded.as_object().unwrap() {
        let text = format!("instance_type = \"{name}\"");
        let found = read(&aws, "aws_ec2_instance_type", &text).await.unwrap();
        let expected = from_json(attributes, &ty);
        for (attribute, value) in expected.as_entries().unwrap() {
            assert_eq!(found.get(attribute).as_ref(), Some(value), "{name}.{attribute}");
        }
    }
    let error = read(&aws, "aws_ec2_instance_type", "instance_type = \"x9.nano\"").await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("InvalidInstanceType"));
}

#[tokio::test]
async fn zones_are_listed_and_left_out() {
    let aws = Aws::fresh();
    let all = read(&aws, "aws_availability_zones", "").await.unwrap();
    assert_eq!(all.text("id"), Some("eu-west-3"));
    assert_eq!(all.texts("names"), ["eu-west-3a", "eu-west-3b", "eu-west-3c"]);
    assert_eq!(all.texts("zone_ids"), ["euw3-az1", "euw3-az2", "euw3-az3"]);
    let text = "state = \"available\"\nall_availability_zones = true\nexclude_names = [\"eu-west-3a\"]\n\
                exclude_zone_ids = [\"euw3-az2\"]";
    let some = read(&aws, "aws_availability_zones", text).await.unwrap();
    assert_eq!(some.texts("names"), ["eu-west-3c"]);
    assert_eq!(some.texts("zone_ids"), ["euw3-az3"]);
    assert_eq!(some.boolean("all_availability_zones"), Some(true));
    let text = "filter {\n name = \"zone-name\"\n values = [\"eu-west-3b\"]\n}";
    let one = read(&aws, "aws_availability_zones", text).await.unwrap();
    assert_eq!(one.texts("names"), ["eu-west-3b"]);
}
