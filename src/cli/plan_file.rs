//! Plan files.
//!
//! A plan file says what was planned, against which state, with which options, and holds no sensitive value: applying it
//! plans again and goes on only if exactly the same comes out.

use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::variables::{VariableInputs, VariableOption};
use crate::lang::value::Value;
use crate::plan::{PlanMode, Planned};
use crate::render::plan_json::plan_json;
use crate::state::State;

use super::run::PlanArgs;
use super::session::{Loaded, Session};

const FORMAT: &str = "recon-plan-2";

#[derive(Serialize, Deserialize)]
pub struct PlanFile {
    format: String,
    /// The stack's directory, absolute.
    directory: PathBuf,
    workspace: String,
    mode: String,
    lineage: String,
    serial: u64,
    target: Vec<String>,
    replace: Vec<String>,
    refresh: bool,
    /// `--var` of variables that are not sensitive, and `--var-file`, in order.
    options: Vec<PlanOption>,
    /// Of what the variables were set to.
    variables: String,
    /// What is to be done, by address: the action and a digest of what the object is to become.
    actions: BTreeMap<String, (String, String)>,
    /// The plan as people read it, without colours.
    text: String,
    /// The plan as JSON, format version 1.2. Holds no sensitive value.
    plan: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
enum PlanOption {
    Var(String, String),
    File(PathBuf),
}

/// A digest that tells values apart and does not tell them. The lineage keeps equal values of different stacks apart.
fn digest(lineage: &str, value: &impl std::fmt::Debug) -> String {
    let mut hasher = Sha256::new();
    hasher.update(lineage.as_bytes());
    hasher.update(format!("{value:?}").as_bytes());
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is not sensitive: secrets do not enter the file, not even as a digest that could be guessed at.
fn public(value: &Value) -> Value {
    value.clone().transform(&mut |value| {
        if value.is_sensitive() { Value::null(crate::lang::types::Type::Dynamic) } else { value }
    })
}

fn actions(lineage: &str, planned: &Planned) -> BTreeMap<String, (String, String)> {
    planned
        .plan
        .changes
        .iter()
        .map(|change| {
            let name = match &change.deposed {
                Some(deposed) => format!("{} (deposed {deposed})", change.address),
                None => change.address.to_string(),
            };
            let action = change.action.words().join(",");
            (name, (action, digest(lineage, &(public(&change.before), public(&change.after)))))
        })
        .collect()
}

fn variables(lineage: &str, loaded: &Loaded) -> String {
    let public: BTreeMap<_, _> =
        loaded.variables.iter().map(|(name, value)| (name.clone(), public(value))).collect();
    digest(lineage, &public)
}

/// Writes a plan, for its owner's eyes only.
pub fn write(
    path: &Path,
    session: &Session,
    loaded: &Loaded,
    inputs: &VariableInputs,
    args: &PlanArgs,
    planned: &Planned,
    state: &State,
) -> std::io::Result<()> {
    let options = inputs
        .options
        .iter()
        .filter_map(|option| match option {
            VariableOption::Value { name, text } => {
                let variable = loaded.configuration.root().variables.get(name.as_str())?;
                (!variable.sensitive).then(|| PlanOption::Var(name.clone(), text.clone()))
            }
            VariableOption::File(path) => {
                Some(PlanOption::File(std::fs::canonicalize(path).unwrap_or_else(|_| path.clone())))
            }
            // The repository's file is read again when the plan is carried out.
            VariableOption::Setting { .. } => None,
        })
        .collect();
    let file = PlanFile {
        format: FORMAT.to_owned(),
        directory: std::fs::canonicalize(&session.directory)?,
        workspace: session.workspace.clone(),
        mode: match planned.plan.mode {
            PlanMode::Normal => "normal",
            PlanMode::Destroy => "destroy",
            PlanMode::RefreshOnly => "refresh-only",
        }
        .to_owned(),
        lineage: state.lineage.clone(),
        serial: state.serial,
        target: args.target.clone(),
        replace: args.replace.clone(),
        refresh: args.refresh,
        options,
        variables: variables(&state.lineage, loaded),
        actions: actions(&state.lineage, planned),
        text: crate::render::plan::plan(
            &planned.plan,
            &session.registry,
            &session.sources,
            crate::render::Colors(false),
        ),
        plan: plan_json(&planned.plan, state, &loaded.configuration, &session.registry, false),
    };
    let text = serde_json::to_string_pretty(&file).map_err(std::io::Error::other)?;
    let mut out =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    std::io::Write::write_all(&mut out, text.as_bytes())?;
    out.sync_all()
}

/// Reads a plan file. The error says what is wrong and what to do.
pub fn read(path: &Path) -> Result<PlanFile, String> {
    let place = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the plan {place} cannot be read: {error}."))?;
    let file: PlanFile = serde_json::from_str(&text).map_err(|_| {
        format!(
            "{place} is not a plan that recon wrote. Make one with \"recon diff --out FILE\", or name a stack's directory."
        )
    })?;
    if file.format != FORMAT {
        return Err(format!("the plan {place} was written by another version of recon. Plan again."));
    }
    Ok(file)
}

impl PlanFile {
    pub fn directory(&self) -> PathBuf {
        // Shown as short as it can be.
        match std::env::current_dir() {
            Ok(here) if here == self.directory => PathBuf::from("."),
            Ok(here) => self.directory.strip_prefix(&here).map_or(self.directory.clone(), Path::to_path_buf),
            Err(_) => self.directory.clone(),
        }
    }

    /// The plan as people read it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The plan as JSON.
    pub fn json(&self) -> &serde_json::Value {
        &self.plan
    }

    pub fn mode(&self) -> PlanMode {
        match self.mode.as_str() {
            "destroy" => PlanMode::Destroy,
            "refresh-only" => PlanMode::RefreshOnly,
            _ => PlanMode::Normal,
        }
    }

    /// The plan's variables, with what is given now (sensitive ones) behind.
    pub fn inputs(&self, given: VariableInputs) -> VariableInputs {
        let own = self.options.iter().map(|option| match option {
            PlanOption::Var(name, text) => VariableOption::Value { name: name.clone(), text: text.clone() },
            PlanOption::File(path) => VariableOption::File(path.clone()),
        });
        VariableInputs { options: own.chain(given.options).collect(), ..given }
    }

    pub fn plan_args(&self, given: &PlanArgs) -> PlanArgs {
        PlanArgs {
            target: self.target.clone(),
            replace: self.replace.clone(),
            refresh: self.refresh,
            refresh_only: self.mode == "refresh-only",
            ..given.clone()
        }
    }

    /// Whether planning again came out the same. The error says what did not.
    pub fn matches(&self, loaded: &Loaded, planned: &Planned, state: &State) -> Result<(), String> {
        let again = "Nothing was changed. Plan again.";
        if self.workspace != loaded.environment.workspace {
            return Err(format!(
                "The plan was made in the workspace {:?}, and {:?} is selected. Nothing was changed. Select the plan's \
                 workspace with \"recon workspace select\", or plan again.",
                self.workspace, loaded.environment.workspace
            ));
        }
        if !self.lineage.is_empty() && state.serial != self.serial
            || self.serial > 0 && state.lineage != self.lineage
        {
            return Err(format!(
                "The state has changed since the plan was made: it had serial {}, now {}. {again}",
                self.serial, state.serial
            ));
        }
        // A state that did not exist yet has another lineage each time.
        let lineage = if self.serial == 0 { &self.lineage } else { &state.lineage };
        if self.variables != variables(lineage, loaded) {
            return Err(format!("The variables have other values than when the plan was made. {again}"));
        }
        let now = actions(lineage, planned);
        for (address, action) in &now {
            if self.actions.get(address) != Some(action) {
                return Err(format!("What is to become of {address} is no longer what was planned. {again}"));
            }
        }
        if let Some(address) = self.actions.keys().find(|address| !now.contains_key(*address)) {
            return Err(format!("What was planned for {address} is no longer to be done. {again}"));
        }
        Ok(())
    }
}
