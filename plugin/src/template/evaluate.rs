//! Paths into JSON, in kubectl's spelling: `.spec.replicas`, `['a.b/c']`, `[*]`, `[-1]`, `[0:2]`,
//! `..name`, `[?(@.type=="Ready")]`.

use serde_json::Value;

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Back to the whole.
    Root,
    /// A member.
    Key(String),
    /// All members or items.
    All,
    /// An item, from the end where it is negative.
    Index(i64),
    /// Items from one to before another, by steps.
    Slice(Option<i64>, Option<i64>, usize),
    /// This member of everything below.
    Everywhere(String),
    /// Items for which a comparison holds.
    Where(Vec<Step>, Option<(Comparison, Value)>),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    AtMost,
    AtLeast,
    Less,
    More,
}

/// Comparisons by their spelling, the longer first.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Less),
    (">", Comparison::More),
];

/// The values at a path; none where it leads nowhere.
pub(super) fn evaluate<'a>(steps: &[Step], root: &'a Value, current: &'a Value) -> Vec<&'a Value> {
    let mut found = vec![current];
    for step in steps {
        found = match step {
            Step::Root => vec![root],
            step => found
                .into_iter()
                .flat_map(|value| follow(step, root, value))
                .collect(),
        };
    }
    found
}

/// A value as a text: strings as they are, all else as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn follow<'a>(step: &Step, root: &'a Value, value: &'a Value) -> Vec<&'a Value> {
    match (step, value) {
        (Step::Key(key), Value::Object(members)) => members.get(key).into_iter().collect(),
        (Step::All, Value::Object(members)) => members.values().collect(),
        (Step::All, Value::Array(items)) => items.iter().collect(),
        (Step::Index(index), Value::Array(items)) => at(*index, items.len())
            .and_then(|index| items.get(index))
            .into_iter()
            .collect(),
        (Step::Slice(from, to, by), Value::Array(items)) => {
            let bound =
                |index: Option<i64>, default| index.map_or(default, |i| clamp(i, items.len()));
            let (from, to) = (bound(*from, 0), bound(*to, items.len()));
            items.iter().take(to).skip(from).step_by(*by).collect()
        }
        (Step::Everywhere(key), value) => everywhere(key, value),
        (Step::Where(path, test), Value::Array(items)) => items
            .iter()
            .filter(|item| holds(path, test.as_ref(), root, item))
            .collect(),
        _ => Vec::new(),
    }
}

fn at(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 {
        index.checked_add(length)?
    } else {
        index
    };
    usize::try_from(index).ok()
}

fn clamp(index: i64, length: usize) -> usize {
    at(index, length).map_or(0, |index| index.min(length))
}

fn everywhere<'a>(key: &str, value: &'a Value) -> Vec<&'a Value> {
    let (own, below): (_, Vec<&Value>) = match value {
        Value::Object(members) => (members.get(key), members.values().collect()),
        Value::Array(items) => (None, items.iter().collect()),
        _ => (None, Vec::new()),
    };
    let below = below.into_iter().flat_map(|value| everywhere(key, value));
    own.into_iter().chain(below).collect()
}

fn holds(path: &[Step], test: Option<&(Comparison, Value)>, root: &Value, item: &Value) -> bool {
    let found = evaluate(path, root, item);
    match (test, found.first()) {
        (None, found) => found.is_some(),
        (Some(_), None) => false,
        (Some((comparison, wanted)), Some(found)) => compare(found, *comparison, wanted),
    }
}

fn compare(found: &Value, comparison: Comparison, wanted: &Value) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) => found.partial_cmp(&wanted),
        _ => match (found.as_str(), wanted.as_str()) {
            (Some(found), Some(wanted)) => Some(found.cmp(wanted)),
            _ => (found == wanted).then_some(Equal),
        },
    };
    match comparison {
        Comparison::Equal => order == Some(Equal),
        Comparison::NotEqual => order != Some(Equal),
        Comparison::AtMost => matches!(order, Some(Less | Equal)),
        Comparison::AtLeast => matches!(order, Some(Greater | Equal)),
        Comparison::Less => order == Some(Less),
        Comparison::More => order == Some(Greater),
    }
}

/// Reads a path.
pub(super) fn parse_path(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('$') {
        steps.push(Step::Root);
        rest = after;
    } else if let Some(after) = rest.strip_prefix('@') {
        rest = after;
    }
    while !rest.is_empty() {
        rest = parse_step(rest, &mut steps)?;
    }
    Ok(steps)
}

