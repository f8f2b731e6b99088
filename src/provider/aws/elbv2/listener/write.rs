//! Making, changing and deleting listeners.

use std::time::{Duration, Instant};

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    AdvertiseTrustStoreCaNamesEnum, Certificate, ListenerAttribute, LoadBalancer,
    MutualAuthenticationAttributes, ProtocolEnum, TargetGroup,
};

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{filled, same_attribute, same_blocks};
use crate::provider::aws::elbv2::lookup::{Described, Named, find as find_by};
use crate::provider::aws::elbv2::{action, arn, attributes, tagging};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::known_part;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError, duration};

use super::PATIENCE;
use super::actions::{expand, target_groups};
use super::read::{find, list, read_one};
use super::schema::{ATTRIBUTES, SCHEMA};

/// How long a certificate that was just made may not be seen by load balancers.
const CERTIFICATE_PATIENCE: Duration = Duration::from_secs(2 * 60);

/// How long a target group may still count as another load balancer's after the listener there is gone.
const ASSOCIATION_PATIENCE: Duration = Duration::from_secs(30);

/// The protocol that a listener speaks: what the code says, else what the load balancer's type implies. Empty if that is
/// not known.
pub fn protocol_of(object: &Value) -> String {
    if let Some(protocol) = filled(object.text("protocol")) {
        return protocol.to_uppercase();
    }
    let load_balancer = object.text("load_balancer_arn").and_then(arn::load_balancer_type);
    match load_balancer {
        Some("application") if filled(object.text("certificate_arn")).is_some() => "HTTPS",
        Some("application") => "HTTP",
        Some("gateway") => "GENEVE",
        _ => "",
    }
    .to_owned()
}

/// Whether a protocol is encrypted: it needs a certificate, and has a policy for ciphers.
pub fn is_secure(protocol: &str) -> bool {
    matches!(protocol, "HTTPS" | "TLS")
}

pub async fn create(aws: &Aws, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.elb();
    let load_balancer = planned.text("load_balancer_arn").unwrap_or_default();
    // CreateListener answers an existing listener of the same settings as if it had made it.
    let port = planned.integer("port");
    let existing = list(client, load_balancer).await?;
    if let Some(existing) = existing.iter().find(|one| one.port().map(i64::from) == port) {
        let arn = existing.listener_arn().unwrap_or_default();
        let where_ = port.map_or_else(String::new, |port| format!(" on port {port}"));
        return Err(OperationError::new(
            ErrorKind::AlreadyExists,
            action("CreateListener"),
            format!("the load balancer has a listener{where_} already: import {arn}, or choose another port"),
        ));
    }
    let patience = duration::timeout(planned, "create", PATIENCE);
    let with_tags = tagging::of(planned).is_some();
    let (arn, tagged) = match make(client, planned, with_tags, patience).await {
        Ok(arn) => (arn, with_tags),
        Err(error) if with_tags && tagging::refused_at_creation(&error) => {
            (make(client, planned, false, patience).await?, false)
        }
        Err(error) => return Err(error),
    };
    let existing = planned.with("id", Value::string(&arn)).with("arn", Value::string(&arn));
    match finish(aws, &arn, planned, &existing, tagged, patience).await {
        Ok(object) => Ok(object),
        Err(error) => {
            let partial = read_one(aws, &existing).await.unwrap_or_else(|_| known_part(&existing));
            Err(error.with_partial(partial))
        }
    }
}

/// Makes the listener, once its certificate is seen and its target groups are free. Answers its ARN.
async fn make(
    client: &Client,
    planned: &Value,
    with_tags: bool,
    patience: Duration,
) -> Result<String, OperationError> {
    let protocol = protocol_of(planned);
    let spoken = Some(protocol.as_str()).filter(|protocol| !matches!(*protocol, "" | "GENEVE"));
    let start = Instant::now();
    let look = || async {
        let answer = client
            .create_listener()
            .set_load_balancer_arn(planned.text("load_balancer_arn").map(str::to_owned))
            .set_port(port(planned))
            .set_protocol(spoken.map(ProtocolEnum::from))
            .set_ssl_policy(filled(planned.text("ssl_policy")).map(str::to_owned))
            .set_certificates(certificates(planned))
            .set_alpn_policy(filled(planned.text("alpn_policy")).map(|policy| vec![policy.to_owned()]))
            .set_mutual_authentication(mutual_authentication(planned))
            .set_default_actions(Some(expand(planned, "default_action")))
            .set_tags(tagging::of(planned).filter(|_| with_tags))
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let made = answer.listeners.unwrap_or_default().into_iter().next();
                let arn = made.and_then(|made| made.listener_arn);
                arn.map(Progress::Done).ok_or_else(|| {
                    OperationError::new(
                        ErrorKind::Other,
                        action("CreateListener"),
                        "AWS answered no listener",
                    )
                })
            }
            Err(error) => {
                let error = failed(&action("CreateListener"), error);
                patient(client, planned, error, start).await.map(Progress::Waiting)
            }
        }
    };
    until("the listener to be accepted", patience, look).await
}

