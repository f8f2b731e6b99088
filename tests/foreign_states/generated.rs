//! States made at random: whatever stands in them, and however it is spelled.

use proptest::prelude::*;
use recon::state::State;

/// A piece of JSON, its strings and numbers as they are spelled.
#[derive(Clone, Debug)]
enum Node {
    Token(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// As Go lays it out.
    fn print(&self, depth: usize) -> String {
        let line = |depth: usize| format!("\n{}", "  ".repeat(depth));
        let (open, close, items) = match self {
            Node::Token(token) => return token.clone(),
            Node::List(items) => ('[', ']', items.iter().map(|item| item.print(depth + 1)).collect()),
            Node::Object(members) => {
                let print = |(at, (name, value)): (usize, &(String, Node))| {
                    // No name twice.
                    format!("\"{at}{}: {}", &name[1..], value.print(depth + 1))
                };
                ('{', '}', members.iter().enumerate().map(print).collect::<Vec<_>>())
            }
        };
        if items.is_empty() {
            return format!("{open}{close}");
        }
        let inner = line(depth + 1);
        format!("{open}{inner}{}{}{close}", items.join(&format!(",{inner}")), line(depth))
    }
}

/// A letter as some tool may write it.
fn letter() -> impl Strategy<Value = String> {
    let any = prop_oneof![
        prop::char::range(' ', '~'),
        prop::char::range('\0', '\u{1f}'),
        prop::sample::select(vec![
            'é',
            '\u{301}',
            '\u{2028}',
            '\u{2029}',
            '\u{7f}',
            '\u{feff}',
            '😀',
            '\u{10ffff}'
        ]),
        any::<char>(),
    ];
    (any, 0..4_u8).prop_map(|(letter, how)| {
        let escaped = |upper: bool| {
            letter.encode_utf16(&mut [0; 2]).iter().fold(String::new(), |text, unit| {
                if upper { format!("{text}\\u{unit:04X}") } else { format!("{text}\\u{unit:04x}") }
            })
        };
        match (how, letter) {
            (0, _) => escaped(false),
            (1, _) => escaped(true),
            (2, '/') => "\\/".to_owned(),
            (_, '"') => "\\\"".to_owned(),
            (_, '\\') => "\\\\".to_owned(),
            (2, '\n') => "\\n".to_owned(),
            (2, '\u{8}') => "\\b".to_owned(),
            (_, '\0'..='\u{1f}') => escaped(false),
            _ => letter.to_string(),
        }
    })
}

fn string() -> impl Strategy<Value = String> {
    prop::collection::vec(letter(), 0..8).prop_map(|letters| format!("\"{}\"", letters.concat()))
}

fn node() -> impl Strategy<Value = Node> {
    let token = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,10})?([eE][+-]?[0-9]{1,3})?",
        string(),
    ];
    token.prop_map(Node::Token).prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Node::List),
            prop::collection::vec((string(), inner), 0..5).prop_map(Node::Object),
        ]
    })
}

fn object() -> impl Strategy<Value = Node> {
    prop::collection::vec((string(), node()), 0..5).prop_map(Node::Object)
}

proptest! {
    #[test]
    fn whatever_stands_in_a_state_is_written_as_it_was(
        (attributes, more) in (object(), object()),
        (before, strange, root) in (node(), node(), node()),
        keys in prop::collection::vec(string(), 1..4),
        output in string(),
    ) {
        let token = |text: &str| Node::Token(text.to_owned());
        let named = |members: Vec<(&str, Node)>| {
            let print = |(name, value): &(&str, Node)| (format!("\"{name}\""), value.clone());
            Named(members.iter().map(print).collect())
        };
        let instances = keys.iter().enumerate().map(|(at, key)| {
            named(vec![
                ("index_key", Node::Token(format!("\"{at}{}", &key[1..]))),
                ("before", before.clone()),
                ("schema_version", token("3")),
                ("attributes", if at == 0 { attributes.clone() } else { more.clone() }),
                ("strange", strange.clone()),
            ])
            .print(4)
        });
        let instances: Vec<String> = instances.collect();
        let text = format!(
            "{{\n  \"version\": 4,\n  \"future\": {},\n  \"serial\": 1,\n  \"outputs\": {{\n    \"o\": {{\n      \
             \"value\": {output},\n      \"type\": \"string\"\n    }}\n  }},\n  \"resources\": [\n    {{\n      \
             \"mode\": \"managed\",\n      \"type\": \"acme\",\n      \"name\": \"a\",\n      \"instances\": [\n        \
             {}\n      ]\n    }}\n  ]\n}}\n",
            root.print(1),
            instances.join(",\n        "),
        );
        let state = State::parse(&text, "here").unwrap_or_else(|error| panic!("{error}\n{text}")).unwrap();
        prop_assert_eq!(state.to_text(), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// What can be read of a damaged file is not damaged further.
    #[test]
    fn what_is_read_of_a_damaged_state_is_written_and_read_again(
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..3),
        instead in prop::sample::select(vec!["", "null", "1", "\"\"", "[]", "{}", "true", "{\"mode\": \"data\"}"]),
    ) {
        let texts = &*TEXTS;
        let mut text = which.get(texts).1.clone();
        // Whole members are lost, doubled or replaced, so that most of it still is JSON.
        for (from, to) in cuts {
            let lines: Vec<&str> = text.lines().collect();
            let (from, to) = (from.index(lines.len()), to.index(lines.len()));
            let mut changed = lines.clone();
            match lines[from].split_once(": ") {
                Some((name, value)) if !value.ends_with(['{', '[']) => {
                    let comma = if value.ends_with(',') { "," } else { "" };
                    let line = format!("{name}: {instead}{comma}");
                    changed[from] = &line;
                    text = changed.join("\n");
                }
                _ if lines[from].ends_with(',') && !lines[from].ends_with("},") && !lines[from].ends_with("],") => {
                    changed[from] = lines[to];
                    text = changed.join("\n");
                }
                _ => {
                    if lines[from].trim_start().starts_with(['}', ']']) { continue; }
                    changed.insert(from, lines[to]);
                    text = changed.join("\n");
                }
            }
        }
        let Ok(Some(state)) = State::parse(&text, "here") else { return Ok(()) };
        let written = state.to_text();
        let again = State::parse(&written, "here").unwrap().unwrap();
        prop_assert_eq!(&again, &state, "{}", text);
        prop_assert_eq!(again.to_text(), written);
    }
}

static TEXTS: std::sync::LazyLock<Vec<(String, String)>> =
    std::sync::LazyLock::new(|| super::texts(&super::folder()));

/// Members whose names are what they are.
struct Named(Vec<(String, Node)>);

impl Named {
    fn print(&self, depth: usize) -> String {
        let inner = format!("\n{}", "  ".repeat(depth + 1));
        let members: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{name}: {}", value.print(depth + 1))).collect();
        format!("{{{inner}{}\n{}}}", members.join(&format!(",{inner}")), "  ".repeat(depth))
    }
}
