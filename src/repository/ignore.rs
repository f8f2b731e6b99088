//! Writing a rule that ignores drift into the repository's file.

use jiff::civil::Date;

use crate::address::quoted as quote;
use crate::lang::ast::{Block, Body};
use crate::lang::parse;
use crate::lang::source::{SourceFile, SourceMap, Span};
use crate::lang::splice::{Edit, splice};

use super::{FILE, Stack};

/// A rule that is to be written.
#[derive(Clone, Debug)]
pub struct NewRule {
    /// A pattern of addresses.
    pub object: String,
    /// A pattern of attributes; without it the rule is about the whole object.
    pub attribute: Option<String>,
    /// The last day on which it holds, in UTC.
    pub until: Option<Date>,
    pub reason: String,
}

/// The text of the repository's file with the rule as the first one of the stack's own `drift` block, and the rule's name.
/// A stack that no block declares gets one. All else stays byte for byte as it was. `text` is empty where there is no file.
///
/// # Errors
/// A sentence, if the text is no valid file.
pub fn with_rule(text: &str, stack: &Stack, rule: &NewRule) -> Result<(String, String), String> {
    let sources = SourceMap::new();
    let (body, problems) = parse::parse_file(&sources, FILE, text.as_bytes());
    if let Some(problem) = problems.iter().find(|problem| problem.is_error()) {
        return Err(format!("{FILE} cannot be read: {}", problem.detail));
    }
    let id = sources.add(FILE, text);
    let file = sources.file(id);
    let line_end = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
    let own = body.blocks.iter().find(|block| {
        &*block.kind.name == "stack" && block.labels.first().is_some_and(|label| label.value == stack.name)
    });
    let drift = own.and_then(|own| own.body.blocks.iter().find(|block| &*block.kind.name == "drift"));
    let name = free_name(drift.map(|drift| &drift.body), rule);
    let lines = rule_lines(&name, rule);
    let (at, until, lines) = match (own, drift) {
        (Some(_), Some(drift)) => match drift.body.blocks.iter().find(|block| &*block.kind.name == "rule") {
            Some(first) => {
                let at = before(&file, first);
                (at, at, indented(&lines, &indent_of(&file, first), true))
            }
            None => at_end(&file, drift, &lines),
        },
        (Some(own), None) => at_end(&file, own, &wrapped("drift {", &lines)),
        (None, _) => {
            let mut inner = Vec::new();
            let path = stack.path.to_str().filter(|path| !path.is_empty()).unwrap_or(".");
            inner.push(format!("path = {}", quote(path)));
            inner.push(String::new());
            inner.extend(wrapped("drift {", &lines));
            let mut all = wrapped(&format!("stack {} {{", quote(&stack.name)), &inner);
            let end = file.text.len();
            if !file.text.is_empty() {
                all.insert(0, String::new());
                if !file.text.ends_with('\n') {
                    all.insert(0, String::new());
                }
            }
            (end, end, all.iter().map(|line| format!("{line}\n")).collect())
        }
    };
    let edit = Edit { span: Span::new(id, at, until), text: lines.replace('\n', line_end) };
    let text = splice(&file, &[edit]).map_err(|error| error.to_string())?;
    Ok((text, name))
}

/// A name that no rule of the block has.
fn free_name(drift: Option<&Body>, rule: &NewRule) -> String {
    let dotted = rule.attribute.as_ref().map(|attribute| format!(".{attribute}")).unwrap_or_default();
    let name = format!("ignore {}{dotted}", rule.object);
    let is_taken = |name: &str| {
        drift.is_some_and(|drift| {
            drift.blocks.iter().any(|block| block.labels.first().is_some_and(|label| *label.value == *name))
        })
    };
    if !is_taken(&name) {
        return name;
    }
    (2_u32..).map(|number| format!("{name} ({number})")).find(|name| !is_taken(name)).unwrap_or(name)
}

/// The rule's block, in canonical style.
fn rule_lines(name: &str, rule: &NewRule) -> Vec<String> {
    let mut arguments = vec![("match", format!("[{}]", quote(&rule.object)))];
    if let Some(attribute) = &rule.attribute {
        arguments.push(("attributes", format!("[{}]", quote(attribute))));
    }
    arguments.push(("action", quote("ignore")));
    if let Some(until) = rule.until {
        arguments.push(("until", quote(&until.to_string())));
    }
    arguments.push(("reason", quote(&rule.reason)));
    let width = arguments.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let inner: Vec<String> =
        arguments.into_iter().map(|(name, value)| format!("{name:width$} = {value}")).collect();
    wrapped(&format!("rule {} {{", quote(name)), &inner)
}

fn wrapped(header: &str, inner: &[String]) -> Vec<String> {
    let mut lines = vec![header.to_owned()];
    lines.extend(inner.iter().map(|line| if line.is_empty() { String::new() } else { format!("  {line}") }));
    lines.push("}".to_owned());
    lines
}

/// Where the line begins that a block begins on, or the first line of the comment right above it.
fn before(file: &SourceFile, block: &Block) -> usize {
    let start_of = |at: usize| file.text[..at].rfind('\n').map_or(0, |end| end + 1);
    let start = block.header.start as usize;
    let mut line = start_of(start);
    // Something else is on the line: the block's own place it is.
    if !file.text[line..start].trim().is_empty() {
        return start;
    }
    while line > 0 {
        let above = start_of(line - 1);
        let text = file.text[above..line].trim();
        if !text.starts_with('#') && !text.starts_with("//") {
            break;
        }
        line = above;
    }
    line
}

