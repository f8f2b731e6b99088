//! `recon bootstrap state`: from nothing to a bucket that keeps the states of all stacks, its own included.
//!
//! The stack that makes the bucket is applied with a state in its directory, since there is no bucket yet; then it gets
//! a backend block and its state is moved into the bucket it made. Each step looks for what an earlier run has done, so
//! that a run that was ended can be repeated.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::state::State;

use super::session::Session;
use super::show::recorded;
use super::{FAILURE, SUCCESS, StackArgs};

/// The stack, as it is at the top of recon's repository.
const FILES: [(&str, &str); 4] = [
    ("main.tf", include_str!("../../state/main.tf")),
    ("outputs.tf", include_str!("../../state/outputs.tf")),
    ("variables.tf", include_str!("../../state/variables.tf")),
    ("versions.tf", include_str!("../../state/versions.tf")),
];

const VARIABLES: &str = "terraform.tfvars";

const BACKEND: &str = "backend.tf";

#[derive(Args)]
pub struct BootstrapArgs {
    #[command(subcommand)]
    command: BootstrapCommand,
}

#[derive(Subcommand)]
enum BootstrapCommand {
    /// Makes the bucket for states, with a stack whose own state ends up in it.
    State(StateArgs),
}

#[derive(Args)]
struct StateArgs {
    /// The stack's directory; it is written if it is not there.
    #[arg(value_name = "STACK", default_value = "state")]
    stack: PathBuf,
    /// Name of the bucket.
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,
    /// Region of the bucket.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// ARN of a KMS key to encrypt states with.
    #[arg(long, value_name = "ARN")]
    kms_key_arn: Option<String>,
    /// Name of a DynamoDB table for locks, for writers before Terraform 1.10.
    #[arg(long, value_name = "NAME")]
    lock_table: Option<String>,
    /// Key of the stack's own state.
    #[arg(long, value_name = "KEY", default_value = "state/terraform.tfstate")]
    key: String,
    /// Does not ask before making anything.
    #[arg(long)]
    auto_approve: bool,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

pub fn run(args: BootstrapArgs) -> u8 {
    let BootstrapCommand::State(args) = args.command;
    let session = Session::new(&StackArgs { stack: Some(args.stack.clone()), no_color: args.no_color });
    match bootstrap(&session, &args) {
        Ok(code) => code,
        Err(diagnostics) => {
            session.report(&diagnostics);
            FAILURE
        }
    }
}

fn bootstrap(session: &Session, args: &StateArgs) -> Result<u8, Diagnostics> {
    prepare(&args.stack, args)?;
    let mut diagnostics = Diagnostics::new();
    let Some((configuration, _)) = session.configuration(&mut diagnostics) else { return Err(diagnostics) };
    if configuration.root().backend.is_none() {
        let mut arguments = vec!["apply"];
        arguments.extend(args.auto_approve.then_some("--auto-approve"));
        let code = command(&arguments, args);
        if code != SUCCESS {
            return Ok(code);
        }
        let state = recorded(session)?;
        let block = block(&state, &args.key)?;
        write(&args.stack.join(BACKEND), &block)?;
        println!("\nWrote {}:\n\n{block}", args.stack.join(BACKEND).display());
    }
    let code = command(&["init", "--migrate-state"], args);
    if code == SUCCESS {
        println!(
            "\nOther stacks keep their states there with the same block and a key of their own. Commit {}, and {} without \
             the files that begin with \"terraform.tfstate\".",
            args.stack.join(BACKEND).display(),
            args.stack.display()
        );
    }
    Ok(code)
}

/// Runs another command of recon's on the stack.
fn command(words: &[&str], args: &StateArgs) -> u8 {
    let mut arguments: Vec<OsString> = vec!["recon".into()];
    arguments.extend(words.iter().map(OsString::from));
    arguments.extend(args.no_color.then(|| "--no-color".into()));
    arguments.push(args.stack.clone().into_os_string());
    super::run(arguments)
}

/// Writes the stack if it is not there, and the values of its variables if they are given.
fn prepare(stack: &Path, args: &StateArgs) -> Result<(), Diagnostics> {
    let is_there = std::fs::read_dir(stack).is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry
                .is_ok_and(|entry| crate::config::is_configuration_file(&entry.file_name().to_string_lossy()))
        })
    });
    let values = [
        ("bucket", &args.bucket),
        ("region", &args.region),
        ("kms_key_arn", &args.kms_key_arn),
        ("lock_table", &args.lock_table),
    ];
    let given: Vec<(&str, &String)> =
        values.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect();
    let variables = stack.join(VARIABLES);
    if !given.is_empty() && variables.exists() {
        let wanted = text_of(&given);
        // A run that was ended is repeated with the same options.
        if std::fs::read_to_string(&variables).is_ok_and(|text| text == wanted) {
            return Ok(());
        }
        let detail = format!("{} holds the stack's values already: edit them there.", variables.display());
        return Err(Diagnostic::error("The stack has its values", detail).into());
    }
    if !is_there {
        std::fs::create_dir_all(stack).map_err(|error| unwritable(stack, &error))?;
        for (name, text) in FILES {
            write(&stack.join(name), text)?;
        }
        println!("Wrote the stack that makes the bucket to {}.\n", stack.display());
    }
    if !given.is_empty() {
        write(&variables, &text_of(&given))?;
    }
    Ok(())
}

fn text_of(values: &[(&str, &String)]) -> String {
    let width = values.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    values.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name:width$} = {}", quoted(value));
        text
    })
}

/// A string of the language.
fn quoted(text: &str) -> String {
    crate::lang::print::print(&crate::lang::value::Value::string(text))
}

fn write(path: &Path, text: &str) -> Result<(), Diagnostics> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&temporary, text)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostics {
    let detail = format!("{} cannot be written: {error}.", path.display());
    Diagnostic::error("The stack could not be written", detail).into()
}

/// The backend block for what the stack has made.
fn block(state: &State, key: &str) -> Result<String, Diagnostics> {
    let output = |name: &str| {
        let value = state.outputs.get(name)?.value.as_str()?;
        (!value.is_empty()).then(|| value.to_owned())
    };
    let missing = |name: &str| {
        let detail = format!(
            "The stack has no output {name:?}, which says where states are to be kept. It needs the outputs \"bucket\" and \
             \"region\", and may have \"kms_key_arn\" and \"lock_table\"."
        );
        Diagnostics::from(Diagnostic::error("The bucket is not known", detail))
    };
    let bucket = output("bucket").ok_or_else(|| missing("bucket"))?;
    let region = output("region").ok_or_else(|| missing("region"))?;
    let mut arguments = vec![
        ("bucket", quoted(&bucket)),
        ("key", quoted(key)),
        ("region", quoted(&region)),
        ("encrypt", "true".to_owned()),
        ("use_lockfile", "true".to_owned()),
    ];
    arguments.extend(output("kms_key_arn").map(|arn| ("kms_key_id", quoted(&arn))));
    arguments.extend(output("lock_table").map(|table| ("dynamodb_table", quoted(&table))));
    let width = arguments.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines = arguments.iter().fold(String::new(), |mut lines, (name, value)| {
        let _ = writeln!(lines, "    {name:width$} = {value}");
        lines
    });
    Ok(format!("terraform {{\n  backend \"s3\" {{\n{lines}  }}\n}}\n"))
}
