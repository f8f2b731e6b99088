//! Answers as trees that can be changed in places: what the local AWS says in what it was told is put into the words
//! in which AWS says it.
//!
//! XML, JSON and CBOR are one kind of tree here. Places are named as in style sheets: a name matches at any depth below
//! what the name before it matched, and a filter looks at what is in it.
//!
//! | selector | matches |
//! |---|---|
//! | `Role[RoleName=web] MaxSessionDuration` | the duration of the role that is called `web` |
//! | `ipPermissions item[ipProtocol=tcp]` | rules; elements of JSON and CBOR lists are called `item` too |
//! | `item[Key/Name=a]` | elements in whose `Key` a `Name` is `a` |
//! | `*[RoleName=web]` | whatever has this name |

mod cbor;
mod edit;
mod xml;

pub use edit::Edit;

use serde_json::Value as Json;

use crate::support::protocol::{Protocol, Reply, Request};

/// A member or element with its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    name: String,
    /// What an XML element has beside its name, as it is written.
    attributes: String,
    content: Content,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    Text(String),
    /// A number, a boolean or null of JSON.
    Scalar(Json),
    /// What CBOR writes otherwise than as text, map or list.
    Raw(Vec<u8>),
    Members(Vec<Node>),
    Elements(Vec<Node>),
}

/// The name of elements of lists that have none.
const ELEMENT: &str = "item";

impl Node {
    fn new(name: &str, content: Content) -> Node {
        Node { name: name.to_owned(), attributes: String::new(), content }
    }

    fn children(&self) -> &[Node] {
        match &self.content {
            Content::Members(nodes) | Content::Elements(nodes) => nodes,
            _ => &[],
        }
    }

    fn children_mut(&mut self) -> &mut [Node] {
        match &mut self.content {
            Content::Members(nodes) | Content::Elements(nodes) => nodes,
            _ => &mut [],
        }
    }

    /// What it says, of what is neither map nor list.
    fn text(&self) -> Option<String> {
        match &self.content {
            Content::Text(text) => Some(text.clone()),
            Content::Scalar(value) => Some(value.to_string()),
            Content::Raw(bytes) => cbor::number(bytes),
            _ => None,
        }
    }
}

/// How a service writes answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Lists have elements of this name.
    Xml(&'static str),
    Json,
    Cbor,
}

impl Format {
    fn of(request: &Request, reply: &Reply) -> Format {
        match request.protocol {
            // A bucket's policy is what S3 answers as it is.
            Protocol::Rest if reply.body.starts_with(b"{") => Format::Json,
            Protocol::Ec2Query => Format::Xml("item"),
            Protocol::Query | Protocol::Rest => Format::Xml("member"),
            Protocol::Json => Format::Json,
            Protocol::RpcCbor => Format::Cbor,
        }
    }
}

/// The answer after these edits, and in how many places each of them holds.
pub fn edited(request: &Request, reply: &Reply, edits: &[Edit]) -> (Reply, Vec<usize>) {
    let format = Format::of(request, reply);
    let mut root = match format {
        Format::Xml(_) => xml::parse(&reply.text()),
        Format::Json => from_json("", &serde_json::from_slice(&reply.body).unwrap()),
        Format::Cbor => cbor::parse(&reply.body),
    };
    let changed = edits.iter().map(|edit| edit.make(&mut root, format)).collect();
    let body = match format {
        Format::Xml(_) => xml::write(&root).into_bytes(),
        Format::Json => to_json(&root).to_string().into_bytes(),
        Format::Cbor => cbor::write(&root),
    };
    (reply.clone().with_body(body), changed)
}

fn from_json(name: &str, value: &Json) -> Node {
    let content = match value {
        Json::String(text) => Content::Text(text.clone()),
        Json::Object(members) => {
            Content::Members(members.iter().map(|(name, value)| from_json(name, value)).collect())
        }
        Json::Array(elements) => {
            Content::Elements(elements.iter().map(|value| from_json(ELEMENT, value)).collect())
        }
        scalar => Content::Scalar(scalar.clone()),
    };
    Node::new(name, content)
}

fn to_json(node: &Node) -> Json {
    match &node.content {
        Content::Text(text) => Json::String(text.clone()),
        Content::Scalar(value) => value.clone(),
        Content::Raw(_) => unreachable!("JSON has no bytes"),
        Content::Members(nodes) => {
            Json::Object(nodes.iter().map(|node| (node.name.clone(), to_json(node))).collect())
        }
        Content::Elements(nodes) => Json::Array(nodes.iter().map(to_json).collect()),
    }
}
