//! The `recon` command. Everything is in the library.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(recon::cli::main())
}