/// Whether an error will pass: what is waited for, or the error.
async fn patient(
    client: &Client,
    planned: &Value,
    mut error: OperationError,
    start: Instant,
) -> Result<String, OperationError> {
    match error.code.as_deref() {
        Some("CertificateNotFound") if start.elapsed() < CERTIFICATE_PATIENCE => {
            Ok(format!("refused: {}", error.message))
        }
        Some("TargetGroupAssociationLimit") => {
            let holders = holders(client, planned).await.unwrap_or_default();
            if holders.is_empty() || start.elapsed() < ASSOCIATION_PATIENCE {
                return Ok(
                    "refused: a target group is still associated with another load balancer".to_owned()
                );
            }
            error.message.push_str(&format!(
                ". A target group belongs to one load balancer, and these still have one of the listener's: {}. Delete \
                 their listeners and rules for it first, or give this listener a target group of its own",
                holders.join(", ")
            ));
            Err(error)
        }
        _ => Err(error),
    }
}

/// The ARNs of the existing load balancers that another's listener would have to share a target group with.
async fn holders(client: &Client, planned: &Value) -> Result<Vec<String>, OperationError> {
    let own = planned.text("load_balancer_arn");
    let groups = TargetGroup::describe(client, Named::Arns, target_groups(planned, "default_action"))
        .await?
        .unwrap_or_default();
    let mut arns: Vec<String> =
        groups.into_iter().flat_map(|group| group.load_balancer_arns.unwrap_or_default()).collect();
    arns.retain(|arn| Some(arn.as_str()) != own);
    arns.sort();
    arns.dedup();
    let mut holders = Vec::new();
    for arn in arns {
        if find_by::<LoadBalancer>(client, Named::Arns, &arn).await?.is_some() {
            holders.push(arn);
        }
    }
    Ok(holders)
}

/// What is left to do once the listener exists.
async fn finish(
    aws: &Aws,
    arn: &str,
    planned: &Value,
    existing: &Value,
    tagged: bool,
    patience: Duration,
) -> Result<Value, OperationError> {
    let client = aws.elb();
    let look = || async {
        Ok(match find(client, arn).await? {
            Some(_) => Progress::Done(()),
            None => Progress::Waiting("not to be seen".to_owned()),
        })
    };
    until("the listener to be seen", patience, look).await?;
    if !tagged {
        tagging::update(client, arn, &Value::empty_object(), planned).await?;
    }
    let mut pairs = attributes::changes(ATTRIBUTES, &protocol_of(planned), &SCHEMA.block, None, planned);
    pairs.retain(|(_, text)| !text.is_empty());
    modify_attributes(client, arn, pairs).await?;
    read_one(aws, existing).await
}

