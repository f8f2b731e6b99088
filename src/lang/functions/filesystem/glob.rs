//! Files whose paths match a pattern, as `fileset` has it.
//!
//! The slashes part a pattern before anything else does, so that braces cannot hold one. In a component `?` is
//! any letter, `*` any run of letters, `[a-z]` and `[^a-z]` one letter of a class, `{a,b}` alternatives (which
//! do not nest), `\` takes the next letter as it is; a component `**` is any number of directories, none
//! included, or, if it is the last, all that is below. A leading dot is a letter like any other.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Something in a pattern is not closed, or a class is not well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

#[derive(Debug, thiserror::Error)]
pub enum GlobError {
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    #[error("cannot read {0}: {1}")]
    Directory(PathBuf, io::ErrorKind),
}

/// All paths, directories too, that match. They start with `root`, which is taken as it is; the pattern must not
/// start with a slash.
pub fn glob(root: &Path, pattern: &str) -> Result<Vec<PathBuf>, GlobError> {
    let mut found = Vec::new();
    walk(root, pattern, &mut found)?;
    Ok(found)
}

fn walk(directory: &Path, pattern: &str, found: &mut Vec<PathBuf>) -> Result<(), GlobError> {
    // Components before the first that is a pattern need no search.
    let literal = match pattern.find(['*', '?', '[', '{', '\\']) {
        Some(at) => pattern[..at].rfind('/'),
        None => pattern.rfind('/'),
    };
    let (directory, pattern) = match literal {
        Some(at) => (directory.join(&pattern[..at]), &pattern[at + 1..]),
        None => (directory.to_owned(), pattern),
    };
    if !directory.is_dir() {
        return Ok(());
    }
    let (component, rest) = match pattern.split_once('/') {
        Some((component, rest)) => (component, Some(rest)),
        None => (pattern, None),
    };
    if component == "**" {
        for name in names(&directory)? {
            let place = directory.join(&name);
            if place.is_dir() && !leads_back(&place) {
                walk(&place, pattern, found)?;
            }
            if rest.is_none() {
                found.push(place);
            }
        }
        return match rest {
            Some(rest) => walk(&directory, rest, found),
            None => Ok(()),
        };
    }
    for name in names(&directory)? {
        if matches(component, &name)? {
            let place = directory.join(&name);
            match rest {
                Some(rest) => walk(&place, rest, found)?,
                None => found.push(place),
            }
        }
    }
    Ok(())
}

/// Whether a link leads to a directory that it is in, so that following it would go round.
fn leads_back(place: &Path) -> bool {
    place.is_symlink()
        && match (place.canonicalize(), place.parent().map(Path::canonicalize)) {
            (Ok(target), Some(Ok(parent))) => parent.starts_with(target),
            _ => true,
        }
}

