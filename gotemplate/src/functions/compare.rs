//! Truth and order: `not`, `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use std::cmp::Ordering;

use crate::error::CallFault;
use crate::render::Limits;
use crate::value::Value;

type Answer<'a> = Result<Value<'a>, CallFault>;

/// What can be compared; types of one kind with each other.
enum Basic<'v> {
    Bool(bool),
    /// Go compares signed and unsigned.
    Whole(i64),
    Float(f64),
    Text(&'v [u8]),
}

impl<'v> Basic<'v> {
    fn of(value: &'v Value<'_>) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Float(value) => Some(Self::Float(*value)),
            Value::Text(text) => Some(Self::Text(text)),
            other => other.whole().map(Self::Whole),
        }
    }
}

pub(super) fn not<'a>(values: &[Value<'a>], _: Limits) -> Answer<'a> {
    Ok(Value::Bool(!values.iter().any(Value::is_true)))
}

/// Is the first equal to any of the others?
pub(super) fn eq<'a>(values: &[Value<'a>], _: Limits) -> Answer<'a> {
    let Some((first, others)) = values.split_first() else {
        return Err(CallFault::Alone);
    };
    if others.is_empty() {
        return Err(CallFault::Alone);
    }
    for other in others {
        if are_equal(first, other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn ne<'a>(values: &[Value<'a>], limits: Limits) -> Answer<'a> {
    let equal = eq(values, limits)?;
    Ok(Value::Bool(!equal.is_true()))
}

pub(super) fn lt<'a>(values: &[Value<'a>], _: Limits) -> Answer<'a> {
    ordered(values, Ordering::is_lt)
}

pub(super) fn le<'a>(values: &[Value<'a>], _: Limits) -> Answer<'a> {
    ordered(values, Ordering::is_le)
}

pub(super) fn gt<'a>(values: &[Value<'a>], _: Limits) -> Answer<'a> {
    ordered(values, Ordering::is_gt)
}

pub(super) fn ge<'a>(values: &[Value<'a>], _: Limits) -> Answer<'a> {
    ordered(values, Ordering::is_ge)
}

fn are_equal(left: &Value<'_>, right: &Value<'_>) -> Result<bool, CallFault> {
    match (Basic::of(left), Basic::of(right)) {
        (Some(Basic::Bool(left)), Some(Basic::Bool(right))) => Ok(left == right),
        (Some(Basic::Whole(left)), Some(Basic::Whole(right))) => Ok(left == right),
        (Some(Basic::Float(left)), Some(Basic::Float(right))) => Ok(left == right),
        (Some(Basic::Text(left)), Some(Basic::Text(right))) => Ok(left == right),
        // Lists and objects are equal to nothing, and unequal to nil only.
        _ if left.is_nil() || right.is_nil() => Ok(left.is_nil() && right.is_nil()),
        (None, None) => Err(CallFault::Incomparable(right.kind())),
        _ => Err(CallFault::Incompatible(left.kind(), right.kind())),
    }
}

fn ordered<'a>(values: &[Value<'a>], is: fn(Ordering) -> bool) -> Answer<'a> {
    let [left, right] = values else {
        return Err(CallFault::Alone);
    };
    let incomparable = |value: &Value<'a>| CallFault::Incomparable(value.kind());
    let first = Basic::of(left).ok_or_else(|| incomparable(left))?;
    let second = Basic::of(right).ok_or_else(|| incomparable(right))?;
    let order = match (first, second) {
        (Basic::Whole(left), Basic::Whole(right)) => left.cmp(&right),
        (Basic::Float(left), Basic::Float(right)) => left.total_cmp(&right),
        (Basic::Text(left), Basic::Text(right)) => left.cmp(right),
        (Basic::Bool(_), Basic::Bool(_)) => return Err(incomparable(left)),
        _ => return Err(CallFault::Incompatible(left.kind(), right.kind())),
    };
    Ok(Value::Bool(is(order)))
}
