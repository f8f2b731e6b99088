//! Which types of objects are looked for that neither code nor record know: `unmanaged` in a `drift` block.

use crate::config::shape::Content;
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};

use super::read::{Located, texts};
use super::{Repository, Stack};

/// The rules of security groups, in all the types that they are written with.
const RULES: [&str; 3] =
    ["aws_security_group_rule", "aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"];

/// The types that can be looked for, those first that cost no call of their own: what is read of roles and security groups
/// names them.
pub const LOOKED_FOR: [&str; 10] = [
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    RULES[0],
    RULES[1],
    RULES[2],
    "aws_autoscaling_policy",
    "aws_cloudwatch_metric_alarm",
    "aws_dynamodb_table_item",
    "aws_lb_listener",
    "aws_lb_listener_rule",
];

/// How many of [`LOOKED_FOR`] are looked for where nothing is said.
const WITHOUT_ASKING: usize = 5;

/// The argument of a `drift` block; `None` if it says nothing, or nothing that is right.
pub(super) fn unmanaged(content: &Content, diagnostics: &mut Diagnostics) -> Option<Vec<&'static str>> {
    let given = texts(content, "unmanaged", "types", diagnostics)?;
    let mut types = Vec::new();
    let mut is_right = true;
    for Located { value, span } in given.value {
        match LOOKED_FOR.iter().find(|name| **name == value) {
            // Which of the types a rule is of depends on how the others of its group are written.
            Some(name) if *name == RULES[0] => types.extend(RULES),
            Some(name) => types.push(*name),
            None => {
                let hint = suggestion(&value, LOOKED_FOR);
                let detail = format!(
                    "Objects of type {value:?} cannot be looked for.{hint} Those that can be: {}.",
                    LOOKED_FOR.join(", ")
                );
                diagnostics.push(Diagnostic::error("Type that is not looked for", detail).at(span));
                is_right = false;
            }
        }
    }
    types.sort_unstable();
    types.dedup();
    is_right.then_some(types)
}

impl Repository {
    /// The types of which objects of a stack's objects are looked for that it does not know: as the stack's own `drift`
    /// block says, else the repository's, else those that no call needs to be made for.
    pub fn unmanaged(&self, stack: &Stack) -> Vec<&'static str> {
        let given = stack.drift.unmanaged.as_ref().or(self.drift.unmanaged.as_ref());
        given.cloned().unwrap_or_else(|| LOOKED_FOR[..WITHOUT_ASKING].to_vec())
    }
}
