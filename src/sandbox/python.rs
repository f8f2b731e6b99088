//! Python and the private virtual environment with moto in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

use super::{Progress, SandboxError, Step, lock};

/// What pip installs. Pinned, since the mends of `moto_plus/` are written against this version.
pub const REQUIREMENT: &str = "moto[server]==5.2.5";

/// The oldest Python that the requirement supports (its package metadata, `Requires-Python`).
pub const OLDEST: (u32, u32) = (3, 10);

/// Names of the interpreter to look for on the PATH, in this order.
const NAMES: [&str; 2] = ["python3", "python"];

/// Raise it when environments of older versions of recon will not do.
const LAYOUT: &str = "1";

/// Lines of another program's output that an error quotes.
const QUOTED_LINES: usize = 20;

/// The interpreter that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// As the interpreter names itself (`sys.executable`).
    pub path: PathBuf,
    /// Major, minor and patch version.
    pub version: (u32, u32, u32),
}

/// Finds a Python that is new enough. `search_path` replaces the PATH for the search; `None` uses
/// this process's.
///
/// # Errors
/// [`SandboxError::PythonMissing`] or [`SandboxError::PythonTooOld`].
pub fn find(search_path: Option<&Path>) -> Result<Python, SandboxError> {
    const QUESTION: &str = "import sys; print(*sys.version_info[:3]); print(sys.executable)";
    let mut too_old = None;
    for name in NAMES {
        let program = match search_path {
            Some(folder) => folder.join(name),
            None => PathBuf::from(name),
        };
        let Ok(output) = Command::new(&program).args(["-I", "-c", QUESTION]).output() else { continue };
        let text = String::from_utf8_lossy(&output.stdout);
        let Some(python) = parse_answer(&text).filter(|_| output.status.success()) else { continue };
        if (python.version.0, python.version.1) >= OLDEST {
            return Ok(python);
        }
        let (major, minor, patch) = python.version;
        too_old.get_or_insert(SandboxError::PythonTooOld {
            path: python.path.display().to_string(),
            found: format!("{major}.{minor}.{patch}"),
        });
    }
    Err(too_old.unwrap_or(SandboxError::PythonMissing))
}

fn parse_answer(text: &str) -> Option<Python> {
    let (version, path) = text.split_once('\n')?;
    let mut numbers = version.split_whitespace().map(str::parse);
    let mut number = || numbers.next()?.ok();
    Some(Python { version: (number()?, number()?, number()?), path: PathBuf::from(path.trim_end()) })
}

/// The interpreter of the virtual environment below `cache`, which is made if it is not there. Once
/// made it is used again by every later call; calls in several processes at once make it once.
///
/// # Errors
/// Python is missing or too old, or the environment cannot be made or filled.
pub fn prepare(cache: &Path, progress: &Progress) -> Result<PathBuf, SandboxError> {
    let python = find(None)?;
    let environment = cache.join(format!("environment-{}", key(&python)));
    let interpreter = environment.join("bin").join("python");
    let complete = environment.join("complete");
    // The interpreter is a link to the system's: an upgrade may have taken that away.
    let is_ready = || complete.exists() && interpreter.exists();
    if is_ready() {
        return Ok(interpreter);
    }
    let _lock = lock(&environment.with_extension("lock"), progress)?;
    if is_ready() {
        return Ok(interpreter);
    }
    if environment.exists() {
        let cannot = "cannot remove the unfinished virtual environment";
        fs::remove_dir_all(&environment).map_err(SandboxError::file(cannot, &environment))?;
    }
    progress(Step::Creating { path: environment.clone() });
    create(&python, &environment, &interpreter)?;
    progress(Step::Installing { requirement: REQUIREMENT.to_owned() });
    let output = pip(Command::new(&interpreter).args(["-m", "pip"]))?;
    if !output.status.success() {
        return Err(SandboxError::Install { requirement: REQUIREMENT.to_owned(), output: said(&output) });
    }
    fs::write(&complete, REQUIREMENT).map_err(SandboxError::file("cannot write", &complete))?;
    Ok(interpreter)
}

