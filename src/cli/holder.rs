//! Who this run is, for the description of the locks that it takes.

use crate::state::lock::Holder;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `user@host`
pub fn who() -> String {
    let user = variable("USER").or_else(|| variable("LOGNAME")).unwrap_or_else(|| "unknown".to_owned());
    format!("{user}@{}", host())
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
}

/// The CI job that this is a run of, or this process.
pub fn this_run() -> Holder {
    github().or_else(gitlab).unwrap_or_else(|| Holder {
        job: host(),
        run: format!("process {}", std::process::id()),
        link: None,
    })
}

/// GitHub Actions, by its default variables.
fn github() -> Option<Holder> {
    variable("GITHUB_ACTIONS").filter(|value| value == "true")?;
    let repository = variable("GITHUB_REPOSITORY")?;
    let run = variable("GITHUB_RUN_ID")?;
    let server = variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
    Some(Holder {
        job: format!(
            "GitHub Actions, {repository}, {}, {}",
            variable("GITHUB_WORKFLOW").unwrap_or_default(),
            variable("GITHUB_JOB").unwrap_or_default()
        ),
        run: format!(
            "run {run}, attempt {}",
            variable("GITHUB_RUN_ATTEMPT").unwrap_or_else(|| "1".to_owned())
        ),
        link: Some(format!("{server}/{repository}/actions/runs/{run}")),
    })
}

/// GitLab CI, by its predefined variables.
fn gitlab() -> Option<Holder> {
    variable("GITLAB_CI").filter(|value| value == "true")?;
    Some(Holder {
        job: format!("GitLab CI, {}, {}", variable("CI_PROJECT_PATH")?, variable("CI_JOB_NAME")?),
        run: format!("job {}", variable("CI_JOB_ID")?),
        link: variable("CI_JOB_URL"),
    })
}
