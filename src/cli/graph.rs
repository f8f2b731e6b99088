//! `recon graph`

use clap::Args;

use crate::lang::diagnostic::Diagnostics;

use super::session::Session;
use super::{FAILURE, SUCCESS, StackArgs};

#[derive(Args)]
pub struct GraphArgs {
    #[command(flatten)]
    stack: StackArgs,
}

pub fn run(args: GraphArgs) -> u8 {
    let session = Session::new(&args.stack);
    let mut diagnostics = Diagnostics::new();
    let loaded = session.configuration(&mut diagnostics);
    session.report(&diagnostics);
    match loaded {
        Some((_, graph)) => {
            print!("{}", graph.to_dot());
            SUCCESS
        }
        None => FAILURE,
    }
}
