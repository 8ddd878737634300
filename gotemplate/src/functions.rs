//! The functions that there are: Go's, and kubectl's `exists` and `base64decode`.

mod access;
mod compare;
mod escape;

use crate::error::{CallFault, Fault};
use crate::format;
use crate::render::Limits;
use crate::value::Value;

/// What a function takes at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    Any,
    /// Nothing but a text.
    Text,
}

pub(crate) struct Function {
    pub(crate) name: &'static str,
    fixed: &'static [Parameter],
    /// Does it take any values behind these?
    more: bool,
    /// `and` and `or` stop at the first argument of this truth.
    pub(crate) stops_at: Option<bool>,
    pub(crate) run: Run,
}

/// A function, with as many values as it takes.
type Run = for<'a> fn(&[Value<'a>], Limits) -> Result<Value<'a>, CallFault>;

use Parameter::{Any, Text};

/// In the order of their names.
static FUNCTIONS: [Function; 21] = [
    stopping("and", false),
    function("base64decode", &[Text], false, escape::base64decode),
    function("call", &[Any], true, access::call),
    function("eq", &[Any], true, compare::eq),
    function("exists", &[Any], true, access::exists),
    function("ge", &[Any, Any], false, compare::ge),
    function("gt", &[Any, Any], false, compare::gt),
    function("html", &[], true, escape::html),
    function("index", &[Any], true, access::index),
    function("js", &[], true, escape::js),
    function("le", &[Any, Any], false, compare::le),
    function("len", &[Any], false, access::len),
    function("lt", &[Any, Any], false, compare::lt),
    function("ne", &[Any, Any], false, compare::ne),
    function("not", &[Any], false, compare::not),
    stopping("or", true),
    function("print", &[], true, format::sprint),
    function("printf", &[Text], true, format::sprintf),
    function("println", &[], true, format::sprintln),
    function("slice", &[Any], true, access::slice),
    function("urlquery", &[], true, escape::urlquery),
];

impl Function {
    /// What it takes at a place, from 0.
    pub(crate) fn parameter(&self, place: usize) -> Parameter {
        self.fixed.get(place).copied().unwrap_or(Any)
    }

    pub(crate) fn check_count(&self, found: usize) -> Result<(), Fault> {
        let least = self.fixed.len();
        if found == least || (self.more && found > least) {
            return Ok(());
        }
        let name = self.name.to_owned();
        let wanted = match self.more {
            true => format!("at least {least}"),
            false => least.to_string(),
        };
        Err(Fault::Count {
            name,
            wanted,
            found,
        })
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// All names.
pub(crate) fn names() -> String {
    let names: Vec<_> = FUNCTIONS.iter().map(|function| function.name).collect();
    names.join(", ")
}

const fn function(
    name: &'static str,
    fixed: &'static [Parameter],
    more: bool,
    run: Run,
) -> Function {
    Function {
        name,
        fixed,
        more,
        stops_at: None,
        run,
    }
}

/// Its arguments are evaluated one by one, by the machine.
const fn stopping(name: &'static str, at: bool) -> Function {
    Function {
        name,
        fixed: &[Any],
        more: true,
        stops_at: Some(at),
        run: |values, _| Ok(values.last().cloned().unwrap_or(Value::Missing)),
    }
}
