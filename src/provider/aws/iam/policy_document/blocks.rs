//! The document that a configuration's own blocks make.

use super::document::{Condition, Document, Principal, Statement, Texts};
use super::print::checksum;
use super::{OLD_VERSION, VERSION};
use crate::lang::value::Value;
use crate::provider::object::{self, Object};

/// The document of a configuration's `version`, `policy_id` and `statement` blocks.
pub fn document(config: &Value) -> Result<Document, String> {
    let version = config.text("version").unwrap_or(VERSION);
    let mut statements: Vec<Statement> = Vec::new();
    for block in config.blocks("statement") {
        let statement = statement(block, version)?;
        if !statement.sid.is_empty() && statements.iter().any(|other| other.sid == statement.sid) {
            return Err(format!(
                "two \"statement\" blocks have the sid {:?}: a Sid is unique in a policy",
                statement.sid
            ));
        }
        statements.push(statement);
    }
    Ok(Document {
        version: version.to_owned(),
        id: config.text("policy_id").unwrap_or_default().to_owned(),
        statements,
    })
}

/// A `statement` block with what it leaves out as the AWS provider stores it.
pub fn complete(block: &Value) -> Value {
    let mut complete = block.clone();
    for (name, absent) in [
        ("actions", object::text_set::<&str>([])),
        ("effect", Value::string("Allow")),
        ("not_actions", object::text_set::<&str>([])),
        ("not_resources", object::text_set::<&str>([])),
        ("resources", object::text_set::<&str>([])),
        ("sid", Value::string("")),
    ] {
        if block.known(name).is_none() {
            complete = complete.with(name, absent);
        }
    }
    complete
}

fn statement(block: &Value, version: &str) -> Result<Statement, String> {
    let places = |name: &str| {
        let texts =
            block.texts(name).into_iter().map(|text| variables(text, version)).collect::<Result<_, _>>()?;
        Ok::<_, String>(listed(texts))
    };
    Ok(Statement {
        sid: block.text("sid").unwrap_or_default().to_owned(),
        effect: block.text("effect").unwrap_or("Allow").to_owned(),
        actions: listed(block.texts("actions")),
        not_actions: listed(block.texts("not_actions")),
        resources: places("resources")?,
        not_resources: places("not_resources")?,
        principals: principals(block.blocks("principals"), version)?,
        not_principals: principals(block.blocks("not_principals"), version)?,
        conditions: conditions(block.blocks("condition"), version)?,
    })
}

/// A set as the AWS provider prints it: from the last in the alphabet to the first.
fn listed(mut texts: Vec<String>) -> Option<Texts> {
    texts.sort_by(|left, right| right.cmp(left));
    (!texts.is_empty()).then(|| Texts::shortest(texts))
}

/// `&{…}` stands for the policy variable `${…}`, which is an interpolation in the language. Variables came with the
/// version of 2012 (IAM User Guide, “IAM policy elements: variables and tags”).
fn variables(text: String, version: &str) -> Result<String, String> {
    if !text.contains("&{") {
        return Ok(text);
    }
    if version == OLD_VERSION {
        return Err(format!(
            "{text:?} has a policy variable, \"&{{…}}\", and those are not in version {OLD_VERSION} of the language: \
             leave out \"version\", or the variable"
        ));
    }
    Ok(text.replace("&{", "${"))
}

fn principals(blocks: &[Value], version: &str) -> Result<Vec<Principal>, String> {
    let of = |block: &&Value| {
        let identifiers = block.texts("identifiers").into_iter().map(|text| variables(text, version));
        let mut identifiers: Vec<String> = identifiers.collect::<Result<_, _>>()?;
        identifiers.sort_by(|left, right| right.cmp(left));
        let kind = block.text("type").unwrap_or_default().to_owned();
        Ok(Principal { kind, identifiers: Texts::shortest(identifiers) })
    };
    in_stored_order(blocks, |block| {
        let mut identifiers: Vec<String> =
            block.texts("identifiers").into_iter().map(|text| format!("{text};")).collect();
        identifiers.sort_by_cached_key(|text| checksum(text));
        let identifiers: String = identifiers.concat();
        format!("identifiers:{{{identifiers}}};type:{};", block.text("type").unwrap_or_default())
    })
    .iter()
    .map(of)
    .collect()
}

fn conditions(blocks: &[Value], version: &str) -> Result<Vec<Condition>, String> {
    let of = |block: &&Value| {
        let values = block.texts("values").into_iter().map(|text| variables(text, version));
        Ok(Condition {
            test: block.text("test").unwrap_or_default().to_owned(),
            variable: block.text("variable").unwrap_or_default().to_owned(),
            values: Texts::shortest(values.collect::<Result<_, _>>()?),
        })
    };
    in_stored_order(blocks, |block| {
        let values: String = block.texts("values").into_iter().map(|text| format!("{text};")).collect();
        let (test, variable) =
            (block.text("test").unwrap_or_default(), block.text("variable").unwrap_or_default());
        format!("test:{test};values:({values});variable:{variable};")
    })
    .iter()
    .map(of)
    .collect()
}

/// Blocks of a set in the order in which the AWS provider keeps them, by a checksum of their content. It shows where
/// two blocks of a statement are about one thing: their values are printed one after the other.
fn in_stored_order(blocks: &[Value], content: impl Fn(&Value) -> String) -> Vec<&Value> {
    let mut blocks: Vec<&Value> = blocks.iter().collect();
    blocks.sort_by_cached_key(|block| checksum(&content(block)));
    blocks
}
