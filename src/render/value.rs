//! Values as they would be written, for `show`, `state show` and `output`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::address::{InstanceAddress, Mode};
use crate::lang::number::Number;
use crate::lang::print::{print, quote};
use crate::lang::value::{Kind, Marks, Value};
use crate::provider::registry::Registry;
use crate::schema::{BlockSchema, Nesting};
use crate::state::{InstanceState, OutputState, State, encode_plain};

use super::{recorded, with_schema};

pub(super) const SENSITIVE: &str = "(sensitive value)";
pub(super) const UNKNOWN: &str = "(known after apply)";
/// Columns of one level.
pub(super) const STEP: usize = 4;

pub(super) fn pad(indent: usize) -> String {
    " ".repeat(indent)
}

/// A value as it would be written at a place indented so far. Lines after the first start with that indent; strings that
/// hold JSON are written as what would be encoded; nothing that is sensitive shows.
pub fn literal(value: &Value, indent: usize) -> String {
    let mut text = String::new();
    write(&mut text, value, indent);
    text
}

fn write(text: &mut String, value: &Value, indent: usize) {
    if value.marks.contains(Marks::SENSITIVE) {
        return text.push_str(SENSITIVE);
    }
    if value.marks.contains(Marks::EPHEMERAL) {
        return text.push_str("(ephemeral value)");
    }
    match &value.kind {
        Kind::Unknown(..) => text.push_str(UNKNOWN),
        Kind::Null(_) => text.push_str("null"),
        Kind::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Kind::Number(number) => text.push_str(&number.to_string()),
        Kind::String(string) => write_string(text, string, indent),
        Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements) => {
            if elements.is_empty() {
                return text.push_str("[]");
            }
            text.push_str("[\n");
            for element in elements.iter() {
                text.push_str(&pad(indent + STEP));
                write(text, element, indent + STEP);
                text.push_str(",\n");
            }
            text.push_str(&pad(indent));
            text.push(']');
        }
        Kind::Map(_, entries) => write_entries(text, entries, indent, quote),
        Kind::Object(entries) => write_entries(text, entries, indent, key),
        Kind::Type(ty) => text.push_str(&ty.to_string()),
    }
}

/// A name as it stands before an equals sign in an object: quoted only where it has to be.
pub(super) fn key(name: &str) -> String {
    let plain = name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
    if plain { name.to_owned() } else { quote(name) }
}

fn write_entries(
    text: &mut String,
    entries: &BTreeMap<Arc<str>, Value>,
    indent: usize,
    key: impl Fn(&str) -> String,
) {
    if entries.is_empty() {
        return text.push_str("{}");
    }
    text.push_str("{\n");
    let width = entries.keys().map(|name| key(name).chars().count()).max().unwrap_or_default();
    for (name, value) in entries {
        text.push_str(&format!("{}{:width$} = ", pad(indent + STEP), key(name)));
        write(text, value, indent + STEP);
        text.push('\n');
    }
    text.push_str(&pad(indent));
    text.push('}');
}

fn write_string(text: &mut String, string: &str, indent: usize) {
    if let Some(value) = as_json(string) {
        text.push_str("jsonencode(\n");
        text.push_str(&pad(indent + STEP));
        write(text, &value, indent + STEP);
        text.push('\n');
        text.push_str(&pad(indent));
        return text.push(')');
    }
    if !string.contains('\n') {
        return text.push_str(&quote(string));
    }
    text.push_str("<<-EOT\n");
    for line in string.strip_suffix('\n').unwrap_or(string).split('\n') {
        let line = format!("{}{}", pad(indent + STEP), visible(line));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&pad(indent));
    text.push_str("EOT");
}

/// A line without letters that would act on a terminal.
pub(super) fn visible(line: &str) -> String {
    if line.chars().any(|letter| letter.is_control() && letter != '\t') {
        let quoted = quote(line);
        return quoted[1..quoted.len() - 1].to_owned();
    }
    line.to_owned()
}

/// What a string of JSON holds, if it is a non-empty array or object.
pub(super) fn as_json(string: &str) -> Option<Value> {
    if !string.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let json: Json = serde_json::from_str(string).ok()?;
    let empty = json.as_array().is_some_and(Vec::is_empty) || json.as_object().is_some_and(Map::is_empty);
    (!empty).then(|| from_json(&json))
}

fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::null(crate::lang::types::Type::Dynamic),
        Json::Bool(value) => Value::bool(*value),
        Json::Number(number) => match Number::parse(number.as_str()) {
            Some(number) => Value::number(number),
            None => Value::string(number.as_str()),
        },
        Json::String(text) => Value::string(text),
        Json::Array(items) => Value::tuple(items.iter().map(from_json).collect()),
        Json::Object(members) => {
            Value::object(members.iter().map(|(name, value)| (name.as_str(), from_json(value))))
        }
    }
}

