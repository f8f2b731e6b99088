//! The provider block's `endpoints`: which service each key means.

/// All keys of hashicorp/aws 5.100's `endpoints` block, from its schema. A service may have several: its SDK name
/// and older or friendlier ones. Keys of services that recon has no type for are accepted and unused.
const KEYS: &str = "
    accessanalyzer account acm acmpca amg amp amplify apigateway apigatewayv2 appautoscaling appconfig
    appfabric appflow appintegrations appintegrationsservice applicationautoscaling applicationinsights
    applicationsignals appmesh appregistry apprunner appstream appsync athena auditmanager autoscaling
    autoscalingplans backup batch bcmdataexports beanstalk bedrock bedrockagent billing budgets ce
    chatbot chime chimesdkmediapipelines chimesdkvoice cleanrooms cloud9 cloudcontrol cloudcontrolapi
    cloudformation cloudfront cloudfrontkeyvaluestore cloudhsm cloudhsmv2 cloudsearch cloudtrail
    cloudwatch cloudwatchevents cloudwatchevidently cloudwatchlog cloudwatchlogs
    cloudwatchobservabilityaccessmanager cloudwatchrum codeartifact codebuild codecatalyst codecommit
    codeconnections codedeploy codeguruprofiler codegurureviewer codepipeline codestarconnections
    codestarnotifications cognitoidentity cognitoidentityprovider cognitoidp comprehend computeoptimizer
    config configservice connect connectcases controltower costandusagereportservice costexplorer
    costoptimizationhub cur customerprofiles databasemigration databasemigrationservice databrew
    dataexchange datapipeline datasync datazone dax deploy detective devicefarm devopsguru directconnect
    directoryservice dlm dms docdb docdbelastic drs ds dsql dynamodb ec2 ecr ecrpublic ecs efs eks
    elasticache elasticbeanstalk elasticloadbalancing elasticloadbalancingv2 elasticsearch
    elasticsearchservice elastictranscoder elb elbv2 emr emrcontainers emrserverless es eventbridge
    events evidently evs finspace firehose fis fms fsx gamelift glacier globalaccelerator glue
    gluedatabrew grafana greengrass groundstation guardduty healthlake iam identitystore imagebuilder
    inspector inspector2 inspectorv2 internetmonitor invoicing iot iotanalytics iotevents ivs ivschat
    kafka kafkaconnect kendra keyspaces kinesis kinesisanalytics kinesisanalyticsv2 kinesisvideo kms
    lakeformation lambda launchwizard lex lexmodelbuilding lexmodelbuildingservice lexmodels lexmodelsv2
    lexv2models licensemanager lightsail location locationservice logs lookoutmetrics m2 macie2
    managedgrafana mediaconnect mediaconvert medialive mediapackage mediapackagev2 mediapackagevod
    mediastore memorydb mgn mq msk mwaa neptune neptunegraph networkfirewall networkmanager
    networkmonitor notifications notificationscontacts oam opensearch opensearchingestion
    opensearchserverless opensearchservice opsworks organizations osis outposts paymentcryptography
    pcaconnectorad pcs pinpoint pinpointsmsvoicev2 pipes polly pricing prometheus prometheusservice
    qbusiness qldb quicksight ram rbin rds recyclebin redshift redshiftdata redshiftdataapiservice
    redshiftserverless rekognition resiliencehub resourceexplorer2 resourcegroups resourcegroupstagging
    resourcegroupstaggingapi rolesanywhere route53 route53domains route53profiles
    route53recoverycontrolconfig route53recoveryreadiness route53resolver rum s3 s3api s3control
    s3outposts s3tables sagemaker scheduler schemas sdb secretsmanager securityhub securitylake
    serverlessapplicationrepository serverlessapprepo serverlessrepo servicecatalog
    servicecatalogappregistry servicediscovery servicequotas ses sesv2 sfn shield signer simpledb sns
    sqs ssm ssmcontacts ssmincidents ssmquicksetup ssmsap sso ssoadmin stepfunctions storagegateway sts
    swf synthetics taxsettings timestreaminfluxdb timestreamquery timestreamwrite transcribe
    transcribeservice transfer verifiedpermissions vpclattice waf wafregional wafv2 wellarchitected
    worklink workspaces workspacesweb xray
";

pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.split_ascii_whitespace()
}

/// Which of the clients a key is for, by the prefix of the service's IAM actions; `None` if recon has no client
/// for the service.
pub(super) fn service(key: &str) -> Option<&'static str> {
    match key {
        "appautoscaling" | "applicationautoscaling" => Some("application-autoscaling"),
        "autoscaling" => Some("autoscaling"),
        "cloudwatch" => Some("cloudwatch"),
        "cloudwatchlog" | "cloudwatchlogs" | "logs" => Some("logs"),
        "dynamodb" => Some("dynamodb"),
        "ec2" => Some("ec2"),
        "elasticloadbalancingv2" | "elbv2" => Some("elasticloadbalancing"),
        "iam" => Some("iam"),
        "kinesis" => Some("kinesis"),
        "s3" | "s3api" => Some("s3"),
        "ssm" => Some("ssm"),
        "sts" => Some("sts"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_that_recon_uses_have_a_key() {
        let services: std::collections::BTreeSet<&str> = keys().filter_map(service).collect();
        let expected = [
            "application-autoscaling",
            "autoscaling",
            "cloudwatch",
            "dynamodb",
            "ec2",
            "elasticloadbalancing",
            "iam",
            "kinesis",
            "logs",
            "s3",
            "ssm",
            "sts",
        ];
        assert!(services.into_iter().eq(expected));
    }
}
