//! Paths within a package, symbolic links followed: nothing in it may lead out of it.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// How many links one path may go through, as Linux has it.
const MAX_LINKS: usize = 40;

/// A path that leads out of its package, relative to that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} leads out of the module's package", .0.display())]
pub struct Escape(pub PathBuf);

/// Where a path below `root` leads, links followed one by one; relative to the root. What is not there counts as what
/// it would be.
///
/// # Errors
///
/// If it leads out of the root at any step, or goes round in circles.
pub fn resolve(root: &Path, path: &Path) -> Result<PathBuf, Escape> {
    let escape = || Escape(path.to_owned());
    let mut steps: Vec<OsString> = Vec::new();
    push(&mut steps, path).ok_or_else(escape)?;
    let mut reached = PathBuf::new();
    let mut links = 0;
    while let Some(step) = steps.pop() {
        if step == ".." {
            if !reached.pop() {
                return Err(escape());
            }
            continue;
        }
        let next = reached.join(&step);
        let target = match std::fs::symlink_metadata(root.join(&next)) {
            Ok(metadata) if metadata.is_symlink() => std::fs::read_link(root.join(&next)).ok(),
            _ => None,
        };
        match target {
            None => reached = next,
            Some(target) => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(escape());
                }
                push(&mut steps, &target).ok_or_else(escape)?;
            }
        }
    }
    Ok(reached)
}

/// Puts a path's steps on the stack, the first on top. `None`: the path is absolute.
fn push(steps: &mut Vec<OsString>, path: &Path) -> Option<()> {
    let mut own = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => own.push(name.to_owned()),
            Component::ParentDir => own.push("..".into()),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    steps.extend(own.into_iter().rev());
    Some(())
}

/// Checks every link of a package.
///
/// # Errors
///
/// If one leads out of it, or the package cannot be read.
pub fn check(root: &Path) -> Result<(), CheckError> {
    let mut pending = vec![PathBuf::new()];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(root.join(&directory))? {
            let entry = entry?;
            let path = directory.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_symlink() {
                resolve(root, &path)?;
            } else if kind.is_dir() {
                pending.push(path);
            }
        }
    }
    Ok(())
}

/// Why the links of a package are not all good.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Escape(#[from] Escape),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_followed_and_must_stay_inside() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        symlink("a/b", root.join("inner")).unwrap();
        symlink("../../a", root.join("a/b/up")).unwrap();
        assert_eq!(resolve(root, Path::new("inner/up/b")).unwrap(), Path::new("a/b"));
        assert_eq!(resolve(root, Path::new("inner/../x")).unwrap(), Path::new("a/x"));
        check(root).unwrap();
        for (name, target) in
            [("out", "../x"), ("absolute", "/etc"), ("through", "inner/../../.."), ("circle", "circle")]
        {
            symlink(target, root.join(name)).unwrap();
            assert!(resolve(root, Path::new(name)).is_err(), "{name}");
            assert!(matches!(check(root), Err(CheckError::Escape(_))), "{name}");
            std::fs::remove_file(root.join(name)).unwrap();
        }
    }
}
