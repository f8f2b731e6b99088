//! The age file format, version 1, with recipients of the kind X25519 (<https://c2sp.org/age>), on the primitives of
//! AWS-LC. The files are those of every other age: `age -d` decrypts them.
//!
//! A file is a header of text lines and the encrypted content. The header has a stanza for each recipient, in which
//! the file's key is wrapped for them, and a MAC over all of it; the content is sealed in chunks that can neither be
//! changed nor reordered nor left out, the last one marked as such. Nothing is answered unless all of it is good.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{UnparsedPublicKey, X25519, agree};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use thiserror::Error;

use super::keys::{Identity, Recipient};

const VERSION: &[u8] = b"age-encryption.org/v1";

/// The stanzas of this kind of recipient, and what its wrapping keys are derived for.
const STANZA: &str = "X25519";
const WRAPPING: &[u8] = b"age-encryption.org/v1/X25519";

const FILE_KEY: usize = 16;
const CONTENT_NONCE: usize = 16;
const TAG: usize = 16;

/// How many bytes of content are sealed together.
const CHUNK: usize = 64 * 1024;

/// How many letters of base64 a line of a stanza has, but for the last, which has fewer.
const LINE: usize = 64;

/// Why a file cannot be decrypted, or encrypted.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum AgeError {
    #[error("the header is not one of age's: {0}")]
    Header(&'static str),
    #[error("it is encrypted to none of the identities")]
    NoMatch,
    #[error("the header is not as it was written")]
    Mac,
    #[error("the content is not as it was written: {0}")]
    Content(&'static str),
    #[error("the cryptographic library has failed")]
    Library,
}

/// Encrypts a text to all of the recipients, each of whom can read it.
///
/// # Errors
/// There is no recipient, one's key is none, or there is no randomness to be had.
pub fn encrypt(plain: &[u8], recipients: &[Recipient]) -> Result<Vec<u8>, AgeError> {
    if recipients.is_empty() {
        return Err(AgeError::NoMatch);
    }
    let file_key: [u8; FILE_KEY] = random()?;
    let mut header = VERSION.to_vec();
    header.push(b'\n');
    for recipient in recipients {
        let one_time = Identity::generate()?;
        let share = one_time.recipient().0;
        let shared = shared_secret(&one_time, &share, recipient, &recipient.0)?;
        let mut body = file_key.to_vec();
        append_sealed(&shared, [0; NONCE_LEN], &mut body, 0)?;
        let stanza =
            format!("-> {STANZA} {}\n{}\n", STANZA_BASE64.encode(share), STANZA_BASE64.encode(&body));
        header.extend_from_slice(stanza.as_bytes());
    }
    header.extend_from_slice(b"---");
    let mac = hmac::sign(&mac_key(&file_key)?, &header);
    let mut file = header;
    file.push(b' ');
    file.extend_from_slice(STANZA_BASE64.encode(mac.as_ref()).as_bytes());
    file.push(b'\n');
    let nonce: [u8; CONTENT_NONCE] = random()?;
    file.extend_from_slice(&nonce);
    let key = derive(&nonce, &file_key, b"payload")?;
    file.reserve(plain.len() + (plain.len() / CHUNK + 1) * TAG);
    let mut rest = plain;
    let mut number = 0;
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
        let start = file.len();
        file.extend_from_slice(chunk);
        append_sealed(&key, chunk_nonce(number, after.is_empty()), &mut file, start)?;
        if after.is_empty() {
            return Ok(file);
        }
        rest = after;
        number += 1;
    }
}

