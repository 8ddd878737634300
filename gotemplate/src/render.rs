//! From tree and data to text, within limits.

use serde_json::Value as Json;

use crate::ast::{Block, Blocks, Branch, Call, MAIN, Node, Range, Span};
use crate::error::Fault;
use crate::format::{Sink, print};
use crate::run::{Frame, Machine};
use crate::value::{Text, Value, sorted};

/// What went wrong, and where.
pub(crate) type Failure = (Span, Fault);

/// How far a template goes. Each limit has an error of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps: nodes that run, loops that turn, bytes that functions make.
    pub steps: u64,
    /// Bytes that it prints, or that one function makes.
    pub output: usize,
    /// Blocks in blocks, templates in templates, lists in lists.
    pub depth: usize,
}

impl Default for Limits {
    /// Far above what a person writes: a second or two of work, and a stack that a thread has.
    fn default() -> Self {
        Self {
            steps: 50_000_000,
            output: 64 << 20,
            depth: 500,
        }
    }
}

/// What a node says about the loop around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

struct Renderer<'a> {
    blocks: &'a Blocks,
    machine: Machine,
    output: Sink,
}

pub(crate) fn render(blocks: &Blocks, data: &Json, limits: Limits) -> Result<Vec<u8>, Failure> {
    let mut renderer = Renderer {
        blocks,
        machine: Machine::new(limits),
        output: Sink::new(limits),
    };
    let data = Value::of(data).looked_into();
    let mut frame = Frame::new(data.clone());
    if let Some(main) = blocks.get(MAIN) {
        renderer.block(main, &data, &mut frame)?;
    }
    Ok(renderer.output.into_bytes())
}

impl<'a> Renderer<'a> {
    fn block(
        &mut self,
        block: &'a Block,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Flow, Failure> {
        for node in block {
            let flow = self.node(node, dot, frame)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(
        &mut self,
        node: &'a Node,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Flow, Failure> {
        match node {
            Node::Text(text) => self.text(text),
            Node::Action(action) => {
                let value = self.machine.pipeline(action, dot, frame)?;
                if action.variables.is_empty() {
                    self.print(&value, action.at)?;
                }
                Ok(Flow::On)
            }
            Node::Branch(branch) => self.branch(branch, dot, frame),
            Node::Range(range) => self.range(range, dot, frame),
            Node::Call(call) => self.call(call, dot, frame),
            Node::Break => Ok(Flow::Break),
            Node::Continue => Ok(Flow::Continue),
        }
    }

    fn text(&mut self, text: &str) -> Result<Flow, Failure> {
        let nowhere = Span { start: 0, end: 0 };
        self.machine.steps(1, nowhere)?;
        self.output.push(text.as_bytes());
        self.output.check(nowhere)?;
        Ok(Flow::On)
    }

    fn print(&mut self, value: &Value<'a>, at: Span) -> Result<(), Failure> {
        match value {
            Value::Missing => self.output.push(b"<no value>"),
            value => print(&mut self.output, value),
        }
        self.output.check(at)
    }

    fn branch(
        &mut self,
        branch: &'a Branch,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Flow, Failure> {
        let mark = frame.mark();
        let mut chosen = (&branch.otherwise, dot.clone());
        let mut at = None;
        for (pipeline, block) in &branch.arms {
            at = at.or(Some(pipeline.at));
            let value = self.machine.pipeline(pipeline, dot, frame)?;
            if value.is_true() {
                chosen = (block, if branch.sets_dot { value } else { dot.clone() });
                break;
            }
        }
        self.machine
            .enter(at.unwrap_or(Span { start: 0, end: 0 }))?;
        let flow = self.block(chosen.0, &chosen.1, frame);
        self.machine.leave();
        frame.reset(mark);
        flow
    }

    fn range(
        &mut self,
        range: &'a Range,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Flow, Failure> {
        let mark = frame.mark();
        let over = self.machine.pipeline(&range.over, dot, frame)?;
        self.machine.enter(range.over.at)?;
        let flow = match self.turns(range, &over, frame)? {
            Some(flow) => flow,
            None => self.block(&range.otherwise, dot, frame)?,
        };
        self.machine.leave();
        frame.reset(mark);
        Ok(flow)
    }

    /// The loop; none where there is nothing to go through.
    fn turns(
        &mut self,
        range: &'a Range,
        over: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Option<Flow>, Failure> {
        let at = range.over.at;
        match over {
            Value::Missing | Value::Nil => Ok(None),
            Value::List(items) => {
                let index = |index: usize| Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
                let turns = items.iter().enumerate();
                let turns = turns.map(|(place, item)| (index(place), Value::of(item)));
                self.each(range, turns, frame)
            }
            Value::Map(members) => {
                self.machine.steps(members.len() as u64, at)?;
                let turns = sorted(members).into_iter();
                let key = |key: &'a String| Value::Text(Text::Borrowed(key.as_bytes()));
                let turns = turns.map(|(name, item)| (key(name), Value::of(item)));
                self.each(range, turns, frame)
            }
            Value::Int(_) | Value::Int64(_) | Value::Byte(_) => self.count(range, over, frame),
            other => Err((at, Fault::Range(described(other)))),
        }
    }

    fn count(
        &mut self,
        range: &'a Range,
        over: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Option<Flow>, Failure> {
        let end = over.whole().unwrap_or(0);
        if range.over.variables.len() > 1 {
            return Err((range.over.at, Fault::RangeVariables(end)));
        }
        let like: fn(i64) -> Value<'a> = match over {
            Value::Int64(_) => Value::Int64,
            Value::Byte(_) => |value| Value::Byte(u8::try_from(value).unwrap_or(u8::MAX)),
            _ => Value::Int,
        };
        self.each(
            range,
            (0..end).map(|turn| (Value::Missing, like(turn))),
            frame,
        )
    }

    fn each(
        &mut self,
        range: &'a Range,
        turns: impl Iterator<Item = (Value<'a>, Value<'a>)>,
        frame: &mut Frame<'a>,
    ) -> Result<Option<Flow>, Failure> {
        let mark = frame.mark();
        let mut flow = None;
        for (index, item) in turns {
            self.machine.steps(1, range.over.at)?;
            frame
                .turn(&range.over, index, &item)
                .map_err(|fault| (range.over.at, fault))?;
            let left = self.block(&range.body, &item, frame)?;
            frame.reset(mark);
            flow = Some(Flow::On);
            if left == Flow::Break {
                break;
            }
        }
        Ok(flow)
    }

    fn call(
        &mut self,
        call: &'a Call,
        dot: &Value<'a>,
        frame: &mut Frame<'a>,
    ) -> Result<Flow, Failure> {
        let unknown = || {
            let name = String::from_utf8_lossy(&call.name).into_owned();
            (call.at, Fault::Template(name))
        };
        let block = self.blocks.get(&call.name).ok_or_else(unknown)?;
        let dot = match &call.dot {
            Some(pipeline) => self.machine.pipeline(pipeline, dot, frame)?,
            None => Value::Missing,
        };
        self.machine.enter(call.at)?;
        let mut inner = Frame::new(dot.clone());
        self.block(block, &dot, &mut inner)?;
        self.machine.leave();
        Ok(Flow::On)
    }
}

/// A value that can't be counted through, short.
fn described(value: &Value<'_>) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        other => format!("a value of type {}", other.kind()),
    }
}
