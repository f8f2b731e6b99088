//! The command line: the only room that knows a terminal, environment variables or exit codes.

mod apply;
mod console;
mod diff;
mod fmt;
mod graph;
mod init;
mod output;
mod plan_file;
mod run;
mod sandbox;
mod session;
mod show;
mod state;
mod validate;

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
    /// Makes AWS what the code says.
    Apply(apply::ApplyArgs),
    /// Deletes everything that the stack has made.
    Destroy(apply::DestroyArgs),
    /// Prints the stack's outputs.
    Output(show::OutputArgs),
    /// Prints the recorded state, or a plan file.
    Show(show::ShowArgs),
    /// Looks into the recorded state.
    State(state::StateArgs),
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
    let arguments: Vec<OsString> = std::env::args_os().collect();
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
    match cli.command {
        Command::Init(args) => init::run(args),
        Command::Validate(args) => validate::run(args),
        Command::Diff(args) => diff::run(args, order),
        Command::Apply(args) => apply::run(args, order),
        Command::Destroy(args) => apply::destroy(args, order),
        Command::Output(args) => show::output(args),
        Command::Show(args) => show::run(args),
        Command::State(args) => state::run(args),
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
