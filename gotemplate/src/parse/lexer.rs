//! From text to words. Trim markers take blanks away here; the parser never sees them.

use super::Failure;
use super::token::{Kind, Token};
use crate::ast::Span;
use crate::error::Syntax;

/// What trim markers take away.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

struct Lexer<'a> {
    source: &'a str,
    /// The next byte.
    position: usize,
    /// Open parentheses of this action.
    parens: usize,
    tokens: Vec<Token>,
}

/// The words of a source, with an [`Kind::End`] behind them.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, Failure> {
    let mut lexer = Lexer {
        source,
        position: 0,
        parens: 0,
        tokens: Vec::new(),
    };
    while lexer.text() {
        lexer.delimiter()?;
    }
    lexer.push(Kind::End, source.len());
    Ok(lexer.tokens)
}

impl<'a> Lexer<'a> {
    /// Text until an action, which there is or not.
    fn text(&mut self) -> bool {
        let start = self.position;
        let found = self.rest().find("{{");
        let mut text = &self.rest()[..found.unwrap_or(self.rest().len())];
        self.position += text.len();
        if found.is_some() && self.trims_before() {
            text = text.trim_end_matches(BLANKS);
        }
        if !text.is_empty() {
            let end = start + text.len();
            let at = Span { start, end };
            self.tokens.push(Token {
                kind: Kind::Text,
                at,
            });
        }
        found.is_some()
    }

    /// Is there a `{{- ` here?
    fn trims_before(&self) -> bool {
        let marker = self.rest().strip_prefix("{{-");
        marker.is_some_and(|rest| rest.starts_with(BLANKS))
    }

    /// An action or a comment.
    fn delimiter(&mut self) -> Result<(), Failure> {
        let start = self.position;
        self.position += if self.trims_before() { 4 } else { 2 };
        if self.rest().starts_with("/*") {
            return self.comment(start);
        }
        self.push(Kind::Open, start);
        self.parens = 0;
        while !self.closing(start)? {
            self.word(start)?;
        }
        Ok(())
    }

    fn comment(&mut self, start: usize) -> Result<(), Failure> {
        let what = "comment";
        let closing = "*/}}";
        let end = self.rest()[2..].find("*/");
        let end = end.ok_or((start, Syntax::Unclosed { what, closing }))?;
        self.position += 2 + end + 2;
        let (length, trims) = self.close().ok_or((self.position, Syntax::AfterComment))?;
        self.leave(length, trims);
        Ok(())
    }

    /// The length of the `}}` or ` -}}` that is here, and whether it trims.
    fn close(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        let trimming = rest.strip_prefix(BLANKS);
        if trimming.is_some_and(|rest| rest.starts_with("-}}")) {
            return Some((4, true));
        }
        rest.starts_with("}}").then_some((2, false))
    }

    fn leave(&mut self, length: usize, trims: bool) {
        self.position += length;
        if trims {
            let rest = self.rest();
            self.position += rest.len() - rest.trim_start_matches(BLANKS).len();
        }
    }

    /// Goes over the end of an action, if it is here.
    fn closing(&mut self, action: usize) -> Result<bool, Failure> {
        let Some((length, trims)) = self.close() else {
            return Ok(false);
        };
        if self.parens > 0 {
            let what = "parenthesis";
            return Err((action, Syntax::Unclosed { what, closing: ")" }));
        }
        let start = self.position;
        self.position += length;
        self.push(Kind::Close, start);
        self.position = start;
        self.leave(length, trims);
        Ok(true)
    }

    fn word(&mut self, action: usize) -> Result<(), Failure> {
        let start = self.position;
        let Some(first) = self.next() else {
            let what = "action";
            return Err((
                action,
                Syntax::Unclosed {
                    what,
                    closing: "}}",
                },
            ));
        };
        let kind = match first {
            blank if BLANKS.contains(&blank) => self.blanks(),
            '=' => Kind::Assign,
            ':' if self.accept("=") => Kind::Declare,
            ':' => return Err((start, Syntax::Character(':'))),
            '|' => Kind::Pipe,
            '"' => self.quoted(start, '"', Kind::Quoted)?,
            '\'' => self.quoted(start, '\'', Kind::Character)?,
            '`' => self.raw(start)?,
            '$' => self.name(start, Kind::Variable)?,
            '.' if !self.rest().starts_with(|c: char| c.is_ascii_digit()) => {
                let dot = self.at_end_of_word();
                let kind = if dot { Kind::Dot } else { Kind::Field };
                self.name(start, kind)?
            }
            '.' | '+' | '-' | '0'..='9' => self.number(start)?,
            letter if is_letter(letter) => self.name(start, Kind::Identifier)?,
            '(' => self.paren(1),
            ')' if self.parens == 0 => return Err((start, Syntax::Character(')'))),
            ')' => self.paren(-1),
            sign if sign.is_ascii_graphic() => Kind::Sign,
            other => return Err((start, Syntax::Character(other))),
        };
        self.push(kind, start);
        Ok(())
    }

