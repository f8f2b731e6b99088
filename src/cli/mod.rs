//! The command line: the only room that knows a terminal, environment variables or exit codes.

mod adopt;
mod apply;
mod backend;
mod bootstrap;
mod console;
mod correct;
mod diff;
mod drift;
mod errored;
mod fmt;
mod force_unlock;
mod graph;
mod holder;
mod hosts;
mod ignore;
mod import;
mod init;
mod interrupt;
mod output;
mod plan_file;
mod propose;
mod run;
mod sandbox;
mod session;
mod show;
mod stacks;
mod state;
mod state_encryption;
mod state_transfer;
mod surgery;
mod trace;
mod unmanaged;
mod validate;
mod workbench;
mod workspace;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

/// Exit codes: success, error, and with `--detailed-exitcode` that there is something to do.
pub const SUCCESS: u8 = 0;
pub const FAILURE: u8 = 1;
pub const CHANGES: u8 = 2;

#[derive(Parser)]
#[command(
    name = "recon",
    version,
    about = "Compares code, recorded state and live AWS, and brings them together",
    disable_help_subcommand = true
)]
struct Cli {
    /// Acts as if started in this directory.
    #[arg(long, global = true, value_name = "DIR")]
    chdir: Option<PathBuf>,
    /// Completes the backend block of the code: a file of arguments, or NAME=VALUE. May be repeated.
    #[arg(long, global = true, value_name = "FILE|NAME=VALUE")]
    backend_config: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prepares a stack's directory: checks its files and installs its modules.
    Init(init::InitArgs),
    /// Checks a stack without asking AWS.
    Validate(validate::ValidateArgs),
    /// Shows what differs between code, record and AWS, and what an apply would do.
    #[command(alias = "plan")]
    Diff(diff::DiffArgs),
    /// Says what changed in AWS that the code does not know of. Changes nothing.
    Drift(drift::DriftArgs),
    /// Says where the value of an attribute is written, and what to write for another value.
    Trace(trace::TraceArgs),
    /// Proposes edits of the code that make it what AWS has, where it is proven that they change nothing else.
    Propose(propose::ProposeArgs),
    /// Puts back what changed in AWS, of the objects that are named, and nothing else.
    Correct(correct::CorrectArgs),
    /// Writes a rule into recon.hcl that ignores what drifted.
    Ignore(ignore::IgnoreArgs),
    /// Makes AWS what the code says.
    Apply(apply::ApplyArgs),
    /// Deletes everything that the stack has made.
    Destroy(apply::DestroyArgs),
    /// Prints the stack's outputs.
    Output(show::OutputArgs),
    /// Prints the recorded state, or a plan file.
    Show(show::ShowArgs),
    /// Looks into the recorded state, and changes it.
    State(state::StateArgs),
    /// Takes an object that exists already into the record.
    Import(import::ImportArgs),
    /// Finds objects that exist already and that the code would make, and proposes import blocks.
    Adopt(adopt::AdoptArgs),
    /// Marks an object to be replaced by the next apply.
    Taint(surgery::MarkArgs),
    /// Takes such a mark away.
    Untaint(surgery::MarkArgs),
    /// Lists, makes, selects and deletes workspaces.
    Workspace(workspace::WorkspaceArgs),
    /// Makes what recon itself needs in AWS.
    Bootstrap(bootstrap::BootstrapArgs),
    /// Takes a lock away that a run has left behind.
    ForceUnlock(force_unlock::ForceUnlockArgs),
    /// Evaluates expressions.
    Console(console::ConsoleArgs),
    /// Prints the graph of the stack's resources in Graphviz's DOT language.
    Graph(graph::GraphArgs),
    /// Brings files into canonical style.
    Fmt(fmt::FmtArgs),
    /// Starts and stops a local AWS to try recon on.
    Sandbox(sandbox::SandboxArgs),
    /// Plays the whole story on a local AWS: plan, apply, drift, correction, destroy.
    Demo(sandbox::DemoArgs),
    /// Prints a shell's completion script.
    Completions(CompletionArgs),
    /// Prints the version.
    Version,
}

