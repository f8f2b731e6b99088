//! Public keys as EC2 takes them, and their fingerprints.
//!
//! Facts: EC2 User Guide, “Amazon EC2 key pairs and Amazon EC2 instances” (formats) and “Verify the fingerprint of
//! your key pair”; RFC 4253 §6.6 and RFC 8709 (the keys' binary form), RFC 4716 (the file form), RFC 8017 (DER).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha2::Sha256;

/// A public key's type and parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// Exponent and modulus, big-endian without leading zeros.
    Rsa {
        exponent: Vec<u8>,
        modulus: Vec<u8>,
    },
    Ed25519(Vec<u8>),
}

impl PublicKey {
    /// Reads a key in any of the forms that ImportKeyPair takes. The error says what is wrong.
    pub(super) fn parse(text: &str) -> Result<PublicKey, &'static str> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err("it is a private key; the public one is needed");
        }
        if text.starts_with("---- BEGIN SSH2 PUBLIC KEY") {
            return parse_ssh(&decode(&ssh2_body(text))?);
        }
        if text.starts_with("-----BEGIN PUBLIC KEY") {
            let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
            return parse_der(&decode(&body)?);
        }
        let mut words = text.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some(kind @ ("ssh-rsa" | "ssh-ed25519")), Some(body)) => {
                let key = parse_ssh(&decode(body)?)?;
                let is_rsa = matches!(key, PublicKey::Rsa { .. });
                if is_rsa == (kind == "ssh-rsa") {
                    Ok(key)
                } else {
                    Err("its two statements of its type differ")
                }
            }
            (Some("ssh-rsa" | "ssh-ed25519"), None) => Err("there is no key after the type"),
            (Some(kind), Some(_))
                if kind.starts_with("ssh-") || kind.starts_with("ecdsa-") || kind.starts_with("sk-") =>
            {
                Err("EC2 takes keys of type ssh-rsa and ssh-ed25519 only")
            }
            (Some(_), None) => parse_der(&decode(text)?),
            _ => Err("it does not start with a key type such as ssh-rsa or ssh-ed25519"),
        }
    }

    /// The fingerprint that EC2 shows for the key once it was imported: MD5 of the key's DER form for RSA,
    /// SHA-256 of its SSH form for ED25519.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            PublicKey::Rsa { exponent, modulus } => {
                let hash = Md5::digest(rsa_der(exponent, modulus));
                hash.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
            }
            PublicKey::Ed25519(key) => {
                let mut blob = Vec::new();
                put_ssh_string(&mut blob, b"ssh-ed25519");
                put_ssh_string(&mut blob, key);
                STANDARD.encode(Sha256::digest(blob))
            }
        }
    }
}

/// Whether two fingerprints are the same, however they are decorated.
pub(super) fn same_fingerprint(left: &str, right: &str) -> bool {
    fn bare(text: &str) -> &str {
        text.trim_start_matches("SHA256:").trim_end_matches('=')
    }
    bare(left) == bare(right)
}

fn decode(body: &str) -> Result<Vec<u8>, &'static str> {
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(body).map_err(|_| "its body is not base64")
}

/// The base64 lines of the RFC 4716 form: no markers, no headers and no lines that continue a header.
fn ssh2_body(text: &str) -> String {
    let mut body = String::new();
    let mut in_header = false;
    for line in text.lines().filter(|line| !line.starts_with("----")) {
        let is_header = in_header || line.contains(':');
        in_header = is_header && line.ends_with('\\');
        if !is_header {
            body.push_str(line.trim());
        }
    }
    body
}

const TRUNCATED: &str = "its body is cut off or not that of a key";

