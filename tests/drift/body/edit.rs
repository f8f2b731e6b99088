//! Changes of a tree, as files of cases write them.

use serde_json::{Map, Value as Json};

use super::{Content, ELEMENT, Format, Node, from_json};

/// One change in all places that a selector matches.
#[derive(Clone, Debug)]
pub struct Edit {
    at: Vec<Step>,
    action: Action,
}

#[derive(Clone, Debug)]
struct Step {
    name: String,
    /// Names from there on, and what the last of them says.
    filter: Option<(Vec<String>, String)>,
}

#[derive(Clone, Debug)]
enum Action {
    /// It says this now.
    Set(Json),
    /// It holds this too.
    Add(Json),
    /// It is not there.
    Remove,
    /// What it holds comes in the other order.
    Reverse,
    /// It is a text in which this piece is that one.
    Replace(String, String),
}

impl Edit {
    /// An object with `at` and one of `set`, `add`, `remove`, `reverse` and `replace`. Texts that AWS writes
    /// percent-encoded are given as `encoded`, documents that are texts as `document`.
    pub fn parse(edit: &Json) -> Edit {
        let at = edit["at"].as_str().unwrap_or_else(|| panic!("no place: {edit}"));
        let object = edit.as_object().unwrap();
        let action = object.iter().find(|(name, _)| *name != "at").map(|(name, value)| match name.as_str() {
            "set" => Action::Set(value.clone()),
            "encoded" => Action::Set(Json::String(percent_encoded(&text_of(value)))),
            "document" => Action::Set(Json::String(text_of(value))),
            "add" => Action::Add(value.clone()),
            "remove" => Action::Remove,
            "reverse" => Action::Reverse,
            "replace" => {
                let text = |at: usize| value[at].as_str().unwrap().to_owned();
                Action::Replace(text(0), text(1))
            }
            other => panic!("there is no {other}"),
        });
        Edit { at: steps(at), action: action.unwrap_or_else(|| panic!("no action: {edit}")) }
    }

    /// Changes the tree. Answers in how many places it now says what it is to say.
    pub fn make(&self, root: &mut Node, format: Format) -> usize {
        visit(root, &self.at, &self.action, format)
    }
}

/// A text as it is, and anything else as JSON.
fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// RFC 3986, section 2.3: all but these is encoded. So IAM answers documents.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

fn steps(selector: &str) -> Vec<Step> {
    let step = |text: &str| {
        let Some((name, filter)) = text.split_once('[') else {
            return Step { name: text.to_owned(), filter: None };
        };
        let (path, value) = filter.trim_end_matches(']').split_once('=').unwrap();
        let path = path.split('/').map(str::to_owned).collect();
        Step { name: name.to_owned(), filter: Some((path, value.to_owned())) }
    };
    selector.split_whitespace().map(step).collect()
}

impl Step {
    fn matches(&self, node: &Node) -> bool {
        let says = |(path, value): &(Vec<String>, String)| says(node, path, value);
        (self.name == "*" || node.name == self.name) && self.filter.as_ref().is_none_or(says)
    }
}

fn says(node: &Node, path: &[String], value: &str) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return node.text().as_deref() == Some(value);
    };
    let mut below = node.children().iter().filter(|child| child.name == *first);
    below.any(|child| says(child, rest, value))
}

/// Looks for the first step below a node, and acts where the last one is found.
fn visit(node: &mut Node, steps: &[Step], action: &Action, format: Format) -> usize {
    let Some((first, rest)) = steps.split_first() else {
        return usize::from(act(node, action, format));
    };
    let mut changed = 0;
    let is_removal = rest.is_empty() && matches!(action, Action::Remove);
    if is_removal && let Content::Members(nodes) | Content::Elements(nodes) = &mut node.content {
        let before = nodes.len();
        nodes.retain(|child| !first.matches(child));
        changed += before - nodes.len();
    }
    for child in node.children_mut() {
        // What matches is not looked into for the same step again.
        let next = if first.matches(child) { rest } else { steps };
        changed += visit(child, next, action, format);
    }
    changed
}

