//! The functions of the language, one file for each group of the manual.
//!
//! A [`Function`] says what it takes and gives; [`Function::call`] does for all of them what does not
//! depend on which one it is: converting arguments, null, unknown and sensitive ones.

mod collection;
mod conversion;
mod datetime;
mod encoding;
mod filesystem;
mod format;
mod hash;
mod network;
mod numeric;
mod regex;
mod string;
mod template;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::convert::ConvertError;
use super::types::Type;
use super::value::{Kind, Marks, Refinement, Value};

pub use encoding::url_encode;
pub use regex::matches as regex_matches;
pub use template::is_template_reference;

/// What a function may ask of the world around the expression it stands in.
pub trait Host {
    /// The directory that relative paths start from.
    fn base_directory(&self) -> &Path;

    /// The time of the plan or apply, in RFC 3339, that `plantimestamp` answers; `None` if the value is not
    /// yet known (validation).
    fn plan_timestamp(&self) -> Option<String>;

    /// Whether functions whose answer differs from call to call (`timestamp`, `uuid`, `bcrypt`) are to answer
    /// now; else they are unknown until the apply.
    fn answers_impure(&self) -> bool;

    /// The home directory of whoever runs recon, which `~` in a path means.
    fn home_directory(&self) -> Option<PathBuf> {
        std::env::home_dir()
    }

    /// Whether the expression stands at the console, where there are functions for people.
    fn is_console(&self) -> bool {
        false
    }

    /// Whether the expression stands in a template that a function renders.
    fn is_template(&self) -> bool {
        false
    }
}

/// Why a call failed. A message is one clause or sentence and never shows a sensitive value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// One argument, counted from 0, is at fault.
    Argument { index: usize, message: String },
    /// The call as a whole cannot be answered.
    Call(String),
}

impl CallError {
    pub fn argument(index: usize, message: impl Into<String>) -> CallError {
        CallError::Argument { index, message: message.into() }
    }

    pub fn call(message: impl Into<String>) -> CallError {
        CallError::Call(message.into())
    }
}

impl From<ConvertError> for CallError {
    fn from(error: ConvertError) -> CallError {
        CallError::Call(error.to_string())
    }
}

pub type CallResult = Result<Value, CallError>;

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: &'static str,
    /// What an argument is converted to; `Dynamic` takes it as it is.
    pub ty: Type,
    allow_null: bool,
    allow_unknown: bool,
    allow_dynamic: bool,
    allow_marked: bool,
}

/// Answers a call from arguments that are as the parameters want them.
type Implementation = fn(&dyn Host, &[Value]) -> CallResult;
/// As [`Implementation`], with the type that was worked out for the answer.
type TypedImplementation = fn(&dyn Host, &[Value], &Type) -> CallResult;
/// Works out the type of an answer from arguments that may be unknown.
type ResultType = fn(&[Value]) -> Result<Type, CallError>;

enum Answers {
    Plain(Implementation),
    Typed(TypedImplementation),
}

enum Returns {
    Fixed(Type),
    Depends(ResultType),
}

/// A function of the language. Made with the builder methods, in the order of its parameters.
pub struct Function {
    pub name: &'static str,
    pub parameters: Vec<Parameter>,
    pub variadic: Option<Parameter>,
    /// Whether there is such a function only in the console.
    pub console_only: bool,
    returns: Returns,
    may_be_null: bool,
    answers: Answers,
}

impl Function {
    /// A function without parameters (yet) that answers a value of unknown type.
    pub fn new(name: &'static str, implementation: Implementation) -> Function {
        Function {
            name,
            parameters: Vec::new(),
            variadic: None,
            console_only: false,
            returns: Returns::Fixed(Type::Dynamic),
            may_be_null: false,
            answers: Answers::Plain(implementation),
        }
    }

    /// As [`Function::new`] for a function whose answer's type depends on its arguments: `implementation` is
    /// called with what `result` says.
    pub fn typed(name: &'static str, result: ResultType, implementation: TypedImplementation) -> Function {
        let mut function = Function::new(name, |_, _| Ok(Value::dynamic()));
        function.returns = Returns::Depends(result);
        function.answers = Answers::Typed(implementation);
        function
    }

    fn parameter(name: &'static str, ty: Type) -> Parameter {
        Parameter {
            name,
            ty,
            allow_null: false,
            allow_unknown: false,
            allow_dynamic: false,
            allow_marked: false,
        }
    }

