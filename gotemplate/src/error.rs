//! What is wrong with a template, or with the data that it meets.

use crate::ast::Span;

/// Characters of the source that an error shows.
const SHOWN: usize = 40;

/// A text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct SyntaxError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub fault: Syntax,
}

/// A template can't print this data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}, at <{at}>: {fault}")]
pub struct RenderError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The beginning of what is written there.
    pub at: String,
    /// What went wrong.
    pub fault: Fault,
}

/// What is wrong in a text that should be a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Syntax {
    /// Something begins and doesn't end.
    #[error("this {what} isn't closed: write `{closing}` behind it")]
    Unclosed {
        /// What it is.
        what: &'static str,
        /// What would end it.
        closing: &'static str,
    },
    /// A comment is an action of its own.
    #[error("a comment ends at `*/` and its action with it: write `}}}}` there")]
    AfterComment,
    /// A character that begins nothing.
    #[error("unexpected {0:?}: put blanks between words, and texts in double quotes")]
    Character(char),
    /// No number.
    #[error("{0:?} is no number that Go knows")]
    Number(String),
    /// Go has them, JSON hasn't.
    #[error("{0:?}: complex numbers aren't supported")]
    Complex(String),
    /// Escapes that Go doesn't know.
    #[error("{0}: only Go's escapes stand in quotes (`\\n`, `\\t`, `\\\"`, `\\u00e9`)")]
    Quoted(String),
    /// Not here.
    #[error("unexpected {found} in {within}")]
    Unexpected {
        /// As written.
        found: String,
        /// What is being read.
        within: &'static str,
    },
    /// A block without its end.
    #[error("the template ends inside of this {0}: close it with `{{{{end}}}}`")]
    NoEnd(&'static str),
    /// A pipeline of nothing.
    #[error("missing value for {0}")]
    NoValue(&'static str),
    /// `|` before a constant.
    #[error("stage {0} of the pipeline is a constant: only functions take a value from `|`")]
    Stage(usize),
    /// No such function.
    #[error("function {name:?} not defined: there are {known}")]
    Function {
        /// As written.
        name: String,
        /// All that there are.
        known: String,
    },
    /// No such variable.
    #[error("undefined variable {0:?}: declare it before with `{{{{{0} := ...}}}}`")]
    Variable(String),
    /// Only `range` declares two variables.
    #[error("too many variables in {0}")]
    Variables(&'static str),
    /// Only in `range`.
    #[error("{{{{{0}}}}} outside {{{{range}}}}")]
    OutsideRange(&'static str),
    /// Constants have no fields.
    #[error("unexpected . after term {0:?}: a constant has no fields")]
    FieldOfConstant(String),
    /// Two templates of one name.
    #[error("multiple definition of template {0:?}: give one of them another name")]
    Redefined(String),
    /// Blocks in blocks, or parentheses in parentheses.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
}

/// What goes wrong while a template prints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A field of null.
    #[error("null has no field {0:?}: test it before, as in `{{{{with ...}}}}`")]
    FieldOfNull(String),
    /// A field of something that has none.
    #[error("can't evaluate field {field} in type {kind}: only objects have fields")]
    Field {
        /// Its name.
        field: String,
        /// Go's type of what should have it.
        kind: &'static str,
    },
    /// Arguments behind what takes none.
    #[error("can't give argument to non-function {0}")]
    Arguments(String),
    /// `nil` alone.
    #[error("nil is not a command")]
    Nil,
    /// A whole number with more than 63 bits.
    #[error("{0} overflows int")]
    TooLarge(u64),
    /// Not this many.
    #[error("wrong number of args for {name}: want {wanted} got {found}")]
    Count {
        /// The function.
        name: String,
        /// What it takes.
        wanted: String,
        /// What it got.
        found: usize,
    },
    /// Not of this type.
    #[error("wrong type for value; expected {wanted}; got {found}")]
    Type {
        /// Go's type.
        wanted: &'static str,
        /// Go's type, or how it is written.
        found: String,
    },
    /// A function that refuses its arguments.
    #[error("error calling {name}: {cause}")]
    Function {
        /// The function.
        name: &'static str,
        /// Why.
        cause: CallFault,
    },
    /// Not to be counted through.
    #[error("range can't iterate over {0}: only lists, objects and whole numbers")]
    Range(String),
    /// Whole numbers have no index.
    #[error("can't use {0} to iterate over more than one variable")]
    RangeVariables(i64),
    /// Assigned before it was declared.
    #[error("undefined variable: {0}")]
    Variable(String),
    /// No such template.
    #[error("template {0:?} not defined")]
    Template(String),
    /// Templates in templates, or data in data.
    #[error("nested deeper than {0} levels: does the template call itself without end?")]
    TooDeep(usize),
    /// It takes too long.
    #[error("gave up after {0} steps: does the template call itself without end?")]
    Steps(u64),
    /// It prints too much.
    #[error("prints more than {0} bytes")]
    Output(usize),
}

/// Why a function refuses its arguments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// Null has no items.
    #[error("{0} of nil")]
    Nil(&'static str),
    /// Neither have these.
    #[error("can't {verb} item of type {kind}")]
    Type {
        /// What was to be done.
        verb: &'static str,
        /// Go's type.
        kind: &'static str,
    },
    /// Lists are indexed by whole numbers, objects by texts.
    #[error("cannot index {container} with {kind}")]
    Index {
        /// What is indexed.
        container: &'static str,
        /// Go's type of the index.
        kind: &'static str,
    },
    /// Not so many items.
    #[error("index out of range: {0}")]
    Range(i64),
    /// The end before the beginning.
    #[error("invalid slice index: {0} > {1}")]
    Order(usize, usize),
    /// More than begin, end and capacity.
    #[error("too many slice indexes: {0}")]
    Indexes(usize),
    /// Texts have no capacity.
    #[error("cannot 3-index slice a string")]
    TextCapacity,
    /// Nothing to compare with.
    #[error("missing argument for comparison")]
    Alone,
    /// Different types.
    #[error("incompatible types for comparison: {0} and {1}")]
    Incompatible(&'static str, &'static str),
    /// Without an order, or without equality.
    #[error("invalid type for comparison: {0}")]
    Incomparable(&'static str),
    /// JSON has no functions.
    #[error("non-function of type {0}")]
    NoFunction(&'static str),
    /// No Base64.
    #[error("base64 decode failed: {0}")]
    Base64(base64::DecodeError),
    /// A limit.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// A limit.
    #[error("makes more than {0} bytes")]
    Output(usize),
}

pub(crate) fn syntax(source: &str, at: usize, fault: Syntax) -> SyntaxError {
    let (line, column) = position(source, at);
    SyntaxError {
        line,
        column,
        fault,
    }
}

pub(crate) fn render(source: &str, at: Span, fault: Fault) -> RenderError {
    let (line, column) = position(source, at.start);
    let text = source.get(at.start..at.end).unwrap_or_default().trim();
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    RenderError {
        line,
        column,
        at: shown,
        fault,
    }
}

fn position(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count() + 1)
}
