//! From text to tree: words, then blocks, then pipelines.

mod blocks;
mod lexer;
mod literal;
mod pipeline;
mod token;

use crate::ast::Blocks;
use crate::error::Syntax;

/// What is wrong, and at which byte.
type Failure = (usize, Syntax);

/// Levels of blocks and parentheses that a template may have.
const MAX_DEPTH: usize = 100;

/// Reads all templates of a source.
pub(crate) fn parse(source: &str) -> Result<Blocks, Failure> {
    let tokens = lexer::tokens(source)?;
    blocks::Parser::new(source, &tokens).all()
}
