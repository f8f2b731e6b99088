//! The keys of age: X25519 key pairs, written in Bech32 (BIP 173), as `age-keygen` prints them. A recipient is a public
//! key (`age1…`), an identity a private one (`AGE-SECRET-KEY-1…`).

use std::fmt;

use aws_lc_rs::agreement::{PrivateKey, X25519};
use bech32::{Bech32, Hrp};

use super::age::AgeError;

/// What the text of a recipient begins with, before Bech32's separator `1`.
const RECIPIENT: &str = "age";

/// What the text of an identity begins with, before Bech32's separator `1`.
const IDENTITY: &str = "AGE-SECRET-KEY-";

/// A public key: who can read what is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Recipient(pub(super) [u8; 32]);

/// A private key: reads what is encrypted to its recipient.
pub struct Identity {
    pub(super) key: PrivateKey,
    recipient: Recipient,
}

/// The 32 bytes of a key. `None` if the text is none in Bech32's one spelling of it.
fn decoded(text: &str, kind: &str) -> Option<[u8; 32]> {
    let (hrp, bytes) = bech32::decode(text).ok()?;
    // Decoding takes Bech32m, too, and does not look at the bits that fill the last letter.
    let again = bech32::encode_lower::<Bech32>(hrp, &bytes).ok()?;
    let good = hrp == Hrp::parse(kind).ok()? && again == text.to_ascii_lowercase();
    bytes.try_into().ok().filter(|_| good)
}

impl Recipient {
    /// Reads `age1…`. `None` if it is no recipient of the kind X25519.
    pub fn parse(text: &str) -> Option<Recipient> {
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        decoded(text, RECIPIENT).filter(|_| is_lower).map(Recipient)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hrp = Hrp::parse(RECIPIENT).map_err(|_| fmt::Error)?;
        f.write_str(&bech32::encode_lower::<Bech32>(hrp, &self.0).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Identity {
    /// Reads `AGE-SECRET-KEY-1…`. `None` if it is no identity of the kind X25519.
    pub fn parse(text: &str) -> Option<Identity> {
        Identity::of(decoded(text, IDENTITY)?).ok()
    }

    /// The identity of a private key.
    fn of(secret: [u8; 32]) -> Result<Identity, AgeError> {
        let key = PrivateKey::from_private_key(&X25519, &secret).map_err(|_| AgeError::Library)?;
        Identity::with(key)
    }

    /// A new one, for this moment.
    pub(super) fn generate() -> Result<Identity, AgeError> {
        Identity::with(PrivateKey::generate(&X25519).map_err(|_| AgeError::Library)?)
    }

    fn with(key: PrivateKey) -> Result<Identity, AgeError> {
        let public = key.compute_public_key().map_err(|_| AgeError::Library)?;
        let recipient = Recipient(public.as_ref().try_into().map_err(|_| AgeError::Library)?);
        Ok(Identity { key, recipient })
    }

    /// Who it reads for.
    pub fn recipient(&self) -> Recipient {
        self.recipient
    }

    /// Reads what `age-keygen` writes: an identity a line; lines that are empty or begin with `#` say nothing.
    ///
    /// # Errors
    /// The number of the first line, from 1, that is none. The text itself is a secret, so it is not said.
    pub fn parse_all(text: &str) -> Result<Vec<Identity>, usize> {
        let lines = text.lines().map(str::trim).enumerate();
        lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(index, line)| Identity::parse(line).ok_or(index + 1))
            .collect()
    }
}

/// The key itself is not shown.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.recipient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From age's test vectors (`tests/data/age/x25519`); the recipient is what `pyrage` says of it.
    const SECRET: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";

    #[test]
    fn a_recipient_is_written_as_it_is_read() {
        let identity = Identity::parse(SECRET).unwrap();
        let text = identity.recipient().to_string();
        assert_eq!(text, "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef");
        assert_eq!(Recipient::parse(&text), Some(identity.recipient()));
        for other in [
            text.to_ascii_uppercase(),
            text.replacen('a', "A", 1),
            text[..text.len() - 1].to_owned(),
            text.replace("age1", "age2"),
            format!(" {text}"),
            SECRET.to_owned(),
            String::new(),
        ] {
            assert_eq!(Recipient::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn one_wrong_letter_is_no_key() {
        for at in 0..SECRET.len() {
            let mut text = SECRET.to_owned();
            let other = if &text[at..=at] == "Q" { "P" } else { "Q" };
            text.replace_range(at..=at, other);
            assert!(Identity::parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_file_of_identities_may_say_what_it_is() {
        let text = format!("# created: 2026-11-23T14:00:00Z\r\n\n{SECRET}\r\n  {SECRET}  \n");
        assert_eq!(Identity::parse_all(&text).unwrap().len(), 2);
        assert_eq!(Identity::parse_all(&format!("{SECRET}\n#\nage1x\n")).unwrap_err(), 3);
        assert!(!format!("{:?}", Identity::parse_all(&text)).contains("SECRET"));
    }
}