/// The name of an object as a block's header: `resource "aws_lb" "main"`.
pub(super) fn header(address: &InstanceAddress) -> String {
    let kind = if address.resource.mode == Mode::Data { "data" } else { "resource" };
    format!("{kind} \"{}\" \"{}\"", address.resource.ty, address.resource.name)
}

/// An object as a block, as `state show` prints it. Attributes without a value are left out.
pub fn object(address: &InstanceAddress, note: &str, value: &Value, schema: Option<&BlockSchema>) -> String {
    let note = if note.is_empty() { String::new() } else { format!(" {note}") };
    let mut text = format!("# {address}:{note}\n{} {{\n", header(address));
    body(&mut text, value, schema, STEP);
    text.push_str("}\n");
    text
}

fn body(text: &mut String, value: &Value, schema: Option<&BlockSchema>, indent: usize) {
    let Some(entries) = value.as_entries() else { return };
    let is_block = |name: &str| schema.is_some_and(|schema| schema.blocks.contains_key(name));
    let shown: Vec<_> = entries.iter().filter(|(name, value)| !is_block(name) && !value.is_null()).collect();
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, value) in &shown {
        text.push_str(&format!("{}{name:width$} = {}\n", pad(indent), literal(value, indent)));
    }
    for (name, nested) in schema.into_iter().flat_map(|schema| &schema.blocks) {
        let Some(value) = entries.get(name) else { continue };
        if value.is_sensitive() && !value.is_null() {
            text.push_str(&format!(
                "\n{}{name} {{\n{}# (sensitive)\n{0}}}\n",
                pad(indent),
                pad(indent + STEP)
            ));
            continue;
        }
        let blocks: Vec<(String, &Value)> = match nested.nesting {
            Nesting::Single if value.is_null() => Vec::new(),
            Nesting::Single => vec![(String::new(), value)],
            Nesting::Map => value
                .as_entries()
                .into_iter()
                .flatten()
                .map(|(label, value)| (format!(" {}", quote(label)), value))
                .collect(),
            _ => value.as_elements().unwrap_or_default().iter().map(|value| (String::new(), value)).collect(),
        };
        for (label, block) in blocks {
            text.push_str(&format!("\n{}{name}{label} {{\n", pad(indent)));
            body(text, block, Some(&nested.block), indent + STEP);
            text.push_str(&format!("{}}}\n", pad(indent)));
        }
    }
}

/// A recorded object, as `state show` prints it.
pub fn recorded_object(
    address: &InstanceAddress,
    deposed: Option<&str>,
    instance: &InstanceState,
    registry: &Registry,
) -> String {
    let note = match deposed {
        Some(key) => format!("(deposed object {key})"),
        None if instance.tainted => "(tainted)".to_owned(),
        None => String::new(),
    };
    with_schema(registry, &address.resource, |schema| {
        let schema = schema.map(|schema| &schema.block);
        object(address, &note, &recorded(instance, schema), schema)
    })
}

/// Every object and output of a state, as `show` prints it.
pub fn state(state: &State, registry: &Registry) -> String {
    if state.is_empty() {
        return "The state is empty. No resources are recorded.\n".to_owned();
    }
    let mut parts = Vec::new();
    for (address, deposed, _, instance) in state.objects() {
        parts.push(recorded_object(&address, deposed, instance, registry));
    }
    let mut text = parts.join("\n");
    if !state.outputs.is_empty() {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str("Outputs:\n\n");
        text.push_str(&outputs(&state.outputs));
    }
    text
}

/// Named outputs, one `name = value` each, sensitive ones as `<sensitive>`.
pub fn outputs(outputs: &BTreeMap<Arc<str>, OutputState>) -> String {
    outputs.iter().map(|(name, output)| format!("{name} = {}\n", output_value(output))).collect()
}

fn output_value(output: &OutputState) -> String {
    if output.sensitive { "<sensitive>".to_owned() } else { print(&output.value) }
}

/// One output as `output NAME` prints it: asked for by name, so also if it is sensitive.
pub fn output(output: &OutputState) -> String {
    format!("{}\n", print(&output.value.clone().unmark_deep().0))
}

/// One output as `output -json NAME` prints it.
pub fn output_json(output: &OutputState) -> Json {
    encode_plain(&output.value)
}

/// All outputs as `output -json` prints them: `{name: {sensitive, type, value}}`.
pub fn outputs_json(outputs: &BTreeMap<Arc<str>, OutputState>) -> Json {
    let entry = |output: &OutputState| {
        json!({
            "sensitive": output.sensitive,
            "type": output.ty.to_json(),
            "value": encode_plain(&output.value),
        })
    };
    Json::Object(outputs.iter().map(|(name, output)| (name.to_string(), entry(output))).collect())
}