/// Whether the node says what it is to say.
fn act(node: &mut Node, action: &Action, format: Format) -> bool {
    let before = node.content.clone();
    match action {
        Action::Set(value) => {
            node.content = content(value, format);
            return true;
        }
        Action::Add(value) => add(node, value, format),
        Action::Reverse => match &mut node.content {
            Content::Members(nodes) | Content::Elements(nodes) => nodes.reverse(),
            other => panic!("no list: {other:?}"),
        },
        Action::Replace(from, to) => match &mut node.content {
            Content::Text(text) => *text = text.replace(from.as_str(), to),
            other => panic!("no text: {other:?}"),
        },
        Action::Remove => unreachable!("what is around it has removed it"),
    }
    node.content != before
}

/// Adds members to what has members, and an element to a list.
fn add(node: &mut Node, value: &Json, format: Format) {
    let Content::Members(new) = content(&as_members(value, format), format) else { unreachable!() };
    match &mut node.content {
        Content::Members(nodes) => nodes.extend(new),
        Content::Elements(nodes) => nodes.push(from_json(ELEMENT, value)),
        empty => *empty = Content::Members(new),
    }
}

fn as_members(value: &Json, format: Format) -> Json {
    match (value, format) {
        (Json::Object(_), _) => value.clone(),
        (_, Format::Xml(name)) => Json::Object(Map::from_iter([(name.to_owned(), value.clone())])),
        _ => Json::Object(Map::new()),
    }
}

fn content(value: &Json, format: Format) -> Content {
    let Format::Xml(element) = format else {
        return from_json("", value).content;
    };
    match value {
        Json::Object(members) => Content::Members(
            members.iter().map(|(name, value)| Node::new(name, content(value, format))).collect(),
        ),
        Json::Array(elements) => Content::Members(
            elements.iter().map(|value| Node::new(element, content(value, format))).collect(),
        ),
        Json::String(text) => Content::Text(text.clone()),
        Json::Null => Content::Text(String::new()),
        other => Content::Text(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{cbor, xml};
    use super::*;

    #[test]
    fn places_are_found_in_all_formats() {
        let text = "<?xml version=\"1.0\"?><A xmlns=\"x\"><L><member><N>a</N><V>1 &lt; 2</V></member>\
                    <member><N>b</N><V/></member></L></A>";
        let mut root = xml::parse(text);
        let edit = |edit: Json, root: &mut Node, format| Edit::parse(&edit).make(root, format);
        let format = Format::Xml("member");
        let place = "L member[N=a] V";
        assert_eq!(edit(serde_json::json!({"at": place, "set": 3}), &mut root, format), 1);
        assert_eq!(edit(serde_json::json!({"at": place, "replace": ["4", "5"]}), &mut root, format), 0);
        assert_eq!(edit(serde_json::json!({"at": "L member[N=b]", "remove": true}), &mut root, format), 1);
        assert_eq!(edit(serde_json::json!({"at": "A", "add": {"M": ["x"]}}), &mut root, format), 0);
        assert_eq!(edit(serde_json::json!({"at": "L", "add": {"member": "x"}}), &mut root, format), 1);
        let written = xml::write(&root);
        assert!(
            written
                .ends_with("<A xmlns=\"x\"><L><member><N>a</N><V>3</V></member><member>x</member></L></A>"),
            "{written}"
        );
    }

    #[test]
    fn cbor_is_taken_apart_and_put_together() {
        // RFC 8949, appendix A: {"a": 1, "b": [2, 3]}, of indefinite length, and a time.
        let bytes = [0xbf, 0x61, 0x61, 0x01, 0x61, 0x62, 0x9f, 0x02, 0x03, 0xff, 0xff];
        let mut root = cbor::parse(&bytes);
        assert_eq!(cbor::write(&root), [0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x02, 0x03]);
        let edit = Edit::parse(&serde_json::json!({"at": "b", "reverse": true}));
        assert_eq!(edit.make(&mut root, Format::Cbor), 1);
        assert_eq!(cbor::write(&root), [0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x03, 0x02]);
        let time = [0xa1, 0x61, 0x74, 0xc1, 0xfb, 0x41, 0xd4, 0x52, 0xd9, 0xec, 0x20, 0x00, 0x00];
        assert_eq!(cbor::write(&cbor::parse(&time)), time);
    }
}
