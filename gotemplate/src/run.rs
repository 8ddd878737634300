//! Pipelines: commands, arguments, fields, variables.

use crate::ast::{Command, Number, Operand, Pipeline, Span, Term};
use crate::error::Fault;
use crate::functions::{self, Function, Parameter};
use crate::render::{Failure, Limits};
use crate::value::{Text, Value};

/// The variables of one template that runs.
pub(crate) struct Frame<'a>(Vec<(&'a str, Value<'a>)>);

/// Evaluates, and counts what it costs.
pub(crate) struct Machine {
    limits: Limits,
    steps: u64,
    depth: usize,
}

impl<'a> Frame<'a> {
    /// `$` is the template's dot.
    pub(crate) fn new(dot: Value<'a>) -> Self {
        Self(vec![("$", dot)])
    }

    pub(crate) fn mark(&self) -> usize {
        self.0.len()
    }

    /// Forgets what was declared since the mark.
    pub(crate) fn reset(&mut self, mark: usize) {
        self.0.truncate(mark);
    }

    /// Gives the variables of a range their values of this turn.
    pub(crate) fn turn(
        &mut self,
        over: &'a Pipeline,
        index: Value<'a>,
        item: &Value<'a>,
    ) -> Result<(), Fault> {
        let values = match over.variables.as_slice() {
            [] => return Ok(()),
            [_] => vec![item.clone()],
            _ => vec![index, item.clone()],
        };
        if over.assigns {
            let mut pairs = over.variables.iter().zip(values);
            return pairs.try_for_each(|(name, value)| self.assign(name, value));
        }
        let first = self.0.len().saturating_sub(values.len());
        for (variable, value) in self.0[first..].iter_mut().zip(values) {
            variable.1 = value;
        }
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Value<'a>) -> Result<(), Fault> {
        let mut last = self.0.iter_mut().rev();
        let found = last.find(|(known, _)| *known == name);
        let unknown = || Fault::Variable(name.to_owned());
        found.ok_or_else(unknown)?.1 = value;
        Ok(())
    }

    fn get(&self, name: &str) -> Result<Value<'a>, Fault> {
        let mut last = self.0.iter().rev();
        let found = last.find(|(known, _)| *known == name);
        let unknown = || Fault::Variable(name.to_owned());
        found.map(|(_, value)| value.clone()).ok_or_else(unknown)
    }
}