/// One output as `output -raw` prints it, without a line end. `Err` says why it cannot be.
pub fn output_raw(name: &str, output: &OutputState) -> Result<String, String> {
    match &output.value.kind {
        Kind::String(text) => Ok(text.to_string()),
        Kind::Number(number) => Ok(number.to_string()),
        Kind::Bool(value) => Ok(value.to_string()),
        Kind::Null(_) => Err(format!("The value of output {name:?} is null, which has no raw form.")),
        _ => Err(format!(
            "The raw form is for strings, numbers and bools, and output {name:?} is a {}. Use --json instead.",
            output.ty.friendly()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::parse_instance;
    use crate::lang::types::Type;
    use crate::schema::{AttributeSchema, NestedBlock};

    fn output_state(value: Value, sensitive: bool) -> OutputState {
        OutputState { ty: value.ty(), value, sensitive, other: Map::new() }
    }

    fn schema() -> BlockSchema {
        let rule = BlockSchema::new()
            .attribute("port", AttributeSchema::required(Type::Number))
            .attribute("secret", AttributeSchema::optional(Type::String).sensitive());
        BlockSchema::new()
            .attribute("name", AttributeSchema::required(Type::String))
            .attribute("policy", AttributeSchema::optional(Type::String))
            .attribute("password", AttributeSchema::optional(Type::String).sensitive())
            .attribute("tags", AttributeSchema::optional(Type::map(Type::String)))
            .attribute("user_data", AttributeSchema::optional(Type::String))
            .block("rule", NestedBlock::list(rule))
    }

    fn sample() -> Value {
        let rule =
            |port: i64| Value::object([("port", Value::number(port)), ("secret", Value::string("hunter2"))]);
        let ty = schema().blocks["rule"].block.implied_type();
        let value = schema().object([
            ("name", Value::string("a \"b\"")),
            ("policy", Value::string(r#"{"Statement":[{"Effect":"Allow"}]}"#)),
            ("password", Value::string("hunter2")),
            ("tags", crate::provider::object::text_map([("a", "1"), ("long key", "2")])),
            ("user_data", Value::string("#!/bin/sh\n\necho \u{1b}[31m\n")),
            ("rule", Value::list(ty, vec![rule(1), rule(2)])),
        ]);
        schema().marked(&value)
    }

    #[test]
    fn an_object_reads_as_the_block_it_came_from() {
        let address = parse_instance("module.a[0].x_y.z[\"k\"]").unwrap();
        insta::assert_snapshot!(object(&address, "(tainted)", &sample(), Some(&schema())), @r#"
        # module.a[0].x_y.z["k"]: (tainted)
        resource "x_y" "z" {
            name      = "a \"b\""
            password  = (sensitive value)
            policy    = jsonencode(
                {
                    Statement = [
                        {
                            Effect = "Allow"
                        },
                    ]
                }
            )
            tags      = {
                "a"        = "1"
                "long key" = "2"
            }
            user_data = <<-EOT
                #!/bin/sh

                echo \x1b[31m
            EOT

            rule {
                port   = 1
                secret = (sensitive value)
            }

            rule {
                port   = 2
                secret = (sensitive value)
            }
        }
        "#);
    }

    #[test]
    fn sensitive_values_do_not_show() {
        let address = parse_instance("x_y.z").unwrap();
        for schema in [Some(schema()), None] {
            assert!(!object(&address, "", &sample(), schema.as_ref()).contains("hunter2"));
        }
        let secret = output_state(Value::string("hunter2").sensitive(), true);
        let named = BTreeMap::from([(Arc::from("a"), secret.clone())]);
        assert_eq!(outputs(&named), "a = <sensitive>\n");
        // It was asked for by name.
        assert_eq!(output(&secret), "\"hunter2\"\n");
        assert_eq!(output_raw("a", &secret).unwrap(), "hunter2");
    }

    // As `terraform output -json` of 1.11.4 prints them.
    #[test]
    fn outputs_as_json() {
        let list = Value::list(Type::String, vec![Value::string("a")]);
        let named = BTreeMap::from([(Arc::from("l"), output_state(list, false))]);
        assert_eq!(
            outputs_json(&named),
            json!({"l": {"sensitive": false, "type": ["list", "string"], "value": ["a"]}})
        );
    }

    #[test]
    fn raw_is_for_primitive_values() {
        assert_eq!(output_raw("n", &output_state(Value::number(12i64), false)).unwrap(), "12");
        assert!(output_raw("n", &output_state(Value::tuple(vec![]), false)).unwrap_err().contains("--json"));
        assert!(output_raw("n", &output_state(Value::null(Type::String), false)).is_err());
    }
}
