//! From words to pipelines: declarations, commands, operands.

use super::blocks::Parser;
use super::token::{Kind, Token};
use super::{Failure, MAX_DEPTH, literal};
use crate::ast::{Command, Operand, Pipeline, Span, Term};
use crate::error::Syntax;
use crate::functions;

impl Parser<'_> {
    /// Commands, up to what ends them.
    pub(super) fn pipeline(&mut self, what: &'static str, end: Kind) -> Result<Pipeline, Failure> {
        let start = self.peek_word().at.start;
        let mut pipeline = Pipeline {
            variables: Vec::new(),
            assigns: false,
            commands: Vec::new(),
            at: Span { start, end: start },
        };
        self.declarations(&mut pipeline, what)?;
        loop {
            let token = self.peek_word();
            match token.kind {
                kind if kind == end => break,
                kind if kind.is_term() => pipeline.commands.push(self.command()?),
                _ => return Err(self.unexpected(token, what)),
            }
        }
        pipeline.at.end = self.word().at.start;
        check(&pipeline, what).map_err(|fault| (start, fault))?;
        Ok(pipeline)
    }

    /// `$x :=`, `$x =`, and for ranges `$i, $x :=`.
    fn declarations(&mut self, into: &mut Pipeline, what: &'static str) -> Result<(), Failure> {
        loop {
            let variable = self.peek_word();
            let before = self.next;
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.word();
            let next = self.peek_word();
            let comma = next.kind == Kind::Sign && self.written(next) == ",";
            if !comma && !matches!(next.kind, Kind::Assign | Kind::Declare) {
                self.next = before;
                return Ok(());
            }
            self.word();
            let name = self.written(variable).to_owned();
            self.scope.variables.push(name.clone());
            into.variables.push(name);
            if !comma {
                into.assigns = next.kind == Kind::Assign;
                return Ok(());
            }
            let goes_on = self.peek_word().kind;
            let goes_on = matches!(goes_on, Kind::Variable | Kind::Close | Kind::CloseParen);
            if what != "range" || into.variables.len() > 1 || !goes_on {
                return Err((next.at.start, Syntax::Variables(what)));
            }
        }
    }

    /// Operands between blanks, up to `|` or the end.
    fn command(&mut self) -> Result<Command, Failure> {
        let start = self.peek_word().at.start;
        let mut operands = Vec::new();
        loop {
            self.peek_word();
            operands.extend(self.operand()?);
            let token = self.peek();
            match token.kind {
                Kind::Space => {}
                Kind::Close | Kind::CloseParen => break,
                Kind::Pipe => {
                    self.next += 1;
                    break;
                }
                _ => return Err(self.unexpected(token, "operand")),
            }
        }
        let mut operands = operands.into_iter();
        let first = operands.next().ok_or((start, Syntax::NoValue("command")))?;
        let arguments = operands.collect();
        Ok(Command { first, arguments })
    }

    /// A term and the fields behind it; none where none begins.
    fn operand(&mut self) -> Result<Option<Operand>, Failure> {
        let token = self.peek_word();
        let start = token.at.start;
        let Some(term) = self.term(token)? else {
            return Ok(None);
        };
        let end = self.here();
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            fields.push(self.field(self.peek()));
            self.next += 1;
        }
        let at = Span { start, end };
        let whole = Span {
            start,
            end: self.here(),
        };
        let term = match term {
            term if fields.is_empty() => term,
            Term::Field(mut before) => {
                before.append(&mut fields);
                Term::Field(before)
            }
            Term::Variable(name, _) => Term::Variable(name, fields),
            term @ (Term::Function(_) | Term::Pipeline(_)) => {
                Term::Chain(Box::new(Operand { term, at }), fields)
            }
            _ => {
                let written = self.source[start..end].to_owned();
                return Err((start, Syntax::FieldOfConstant(written)));
            }
        };
        Ok(Some(Operand { term, at: whole }))
    }

    fn term(&mut self, token: Token) -> Result<Option<Term>, Failure> {
        if !token.kind.is_term() {
            return Ok(None);
        }
        self.next += 1;
        let written = self.written(token);
        let bad = |fault| (token.at.start, fault);
        Ok(Some(match token.kind {
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Bool => Term::Bool(written == "true"),
            Kind::Number => Term::Number(literal::number(written).map_err(bad)?),
            Kind::Character => Term::Number(literal::character(written).map_err(bad)?),
            Kind::Quoted | Kind::Raw => Term::Text(literal::text(written).map_err(bad)?),
            Kind::Field => Term::Field(vec![self.field(token)]),
            Kind::Variable => self.variable(written).map_err(bad)?,
            Kind::Identifier => function(written).map_err(bad)?,
            _ => Term::Pipeline(Box::new(self.parenthesis(token)?)),
        }))
    }

    fn parenthesis(&mut self, token: Token) -> Result<Pipeline, Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err((token.at.start, Syntax::TooDeep(MAX_DEPTH)));
        }
        let pipeline = self.pipeline("parenthesized pipeline", Kind::CloseParen)?;
        self.depth -= 1;
        Ok(pipeline)
    }

    fn variable(&self, name: &str) -> Result<Term, Syntax> {
        let known = self.scope.variables.iter().any(|known| known == name);
        match known {
            true => Ok(Term::Variable(name.to_owned(), Vec::new())),
            false => Err(Syntax::Variable(name.to_owned())),
        }
    }

    /// The name in `.name`.
    fn field(&self, token: Token) -> String {
        self.written(token)[1..].to_owned()
    }

    /// Where what was read so far ends.
    fn here(&self) -> usize {
        self.peek().at.start
    }
}

fn function(name: &str) -> Result<Term, Syntax> {
    match functions::find(name) {
        Some(_) => Ok(Term::Function(name.to_owned())),
        None => Err(Syntax::Function {
            name: name.to_owned(),
            known: functions::names(),
        }),
    }
}

fn check(pipeline: &Pipeline, what: &'static str) -> Result<(), Syntax> {
    if pipeline.commands.is_empty() {
        return Err(Syntax::NoValue(what));
    }
    let later = pipeline.commands.iter().enumerate().skip(1);
    for (index, command) in later {
        let term = &command.first.term;
        if matches!(
            term,
            Term::Dot | Term::Nil | Term::Bool(_) | Term::Number(_) | Term::Text(_)
        ) {
            return Err(Syntax::Stage(index + 1));
        }
    }
    Ok(())
}
