//! What a template says, as a tree.

use std::collections::BTreeMap;

/// From one byte of the source to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// All templates of one source by their names; the source itself is [`MAIN`].
pub(crate) type Blocks = BTreeMap<Vec<u8>, Block>;

/// What runs in order.
pub(crate) type Block = Vec<Node>;

/// kubectl's name for the template of `-o`.
pub(crate) const MAIN: &[u8] = b"output";

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// Printed as it is.
    Text(String),
    /// Printed unless it declares.
    Action(Pipeline),
    /// `if` or `with`.
    Branch(Branch),
    Range(Range),
    /// `template`, and `block` after its definition.
    Call(Call),
    Break,
    Continue,
}

/// The first arm whose pipeline is true, else the rest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Branch {
    /// Is the pipeline's value the arm's dot?
    pub(crate) sets_dot: bool,
    pub(crate) arms: Vec<(Pipeline, Block)>,
    pub(crate) otherwise: Block,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Range {
    pub(crate) over: Pipeline,
    pub(crate) body: Block,
    pub(crate) otherwise: Block,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) name: Vec<u8>,
    pub(crate) dot: Option<Pipeline>,
    pub(crate) at: Span,
}

/// Commands, each of which gets the value of the one before as its last argument.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pipeline {
    /// Variables that get the value, with their `$`.
    pub(crate) variables: Vec<String>,
    /// `=` instead of `:=`.
    pub(crate) assigns: bool,
    pub(crate) commands: Vec<Command>,
    pub(crate) at: Span,
}

/// What is asked for, and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    pub(crate) first: Operand,
    pub(crate) arguments: Vec<Operand>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operand {
    pub(crate) term: Term,
    pub(crate) at: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text(Vec<u8>),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a`
    Variable(String, Vec<String>),
    Function(String),
    /// `(...).a`
    Chain(Box<Operand>, Vec<String>),
    Pipeline(Box<Pipeline>),
}

/// A number by its spelling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
    /// More than Go's `int` holds: an error where it is used.
    TooLarge(u64),
}