pub async fn update(aws: &Aws, prior: &Value, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.elb();
    let arn = prior.text("id").unwrap_or_default();
    let schema = &SCHEMA.block;
    let changed = |name: &str| planned.known(name).is_some() && !same_attribute(schema, name, prior, planned);
    let changed_blocks =
        |name: &str| planned.known(name).is_some() && !same_blocks(schema, name, prior, planned);
    let protocol = protocol_of(planned);
    let other_protocol = !protocol.is_empty() && protocol != protocol_of(prior);
    let secured = other_protocol && is_secure(&protocol);
    // Leaving an encrypted protocol takes the policy and the certificate with it.
    let encrypts = is_secure(&protocol) || protocol.is_empty();
    let dropped_alpn = planned.get("alpn_policy").is_some_and(|policy| policy.is_known())
        && filled(planned.text("alpn_policy")).is_none()
        && filled(prior.text("alpn_policy")).is_some_and(|policy| policy != "None");

    let new_policy = encrypts && (secured || changed("ssl_policy"));
    let new_certificate = encrypts && (secured || changed("certificate_arn"));
    let new_alpn = protocol == "TLS" && (changed("alpn_policy") || dropped_alpn);
    let new_actions = changed_blocks("default_action");
    let new_mutual = changed_blocks("mutual_authentication");
    if other_protocol
        || changed("port")
        || new_policy
        || new_certificate
        || new_alpn
        || new_actions
        || new_mutual
    {
        let alpn = filled(planned.text("alpn_policy")).unwrap_or("None");
        let patience = duration::timeout(planned, "update", PATIENCE);
        let start = Instant::now();
        let look = || async {
            let answer = client
                .modify_listener()
                .listener_arn(arn)
                .set_port(port(planned).filter(|_| changed("port")))
                .set_protocol(Some(ProtocolEnum::from(protocol.as_str())).filter(|_| other_protocol))
                .set_ssl_policy(filled(planned.text("ssl_policy")).filter(|_| new_policy).map(str::to_owned))
                .set_certificates(certificates(planned).filter(|_| new_certificate))
                .set_alpn_policy(Some(vec![alpn.to_owned()]).filter(|_| new_alpn))
                .set_mutual_authentication(mutual_authentication(planned).filter(|_| new_mutual))
                .set_default_actions(Some(expand(planned, "default_action")).filter(|_| new_actions))
                .send()
                .await;
            match answer {
                Ok(_) => Ok(Progress::Done(())),
                Err(error) => {
                    let error = failed(&action("ModifyListener"), error);
                    patient(client, planned, error, start).await.map(Progress::Waiting)
                }
            }
        };
        until("the change to be accepted", patience, look).await?;
    }
    let kind = if protocol.is_empty() { protocol_of(prior) } else { protocol };
    let pairs = attributes::changes(ATTRIBUTES, &kind, schema, Some(prior), planned);
    modify_attributes(client, arn, pairs).await?;
    tagging::update(client, arn, prior, planned).await?;
    read_one(aws, &planned.with("id", Value::string(arn)).with("arn", Value::string(arn))).await
}

pub async fn delete(client: &Client, prior: &Value) -> Result<(), OperationError> {
    let arn = prior.text("id").unwrap_or_default();
    if let Err(error) = client.delete_listener().listener_arn(arn).send().await {
        let error = failed(&action("DeleteListener"), error);
        return if error.kind == ErrorKind::NotFound { Ok(()) } else { Err(error) };
    }
    let look = || async {
        Ok(match find(client, arn).await? {
            None => Progress::Done(()),
            Some(_) => Progress::Waiting("being deleted".to_owned()),
        })
    };
    until("the listener to be gone", PATIENCE, look).await
}

async fn modify_attributes(
    client: &Client,
    arn: &str,
    pairs: Vec<(&'static str, String)>,
) -> Result<(), OperationError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let attribute = |(key, value)| ListenerAttribute::builder().key(key).value(value).build();
    client
        .modify_listener_attributes()
        .listener_arn(arn)
        .set_attributes(Some(pairs.into_iter().map(attribute).collect::<Vec<_>>()))
        .send()
        .await
        .map_err(|error| failed(&action("ModifyListenerAttributes"), error))?;
    Ok(())
}

fn port(planned: &Value) -> Option<i32> {
    planned.integer("port").and_then(|port| i32::try_from(port).ok())
}

fn certificates(planned: &Value) -> Option<Vec<Certificate>> {
    let arn = filled(planned.text("certificate_arn"))?;
    Some(vec![Certificate::builder().certificate_arn(arn).build()])
}

/// How clients are authenticated by certificate. Only `verify` has a trust store.
fn mutual_authentication(planned: &Value) -> Option<MutualAuthenticationAttributes> {
    let block = planned.block("mutual_authentication")?;
    let mode = filled(block.text("mode"))?.to_lowercase();
    let builder = MutualAuthenticationAttributes::builder().mode(&mode);
    if mode != "verify" {
        return Some(builder.build());
    }
    let advertises = filled(block.text("advertise_trust_store_ca_names"));
    Some(
        builder
            .set_trust_store_arn(filled(block.text("trust_store_arn")).map(str::to_owned))
            .set_ignore_client_certificate_expiry(block.boolean("ignore_client_certificate_expiry"))
            .set_advertise_trust_store_ca_names(advertises.map(AdvertiseTrustStoreCaNamesEnum::from))
            .build(),
    )
}
