//! Go's `text/template` as kubectl uses it: the whole language, with kubectl's two functions, on
//! JSON. Pure, and bounded in depth, steps and output, whatever the template and the data are.
//!
//! What it prints equals what kubectl prints of the same JSON, byte for byte; `gotemplate/tests/go`
//! compares it with Go itself. Whole numbers are Go's `int64` and all others its `float64`, as
//! kubectl decodes them. Four things differ:
//!
//! - Complex numbers (`{{1i}}`) are refused, and `%p` (an address in memory) is a bad verb.
//! - `slice` never reaches behind the end of a list, where Go shows spare memory if there is some.
//! - A template ends after so many steps ([`Limits`]); Go's goes on.
//! - What fails prints nothing; kubectl prints what came before, and a dump, to stdout.

mod ast;
mod error;
mod format;
mod functions;
mod parse;
mod render;
mod run;
mod value;

pub use error::{CallFault, Fault, RenderError, Syntax, SyntaxError};
pub use render::Limits;

use serde_json::Value as Json;

/// A template, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    source: String,
    blocks: ast::Blocks,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Where the text isn't one, with line and column.
    pub fn parse(source: &str) -> Result<Self, SyntaxError> {
        let blocks =
            parse::parse(source).map_err(|(at, fault)| error::syntax(source, at, fault))?;
        Ok(Self {
            source: source.to_owned(),
            blocks,
        })
    }

    /// What it makes of `data`, within the default limits. Bytes, because `base64decode`, `slice`
    /// and escapes make texts that are no UTF-8.
    ///
    /// # Errors
    /// Where Go's would fail, and at the limits.
    pub fn render(&self, data: &Json) -> Result<Vec<u8>, RenderError> {
        self.render_within(data, Limits::default())
    }

    /// What it makes of `data` within limits.
    ///
    /// # Errors
    /// Where Go's would fail, and at the limits.
    pub fn render_within(&self, data: &Json, limits: Limits) -> Result<Vec<u8>, RenderError> {
        render::render(&self.blocks, data, limits)
            .map_err(|(at, fault)| error::render(&self.source, at, fault))
    }
}