/// Decrypts a file with whichever of the identities it is encrypted to.
///
/// # Errors
/// It is no such file, it is encrypted to others, or a bit of it is not as it was written.
pub fn decrypt(file: &[u8], identities: &[Identity]) -> Result<Vec<u8>, AgeError> {
    let header = Header::parse(file)?;
    let file_key = header.file_key(identities)?.ok_or(AgeError::NoMatch)?;
    hmac::verify(&mac_key(&file_key)?, header.authenticated, &header.mac).map_err(|_| AgeError::Mac)?;
    let key = derive(header.nonce, &file_key, b"payload")?;
    let mut rest = header.content;
    let mut plain = Vec::with_capacity(rest.len());
    let mut number = 0;
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK + TAG));
        let is_last = after.is_empty();
        if chunk.len() < TAG {
            return Err(CUT_OFF);
        }
        if chunk.len() == TAG && number > 0 {
            return Err(AgeError::Content("an empty part follows"));
        }
        let mut opened = chunk.to_vec();
        let nonce = Nonce::assume_unique_for_key(chunk_nonce(number, is_last));
        let opened = sealing_key(&key)?.open_in_place(nonce, Aad::empty(), &mut opened);
        plain.extend_from_slice(
            opened.map_err(|_| AgeError::Content("a part was changed, added or left out"))?,
        );
        if is_last {
            return Ok(plain);
        }
        rest = after;
        number += 1;
    }
}

const NO_END: AgeError = AgeError::Header("it has no end");
const CUT_OFF: AgeError = AgeError::Content("it is cut off");

/// Base64 as headers have it: without padding, and in one spelling only.
const STANZA_BASE64: base64::engine::GeneralPurpose = STANDARD_NO_PAD;

/// A header taken apart.
struct Header<'a> {
    stanzas: Vec<Stanza<'a>>,
    /// What the MAC is of.
    authenticated: &'a [u8],
    mac: Vec<u8>,
    /// What the content's key is derived with.
    nonce: &'a [u8],
    content: &'a [u8],
}

/// What one recipient needs.
struct Stanza<'a> {
    kind: &'a str,
    arguments: Vec<&'a str>,
    body: Vec<u8>,
}

/// The next line and what follows it.
fn line(rest: &[u8]) -> Result<(&[u8], &[u8]), AgeError> {
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or(NO_END)?;
    Ok((&rest[..end], &rest[end + 1..]))
}

fn base64(text: &[u8]) -> Result<Vec<u8>, AgeError> {
    STANZA_BASE64.decode(text).map_err(|_| AgeError::Header("a line is not base64"))
}

impl<'a> Header<'a> {
    fn parse(file: &'a [u8]) -> Result<Header<'a>, AgeError> {
        let (version, mut rest) = line(file)?;
        if version != VERSION {
            return Err(AgeError::Header("it is of another version"));
        }
        let mut stanzas = Vec::new();
        loop {
            let (one, after) = line(rest)?;
            if let Some(mac) = one.strip_prefix(b"--- ") {
                let mac = base64(mac)?;
                if mac.len() != 32 {
                    return Err(AgeError::Header("the MAC has another length"));
                }
                let end = file.len() - rest.len() + b"---".len();
                let is_passphrase = |stanza: &Stanza<'_>| stanza.kind == "scrypt";
                if stanzas.len() != 1 && stanzas.iter().any(is_passphrase) {
                    return Err(AgeError::Header("a passphrase stands beside others"));
                }
                let (nonce, content) = after.split_at_checked(CONTENT_NONCE).ok_or(NO_END)?;
                return Ok(Header { stanzas, authenticated: &file[..end], mac, nonce, content });
            }
            let (stanza, after) = Stanza::parse(one, after)?;
            stanzas.push(stanza);
            rest = after;
        }
    }

    /// The key of the file, if one of the identities can unwrap it.
    fn file_key(&self, identities: &[Identity]) -> Result<Option<[u8; FILE_KEY]>, AgeError> {
        let mut found = None;
        for stanza in self.stanzas.iter().filter(|stanza| stanza.kind == STANZA) {
            let (share, body) = stanza.x25519()?;
            for identity in identities {
                let shared = shared_secret(identity, &share, &identity.recipient(), &share)?;
                let mut opened = body;
                let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
                let opened = sealing_key(&shared)?.open_in_place(nonce, Aad::empty(), &mut opened);
                if let Ok(Ok(key)) = opened.map(|key| <[u8; FILE_KEY]>::try_from(&*key)) {
                    found.get_or_insert(key);
                }
            }
        }
        Ok(found)
    }
}

impl<'a> Stanza<'a> {
    /// Reads a stanza that begins with a line. Answers what follows it, too.
    fn parse(first: &'a [u8], mut rest: &'a [u8]) -> Result<(Stanza<'a>, &'a [u8]), AgeError> {
        const NONE: AgeError = AgeError::Header("a line is neither a stanza's nor the MAC's");
        let words = first.strip_prefix(b"-> ").ok_or(NONE)?;
        let words = std::str::from_utf8(words).map_err(|_| NONE)?;
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
        if !words.split(' ').all(is_word) {
            return Err(NONE);
        }
        let mut words = words.split(' ');
        let kind = words.next().ok_or(NONE)?;
        let mut body = Vec::new();
        loop {
            let (one, after) = line(rest)?;
            rest = after;
            if one.len() > LINE {
                return Err(AgeError::Header("a line is too long"));
            }
            body.extend_from_slice(&base64(one)?);
            if one.len() < LINE {
                return Ok((Stanza { kind, arguments: words.collect(), body }, rest));
            }
        }
    }