/// How far in a block begins, in blanks or tabs as the file has them.
fn indent_of(file: &SourceFile, block: &Block) -> String {
    let start = block.header.start as usize;
    let line = file.text[..start].rfind('\n').map_or(0, |end| end + 1);
    let before = &file.text[line..start];
    if before.trim().is_empty() { before.to_owned() } else { String::new() }
}

fn indented(lines: &[String], indent: &str, is_followed: bool) -> String {
    let mut text = String::new();
    for line in lines {
        if !line.is_empty() {
            text.push_str(indent);
            text.push_str(line);
        }
        text.push('\n');
    }
    if is_followed {
        text.push('\n');
    }
    text
}

/// What to put in whose place (from, to) to have the lines at the end of a block.
fn at_end(file: &SourceFile, block: &Block, lines: &[String]) -> (usize, usize, String) {
    let outer = indent_of(file, block);
    let inner = format!("{outer}  ");
    let (open, brace) = (block.open_brace.end as usize, block.close_brace.start as usize);
    let line = file.text[..brace].rfind('\n').map_or(0, |end| end + 1);
    let is_empty = block.body.attributes.is_empty() && block.body.blocks.is_empty();
    let added = indented(lines, &inner, false);
    let gap = if is_empty { "" } else { "\n" };
    if line >= open {
        return (line, line, format!("{gap}{added}"));
    }
    // The braces are on one line, where there is room for one argument and nothing else.
    let own = file.text[open..brace].trim();
    let own = if own.is_empty() { String::new() } else { format!("{inner}{own}\n") };
    (open, brace, format!("\n{own}{gap}{added}{outer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(object: &str, attribute: Option<&str>) -> NewRule {
        NewRule {
            object: object.to_owned(),
            attribute: attribute.map(str::to_owned),
            until: Some(jiff::civil::date(2027, 1, 31)),
            reason: "load \"test\" ${x}".to_owned(),
        }
    }

    fn stack() -> Stack {
        Stack::of_directory("web", "stacks/web")
    }

    #[test]
    fn a_file_is_made() {
        let (text, name) = with_rule("", &stack(), &rule("aws_lb.a", Some("tags[\"x\"]"))).unwrap();
        assert_eq!(name, "ignore aws_lb.a.tags[\"x\"]");
        let expected = r#"stack "web" {
  path = "stacks/web"

  drift {
    rule "ignore aws_lb.a.tags[\"x\"]" {
      match      = ["aws_lb.a"]
      attributes = ["tags[\"x\"]"]
      action     = "ignore"
      until      = "2027-01-31"
      reason     = "load \"test\" $${x}"
    }
  }
}
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn the_rule_comes_first_and_leaves_all_else() {
        let file = "\u{feff}stack \"web\" {\r\n  path = \"stacks/web\"\r\n\r\n  drift {\r\n    default = \"report\"\r\n    # why\r\n    rule \"old\" {\r\n    }\r\n  }\r\n}\r\n# end";
        let (text, _) = with_rule(file, &stack(), &rule("aws_lb.a", None)).unwrap();
        let added = "    rule \"ignore aws_lb.a\" {\r\n      match  = [\"aws_lb.a\"]\r\n      action = \"ignore\"\r\n      until  = \"2027-01-31\"\r\n      reason = \"load \\\"test\\\" $${x}\"\r\n    }\r\n\r\n";
        assert_eq!(text, file.replace("    # why", &format!("{added}    # why")));
        let (twice, name) = with_rule(&text, &stack(), &rule("aws_lb.a", None)).unwrap();
        assert_eq!(name, "ignore aws_lb.a (2)");
        assert!(twice.find("(2)").unwrap() < twice.find("rule \"ignore aws_lb.a\" ").unwrap());
    }

    #[test]
    fn every_kind_of_block_takes_it() {
        for file in [
            "stack \"web\" {\n  path = \"stacks/web\"\n}\n",
            "stack \"web\" {\n  path = \"stacks/web\"\n  drift {}\n}\n",
            "stack \"web\" {\n  path = \"stacks/web\"\n  drift {\n  }\n}\n",
            "stack \"web\" {\n  path = \"stacks/web\"\n  drift {\n    default = \"report\" # so far\n  }\n}\n",
            "stack \"web\" {\n  path = \"stacks/web\"\n  drift { default = \"report\" }\n}\n",
            "drift {\n  default = \"report\"\n}",
        ] {
            let (text, name) = with_rule(file, &stack(), &rule("aws_lb.a", None)).unwrap();
            let sources = SourceMap::new();
            let (body, problems) = parse::parse_file(&sources, FILE, text.as_bytes());
            assert!(!problems.has_errors(), "{file}\n{text}\n{problems:?}");
            let web = body.blocks.iter().find(|block| &*block.kind.name == "stack").unwrap();
            let drift = web.body.blocks.iter().find(|block| &*block.kind.name == "drift").unwrap();
            assert_eq!(*drift.body.blocks[0].labels[0].value, *name, "{text}");
            // What was there is there still, in its order.
            let mut rest = text.as_str();
            for line in file.lines().filter(|line| !line.contains('{') || !line.contains('}')) {
                let at = rest.find(line).unwrap_or_else(|| panic!("{line:?} in {text}"));
                rest = &rest[at + line.len()..];
            }
        }
        assert!(with_rule("stack {", &stack(), &rule("aws_lb.a", None)).is_err());
    }
}
