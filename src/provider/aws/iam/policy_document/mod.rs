//! Data source `aws_iam_policy_document`: a policy document made of blocks and of other documents. It asks nobody.
//!
//! What it prints is, byte for byte, what hashicorp/aws 5.100.0 prints, since the text lands in other objects.

mod blocks;
mod document;
mod parse;
mod print;

use async_trait::async_trait;

use document::Document;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::blocks::holding;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::object::Object;
use crate::provider::{Connection, DataSource, ErrorKind, OperationError, Problems};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

/// The version of the policy language where the code gives none, and the older one.
const VERSION: &str = "2012-10-17";
const OLD_VERSION: &str = "2008-10-17";

/// `aws_iam_policy_document`
pub struct PolicyDocument {
    schema: Schema,
}

impl Default for PolicyDocument {
    fn default() -> PolicyDocument {
        let text = || AttributeSchema::optional(Type::String);
        let texts = || AttributeSchema::optional(Type::set(Type::String));
        let documents = || AttributeSchema::optional(Type::list(Type::String));
        let computed = || AttributeSchema::computed(Type::String);
        let condition = BlockSchema::new()
            .attribute("test", AttributeSchema::required(Type::String))
            .attribute("values", AttributeSchema::required(Type::list(Type::String)))
            .attribute("variable", AttributeSchema::required(Type::String));
        let principals = || {
            let block = BlockSchema::new()
                .attribute("identifiers", AttributeSchema::required(Type::set(Type::String)))
                .attribute("type", AttributeSchema::required(Type::String));
            NestedBlock::set(block)
        };
        let statement = BlockSchema::new()
            .attribute("actions", texts())
            .attribute("effect", text())
            .attribute("not_actions", texts())
            .attribute("not_resources", texts())
            .attribute("resources", texts())
            .attribute("sid", text())
            .block("condition", NestedBlock::set(condition))
            .block("not_principals", principals())
            .block("principals", principals());
        let block = BlockSchema::new()
            .id()
            .attribute("json", computed())
            .attribute("minified_json", computed())
            .attribute("override_json", text().deprecated())
            .attribute("override_policy_documents", documents())
            .attribute("policy_id", text())
            .attribute("source_json", text().deprecated())
            .attribute("source_policy_documents", documents())
            .attribute("version", text())
            .block("statement", NestedBlock::list(statement));
        PolicyDocument { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for PolicyDocument {
    fn name(&self) -> &'static str {
        "aws_iam_policy_document"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut all = Checks::new(config, problems);
        all.one_of("version", &[OLD_VERSION, VERSION], false);
        for (name, instead) in
            [("source_json", "source_policy_documents"), ("override_json", "override_policy_documents")]
        {
            if all.config.text(name).is_some_and(|text| !text.is_empty()) {
                all.invalid(
                    name,
                    format!("It is no longer supported. Use \"{instead}\", a list of documents, instead."),
                );
            }
        }
        for name in ["source_policy_documents", "override_policy_documents"] {
            for document in all.config.texts(name) {
                if let Some(reason) =
                    Some(&document).filter(|text| !text.is_empty()).and_then(|text| parse::parse(text).err())
                {
                    all.invalid(name, format!("A document is no policy: {reason}."));
                }
            }
        }
        all.each("statement", |statement| statement.one_of("effect", &["Allow", "Deny"], false));
    }

    async fn read(&self, _connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let document =
            merged(config).map_err(|message| OperationError::new(ErrorKind::Invalid, "", message))?;
        let (json, minified) = (print::pretty(&document), print::compact(&document));
        let own = config.as_entries().into_iter().flatten();
        let own = own.filter(|(name, _)| {
            !matches!(&***name, "id" | "json" | "minified_json" | "version" | "statement")
        });
        let mut given: Vec<(&str, Value)> = own.map(|(name, value)| (&**name, value.clone())).collect();
        let statements = config.blocks("statement").iter().map(blocks::complete).collect();
        given.extend([
            ("id", Value::string(print::checksum(&json))),
            ("json", Value::string(json)),
            ("minified_json", Value::string(minified)),
            ("statement", holding(&self.schema.block, "statement", statements)),
            ("version", Value::string(config.text("version").unwrap_or(VERSION))),
        ]);
        Ok(self.schema.block.object(given))
    }
}

/// The document that a configuration asks for: the sources, over them the statements of the configuration, over them
/// the overrides. The error is for people.
fn merged(config: &Value) -> Result<Document, String> {
    let mut merged = Document::default();
    let mut sids = std::collections::HashSet::new();
    for (index, text) in config.texts("source_policy_documents").iter().enumerate() {
        if text.is_empty() {
            continue;
        }
        let source =
            parse::parse(text).map_err(|reason| format!("\"source_policy_documents\"[{index}]: {reason}"))?;
        for statement in source.statements.iter().filter(|statement| !statement.sid.is_empty()) {
            if !sids.insert(statement.sid.clone()) {
                return Err(format!(
                    "\"source_policy_documents\"[{index}]: a statement {:?} is in the sources already. Give each \
                     statement another Sid, or move the document to \"override_policy_documents\".",
                    statement.sid
                ));
            }
        }
        merged.merge(source);
    }
    merged.merge(blocks::document(config)?);
    for (index, text) in config.texts("override_policy_documents").iter().enumerate() {
        if text.is_empty() {
            continue;
        }
        let over = parse::parse(text)
            .map_err(|reason| format!("\"override_policy_documents\"[{index}]: {reason}"))?;
        merged.merge(over);
    }
    Ok(merged)
}