impl Machine {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            steps: 0,
            depth: 0,
        }
    }

    /// Goes some steps.
    pub(crate) fn steps(&mut self, steps: u64, at: Span) -> Result<(), Failure> {
        self.steps = self.steps.saturating_add(steps);
        match self.steps > self.limits.steps {
            true => Err((at, Fault::Steps(self.limits.steps))),
            false => Ok(()),
        }
    }

    /// Goes a level deeper.
    pub(crate) fn enter(&mut self, at: Span) -> Result<(), Failure> {
        self.depth += 1;
        match self.depth > self.limits.depth {
            true => Err((at, Fault::TooDeep(self.limits.depth))),
            false => Ok(()),
        }
    }

    /// Comes back from [`Self::enter`].
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// The value of the last command; its variables get it, too.
    pub(crate) fn pipeline<'a>(
        &mut self,
        pipeline: &'a Pipeline,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Value<'a>, Failure> {
        self.enter(pipeline.at)?;
        let mut piped = None;
        for command in &pipeline.commands {
            let value = self.command(command, piped, dot, frame)?;
            piped = Some(value.looked_into());
        }
        self.leave();
        let value = piped.unwrap_or(Value::Missing);
        for name in &pipeline.variables {
            match pipeline.assigns {
                true => frame.assign(name, value.clone()),
                false => {
                    frame.0.push((name, value.clone()));
                    Ok(())
                }
            }
            .map_err(|fault| (pipeline.at, fault))?;
        }
        Ok(value)
    }

    fn command<'a>(
        &mut self,
        command: &'a Command,
        piped: Option<Value<'a>>,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Value<'a>, Failure> {
        let at = command.first.at;
        self.steps(1, at)?;
        let arguments = &command.arguments;
        let more = !arguments.is_empty() || piped.is_some();
        match &command.first.term {
            Term::Function(name) => self.call(name, at, (arguments, piped), dot, frame),
            Term::Nil if !more => Err((at, Fault::Nil)),
            term if more && !has_fields(term) => Err((at, Fault::Arguments(spelled(term)))),
            _ => self.operand(&command.first, more, dot, frame),
        }
    }

    /// The value of an operand. `more`: arguments stand behind it, which no field takes.
    fn operand<'a>(
        &mut self,
        operand: &'a Operand,
        more: bool,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Value<'a>, Failure> {
        let at = operand.at;
        let fields = |value, fields| walk(value, fields, more).map_err(|fault| (at, fault));
        match &operand.term {
            Term::Dot => Ok(dot.clone()),
            Term::Nil => Ok(Value::Nil),
            Term::Bool(value) => Ok(Value::Bool(*value)),
            Term::Number(number) => constant(*number).map_err(|fault| (at, fault)),
            Term::Text(text) => Ok(Value::Text(Text::Borrowed(text))),
            Term::Field(names) => fields(dot.clone(), names),
            Term::Variable(name, names) => {
                let value = frame.get(name).map_err(|fault| (at, fault))?;
                fields(value, names)
            }
            Term::Function(name) => self.call(name, at, (&[], None), dot, frame),
            Term::Chain(inner, names) => {
                let value = self.operand(inner, false, dot, frame)?;
                fields(value, names)
            }
            Term::Pipeline(pipeline) => self.pipeline(pipeline, dot, frame),
        }
    }

    fn call<'a>(
        &mut self,
        name: &str,
        at: Span,
        (arguments, piped): (&'a [Operand], Option<Value<'a>>),
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Value<'a>, Failure> {
        let function = functions::find(name).ok_or((at, Fault::Arguments(name.to_owned())))?;
        let count = arguments.len() + usize::from(piped.is_some());
        function.check_count(count).map_err(|fault| (at, fault))?;
        if let Some(until) = function.stops_at {
            return self.until(until, arguments, piped, dot, frame);
        }
        let mut values = Vec::with_capacity(count);
        for (index, operand) in arguments.iter().enumerate() {
            values.push(self.argument(function.parameter(index), operand, dot, frame)?);
        }
        if let Some(value) = piped {
            let parameter = function.parameter(values.len());
            values.push(fit(parameter, value).map_err(|fault| (at, fault))?);
        }
        self.run(function, &values, at)
    }

    fn run<'a>(
        &mut self,
        function: &'static Function,
        values: &[Value<'a>],
        at: Span,
    ) -> Result<Value<'a>, Failure> {
        let looked_at = values.iter().map(Value::weight).sum();
        self.steps(looked_at, at)?;
        let name = function.name;
        let made = (function.run)(values, self.limits);
        let made = made.map_err(|cause| (at, Fault::Function { name, cause }))?;
        if let Value::Text(Text::Owned(text)) = &made {
            self.steps(text.len() as u64, at)?;
        }
        Ok(made)
    }

    /// `and` and `or`: the first argument whose truth is `until`, else the last.
    fn until<'a>(
        &mut self,
        until: bool,
        arguments: &'a [Operand],
        piped: Option<Value<'a>>,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Value<'a>, Failure> {
        let mut last = Value::Missing;
        for operand in arguments {
            last = self.argument(Parameter::Any, operand, dot, frame)?;
            if last.is_true() == until {
                return Ok(last);
            }
        }
        Ok(piped.unwrap_or(last))
    }

    fn argument<'a>(
        &mut self,
        parameter: Parameter,
        operand: &'a Operand,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Value<'a>, Failure> {
        self.steps(1, operand.at)?;
        let value = self.operand(operand, false, dot, frame)?;
        fit(parameter, value).map_err(|fault| (operand.at, fault))
    }
}

/// Can something with fields stand here, which says itself that it takes no arguments?
fn has_fields(term: &Term) -> bool {
    match term {
        Term::Field(_) | Term::Chain(..) => true,
        Term::Variable(_, fields) => !fields.is_empty(),
        _ => false,
    }
}

fn spelled(term: &Term) -> String {
    match term {
        Term::Dot => ".".to_owned(),
        Term::Nil => "nil".to_owned(),
        Term::Bool(value) => value.to_string(),
        Term::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        Term::Variable(name, _) => name.clone(),
        Term::Number(_) => "number".to_owned(),
        _ => "(...)".to_owned(),
    }
}

fn constant<'a>(number: Number) -> Result<Value<'a>, Fault> {
    match number {
        Number::Int(value) => Ok(Value::Int(value)),
        Number::Float(value) => Ok(Value::Float(value)),
        Number::TooLarge(value) => Err(Fault::TooLarge(value)),
    }
}

/// The field of the field of a value. Nothing has fields that are nothing.
fn walk<'a>(value: Value<'a>, names: &[String], more: bool) -> Result<Value<'a>, Fault> {
    let mut value = value;
    for (index, name) in names.iter().enumerate() {
        let last = index + 1 == names.len();
        value = match value {
            Value::Missing => Value::Missing,
            Value::Nil => return Err(Fault::FieldOfNull(name.clone())),
            Value::Map(_) if last && more => return Err(Fault::Arguments(name.clone())),
            Value::Map(members) => members.get(name).map_or(Value::Missing, Value::of),
            other => {
                return Err(Fault::Field {
                    field: name.clone(),
                    kind: other.kind(),
                });
            }
        };
    }
    Ok(value)
}

/// A value where a parameter is.
fn fit<'a>(parameter: Parameter, value: Value<'a>) -> Result<Value<'a>, Fault> {
    match (parameter, &value) {
        (Parameter::Any, _) | (Parameter::Text, Value::Text(_)) => Ok(value),
        (Parameter::Text, other) => Err(Fault::Type {
            wanted: "string",
            found: other.kind().to_owned(),
        }),
    }
}
