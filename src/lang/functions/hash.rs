//! Hash and crypto functions: `base64sha256 base64sha512 bcrypt md5 rsadecrypt sha1 sha256 sha512 uuid uuidv5`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bcrypt::Version;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use uuid::Uuid;

use super::super::types::Type;
use super::super::value::Value;
use super::encoding::decode_base64;
use super::numeric::machine_integer;
use super::{CallError, CallResult, Function, Host};

mod private_key;

pub(super) fn functions() -> Vec<Function> {
    let of_text = |name, implementation| {
        Function::new(name, implementation).takes("str", Type::String).returns(Type::String)
    };
    vec![
        of_text("base64sha256", |_, arguments| hash::<Sha256>(arguments, base64)),
        of_text("base64sha512", |_, arguments| hash::<Sha512>(arguments, base64)),
        of_text("bcrypt", bcrypt_hash).takes_more("cost", Type::Number),
        of_text("md5", |_, arguments| hash::<Md5>(arguments, hexadecimal)),
        Function::new("rsadecrypt", rsa_decrypt)
            .takes("ciphertext", Type::String)
            .takes("privatekey", Type::String)
            .returns(Type::String),
        of_text("sha1", |_, arguments| hash::<Sha1>(arguments, hexadecimal)),
        of_text("sha256", |_, arguments| hash::<Sha256>(arguments, hexadecimal)),
        of_text("sha512", |_, arguments| hash::<Sha512>(arguments, hexadecimal)),
        Function::new("uuid", |host, _| {
            Ok(if host.answers_impure() {
                Value::string(Uuid::new_v4().to_string())
            } else {
                Value::unknown(Type::String)
            })
        })
        .returns(Type::String),
        Function::new("uuidv5", uuid_v5)
            .takes("namespace", Type::String)
            .takes("name", Type::String)
            .returns(Type::String),
    ]
}

fn text(argument: &Value) -> &str {
    argument.as_str().unwrap_or_default()
}

fn hash<D: Digest>(arguments: &[Value], encode: fn(&[u8]) -> String) -> CallResult {
    Ok(Value::string(encode(&D::digest(text(&arguments[0])))))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

fn bcrypt_hash(host: &dyn Host, arguments: &[Value]) -> CallResult {
    const DEFAULT: u32 = 10;
    let cost = match &arguments[1..] {
        [] => DEFAULT,
        [cost] => {
            let cost = machine_integer(cost, "cost").map_err(CallError::Call)?;
            if cost > 31 {
                return Err(CallError::call(format!(
                    "cost {cost} is outside the allowed range from 4 to 31"
                )));
            }
            u32::try_from(cost).ok().filter(|cost| *cost >= 4).unwrap_or(DEFAULT)
        }
        _ => return Err(CallError::call("bcrypt() takes no more than two arguments")),
    };
    let password = text(&arguments[0]);
    if password.len() > 72 {
        return Err(CallError::call("the password is longer than 72 bytes"));
    }
    if !host.answers_impure() {
        return Ok(Value::unknown(Type::String));
    }
    let hash =
        bcrypt::hash_with_result(password, cost).map_err(|error| CallError::call(error.to_string()))?;
    Ok(Value::string(hash.format_for_version(Version::TwoA)))
}

fn rsa_decrypt(_: &dyn Host, arguments: &[Value]) -> CallResult {
    // Either argument may be a secret, so no message shows one.
    let ciphertext = decode_base64(text(&arguments[0]))
        .ok_or_else(|| CallError::argument(0, "the cipher text must be base64-encoded"))?;
    let key = private_key::read(text(&arguments[1]))
        .map_err(|problem| CallError::argument(1, format!("invalid private key: {problem}")))?;
    let plain = key
        .decrypt(rsa::Pkcs1v15Encrypt, &ciphertext)
        .map_err(|_| CallError::call("failed to decrypt: the cipher text is not for this private key"))?;
    let plain =
        String::from_utf8(plain).map_err(|_| CallError::call("what was encrypted is no text in UTF-8"))?;
    Ok(Value::string(plain))
}

fn uuid_v5(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let given = text(&arguments[0]);
    let namespace = match given {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        _ => uuid(given).ok_or_else(|| {
            CallError::call(format!("uuidv5() doesn't support namespace {given}: it is none of dns, url, oid and x500, and no UUID"))
        })?,
    };
    Ok(Value::string(Uuid::new_v5(&namespace, text(&arguments[1]).as_bytes()).to_string()))
}

/// A UUID with or without dashes, behind `urn:uuid:`, or between two letters whatever they are (braces, usually).
fn uuid(text: &str) -> Option<Uuid> {
    let inner = match text.len() {
        38 => text.get(1..37)?,
        45 if text.get(..9)?.eq_ignore_ascii_case("urn:uuid:") => text.get(9..)?,
        32 | 36 => text,
        _ => return None,
    };
    Uuid::try_parse(inner).ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{call, error, text};
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standards() {
        for (name, expected) in [
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("base64sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
        ] {
            assert_eq!(call(name, [Value::from("abc")]), Value::from(expected), "{name}");
        }
    }

    #[test]
    fn passwords_are_hashed_with_a_salt() {
        let hashed = |arguments: Vec<Value>| call("bcrypt", arguments).as_str().unwrap().to_owned();
        let hash = hashed(vec!["a".into(), 4.into()]);
        assert!(hash.starts_with("$2a$04$") && hash.len() == 60);
        assert!(bcrypt::verify("a", &hash).unwrap() && !bcrypt::verify("b", &hash).unwrap());
        assert_ne!(hash, hashed(vec!["a".into(), 4.into()]));
        for arguments in
            [vec!["a".into(), 32.into()], vec!["a".into(), 4.into(), 5.into()], vec!["a".repeat(73).into()]]
        {
            assert!(matches!(error("bcrypt", arguments), CallError::Call(_)));
        }
    }

    #[test]
    fn uuids_of_names_are_those_of_the_reference() {
        let expected = "11485348-cb21-5a1c-900d-d7d2100d69c0";
        for namespace in [
            "3f8a1c52-9d0e-4b7a-8c11-0a2b4c6d8e0f",
            "3f8a1c529d0e4b7a8c110a2b4c6d8e0f",
            "{3f8a1c52-9d0e-4b7a-8c11-0a2b4c6d8e0f}",
            "x3f8a1c52-9d0e-4b7a-8c11-0a2b4c6d8e0fy",
            "URN:UUID:3F8A1C52-9D0E-4B7A-8C11-0A2B4C6D8E0F",
        ] {
            assert_eq!(
                call("uuidv5", [namespace, "thing"].map(Value::from)),
                Value::from(expected),
                "{namespace}"
            );
        }
        assert_eq!(text("uuidv5", ["dns", ""].map(Value::from)), "\"4ebd0208-8328-5d69-8c44-ec50939c0967\"");
        for namespace in ["DNS", "", "3f8a1c52-9d0e-4b7a-8c11-0a2b4c6d8e0g", "3f8a1c52-9d0e-4b7a-8c11"] {
            assert!(
                matches!(error("uuidv5", [namespace, "a"].map(Value::from)), CallError::Call(_)),
                "{namespace}"
            );
        }
        assert_ne!(call("uuid", []), call("uuid", []));
    }
}
