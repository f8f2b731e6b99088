//! Canonical style, against what `terraform fmt` 1.11.4 made of the same files (`conformance/fmt`).

use std::path::PathBuf;

use proptest::prelude::*;
use recon::lang::format::format;
use recon::lang::scan::{TokenKind, scan};
use recon::lang::source::SourceMap;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/fmt")
}

fn formatted(name: &str, text: &str) -> String {
    format(&SourceMap::new(), name, text.as_bytes()).unwrap_or_else(|errors| panic!("{name}: {errors:?}"))
}

#[test]
fn files_are_laid_out_as_terraform_does() {
    let (mut wrong, mut files) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder().join("in")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = std::fs::read_to_string(folder().join("out").join(&name)).unwrap();
        let own = formatted(&name, &text);
        if own != expected {
            let diff = similar::TextDiff::from_lines(&expected, &own);
            wrong.push(format!("{name}\n{}", diff.unified_diff().context_radius(1)));
        }
        assert_eq!(formatted(&name, &own), own, "{name} is formatted once and for all");
        files += 1;
    }
    assert_eq!(files, 49);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What a file consists of, blanks aside.
fn tokens(text: &str) -> Vec<(TokenKind, String)> {
    scan(text).iter().map(|token| (token.kind, token.text(text).to_owned())).collect()
}

#[test]
fn old_ways_of_writing_give_way() {
    let old = "resource aws_x \"y\" {\n a = \"${~ var.x ~}\"\n b = \"${var.x\n }\"\n c = \"${merge(\n {},\n var.x\n )}\"\n \
               d = \"${var.a}${var.b}\"\n e = \"${\"${var.a}\"}\"\n f = \"x${var.a}\"\n k = \"${ /* c */ var.a }\"\n \
               dynamic x {\n for_each = \"${var.x}\"\n }\n m = (\"${var.x}\")\n n = {\n a = \"${var.x}\"\n }\n}\n\
               variable y {\n type = \"list\"\n}\nvariable \"z\" {\n type = map\n}\nlocals {\n type = \"string\"\n}\n";
    // From terraform fmt 1.11.4, which takes one template off "e" at a time, where recon takes both.
    let new = "resource \"aws_x\" \"y\" {\n  a = var.x\n  b = var.x\n  c = (merge(\n    {},\n    var.x\n  ))\n  \
               d = \"${var.a}${var.b}\"\n  e = var.a\n  f = \"x${var.a}\"\n  k = /* c */ var.a\n  \
               dynamic \"x\" {\n    for_each = var.x\n  }\n  m = (\"${var.x}\")\n  n = {\n    a = \"${var.x}\"\n  }\n}\n\
               variable \"y\" {\n  type = list(string)\n}\nvariable \"z\" {\n  type = map(any)\n}\nlocals {\n  type = \"string\"\n}\n";
    assert_eq!(formatted("main.tf", old), new);
}

/// No token is lost or changed in any file of the other cases, and a file in canonical style stays as it is.
#[test]
fn only_blanks_change() {
    let mut files = 0;
    for group in ["stacks", "invalid"] {
        let mut folders = vec![folder().parent().unwrap().join(group)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                if path.extension().is_none_or(|extension| extension != "tf") {
                    continue;
                }
                let bytes = std::fs::read(&path).unwrap();
                let Ok(own) = format(&SourceMap::new(), "main.tf", &bytes) else { continue };
                let text = String::from_utf8(bytes).unwrap();
                let text = text.trim_start_matches('\u{feff}');
                let own = own.trim_start_matches('\u{feff}');
                assert_eq!(formatted("main.tf", own), own, "{}", path.display());
                if !text.contains("\"${") && text.ends_with('\n') {
                    assert_eq!(tokens(own), tokens(text), "{}", path.display());
                }
                files += 1;
            }
        }
    }
    assert!(files > 200, "{files}");
}

#[test]
fn the_command_formats_files_and_checks_them() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let recon = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_recon"))
            .arg("fmt")
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    write("main.tf", "locals {\n a=1\n}\n");
    write("good.tf", "locals {\n  b = 1\n}\n");
    write("terraform.tfvars", "a=1\n");
    write("notes.txt", "a=1\n");
    write("modules/a/main.tf", "locals {\n a=1\n}\n");
    write(".terraform/modules/b/main.tf", "locals {\n a=1\n}\n");
    assert_eq!(recon(&["--check"]), (3, "main.tf\nterraform.tfvars\n".to_owned()));
    assert_eq!(read("main.tf"), "locals {\n a=1\n}\n");
    let (code, diff) = recon(&["-check", "-diff", "-list=false", "terraform.tfvars"]);
    assert_eq!(
        (code, &*diff),
        (3, "--- old/terraform.tfvars\n+++ new/terraform.tfvars\n@@ -1 +1 @@\n-a=1\n+a = 1\n")
    );
    assert_eq!(recon(&["--recursive"]), (0, "main.tf\nmodules/a/main.tf\nterraform.tfvars\n".to_owned()));
    assert_eq!(read("modules/a/main.tf"), "locals {\n  a = 1\n}\n");
    assert_eq!(read(".terraform/modules/b/main.tf"), "locals {\n a=1\n}\n");
    assert_eq!(recon(&["--check", "--recursive"]), (0, String::new()));
    write("broken.tf", "locals {\n");
    assert_eq!(recon(&[]).0, 1);
    assert_eq!(read("broken.tf"), "locals {\n");
}

proptest! {
    /// Whatever blanks stand between the tokens of a file, its canonical style is the same.
    #[test]
    fn blanks_between_tokens_say_nothing(widths in proptest::collection::vec(0..4usize, 200)) {
        let text = std::fs::read_to_string(folder().join("out/nested-blocks.tf")).unwrap();
        let mut wide = String::new();
        for (token, width) in scan(&text).iter().zip(widths.iter().cycle()) {
            let before = token.start as usize;
            let blank = text[..before].ends_with(' ') || before == 0 || text[..before].ends_with('\n');
            if blank && token.kind != TokenKind::Newline {
                wide.extend(std::iter::repeat_n(' ', width + 1));
            }
            wide.push_str(token.text(&text));
        }
        prop_assert_eq!(tokens(&wide), tokens(&text));
        prop_assert_eq!(formatted("wide.tf", &wide), text);
    }
}
