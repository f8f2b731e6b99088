//! CBOR (RFC 8949) as far as answers need it: text, maps and lists are taken apart, all else is kept as it is.

use super::{Content, ELEMENT, Node};

const TEXT: u8 = 3;
const LIST: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;
const BREAK: u8 = 0xff;

pub fn parse(bytes: &[u8]) -> Node {
    let mut rest = bytes;
    Node::new("", item(&mut rest))
}

/// Major type and argument, `None` for an indefinite length (section 3).
fn head(rest: &mut &[u8]) -> (u8, Option<u64>) {
    let (first, after) = rest.split_first().expect("the item is whole");
    let length = match first & 0x1f {
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => 0,
    };
    let (argument, after) = after.split_at(length);
    *rest = after;
    let value = match first & 0x1f {
        31 => None,
        small @ 0..24 => Some(u64::from(small)),
        _ => Some(argument.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
    };
    (first >> 5, value)
}

fn item(rest: &mut &[u8]) -> Content {
    let start = *rest;
    let (major, argument) = head(rest);
    let is_over = |rest: &mut &[u8], done: u64| match argument {
        Some(length) => done == length,
        None if rest.first() == Some(&BREAK) => {
            *rest = &rest[1..];
            true
        }
        None => false,
    };
    let mut nodes = Vec::new();
    match major {
        TEXT => {
            let length = usize::try_from(argument.expect("texts are written in one piece")).unwrap();
            let (text, after) = rest.split_at(length);
            *rest = after;
            Content::Text(String::from_utf8(text.to_vec()).unwrap())
        }
        LIST => {
            while !is_over(rest, nodes.len() as u64) {
                nodes.push(Node::new(ELEMENT, item(rest)));
            }
            Content::Elements(nodes)
        }
        MAP => {
            while !is_over(rest, nodes.len() as u64) {
                let Content::Text(name) = item(rest) else { panic!("a member has no name") };
                nodes.push(Node::new(&name, item(rest)));
            }
            Content::Members(nodes)
        }
        _ => {
            if major == TAG {
                item(rest);
            }
            Content::Raw(start[..start.len() - rest.len()].to_vec())
        }
    }
}

pub fn write(node: &Node) -> Vec<u8> {
    let mut out = Vec::new();
    write_into(node, &mut out);
    out
}

fn write_into(node: &Node, out: &mut Vec<u8>) {
    match &node.content {
        Content::Text(text) => write_text(text, out),
        Content::Raw(bytes) => out.extend(bytes),
        Content::Elements(nodes) => {
            write_head(LIST, nodes.len() as u64, out);
            nodes.iter().for_each(|node| write_into(node, out));
        }
        Content::Members(nodes) => {
            write_head(MAP, nodes.len() as u64, out);
            for node in nodes {
                write_text(&node.name, out);
                write_into(node, out);
            }
        }
        Content::Scalar(value) => match value {
            serde_json::Value::Bool(value) => out.push(if *value { 0xf5 } else { 0xf4 }),
            serde_json::Value::Number(number) if number.is_u64() => {
                write_head(0, number.as_u64().unwrap(), out);
            }
            serde_json::Value::Number(number) => {
                out.push(SIMPLE << 5 | 27);
                out.extend(number.as_f64().unwrap().to_be_bytes());
            }
            _ => out.push(0xf6),
        },
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_head(TEXT, text.len() as u64, out);
    out.extend(text.as_bytes());
}

fn write_head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let first = major << 5;
    match argument {
        0..24 => out.push(first | argument as u8),
        24..0x100 => out.extend([first | 24, argument as u8]),
        0x100..0x1_0000 => {
            out.push(first | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        _ => {
            out.push(first | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

/// A number or truth value, in words.
pub fn number(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    match (bytes.first()?, head(&mut rest)) {
        (_, (0, value)) => value.map(|value| value.to_string()),
        (0xf4, _) => Some("false".to_owned()),
        (0xf5, _) => Some("true".to_owned()),
        (0xfa, (_, value)) => value.map(|bits| f32::from_bits(bits as u32).to_string()),
        (0xfb, (_, value)) => value.map(|bits| f64::from_bits(bits).to_string()),
        _ => None,
    }
}
