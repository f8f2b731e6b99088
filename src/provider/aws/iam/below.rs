//! Policies of a stack's roles that the stack does not know. What was read of a role names them all: nothing more is
//! asked.

use std::collections::HashSet;

use super::role_policy::place_of;
use crate::provider::below::{Below, Child, StackObjects};
use crate::provider::object::Object;

const ROLES: [&str; 1] = ["aws_iam_role"];

/// The path of policies that only roles of services may have, and that the services attach themselves (IAM User Guide,
/// “Service-linked roles”).
const OF_SERVICES: &str = ":policy/aws-service-role/";

/// Inline policies. Of a role whose resource has `inline_policy` blocks a further one is the role's own drift.
pub(super) fn inline(objects: &StackObjects) -> Below {
    let known: HashSet<(&str, &str)> = objects.known(&["aws_iam_role_policy"]).filter_map(place_of).collect();
    let mut below = Below::default();
    for (address, role, member) in objects.parents(&ROLES) {
        let Some(role_name) = role.text("name").filter(|_| !member.writes("inline_policy")) else { continue };
        for name in role.blocks("inline_policy").iter().filter_map(|policy| policy.text("name")) {
            if known.contains(&(role_name, name)) {
                continue;
            }
            let id = format!("{role_name}:{name}");
            below.children.push(Child {
                parent: address.clone(),
                label: name.to_owned(),
                import_id: Some(id.clone()),
                id,
            });
        }
    }
    below
}

/// Policies that are attached. Of a role whose resource says `managed_policy_arns` a further one is the role's own drift.
pub(super) fn attached(objects: &StackObjects) -> Below {
    let mut known: HashSet<(String, String)> = HashSet::new();
    for attachment in objects.known(&["aws_iam_role_policy_attachment"]) {
        if let (Some(role), Some(arn)) = (attachment.text("role"), attachment.text("policy_arn")) {
            known.insert((role.to_owned(), arn.to_owned()));
        }
    }
    // One of these attaches a policy to many roles.
    for attachment in objects.known(&["aws_iam_policy_attachment"]) {
        if let Some(arn) = attachment.text("policy_arn") {
            known.extend(attachment.texts("roles").into_iter().map(|role| (role, arn.to_owned())));
        }
    }
    let mut below = Below::default();
    for (address, role, member) in objects.parents(&ROLES) {
        let Some(name) = role.text("name").filter(|_| !member.writes("managed_policy_arns")) else {
            continue;
        };
        for arn in role.texts("managed_policy_arns") {
            if arn.contains(OF_SERVICES) || known.contains(&(name.to_owned(), arn.clone())) {
                continue;
            }
            let id = format!("{name}/{arn}");
            let label = arn.rsplit('/').next().unwrap_or_default().to_owned();
            below.children.push(Child { parent: address.clone(), label, import_id: Some(id.clone()), id });
        }
    }
    below
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::address::parse_instance;
    use crate::lang::value::Value;
    use crate::provider::below::Member;
    use crate::provider::object::text_set;

    const OF_AWS: &str = "arn:aws:iam::aws:policy/aws-service-role/AWSSupportServiceRolePolicy";

    fn objects(written: &[&str], known: &[(&str, Value)]) -> StackObjects {
        let mut objects = StackObjects::default();
        let attached = ["arn:aws:iam::1:policy/a", "arn:aws:iam::1:policy/b", OF_AWS];
        let policy = Value::object([("name", Value::string("p")), ("policy", Value::string("{}"))]);
        let role = Value::object([
            ("name", Value::string("web")),
            ("managed_policy_arns", text_set(attached)),
            ("inline_policy", Value::tuple(vec![policy])),
        ]);
        let written = Arc::new(written.iter().map(|name| Arc::from(*name)).collect());
        let member = |address: &str| Member {
            address: parse_instance(address).unwrap(),
            live: None,
            recorded: None,
            desired: None,
            written: Arc::clone(&written),
            is_here: true,
        };
        objects.add(Member { live: Some(role), ..member("aws_iam_role.web") });
        for (address, value) in known {
            objects.add(Member { desired: Some(value.clone()), ..member(address) });
        }
        objects
    }

    fn labels(below: &Below) -> Vec<&str> {
        below.children.iter().map(|child| child.label.as_str()).collect()
    }

    #[test]
    fn what_nobody_knows_is_found() {
        let objects = objects(&["name"], &[]);
        assert_eq!(labels(&attached(&objects)), ["a", "b"]);
        assert_eq!(labels(&inline(&objects)), ["p"]);
    }

    #[test]
    fn what_is_to_be_made_is_known() {
        let place = |name, value: &str| [("role", Value::string("web")), (name, Value::string(value))];
        let many = [("policy_arn", Value::string("arn:aws:iam::1:policy/b")), ("roles", text_set(["web"]))];
        let known = [
            (
                "aws_iam_role_policy_attachment.a",
                Value::object(place("policy_arn", "arn:aws:iam::1:policy/a")),
            ),
            ("aws_iam_policy_attachment.b", Value::object(many)),
            ("aws_iam_role_policy.p", Value::object(place("name", "p"))),
        ];
        let objects = objects(&[], &known);
        assert_eq!(labels(&attached(&objects)), [""; 0]);
        assert_eq!(labels(&inline(&objects)), [""; 0]);
    }

    #[test]
    fn what_the_role_lists_itself_is_its_own_drift() {
        let objects = objects(&["managed_policy_arns", "inline_policy"], &[]);
        assert_eq!(labels(&attached(&objects)), [""; 0]);
        assert_eq!(labels(&inline(&objects)), [""; 0]);
    }
}
