//! From words to blocks: text, actions, and what stands between a keyword and its end.

use super::token::{Keyword, Kind, Token};
use super::{Failure, MAX_DEPTH, literal};
use crate::ast::{Block, Blocks, Branch, Call, MAIN, Node, Pipeline, Range};
use crate::error::Syntax;

/// Reads one source.
pub(super) struct Parser<'a> {
    pub(super) source: &'a str,
    tokens: &'a [Token],
    /// The next word.
    pub(super) next: usize,
    pub(super) scope: Scope,
    pub(super) depth: usize,
    blocks: Blocks,
}

/// What can be seen where a template is being read; another template begins with nothing.
pub(super) struct Scope {
    /// With their `$`.
    pub(super) variables: Vec<String>,
    /// Loops around.
    ranges: usize,
}

/// What ends a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    End,
    Else,
    /// With `if` or `with` behind it, which isn't read yet.
    ElseThen(Keyword),
}

impl Scope {
    fn new() -> Self {
        Self {
            variables: vec!["$".to_owned()],
            ranges: 0,
        }
    }
}

impl<'a> Parser<'a> {
    /// `tokens` end with [`Kind::End`].
    pub(super) fn new(source: &'a str, tokens: &'a [Token]) -> Self {
        Self {
            source,
            tokens,
            next: 0,
            scope: Scope::new(),
            depth: 0,
            blocks: Blocks::new(),
        }
    }

    /// All templates, the source itself with them.
    pub(super) fn all(mut self) -> Result<Blocks, Failure> {
        let mut main = Block::new();
        while self.peek().kind != Kind::End {
            if self.defines()? {
                continue;
            }
            let at = self.peek().at.start;
            match self.node()? {
                Ok(node) => main.push(node),
                Err(_) => return Err((at, self.unexpected_closing("the template"))),
            }
        }
        self.add(MAIN.to_vec(), main, 0)?;
        Ok(self.blocks)
    }

    fn unexpected_closing(&self, within: &'static str) -> Syntax {
        let found = "{{end}} or {{else}}".to_owned();
        Syntax::Unexpected { found, within }
    }

    /// Reads a definition, where one begins.
    fn defines(&mut self) -> Result<bool, Failure> {
        let start = self.next;
        self.next += 1;
        let opened = self.tokens.get(start).map(|token| token.kind) == Some(Kind::Open);
        if !opened || self.peek_word().kind != Kind::Keyword(Keyword::Define) {
            self.next = start;
            return Ok(false);
        }
        let keyword = self.word();
        let name = self.name("define clause")?;
        self.expect(Kind::Close, "define clause")?;
        self.template(name, keyword.at.start, "define clause")?;
        Ok(true)
    }

    /// The body of a template of its own.
    fn template(&mut self, name: Vec<u8>, at: usize, what: &'static str) -> Result<(), Failure> {
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let (body, closing) = self.block(what, at)?;
        self.scope = outer;
        if closing != Closing::End {
            return Err((at, self.unexpected_closing(what)));
        }
        self.add(name, body, at)
    }

    /// Of two templates of one name, the one that isn't empty counts.
    fn add(&mut self, name: Vec<u8>, body: Block, at: usize) -> Result<(), Failure> {
        match self.blocks.get(&name) {
            Some(old) if !is_blank(old) => match is_blank(&body) {
                true => Ok(()),
                false => {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    Err((at, Syntax::Redefined(name)))
                }
            },
            _ => {
                self.blocks.insert(name, body);
                Ok(())
            }
        }
    }

