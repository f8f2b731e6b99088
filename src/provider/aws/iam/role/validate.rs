//! Offline checks of `aws_iam_role`.

use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::iam::checks;
use crate::provider::object::Object;

/// The longest name of a role.
const MAX_NAME: usize = 64;

/// The longest name of an inline policy.
const MAX_POLICY_NAME: usize = 128;

pub fn validate(config: &Value, problems: &mut Problems) {
    let mut all = Checks::new(config, problems);
    checks::names(&mut all, MAX_NAME);
    checks::path(&mut all);
    checks::policy(&mut all, "assume_role_policy");
    checks::description(&mut all);
    if all.config.text("description").is_some_and(|text| text.contains(['“', '‘'])) {
        all.invalid(
            "description",
            "IAM takes no typographic quotation marks (“ and ‘): write \" or ' instead.",
        );
    }
    all.within("max_session_duration", 3600..=43_200, "seconds");
    all.arn("permissions_boundary");
    checks::arns(&mut all, "managed_policy_arns");
    all.each("inline_policy", |block| {
        checks::friendly_name(block, "name", 1..=MAX_POLICY_NAME);
        checks::policy(block, "policy");
    });
}
