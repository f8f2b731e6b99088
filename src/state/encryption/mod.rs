//! Encryption on the client's side: what is stored can be read by the holders of keys only, whoever may read the store.
//!
//! It stands between the state's text and the backend: what a backend stores, and what its conditions, digests and
//! backups are about, is the encrypted text. Terraform and OpenTofu cannot read that; a repository says that it gives
//! them up. The text is a JSON object, so that such tools, and people, are told plainly what it is; in it is a file of
//! [`age`](https://age-encryption.org), which any age decrypts.

pub mod age;
pub mod keys;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::StateError;
use age::AgeError;
use keys::{Identity, Recipient};

/// The member that tells an encrypted state: the number of its form.
pub(super) const MARK: &str = "recon_encrypted_state";

/// The member of an encrypted line of the journal.
const LINE_MARK: &str = "recon_encrypted_entry";

/// The form that recon writes and reads.
const FORM: u64 = 1;

/// What a person who opens the file is told.
const ABOUT: &str = "Encrypted by recon, as recon.hcl says (state_encryption). Terraform and OpenTofu cannot read it. \
                     \"recon state pull\" prints the state; without recon: \
                     jq -r .age FILE | base64 -d | age -d -i IDENTITIES";

/// The environment variable with identities, and the one with the name of a file of them.
pub const IDENTITY_VARIABLE: &str = "RECON_STATE_IDENTITY";
pub const IDENTITY_FILE_VARIABLE: &str = "RECON_STATE_IDENTITY_FILE";

/// How the states of a stack are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Nothing is said: as clear text. An encrypted state is not touched.
    #[default]
    Unsaid,
    /// As clear text. A state that is encrypted is decrypted by the next write.
    Clear,
    /// Encrypted to all of these. A state that is clear text is encrypted by the next write.
    Age(Vec<Recipient>),
}

/// How one state is stored, and what there is to read it with.
#[derive(Debug, Default)]
pub struct Encryption {
    method: Method,
    identities: Arc<Identities>,
}

/// The private keys of whoever runs recon.
#[derive(Debug, Default)]
pub enum Identities {
    /// None are given.
    #[default]
    Missing,
    Given(Vec<Identity>),
    /// They are given and cannot be read: why, a sentence.
    Unusable(String),
}

/// How each workspace's state is stored.
#[derive(Debug, Default)]
pub struct Encryptions {
    /// Of workspaces that something of their own is said about.
    pub workspaces: BTreeMap<String, Arc<Encryption>>,
    /// Of all others.
    pub other: Arc<Encryption>,
}

impl Encryptions {
    /// How the state of a workspace is stored.
    pub fn of(&self, workspace: &str) -> &Arc<Encryption> {
        self.workspaces.get(workspace).unwrap_or(&self.other)
    }
}

/// A stored state that is encrypted. All but `age` is there for people and messages; what it says of the state is
/// compared with the state itself.
#[derive(Serialize, Deserialize)]
struct Envelope {
    recon_encrypted_state: u64,
    #[serde(default)]
    about: String,
    serial: u64,
    lineage: String,
    /// Public keys.
    #[serde(default)]
    recipients: Vec<String>,
    /// A file of age, in base64.
    age: String,
}

/// What tells the versions of a state, encrypted or not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    serial: u64,
    lineage: String,
}

/// The serial in a state's text, encrypted or not; 0 if there is none.
pub fn serial_of(text: &str) -> u64 {
    head(text).serial
}

/// The lineage and the serial of a state's text, encrypted or not. `None`: it is no state.
pub fn version_of(text: &str) -> Option<(String, u64)> {
    let Head { serial, lineage } = head(text);
    (!lineage.is_empty()).then_some((lineage, serial))
}

fn head(text: &str) -> Head {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default()
}

/// The members of an encrypted state; `None` if the text is none.
fn members(text: &str) -> Option<Map<String, Json>> {
    // A clear state is not parsed for this, unless one of its values speaks of it.
    if !text.contains(MARK) {
        return None;
    }
    let members: Map<String, Json> = serde_json::from_str(text).ok()?;
    members.contains_key(MARK).then_some(members)
}

impl Encryption {
    pub fn new(method: Method, identities: Arc<Identities>) -> Encryption {
        Encryption { method, identities }
    }

