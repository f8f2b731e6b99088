//! `aws_appautoscaling_target`, against a local AWS.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, KeySchemaElement, KeyType, ProvisionedThroughput, ScalarAttributeType,
};
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_appautoscaling_target";
pub(crate) const READS: &str = "dynamodb:table:ReadCapacityUnits";
pub(crate) const WRITES: &str = "dynamodb:table:WriteCapacityUnits";

/// Makes a table with provisioned capacity, as a target's resource is.
pub(crate) async fn table(aws: &Aws, name: &str) {
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("id");
    let attribute = attribute.attribute_type(ScalarAttributeType::S).build().unwrap();
    let capacity = ProvisionedThroughput::builder().read_capacity_units(1).write_capacity_units(1);
    let call = aws.dynamodb().create_table().table_name(name).key_schema(key);
    let call = call.attribute_definitions(attribute).provisioned_throughput(capacity.build().unwrap());
    call.send().await.unwrap();
}

/// The arguments that say what is scaled.
pub(crate) fn place(table: &str, dimension: &str) -> String {
    format!(
        "service_namespace = \"dynamodb\"\nresource_id = \"table/{table}\"\nscalable_dimension = \"{dimension}\"\n"
    )
}

fn text(table: &str, dimension: &str, limits: (i64, i64), more: &str) -> String {
    let (least, most) = limits;
    format!("{}min_capacity = {least}\nmax_capacity = {most}\n{more}", place(table, dimension))
}

async fn live(aws: &Aws, table: &str, dimension: &str) -> Option<ScalableTarget> {
    let call = aws.application_autoscaling().describe_scalable_targets();
    let call = call.service_namespace(ServiceNamespace::Dynamodb).resource_ids(format!("table/{table}"));
    let call = call.scalable_dimension(ScalableDimension::from(dimension));
    call.send().await.unwrap().scalable_targets.unwrap().pop()
}

fn switches(live: &ScalableTarget) -> [Option<bool>; 3] {
    let state = live.suspended_state().unwrap();
    [
        state.dynamic_scaling_in_suspended(),
        state.dynamic_scaling_out_suspended(),
        state.scheduled_scaling_suspended(),
    ]
}

#[tokio::test]
async fn a_table_is_scaled_between_limits() {
    let aws = Aws::fresh();
    table(&aws, "orders").await;
    let target = Lifecycle::new(TYPE, &aws);
    let made = target.create(&text("orders", READS, (1, 10), "tags = { Name = \"a\", old = \"x\" }")).await;
    assert_eq!(made.text("id"), Some("table/orders"));
    let seen = live(&aws, "orders", READS).await.unwrap();
    assert_eq!((seen.min_capacity(), seen.max_capacity()), (1, 10));
    assert_eq!(switches(&seen), [Some(false); 3]);
    assert_eq!(made.text("arn"), seen.scalable_target_arn());
    let role = "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable";
    assert!(seen.role_arn().ends_with(role) && made.text("role_arn") == Some(seen.role_arn()), "{made:?}");

    let suspended = "suspended_state {\n  dynamic_scaling_in_suspended = true\n  scheduled_scaling_suspended = \
                     true\n}\ntags = { Name = \"b\" }";
    let (made, changes) = target.update(&made, &text("orders", READS, (2, 20), suspended)).await;
    assert_eq!(
        changes,
        [
            ".max_capacity",
            ".min_capacity",
            ".tags",
            ".tags_all",
            ".suspended_state[0].dynamic_scaling_in_suspended",
            ".suspended_state[0].scheduled_scaling_suspended",
        ]
    );
    let seen = live(&aws, "orders", READS).await.unwrap();
    assert_eq!((seen.min_capacity(), seen.max_capacity()), (2, 20));
    assert_eq!(switches(&seen), [Some(true), Some(false), Some(true)]);
    let arn = seen.scalable_target_arn().unwrap();
    let tags = aws.application_autoscaling().list_tags_for_resource().resource_arn(arn).send().await.unwrap();
    let tags = tags.tags().unwrap();
    assert_eq!((tags.len(), &*tags["Name"], &*tags["team"]), (2, "b", "data"));

    // A suspended state that the code leaves out stays as it is, and a target may be scaled down to nothing.
    let (made, changes) = target.update(&made, &text("orders", READS, (0, 0), "")).await;
    assert_eq!(changes, [".max_capacity", ".min_capacity", ".tags", ".tags_all"]);
    let seen = live(&aws, "orders", READS).await.unwrap();
    assert_eq!((seen.min_capacity(), seen.max_capacity()), (0, 0));
    assert_eq!(switches(&seen), [Some(true), Some(false), Some(true)]);

    let other = |text: String, paths: &[&str]| {
        assert_eq!(target.plan(Some(&made), &text).replace, paths);
    };
    other(text("other", READS, (0, 0), ""), &[".resource_id"]);
    other(text("orders", WRITES, (0, 0), ""), &[".scalable_dimension"]);
    let service = text("orders", READS, (0, 0), "").replace("\"dynamodb\"", "\"cassandra\"");
    other(service, &[".service_namespace"]);
    target.delete(&made).await;
    assert!(live(&aws, "orders", READS).await.is_none());
}

