//! `recon sandbox` and `recon demo`

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::sandbox::{Progress, Running, Sandbox, SandboxError, Step, shell_commands};

use super::run::runtime;
use super::{CHANGES, FAILURE, SUCCESS};

#[derive(Args)]
pub struct SandboxArgs {
    #[command(subcommand)]
    command: SandboxCommand,
}

#[derive(Subcommand)]
enum SandboxCommand {
    /// Starts the local AWS, unless it runs.
    Up,
    /// Stops it and forgets its objects.
    Down,
    /// Says whether it runs, and where.
    Status,
    /// Prints the environment that leads a command to it, for a shell's eval.
    Env,
    /// Runs a command with that environment; starts the local AWS if need be.
    Run {
        #[arg(trailing_var_arg = true, required = true, allow_hyphen_values = true)]
        command: Vec<std::ffi::OsString>,
    },
}

#[derive(Args)]
pub struct DemoArgs {
    /// Keeps the demo's stack and state, and says where.
    #[arg(long)]
    keep: bool,
}

fn sandbox() -> Result<Sandbox, SandboxError> {
    Ok(Sandbox::new(Sandbox::default_cache(|name| std::env::var_os(name))?))
}

fn progress() -> Progress {
    Arc::new(|step| {
        let text = match step {
            Step::Waiting => "Waiting for another recon that prepares the sandbox ...".to_owned(),
            Step::Creating { path } => {
                format!("Making a Python environment in {} (once) ...", path.display())
            }
            Step::Installing { requirement } => {
                format!("Installing {requirement} into it (once, up to a minute) ...")
            }
            Step::Starting => "Starting a local AWS ...".to_owned(),
            Step::Ready { endpoint } => format!("A local AWS answers at {endpoint}."),
            Step::Stopping { pid } => format!("Stopping the local AWS (process {pid}) ..."),
        };
        eprintln!("{text}");
    })
}

fn inherited() -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    std::env::vars_os().collect()
}

pub fn run(args: SandboxArgs) -> u8 {
    match act(args.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("Error: {error}.");
            FAILURE
        }
    }
}

fn act(command: SandboxCommand) -> Result<u8, SandboxError> {
    let sandbox = sandbox()?;
    let Ok(runtime) = runtime() else {
        eprintln!("Error: recon cannot start its threads.");
        return Ok(FAILURE);
    };
    match command {
        SandboxCommand::Up => {
            let running = runtime.block_on(sandbox.up(progress()))?;
            println!(
                "The sandbox runs at {}. Use it with:\n  recon sandbox run -- recon diff STACK\nor, in this shell:\n  eval \
                 \"$(recon sandbox env)\"",
                running.endpoint.url()
            );
        }
        SandboxCommand::Down => {
            let stopped = runtime.block_on(sandbox.down(progress()))?;
            println!("{}", if stopped { "The sandbox is stopped." } else { "The sandbox does not run." });
        }
        SandboxCommand::Status => match runtime.block_on(sandbox.status())? {
            Some(running) => println!(
                "The sandbox runs at {} (process {}), with variables in {}.",
                running.endpoint.url(),
                running.endpoint.pid(),
                running.var_file.display()
            ),
            None => {
                println!("The sandbox does not run. Start it with: recon sandbox up");
                return Ok(FAILURE);
            }
        },
        SandboxCommand::Env => match runtime.block_on(sandbox.status())? {
            Some(running) => print!("{}", shell_commands(&running.environment().changes(&inherited()))),
            None => {
                eprintln!("Error: the sandbox does not run. Start it with: recon sandbox up");
                return Ok(FAILURE);
            }
        },
        SandboxCommand::Run { command } => {
            let running = runtime.block_on(sandbox.up(progress()))?;
            let Some((program, arguments)) = command.split_first() else { return Ok(FAILURE) };
            // "recon" is this recon, whether or not it is on the PATH.
            let program = match (program == "recon", std::env::current_exe()) {
                (true, Ok(own)) => own.into_os_string(),
                _ => program.clone(),
            };
            let mut child = Command::new(&program);
            child.args(arguments);
            running.environment().apply(&mut child, &inherited());
            // The command takes this process's place: signals and exit code are its own.
            let error = child.exec();
            eprintln!("Error: {} cannot be run: {error}.", Path::new(&program).display());
            return Ok(FAILURE);
        }
    }
    Ok(SUCCESS)
}

/// The stack that the demo plays with: the pipeline's front door.
const STACK: [(&str, &str); 14] = [
    ("front-door/main.tf", include_str!("../../stacks/front-door/main.tf")),
    ("front-door/outputs.tf", include_str!("../../stacks/front-door/outputs.tf")),
    ("front-door/variables.tf", include_str!("../../stacks/front-door/variables.tf")),
    ("front-door/versions.tf", include_str!("../../stacks/front-door/versions.tf")),
    ("front-door/terraform.tfvars", include_str!("../../stacks/front-door/terraform.tfvars")),
    (
        "front-door/templates/dashboard.json.tftpl",
        include_str!("../../stacks/front-door/templates/dashboard.json.tftpl"),
    ),
    ("modules/alb/main.tf", include_str!("../../stacks/modules/alb/main.tf")),
    ("modules/alb/outputs.tf", include_str!("../../stacks/modules/alb/outputs.tf")),
    ("modules/alb/variables.tf", include_str!("../../stacks/modules/alb/variables.tf")),
    ("modules/alb/versions.tf", include_str!("../../stacks/modules/alb/versions.tf")),
    ("modules/kinesis-stream/main.tf", include_str!("../../stacks/modules/kinesis-stream/main.tf")),
    ("modules/kinesis-stream/outputs.tf", include_str!("../../stacks/modules/kinesis-stream/outputs.tf")),
    ("modules/kinesis-stream/variables.tf", include_str!("../../stacks/modules/kinesis-stream/variables.tf")),
    ("modules/kinesis-stream/versions.tf", include_str!("../../stacks/modules/kinesis-stream/versions.tf")),
];

