//! The functions of the language, one file for each group of the manual.
//!
//! A [`Function`] says what it takes and gives; [`Function::call`] does for all of them what does not
//! depend on which one it is: converting arguments, null, unknown and sensitive ones.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use super::convert::ConvertError;
use super::diagnostic::Diagnostics;
use super::types::Type;
use super::value::{Marks, Refinement, Value};

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

    /// Renders a template. `name` is what diagnostics call its source, `variables` an object or map.

    fn render(&self, name: &str, text: &str, variables: &Value) -> Result<Value, Diagnostics>;
}

/// Why a call failed. A message is one clause or sentence and never shows a sensitive value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// One argument, counted from 0, is at fault.
    Argument { index: usize, message: String },
    /// The call as a whole cannot be answered.
    Call(String),
    /// A template that the call rendered has errors of its own.
    Template(Diagnostics),
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

type Implementation = fn(&dyn Host, &[Value]) -> CallResult;
type ResultType = fn(&[Value]) -> Result<Type, CallError>;

enum Returns {
    Fixed(Type),
    Depends(ResultType),
}

/// A function of the language. Made with the builder methods, in the order of its parameters.
pub struct Function {
    pub name: &'static str,
    pub parameters: Vec<Parameter>,
    pub variadic: Option<Parameter>,
    returns: Returns,
    may_be_null: bool,
    implementation: Implementation,
}

impl Function {
    /// A function without parameters (yet) that answers a value of unknown type.
    pub fn new(name: &'static str, implementation: Implementation) -> Function {
        Function {
            name,
            parameters: Vec::new(),
            variadic: None,
            returns: Returns::Fixed(Type::Dynamic),
            may_be_null: false,
            implementation,
        }
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

    fn last(&mut self) -> Option<&mut Parameter> {
        self.variadic.as_mut().or(self.parameters.last_mut())
    }

    /// The last parameter added may be null.
    pub fn or_null(mut self) -> Function {
        if let Some(parameter) = self.last() {
            parameter.allow_null = true;
        }
        self
    }

    /// The function itself deals with an unknown argument for the last parameter added; its type may be
    /// unknown too.
    pub fn or_unknown(mut self) -> Function {
        if let Some(parameter) = self.last() {
            parameter.allow_unknown = true;
            parameter.allow_dynamic = true;
        }
        self
    }

    /// The function itself deals with marks on the last parameter added and inside it.
    pub fn or_marked(mut self) -> Function {
        if let Some(parameter) = self.last() {
            parameter.allow_marked = true;
        }
        self
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
    pub fn call(&self, host: &dyn Host, arguments: &[Value]) -> CallResult {
        let mut marks = Marks::NONE;
        let mut ready = Vec::with_capacity(arguments.len());
        let mut unknown = false;
        let mut untyped = false;
        for (index, argument) in arguments.iter().enumerate() {
            let Some(parameter) = self.parameter_at(index) else {
                return Err(CallError::argument(index, "too many arguments"));
            };
            let mut value = argument
                .convert(&parameter.ty)
                .map_err(|error| CallError::argument(index, error.to_string()))?;
            if value.is_null() && !parameter.allow_null {
                return Err(CallError::argument(index, "argument must not be null"));
            }
            if !parameter.allow_marked {
                let (plain, own) = value.unmark_deep();
                marks = marks | own;
                value = plain;
            }
            if !value.is_known() {
                unknown |= !parameter.allow_unknown;
                untyped |= value.ty() == Type::Dynamic && !parameter.allow_dynamic;
            }
            ready.push(value);
        }
        if untyped {
            return Ok(Value::dynamic().with_marks(marks));
        }
        let ty = match &self.returns {
            Returns::Fixed(ty) => ty.clone(),
            Returns::Depends(result) => result(&ready)?,
        };
        let value = if unknown { Value::unknown(ty) } else { (self.implementation)(host, &ready)? };
        Ok(self.refined(value).with_marks(marks))
    }

    /// An unknown answer of a function that never answers null is known not to be null.
    fn refined(&self, value: Value) -> Value {
        match &value.kind {
            super::value::Kind::Unknown(ty, None) if !self.may_be_null && *ty != Type::Dynamic => {
                let refinement = Refinement { not_null: true, ..Refinement::default() };
                Value::unknown_refined(ty.clone(), refinement).with_marks(value.marks)
            }
            _ => value,
        }
    }
}

/// All functions by name. `try` and `can` are not among them: they are lazy, and the evaluator's own.
static FUNCTIONS: LazyLock<HashMap<&'static str, Function>> = LazyLock::new(|| {
    let groups: [Vec<Function>; 0] = [];
    groups.into_iter().flatten().map(|function| (function.name, function)).collect()
});

/// The function of a name. A `core::` namespace is the caller's to strip.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.get(name)
}

/// The names of all functions, the lazy ones included, in no order.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.keys().copied().chain(["try", "can"])
}