    fn blanks(&mut self) -> Kind {
        while self.rest().starts_with(BLANKS) && self.close().is_none() {
            self.next();
        }
        Kind::Space
    }

    fn paren(&mut self, change: isize) -> Kind {
        self.parens = self.parens.saturating_add_signed(change);
        if change > 0 {
            Kind::OpenParen
        } else {
            Kind::CloseParen
        }
    }

    fn quoted(&mut self, start: usize, quote: char, kind: Kind) -> Result<Kind, Failure> {
        loop {
            match self.next() {
                Some(end) if end == quote => return Ok(kind),
                Some('\\') if !matches!(self.rest().chars().next(), None | Some('\n')) => {
                    self.next();
                }
                None | Some('\n' | '\\') => {
                    let closing = if quote == '"' { "\"" } else { "'" };
                    let what = "text";
                    return Err((start, Syntax::Unclosed { what, closing }));
                }
                Some(_) => {}
            }
        }
    }

    fn raw(&mut self, start: usize) -> Result<Kind, Failure> {
        let (what, closing) = ("text", "`");
        let end = self.rest().find('`');
        self.position += 1 + end.ok_or((start, Syntax::Unclosed { what, closing }))?;
        Ok(Kind::Raw)
    }

    /// The rest of a name, and what it is.
    fn name(&mut self, start: usize, kind: Kind) -> Result<Kind, Failure> {
        while self.rest().starts_with(is_letter) {
            self.next();
        }
        if !self.at_end_of_word() {
            let next = self.rest().chars().next().unwrap_or_default();
            return Err((self.position, Syntax::Character(next)));
        }
        Ok(match kind {
            Kind::Identifier => Kind::of_word(&self.source[start..self.position]),
            kind => kind,
        })
    }

    fn at_end_of_word(&self) -> bool {
        let rest = self.rest();
        let ends = |c: char| BLANKS.contains(&c) || ".,|:)(".contains(c);
        rest.is_empty() || rest.starts_with(ends) || rest.starts_with("}}")
    }

    fn number(&mut self, start: usize) -> Result<Kind, Failure> {
        self.position = start;
        let good = self.digits();
        let complex = self.rest().starts_with(['+', '-']);
        let good = good && (!complex || self.digits());
        let text = &self.source[start..self.position];
        match good && complex == text.ends_with('i') {
            true if complex => Err((start, Syntax::Complex(text.to_owned()))),
            true => Ok(Kind::Number),
            false if good && !complex => Err((start, Syntax::Complex(text.to_owned()))),
            false => Err((start, Syntax::Number(text.to_owned()))),
        }
    }

    /// Goes over a number; its spelling is judged later.
    fn digits(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            let bases = [
                ("xX", "0123456789abcdefABCDEF_"),
                ("oO", "01234567_"),
                ("bB", "01_"),
            ];
            let base = bases.into_iter().find(|(letters, _)| self.accept(letters));
            digits = base.map_or(digits, |(_, digits)| digits);
        }
        self.accept_all(digits);
        if self.accept(".") {
            self.accept_all(digits);
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_all("0123456789_");
        }
        self.accept("i");
        !self.rest().starts_with(is_letter)
    }

    fn accept(&mut self, any: &str) -> bool {
        let found = self.rest().starts_with(|c| any.contains(c));
        if found {
            self.next();
        }
        found
    }

    fn accept_all(&mut self, any: &str) {
        while self.accept(any) {}
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.position += next.len_utf8();
        Some(next)
    }

    fn rest(&self) -> &'a str {
        &self.source[self.position..]
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let end = self.position;
        let at = Span { start, end };
        self.tokens.push(Token { kind, at });
    }
}

fn is_letter(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