    /// What a stored text says. `place` is what messages call it.
    ///
    /// # Errors
    /// It is encrypted, and cannot or must not be decrypted; or it is to be encrypted, and who runs recon could not
    /// read it then.
    pub fn open(&self, stored: String, place: &str) -> Result<String, StateError> {
        // Before anything is made that could not be recorded.
        self.check_own()?;
        let Some(members) = members(&stored) else { return Ok(stored) };
        let what = &format!("The state in {place}");
        if members.get(MARK).and_then(Json::as_u64) != Some(FORM) {
            return Err(unreadable(
                what,
                "it is encrypted in a form that this recon does not know",
                "It was written by a newer recon: use that one. Nothing was changed.",
            ));
        }
        let envelope: Envelope = serde_json::from_value(Json::Object(members)).map_err(|error| {
            unreadable(what, &format!("it is not as recon encrypts states ({error})"), RESTORE)
        })?;
        let recipients = envelope.recipients.join(", ");
        let identities = self.readers(what, &recipients)?;
        let bytes = STANDARD.decode(&envelope.age).map_err(|_| {
            unreadable(what, "what is encrypted in it was changed: it is not base64", RESTORE)
        })?;
        let plain = age::decrypt(&bytes, identities).map_err(|error| match error {
            AgeError::NoMatch => {
                let own: Vec<String> = identities.iter().map(|own| own.recipient().to_string()).collect();
                let problem = format!(
                    "it is encrypted to {recipients}, and {IDENTITY_VARIABLE} or {IDENTITY_FILE_VARIABLE} has the \
                     identity of {}",
                    own.join(", ")
                );
                unreadable(what, &problem, "Give the identity of one of its recipients. Nothing was changed.")
            }
            AgeError::Library => unreadable(what, &error.to_string(), "Nothing was changed."),
            _ => unreadable(what, &format!("it was changed or cut off: {error}"), RESTORE),
        })?;
        let text = String::from_utf8(plain)
            .map_err(|_| unreadable(what, "what is encrypted in it is not UTF-8 text", RESTORE))?;
        let inner = head(&text);
        if (inner.serial, inner.lineage) != (envelope.serial, envelope.lineage) {
            let problem = "it was changed: its serial or lineage is not that of the state encrypted in it";
            return Err(unreadable(what, problem, RESTORE));
        }
        Ok(text)
    }

