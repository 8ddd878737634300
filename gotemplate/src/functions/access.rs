//! What is in a value: `index`, `slice`, `len`, `exists`, and `call`, which nothing answers.

use crate::error::CallFault;
use crate::render::Limits;
use crate::value::{Text, Value};

/// `index x 1 "a"` is `x[1]["a"]`.
pub(super) fn index<'a>(values: &[Value<'a>], _: Limits) -> Result<Value<'a>, CallFault> {
    let mut values = values.iter();
    let mut item = values.next().cloned().unwrap_or(Value::Nil);
    if item.is_nil() {
        return Err(CallFault::Nil("index"));
    }
    for place in values {
        item = at(&item, place)?;
    }
    Ok(item)
}

fn at<'a>(item: &Value<'a>, place: &Value<'a>) -> Result<Value<'a>, CallFault> {
    let container = item.kind();
    let kind = place.kind();
    let wrong = CallFault::Index { container, kind };
    match (item, place) {
        (Value::Missing | Value::Nil, _) => Err(CallFault::Nil("index")),
        (Value::List(items), _) => {
            let place = place.whole().ok_or(wrong)?;
            let found = usize::try_from(place).ok().and_then(|at| items.get(at));
            found.map(Value::of).ok_or(CallFault::Range(place))
        }
        (Value::Text(text), _) => {
            let place = place.whole().ok_or(wrong)?;
            let found = usize::try_from(place).ok().and_then(|at| text.get(at));
            let found = found.copied().map(Value::Byte);
            found.ok_or(CallFault::Range(place))
        }
        (Value::Map(members), Value::Text(key)) => {
            let key = std::str::from_utf8(key).ok();
            let found = key.and_then(|key| members.get(key));
            Ok(found.map_or(Value::Nil, Value::of))
        }
        (Value::Map(_), _) => Err(wrong),
        _ => Err(CallFault::Type {
            verb: "index",
            kind: container,
        }),
    }
}

/// `slice x 1 2` is `x[1:2]`.
pub(super) fn slice<'a>(values: &[Value<'a>], _: Limits) -> Result<Value<'a>, CallFault> {
    let Some((item, places)) = values.split_first() else {
        return Err(CallFault::Nil("slice"));
    };
    let length = match item {
        Value::Missing | Value::Nil => return Err(CallFault::Nil("slice")),
        _ if places.len() > 3 => return Err(CallFault::Indexes(places.len())),
        Value::Text(_) if places.len() == 3 => return Err(CallFault::TextCapacity),
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        other => {
            let kind = other.kind();
            return Err(CallFault::Type {
                verb: "slice",
                kind,
            });
        }
    };
    let (start, end) = bounds(item.kind(), places, length)?;
    Ok(match item {
        Value::List(items) => Value::List(&items[start..end]),
        Value::Text(Text::Borrowed(bytes)) => Value::Text(Text::Borrowed(&bytes[start..end])),
        Value::Text(bytes) => Value::text(bytes[start..end].to_vec()),
        other => other.clone(),
    })
}

fn bounds(
    container: &'static str,
    places: &[Value<'_>],
    length: usize,
) -> Result<(usize, usize), CallFault> {
    let mut bounds = [0, length, length];
    for (bound, place) in bounds.iter_mut().zip(places) {
        let kind = place.kind();
        let wrong = CallFault::Index { container, kind };
        let place = place.whole().ok_or(wrong)?;
        let found = usize::try_from(place).ok().filter(|at| *at <= length);
        *bound = found.ok_or(CallFault::Range(place))?;
    }
    let [start, end, capacity] = bounds;
    match () {
        () if start > end => Err(CallFault::Order(start, end)),
        () if end > capacity => Err(CallFault::Order(end, capacity)),
        () => Ok((start, end)),
    }
}

/// How many bytes, items or members.
pub(super) fn len<'a>(values: &[Value<'a>], _: Limits) -> Result<Value<'a>, CallFault> {
    let length = match values.first().unwrap_or(&Value::Nil) {
        Value::Missing | Value::Nil => return Err(CallFault::Nil("len")),
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        Value::Map(members) => members.len(),
        other => {
            let (verb, kind) = ("take the length of an", other.kind());
            return Err(CallFault::Type { verb, kind });
        }
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// kubectl's: is there something at these indexes? Where none is given it is always true, as nil
/// isn't told from nothing there.
pub(super) fn exists<'a>(values: &[Value<'a>], _: Limits) -> Result<Value<'a>, CallFault> {
    let mut values = values.iter();
    let mut item = values.next().cloned().unwrap_or(Value::Nil);
    let mut deeper = false;
    for place in values {
        let empty = Value::Text(Text::Borrowed(b""));
        let is_map = matches!(item, Value::Map(_));
        let place = if is_map && place.is_nil() {
            &empty
        } else {
            place
        };
        match at(&item, place) {
            Ok(found) => item = found,
            Err(_) => return Ok(Value::Bool(false)),
        }
        deeper = true;
    }
    Ok(Value::Bool(!(deeper && item.is_nil())))
}

/// JSON has nothing that can be called.
pub(super) fn call<'a>(values: &[Value<'a>], _: Limits) -> Result<Value<'a>, CallFault> {
    match values.first() {
        None | Some(Value::Missing | Value::Nil) => Err(CallFault::Nil("call")),
        Some(other) => Err(CallFault::NoFunction(other.kind())),
    }
}
