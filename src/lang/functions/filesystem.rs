//! Filesystem functions: `abspath basename dirname file fileexists filebase64 fileset pathexpand` and the hashes
//! of files. `templatefile` is in [`super::template`].

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::super::types::Type;
use super::super::value::{Marks, Value};
use super::{CallError, CallResult, Function, Host};

mod glob;

pub(super) fn functions() -> Vec<Function> {
    let of_path = |name, implementation| {
        Function::new(name, implementation).takes("path", Type::String).returns(Type::String)
    };
    vec![
        of_path("abspath", |host, arguments| {
            Ok(Value::string(text_of(&clean(&host.base_directory().join(path(&arguments[0]))))))
        }),
        of_path("basename", |_, arguments| Ok(Value::string(base_name(path(&arguments[0]))))),
        of_path("dirname", |_, arguments| Ok(Value::string(directory_name(path(&arguments[0]))))),
        of_path("pathexpand", |host, arguments| {
            let expanded = expand(host, path(&arguments[0])).map_err(CallError::Call)?;
            Ok(Value::string(text_of(&expanded)))
        }),
        of_path("file", file).or_marked(),
        of_path("filebase64", file_base64).or_marked(),
        of_path("fileexists", file_exists).or_marked().returns(Type::Bool),
        Function::new("fileset", file_set)
            .takes("path", Type::String)
            .or_marked()
            .takes("pattern", Type::String)
            .or_marked()
            .returns(Type::set(Type::String)),
        of_path("filemd5", |host, arguments| hash::<Md5>(host, arguments, hex)),
        of_path("filesha1", |host, arguments| hash::<Sha1>(host, arguments, hex)),
        of_path("filesha256", |host, arguments| hash::<Sha256>(host, arguments, hex)),
        of_path("filesha512", |host, arguments| hash::<Sha512>(host, arguments, hex)),
        of_path("filebase64sha256", |host, arguments| hash::<Sha256>(host, arguments, base64)),
        of_path("filebase64sha512", |host, arguments| hash::<Sha512>(host, arguments, base64)),
    ]
}

fn path(argument: &Value) -> &str {
    argument.as_str().unwrap_or_default()
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A path in a message, unless it is secret.
fn shown(path: &str, marks: Marks) -> String {
    if marks.is_empty() { path.to_owned() } else { "(sensitive value)".to_owned() }
}

/// Takes the detours out of a path, by its text alone: doubled slashes, `.` and what `..` undoes.
fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match cleaned.components().next_back() {
                Some(Component::Normal(_)) => {
                    cleaned.pop();
                }
                Some(Component::RootDir) => {}
                _ => cleaned.push(component),
            },
            other => cleaned.push(other),
        }
    }
    if cleaned.as_os_str().is_empty() { PathBuf::from(".") } else { cleaned }
}

fn base_name(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or(trimmed) }
}

fn directory_name(path: &str) -> String {
    let directory = path.rfind('/').map_or("", |at| &path[..=at]);
    text_of(&clean(Path::new(directory)))
}

/// A leading `~` gives way to the home directory.
fn expand(host: &dyn Host, path: &str) -> Result<PathBuf, String> {
    let Some(rest) = path.strip_prefix('~') else { return Ok(PathBuf::from(path)) };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err("cannot expand user-specific home dir".to_owned());
    }
    let home = host.home_directory().ok_or("there is no home directory to expand ~ to")?;
    Ok(clean(&home.join(rest.trim_start_matches('/'))))
}

/// Where a path that was given to a function leads.
fn locate(host: &dyn Host, path: &str) -> Result<PathBuf, String> {
    Ok(clean(&host.base_directory().join(expand(host, path)?)))
}

/// The content of a file. The error is a sentence that names the path, if it may.
pub(super) fn read(host: &dyn Host, path: &str, marks: Marks) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    open(host, path, marks)?
        .read_to_end(&mut content)
        .map_err(|error| format!("failed to read {}: {}", shown(path, marks), error.kind()))?;
    Ok(content)
}

fn open(host: &dyn Host, path: &str, marks: Marks) -> Result<File, String> {
    File::open(locate(host, path)?).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!(
            "no file exists at {}; this function works only with files that are part of the configuration's \
             source, so if a resource in this configuration will create the file, refer to an attribute of that \
             resource instead",
            shown(path, marks)
        ),
        kind => format!("failed to open {}: {kind}", shown(path, marks)),
    })
}

/// The text of a file.
pub(super) fn read_text(host: &dyn Host, path: &str, marks: Marks) -> Result<String, CallError> {
    let content = read(host, path, marks).map_err(|message| CallError::argument(0, message))?;
    String::from_utf8(content).map_err(|_| {
        CallError::call(format!(
            "contents of {} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents \
             or the other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead",
            shown(path, marks)
        ))
    })
}

fn file(host: &dyn Host, arguments: &[Value]) -> CallResult {
    let marks = arguments[0].marks;
    Ok(Value::string(read_text(host, path(&arguments[0]), marks)?).with_marks(marks))
}

fn file_base64(host: &dyn Host, arguments: &[Value]) -> CallResult {
    let marks = arguments[0].marks;
    let content =
        read(host, path(&arguments[0]), marks).map_err(|message| CallError::argument(0, message))?;
    Ok(Value::string(BASE64.encode(content)).with_marks(marks))
}

