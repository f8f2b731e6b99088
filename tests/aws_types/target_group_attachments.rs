use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum, TargetDescription, TargetTypeEnum};
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};

const TYPE: &str = "aws_lb_target_group_attachment";

async fn group(aws: &Aws, name: &str) -> String {
    let (vpc, _) = aws.network().await;
    let call = aws.elb().create_target_group().name(name).protocol(ProtocolEnum::Http).port(80).vpc_id(&vpc);
    let made = call.target_type(TargetTypeEnum::Ip).send().await.unwrap();
    made.target_groups()[0].target_group_arn().unwrap().to_owned()
}

async fn live(aws: &Aws, group: &str) -> Vec<(String, i32)> {
    let answer = aws.elb().describe_target_health().target_group_arn(group).send().await.unwrap();
    let targets = answer.target_health_descriptions().iter().filter_map(|one| one.target());
    let mut targets: Vec<_> =
        targets.map(|target| (target.id().unwrap().to_owned(), target.port().unwrap())).collect();
    targets.sort();
    targets
}

#[tokio::test]
async fn targets_come_and_go() {
    let aws = Aws::fresh();
    let arn = group(&aws, "web").await;
    let attachment = Lifecycle::new(TYPE, &aws);
    let own = format!("target_group_arn = \"{arn}\"\ntarget_id = \"10.0.0.5\"\nport = 8080");
    let plain = format!("target_group_arn = \"{arn}\"\ntarget_id = \"10.0.0.6\"");
    let (first, second) = (attachment.create(&own).await, attachment.create(&plain).await);
    assert!(first.text("id").unwrap().starts_with(&format!("{arn}-")));
    assert_eq!(live(&aws, &arn).await, [("10.0.0.5".to_owned(), 8080), ("10.0.0.6".to_owned(), 80)]);
    for (text, path) in [(own.replace("8080", "8081"), ".port"), (own.replace("0.5", "0.7"), ".target_id")] {
        assert_eq!(attachment.plan(Some(&first), &text).replace, [path]);
    }
    let seed = attachment.ty.import_seed(&format!("{arn},10.0.0.5,8080")).unwrap();
    assert_eq!(attachment.read(&seed).await.unwrap().integer("port"), Some(8080));
    // Somebody takes one away.
    let target = TargetDescription::builder().id("10.0.0.6").port(80).build();
    aws.elb().deregister_targets().target_group_arn(&arn).targets(target).send().await.unwrap();
    assert!(attachment.read(&second).await.is_none());
    attachment.delete(&first).await;
    assert_eq!(live(&aws, &arn).await, []);
    attachment.ty.delete(&attachment.connection, &second).await.unwrap();
}

#[tokio::test]
async fn all_targets_of_a_group_are_read_at_once() {
    let aws = Aws::fresh();
    let groups = [group(&aws, "one").await, group(&aws, "two").await];
    let attachment = Lifecycle::new(TYPE, &aws);
    let mut seeds = Vec::new();
    for (group, number) in groups.iter().flat_map(|group| (0..30).map(move |number| (group, number))) {
        let target = TargetDescription::builder().id(format!("10.0.1.{number}")).port(80).build();
        aws.elb().register_targets().target_group_arn(group).targets(target).send().await.unwrap();
        seeds.push(attachment.ty.import_seed(&format!("{group},10.0.1.{number},80")).unwrap());
    }
    let of_gone = groups[0].replace("targetgroup/one", "targetgroup/gone");
    seeds.push(attachment.ty.import_seed(&format!("{of_gone},10.0.1.1")).unwrap());
    seeds.push(attachment.ty.import_seed(&format!("{},10.0.1.1,81", groups[0])).unwrap());
    let results = attachment.read_all(&seeds).await;
    assert!(results[..60].iter().all(|result| matches!(result, ReadResult::Found(_))));
    assert!(results[60..].iter().all(|result| matches!(result, ReadResult::Missing)), "{:?}", &results[60..]);
}

#[tokio::test]
async fn an_attachment_is_checked_offline() {
    let attachment = Lifecycle::new(TYPE, &Aws::fresh());
    for (text, part) in [
        ("target_group_arn = \"web\"\ntarget_id = \"i-1\"", "is not an ARN"),
        ("target_group_arn = \"arn:aws:x:y:z:w\"\ntarget_id = \"i-1\"\nport = 0", "from 1 to 65535"),
        ("target_group_arn = \"arn:aws:x:y:z:w\"\ntarget_id = \"\"", "1 to 2048"),
    ] {
        let found = errors(&attachment.problems(text));
        assert!(found.iter().any(|detail| detail.contains(part)), "{part}: {found:?}");
    }
    assert!(attachment.ty.import_seed("i-1").unwrap_err().contains("TARGET_GROUP_ARN,TARGET_ID"));
}
