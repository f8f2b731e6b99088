//! What an ARN of the service says.
//!
//! `arn:PARTITION:elasticloadbalancing:REGION:ACCOUNT:RESOURCE`, where RESOURCE is (Service Authorization Reference)
//!
//! | object | resource |
//! |---|---|
//! | load balancer | `loadbalancer/app\|net\|gwy/NAME/ID` |
//! | target group | `targetgroup/NAME/ID` |
//! | listener | `listener/app\|net\|gwy/NAME/LOAD-BALANCER-ID/ID` |
//! | listener's rule | `listener-rule/app\|net/NAME/LOAD-BALANCER-ID/LISTENER-ID/ID` |

/// The part of a load balancer's ARN that CloudWatch names it by: `app/NAME/ID`. `None` for any other text.
pub fn load_balancer_suffix(arn: &str) -> Option<&str> {
    let suffix = resource(arn)?.strip_prefix("loadbalancer/")?;
    (segments(suffix) == 3).then_some(suffix)
}

/// The part of a target group's ARN that CloudWatch names it by: `targetgroup/NAME/ID`. `None` for any other text.
pub fn target_group_suffix(arn: &str) -> Option<&str> {
    let suffix = resource(arn)?;
    (suffix.starts_with("targetgroup/") && segments(suffix) == 3).then_some(suffix)
}

/// The ARN of the load balancer that a listener belongs to. `None` if the text is no listener's ARN.
pub fn load_balancer_of_listener(arn: &str) -> Option<String> {
    let resource = resource(arn)?;
    let path = resource.strip_prefix("listener/")?;
    if segments(path) != 4 {
        return None;
    }
    let (load_balancer, _) = path.rsplit_once('/')?;
    let head = arn.strip_suffix(resource)?;
    Some(format!("{head}loadbalancer/{load_balancer}"))
}

/// The ARN of the listener that a rule belongs to. `None` if the text is no rule's ARN.
pub fn listener_of_rule(arn: &str) -> Option<String> {
    let resource = resource(arn)?;
    let path = resource.strip_prefix("listener-rule/")?;
    if segments(path) != 5 {
        return None;
    }
    let (listener, _) = path.rsplit_once('/')?;
    let head = arn.strip_suffix(resource)?;
    Some(format!("{head}listener/{listener}"))
}

/// The type of the load balancer that a load balancer's or listener's ARN speaks of, as `load_balancer_type` says
/// it. `None` if the ARN does not tell.
pub fn load_balancer_type(arn: &str) -> Option<&'static str> {
    let resource = resource(arn)?;
    let path = resource.strip_prefix("loadbalancer/").or_else(|| resource.strip_prefix("listener/"))?;
    match path.split('/').next()? {
        "app" => Some("application"),
        "net" => Some("network"),
        "gwy" => Some("gateway"),
        _ => None,
    }
}

/// What follows the account, if the ARN is one of the service's.
fn resource(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (prefix, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let resource = parts.nth(2)?;
    (prefix == "arn" && service == "elasticloadbalancing").then_some(resource)
}

/// The number of non-empty parts between slashes; 0 if one is empty.
fn segments(path: &str) -> usize {
    let parts: Vec<&str> = path.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) { 0 } else { parts.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD_BALANCER: &str =
        "arn:aws:elasticloadbalancing:eu-west-3:123456789012:loadbalancer/app/collector/50dc6c495c0c9188";
    const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:listener/app/collector/50dc6c495c0c9188/f2f7dc8efc522ab2";
    const TARGET_GROUP: &str =
        "arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:targetgroup/http-1/73e2d6bc24d8a067";

    #[test]
    fn suffixes_are_what_cloudwatch_names_objects_by() {
        assert_eq!(load_balancer_suffix(LOAD_BALANCER), Some("app/collector/50dc6c495c0c9188"));
        assert_eq!(target_group_suffix(TARGET_GROUP), Some("targetgroup/http-1/73e2d6bc24d8a067"));
    }

    #[test]
    fn a_listener_names_its_load_balancer() {
        assert_eq!(load_balancer_of_listener(LISTENER).as_deref(), Some(LOAD_BALANCER));
        assert_eq!(load_balancer_type(LISTENER), Some("application"));
        assert_eq!(load_balancer_type(&LOAD_BALANCER.replace("/app/", "/gwy/")), Some("gateway"));
    }

    #[test]
    fn other_texts_are_not_taken_for_arns() {
        for text in ["", "collector", "arn:aws:s3:::bucket", TARGET_GROUP, LISTENER] {
            assert_eq!(load_balancer_suffix(text), None, "{text}");
        }
        // A Classic Load Balancer's ARN has no type in it.
        let classic = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:loadbalancer/collector";
        assert_eq!(load_balancer_suffix(classic), None);
        assert_eq!(target_group_suffix(LOAD_BALANCER), None);
        assert_eq!(load_balancer_of_listener(LOAD_BALANCER), None);
    }
}