    /// The text as it is to be stored. `place` is what messages call that.
    ///
    /// # Errors
    /// It is to be encrypted, and that is not possible, or who runs recon could not read it then.
    pub fn seal<'a>(&self, text: &'a str, place: &str) -> Result<Cow<'a, str>, StateError> {
        let Method::Age(recipients) = &self.method else { return Ok(Cow::Borrowed(text)) };
        self.check_own()?;
        let encrypted = age::encrypt(text.as_bytes(), recipients).map_err(|error| unsealed(place, &error))?;
        let Head { serial, lineage } = head(text);
        let envelope = Envelope {
            recon_encrypted_state: FORM,
            about: ABOUT.to_owned(),
            serial,
            lineage,
            recipients: recipients.iter().map(Recipient::to_string).collect(),
            age: STANDARD.encode(encrypted),
        };
        let mut sealed = serde_json::to_string_pretty(&envelope).map_err(|error| {
            StateError::Other(format!("The state for {place} could not be encrypted: {error}."))
        })?;
        sealed.push('\n');
        Ok(Cow::Owned(sealed))
    }

    /// As [`Encryption::seal`], for a text that is stored already and may be encrypted: the copy of it that is kept.
    ///
    /// # Errors
    /// As [`Encryption::seal`].
    pub fn cover<'a>(&self, stored: &'a str, place: &str) -> Result<Cow<'a, str>, StateError> {
        if members(stored).is_some() { Ok(Cow::Borrowed(stored)) } else { self.seal(stored, place) }
    }

    /// A line of the journal as it is to be stored: without a line end.
    ///
    /// # Errors
    /// As [`Encryption::seal`].
    pub(super) fn seal_line<'a>(&self, line: &'a str, place: &str) -> Result<Cow<'a, str>, StateError> {
        let Method::Age(recipients) = &self.method else { return Ok(Cow::Borrowed(line)) };
        self.check_own()?;
        let encrypted = age::encrypt(line.as_bytes(), recipients).map_err(|error| unsealed(place, &error))?;
        Ok(Cow::Owned(serde_json::json!({ LINE_MARK: STANDARD.encode(encrypted) }).to_string()))
    }

    /// A line of the journal as it was before it was stored.
    ///
    /// # Errors
    /// It is whole and encrypted, and cannot be decrypted.
    pub(super) fn open_line<'a>(&self, stored: &'a str, place: &str) -> Result<Cow<'a, str>, StateError> {
        let entry = Some(stored).filter(|line| line.contains(LINE_MARK));
        let entry = entry.and_then(|line| serde_json::from_str::<Map<String, Json>>(line).ok());
        let Some(entry) = entry.as_ref().and_then(|members| members.get(LINE_MARK)?.as_str()) else {
            return Ok(Cow::Borrowed(stored));
        };
        let what = &format!("The journal {place}");
        let identities = self.readers(what, "")?;
        let damaged = |problem: &str| {
            unreadable(
                what,
                problem,
                "It says what a run that died was about to make; nothing was done without it.",
            )
        };
        let bytes = STANDARD.decode(entry).map_err(|_| damaged("a line was changed: it is not base64"))?;
        let plain = age::decrypt(&bytes, identities).map_err(|error| damaged(&format!("a line: {error}")))?;
        String::from_utf8(plain).map(Cow::Owned).map_err(|_| damaged("a line is not UTF-8 text"))
    }

    /// The identities to decrypt with, if decrypting is wanted.
    fn readers(&self, what: &str, recipients: &str) -> Result<&[Identity], StateError> {
        if self.method == Method::Unsaid {
            return Err(unreadable(
                what,
                "it is encrypted by recon, and no state_encryption in the repository's recon.hcl is about this stack, so \
                 that recon would write it as clear text",
                "Bring the block back, or say state_encryption \"none\" {} if it is to be clear text from now on. Nothing \
                 was changed.",
            ));
        }
        match &*self.identities {
            Identities::Given(identities) => Ok(identities),
            Identities::Unusable(problem) => Err(unreadable(what, "it is encrypted", problem)),
            Identities::Missing => {
                let to = if recipients.is_empty() { String::new() } else { format!(" to {recipients}") };
                let advice = format!(
                    "Set {IDENTITY_VARIABLE} to the identity (AGE-SECRET-KEY-1…) of a recipient, or \
                     {IDENTITY_FILE_VARIABLE} to the name of a file with it. Nothing was changed."
                );
                Err(unreadable(what, &format!("it is encrypted{to}, and no identity is given"), &advice))
            }
        }
    }

    /// Makes sure that whoever runs recon can read what it encrypts.
    fn check_own(&self) -> Result<(), StateError> {
        const TO_BE: &str = "The stack's states are to be encrypted (state_encryption in recon.hcl), and";
        let Method::Age(recipients) = &self.method else { return Ok(()) };
        let problem = match &*self.identities {
            Identities::Missing => "no identity is given".to_owned(),
            Identities::Unusable(problem) => {
                return Err(StateError::Other(format!("{TO_BE} the identity cannot be used. {problem}")));
            }
            Identities::Given(own) if own.iter().any(|own| recipients.contains(&own.recipient())) => {
                return Ok(());
            }
            Identities::Given(own) => {
                let own: Vec<String> = own.iter().map(|own| own.recipient().to_string()).collect();
                format!("it does not name {} as a recipient", own.join(", "))
            }
        };
        Err(StateError::Other(format!(
            "{TO_BE} {problem}: this run could not read again what it writes. Set {IDENTITY_VARIABLE} to the identity \
             (AGE-SECRET-KEY-1…) of a recipient, or {IDENTITY_FILE_VARIABLE} to the name of a file with it. Nothing was \
             changed."
        )))
    }
}

const RESTORE: &str = "Nothing was changed. Restore a backup of it (terraform.tfstate.backup, or an older version of the \
                       object).";

/// `what` is what cannot be read, with its place.
fn unreadable(what: &str, problem: &str, advice: &str) -> StateError {
    StateError::Other(format!("{what} cannot be read: {problem}. {advice}"))
}

fn unsealed(place: &str, error: &AgeError) -> StateError {
    StateError::Other(format!(
        "What is to be stored in {place} could not be encrypted: {error}. Nothing was written, as clear text neither."
    ))
}

#[cfg(test)]
mod tests;
