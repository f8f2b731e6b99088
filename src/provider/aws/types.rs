//! All types of the provider.

use std::sync::Arc;

use super::{cloudwatch, ec2, elbv2, kinesis, sts};
use crate::provider::{DataSource, ResourceType};

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    let mut types: Vec<Arc<dyn ResourceType>> = vec![
        Arc::new(cloudwatch::dashboard::Dashboard::default()),
        Arc::new(ec2::key_pair::KeyPair::default()),
        Arc::new(ec2::security_group::SecurityGroup::default()),
        Arc::new(ec2::security_group_rule::SecurityGroupRule::default()),
        Arc::new(kinesis::stream::KinesisStream::default()),
    ];
    types.extend(elbv2::resource_types());
    types
}

pub(super) fn data_sources() -> Vec<Arc<dyn DataSource>> {
    vec![Arc::new(sts::caller_identity::CallerIdentity::default()), Arc::new(ec2::region::Region::default())]
}