/// The stack that a command acts on.
#[derive(Args, Clone)]
pub struct StackArgs {
    /// The stack's directory; the current one if none is given.
    #[arg(value_name = "STACK")]
    pub stack: Option<PathBuf>,
    /// No colours.
    #[arg(long)]
    pub no_color: bool,
}

/// Values of variables.
#[derive(Args, Clone, Default)]
pub struct VariableArgs {
    /// Sets a variable: NAME=VALUE. May be repeated.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub var: Vec<String>,
    /// Reads variables from a file. May be repeated.
    #[arg(long = "var-file", value_name = "FILE")]
    pub var_file: Vec<PathBuf>,
}

#[derive(Args)]
struct CompletionArgs {
    shell: clap_complete::Shell,
}

/// Runs recon with the process's arguments. Answers the exit code.
pub fn main() -> u8 {
    run(std::env::args_os().collect())
}

/// Runs a command line, the program's name first. Answers the exit code.
fn run(arguments: Vec<OsString>) -> u8 {
    let order = option_order(&arguments);
    let cli = match Cli::try_parse_from(double_dashed(arguments)) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { FAILURE } else { SUCCESS };
        }
    };
    if let Some(directory) = &cli.chdir
        && let Err(error) = std::env::set_current_dir(directory)
    {
        eprintln!("Error: the directory {} cannot be entered: {error}.", directory.display());
        return FAILURE;
    }
    backend::set_given(cli.backend_config);
    match cli.command {
        Command::Init(args) => init::run(args),
        Command::Validate(args) => validate::run(args),
        Command::Diff(args) => diff::run(args, order),
        Command::Drift(args) => drift::run(&args, &order),
        Command::Trace(args) => trace::run(&args, &order),
        Command::Propose(args) => propose::run(&args, &order),
        Command::Correct(args) => correct::run(&args, &order),
        Command::Ignore(args) => ignore::run(&args),
        Command::Apply(args) => apply::run(args, order),
        Command::Destroy(args) => apply::destroy(args, order),
        Command::Output(args) => show::output(args),
        Command::Show(args) => show::run(args),
        Command::State(args) => state::run(args),
        Command::Import(args) => import::run(&args, &order),
        Command::Adopt(args) => adopt::run(&args, &order),
        Command::Taint(args) => surgery::mark(&args, true),
        Command::Untaint(args) => surgery::mark(&args, false),
        Command::Workspace(args) => workspace::run(args),
        Command::Bootstrap(args) => bootstrap::run(args),
        Command::ForceUnlock(args) => force_unlock::run(args),
        Command::Console(args) => console::run(args, order),
        Command::Graph(args) => graph::run(args),
        Command::Fmt(args) => fmt::run(args),
        Command::Sandbox(args) => sandbox::run(args),
        Command::Demo(args) => sandbox::demo(args),
        Command::Completions(args) => {
            let mut command = Cli::command();
            clap_complete::generate(args.shell, &mut command, "recon", &mut std::io::stdout());
            SUCCESS
        }
        Command::Version => {
            println!("recon {}", env!("CARGO_PKG_VERSION"));
            SUCCESS
        }
    }
}

/// Terraform's single-dash spelling, `-var`, `-out=plan`, is the double-dash one. What follows `--` is left alone.
fn double_dashed(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut verbatim = false;
    arguments
        .into_iter()
        .map(|argument| {
            verbatim |= argument == "--";
            match argument.to_str() {
                Some(text)
                    if !verbatim
                        && text.len() > 2
                        && text.starts_with('-')
                        && !text.starts_with("--")
                        && text[1..].starts_with(|letter: char| letter.is_ascii_alphabetic()) =>
                {
                    format!("-{text}").into()
                }
                _ => argument,
            }
        })
        .collect()
}

/// Whether each `--var` (`true`) or `--var-file` (`false`) of the command line is the one or the other, in order:
/// later ones win, whichever they are.
pub type OptionOrder = Vec<bool>;

fn option_order(arguments: &[OsString]) -> OptionOrder {
    arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .filter_map(|text| {
            let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
            match name.split('=').next()? {
                "var" => Some(true),
                "var-file" => Some(false),
                _ => None,
            }
        })
        .collect()
}
