//! `recon init`

use clap::Args;

use crate::config::install::{Event, InstallOptions, install};
use crate::lang::diagnostic::Diagnostics;

use super::backend::{self, BackendArgs};
use super::hosts::host_settings;
use super::run::runtime;
use super::session::Session;
use super::{FAILURE, SUCCESS, StackArgs};

#[derive(Args)]
pub struct InitArgs {
    #[command(flatten)]
    stack: StackArgs,
    #[command(flatten)]
    backend: BackendArgs,
    #[command(flatten)]
    modules: ModuleArgs,
}

/// Which modules are installed.
#[derive(Args)]
pub struct ModuleArgs {
    /// Fetches modules anew, in the newest versions that the code allows.
    #[arg(long, value_name = "BOOL", default_value = "false", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    upgrade: bool,
    /// Whether to install modules, "--get=false" for not.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    get: bool,
    /// Never asks; there is nothing that init asks for.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set, hide = true)]
    input: bool,
    /// For Terraform's sake: recon writes no dependency lock file.
    #[arg(long, value_name = "MODE", hide = true)]
    lockfile: Option<String>,
}

/// Installs the modules that the stack calls, and checks that it can be read.
pub fn run(args: InitArgs) -> u8 {
    let session = Session::new(&args.stack);
    if args.modules.get && !install_modules(&session, args.modules.upgrade) {
        return FAILURE;
    }
    let mut diagnostics = Diagnostics::new();
    let loaded = session.configuration(&mut diagnostics);
    session.report(&diagnostics);
    let Some((configuration, _)) = loaded else { return FAILURE };
    if let Err(diagnostics) = backend::init(&session, &configuration, &args.backend) {
        session.report(&diagnostics);
        return FAILURE;
    }
    println!(
        "recon implements the language of Terraform 1.11 and the schemas of AWS provider 5.100 itself: no provider is \
         installed, version constraints on them are checked for syntax only.\n\nThe stack is ready. Run \"recon diff\" to \
         see what an apply would do."
    );
    SUCCESS
}

/// Whether all modules are there.
pub fn install_modules(session: &Session, upgrade: bool) -> bool {
    let (hosts, mut diagnostics) = host_settings(&session.sources);
    if diagnostics.has_errors() {
        session.report(&diagnostics);
        return false;
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Error: recon cannot start its threads: {error}.");
            return false;
        }
    };
    let options = InstallOptions {
        directory: session.directory.clone(),
        shown: session.shown.clone(),
        upgrade,
        hosts,
        ..InstallOptions::default()
    };
    let mut happened = false;
    let mut notify = |event: Event<'_>| {
        if !happened {
            println!("{}", if upgrade { "Upgrading modules..." } else { "Initializing modules..." });
            happened = true;
        }
        match event {
            Event::Waiting => println!("Another recon installs modules here; waiting for it to end..."),
            Event::Downloading { what, key } => println!("Downloading {what} for {key}..."),
            Event::Installed { key, directory } => println!("- {key} in {}", directory.display()),
        }
    };
    diagnostics.append(runtime.block_on(install(&options, &session.sources, &mut notify)));
    if happened {
        println!();
    }
    session.report(&diagnostics);
    !diagnostics.has_errors()
}
