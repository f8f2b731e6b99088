//! The syntax tree: what a file says, with the place of everything it says.
//!
//! One tree serves both syntaxes, native and JSON. It is immutable and shared by reference: evaluating
//! ten thousand instances walks the same tree ten thousand times.

use std::sync::Arc;

use super::number::Number;
use super::source::Span;

/// The content of a file or a block.
#[derive(Clone, Debug)]
pub struct Body {
    pub attributes: Vec<Attribute>,
    pub blocks: Vec<Block>,
    /// Everything between the braces, or the whole file.
    pub span: Span,
    /// Where to say that something is missing: the place just before a block's closing brace, or of
    /// the block's header for an empty block as the reference has it.
    pub missing: Span,
    /// It is written in JSON: what is an argument here may be a block for the schema.
    pub json: bool,
}

impl Body {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name.name == name)
    }

    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| &*block.kind.name == kind)
    }
}

/// `name = expression`
#[derive(Clone, Debug)]
pub struct Attribute {
    pub name: Ident,
    pub expr: Expr,
    /// From the name to the end of the expression.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    pub name: Arc<str>,
    pub span: Span,
}

/// `kind "label" … { body }`
#[derive(Clone, Debug)]
pub struct Block {
    pub kind: Ident,
    pub labels: Vec<Label>,
    pub body: Body,
    /// From the kind to the last label: what a diagnostic about the whole block points at.
    pub header: Span,
    pub open_brace: Span,
    pub close_brace: Span,
}

impl Block {
    /// From the kind to the closing brace.
    pub fn span(&self) -> Span {
        self.header.to(self.close_brace)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub value: Arc<str>,
    /// With the quotes, if there are any.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

impl Expr {
    /// The start of the expression: what the reference points at where the whole would be too much.
    pub fn start(&self) -> Span {
        match &self.kind {
            ExprKind::Template(parts) => match parts.first() {
                Some(TemplatePart::Text { span, .. }) => *span,
                Some(TemplatePart::Interpolation(expr)) => expr.start(),
                Some(TemplatePart::If { span, .. } | TemplatePart::For { span, .. }) => *span,
                None => self.span,
            },
            ExprKind::Relative { source, .. } | ExprKind::Splat { source, .. } => source.start(),
            ExprKind::Index { collection, .. } => collection.start(),
            ExprKind::Call(call) => call.name.span.to(call.open),
            ExprKind::Conditional { condition, .. } => condition.start(),
            ExprKind::Binary { left, .. } => left.start(),
            ExprKind::Unary { operator_span, .. } => *operator_span,
            ExprKind::Tuple(_) | ExprKind::Object(_) => Span { end: self.span.start + 1, ..self.span },
            ExprKind::For(each) => each.open,
            ExprKind::Literal(_)
            | ExprKind::TemplateWrap(_)
            | ExprKind::JsonString { .. }
            | ExprKind::Traversal(_)
            | ExprKind::SplatItem
            | ExprKind::Parens(_) => self.span,
        }
    }
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `null`, `true`, `12.5`
    Literal(Literal),
    /// A quoted string or heredoc. A quoted template that is exactly one interpolation means the value
    /// of that expression, unconverted, and is a [`ExprKind::TemplateWrap`].
    Template(Vec<TemplatePart>),
    /// `"${expression}"`
    TemplateWrap(Box<Expr>),
    /// A string of a file in JSON syntax: its text, and the template that it is where a value is wanted.
    JsonString {
        text: Arc<str>,
        template: Box<Expr>,
    },
    /// A name and what is looked up in it, all known from the text: `var.list[0].name`
    Traversal(Traversal),
    /// Look-ups known from the text in any other expression: `f().name`, `(x)[0]`
    Relative {
        source: Box<Expr>,
        steps: Vec<Step>,
    },
    /// A look-up whose key is an expression: `x[var.key]`. `brackets` is `[…]`.
    Index {
        collection: Box<Expr>,
        key: Box<Expr>,
        brackets: Span,
    },
    /// `source[*]…` or `source.*…`; `each` is evaluated for every element, which it finds in its
    /// innermost [`ExprKind::SplatItem`]. `marker` is `[*]` or `.*`.
    Splat {
        source: Box<Expr>,
        each: Box<Expr>,
        marker: Span,
    },
    /// The element of the enclosing splat.
    SplatItem,
    Call(Call),
    Conditional {
        condition: Box<Expr>,
        yes: Box<Expr>,
        no: Box<Expr>,
    },
    Binary {
        operator: BinaryOperator,
        left: Box<Expr>,
        right: Box<Expr>,
        operator_span: Span,
    },
    Unary {
        operator: UnaryOperator,
        operand: Box<Expr>,
        operator_span: Span,
    },
    Tuple(Vec<Expr>),
    Object(Vec<ObjectItem>),
    For(Box<For>),
    Parens(Box<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(Number),
}

#[derive(Clone, Debug)]
pub enum TemplatePart {
    Text { text: Arc<str>, span: Span },
    Interpolation(Expr),
    If { condition: Expr, yes: Vec<TemplatePart>, no: Vec<TemplatePart>, span: Span },
    For { key: Option<Ident>, value: Ident, collection: Expr, body: Vec<TemplatePart>, span: Span },
}

/// A root name and the steps taken from it. `span` covers all of it.
#[derive(Clone, Debug)]
pub struct Traversal {
    pub root: Ident,
    pub steps: Vec<Step>,
    pub span: Span,
}

/// One step of a traversal; its span has the dot or the brackets.
#[derive(Clone, Debug)]
pub struct Step {
    pub kind: StepKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `.name`
    Attribute(Arc<str>),
    /// `["key"]`
    Key(Arc<str>),
    /// `[0]`, or the legacy `.0`
    Index(Number),
}

#[derive(Clone, Debug)]
pub struct Call {
    /// With its namespace: `upper`, `core::upper`, `provider::aws::arn_parse`.
    pub name: Ident,
    pub arguments: Vec<Expr>,
    /// The last argument is followed by `...`.
    pub expand: bool,
    pub open: Span,
    pub close: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    Or,
    And,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    Negate,
    Not,
}

#[derive(Clone, Debug)]
pub struct ObjectItem {
    pub key: ObjectKey,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub enum ObjectKey {
    /// A bare word: `name = …`, which is the string `"name"`.
    Name(Ident),
    /// Anything else: `"name"`, `(var.name)`, `var.name` (which the evaluator refuses: a reference
    /// must be in parentheses).
    Expr(Expr),
}

impl ObjectKey {
    pub fn span(&self) -> Span {
        match self {
            ObjectKey::Name(name) => name.span,
            ObjectKey::Expr(expr) => expr.span,
        }
    }
}

/// `[for k, v in c : v if cond]`, `{for k, v in c : k => v... if cond}`
#[derive(Clone, Debug)]
pub struct For {
    pub key_name: Option<Ident>,
    pub value_name: Ident,
    pub collection: Expr,
    /// Only in the object form.
    pub key: Option<Expr>,
    pub value: Expr,
    pub condition: Option<Expr>,
    /// `...`: values of one key are gathered in a tuple.
    pub group: bool,
    pub open: Span,
    pub close: Span,
}
