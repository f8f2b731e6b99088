//! A plan for people: what differs, why, where it is written, and what is to be done about it.

use std::fmt::Write;

use crate::compare::Verdict;
use crate::lang::source::SourceMap;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::plan::model::{Action, Plan, PlanMode, Reason, ResourceChange};
use crate::plan::planner::operation_detail;
use crate::provider::OperationError;
use crate::provider::registry::Registry;

use super::block::Comparison;
use super::diff::{Around, Lines, Sign, same};
use super::style::{BOLD, Colors, DIM, RED, YELLOW};
use super::summary::DriftCounts;
use super::value::header;
use super::with_schema;

/// A plan as text. The last line is Terraform's: `Plan: 1 to add, 0 to change, 0 to destroy.` or `No changes. …`.
pub fn plan(plan: &Plan, registry: &Registry, sources: &SourceMap, colors: Colors) -> String {
    let mut lines = Lines::new(colors);
    drift(plan, &mut lines);
    unreadable(plan, &mut lines);
    not_compared(plan, &mut lines);
    let shown: Vec<&ResourceChange> = plan.changes.iter().filter(|change| is_shown(plan, change)).collect();
    if !shown.is_empty() {
        legend(plan, &shown, &mut lines);
        for change in &shown {
            resource(plan, change, registry, sources, &mut lines);
        }
    }
    outputs(plan, &mut lines);
    let mut text = lines.text;
    if plan.targeted {
        text.push_str(
            "The plan is of the targeted objects and what they need only: nothing is said of the others.\n\n",
        );
    }
    let counts = DriftCounts::of(plan);
    if counts.is_drift() {
        let _ = writeln!(text, "{}", colors.paint(YELLOW, &counts.to_string()));
    }
    text.push_str(&colors.paint(BOLD, &last_line(plan)));
    text.push('\n');
    text
}

/// `Plan: 1 to add, 0 to change, 0 to destroy.`, with imports and forgets where there are any.
pub fn counts_line(plan: &Plan) -> String {
    let counts = plan.counts();
    let import = if counts.import > 0 { format!("{} to import, ", counts.import) } else { String::new() };
    let forget = if counts.forget > 0 { format!(", {} to forget", counts.forget) } else { String::new() };
    format!(
        "Plan: {import}{} to add, {} to change, {} to destroy{forget}.",
        counts.add, counts.change, counts.destroy
    )
}

fn last_line(plan: &Plan) -> String {
    let recorded_only = plan.changes.iter().any(drifted_in_record);
    match plan.mode {
        PlanMode::RefreshOnly if recorded_only => {
            "Applying this plan records what AWS holds now. It changes nothing in AWS.".to_owned()
        }
        PlanMode::RefreshOnly if plan.is_empty() => {
            "No changes. Your infrastructure still matches the recorded state.".to_owned()
        }
        PlanMode::Destroy if plan.is_empty() => "No changes. No objects need to be destroyed.".to_owned(),
        _ if plan.is_empty() && !plan.not_compared.is_empty() => {
            "No changes. What was compared matches the configuration.".to_owned()
        }
        _ if plan.is_empty() => "No changes. Your infrastructure matches the configuration.".to_owned(),
        _ => counts_line(plan),
    }
}

/// Whether AWS holds something else than what is recorded.
pub(super) fn drifted_in_record(change: &ResourceChange) -> bool {
    change.verdict == Verdict::Missing
        || !change.recorded.is_null() && !change.before.is_null() && !same(&change.recorded, &change.before)
}

fn is_shown(plan: &Plan, change: &ResourceChange) -> bool {
    change.action != Action::NoOp
        || change.importing.is_some()
        || change.previous_address.is_some()
        || plan.mode == PlanMode::RefreshOnly && drifted_in_record(change)
}

