//! `recon init`

use clap::Args;

use crate::lang::diagnostic::Diagnostics;

use super::session::Session;
use super::{FAILURE, SUCCESS, StackArgs};

#[derive(Args)]
pub struct InitArgs {
    #[command(flatten)]
    stack: StackArgs,
}

/// Checks that the stack can be read. Local modules are used where they are, so there is nothing to install for
/// them; a module from elsewhere must have been installed.
pub fn run(args: InitArgs) -> u8 {
    let session = Session::new(&args.stack);
    let mut diagnostics = Diagnostics::new();
    let loaded = session.configuration(&mut diagnostics);
    session.report(&diagnostics);
    let Some((configuration, _)) = loaded else { return FAILURE };
    if let Err(diagnostic) = session.store(&configuration) {
        session.report(&diagnostic.into());
        return FAILURE;
    }
    let modules = configuration.modules.len() - 1;
    if modules > 0 {
        println!("{modules} module call(s), all in local directories: nothing to install.");
    }
    println!(
        "recon implements the language of Terraform 1.11 and the schemas of AWS provider 5.100 itself: no provider is \
         installed, version constraints on them are checked for syntax only.\n\nThe stack is ready. Run \"recon diff\" to \
         see what an apply would do."
    );
    SUCCESS
}
