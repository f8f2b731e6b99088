//! Archives and repositories that want more than to be unpacked.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;

use recon::config::install::archive::{ArchiveError, ArchiveKind, Limits, unpack};

use super::support::registry::{Answer, Registry, Repository, zip as zipped};
use super::{HOST, flat, module, recon, stack};

/// One entry of an archive, as hostile as it may be.
struct Entry<'a> {
    name: &'a str,
    kind: tar::EntryType,
    target: &'a str,
    content: &'a [u8],
}

fn file<'a>(name: &'a str, content: &'a str) -> Entry<'a> {
    Entry { name, kind: tar::EntryType::Regular, target: "", content: content.as_bytes() }
}

fn link<'a>(name: &'a str, target: &'a str) -> Entry<'a> {
    Entry { name, kind: tar::EntryType::Symlink, target, content: b"" }
}

/// An archive with names that the usual tools would not write.
fn hostile(entries: &[Entry<'_>]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(encoder);
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        let raw = header.as_gnu_mut().unwrap();
        raw.name[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
        raw.linkname[..entry.target.len()].copy_from_slice(entry.target.as_bytes());
        header.set_entry_type(entry.kind);
        header.set_size(entry.content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, entry.content).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// Unpacks below a folder that has a neighbour, and answers what came of it and what is beside it then.
fn unpacked(bytes: &[u8], kind: ArchiveKind, limits: &Limits) -> (Result<(), ArchiveError>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("package");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(folder.path().join("neighbour"), "untouched").unwrap();
    let outcome = unpack(opened(bytes), kind, &inner, limits);
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut beside: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    beside.sort();
    assert_eq!(std::fs::read_to_string(folder.path().join("neighbour")).unwrap(), "untouched");
    (outcome, beside)
}

fn opened(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn nothing_is_written_outside_the_package() {
    let table: Vec<(&str, Vec<Entry<'_>>)> = vec![
        ("a path upwards", vec![file("../neighbour", "changed")]),
        ("a path upwards within", vec![file("x/../../neighbour", "changed")]),
        ("an absolute path", vec![file("/tmp/recon-hostile", "changed")]),
        ("a link out", vec![link("out", "../neighbour")]),
        ("an absolute link", vec![link("out", "/etc/passwd")]),
        ("a file through a link", vec![link("out", ".."), file("out/neighbour", "changed")]),
        ("a link through a link", vec![link("a", "x/y"), file("x/y/z", ""), link("b", "a/../../..")]),
        ("a link in place of a directory", vec![link("d", ".."), link("d/neighbour", "x")]),
        ("links in a circle", vec![link("a", "b"), link("b", "a")]),
        (
            "a hard link out",
            vec![Entry { name: "h", kind: tar::EntryType::Link, target: "../neighbour", content: b"" }],
        ),
        ("a device", vec![Entry { name: "d", kind: tar::EntryType::Char, target: "", content: b"" }]),
        ("a pipe", vec![Entry { name: "p", kind: tar::EntryType::Fifo, target: "", content: b"" }]),
    ];
    for (what, entries) in table {
        let (outcome, beside) = unpacked(&hostile(&entries), ArchiveKind::TarGz, &Limits::default());
        assert!(outcome.is_err(), "{what}");
        assert_eq!(beside, ["neighbour", "package"], "{what}");
    }
    assert!(!Path::new("/tmp/recon-hostile").exists());
    let (outcome, beside) =
        unpacked(&zipped(&[("../neighbour", "changed")]), ArchiveKind::Zip, &Limits::default());
    assert!(matches!(outcome, Err(ArchiveError::Outside(_))), "{outcome:?}");
    assert_eq!(beside, ["neighbour", "package"]);
    let (outcome, _) =
        unpacked(&zipped(&[("..\\neighbour", "changed")]), ArchiveKind::Zip, &Limits::default());
    assert!(matches!(outcome, Err(ArchiveError::Outside(_))), "{outcome:?}");
}

#[test]
fn links_that_stay_inside_are_kept() {
    let entries = [
        file("a/main.tf", "content"),
        link("b", "a"),
        Entry { name: "hard.tf", kind: tar::EntryType::Link, target: "a/main.tf", content: b"" },
    ];
    let folder = tempfile::tempdir().unwrap();
    unpack(opened(&hostile(&entries)), ArchiveKind::TarGz, folder.path(), &Limits::default()).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("b/main.tf")).unwrap(), "content");
    assert_eq!(std::fs::read_to_string(folder.path().join("hard.tf")).unwrap(), "content");
}

#[test]
fn bombs_end_at_the_limit() {
    let zeros = "0".repeat(1 << 20);
    let limits = Limits { unpacked: 100_000, entries: 50, ..Limits::default() };
    let one = hostile(&[file("big", &zeros)]);
    assert!(one.len() < 20_000, "it is small before");
    let many: Vec<String> = (0..100).map(|number| format!("f{number}")).collect();
    let many: Vec<Entry<'_>> = many.iter().map(|name| file(name, "")).collect();
    let half = "0".repeat(60_000);
    for (bytes, kind, expected) in [
        (one, ArchiveKind::TarGz, "larger than 100000 bytes"),
        (zipped(&[("big", &zeros)]), ArchiveKind::Zip, "larger than 100000 bytes"),
        (zipped(&[("one", &half), ("two", &half)]), ArchiveKind::Zip, "larger than 100000 bytes"),
        (hostile(&many), ArchiveKind::TarGz, "more than 50 entries"),
    ] {
        let (outcome, _) = unpacked(&bytes, kind, &limits);
        let problem = outcome.unwrap_err().to_string();
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn broken_archives_are_errors() {
    let whole = hostile(&[file("main.tf", &"content ".repeat(1000))]);
    let zip = zipped(&[("main.tf", "content")]);
    for (bytes, kind) in [
        (&whole[..whole.len() / 2], ArchiveKind::TarGz),
        (&b"not an archive"[..], ArchiveKind::TarGz),
        (&zip[..zip.len() - 5], ArchiveKind::Zip),
        (&b""[..], ArchiveKind::Zip),
    ] {
        assert!(unpacked(bytes, kind, &Limits::default()).0.is_err());
    }
}

#[test]
fn a_repository_runs_nothing_and_leads_nowhere() {
    let registry = Registry::start();
    // A link that leads out of the package.
    let repository = Repository::new(&[("main.tf", &module("x"))]);
    std::os::unix::fs::symlink("/etc", repository.path().join("etc")).unwrap();
    repository.commit(&[]);
    let leading = stack(&format!("module \"m\" {{ source = \"{}\" }}\n", repository.source()));
    let output = recon(&leading, &registry, &["init"]).code(1);
    assert!(flat(&output).contains("the package holds \"etc\", a link that leads out of it"), "{output}");
    assert!(!leading.path(".terraform/modules/m").exists());

    // A submodule from a file of this machine, and one that wants a command run.
    let inner = Repository::new(&[("inner.tf", "")]);
    for url in [inner.path().display().to_string(), "ext::sh -c touch% marker".to_owned()] {
        let repository = Repository::new(&[("main.tf", &module("x"))]);
        let entry = format!("[submodule \"s\"]\n\tpath = s\n\turl = {url}\n");
        let commit = inner.git(&["rev-parse", "HEAD"]);
        std::fs::write(repository.path().join(".gitmodules"), entry).unwrap();
        repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},s")]);
        repository.git(&["add", ".gitmodules"]);
        repository.git(&["commit", "--quiet", "--message=submodule"]);
        let stack = stack(&format!("module \"m\" {{ source = \"{}\" }}\n", repository.source()));
        let output = recon(&stack, &registry, &["init"]).code(1);
        assert!(flat(&output).contains("not allowed"), "{output}");
    }

    // Hooks of a template that the user's own configuration names.
    let repository = Repository::new(&[("main.tf", &module("x"))]);
    let stack = stack(&format!("module \"m\" {{ source = \"{}\" }}\n", repository.source()));
    let marker = stack.path("../marker");
    let hook = format!("#!/bin/sh\ntouch {}\n", marker.display());
    for name in ["post-checkout", "reference-transaction"] {
        stack.write(&format!("../template/hooks/{name}"), &hook);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(stack.path(&format!("../template/hooks/{name}")), mode).unwrap();
    }
    let template = stack.path("../template").into_os_string();
    recon(&stack, &registry, &["init"]).env("GIT_TEMPLATE_DIR", template).success();
    assert!(!marker.exists());
}

#[test]
fn a_module_does_not_reach_out_of_its_package() {
    let registry = Registry::start();
    let reaching = "module \"out\" { source = \"../../../secret\" }\n";
    registry.publish("acme/reaching/aws", "1.0.0", &[("main.tf", reaching)]);
    let stack = stack(&format!("module \"m\" {{ source = \"{HOST}/acme/reaching/aws\" }}\n"));
    stack.write("secret/main.tf", "");
    let output = recon(&stack, &registry, &["init"]).code(1);
    assert!(flat(&output).contains("leads out of the package that the calling module is of"), "{output}");
}

#[test]
fn passwords_stay_out_of_what_is_said() {
    let registry = Registry::start();
    registry.serve("/x.zip", Answer::status(500));
    let host = registry.url("").replace("http://", "http://user:geheim@");
    for source in [format!("git::{host}/x.git"), format!("{host}/x.zip"), format!("{host}/page")] {
        let stack = stack(&format!("variable \"x\" {{}}\nmodule \"m\" {{\n  source = \"{source}\"\n}}\n"));
        let output = recon(&stack, &registry, &["init"]).code(1);
        let said: String = output.stderr.lines().filter(|line| !line.contains("source = ")).collect();
        assert!(!said.contains("geheim") && !output.stdout.contains("geheim"), "{output}");
    }
}
