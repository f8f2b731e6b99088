//! `recon validate`

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use crate::lang::diagnostic::{Diagnostics, Severity};
use crate::plan::offline::foreign_providers;
use crate::plan::{Stack, offline};

use super::session::Session;
use super::{FAILURE, SUCCESS, StackArgs};

#[derive(Args)]
pub struct ValidateArgs {
    #[command(flatten)]
    stack: StackArgs,
    /// Prints the findings as JSON, in the format of "terraform validate -json".
    #[arg(long)]
    json: bool,
}

pub fn run(args: ValidateArgs) -> u8 {
    let session = Session::new(&args.stack);
    let mut diagnostics = Diagnostics::new();
    if let Some((configuration, graph)) = session.configuration(&mut diagnostics) {
        let environment = session.environment();
        // Variables are not asked for: what they may hold is checked, not what they do.
        let variables = BTreeMap::new();
        let stack = Stack {
            configuration: &configuration,
            graph: &graph,
            registry: &session.registry,
            environment: &environment,
            variables: &variables,
        };
        offline(stack, &mut diagnostics);
        diagnostics.append(foreign_providers(stack));
    }
    let count =
        |severity: Severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if args.json {
        let found: Vec<_> = diagnostics
            .iter()
            .map(|diagnostic| crate::render::diagnostic::diagnostic_json(diagnostic, &session.sources))
            .collect();
        let document = json!({
            "format_version": "1.0",
            "valid": errors == 0,
            "error_count": errors,
            "warning_count": warnings,
            "diagnostics": found,
        });
        println!("{}", serde_json::to_string_pretty(&document).unwrap_or_default());
    } else {
        session.report(&diagnostics);
        if errors == 0 {
            let but =
                if warnings > 0 { ", but there were some validation warnings as shown above" } else { "" };
            println!("Success! The configuration is valid{but}.");
        }
    }
    if errors > 0 { FAILURE } else { SUCCESS }
}
