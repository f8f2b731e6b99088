//! `import` blocks and resources for unmanaged objects, as `recon drift --generate-config` writes them.
//!
//! What comes from AWS is written as literals that are proven to be such ([`crate::trace::text`]). What is sensitive is
//! left to a variable.

use std::fmt::Write;

use crate::address::InstanceAddress;
use crate::drift::{Generated, Read};
use crate::lang::json::{from_json_text, to_json_text};
use crate::lang::secrets::Secrets;
use crate::lang::source::SourceMap;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::schema::equality::is_zero;
use crate::schema::{AttributeSchema, BlockSchema, Equality, Nesting};
use crate::trace::text::{key, literal, string};

/// An `import` block, without what stands before its lines.
pub fn import_block(address: &str, id: &str) -> String {
    format!("import {{\n  to = {address}\n  id = {}\n}}", string(id))
}

/// The file: for each object an `import` block and a resource, and the variables that sensitive values are left to.
pub fn file(objects: &[Generated], secrets: &Secrets) -> String {
    let mut text = String::from(
        "# Written by \"recon drift --generate-config\". The next apply takes these objects into the state, and\n\
         # changes none of them. The import blocks have done their work after that, and may go.\n",
    );
    let mut variables = Vec::new();
    for object in objects {
        let address = object.address.to_string();
        match &object.read {
            Read::Nothing(reason) => {
                let reason = secrets.mask(reason).replace('\n', " ");
                let _ = writeln!(text, "\n# {address} could not be read: {reason}");
            }
            Read::Object(value) => {
                let _ = writeln!(text, "\n{}\n", import_block(&address, &object.import_id));
                let resource = &object.address.resource;
                let _ = writeln!(text, "resource {} {} {{", string(&resource.ty), string(&resource.name));
                if let Some(provider) = &object.provider {
                    let _ = writeln!(text, "  provider = {provider}");
                }
                let mut writer = Writer { object, secrets, text: &mut text, variables: &mut variables };
                writer.body(&object.ty.schema().block, value, "", true);
                text.push_str("}\n");
            }
        }
    }
    for (name, ty) in variables {
        let ty = if ty == Type::String { "string" } else { "any" };
        let _ = write!(text, "\nvariable {} {{\n  type = {ty}\n  sensitive = true\n}}\n", string(&name));
    }
    // What cannot be laid out can still be read.
    crate::lang::format::format(&SourceMap::new(), "generated.tf", text.as_bytes()).unwrap_or(text)
}

struct Writer<'a> {
    object: &'a Generated,
    secrets: &'a Secrets,
    text: &'a mut String,
    /// Name and type.
    variables: &'a mut Vec<(String, Type)>,
}

