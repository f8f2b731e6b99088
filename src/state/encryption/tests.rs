use super::*;

/// Two key pairs that `pyrage` 1.4.0, a binding of rage, has made.
const FIRST: (&str, &str) = (
    "AGE-SECRET-KEY-1T3GJ4KW794AKFT72RH5JWA64VLYFTVD6YFMFKVYJ75ZECL4GMQSQ8DEDCU",
    "age10cvwnum2585usd0vqz6cdl8u2ggky2e3cawymmtvajg5x98wffnqz9gkug",
);
const SECOND: (&str, &str) = (
    "AGE-SECRET-KEY-1GTUHTK2FUVJF6UZYHDEQKHJKFHA8HP8SX4XL4NCWYYMC6FDQDXPQNXECGZ",
    "age1j0skuq3dvqz2yumxa3zs6m23ywdka9yz4fa5u6vr6vz6cx3hs9wsraw5gp",
);

const STATE: &str = "{\n  \"version\": 4,\n  \"serial\": 7,\n  \"lineage\": \"l\",\n  \"outputs\": {\"a\": {\"value\": \
                     \"hidden\"}}\n}\n";

fn method(recipients: &[&str]) -> Method {
    Method::Age(recipients.iter().map(|text| Recipient::parse(text).unwrap()).collect())
}

fn identities(texts: &[&str]) -> Arc<Identities> {
    Arc::new(Identities::Given(texts.iter().map(|text| Identity::parse(text).unwrap()).collect()))
}

fn sealed(recipients: &[&str], identity: &str) -> String {
    let encryption = Encryption::new(method(recipients), identities(&[identity]));
    encryption.seal(STATE, "here").unwrap().into_owned()
}

fn opened(method: Method, own: &[&str], stored: &str) -> Result<String, String> {
    let own = if own.is_empty() { Arc::default() } else { identities(own) };
    Encryption::new(method, own).open(stored.to_owned(), "here").map_err(|error| error.to_string())
}

#[test]
fn a_state_is_hidden_and_comes_back() {
    let stored = sealed(&[FIRST.1, SECOND.1], FIRST.0);
    assert!(!stored.contains("hidden") && !stored.contains("outputs"), "{stored}");
    assert!(!stored.contains(&STANDARD.encode("hidden")[..8]), "{stored}");
    assert_eq!(serial_of(&stored), 7);
    for (secret, public) in [FIRST, SECOND] {
        assert_eq!(opened(method(&[public]), &[secret], &stored).as_deref(), Ok(STATE));
        assert_eq!(opened(Method::Clear, &[secret], &stored).as_deref(), Ok(STATE));
    }
    assert_eq!(opened(method(&[FIRST.1]), &[FIRST.0], STATE).as_deref(), Ok(STATE));
    assert_eq!(opened(Method::Unsaid, &[], STATE).as_deref(), Ok(STATE));
}

#[test]
fn without_the_right_identity_it_says_what_is_missing() {
    let stored = sealed(&[FIRST.1], FIRST.0);
    let missing = opened(Method::Clear, &[], &stored).unwrap_err();
    assert!(missing.contains(&format!("encrypted to {}, and no identity is given", FIRST.1)), "{missing}");
    assert!(missing.contains("RECON_STATE_IDENTITY_FILE"), "{missing}");
    let other = opened(method(&[SECOND.1]), &[SECOND.0], &stored).unwrap_err();
    assert!(other.contains(&format!("has the identity of {}", SECOND.1)), "{other}");
    let unsaid = opened(Method::Unsaid, &[FIRST.0], &stored).unwrap_err();
    assert!(unsaid.contains("state_encryption \"none\" {}"), "{unsaid}");
}

#[test]
fn nobody_encrypts_what_they_cannot_read() {
    for (own, says) in [(&[][..], "no identity is given"), (&[SECOND.0], "does not name age1j0skuq")] {
        // Even where nothing is encrypted yet: what is done could not be recorded.
        let error = opened(method(&[FIRST.1]), own, STATE).unwrap_err();
        assert!(error.contains(says) && error.contains("could not read again"), "{error}");
    }
    let unusable = Arc::new(Identities::Unusable("The file is gone.".to_owned()));
    let error = Encryption::new(method(&[FIRST.1]), unusable).seal(STATE, "here").unwrap_err();
    assert!(error.to_string().ends_with("The file is gone."), "{error}");
}

#[test]
fn what_was_changed_is_refused() {
    let stored = sealed(&[FIRST.1], FIRST.0);
    let open = |text: &str| opened(method(&[FIRST.1]), &[FIRST.0], text).unwrap_err();
    let changes = [
        stored.replace("\"serial\": 7", "\"serial\": 8"),
        stored.replace("\"lineage\": \"l\"", "\"lineage\": \"m\""),
        stored.replace("\"age\": \"", "\"age\": \"A"),
        stored.replace("\"age\": \"", "\"age\": \"!"),
        stored.replace("\"recon_encrypted_state\": 1", "\"recon_encrypted_state\": 2"),
        stored.replace("\"serial\": 7", "\"serial\": \"7\""),
    ];
    for changed in changes {
        assert_ne!(changed, stored);
        let error = open(&changed);
        assert!(error.contains("cannot be read") && error.contains("Nothing was changed"), "{error}");
    }
    let cut = stored.rfind('"').unwrap() - 4;
    assert!(open(&format!("{}\"}}", &stored[..cut])).contains("changed or cut off"));
}

#[test]
fn a_clear_state_that_speaks_of_encryption_is_clear() {
    let text = "{\"version\": 4, \"outputs\": {\"recon_encrypted_state\": {\"value\": 1}}}";
    assert_eq!(opened(Method::Unsaid, &[], text).as_deref(), Ok(text));
}

#[test]
fn what_is_encrypted_is_not_encrypted_again() {
    let stored = sealed(&[FIRST.1], FIRST.0);
    let encryption = Encryption::new(method(&[FIRST.1]), identities(&[FIRST.0]));
    assert_eq!(encryption.cover(&stored, "here").unwrap(), stored);
    let covered = encryption.cover(STATE, "here").unwrap().into_owned();
    assert_eq!(opened(Method::Clear, &[FIRST.0], &covered).as_deref(), Ok(STATE));
}

#[test]
fn lines_of_the_journal_are_hidden_too() {
    let encryption = Encryption::new(method(&[FIRST.1]), identities(&[FIRST.0]));
    let line = "{\"entry\":\"recorded\",\"id\":\"hidden\"}";
    let stored = encryption.seal_line(line, "here").unwrap().into_owned();
    assert!(!stored.contains("hidden") && !stored.contains('\n'));
    assert_eq!(encryption.open_line(&stored, "here").unwrap(), line);
    // Clear lines of a run before, and one that was cut off.
    assert_eq!(encryption.open_line(line, "here").unwrap(), line);
    assert_eq!(
        encryption.open_line(&stored[..stored.len() - 1], "here").unwrap(),
        stored[..stored.len() - 1]
    );
    assert!(Encryption::default().open_line(&stored, "here").is_err());
    let other = Encryption::new(method(&[SECOND.1]), identities(&[SECOND.0]));
    assert!(other.open_line(&stored, "here").is_err());
}
