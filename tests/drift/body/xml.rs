//! XML as AWS's services write it: elements, text and attributes; no mixed content.

use super::{Content, Node};
use crate::support::protocol::escape;

pub fn parse(text: &str) -> Node {
    let mut rest = text;
    element(&mut rest).unwrap_or_else(|| panic!("no XML: {text}"))
}

/// The next element, behind declarations and white space. `None` at the end and before a closing tag.
fn element(rest: &mut &str) -> Option<Node> {
    loop {
        *rest = rest.trim_start();
        if rest.starts_with("<?") {
            *rest = rest.split_once("?>")?.1;
        } else if rest.starts_with("<!--") {
            *rest = rest.split_once("-->")?.1;
        } else {
            break;
        }
    }
    let inner = rest.strip_prefix('<').filter(|inner| !inner.starts_with('/'))?;
    let (tag, after) = inner.split_once('>')?;
    *rest = after;
    let is_empty = tag.ends_with('/');
    let tag = tag.trim_end_matches('/');
    let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut node = Node::new(name, Content::Text(String::new()));
    attributes.trim().clone_into(&mut node.attributes);
    if is_empty {
        return Some(node);
    }
    let whole = *rest;
    let mut children = Vec::new();
    while let Some(child) = element(rest) {
        children.push(child);
    }
    if children.is_empty() {
        let end = whole.find("</")?;
        node.content = Content::Text(unescape(&whole[..end]));
        *rest = &whole[end..];
    } else {
        node.content = Content::Members(children);
    }
    *rest = rest.split_once('>')?.1;
    Some(node)
}

fn unescape(text: &str) -> String {
    let named = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    named.replace("&#34;", "\"").replace("&#39;", "'").replace("&#10;", "\n").replace("&amp;", "&")
}

pub fn write(root: &Node) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned();
    write_into(root, &mut text);
    text
}

fn write_into(node: &Node, text: &mut String) {
    let name = &node.name;
    *text += &format!("<{name}");
    if !node.attributes.is_empty() {
        *text += &format!(" {}", node.attributes);
    }
    text.push('>');
    match &node.content {
        Content::Text(value) => *text += &escape(value),
        Content::Scalar(value) => *text += &value.to_string(),
        Content::Raw(_) => unreachable!("XML has no bytes"),
        Content::Members(nodes) | Content::Elements(nodes) => {
            nodes.iter().for_each(|node| write_into(node, text));
        }
    }
    *text += &format!("</{name}>");
}