    /// The share and the wrapped key of a stanza of the kind X25519.
    fn x25519(&self) -> Result<([u8; 32], [u8; FILE_KEY + TAG]), AgeError> {
        const NONE: AgeError = AgeError::Header("a stanza X25519 is none");
        let [share] = self.arguments.as_slice() else { return Err(NONE) };
        let share = base64(share.as_bytes())?.try_into().map_err(|_| NONE)?;
        Ok((share, self.body.as_slice().try_into().map_err(|_| NONE)?))
    }
}

/// The key that wraps a file's key. `share` is the one-time public key of the two, `recipient` the other, and `other`
/// the one of them that `own` is not of.
fn shared_secret(
    own: &Identity,
    share: &[u8; 32],
    recipient: &Recipient,
    other: &[u8; 32],
) -> Result<[u8; 32], AgeError> {
    let mut salt = share.to_vec();
    salt.extend_from_slice(&recipient.0);
    // Points of low order, with which the secret would be no secret, are refused by the agreement.
    let other = UnparsedPublicKey::new(&X25519, other.as_slice());
    let refused = AgeError::Header("a public key is none");
    agree(&own.key, other, refused, |secret| derive(&salt, secret, WRAPPING))
}

fn derive(salt: &[u8], secret: &[u8], purpose: &[u8]) -> Result<[u8; 32], AgeError> {
    let mut key = [0; 32];
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let purpose = [purpose];
    let expanded = extracted.expand(&purpose, hkdf::HKDF_SHA256).map_err(|_| AgeError::Library)?;
    expanded.fill(&mut key).map_err(|_| AgeError::Library)?;
    Ok(key)
}

fn mac_key(file_key: &[u8; FILE_KEY]) -> Result<hmac::Key, AgeError> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &derive(&[], file_key, b"header")?))
}

fn sealing_key(key: &[u8; 32]) -> Result<LessSafeKey, AgeError> {
    UnboundKey::new(&CHACHA20_POLY1305, key).map(LessSafeKey::new).map_err(|_| AgeError::Library)
}

/// Seals what a buffer holds from a place on, and appends the tag.
fn append_sealed(
    key: &[u8; 32],
    nonce: [u8; NONCE_LEN],
    buffer: &mut Vec<u8>,
    from: usize,
) -> Result<(), AgeError> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let plain = buffer.get_mut(from..).ok_or(AgeError::Library)?;
    let tag = sealing_key(key)?.seal_in_place_separate_tag(nonce, Aad::empty(), plain);
    buffer.extend_from_slice(tag.map_err(|_| AgeError::Library)?.as_ref());
    Ok(())
}

/// The number of the chunk, eleven bytes, and whether it is the last.
fn chunk_nonce(number: u64, is_last: bool) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    nonce[3..11].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(is_last);
    nonce
}

