//! `random_string` and `random_password`: characters of chosen classes.

use bcrypt::Version;

use super::entropy::Entropy;
use super::{computed, path, whole, with_keepers};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::provider::state_only::Kept;
use crate::provider::{Change, OperationError, Problems};
use crate::schema::{AttributeSchema, Schema};

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const NUMERIC: &str = "0123456789";
const SPECIAL: &str = "!@#$%&*()-_=+[]{}<>:?";

/// The classes: whether it is drawn from, how many there are at least.
const CLASSES: [(&str, &str); 4] =
    [("upper", "min_upper"), ("lower", "min_lower"), ("numeric", "min_numeric"), ("special", "min_special")];

/// What bcrypt takes into account of a password.
const BCRYPT_LIMIT: usize = 72;

/// `random_string`, or `random_password`, whose result is sensitive and comes with its bcrypt hash.
pub struct Text {
    schema: Schema,
    is_password: bool,
}

impl Text {
    pub fn string() -> Text {
        Text { schema: schema(false), is_password: false }
    }

    pub fn password() -> Text {
        Text { schema: schema(true), is_password: true }
    }

    /// The object with its result, and what follows from it.
    fn with_result(&self, object: &Value, result: String) -> Result<Value, OperationError> {
        if !self.is_password {
            let result = Value::string(result);
            return Ok(object.with("id", result.clone()).with("result", result));
        }
        let hash = Value::string(hashed(&result)?).sensitive();
        Ok(object
            .with("id", Value::string("none"))
            .with("result", Value::string(result).sensitive())
            .with("bcrypt_hash", hash))
    }
}

fn schema(is_password: bool) -> Schema {
    let flag = || {
        let attribute = AttributeSchema::optional_computed(Type::Bool);
        attribute.default(Value::bool(true)).forces_replacement()
    };
    let count = || {
        let attribute = AttributeSchema::optional_computed(Type::Number);
        attribute.default(Value::number(0i64)).forces_replacement()
    };
    let mut block = with_keepers()
        .attribute("length", AttributeSchema::required(Type::Number).forces_replacement())
        .attribute("override_special", AttributeSchema::optional(Type::String).forces_replacement())
        .attribute("number", flag().deprecated())
        .attribute("id", computed(Type::String));
    for (class, least) in CLASSES {
        block = block.attribute(class, flag()).attribute(least, count());
    }
    if is_password {
        let secret = || computed(Type::String).sensitive();
        Schema::new(3, block.attribute("result", secret()).attribute("bcrypt_hash", secret()))
    } else {
        Schema::new(2, block.attribute("result", computed(Type::String)))
    }
}

/// The bcrypt hash of a password's first 72 bytes, in the spelling of Go's library.
fn hashed(password: &str) -> Result<String, OperationError> {
    let bytes = password.as_bytes();
    bcrypt::hash_with_result(&bytes[..bytes.len().min(BCRYPT_LIMIT)], 10)
        .map(|parts| parts.format_for_version(Version::TwoA))
        .map_err(|error| OperationError::internal(format!("the password cannot be hashed: {error}")))
}

/// Draws the least number of each class, the rest from all classes that are allowed, and mixes them.
fn draw(planned: &Value) -> Result<String, OperationError> {
    let special = planned.text("override_special").filter(|own| !own.is_empty()).unwrap_or(SPECIAL);
    let mut entropy = Entropy::System;
    let mut all: Vec<char> = Vec::new();
    let mut drawn: Vec<char> = Vec::new();
    for ((class, least), characters) in CLASSES.iter().zip([UPPER, LOWER, NUMERIC, special]) {
        let characters: Vec<char> = characters.chars().collect();
        for _ in 0..planned.integer(least).unwrap_or(0) {
            drawn.extend(entropy.one_of(&characters)?);
        }
        if planned.boolean(class) != Some(false) {
            all.extend(characters);
        }
    }
    let length = planned.integer("length").and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if all.is_empty() && drawn.len() < length {
        return Err(OperationError::internal("no class of characters is left to draw from"));
    }
    while drawn.len() < length {
        drawn.extend(entropy.one_of(&all)?);
    }
    entropy.shuffle(&mut drawn)?;
    Ok(drawn.into_iter().collect())
}

impl Kept for Text {
    fn name(&self) -> &'static str {
        if self.is_password { "random_password" } else { "random_string" }
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let length = whole(config, "length", Some(1), problems);
        let least: i64 =
            CLASSES.iter().filter_map(|(_, least)| whole(config, least, Some(0), problems)).sum();
        if let Some(length) = length
            && length < least
        {
            let detail = format!(
                "length must be at least min_upper + min_lower + min_numeric + min_special ({least}), got {length}."
            );
            problems.error(path("length"), "Invalid attribute value", detail);
        }
        if let (Some(number), Some(numeric)) = (config.boolean("number"), config.boolean("numeric"))
            && number != numeric
        {
            let detail = "number and numeric mean the same, but are set to different values. Leave number out: it \
                          is deprecated.";
            problems.error(path("number"), "Conflicting arguments", detail);
        }
        let numeric = config.boolean("numeric").or_else(|| config.boolean("number"));
        let off = |name: &str| config.boolean(name) == Some(false);
        if off("upper") && off("lower") && off("special") && numeric == Some(false) {
            let detail = "At least one of upper, lower, numeric and special must be true: there is nothing to draw from.";
            problems.error(path("upper"), "No characters to draw from", detail);
        }
    }

    /// `number` and `numeric` are two names of one argument.
    fn plan(&self, change: &mut Change<'_>) {
        let given = |name: &str| change.config.get(name).filter(|value| !value.is_null());
        if let Some(value) = given("numeric").or_else(|| given("number")) {
            change.planned = change.planned.with("number", value.clone()).with("numeric", value);
        }
    }

    /// Records of version 3.1 have no `numeric` and no hash; imported ones have nothing but the result.
    fn complete(&self, recorded: Value) -> Result<Value, OperationError> {
        let mut object = recorded;
        let lacks = |object: &Value, name: &str| object.get(name).is_none_or(|value| value.is_null());
        for (class, least) in CLASSES {
            if lacks(&object, class) {
                let same = if class == "numeric" { object.boolean("number") } else { None };
                object = object.with(class, Value::bool(same.unwrap_or(true)));
            }
            if lacks(&object, least) {
                object = object.with(least, Value::number(0i64));
            }
        }
        if lacks(&object, "number") {
            let numeric = object.boolean("numeric").unwrap_or(true);
            object = object.with("number", Value::bool(numeric));
        }
        let Some(result) = object.text("result").map(str::to_owned) else { return Ok(object) };
        if lacks(&object, "length") {
            object = object.with("length", Value::number(i64::try_from(result.len()).unwrap_or(i64::MAX)));
        }
        if lacks(&object, "id") || self.is_password && lacks(&object, "bcrypt_hash") {
            return self.with_result(&object, result);
        }
        Ok(object)
    }

    fn make(&self, planned: &Value) -> Result<Value, OperationError> {
        self.with_result(planned, draw(planned)?)
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() {
            return Err(format!("an import id of {} is its result, which is not empty", self.name()));
        }
        Ok(self.schema.block.object([("result", Value::string(id))]))
    }
}