    /// Adds a parameter.
    pub fn takes(mut self, name: &'static str, ty: Type) -> Function {
        self.parameters.push(Function::parameter(name, ty));
        self
    }

    /// Any number of further arguments, none included.
    pub fn takes_more(mut self, name: &'static str, ty: Type) -> Function {
        self.variadic = Some(Function::parameter(name, ty));
        self
    }

    fn with_last(mut self, change: fn(&mut Parameter)) -> Function {
        if let Some(parameter) = self.variadic.as_mut().or(self.parameters.last_mut()) {
            change(parameter);
        }
        self
    }

    /// The last parameter added may be null.
    pub fn or_null(self) -> Function {
        self.with_last(|parameter| parameter.allow_null = true)
    }

    /// The function itself deals with an unknown argument for the last parameter added; its type may be
    /// unknown too.
    pub fn or_unknown(self) -> Function {
        self.with_last(|parameter| {
            parameter.allow_unknown = true;
            parameter.allow_dynamic = true;
        })
    }

    /// As [`Function::or_unknown`], but an argument of unknown type (a bare `null` is one) makes the answer one
    /// of unknown type without asking the function.
    pub fn or_unknown_of_known_type(self) -> Function {
        self.with_last(|parameter| parameter.allow_unknown = true)
    }

    /// The type of an argument for the last parameter added may be unknown, as that of a bare `null` is.
    pub fn or_untyped(self) -> Function {
        self.with_last(|parameter| parameter.allow_dynamic = true)
    }

    /// The function itself deals with marks on the last parameter added and inside it.
    pub fn or_marked(self) -> Function {
        self.with_last(|parameter| parameter.allow_marked = true)
    }

    /// The type of every answer.
    pub fn returns(mut self, ty: Type) -> Function {
        self.returns = Returns::Fixed(ty);
        self
    }

    /// Works the type of the answer out from the arguments, which may be unknown.
    pub fn returns_type_of(mut self, result: ResultType) -> Function {
        self.returns = Returns::Depends(result);
        self
    }

    /// The answer may be null (so an unknown answer is not known not to be).
    pub fn may_be_null(mut self) -> Function {
        self.may_be_null = true;
        self
    }

    /// The function is there for people at the console, not for configuration.
    pub fn only_in_console(mut self) -> Function {
        self.console_only = true;
        self
    }

    /// The parameter that an argument, counted from 0, is for.
    pub fn parameter_at(&self, index: usize) -> Option<&Parameter> {
        self.parameters.get(index).or(self.variadic.as_ref())
    }

    /// Whether so many arguments are too few (`Less`), enough, or too many (`Greater`).
    pub fn arity(&self, count: usize) -> std::cmp::Ordering {
        if count < self.parameters.len() {
            std::cmp::Ordering::Less
        } else if count > self.parameters.len() && self.variadic.is_none() {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    }

    /// Calls the function. The caller has checked [`Function::arity`].
    ///
    /// The order is the reference's: all arguments are converted; then each is checked for null until one of
    /// unknown type settles that the answer is of unknown type; then the type of the answer is worked out, which
    /// may find fault with unknown arguments too; and only with arguments that are known is the function asked.
    pub fn call(&self, host: &dyn Host, arguments: &[Value]) -> CallResult {
        let mut marks = Marks::NONE;
        let mut unknown = false;
        let mut ready = Vec::with_capacity(arguments.len());
        for (index, argument) in arguments.iter().enumerate() {
            let Some(parameter) = self.parameter_at(index) else {
                return Err(CallError::argument(index, "too many arguments"));
            };
            let mut value = argument
                .convert(&parameter.ty)
                .map_err(|error| CallError::argument(index, error.to_string()))?;
            if !parameter.allow_marked {
                let (plain, own) = value.unmark_deep();
                marks = marks | own;
                value = plain;
            }
            unknown |= !value.is_known() && !parameter.allow_unknown;
            ready.push(value);
        }
        for (index, value) in ready.iter().enumerate() {
            let Some(parameter) = self.parameter_at(index) else { continue };
            if value.is_null() && !parameter.allow_null {
                return Err(CallError::argument(index, "argument must not be null"));
            }
            let untyped = matches!(value.kind, Kind::Null(Type::Dynamic) | Kind::Unknown(Type::Dynamic, _));
            if untyped && !parameter.allow_dynamic {
                return Ok(Value::dynamic().with_marks(marks));
            }
        }
        let ty = match &self.returns {
            Returns::Fixed(ty) => ty.clone(),
            Returns::Depends(result) => result(&ready)?,
        };
        let value = if unknown {
            Value::unknown(ty)
        } else {
            match self.answers {
                Answers::Plain(implementation) => implementation(host, &ready)?,
                Answers::Typed(implementation) => implementation(host, &ready, &ty)?,
            }
        };
        Ok(self.refined(value).with_marks(marks))
    }

    /// An unknown answer of a function that never answers null is known not to be null.
    fn refined(&self, value: Value) -> Value {
        match &value.kind {
            Kind::Unknown(ty, known) if !self.may_be_null && *ty != Type::Dynamic && !value.is_not_null() => {
                let known = known.as_deref().cloned().unwrap_or_default();
                let refinement = Refinement { not_null: true, ..known };
                Value::unknown_refined(ty.clone(), refinement).with_marks(value.marks)
            }
            _ => value,
        }
    }
}

/// All functions but `try` and `can`, which are lazy, and the evaluator's own.
fn all() -> Vec<Function> {
    let groups = [
        collection::functions(),
        conversion::functions(),
        datetime::functions(),
        encoding::functions(),
        filesystem::functions(),
        format::functions(),
        hash::functions(),
        network::functions(),
        numeric::functions(),
        regex::functions(),
        string::functions(),
        template::functions(),
    ];
    groups.into_iter().flatten().collect()
}

static FUNCTIONS: LazyLock<HashMap<&'static str, Function>> =
    LazyLock::new(|| all().into_iter().map(|function| (function.name, function)).collect());

/// The function of a name. A `core::` namespace is the caller's to strip.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.get(name)
}