/// One line for each object that is not what was recorded.
fn drift(plan: &Plan, lines: &mut Lines) {
    let mut found = Vec::new();
    for change in &plan.changes {
        let names = |verdict: Verdict| -> Vec<String> {
            change
                .attributes
                .iter()
                .filter(|attribute| attribute.verdict == verdict)
                .map(|attribute| super::block::path_text(&attribute.path))
                .collect()
        };
        if change.verdict == Verdict::Missing {
            let with = change
                .consequence_of
                .as_ref()
                .map(|other| format!(" (it went with {other})"))
                .unwrap_or_default();
            found.push((RED, format!("{}: missing from AWS{with}", change.address)));
            continue;
        }
        // Nothing is said of the code where only the record is to follow.
        let converged = if plan.mode == PlanMode::RefreshOnly {
            (Verdict::Converged, YELLOW, "changed in AWS")
        } else {
            (Verdict::Converged, DIM, "converged, AWS has what the code wants and only the record is behind")
        };
        for (verdict, color, meaning) in [
            (Verdict::Conflicted, RED, "conflicted, changed in AWS and in the code"),
            (Verdict::Drifted, YELLOW, "drifted, changed in AWS"),
            converged,
        ] {
            let names = names(verdict);
            if !names.is_empty() {
                found.push((color, format!("{}: {meaning}: {}", change.address, names.join(", "))));
            }
        }
    }
    if found.is_empty() {
        return;
    }
    let heading = lines.colors.paint(BOLD, "Drift: AWS differs from what was recorded.");
    let _ = writeln!(lines.text, "{heading}\n");
    for (color, text) in found {
        let text = lines.colors.paint(color, &text);
        let _ = writeln!(lines.text, "  {text}");
    }
    lines.blank();
}

fn unreadable(plan: &Plan, lines: &mut Lines) {
    let found: Vec<(&ResourceChange, &OperationError)> =
        plan.changes.iter().filter_map(|change| Some((change, change.unreadable.as_ref()?))).collect();
    if found.is_empty() {
        return;
    }
    let heading = lines.colors.paint(BOLD, "Could not be read, so whether they drifted is not known:");
    let _ = writeln!(lines.text, "{heading}\n");
    for (change, why) in found {
        let _ = writeln!(lines.text, "  {}: {}", change.address, operation_detail(why));
    }
    lines.blank();
}

/// What nothing is said of, the reasons once for all that share them.
fn not_compared(plan: &Plan, lines: &mut Lines) {
    if plan.not_compared.is_empty() {
        return;
    }
    let heading = lines.colors.paint(BOLD, "Not compared, and left as it is:");
    let _ = writeln!(lines.text, "{heading}\n");
    for left in &plan.not_compared {
        let deposed = left.deposed.as_ref().map(|key| format!(" (deposed object {key})")).unwrap_or_default();
        let _ = writeln!(lines.text, "  {}{deposed}: {}", left.address, left.why);
    }
    let mut advice: Vec<&str> = plan.not_compared.iter().map(|left| left.why.advice()).collect();
    advice.sort_unstable();
    advice.dedup();
    lines.blank();
    for advice in advice {
        let _ = writeln!(lines.text, "  {advice}");
    }
    lines.blank();
}

fn sign(action: Action) -> Sign {
    match action {
        Action::NoOp => Sign::None,
        Action::Create => Sign::Add,
        Action::Read => Sign::Read,
        Action::Update => Sign::Change,
        Action::Delete => Sign::Remove,
        Action::Forget => Sign::Forget,
        Action::DeleteThenCreate => Sign::Replace,
        Action::CreateThenDelete => Sign::ReplaceAfter,
    }
}

