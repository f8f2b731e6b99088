//! Documents as JSON, as the AWS provider prints them.

use serde_json::{Map, Value as Json};

use super::document::{Condition, Document, Principal, Statement, Texts};

/// On many lines, indented by two spaces.
pub fn pretty(document: &Document) -> String {
    escaped(&format!("{:#}", json(document)))
}

/// On one line.
pub fn compact(document: &Document) -> String {
    escaped(&json(document).to_string())
}

/// CRC-32 of a text in decimal: the id of a document.
pub fn checksum(text: &str) -> String {
    let mut checksum = flate2::Crc::new();
    checksum.update(text.as_bytes());
    checksum.sum().to_string()
}

/// Escapes what might mean something in a web page. All of it stands in strings only.
fn escaped(text: &str) -> String {
    let letters = [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    let mut text = text.to_owned();
    for (letter, escape) in letters {
        if text.contains(letter) {
            text = text.replace(letter, escape);
        }
    }
    text
}

fn json(document: &Document) -> Json {
    let mut members = Map::new();
    put(&mut members, "Version", filled(&document.version));
    put(&mut members, "Id", filled(&document.id));
    let statements: Vec<Json> = document.statements.iter().map(statement).collect();
    put(&mut members, "Statement", (!statements.is_empty()).then_some(Json::Array(statements)));
    Json::Object(members)
}

fn statement(statement: &Statement) -> Json {
    let mut members = Map::new();
    put(&mut members, "Sid", filled(&statement.sid));
    put(&mut members, "Effect", filled(&statement.effect));
    put(&mut members, "Action", statement.actions.as_ref().map(texts));
    put(&mut members, "NotAction", statement.not_actions.as_ref().map(texts));
    put(&mut members, "Resource", statement.resources.as_ref().map(texts));
    put(&mut members, "NotResource", statement.not_resources.as_ref().map(texts));
    put(&mut members, "Principal", principals(&statement.principals));
    put(&mut members, "NotPrincipal", principals(&statement.not_principals));
    put(&mut members, "Condition", conditions(&statement.conditions));
    Json::Object(members)
}

fn put(members: &mut Map<String, Json>, name: &str, value: Option<Json>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value);
    }
}

fn filled(text: &str) -> Option<Json> {
    (!text.is_empty()).then(|| Json::from(text))
}

fn texts(texts: &Texts) -> Json {
    match texts {
        Texts::One(text) => Json::from(text.as_str()),
        Texts::Many(texts) => Json::from(texts.as_slice()),
    }
}

/// By type, in the order of their names; everybody and nothing else is `"*"`.
fn principals(principals: &[Principal]) -> Option<Json> {
    if let [Principal { kind, identifiers }] = principals
        && kind == "*"
        && is_everybody(identifiers)
    {
        return Some(Json::from("*"));
    }
    let mut kinds: Map<String, Json> = Map::new();
    for Principal { kind, identifiers } in principals {
        let more = match identifiers {
            Texts::One(identifier) => Json::from(identifier.as_str()),
            Texts::Many(identifiers) => {
                let mut identifiers = identifiers.clone();
                identifiers.sort_by(|left, right| right.cmp(left));
                Json::from(identifiers)
            }
        };
        append(&mut kinds, kind, more);
    }
    sorted(kinds)
}

fn is_everybody(identifiers: &Texts) -> bool {
    match identifiers {
        Texts::One(identifier) => identifier == "*",
        Texts::Many(identifiers) => identifiers.as_slice() == ["*"],
    }
}

/// By test and key, in the order of their names.
fn conditions(conditions: &[Condition]) -> Option<Json> {
    let mut tests: Map<String, Json> = Map::new();
    for Condition { test, variable, values } in conditions {
        let variables = tests.entry(test.as_str()).or_insert_with(|| Json::Object(Map::new()));
        if let Json::Object(variables) = variables {
            append(variables, variable, texts(values));
        }
    }
    for variables in tests.values_mut() {
        if let Json::Object(members) = variables {
            members.sort_keys();
        }
    }
    sorted(tests)
}

/// Adds a text or a list to what a name has already; two texts become a list.
fn append(members: &mut Map<String, Json>, name: &str, more: Json) {
    let all = match (members.remove(name), more) {
        (None, more) => more,
        (Some(Json::Array(mut all)), Json::Array(more)) => {
            all.extend(more);
            Json::Array(all)
        }
        (Some(Json::Array(mut all)), one) => {
            all.push(one);
            Json::Array(all)
        }
        (Some(one), Json::Array(more)) => Json::Array(std::iter::once(one).chain(more).collect()),
        (Some(one), other) => Json::Array(vec![one, other]),
    };
    members.insert(name.to_owned(), all);
}

fn sorted(mut members: Map<String, Json>) -> Option<Json> {
    members.sort_keys();
    (!members.is_empty()).then_some(Json::Object(members))
}