#[tokio::test]
async fn a_target_is_imported() {
    let aws = Aws::fresh();
    table(&aws, "orders").await;
    let target = Lifecycle::new(TYPE, &aws);
    let made = target.create(&text("orders", READS, (1, 10), "")).await;
    let seed = target.ty.import_seed(&format!("dynamodb/table/orders/{READS}")).unwrap();
    let imported = target.read(&seed).await.unwrap();
    assert_eq!(imported.text("arn"), made.text("arn"));
    assert_eq!(target.plan(Some(&imported), &text("orders", READS, (1, 10), "")).replace, [""; 0]);
    for id in ["orders", "dynamodb/table/orders", &format!("dynamodb/table/orders/{READS}/policy")] {
        assert!(target.ty.import_seed(id).unwrap_err().contains("NAMESPACE/RESOURCE_ID/DIMENSION"), "{id}");
    }
}

/// API reference, RegisterScalableTarget: only EMR has no service-linked role.
#[tokio::test]
async fn a_role_counts_where_there_is_no_service_linked_one() {
    let aws = Aws::fresh();
    table(&aws, "orders").await;
    let target = Lifecycle::new(TYPE, &aws);
    let role = |name: &str| format!("role_arn = \"arn:aws:iam::{}:role/{name}\"\n", aws.account());
    // A table's target keeps the service's own role, and that is no difference.
    let ignored = text("orders", READS, (1, 10), &role("mine"));
    let made = target.create(&ignored).await;
    assert!(made.text("role_arn").unwrap().contains("/aws-service-role/"));
    let warnings = target.problems(&ignored);
    assert!(warnings.len() == 1 && !warnings[0].is_error && warnings[0].summary.contains("not used"));

    let cluster = |name: &str| {
        "service_namespace = \"elasticmapreduce\"\nresource_id = \"instancegroup/j-1/ig-1\"\nscalable_dimension = \
         \"elasticmapreduce:instancegroup:InstanceCount\"\nmin_capacity = 1\nmax_capacity = 2\n"
            .to_owned()
            + &role(name)
    };
    let made = target.create(&cluster("one")).await;
    assert_eq!(target.problems(&cluster("one")), []);
    let (made, changes) = target.update(&made, &cluster("two")).await;
    assert_eq!(changes, [".role_arn"]);
    let call = aws.application_autoscaling().describe_scalable_targets();
    let call = call.service_namespace(ServiceNamespace::from("elasticmapreduce"));
    let seen = call.send().await.unwrap().scalable_targets.unwrap().pop().unwrap();
    assert!(seen.role_arn().ends_with(":role/two"));
    target.delete(&made).await;
}