fn parse_ssh(mut blob: &[u8]) -> Result<PublicKey, &'static str> {
    let mut next = || {
        let (length, rest) = blob.split_at_checked(4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let (part, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        blob = rest;
        Some(part.to_vec())
    };
    let key = match next().as_deref() {
        Some(b"ssh-rsa") => {
            let exponent = next().ok_or(TRUNCATED)?;
            let modulus = next().ok_or(TRUNCATED)?;
            PublicKey::Rsa { exponent: trimmed(&exponent), modulus: trimmed(&modulus) }
        }
        Some(b"ssh-ed25519") => PublicKey::Ed25519(next().filter(|key| key.len() == 32).ok_or(TRUNCATED)?),
        Some(_) => return Err("EC2 takes keys of type ssh-rsa and ssh-ed25519 only"),
        None => return Err(TRUNCATED),
    };
    if blob.is_empty() { Ok(key) } else { Err(TRUNCATED) }
}

fn trimmed(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number[zeros..].to_vec()
}

fn put_ssh_string(blob: &mut Vec<u8>, part: &[u8]) {
    // A key's parts are far shorter than 4 GiB.
    blob.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    blob.extend(part);
}

/// `AlgorithmIdentifier` of rsaEncryption, 1.2.840.113549.1.1.1, with null parameters.
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// A `SubjectPublicKeyInfo` in DER.
fn rsa_der(exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let mut content = Vec::with_capacity(number.len() + 1);
        if number.first().is_none_or(|byte| byte & 0x80 != 0) {
            content.push(0);
        }
        content.extend(number);
        element(0x02, &content)
    };
    let key = element(0x30, &[integer(modulus), integer(exponent)].concat());
    let bits = element(0x03, &[&[0u8][..], &key].concat());
    element(0x30, &[&RSA_ALGORITHM[..], &bits].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len().to_be_bytes();
    let length = trimmed(&length);
    match length.as_slice() {
        [] => bytes.push(0),
        [short] if *short < 0x80 => bytes.push(*short),
        long => {
            // At most eight bytes of length.
            bytes.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            bytes.extend(long);
        }
    }
    bytes.extend(content);
    bytes
}

/// Reads a `SubjectPublicKeyInfo` of an RSA key.
fn parse_der(der: &[u8]) -> Result<PublicKey, &'static str> {
    const NOT_DER: &str = "it is neither an OpenSSH public key nor an RSA key in DER form";
    let read = || {
        let (info, _) = take(der, 0x30)?;
        let rest = info.strip_prefix(&RSA_ALGORITHM[..])?;
        let (bits, _) = take(rest, 0x03)?;
        let (key, _) = take(bits.strip_prefix(&[0u8])?, 0x30)?;
        let (modulus, rest) = take(key, 0x02)?;
        let (exponent, _) = take(rest, 0x02)?;
        Some(PublicKey::Rsa { exponent: trimmed(exponent), modulus: trimmed(modulus) })
    };
    read().ok_or(NOT_DER)
}

