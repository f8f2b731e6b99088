//! The environment in which a command uses the sandbox and cannot reach another AWS.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use super::server::Endpoint;

/// Names the variable file that is read after all others, for declared variables only. See the
/// documentation of [`crate::sandbox`].
pub const VAR_FILE_VARIABLE: &str = "RECON_SANDBOX_VAR_FILE";

/// The credentials of the sandbox's default account. Any would do: nothing checks them.
pub const ACCESS_KEY: &str = "test";
pub const SECRET_KEY: &str = "test";

/// Variables that would lead an AWS client to other credentials, another endpoint or another
/// network path (the AWS SDKs and Tools Reference Guide's list of environment variables). Every
/// variable that begins with `AWS_ENDPOINT_URL_` goes as well.
const REMOVED: [&str; 13] = [
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

const SERVICE_ENDPOINT_PREFIX: &str = "AWS_ENDPOINT_URL_";

/// One variable and its new value; `None` removes it.
pub type Change = (OsString, Option<OsString>);

/// What a command's environment is changed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    set: Vec<(&'static str, OsString)>,
}

impl Environment {
    pub(super) fn new(endpoint: &Endpoint, var_file: Option<&Path>) -> Environment {
        let mut set = vec![
            ("AWS_ENDPOINT_URL", OsString::from(endpoint.url())),
            ("AWS_ACCESS_KEY_ID", OsString::from(ACCESS_KEY)),
            ("AWS_SECRET_ACCESS_KEY", OsString::from(SECRET_KEY)),
            // The user's files may name other credentials, roles to assume and endpoints.
            ("AWS_CONFIG_FILE", OsString::from("/dev/null")),
            ("AWS_SHARED_CREDENTIALS_FILE", OsString::from("/dev/null")),
            // Without it a client that finds no region asks an address that no sandbox serves.
            ("AWS_EC2_METADATA_DISABLED", OsString::from("true")),
        ];
        if let Some(path) = var_file {
            set.push((VAR_FILE_VARIABLE, path.as_os_str().to_owned()));
        }
        Environment { set }
    }

    /// The same with one variable set otherwise or in addition.
    pub fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Environment {
        self.set.retain(|(known, _)| *known != name);
        self.set.push((name, value.into()));
        self
    }

    /// What changes in the inherited environment, removals first, in a fixed order. A region is set
    /// only where none is inherited, for provider blocks that name none.
    pub fn changes(&self, inherited: &[(OsString, OsString)]) -> Vec<Change> {
        let inherited_value = |name: &str| {
            inherited.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
        };
        let misleading = |name: &OsStr| {
            name.to_str()
                .is_some_and(|name| REMOVED.contains(&name) || name.starts_with(SERVICE_ENDPOINT_PREFIX))
        };
        let mut removed: Vec<&OsString> =
            inherited.iter().map(|(name, _)| name).filter(|name| misleading(name)).collect();
        removed.sort();
        let mut changes: Vec<Change> = removed.into_iter().map(|name| (name.clone(), None)).collect();
        changes.extend(self.set.iter().map(|(name, value)| ((*name).into(), Some(value.clone()))));
        if inherited_value("AWS_REGION").or_else(|| inherited_value("AWS_DEFAULT_REGION")).is_none() {
            changes.push(("AWS_DEFAULT_REGION".into(), Some("us-east-1".into())));
        }
        for name in ["NO_PROXY", "no_proxy"] {
            changes.push((name.into(), Some(without_loopback(inherited_value(name)))));
        }
        changes
    }

    /// Makes the command see the sandbox. `inherited` is the environment that the command would have
    /// had without it.
    pub fn apply(&self, command: &mut Command, inherited: &[(OsString, OsString)]) {
        for (name, value) in self.changes(inherited) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }
}

/// The changes as commands for a POSIX shell, one a line: what `eval` makes of them is the environment that
/// [`Environment::apply`] gives to a command.
pub fn shell_commands(changes: &[Change]) -> String {
    let mut text = String::new();
    for (name, value) in changes {
        let name = name.to_string_lossy();
        match value {
            Some(value) => {
                // Within single quotes only the single quote itself means anything.
                let quoted = value.to_string_lossy().replace('\'', r"'\''");
                text.push_str(&format!("export {name}='{quoted}'\n"));
            }
            None => text.push_str(&format!("unset {name}\n")),
        }
    }
    text
}

/// A `NO_PROXY` that keeps its hosts and adds loopback.
fn without_loopback(before: Option<&OsStr>) -> OsString {
    let mut value = OsString::from("127.0.0.1,localhost");
    if let Some(before) = before.filter(|before| !before.is_empty()) {
        value.push(",");
        value.push(before);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn seen_by_a_command(inherited: &[(&str, &str)]) -> BTreeMap<String, String> {
        let inherited: Vec<(OsString, OsString)> =
            inherited.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let environment = Environment::new(&Endpoint::of(4000, 1, "t"), Some(Path::new("/x/sandbox.tfvars")));
        let mut command = Command::new("env");
        command.env_clear().envs(inherited.iter().cloned());
        environment.apply(&mut command, &inherited);
        variables(&mut command)
    }

    /// What a command that prints its environment prints.
    fn variables(command: &mut Command) -> BTreeMap<String, String> {
        let output = command.output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn a_shell_makes_of_the_commands_what_they_say() {
        let changes: Vec<Change> = vec![
            ("GONE".into(), None),
            ("PLAIN".into(), Some("http://127.0.0.1:4000".into())),
            ("AWKWARD".into(), Some("it's \"$HOME\" `x` \\ *".into())),
        ];
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{}env", shell_commands(&changes))]).env_clear().env("GONE", "here");
        command.env("PATH", std::env::var_os("PATH").unwrap());
        let seen = variables(&mut command);
        assert_eq!(seen.get("GONE"), None);
        assert_eq!(seen["PLAIN"], "http://127.0.0.1:4000");
        assert_eq!(seen["AWKWARD"], "it's \"$HOME\" `x` \\ *");
    }

    #[test]
    fn a_command_sees_the_sandbox_and_no_other_aws() {
        let seen = seen_by_a_command(&[
            ("AWS_PROFILE", "production"),
            ("AWS_SESSION_TOKEN", "real"),
            ("AWS_ACCESS_KEY_ID", "AKIAREAL"),
            ("AWS_ENDPOINT_URL_EC2", "https://elsewhere.example"),
            ("AWS_REGION", "eu-west-3"),
            ("NO_PROXY", "internal.example"),
        ]);
        let expected = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4000"),
            ("AWS_REGION", "eu-west-3"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("NO_PROXY", "127.0.0.1,localhost,internal.example"),
            ("RECON_SANDBOX_VAR_FILE", "/x/sandbox.tfvars"),
            ("no_proxy", "127.0.0.1,localhost"),
        ];
        let expected: BTreeMap<String, String> =
            expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(seen, expected);
    }
}