fn file_exists(host: &dyn Host, arguments: &[Value]) -> CallResult {
    let (name, marks) = (path(&arguments[0]), arguments[0].marks);
    let exists = match fs::metadata(locate(host, name).map_err(CallError::Call)?) {
        Ok(metadata) if metadata.is_file() => true,
        Ok(metadata) => {
            let what = if metadata.is_dir() { "a directory, not a file" } else { "not a regular file" };
            return Err(CallError::call(format!("{} is {what}", shown(name, marks))));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => {
            return Err(CallError::call(format!("failed to stat {}: {}", shown(name, marks), error.kind())));
        }
    };
    Ok(Value::bool(exists).with_marks(marks))
}

fn file_set(host: &dyn Host, arguments: &[Value]) -> CallResult {
    let marks = arguments[0].marks | arguments[1].marks;
    let pattern = path(&arguments[1]);
    let failed = |reason: String| {
        CallError::call(format!("failed to glob pattern {}: {reason}", shown(pattern, marks)))
    };
    // The directory is part of the pattern; only where that starts from is taken as it is.
    let from = clean(Path::new(path(&arguments[0])));
    let joined = clean(&from.join(pattern.trim_start_matches('/')));
    let root = if joined.is_absolute() { Path::new("/") } else { host.base_directory() };
    let in_root = text_of(joined.strip_prefix("/").unwrap_or(&joined));
    let mut found = Vec::new();
    for place in glob::glob(root, &in_root).map_err(|error| failed(error.to_string()))? {
        let metadata = fs::metadata(&place).map_err(|error| failed(error.kind().to_string()))?;
        if metadata.is_file() {
            let place = if from.is_absolute() { &place } else { place.strip_prefix(root).unwrap_or(&place) };
            found.push(Value::string(text_of(&relative(&clean(place), &from))));
        }
    }
    Ok(Value::set(Type::String, found).with_marks(marks))
}

/// The way from a directory to a path; both are clean.
fn relative(path: &Path, from: &Path) -> PathBuf {
    let (mut path, mut from) = (path.components().peekable(), from.components().peekable());
    while path.peek().is_some() && path.peek() == from.peek() {
        path.next();
        from.next();
    }
    let up = from.filter(|component| *component != Component::CurDir).map(|_| Component::ParentDir);
    up.chain(path).collect()
}

fn hash<D: Digest>(host: &dyn Host, arguments: &[Value], encode: fn(&[u8]) -> String) -> CallResult {
    let name = path(&arguments[0]);
    let mut file = open(host, name, Marks::NONE).map_err(CallError::Call)?;
    let mut digest = D::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Value::string(encode(&digest.finalize()))),
            Ok(count) => digest.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(CallError::call(format!("failed to read {name}: {}", error.kind()))),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{call, error, text};
    use super::*;

    fn answer(name: &str, path: &str) -> String {
        call(name, [Value::from(path)]).as_str().unwrap_or_default().to_owned()
    }

    // Expected texts are what Terraform 1.11.4 answers.
    #[test]
    fn paths_are_taken_apart_as_text() {
        for (name, given, expected) in [
            ("basename", "/", "/"),
            ("basename", "//", "/"),
            ("basename", "", "."),
            ("basename", "a//", "a"),
            ("basename", "a/..", ".."),
            ("basename", "C:\\temp\\x", "C:\\temp\\x"),
            ("dirname", "/srv/app/", "/srv/app"),
            ("dirname", "", "."),
            ("dirname", "..", "."),
            ("dirname", "../a", ".."),
            ("dirname", "a//b//c", "a/b"),
            ("dirname", "a/../b/c", "b"),
            ("dirname", "/a/../..", "/"),
            ("abspath", "/a/../../b", "/b"),
            ("pathexpand", "a//b", "a//b"),
            ("pathexpand", "~", "/home/ada"),
            ("pathexpand", "~//x/../y", "/home/ada/y"),
        ] {
            assert_eq!(answer(name, given), expected, "{name} {given}");
        }
        let here = env!("CARGO_MANIFEST_DIR");
        assert_eq!(answer("abspath", "a/../b//c/"), format!("{here}/b/c"));
        assert!(matches!(error("pathexpand", [Value::from("~root/x")]), CallError::Call(_)));
    }

    #[test]
    fn what_is_wrong_with_a_file_does_not_show_a_secret() {
        let missing = |path: Value| match error("file", [path]) {
            CallError::Argument { index: 0, message } => message,
            other => panic!("{other:?}"),
        };
        assert!(missing(Value::from("hush.txt")).contains("hush.txt"));
        assert!(!missing(Value::from("hush.txt").sensitive()).contains("hush"));
        assert!(matches!(error("filemd5", [Value::from("hush.txt")]), CallError::Call(_)));
        assert!(matches!(error("fileexists", [Value::from("src")]), CallError::Call(_)));
        assert_eq!(text("fileexists", [Value::from("hush.txt")]), "false");
        assert_eq!(text("fileexists", [Value::from("src/../Cargo.toml")]), "true");
    }

    #[test]
    fn files_of_a_set_are_named_from_its_directory() {
        let found = call("fileset", ["src/lang", "../*/filesystem/**"].map(Value::from));
        assert_eq!(found, Value::set(Type::String, []));
        let found = call("fileset", ["src/lang/functions/filesystem", "../filesystem*"].map(Value::from));
        assert_eq!(found, Value::set(Type::String, [Value::from("../filesystem.rs")]));
        let absolute = format!("{}/src/lang/functions", env!("CARGO_MANIFEST_DIR"));
        let found = call("fileset", [absolute.as_str(), "/file*/g*.rs"].map(Value::from));
        assert_eq!(found, Value::set(Type::String, [Value::from("filesystem/glob.rs")]));
    }
}
