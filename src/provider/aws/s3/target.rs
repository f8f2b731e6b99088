//! The bucket that a resource configures, and its name's rules.
//!
//! Source: Amazon S3 User Guide, “General purpose bucket naming rules”.

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::object::{self, Object};
use crate::schema::{AttributeSchema, BlockSchema};

/// The shortest and the longest name of a bucket.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=63;

/// What names that S3 gives itself begin with.
const RESERVED_PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];

/// What names that S3 gives itself end with.
const RESERVED_SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// A bucket, and the account that it has to belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub bucket: String,
    /// `expected_bucket_owner`, twelve digits.
    pub owner: Option<String>,
}

impl Target {
    /// The bucket that an object configures: by its arguments, else by its id.
    pub fn of(object: &Value) -> Option<Target> {
        let filled = |name: &str| object.text(name).filter(|text| !text.is_empty());
        match filled("bucket") {
            Some(bucket) => Some(Target {
                bucket: bucket.to_owned(),
                owner: filled("expected_bucket_owner").map(str::to_owned),
            }),
            None => Target::parse(filled("id")?).ok(),
        }
    }

    /// Reads an id: `BUCKET`, or `BUCKET,ACCOUNT` if an owner is expected.
    pub fn parse(id: &str) -> Result<Target, String> {
        let (bucket, owner) = match id.split_once(',') {
            Some((bucket, owner)) => (bucket, Some(owner)),
            None => (id, None),
        };
        if bucket.is_empty() || bucket.contains('/') || owner.is_some_and(|owner| !is_account(owner)) {
            return Err(format!(
                "{id:?} will not do: the import id is the bucket's name, or \"BUCKET,ACCOUNT\" if an owner is expected."
            ));
        }
        Ok(Target { bucket: bucket.to_owned(), owner: owner.map(str::to_owned) })
    }

    pub fn id(&self) -> String {
        match &self.owner {
            Some(owner) => format!("{},{owner}", self.bucket),
            None => self.bucket.clone(),
        }
    }

    /// `id`, `bucket` and `expected_bucket_owner` of an object.
    pub fn attributes(&self) -> [(&'static str, Value); 3] {
        [
            ("id", Value::string(self.id())),
            ("bucket", Value::string(&self.bucket)),
            ("expected_bucket_owner", object::text(self.owner.as_deref())),
        ]
    }
}

/// The arguments of every resource that configures a bucket.
pub fn arguments() -> BlockSchema {
    BlockSchema::new()
        .id()
        .attribute("bucket", AttributeSchema::required(Type::String).forces_replacement())
        .attribute("expected_bucket_owner", AttributeSchema::optional(Type::String).forces_replacement())
}

/// Checks them.
pub fn check(checks: &mut Checks<'_>) {
    checks.length("bucket", 1..=*LENGTH.end());
    if let Some(owner) = checks.config.text("expected_bucket_owner")
        && !owner.is_empty()
        && !is_account(owner)
    {
        let detail = format!("{owner:?} is no AWS account: those have twelve digits.");
        checks.invalid("expected_bucket_owner", detail);
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What keeps a name from being a new bucket's, as the end of a sentence that begins with the name.
pub fn fault(name: &str) -> Option<String> {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if !LENGTH.contains(&name.len()) {
        return Some(format!(
            "has {} characters, and names of buckets have {} to {}",
            name.len(),
            LENGTH.start(),
            LENGTH.end()
        ));
    }
    if !name.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-') {
        return Some("has characters other than lowercase letters, digits, \".\" and \"-\"".to_owned());
    }
    if !name.bytes().next().is_some_and(is_word) || !name.bytes().last().is_some_and(is_word) {
        return Some("does not begin and end with a letter or digit".to_owned());
    }
    if name.contains("..") {
        return Some("has two periods in a row".to_owned());
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return Some("is an IP address".to_owned());
    }
    let prefix = RESERVED_PREFIXES.into_iter().find(|prefix| name.starts_with(prefix));
    if let Some(prefix) = prefix {
        return Some(format!("begins with {prefix:?}, which S3 keeps to itself"));
    }
    let suffix = RESERVED_SUFFIXES.into_iter().find(|suffix| name.ends_with(suffix))?;
    Some(format!("ends with {suffix:?}, which S3 keeps to itself"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the User Guide, and what each rule forbids.
    #[test]
    fn names_of_buckets_have_rules() {
        for name in [
            "amzn-s3-demo2-bucket1-a1b2c3d4",
            "example.com",
            "www.example.com",
            "my.example.s3.bucket",
            "abc",
        ] {
            assert_eq!(fault(name), None, "{name}");
        }
        for name in [
            "amzn_s3_demo_bucket",
            "AmznS3DemoBucket",
            "amzn-s3-demo-bucket",
            "example..com",
            "192.168.5.4",
            "ab",
            "bucket-",
            "-bucket",
            ".bucket",
            "xn--bucket",
            "bucket-s3alias",
            "bucket--ol-s3",
            "bücket",
        ] {
            assert!(fault(name).is_some(), "{name}");
        }
        assert!(fault(&"a".repeat(63)).is_none());
        assert!(fault(&"a".repeat(64)).is_some());
    }

    #[test]
    fn ids_have_a_bucket_and_perhaps_its_owner() {
        let target = Target::parse("a.b,123456789012").unwrap();
        assert_eq!((&*target.bucket, target.owner.as_deref()), ("a.b", Some("123456789012")));
        assert_eq!(target.id(), "a.b,123456789012");
        assert_eq!(Target::parse("a.b").unwrap().id(), "a.b");
        for id in ["", ",123456789012", "a.b,", "a.b,12345", "a/b"] {
            assert!(Target::parse(id).is_err(), "{id}");
        }
    }
}