/// The content of an element with a tag, and what follows it.
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = match length {
        short if *short < 0x80 => (usize::from(*short), rest),
        long => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            if digits.len() > 4 {
                return None;
            }
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with ssh-keygen; fingerprints by the commands of the EC2 User Guide.
    const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC2t1bO5AqeLv4/c7I5O4ykak2kNCWpYlD9X72ANJ7ylP61Lpc62I+6ZWbuw1PKK/ttwL+vYJUGCGCIEtc3s+HJRHBtNZqk09eDlvQupzSffNTCsjd2x668KbnqxGQerS0ng0BHEYsffp8whMWxAQWFtO6AZaNMrt/DIjKHDQs0Yy3uJx62x2U7JRuD0HCooV4d1HlB+H8JE7QkTGNC7GjZ6ldb9dUgtKATxELsT9y9ronObceR9t7w3St8oIPf3QJ1An7ipH98x7umTFRcxo3Xcm4eDzQRyQYgs85gqdnL5TqJT3pqnNxSKN4vzMcqZ3bIQ8lDVhv/ECAZzCw5AHnB ann@example";
    const RSA_FINGERPRINT: &str = "40:e4:9a:64:bb:25:28:81:74:b0:3e:79:f7:2e:f2:9d";
    const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPm91DZmqRC/uCIId/bMpM/38DeV7ktdkBa9TZCrXfRh ann@example";
    const ED25519_FINGERPRINT: &str = "SHA256:dYBnOkVIzw9CSSgjPGNSTm+tczSHoLouPPg+kfzxwV4";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBF9WcryqPgbx1fZR1xcU0fLo7qXLtpJf8bJlDzW+dQxrS/vicYlOK+NSktGM19YOnx68HDp1TjK5bp2+zFZNnzU=";
    const RSA_FILE: &str = "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"2048-bit RSA, converted from OpenSSH\"\nAAAAB3NzaC1yc2EAAAADAQABAAABAQC2t1bO5AqeLv4/c7I5O4ykak2kNCWpYlD9X72ANJ\n7ylP61Lpc62I+6ZWbuw1PKK/ttwL+vYJUGCGCIEtc3s+HJRHBtNZqk09eDlvQupzSffNTC\nsjd2x668KbnqxGQerS0ng0BHEYsffp8whMWxAQWFtO6AZaNMrt/DIjKHDQs0Yy3uJx62x2\nU7JRuD0HCooV4d1HlB+H8JE7QkTGNC7GjZ6ldb9dUgtKATxELsT9y9ronObceR9t7w3St8\noIPf3QJ1An7ipH98x7umTFRcxo3Xcm4eDzQRyQYgs85gqdnL5TqJT3pqnNxSKN4vzMcqZ3\nbIQ8lDVhv/ECAZzCw5AHnB\n---- END SSH2 PUBLIC KEY ----";
    const RSA_PEM: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtrdWzuQKni7+P3OyOTuM\npGpNpDQlqWJQ/V+9gDSe8pT+tS6XOtiPumVm7sNTyiv7bcC/r2CVBghgiBLXN7Ph\nyURwbTWapNPXg5b0Lqc0n3zUwrI3dseuvCm56sRkHq0tJ4NARxGLH36fMITFsQEF\nhbTugGWjTK7fwyIyhw0LNGMt7icetsdlOyUbg9BwqKFeHdR5Qfh/CRO0JExjQuxo\n2epXW/XVILSgE8RC7E/cva6Jzm3Hkfbe8N0rfKCD390CdQJ+4qR/fMe7pkxUXMaN\n13JuHg80EckGILPOYKnZy+U6iU96apzcUijeL8zHKmd2yEPJQ1Yb/xAgGcwsOQB5\nwQIDAQAB\n-----END PUBLIC KEY-----";

    #[test]
    fn fingerprints_are_those_of_the_manual() {
        let rsa = PublicKey::parse(RSA).unwrap();
        assert_eq!(rsa.fingerprint(), RSA_FINGERPRINT);
        let ed25519 = PublicKey::parse(ED25519).unwrap();
        assert!(same_fingerprint(&ed25519.fingerprint(), ED25519_FINGERPRINT));
        assert!(!same_fingerprint(&rsa.fingerprint(), ED25519_FINGERPRINT));
    }

    #[test]
    fn one_key_in_all_forms_is_one_key() {
        let rsa = PublicKey::parse(RSA).unwrap();
        assert_eq!(PublicKey::parse(RSA_FILE).as_ref(), Ok(&rsa));
        assert_eq!(PublicKey::parse(RSA_PEM).as_ref(), Ok(&rsa));
        let body: String = RSA_PEM.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(PublicKey::parse(&body).as_ref(), Ok(&rsa));
        let without_comment = RSA.rsplit_once(' ').unwrap().0;
        assert_eq!(PublicKey::parse(&format!("  {without_comment}\n")).as_ref(), Ok(&rsa));
    }

    #[test]
    fn what_ec2_refuses_is_refused_with_a_reason() {
        let cut = &RSA[..60];
        for (text, reason) in [
            ("", "key type"),
            ("ssh-rsa", "no key"),
            ("ssh-rsa your-key-here", "base64"),
            ("ssh-rsa AAAA", "cut off"),
            (cut, "cut off"),
            ("just a comment", "key type"),
            (ECDSA, "ssh-ed25519 only"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "private key"),
            ("AAAA", "DER"),
        ] {
            let error = PublicKey::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        let wrong_type = ED25519.replacen("ssh-ed25519", "ssh-rsa", 1);
        assert!(PublicKey::parse(&wrong_type).unwrap_err().contains("differ"));
    }
}