fn legend(plan: &Plan, shown: &[&ResourceChange], lines: &mut Lines) {
    if plan.mode == PlanMode::RefreshOnly {
        lines.text.push_str("These changes were made outside of recon and will be recorded:\n\n");
        return;
    }
    let meanings = [
        (Action::Create, "create"),
        (Action::Update, "update in-place"),
        (Action::Delete, "destroy"),
        (Action::DeleteThenCreate, "destroy and then create replacement"),
        (Action::CreateThenDelete, "create replacement and then destroy"),
        (Action::Read, "read (data resources)"),
        (Action::Forget, "forget (leave in AWS, no longer record)"),
    ];
    lines.text.push_str("Resource actions are indicated with the following symbols:\n");
    for (action, meaning) in meanings {
        if shown.iter().any(|change| change.action == action) {
            lines.line(sign(action), 4, meaning);
        }
    }
    lines.text.push_str("\nrecon will perform the following actions:\n\n");
}

/// What happens to an object, in words.
fn happens(plan: &Plan, change: &ResourceChange) -> String {
    let missing = change.verdict == Verdict::Missing;
    if plan.mode == PlanMode::RefreshOnly {
        let what = if missing { "has been deleted outside of recon" } else { "has changed outside of recon" };
        return what.to_owned();
    }
    let what = match (change.action, change.reason) {
        (Action::Create, _) if missing => {
            "is missing from AWS (deleted outside of recon) and will be created"
        }
        (Action::Delete, _) if missing => "is gone from AWS already and will be taken out of the record",
        (Action::Create, _) => "will be created",
        (Action::Update, _) => "will be updated in-place",
        (Action::Delete, _) => "will be destroyed",
        (Action::Read, _) => "will be read during apply",
        (Action::Forget, _) => "will no longer be managed by recon, but will not be destroyed",
        (_, Some(Reason::ReplaceBecauseTainted)) => "is tainted, so must be replaced",
        (_, Some(Reason::ReplaceByRequest)) => "will be replaced, as requested",
        (_, Some(Reason::ReplaceByTriggers)) => "will be replaced due to changes in replace_triggered_by",
        (action, _) if action.is_replace() => "must be replaced",
        _ if change.importing.is_some() => "will be imported",
        _ => "has moved",
    };
    what.to_owned()
}

/// Why an object goes or is read, where its action alone does not say.
fn because(reason: Reason, change: &ResourceChange) -> Option<String> {
    let resource = &change.address.resource;
    let key = &change.address.key;
    Some(match reason {
        Reason::DeleteBecauseNoResourceConfig => format!("because {resource} is not in configuration"),
        Reason::DeleteBecauseWrongRepetition => {
            format!("because {resource} does not use the repetition that this instance comes from")
        }
        Reason::DeleteBecauseCountIndex => format!("because index {key} is out of range for count"),
        Reason::DeleteBecauseEachKey => format!("because key {key} is not in for_each map"),
        Reason::DeleteBecauseNoModule => format!("because {} is not in configuration", change.address.module),
        Reason::DeleteBecauseNoMoveTarget => {
            format!("because {resource} was moved to an address that is not in configuration")
        }
        Reason::ReadBecauseConfigUnknown => "config refers to values not yet known".to_owned(),
        Reason::ReadBecauseDependencyPending => {
            "depends on a resource or a module with changes pending".to_owned()
        }
        Reason::ReadBecauseCheckNested => "config will be reloaded to verify a check block".to_owned(),
        Reason::ReplaceBecauseCannotUpdate
        | Reason::ReplaceBecauseTainted
        | Reason::ReplaceByRequest
        | Reason::ReplaceByTriggers => return None,
    })
}

