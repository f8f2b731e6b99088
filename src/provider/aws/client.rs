//! A connection to one account and region.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aws_types::SdkConfig;

/// One provider configuration's way to AWS. Clients are made when first asked for.
pub struct Aws {
    config: SdkConfig,
    /// The region that objects are in.
    pub region: String,
    /// The provider's `default_tags`.
    pub default_tags: BTreeMap<String, String>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    ec2: OnceLock<aws_sdk_ec2::Client>,
    elb: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
    kinesis: OnceLock<aws_sdk_kinesis::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
}

impl Aws {
    pub fn new(config: SdkConfig, region: String, default_tags: BTreeMap<String, String>) -> Aws {
        Aws {
            config,
            region,
            default_tags,
            cloudwatch: OnceLock::new(),
            ec2: OnceLock::new(),
            elb: OnceLock::new(),
            kinesis: OnceLock::new(),
            sts: OnceLock::new(),
        }
    }

    pub fn cloudwatch(&self) -> &aws_sdk_cloudwatch::Client {
        self.cloudwatch.get_or_init(|| aws_sdk_cloudwatch::Client::new(&self.config))
    }

    pub fn ec2(&self) -> &aws_sdk_ec2::Client {
        self.ec2.get_or_init(|| aws_sdk_ec2::Client::new(&self.config))
    }

    pub fn elb(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
        self.elb.get_or_init(|| aws_sdk_elasticloadbalancingv2::Client::new(&self.config))
    }

    pub fn kinesis(&self) -> &aws_sdk_kinesis::Client {
        self.kinesis.get_or_init(|| aws_sdk_kinesis::Client::new(&self.config))
    }

    pub fn sts(&self) -> &aws_sdk_sts::Client {
        self.sts.get_or_init(|| aws_sdk_sts::Client::new(&self.config))
    }
}