/// The names of all functions, the lazy ones included, in no order.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.keys().copied().chain(["try", "can"])
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::print::print;
    use super::*;

    pub struct TestHost;

    impl Host for TestHost {
        fn base_directory(&self) -> &Path {
            Path::new(env!("CARGO_MANIFEST_DIR"))
        }

        fn plan_timestamp(&self) -> Option<String> {
            None
        }

        fn answers_impure(&self) -> bool {
            true
        }

        fn home_directory(&self) -> Option<PathBuf> {
            Some(PathBuf::from("/home/ada"))
        }
    }

    fn try_call(name: &str, arguments: impl IntoIterator<Item = Value>) -> CallResult {
        let arguments: Vec<Value> = arguments.into_iter().collect();
        find(name).unwrap().call(&TestHost, &arguments)
    }

    pub fn call(name: &str, arguments: impl IntoIterator<Item = Value>) -> Value {
        try_call(name, arguments).unwrap()
    }

    /// The console's text of the answer.
    pub fn text(name: &str, arguments: impl IntoIterator<Item = Value>) -> String {
        print(&call(name, arguments))
    }

    /// The console's text of the answer's type.
    pub fn ty(name: &str, arguments: impl IntoIterator<Item = Value>) -> String {
        call(name, arguments).ty().to_string()
    }

    pub fn error(name: &str, arguments: impl IntoIterator<Item = Value>) -> CallError {
        try_call(name, arguments).unwrap_err()
    }

    #[test]
    fn arguments_are_converted_before_anything_is_asked() {
        let convert = error("max", [Value::null(Type::Number), Value::from("x")]);
        assert!(matches!(convert, CallError::Argument { index: 1, .. }));
        let null = error("max", [Value::from(1), Value::null(Type::Dynamic)]);
        assert!(matches!(null, CallError::Argument { index: 1, .. }));
    }

    #[test]
    fn an_untyped_argument_settles_the_answer() {
        let late = call("contains", [Value::dynamic(), Value::null(Type::Dynamic)]);
        assert_eq!(late, Value::dynamic());
        let marked = call("contains", [Value::dynamic().sensitive(), Value::from(1)]);
        assert_eq!(marked, Value::dynamic().sensitive());
    }

    #[test]
    fn unknown_answers_are_known_not_to_be_null() {
        let sum = call("max", [Value::unknown(Type::Number).sensitive(), Value::from(1)]);
        assert_eq!(sum, Value::unknown_not_null(Type::Number).sensitive());
        let element = call("element", [Value::unknown(Type::list(Type::Bool)), Value::from(0)]);
        assert_eq!(element, Value::unknown(Type::Bool));
    }

    #[test]
    fn every_name_is_one_function() {
        assert_eq!(FUNCTIONS.len(), all().len());
    }
}
