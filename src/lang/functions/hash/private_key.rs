//! RSA private keys in PEM: PKCS #1, PKCS #8, and OpenSSH's own format
//! (<https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{BigUint, RsaPrivateKey};

/// The first key of a text. The error says what is wrong without showing anything of it.
pub fn read(text: &str) -> Result<RsaPrivateKey, &'static str> {
    let (label, headers, content) = block(text).ok_or("there is no PEM block with a private key")?;
    const ENCRYPTED: &str = "the key is protected by a passphrase; decrypt it first";
    if headers || label == "ENCRYPTED PRIVATE KEY" {
        return Err(ENCRYPTED);
    }
    let damaged = "the key is damaged";
    match label {
        "RSA PRIVATE KEY" => RsaPrivateKey::from_pkcs1_der(&content).map_err(|_| damaged),
        "PRIVATE KEY" => {
            RsaPrivateKey::from_pkcs8_der(&content).map_err(|_| "the key is damaged, or no RSA key")
        }
        "OPENSSH PRIVATE KEY" => {
            let mut reader = Reader { rest: content.strip_prefix(b"openssh-key-v1\0").ok_or(damaged)? };
            if reader.field().ok_or(damaged)? != b"none" {
                return Err(ENCRYPTED);
            }
            openssh(reader).ok_or(damaged)?
        }
        _ => Err("the key is no RSA key"),
    }
}

/// The label of the first PEM block, whether it has headers (which say how it is encrypted), and its content.
fn block(text: &str) -> Option<(&str, bool, Vec<u8>)> {
    let (_, after) = text.split_once("-----BEGIN ")?;
    let (label, after) = after.split_once("-----")?;
    let (body, _) = after.split_once("-----END ")?;
    let headers = body.contains(':');
    let encoded: String =
        body.lines().filter(|line| !line.contains(':')).flat_map(str::split_whitespace).collect();
    // What has headers is not read, and need not be well-formed.
    let content = if headers { Vec::new() } else { BASE64.decode(encoded).ok()? };
    Some((label, headers, content))
}

/// Reads fields that begin with their length.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> Option<u32> {
        let (word, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        Some(u32::from_be_bytes(*word))
    }

    fn field(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.word()?).ok()?;
        let (field, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(field)
    }

    fn number(&mut self) -> Option<BigUint> {
        self.field().map(BigUint::from_bytes_be)
    }
}

/// The key behind the name of the cipher. `None` if the content is damaged.
fn openssh(mut reader: Reader<'_>) -> Option<Result<RsaPrivateKey, &'static str>> {
    let _key_derivation = reader.field()?;
    let _derivation_options = reader.field()?;
    let _keys = reader.word()?;
    let _public_key = reader.field()?;
    let mut reader = Reader { rest: reader.field()? };
    if reader.word()? != reader.word()? {
        return None;
    }
    if reader.field()? != b"ssh-rsa" {
        return Some(Err("the key is no RSA key"));
    }
    let (modulus, public, private) = (reader.number()?, reader.number()?, reader.number()?);
    let _coefficient = reader.number()?;
    let primes = vec![reader.number()?, reader.number()?];
    Some(RsaPrivateKey::from_components(modulus, public, private, primes).map_err(|_| "the key is damaged"))
}