impl Writer<'_> {
    /// What stands between an object's braces. `within` names the blocks around it.
    fn body(&mut self, schema: &BlockSchema, object: &Value, within: &str, is_root: bool) {
        for (name, attribute) in &schema.attributes {
            let value = object.get(name).unwrap_or_else(|| Value::null(attribute.ty.clone()));
            if !is_written(name, attribute, &value, is_root) {
                continue;
            }
            let text = if self.is_secret(&value) {
                self.variable(&format!("{within}_{name}"), attribute)
            } else {
                let reference = value.as_str().filter(|_| is_root).and_then(|text| self.reference(text));
                let written = reference.or_else(|| json(attribute.equality, &value));
                written.or_else(|| literal(&value, 2)).unwrap_or_else(|| "null".to_owned())
            };
            let _ = writeln!(self.text, "{} = {text}", key(name));
        }
        for (name, nested) in &schema.blocks {
            let Some(value) = object.get(name).filter(|value| value.is_known() && !value.is_null()) else {
                continue;
            };
            let within = format!("{within}_{name}");
            match (&value.kind, nested.nesting) {
                (Kind::Map(_, entries), Nesting::Map) => {
                    for (label, entry) in entries.iter() {
                        self.block(&format!("{name} {}", string(label)), &nested.block, entry, &within);
                    }
                }
                (Kind::List(_, items) | Kind::Set(_, items), _) => {
                    items.iter().for_each(|item| self.block(name, &nested.block, item, &within));
                }
                (Kind::Object(_), Nesting::Single) if &**name != "timeouts" => {
                    self.block(name, &nested.block, &value, &within);
                }
                _ => {}
            }
        }
    }

    fn block(&mut self, header: &str, schema: &BlockSchema, object: &Value, within: &str) {
        let gap = if self.text.ends_with("{\n") { "" } else { "\n" };
        let _ = writeln!(self.text, "{gap}{header} {{");
        self.body(schema, object, within, false);
        self.text.push_str("}\n");
    }

    fn is_secret(&self, value: &Value) -> bool {
        if value.has_sensitive() {
            return true;
        }
        match &value.kind {
            Kind::String(text) => self.secrets.is_in(text),
            Kind::Number(number) => self.secrets.is_in(&number.to_string()),
            Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
                items.iter().any(|item| self.is_secret(item))
            }
            Kind::Map(_, entries) | Kind::Object(entries) => {
                entries.iter().any(|(name, entry)| self.secrets.is_in(name) || self.is_secret(entry))
            }
            _ => false,
        }
    }

    fn variable(&mut self, path: &str, attribute: &AttributeSchema) -> String {
        let InstanceAddress { resource, .. } = &self.object.address;
        let base = format!("{}{path}", resource.name);
        let mut name = base.clone();
        let mut number = 1;
        while self.variables.iter().any(|(other, _)| *other == name) {
            number += 1;
            name = format!("{base}_{number}");
        }
        self.variables.push((name.clone(), attribute.ty.clone()));
        format!("var.{name}")
    }

    /// The parent's attribute that has this value.
    fn reference(&self, text: &str) -> Option<String> {
        self.object.references.iter().find(|(name, _)| name == text).map(|(_, written)| written.clone())
    }
}

/// Whether an argument is to be written: one that says what AWS has and would not be so without it.
fn is_written(name: &str, attribute: &AttributeSchema, value: &Value, is_root: bool) -> bool {
    let is_recons = is_root && matches!(name, "id" | "tags_all" | "name_prefix");
    if is_recons
        || !attribute.is_argument()
        || attribute.write_only
        || attribute.code_only
        || attribute.deprecated
    {
        return false;
    }
    if value.is_null() || !value.is_wholly_known() {
        return false;
    }
    match &attribute.default {
        _ if attribute.required => true,
        Some(default) => !attribute.equality.same(default, value),
        None => !is_zero(value),
    }
}

/// A document as `jsonencode(…)`, where that means the same.
fn json(equality: Equality, value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| text.trim_start().starts_with(['{', '[']))?;
    if matches!(equality, Equality::Exact | Equality::IgnoreCase) {
        return None;
    }
    let document = from_json_text(text).ok()?;
    let again = Value::string(to_json_text(&document).ok()?);
    let written = literal(&document, 2)?;
    equality.same(value, &again).then(|| format!("jsonencode({written})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_written_as_what_they_are() {
        let text =
            Value::string(r#"{"Version":"2012-10-17","Statement":[{"Action":"s3:*","Resource":"a<b${c}"}]}"#);
        let written = json(Equality::Policy, &text).unwrap();
        assert!(written.starts_with("jsonencode({") && written.contains("$${c}"), "{written}");
        assert_eq!(json(Equality::Exact, &text), None);
        assert_eq!(json(Equality::Policy, &Value::string("{")), None);
    }

    #[test]
    fn import_blocks_hold_any_id() {
        assert_eq!(
            import_block("aws_eip.a", "a\"${b}\n"),
            "import {\n  to = aws_eip.a\n  id = \"a\\\"$${b}\\n\"\n}"
        );
    }
}
