//! A policy document and its parts.

/// A policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    pub version: String,
    pub id: String,
    pub statements: Vec<Statement>,
}

/// One statement. What is empty or absent is not printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    pub sid: String,
    pub effect: String,
    pub actions: Option<Texts>,
    pub not_actions: Option<Texts>,
    pub resources: Option<Texts>,
    pub not_resources: Option<Texts>,
    pub principals: Vec<Principal>,
    pub not_principals: Vec<Principal>,
    pub conditions: Vec<Condition>,
}

/// What the grammar of policies writes as one text or as a list. Which of them it was is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texts {
    One(String),
    Many(Vec<String>),
}

/// Principals of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `AWS`, `Service`, `Federated`, `*`, …
    pub kind: String,
    pub identifiers: Texts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `StringEquals`
    pub test: String,
    /// The key, `aws:SourceArn`.
    pub variable: String,
    pub values: Texts,
}

impl Texts {
    /// One text for a list of one.
    pub fn shortest(mut texts: Vec<String>) -> Texts {
        match texts.len() {
            1 => Texts::One(texts.swap_remove(0)),
            _ => Texts::Many(texts),
        }
    }
}

impl Document {
    /// Lays another document over this one: the newer version, its id if it has one, and its statements; those with the
    /// Sid of a statement here take its place.
    pub fn merge(&mut self, other: Document) {
        if other.version > self.version {
            self.version = other.version;
        }
        if !other.id.is_empty() {
            self.id = other.id;
        }
        for statement in other.statements {
            let same = |own: &&mut Statement| !statement.sid.is_empty() && own.sid == statement.sid;
            match self.statements.iter_mut().find(same) {
                Some(own) => *own = statement,
                None => self.statements.push(statement),
            }
        }
    }
}
