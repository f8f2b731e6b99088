//! Stacks with marks that say what to change behind recon's back.
//!
//! A line `name = value #~ other` is one case: the attribute is set to `other` in AWS, while the code goes on saying
//! `value`. `#~ -` takes the line away. A line `#~+ name = value` is only there when tampered (`;;` in
//! it is a line end).
//! `#~& other` belongs to the case before it: both change at once. `#~ other; also a, b` names attributes of the same
//! object that change along with it.

/// One change behind recon's back.
#[derive(Clone, Debug)]
pub struct Case {
    /// `aws_lb.this`
    pub address: String,
    /// `health_check.path`: without indexes. More than one where they can only be changed together.
    pub paths: Vec<String>,
    /// What AWS changes along with it.
    pub also: Vec<String>,
    /// Lines by number, and what stands there when tampered; `None` if nothing does.
    edits: Vec<(usize, Option<String>)>,
}

impl Case {
    /// `aws_lb`
    pub fn resource_type(&self) -> &str {
        self.address.split('.').next().unwrap()
    }
}

/// A stack's text and its cases.
pub struct Marked {
    lines: Vec<String>,
    pub cases: Vec<Case>,
}

impl Marked {
    pub fn parse(text: &str) -> Marked {
        let mut open: Vec<String> = Vec::new();
        let (mut lines, mut cases) = (Vec::new(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let (code, mark) = match line.split_once("#~") {
                Some((code, mark)) => (code.trim_end(), Some(mark)),
                None => (line, None),
            };
            if let Some(mark) = mark {
                let (change, also) = mark.split_once("; also ").unwrap_or((mark, ""));
                let (change, joins) = match change.strip_prefix('&') {
                    Some(change) => (change, true),
                    None => (change, false),
                };
                let indent = &line[..line.len() - line.trim_start().len()];
                let (name, tampered) = match change.strip_prefix('+') {
                    // Of a block its first argument is named.
                    Some(added) => {
                        let added = &added.replace(";;", "\n");
                        let (block, inside) =
                            added.split_once('{').filter(|(block, _)| !block.contains('=')).unzip();
                        let name = match (block, inside) {
                            (Some(block), Some(inside)) => {
                                format!("{}.{}", first_word(block), first_word(inside))
                            }
                            _ => first_word(added).to_owned(),
                        };
                        (name, Some(format!("{indent}{}", added.trim())))
                    }
                    None if change.trim() == "-" => (first_word(code).to_owned(), None),
                    None => (
                        first_word(code).to_owned(),
                        Some(format!("{indent}{} = {}", first_word(code), change.trim())),
                    ),
                };
                let within = open[1..].iter().map(String::as_str).filter(|name| !name.is_empty());
                let path = within.chain([name.as_str()]).collect::<Vec<_>>().join(".");
                if !joins {
                    cases.push(Case { address: open[0].clone(), paths: vec![], also: vec![], edits: vec![] });
                }
                let case: &mut Case =
                    cases.last_mut().unwrap_or_else(|| panic!("line {}: nothing to join", number + 1));
                assert_eq!(case.address, open[0], "line {}: joins another object's case", number + 1);
                case.paths.push(path);
                case.also.extend(
                    also.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned),
                );
                case.edits.push((number, tampered));
            }
            let words: Vec<&str> = code.split_whitespace().collect();
            if code.ends_with('{') || code.ends_with("= [") {
                // An element of a list has no name.
                open.push(match words.as_slice() {
                    ["{"] => String::new(),
                    ["resource", ty, name, "{"] => {
                        format!("{}.{}", ty.trim_matches('"'), name.trim_matches('"'))
                    }
                    [name, ..] => (*name).to_owned(),
                    [] => panic!("line {}: an unnamed block", number + 1),
                });
            } else if ["}", "]"].contains(&code.trim().trim_end_matches(',')) {
                open.pop().unwrap_or_else(|| panic!("line {}: nothing is open", number + 1));
            }
            lines.push(code.to_owned());
        }
        assert!(open.is_empty(), "not closed: {open:?}");
        Marked { lines, cases }
    }

    /// The stack as it is written.
    pub fn base(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// The stack with some of its cases.
    pub fn tampered(&self, cases: &[&Case]) -> String {
        let mut lines: Vec<Option<&str>> = self.lines.iter().map(|line| Some(line.as_str())).collect();
        for case in cases {
            for (line, tampered) in &case.edits {
                lines[*line] = tampered.as_deref();
            }
        }
        lines.into_iter().flatten().map(|line| format!("{line}\n")).collect()
    }

    /// The cases in rounds, in each of which an object has at most one.
    pub fn rounds(&self) -> Vec<Vec<&Case>> {
        let mut rounds: Vec<Vec<&Case>> = Vec::new();
        for case in &self.cases {
            let free =
                rounds.iter().position(|round| round.iter().all(|other| other.address != case.address));
            match free {
                Some(at) => rounds[at].push(case),
                None => rounds.push(vec![case]),
            }
        }
        rounds
    }
}

fn first_word(text: &str) -> &str {
    text.split([' ', '=', '\n']).find(|word| !word.is_empty()).unwrap_or_default()
}
