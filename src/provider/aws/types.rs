//! All types of the provider, service by service.

use std::sync::Arc;

use super::{
    application_autoscaling, autoscaling, cloudwatch, dynamodb, ec2, elbv2, iam, kinesis, logs, s3, ssm, sts,
};
use crate::provider::{DataSource, ResourceType};

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    let services = [
        application_autoscaling::resource_types,
        autoscaling::resource_types,
        cloudwatch::resource_types,
        dynamodb::resource_types,
        ec2::resource_types,
        elbv2::resource_types,
        iam::resource_types,
        kinesis::resource_types,
        logs::resource_types,
        s3::resource_types,
    ];
    services.into_iter().flat_map(|types| types()).collect()
}

pub(super) fn data_sources() -> Vec<Arc<dyn DataSource>> {
    let services = [ec2::data_sources, iam::data_sources, ssm::data_sources, sts::data_sources];
    services.into_iter().flat_map(|sources| sources()).collect()
}
