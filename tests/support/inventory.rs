//! What there is in an account, as AWS lists it.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use aws_sdk_iam::types::PolicyScopeType;

use super::aws::Aws;

/// How many there are of everything that the pipeline makes, as AWS lists it.
pub async fn inventory(aws: &Aws) -> BTreeMap<&'static str, usize> {
    let mut found = BTreeMap::new();
    let elb = aws.elb();
    let balancers = elb.describe_load_balancers().send().await.unwrap();
    let mut listeners = 0;
    for balancer in balancers.load_balancers() {
        let call = elb.describe_listeners().load_balancer_arn(balancer.load_balancer_arn().unwrap());
        listeners += call.send().await.unwrap().listeners().len();
    }
    found.insert("load balancers", balancers.load_balancers().len());
    found.insert("listeners", listeners);
    found.insert("target groups", elb.describe_target_groups().send().await.unwrap().target_groups().len());
    let ec2 = aws.ec2();
    let groups = ec2.describe_security_groups().send().await.unwrap();
    found.insert("security groups", groups.security_groups().len());
    let rules = ec2.describe_security_group_rules().send().await.unwrap();
    found.insert("security group rules", rules.security_group_rules().len());
    found.insert("key pairs", ec2.describe_key_pairs().send().await.unwrap().key_pairs().len());
    let templates = ec2.describe_launch_templates().send().await.unwrap();
    found.insert("launch templates", templates.launch_templates().len());
    let scaling = aws.autoscaling();
    let groups = scaling.describe_auto_scaling_groups().send().await.unwrap();
    found.insert("scaling groups", groups.auto_scaling_groups().len());
    let policies = scaling.describe_policies().send().await.unwrap();
    found.insert("scaling policies", policies.scaling_policies().len());
    let alarms = aws.cloudwatch().describe_alarms().send().await.unwrap();
    found.insert("alarms", alarms.metric_alarms().len());
    let dashboards = aws.cloudwatch().list_dashboards().send().await.unwrap();
    found.insert("dashboards", dashboards.dashboard_entries().len());
    found.insert("log groups", aws.logs().describe_log_groups().send().await.unwrap().log_groups().len());
    found.insert("streams", aws.kinesis().list_streams().send().await.unwrap().stream_names().len());
    let iam = aws.iam();
    found.insert("roles", iam.list_roles().send().await.unwrap().roles().len());
    let policies = iam.list_policies().scope(PolicyScopeType::Local).send().await.unwrap();
    found.insert("policies", policies.policies().len());
    found.insert("profiles", iam.list_instance_profiles().send().await.unwrap().instance_profiles().len());
    let tables = aws.dynamodb().list_tables().send().await.unwrap();
    let mut items = 0;
    for table in tables.table_names() {
        items += aws.dynamodb().scan().table_name(table).send().await.unwrap().items().len();
    }
    found.insert("tables", tables.table_names().len());
    found.insert("items", items);
    let application = aws.application_autoscaling();
    let call = application.describe_scalable_targets().service_namespace(ServiceNamespace::Dynamodb);
    found.insert("scalable targets", call.send().await.unwrap().scalable_targets().len());
    let mut policies = 0;
    let mut next = None;
    loop {
        let call = application.describe_scaling_policies().service_namespace(ServiceNamespace::Dynamodb);
        let page = call.set_next_token(next).send().await.unwrap();
        policies += page.scaling_policies().len();
        next = page.next_token;
        if next.is_none() {
            break;
        }
    }
    found.insert("table scaling policies", policies);
    found
}