fn random<const N: usize>() -> Result<[u8; N], AgeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| AgeError::Library)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use sha2::{Digest, Sha256};

    use super::*;

    const SECRET: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";

    /// A vector of <https://github.com/C2SP/CCTV/tree/main/age> (0BSD, CC0 1.0 or Unlicense): lines of names and values, an empty line, a file.
    struct Vector {
        name: String,
        says: Vec<(String, String)>,
        file: Vec<u8>,
    }

    impl Vector {
        fn all(&self, name: &str) -> impl Iterator<Item = &str> {
            self.says.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
        }
    }

    fn vectors() -> Vec<Vector> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/age");
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| {
                let bytes = std::fs::read(&path).unwrap();
                let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
                let says = String::from_utf8(bytes[..end].to_vec()).unwrap();
                let says = says.lines().map(|line| {
                    let (name, value) = line.split_once(": ").unwrap();
                    (name.to_owned(), value.to_owned())
                });
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let mut vector = Vector { name, says: says.collect(), file: bytes[end + 2..].to_vec() };
                if vector.all("compressed").next().is_some() {
                    let mut file = Vec::new();
                    flate2::read::ZlibDecoder::new(vector.file.as_slice()).read_to_end(&mut file).unwrap();
                    vector.file = file;
                }
                vector
            })
            .collect()
    }

    #[test]
    fn the_published_vectors_are_read_as_they_say() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 67);
        for vector in vectors {
            let identities: Vec<Identity> =
                vector.all("identity").map(|text| Identity::parse(text).unwrap()).collect();
            let read = decrypt(&vector.file, &identities);
            let outcome = match &read {
                Ok(_) => "success",
                Err(AgeError::NoMatch) => "no match",
                Err(AgeError::Mac) => "HMAC failure",
                Err(AgeError::Header(_)) => "header failure",
                Err(AgeError::Content(_)) => "payload failure",
                Err(AgeError::Library) => "failure of the library",
            };
            assert_eq!(vector.all("expect").next().unwrap(), outcome, "{}", vector.name);
            if let Ok(plain) = read {
                let digest: String =
                    Sha256::digest(&plain).iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(vector.all("payload").next().unwrap(), digest, "{}", vector.name);
            }
        }
    }

    #[test]
    fn every_recipient_reads_what_was_encrypted() {
        let first = Identity::parse(SECRET).unwrap();
        let second = Identity::generate().unwrap();
        let recipients = [first.recipient(), second.recipient()];
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
            let plain: Vec<u8> = (0..length).map(|index| u8::try_from(index % 251).unwrap()).collect();
            let file = encrypt(&plain, &recipients).unwrap();
            assert!(decrypt(&file, std::slice::from_ref(&first)).unwrap() == plain, "{length}");
            assert!(decrypt(&file, std::slice::from_ref(&second)).unwrap() == plain, "{length}");
            let other = Identity::generate().unwrap();
            assert_eq!(decrypt(&file, &[other]), Err(AgeError::NoMatch));
            assert_eq!(decrypt(&file, &[]), Err(AgeError::NoMatch));
        }
        assert_eq!(encrypt(b"text", &[]), Err(AgeError::NoMatch));
    }

    #[test]
    fn no_bit_can_be_changed_and_no_byte_left_out() {
        let identity = [Identity::parse(SECRET).unwrap()];
        let file = encrypt(b"a state", &[identity[0].recipient()]).unwrap();
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut changed = file.clone();
                changed[at] ^= 1 << bit;
                assert!(decrypt(&changed, &identity).is_err(), "bit {bit} of byte {at}");
            }
            assert!(decrypt(&file[..at], &identity).is_err(), "{at} bytes");
        }
        assert!(decrypt(&[&file[..], b"x"].concat(), &identity).is_err());
    }

    #[test]
    fn nothing_is_encrypted_the_same_way_twice() {
        let recipient = Identity::parse(SECRET).unwrap().recipient();
        let encrypted = || encrypt(b"the same text", &[recipient]).unwrap();
        assert_ne!(encrypted(), encrypted());
    }
}