    /// What stands before an end or an else.
    fn block(&mut self, what: &'static str, at: usize) -> Result<(Block, Closing), Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err((at, Syntax::TooDeep(MAX_DEPTH)));
        }
        let mut block = Block::new();
        while self.peek_word().kind != Kind::End {
            match self.node()? {
                Ok(node) => block.push(node),
                Err(closing) => {
                    self.depth -= 1;
                    return Ok((block, closing));
                }
            }
        }
        Err((at, Syntax::NoEnd(what)))
    }

    /// Text or an action; or what ends the block.
    fn node(&mut self) -> Result<Result<Node, Closing>, Failure> {
        let token = self.word();
        match token.kind {
            Kind::Text => Ok(Ok(Node::Text(self.written(token).to_owned()))),
            Kind::Open => self.action(),
            _ => Err(self.unexpected(token, "input")),
        }
    }

    fn action(&mut self) -> Result<Result<Node, Closing>, Failure> {
        let Kind::Keyword(keyword) = self.peek_word().kind else {
            let pipeline = self.pipeline("command", Kind::Close)?;
            return Ok(Ok(Node::Action(pipeline)));
        };
        let token = self.word();
        let at = token.at.start;
        Ok(Ok(match keyword {
            Keyword::End => {
                self.expect(Kind::Close, "end")?;
                return Ok(Err(Closing::End));
            }
            Keyword::Else => return self.otherwise().map(Err),
            Keyword::If => Node::Branch(self.branch(Keyword::If, "if", at)?),
            Keyword::With => Node::Branch(self.branch(Keyword::With, "with", at)?),
            Keyword::Range => Node::Range(self.range(at)?),
            Keyword::Break => self.leave("break", at, Node::Break)?,
            Keyword::Continue => self.leave("continue", at, Node::Continue)?,
            Keyword::Template => Node::Call(self.call()?),
            Keyword::Block => Node::Call(self.block_clause()?),
            Keyword::Define => return Err(self.unexpected(token, "command")),
        }))
    }

    fn otherwise(&mut self) -> Result<Closing, Failure> {
        if let Kind::Keyword(keyword @ (Keyword::If | Keyword::With)) = self.peek_word().kind {
            return Ok(Closing::ElseThen(keyword));
        }
        self.expect(Kind::Close, "else")?;
        Ok(Closing::Else)
    }

    /// `{{if a}}...{{else if b}}...{{else}}...{{end}}`, or the same with `with`.
    fn branch(
        &mut self,
        keyword: Keyword,
        what: &'static str,
        at: usize,
    ) -> Result<Branch, Failure> {
        let known = self.scope.variables.len();
        let mut branch = Branch {
            sets_dot: keyword == Keyword::With,
            arms: Vec::new(),
            otherwise: Block::new(),
        };
        loop {
            let pipeline = self.pipeline(what, Kind::Close)?;
            let (block, closing) = self.block(what, at)?;
            branch.arms.push((pipeline, block));
            match closing {
                Closing::End => break,
                Closing::ElseThen(next) if next == keyword => {
                    self.word();
                }
                closing => {
                    branch.otherwise = self.else_block(closing, what, at)?;
                    break;
                }
            }
        }
        self.scope.variables.truncate(known);
        Ok(branch)
    }

    fn range(&mut self, at: usize) -> Result<Range, Failure> {
        let known = self.scope.variables.len();
        let over = self.pipeline("range", Kind::Close)?;
        self.scope.ranges += 1;
        let (body, closing) = self.block("range", at)?;
        self.scope.ranges -= 1;
        let otherwise = match closing {
            Closing::End => Block::new(),
            closing => self.else_block(closing, "range", at)?,
        };
        self.scope.variables.truncate(known);
        Ok(Range {
            over,
            body,
            otherwise,
        })
    }

    fn else_block(
        &mut self,
        closing: Closing,
        what: &'static str,
        at: usize,
    ) -> Result<Block, Failure> {
        if closing != Closing::Else {
            let token = self.word();
            return Err(self.unexpected(token, "else"));
        }
        match self.block(what, at)? {
            (block, Closing::End) => Ok(block),
            _ => Err((at, self.unexpected_closing("else"))),
        }
    }

    fn leave(&mut self, what: &'static str, at: usize, node: Node) -> Result<Node, Failure> {
        self.expect(Kind::Close, what)?;
        match self.scope.ranges {
            0 => Err((at, Syntax::OutsideRange(what))),
            _ => Ok(node),
        }
    }

    fn call(&mut self) -> Result<Call, Failure> {
        let at = self.peek_word().at;
        let name = self.name("template clause")?;
        if self.peek_word().kind == Kind::Close {
            self.word();
            return Ok(Call {
                name,
                dot: None,
                at,
            });
        }
        let dot: Pipeline = self.pipeline("template clause", Kind::Close)?;
        let dot = Some(dot);
        Ok(Call { name, dot, at })
    }

    /// A template is defined and called.
    fn block_clause(&mut self) -> Result<Call, Failure> {
        let what = "block clause";
        let at = self.peek_word().at;
        let name = self.name(what)?;
        let dot = Some(self.pipeline(what, Kind::Close)?);
        self.template(name.clone(), at.start, what)?;
        Ok(Call { name, dot, at })
    }

    fn name(&mut self, within: &'static str) -> Result<Vec<u8>, Failure> {
        let token = self.word();
        match token.kind {
            Kind::Quoted | Kind::Raw => {
                literal::text(self.written(token)).map_err(|fault| (token.at.start, fault))
            }
            _ => Err(self.unexpected(token, within)),
        }
    }

    fn expect(&mut self, kind: Kind, within: &'static str) -> Result<Token, Failure> {
        let token = self.word();
        match token.kind == kind {
            true => Ok(token),
            false => Err(self.unexpected(token, within)),
        }
    }

    pub(super) fn unexpected(&self, token: Token, within: &'static str) -> Failure {
        let found = match token.kind {
            Kind::End => "the end of the template".to_owned(),
            _ => format!("{:?}", self.written(token)),
        };
        (token.at.start, Syntax::Unexpected { found, within })
    }

    /// The next token, blanks too.
    pub(super) fn peek(&self) -> Token {
        let last = self.tokens.len() - 1;
        self.tokens[self.next.min(last)]
    }

    /// The next token that is no blank; goes over the blanks.
    pub(super) fn peek_word(&mut self) -> Token {
        while self.peek().kind == Kind::Space {
            self.next += 1;
        }
        self.peek()
    }

    /// Goes over the next token that is no blank.
    pub(super) fn word(&mut self) -> Token {
        let token = self.peek_word();
        self.next += 1;
        token
    }

    pub(super) fn written(&self, token: Token) -> &'a str {
        &self.source[token.at.start..token.at.end]
    }
}

/// Nothing but blanks.
fn is_blank(block: &[Node]) -> bool {
    let blank = |node: &Node| matches!(node, Node::Text(text) if text.trim().is_empty());
    block.iter().all(blank)
}