fn resource(
    plan: &Plan,
    change: &ResourceChange,
    registry: &Registry,
    sources: &SourceMap,
    lines: &mut Lines,
) {
    let deposed = change.deposed.as_ref().map(|key| format!(" (deposed object {key})")).unwrap_or_default();
    let happens = happens(plan, change);
    let only_moved =
        plan.mode != PlanMode::RefreshOnly && change.action == Action::NoOp && change.importing.is_none();
    let title = if only_moved {
        let from = change.previous_address.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("# {from} has moved to {}", change.address)
    } else {
        format!("# {}{deposed} {happens}", change.address)
    };
    let title = lines.colors.paint(BOLD, &title);
    lines.line(Sign::None, 2, &title);
    let mut notes = Vec::new();
    if let Some(previous) = &change.previous_address
        && !only_moved
    {
        notes.push(format!("moved from {previous}"));
    }
    notes.extend(change.reason.and_then(|reason| because(reason, change)));
    notes.extend(change.importing.as_ref().map(|id| format!("imported from {id:?}")));
    notes.extend(change.consequence_of.as_ref().map(|other| format!("went with {other}")));
    if change.adopted {
        notes.push("made by an earlier run that did not end well, and adopted".to_owned());
    }
    for note in notes {
        lines.comment(2, &format!("({note})"));
    }
    if change.action == Action::Forget {
        lines.line(Sign::Forget, 4, &header(&change.address));
        lines.blank();
        return;
    }
    let null = Value::null(Type::Dynamic);
    let (sign, before, after) = if plan.mode == PlanMode::RefreshOnly {
        let sign = if change.before.is_null() { Sign::Remove } else { Sign::Change };
        (sign, &change.recorded, &change.before)
    } else {
        let after = if change.action == Action::Delete { &null } else { &change.after };
        (sign(change.action), &change.before, after)
    };
    if before.is_null() && after.is_null() {
        lines.blank();
        return;
    }
    lines.line(sign, 4, &format!("{} {{", header(&change.address)));
    with_schema(registry, &change.address.resource, |schema| {
        let comparison = Comparison { change, sources, outside: plan.mode == PlanMode::RefreshOnly };
        comparison.body(schema.map(|schema| &schema.block), before, after, &mut Vec::new(), 8, lines);
    });
    lines.line(Sign::None, 4, "}");
    lines.blank();
}

fn outputs(plan: &Plan, lines: &mut Lines) {
    let changed: Vec<_> = plan.outputs.iter().filter(|(_, output)| output.action != Action::NoOp).collect();
    if changed.is_empty() {
        return;
    }
    let heading = lines.colors.paint(BOLD, "Changes to Outputs:");
    let _ = writeln!(lines.text, "{heading}");
    let width = changed.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, output) in changed {
        let prefix = format!("{name:width$} = ");
        let around = Around { prefix: &prefix, ..Around::default() };
        let mark = |value: &Value| if output.sensitive { value.clone().sensitive() } else { value.clone() };
        let (before, after) = (mark(&output.before), mark(&output.after));
        match output.action {
            Action::Create => lines.whole(Sign::Add, 4, &after, around),
            Action::Delete => lines.whole(Sign::Remove, 4, &before, Around { suffix: " -> null", ..around }),
            _ => lines.changed(4, &before, &after, around),
        }
    }
    lines.blank();
}

#[cfg(test)]
mod tests {
    use super::super::sample::{SECRET, attribute, change, everything, load_balancer, null, plan_of};
    use super::*;
    use crate::plan::model::AttributeVerdict;
    use crate::schema::Nesting;

    fn shown(given: &Plan) -> String {
        plan(given, &Registry::new(), &SourceMap::new(), Colors(false))
    }