/// More resources than a call may name, each in two dimensions, and one of another service.
#[tokio::test]
async fn many_targets_are_read_with_few_calls() {
    let aws = Aws::fresh();
    let client = aws.application_autoscaling();
    for number in 0..55 {
        for dimension in [READS, WRITES] {
            let call = client.register_scalable_target().service_namespace(ServiceNamespace::Dynamodb);
            let call = call.resource_id(format!("table/t{number}")).min_capacity(number).max_capacity(100);
            call.scalable_dimension(ScalableDimension::from(dimension)).send().await.unwrap();
        }
    }
    let call = client.register_scalable_target().service_namespace(ServiceNamespace::Lambda);
    let call = call.resource_id("function:f:live").min_capacity(1).max_capacity(2);
    let call = call.scalable_dimension(ScalableDimension::from("lambda:function:ProvisionedConcurrency"));
    call.send().await.unwrap();
    let proxy = Proxy::before(&aws);
    let target = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let mut known = vec![
        target.ty.import_seed("lambda/function:f:live/lambda:function:ProvisionedConcurrency").unwrap(),
        target.ty.import_seed(&format!("dynamodb/table/none/{READS}")).unwrap(),
    ];
    for number in 0..55 {
        let id = |dimension: &str| format!("dynamodb/table/t{number}/{dimension}");
        known.extend([READS, WRITES].map(|dimension| target.ty.import_seed(&id(dimension)).unwrap()));
    }
    let found: Vec<Option<(String, i64)>> = target
        .read_all(&known)
        .await
        .into_iter()
        .map(|result| match result {
            ReadResult::Found(object) => {
                let dimension = object.text("scalable_dimension").unwrap().to_owned();
                Some((dimension, object.integer("min_capacity").unwrap()))
            }
            ReadResult::Missing => None,
            ReadResult::Unreadable(error) => panic!("{error}"),
        })
        .collect();
    assert_eq!(found[0], Some(("lambda:function:ProvisionedConcurrency".to_owned(), 1)));
    assert_eq!(found[1], None);
    for number in 0..55 {
        for (offset, dimension) in [READS, WRITES].into_iter().enumerate() {
            let expected = Some((dimension.to_owned(), i64::try_from(number).unwrap()));
            assert_eq!(found[2 + 2 * number + offset], expected);
        }
    }
    // 56 resources in calls of 50, of which the first has two pages, and one call for the other service.
    assert_eq!(proxy.count("application-autoscaling.DescribeScalableTargets"), 4);
}

#[tokio::test]
async fn a_target_whose_first_answer_was_lost_is_taken_for_ours() {
    let aws = Aws::fresh();
    table(&aws, "orders").await;
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("application-autoscaling.RegisterScalableTarget").call(1).cut_after());
    let target = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let made = target.create(&text("orders", READS, (1, 10), "tags = { Name = \"a\" }")).await;
    assert_eq!(made.integer("max_capacity"), Some(10));
    assert_eq!(proxy.count("application-autoscaling.RegisterScalableTarget"), 2);
    // One that somebody else made is not: it would not get the tags.
    let error = target.create_fails(&text("orders", READS, (1, 20), "tags = { Name = \"b\" }")).await;
    assert_eq!(error.kind, ErrorKind::Invalid);
}

/// The service's answers of a change under way and of a role that is not seen yet, from the API reference and the
/// provider's experience.
#[tokio::test]
async fn what_passes_by_itself_is_tried_again() {
    let aws = Aws::fresh();
    table(&aws, "orders").await;
    let proxy = Proxy::before(&aws);
    let register = "application-autoscaling.RegisterScalableTarget";
    proxy.rule(Rule::on(register).call(1).fail(400, "ConcurrentUpdateException", "Pending"));
    let roleless = "Unable to assume IAM role: arn:aws:iam::1:role/a";
    proxy.rule(Rule::on(register).call(2).fail(400, "ValidationException", roleless));
    let target = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let made = target.create(&text("orders", READS, (1, 10), "")).await;
    assert_eq!(proxy.count(register), 3);
    proxy.rule(Rule::on(register).fail(400, "ValidationException", "Something else"));
    let planned = target.plan(Some(&made), &text("orders", READS, (1, 11), ""));
    let error = target.ty.update(&target.connection, &made, &planned.object).await.unwrap_err();
    assert_eq!(error.operation, "application-autoscaling:RegisterScalableTarget");
    assert_eq!(proxy.count(register), 4);
}

#[tokio::test]
async fn a_target_that_may_not_be_read_is_not_missing() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let describe = Rule::on("application-autoscaling.DescribeScalableTargets");
    proxy.rule(describe.fail(400, "AccessDeniedException", "no"));
    let target = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let seed = target.ty.import_seed(&format!("dynamodb/table/t/{READS}")).unwrap();
    match target.read_all(&[seed]).await.remove(0) {
        ReadResult::Unreadable(error) => {
            assert_eq!(error.kind, ErrorKind::AccessDenied);
            assert_eq!(error.operation, "application-autoscaling:DescribeScalableTargets");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn mistakes_in_targets_are_found_offline() {
    let target = Lifecycle::new(TYPE, &Aws::fresh());
    for (text, part) in [
        (text("t", READS, (-1, 1), ""), "from 0 to"),
        (text("t", READS, (0, 3_000_000_000), ""), "from 0 to"),
        (text("t", READS, (3, 2), ""), "is more than the greatest"),
        (text("t", READS, (1, 2), "role_arn = \"mine\""), "is not an ARN"),
    ] {
        let found = errors(&target.problems(&text));
        assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:?}");
    }
    assert_eq!(errors(&target.problems(&text("t", READS, (2, 2), ""))), [""; 0]);
}