fn parse_step<'a>(text: &'a str, steps: &mut Vec<Step>) -> Result<&'a str, String> {
    if let Some(after) = text.strip_prefix("..") {
        let (name, rest) = name(after);
        steps.push(Step::Everywhere(named(name, text)?));
        return Ok(rest);
    }
    if let Some(after) = text.strip_prefix('[') {
        let close = closing(after).ok_or_else(|| format!("{text}: a [ without its ]"))?;
        steps.push(parse_bracket(after[..close].trim())?);
        return Ok(&after[close + 1..]);
    }
    let after = text.strip_prefix('.').unwrap_or(text);
    // `.[0]` and a lonely `.` are the same without the dot.
    if after.is_empty() || after.starts_with('[') {
        return Ok(after);
    }
    let (name, rest) = name(after);
    steps.push(match name.as_str() {
        "*" => Step::All,
        _ => Step::Key(named(name, text)?),
    });
    Ok(rest)
}

/// A name up to the next dot or bracket; a backslash takes what follows as it is.
fn name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut letters = text.char_indices();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '.' | '[' => return (name, &text[index..]),
            '\\' => name.extend(letters.next().map(|(_, letter)| letter)),
            letter => name.push(letter),
        }
    }
    (name, "")
}

fn named(name: String, text: &str) -> Result<String, String> {
    let fine = !name.is_empty()
        && !name.contains(|letter: char| letter.is_whitespace() || "(){}\"'".contains(letter));
    if fine {
        Ok(name)
    } else {
        Err(format!("{text}: expected the name of a field"))
    }
}

/// The bracket that closes, past those inside and those in quotes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    for (index, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(index),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn parse_bracket(text: &str) -> Result<Step, String> {
    let number = |text: &str| {
        text.trim()
            .parse::<i64>()
            .map_err(|_| format!("[{text}]: expected a number"))
    };
    if let Some(filter) = text
        .strip_prefix("?(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        return parse_filter(filter.trim());
    }
    if let Some(name) = unquoted(text) {
        return Ok(Step::Key(name));
    }
    if text == "*" || text.is_empty() {
        return Ok(Step::All);
    }
    if !text.contains(':') {
        return number(text).map(Step::Index);
    }
    let bounds: Vec<_> = text.split(':').collect();
    let bound = |text: &str| {
        if text.trim().is_empty() {
            Ok(None)
        } else {
            number(text).map(Some)
        }
    };
    let by = bounds
        .get(2)
        .map_or(Ok(None), |text| bound(text))?
        .unwrap_or(1);
    let by = usize::try_from(by).ok().filter(|by| *by > 0);
    let by = by.ok_or_else(|| format!("[{text}]: a step is at least 1"))?;
    match bounds.len() {
        2 | 3 => Ok(Step::Slice(bound(bounds[0])?, bound(bounds[1])?, by)),
        _ => Err(format!("[{text}]: expected FROM:TO or FROM:TO:STEP")),
    }
}

fn parse_filter(text: &str) -> Result<Step, String> {
    let found = COMPARISONS.iter().filter_map(|(sign, comparison)| {
        let index = outside_quotes(text, sign)?;
        Some((index, std::cmp::Reverse(sign.len()), *comparison))
    });
    let Some((index, std::cmp::Reverse(length), comparison)) =
        found.min_by_key(|(i, l, _)| (*i, *l))
    else {
        return Ok(Step::Where(parse_path(text)?, None));
    };
    let path = parse_path(text[..index].trim())?;
    let wanted = literal(text[index + length..].trim())?;
    Ok(Step::Where(path, Some((comparison, wanted))))
}

fn outside_quotes(text: &str, sign: &str) -> Option<usize> {
    let mut quote = None;
    for (index, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, _) if text[index..].starts_with(sign) => return Some(index),
            _ => {}
        }
    }
    None
}

fn literal(text: &str) -> Result<Value, String> {
    if let Some(text) = unquoted(text) {
        return Ok(Value::String(text));
    }
    serde_json::from_str(text)
        .map_err(|_| format!("{text}: expected a text in quotes, a number, true or false"))
}

fn unquoted(text: &str) -> Option<String> {
    let quote = text
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))?;
    let inner = text.get(1..)?.strip_suffix(quote)?;
    Some(inner.to_owned())
}