    #[test]
    fn a_plan_says_what_and_why() {
        let (given, sources) = everything();
        insta::assert_snapshot!(plan(&given, &Registry::new(), &sources, Colors(false)), @r#"
        Drift: AWS differs from what was recorded.

          aws_lb.gone: missing from AWS
          aws_lb.with: missing from AWS (it went with aws_lb.gone)
          module.alb.aws_lb.main: drifted, changed in AWS: idle_timeout
          terraform_data.replaced[0]: conflicted, changed in AWS and in the code: input

        Could not be read, so whether they drifted is not known:

          aws_lb.closed: elasticloadbalancing:DescribeLoadBalancers: not allowed. The credentials in use may not do elasticloadbalancing:DescribeLoadBalancers: allow it in their policy.

        Resource actions are indicated with the following symbols:
          + create
          ~ update in-place
          - destroy
        -/+ destroy and then create replacement

        recon will perform the following actions:

          # aws_lb.gone is missing from AWS (deleted outside of recon) and will be created
          + resource "aws_lb" "gone" {
              + name = "gone"
            }

          # aws_lb.with is missing from AWS (deleted outside of recon) and will be created
          # (went with aws_lb.gone)
          + resource "aws_lb" "with" {
              + name = "with"
            }

          # module.alb.aws_lb.main will be updated in-place
          ~ resource "aws_lb" "main" {
                id           = "arn:lb"
              ~ idle_timeout = 60 -> 120 # drifted: somebody changed AWS (recorded 120), written at modules/alb/main.tf:2:3
                name         = "main"
              ~ tags         = { # pending, written at modules/alb/main.tf:2:3
                  ~ "team" = "a" -> "b"
                    # (1 unchanged element hidden)
                }
                # (1 unchanged attribute hidden)
            }

          # terraform_data.replaced[0] must be replaced
        -/+ resource "terraform_data" "replaced" {
              ~ id               = "1" -> (known after apply)
              ~ input            = (sensitive value) # conflicted: changed in AWS and in the code, there as a consequence of other changes
              + triggers_replace = "now" # forces replacement
            }

          # terraform_data.old["k"] will be destroyed
          # (because key ["k"] is not in for_each map)
          - resource "terraform_data" "old" {
              - id    = "1" -> null
              - input = {
                  - password = (sensitive value) -> null
                  - user     = "bob" -> null
                } -> null
            }

          # terraform_data.former has moved to terraform_data.new
            resource "terraform_data" "new" {
                id = "1"
                # (1 unchanged attribute hidden)
            }

          # terraform_data.found will be imported
          # (imported from "1")
            resource "terraform_data" "found" {
                id = "1"
                # (1 unchanged attribute hidden)
            }

        Changes to Outputs:
          + dns      = (known after apply)
          ~ password = (sensitive value)

        Drift: 1 drifted, 1 conflicted, 2 missing (1 of them with another). Pending in the code: 1. Not readable: 1.
        Plan: 1 to import, 3 to add, 1 to change, 2 to destroy.
        "#);
    }

    #[test]
    fn no_sensitive_value_shows() {
        let (mut given, sources) = everything();
        for mode in [PlanMode::Normal, PlanMode::RefreshOnly, PlanMode::Destroy] {
            given.mode = mode;
            for change in &mut given.changes {
                change.recorded = null();
            }
            for colors in [Colors(true), Colors(false)] {
                let text = plan(&given, &Registry::new(), &sources, colors);
                assert!(text.contains("(sensitive value)") && !text.contains(SECRET), "{text}");
            }
        }
    }

    #[test]
    fn nested_blocks_are_compared_block_by_block() {
        let registry = Registry::new();
        let ty = registry.resource_type("aws_lb").unwrap();
        let logs = &ty.schema().block.blocks["access_logs"];
        assert_eq!(logs.nesting, Nesting::List);
        let with = |bucket: &str| {
            let one = logs.block.object([("bucket", Value::string(bucket)), ("enabled", Value::bool(true))]);
            load_balancer([
                ("name", Value::string("main")),
                ("access_logs", Value::list(logs.block.implied_type(), vec![one])),
            ])
        };
        let without = load_balancer([("name", Value::string("main"))]);
        let text = |before: Value, after: Value| {
            let text = shown(&plan_of(vec![change("aws_lb.main", Action::Update, before, after)]));
            text.split("recon will perform").nth(1).unwrap().to_owned()
        };
        insta::assert_snapshot!(
            text(with("a"), with("b")) + &text(without.clone(), with("a")) + &text(with("a"), without),
            @r#"
         the following actions:

          # aws_lb.main will be updated in-place
          ~ resource "aws_lb" "main" {
                name = "main"

              ~ access_logs {
                  ~ bucket = "a" -> "b"
                    # (1 unchanged attribute hidden)
                }
            }

        Plan: 0 to add, 1 to change, 0 to destroy.
         the following actions:

          # aws_lb.main will be updated in-place
          ~ resource "aws_lb" "main" {
                name = "main"

              + access_logs {
                  + bucket  = "a"
                  + enabled = true
                }
            }

        Plan: 0 to add, 1 to change, 0 to destroy.
         the following actions:

          # aws_lb.main will be updated in-place
          ~ resource "aws_lb" "main" {
                name = "main"

              - access_logs {
                  - bucket  = "a" -> null
                  - enabled = true -> null
                }
            }

        Plan: 0 to add, 1 to change, 0 to destroy.
        "#
        );
    }

    #[test]
    fn nothing_to_do_is_said_in_one_line() {
        let same = load_balancer([("name", Value::string("main"))]);
        let mut quiet = change("aws_lb.main", Action::NoOp, same.clone(), same);
        quiet.verdict = Verdict::InSync;
        let given = plan_of(vec![quiet]);
        assert_eq!(shown(&given), "No changes. Your infrastructure matches the configuration.\n");
    }

    #[test]
    fn the_last_line_counts_as_terraform_does() {
        let after = load_balancer([("name", Value::string("main"))]);
        let create =
            |index: usize| change(&format!("aws_lb.main[{index}]"), Action::Create, null(), after.clone());
        let given = plan_of((0..11).map(create).collect());
        assert_eq!(shown(&given).lines().last(), Some("Plan: 11 to add, 0 to change, 0 to destroy."));
        let mut import = change("aws_lb.x", Action::NoOp, after.clone(), after.clone());
        import.importing = Some("arn".into());
        let forget = change("aws_lb.y", Action::Forget, after, null());
        let given = plan_of(vec![import, forget]);
        assert_eq!(
            shown(&given).lines().last(),
            Some("Plan: 1 to import, 0 to add, 0 to change, 0 to destroy, 1 to forget.")
        );
    }

    #[test]
    fn refreshing_shows_what_was_changed_outside() {
        let object = |timeout: i64| load_balancer([("name", "m".into()), ("idle_timeout", timeout.into())]);
        let mut drifted = change("aws_lb.main", Action::NoOp, object(60), object(60));
        drifted.recorded = object(120);
        drifted.verdict = Verdict::Converged;
        drifted.attributes = vec![AttributeVerdict {
            path: attribute("idle_timeout"),
            verdict: Verdict::Converged,
            desired: 60.into(),
            recorded: 120.into(),
            live: Some(60.into()),
            consequence: false,
            origin: None,
        }];
        let mut missing = change("aws_lb.gone", Action::NoOp, null(), null());
        missing.recorded = object(5);
        missing.verdict = Verdict::Missing;
        let mut given = plan_of(vec![drifted, missing]);
        given.mode = PlanMode::RefreshOnly;
        insta::assert_snapshot!(shown(&given), @r#"
        Drift: AWS differs from what was recorded.

          aws_lb.main: changed in AWS: idle_timeout
          aws_lb.gone: missing from AWS

        These changes were made outside of recon and will be recorded:

          # aws_lb.main has changed outside of recon
          ~ resource "aws_lb" "main" {
              ~ idle_timeout = 120 -> 60
                name         = "m"
            }

          # aws_lb.gone has been deleted outside of recon
          - resource "aws_lb" "gone" {
              - idle_timeout = 5 -> null
              - name         = "m" -> null
            }

        Drift: 1 drifted, 0 conflicted, 1 missing. Pending in the code: 0.
        Applying this plan records what AWS holds now. It changes nothing in AWS.
        "#);
    }
}
