//! Reading `state_encryption` blocks.

use crate::config::shape::{Content, Shape};
use crate::lang::ast::Block;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::print::print;
use crate::lang::source::Span;
use crate::state::encryption::Method;
use crate::state::encryption::keys::Recipient;

use super::read::{Located, boolean, literal, only, texts, word_of};

/// How states are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateEncryption {
    pub method: Method,
    pub declared_at: Span,
}

/// The block's label, where blocks are declared.
pub(super) const BLOCK: (&str, &[&str]) = ("state_encryption", &["method"]);

/// The argument that says that a team knows what it gives up.
const ACKNOWLEDGEMENT: &str = "gives_up_terraform";

const NONE: Shape = Shape { arguments: &[], blocks: &[] };

// The acknowledgement is asked for with more words than for other arguments.
const AGE: Shape = Shape { arguments: &[("recipients", true), (ACKNOWLEDGEMENT, false)], blocks: &[] };

#[derive(Clone, Copy)]
enum Word {
    Age,
    None,
}

/// The `state_encryption` block of the file or of a stack.
pub(super) fn state_encryption(outer: &Content, diagnostics: &mut Diagnostics) -> Option<StateEncryption> {
    let block = only(outer, BLOCK.0, diagnostics)?;
    let label = block.labels.first()?;
    let word = Located { value: label.value.to_string(), span: label.span };
    let method = match word_of("method", &word, &[("age", Word::Age), ("none", Word::None)], diagnostics)? {
        Word::Age => age(block, diagnostics)?,
        Word::None => {
            NONE.content(&block.body, diagnostics);
            Method::Clear
        }
    };
    Some(StateEncryption { method, declared_at: block.header })
}

fn age(block: &Block, diagnostics: &mut Diagnostics) -> Option<Method> {
    let content = AGE.content(&block.body, diagnostics);
    if has_private_key(&content) {
        let detail = "A recipient is a public key (age1…), and a block state_encryption has a private key, \
                      which everybody who has this file can read now. Make a new pair with \
                      \"age-keygen\", write its public key instead, and use the old one no more.";
        // Without its place, which would be shown with what stands there.
        diagnostics.push(Diagnostic::error("A private key in the file", detail));
        return None;
    }
    let acknowledged = boolean(&content, ACKNOWLEDGEMENT, diagnostics);
    let is_said = content.get(ACKNOWLEDGEMENT).is_some();
    if !is_said || acknowledged.as_ref().is_some_and(|flag| !flag.value) {
        let detail = format!(
            "An encrypted state can be read by recon only: Terraform and OpenTofu, and terraform_remote_state in other \
             stacks, refuse it. If that is wanted, say {ACKNOWLEDGEMENT} = true; if not, remove the block and let the \
             bucket encrypt what it stores (encrypt, kms_key_id)."
        );
        let place = acknowledged.map_or(block.header, |flag| flag.span);
        diagnostics.push(Diagnostic::error("Encryption gives up Terraform", detail).at(place));
    }
    let texts = texts(&content, "recipients", "recipients", diagnostics)?;
    if texts.value.is_empty() {
        let detail = "Without a recipient nobody could read the state. Name those who run recon, each by the public key \
                      (age1…) that \"age-keygen\" prints.";
        diagnostics.push(Diagnostic::error("No recipient", detail).at(texts.span));
        return None;
    }
    let mut recipients = Vec::with_capacity(texts.value.len());
    for text in &texts.value {
        let Some(recipient) = Recipient::parse(&text.value) else {
            diagnostics.push(no_recipient(text));
            continue;
        };
        if recipients.contains(&recipient) {
            let detail = format!("{recipient} is named above already. Remove one of the two.");
            diagnostics.push(Diagnostic::error("Recipient named twice", detail).at(text.span));
            continue;
        }
        recipients.push(recipient);
    }
    Some(Method::Age(recipients))
}

/// Whether a private key stands where recipients are to be named.
fn has_private_key(content: &Content) -> bool {
    let Some(attribute) = content.get("recipients") else { return false };
    // What is wrong with it is told later, unless it holds a secret.
    let value = literal(&attribute.expr, &mut Diagnostics::new());
    value.is_some_and(|value| print(&value).to_ascii_uppercase().contains("AGE-SECRET-KEY-"))
}

fn no_recipient(text: &Located<String>) -> Diagnostic {
    let detail = format!(
        "{:?} is no recipient: recon encrypts to public keys of age of the kind X25519, which \"age-keygen\" prints (age1 \
         and 58 letters and digits). Keys of SSH and of plugins it does not know.",
        text.value
    );
    Diagnostic::error("Invalid recipient", detail).at(text.span)
}