/// Environments of other versions of moto, of Python or of this module lie beside each other.
fn key(python: &Python) -> String {
    let (major, minor, patch) = python.version;
    let text = format!(
        "{LAYOUT}\n{REQUIREMENT}\n{major}.{minor}.{patch}\n{}",
        python.path.as_os_str().to_string_lossy()
    );
    let digest = Sha256::digest(text);
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Makes the environment, with pip in it.
fn create(python: &Python, environment: &Path, interpreter: &Path) -> Result<(), SandboxError> {
    let output = run(Command::new(&python.path).args(["-m", "venv", "--clear"]).arg(environment))?;
    if output.status.success() {
        return Ok(());
    }
    // Debian's python3 has no ensurepip without python3-venv; pip itself may be there all the same.
    let without_pip =
        run(Command::new(&python.path).args(["-m", "venv", "--clear", "--without-pip"]).arg(environment))?;
    if without_pip.status.success() {
        let mut command = Command::new(&python.path);
        command.args(["-m", "pip", "--python"]).arg(interpreter).args(["install", "--no-input", "pip"]);
        if run(&mut command)?.status.success() {
            return Ok(());
        }
    }
    Err(SandboxError::VirtualEnvironment { output: said(&output) })
}

fn pip(command: &mut Command) -> Result<Output, SandboxError> {
    // Compiling every module of which the server imports a tenth would take a third of the time.
    command.args(["install", "--no-input", "--disable-pip-version-check", "--no-compile", REQUIREMENT]);
    run(command)
}

fn run(command: &mut Command) -> Result<Output, SandboxError> {
    // Variables that would make Python look elsewhere for its modules.
    command.env_remove("PYTHONHOME").env_remove("PYTHONPATH");
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|source| SandboxError::Run { program, source })
}

fn said(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    last_lines(&text)
}

/// The end of another program's output, which is where the error stands.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn folder_with(scripts: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, body) in scripts {
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    #[test]
    fn python_that_is_missing_is_said_in_one_sentence() {
        let folder = folder_with(&[]);
        let error = find(Some(folder.path())).unwrap_err();
        assert!(matches!(error, SandboxError::PythonMissing));
        let message = error.to_string();
        assert!(message.starts_with("Python 3 was not found"), "{message}");
        assert!(message.contains("apt-get install python3 python3-venv"), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }

    #[test]
    fn python_that_is_too_old_is_said_with_its_version() {
        let folder = folder_with(&[("python3", "echo 3 8 10; echo /usr/bin/python3")]);
        let message = find(Some(folder.path())).unwrap_err().to_string();
        assert_eq!(message, "Python 3.10 or newer is needed for the sandbox, and /usr/bin/python3 is 3.8.10");
    }

    #[test]
    fn a_name_that_is_no_python_is_passed_over_for_one_that_is() {
        let folder = folder_with(&[
            ("python3", "echo 'install python3 from the store' >&2; exit 9"),
            ("python", "echo 3 12 1; echo /opt/python/bin/python"),
        ]);
        let python = find(Some(folder.path())).unwrap();
        assert_eq!(python, Python { path: "/opt/python/bin/python".into(), version: (3, 12, 1) });
    }

    #[test]
    fn the_key_changes_with_the_interpreter() {
        let python = |path: &str, version| Python { path: path.into(), version };
        let keys = [
            key(&python("/usr/bin/python3", (3, 11, 2))),
            key(&python("/usr/bin/python3", (3, 12, 0))),
            key(&python("/opt/bin/python3", (3, 11, 2))),
        ];
        assert_ne!(keys[0], keys[1]);
        assert_ne!(keys[0], keys[2]);
        assert_eq!(keys[0], key(&python("/usr/bin/python3", (3, 11, 2))));
    }

    #[test]
    fn an_error_quotes_the_end_of_what_a_program_said() {
        let text: String = (0..50).map(|line| format!("line {line}\n\n")).collect();
        let quoted = last_lines(&text);
        assert_eq!(quoted.lines().count(), QUOTED_LINES);
        assert!(quoted.ends_with("line 49"));
    }
}