/// The names in a directory, sorted.
fn names(directory: &Path) -> Result<Vec<String>, GlobError> {
    let unreadable = |error: io::Error| GlobError::Directory(directory.to_owned(), error.kind());
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        // A name that is not text cannot be an element of a set of strings.
        names.extend(entry.map_err(unreadable)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// Whether a name matches one component of a pattern. A mistake in the pattern is found only if the match gets
/// as far.
fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let pattern: Vec<char> = pattern.chars().collect();
    matches_letters(&pattern, name.as_bytes())
}

/// The first letter and how many bytes it takes; of bytes that are in the middle of a letter, one that is none.
fn first_letter(name: &[u8]) -> Option<(char, usize)> {
    let first = *name.first()?;
    let width = match first {
        0..0x80 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    let letter = name.get(..width).and_then(|bytes| std::str::from_utf8(bytes).ok()?.chars().next());
    Some(letter.map_or((char::REPLACEMENT_CHARACTER, 1), |letter| (letter, width)))
}

fn matches_letters(mut pattern: &[char], mut name: &[u8]) -> Result<bool, BadPattern> {
    while let (Some((first, rest)), Some((letter, width))) = (pattern.split_first(), first_letter(name)) {
        match first {
            '\\' => {
                let (escaped, rest) = rest.split_first().ok_or(BadPattern)?;
                if *escaped != letter {
                    return Ok(false);
                }
                pattern = rest;
            }
            '*' if rest.is_empty() => return Ok(true),
            '*' => {
                // The reference goes on in steps as wide as the first letter, so that after `ü` it looks at every
                // second byte only, and `*.txt` does not match `ünï.txt`.
                let fits = |at: usize| matches_letters(rest, &name[at..]).unwrap_or(false);
                return Ok((0..name.len()).step_by(width).any(fits));
            }
            '[' => {
                let end = find_unescaped(rest, ']').ok_or(BadPattern)?;
                if !in_class(&rest[..end], letter)? {
                    return Ok(false);
                }
                pattern = &rest[end + 1..];
            }
            '{' => {
                let end = find_unescaped(rest, '}').ok_or(BadPattern)?;
                for option in split_unescaped(&rest[..end], ',') {
                    let alternative = [option, &rest[end + 1..]].concat();
                    if matches_letters(&alternative, name)? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
            '?' => pattern = rest,
            other if *other == letter => pattern = rest,
            _ => return Ok(false),
        }
        name = &name[width..];
    }
    Ok(name.is_empty() && pattern.iter().all(|letter| *letter == '*') && pattern.len() <= 2)
}

fn find_unescaped(letters: &[char], wanted: char) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in letters.iter().enumerate() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            letter if *letter == wanted => return Some(at),
            _ => {}
        }
    }
    None
}

fn split_unescaped(mut letters: &[char], separator: char) -> Vec<&[char]> {
    let mut parts = Vec::new();
    while let Some(at) = find_unescaped(letters, separator) {
        parts.push(&letters[..at]);
        letters = &letters[at + 1..];
    }
    parts.push(letters);
    parts
}

/// Whether a letter is in a class, given as what stands between the brackets.
fn in_class(class: &[char], letter: char) -> Result<bool, BadPattern> {
    let (negated, mut rest) = match class {
        [] => return Err(BadPattern),
        ['^', rest @ ..] => (true, rest),
        all => (false, all),
    };
    // One end of a range: a letter, maybe escaped, but no bare dash.
    fn end(letters: &[char]) -> Result<(char, &[char]), BadPattern> {
        match letters {
            ['\\', letter, rest @ ..] => Ok((*letter, rest)),
            [] | ['-' | '\\', ..] => Err(BadPattern),
            [letter, rest @ ..] => Ok((*letter, rest)),
        }
    }
    let mut found = false;
    while !rest.is_empty() {
        let (low, after) = end(rest)?;
        let (high, after) = match after {
            ['-', after @ ..] => end(after)?,
            _ => (low, after),
        };
        found |= (low..=high).contains(&letter);
        rest = after;
    }
    Ok(found != negated)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected answers are those of Terraform 1.11.4's fileset for files of these names.
    #[test]
    fn components_match_as_in_the_reference() {
        for (pattern, name, expected) in [
            ("*.txt", ".hidden.txt", Ok(true)),
            ("x[^2-9]*.yaml", "x10.yaml", Ok(true)),
            ("x[!1].*", "x2.yml", Ok(false)),
            ("\\[br\\].txt", "[br].txt", Ok(true)),
            ("[br].txt", "[br].txt", Ok(false)),
            ("{a,{b,a}}.txt", "a.txt", Ok(false)),
            ("{*,a}.txt", "sp ace.txt", Ok(true)),
            ("{}a.txt", "a.txt", Ok(true)),
            ("{a\\,b}.txt", "a.txt", Ok(false)),
            ("**a*", "sp ace.txt", Ok(true)),
            ("a.txt**", "a.txt", Ok(true)),
            ("a.txt***", "a.txt", Ok(false)),
            ("*\\", "a.txt", Ok(false)),
            ("ü?ï.txt", "ünï.txt", Ok(true)),
            ("*.txt", "ünï.txt", Ok(false)),
            ("*{x,t}", "ünï.txt", Ok(true)),
            ("*.txt", "fünf.txt", Ok(true)),
            ("[", "a.txt", Err(BadPattern)),
            ("[]a].txt", "a.txt", Err(BadPattern)),
            ("[a-].txt", "a.txt", Err(BadPattern)),
            ("[-a].txt", "a.txt", Err(BadPattern)),
            ("{a,b", "a.txt", Err(BadPattern)),
            ("b{a", "a.txt", Ok(false)),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn two_stars_are_directories_of_any_depth() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        for file in ["x.txt", "a/y.txt", "a/b/z.txt"] {
            fs::write(root.path().join(file), "").unwrap();
        }
        std::os::unix::fs::symlink("..", root.path().join("a/b/up")).unwrap();
        let found = |pattern| {
            let mut found: Vec<String> = glob(root.path(), pattern)
                .unwrap()
                .iter()
                .filter(|place| place.is_file())
                .map(|place| place.strip_prefix(root.path()).unwrap().display().to_string())
                .collect();
            found.sort();
            found
        };
        assert_eq!(found("**/*.txt"), ["a/b/z.txt", "a/y.txt", "x.txt"]);
        assert_eq!(found("a/**"), ["a/b/z.txt", "a/y.txt"]);
        assert_eq!(found("*/y.txt"), ["a/y.txt"]);
        assert_eq!(found("nowhere/*"), [""; 0]);
        assert!(matches!(glob(root.path(), "{a/y,x}.txt"), Err(GlobError::Pattern(BadPattern))));
    }
}