/// Plays the story. Anything that comes out otherwise than it should ends it with an error.
pub fn demo(args: DemoArgs) -> u8 {
    match play(args.keep) {
        Ok(()) => SUCCESS,
        Err(problem) => {
            eprintln!("\nThe demo stopped: {problem}");
            FAILURE
        }
    }
}

fn play(keep: bool) -> Result<(), String> {
    let text = |error: SandboxError| format!("{error}.");
    println!(
        "This demo needs no AWS account: it starts a local AWS of its own, and everything it makes is gone when it ends."
    );
    let folder = tempfile::Builder::new()
        .prefix("recon-demo-")
        .tempdir()
        .map_err(|error| format!("no temporary folder can be made: {error}."))?;
    for (name, content) in STACK {
        let path = folder.path().join(name);
        let made = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&path, content));
        made.map_err(|error| format!("{} cannot be written: {error}.", path.display()))?;
    }
    let runtime = runtime().map_err(|error| format!("recon cannot start its threads: {error}."))?;
    let sandbox = sandbox().map_err(text)?;
    let place = folder.path().join("aws");
    std::fs::create_dir_all(&place)
        .map_err(|error| format!("{} cannot be made: {error}.", place.display()))?;
    let (server, running) = runtime.block_on(sandbox.private(&place, progress())).map_err(text)?;
    let stage = Stage { stack: folder.path().join("front-door"), running };
    stage.story(&runtime)?;
    server.stop();
    if keep {
        println!("\nThe stack and its state are in {}.", folder.keep().display());
    }
    println!("\nThat was the whole story. Try it yourself: recon sandbox run -- recon diff stacks/pipeline");
    Ok(())
}

struct Stage {
    stack: PathBuf,
    running: Running,
}

impl Stage {
    /// Tells what comes, runs recon, and checks how it ended.
    fn recon(&self, tale: &str, arguments: &[&str], expected: u8) -> Result<(), String> {
        println!("\n── {tale}\n$ recon {}", arguments.join(" "));
        let own = std::env::current_exe().map_err(|error| format!("recon does not find itself: {error}."))?;
        let mut command = Command::new(own);
        command.args(arguments).current_dir(&self.stack);
        self.running.environment().apply(&mut command, &inherited());
        let status = command.status().map_err(|error| format!("recon cannot be run: {error}."))?;
        match status.code() {
            Some(code) if code == i32::from(expected) => Ok(()),
            Some(code) => Err(format!(
                "\"recon {}\" ended with exit code {code} where {expected} was expected.",
                arguments.join(" ")
            )),
            None => Err("it was interrupted.".to_owned()),
        }
    }

    fn story(&self, runtime: &tokio::runtime::Runtime) -> Result<(), String> {
        self.recon("A stack is prepared.", &["init"], SUCCESS)?;
        self.recon(
            "Nothing exists yet: the diff is all creation.",
            &["diff", "--detailed-exitcode"],
            CHANGES,
        )?;
        self.recon("It is applied.", &["apply", "--auto-approve"], SUCCESS)?;
        self.recon(
            "Code, record and AWS agree now: the diff is empty.",
            &["diff", "--detailed-exitcode"],
            SUCCESS,
        )?;
        println!("\n── Behind recon's back, somebody sets the load balancer's idle timeout to 300 seconds.");
        runtime.block_on(self.tamper())?;
        self.recon(
            "The diff shows exactly that, and what it is: drift.",
            &["diff", "--detailed-exitcode"],
            CHANGES,
        )?;
        self.recon("Applying puts it back.", &["apply", "--auto-approve"], SUCCESS)?;
        self.recon("And the diff is empty again.", &["diff", "--detailed-exitcode"], SUCCESS)?;
        self.recon("In the end everything is deleted.", &["destroy", "--auto-approve"], SUCCESS)
    }

    /// Changes the load balancer the way the console would: through AWS, with recon none the wiser.
    async fn tamper(&self) -> Result<(), String> {
        use aws_sdk_elasticloadbalancingv2 as elb;
        let credentials = aws_credential_types::Credentials::new(
            crate::sandbox::environment::ACCESS_KEY,
            crate::sandbox::environment::SECRET_KEY,
            None,
            None,
            "sandbox",
        );
        let config = elb::Config::builder()
            .behavior_version_latest()
            .region(elb::config::Region::new("eu-west-3"))
            .endpoint_url(self.running.endpoint.url())
            .credentials_provider(credentials)
            .build();
        let client = elb::Client::from_conf(config);
        let found = client
            .describe_load_balancers()
            .send()
            .await
            .map_err(|error| format!("the local AWS does not answer: {error}."))?;
        let arn = found
            .load_balancers()
            .first()
            .and_then(|balancer| balancer.load_balancer_arn())
            .ok_or("the local AWS has no load balancer.")?;
        let attribute = elb::types::LoadBalancerAttribute::builder()
            .key("idle_timeout.timeout_seconds")
            .value("300")
            .build();
        client
            .modify_load_balancer_attributes()
            .load_balancer_arn(arn)
            .attributes(attribute)
            .send()
            .await
            .map_err(|error| format!("the local AWS refuses the change: {error}."))?;
        Ok(())
    }
}
