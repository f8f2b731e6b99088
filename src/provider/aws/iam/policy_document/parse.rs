//! Documents that the code gives as JSON. Names of members are read in any case, unknown members are passed over.

use serde_json::Value as Json;

use super::document::{Condition, Document, Principal, Statement, Texts};

type Members = serde_json::Map<String, Json>;

/// Reads a document. The error says what is wrong with it.
pub fn parse(text: &str) -> Result<Document, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| format!("it is not valid JSON: {error}"))?;
    let Json::Object(members) = json else { return Err("a policy document is a JSON object".to_owned()) };
    let statements = match member(&members, "Statement") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(statements)) => statements.iter().map(statement).collect::<Result<_, _>>()?,
        Some(_) => return Err("\"Statement\" must be a list of statements, even of one".to_owned()),
    };
    Ok(Document { version: text_of(&members, "Version")?, id: text_of(&members, "Id")?, statements })
}

fn statement(json: &Json) -> Result<Statement, String> {
    let Json::Object(members) = json else { return Err("a statement is a JSON object".to_owned()) };
    Ok(Statement {
        sid: text_of(members, "Sid")?,
        effect: text_of(members, "Effect")?,
        actions: texts_of(members, "Action")?,
        not_actions: texts_of(members, "NotAction")?,
        resources: texts_of(members, "Resource")?,
        not_resources: texts_of(members, "NotResource")?,
        principals: principals(members, "Principal")?,
        not_principals: principals(members, "NotPrincipal")?,
        conditions: conditions(members)?,
    })
}

/// A member by its name, in any case; the last one of those that have it.
fn member<'a>(members: &'a Members, name: &str) -> Option<&'a Json> {
    members.iter().rfind(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text_of(members: &Members, name: &str) -> Result<String, String> {
    match member(members, name) {
        None | Some(Json::Null) => Ok(String::new()),
        Some(Json::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("{name:?} must be a text")),
    }
}

fn texts_of(members: &Members, name: &str) -> Result<Option<Texts>, String> {
    match member(members, name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => {
            texts(value).map(Some).ok_or_else(|| format!("{name:?} must be a text or a list of texts"))
        }
    }
}

fn texts(value: &Json) -> Option<Texts> {
    match value {
        Json::String(text) => Some(Texts::One(text.clone())),
        Json::Array(elements) => elements
            .iter()
            .map(|element| element.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Texts::Many),
        _ => None,
    }
}

fn principals(members: &Members, name: &str) -> Result<Vec<Principal>, String> {
    match member(members, name) {
        None => Ok(Vec::new()),
        // The only text that the grammar knows.
        Some(Json::String(_)) => {
            Ok(vec![Principal { kind: "*".to_owned(), identifiers: Texts::Many(vec!["*".to_owned()]) }])
        }
        Some(Json::Object(kinds)) => kinds
            .iter()
            .map(|(kind, value)| {
                let identifiers = texts(value)
                    .ok_or_else(|| format!("{kind:?} in {name:?} must be a text or a list of texts"))?;
                Ok(Principal { kind: kind.clone(), identifiers })
            })
            .collect(),
        Some(_) => Err(format!("{name:?} must be \"*\" or an object")),
    }
}

/// Conditions that are neither text nor bool nor a list of texts are passed over, as the AWS provider does.
fn conditions(members: &Members) -> Result<Vec<Condition>, String> {
    let tests = match member(members, "Condition") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Object(tests)) => tests,
        Some(_) => return Err("\"Condition\" must be an object".to_owned()),
    };
    let mut conditions = Vec::new();
    for (test, variables) in tests {
        let Json::Object(variables) = variables else {
            return Err(format!("{test:?} in \"Condition\" must be an object"));
        };
        for (variable, value) in variables {
            let values = match value {
                Json::Bool(value) => Texts::One(value.to_string()),
                Json::String(_) | Json::Array(_) => match texts(value) {
                    Some(Texts::Many(list)) => Texts::shortest(list),
                    Some(one) => one,
                    None => return Err(format!("the values of {variable:?} in {test:?} must be texts")),
                },
                _ => continue,
            };
            conditions.push(Condition { test: test.clone(), variable: variable.clone(), values });
        }
    }
    Ok(conditions)
}
