//! RFC 6902 once more, as far as a policy may use it: written from the text of the RFC, so that what
//! the library does is held against something.

use admission::json_patch::PatchOperation;
use admission::json_patch::jsonptr::Pointer;
use serde_json::Value;

/// An operation that can't be applied.
#[derive(Debug)]
pub(crate) struct DoesNotApply;

/// The object with the operations applied in order: all of them, or none.
pub(crate) fn apply(object: &Value, patch: &[PatchOperation]) -> Result<Value, DoesNotApply> {
    let mut patched = object.clone();
    for operation in patch {
        match operation {
            PatchOperation::Add(add) => put(&mut patched, &add.path, &add.value, true)?,
            PatchOperation::Replace(put_) => put(&mut patched, &put_.path, &put_.value, false)?,
            PatchOperation::Remove(remove) => take(&mut patched, &remove.path)?,
            _ => return Err(DoesNotApply),
        }
    }
    Ok(patched)
}

fn put(object: &mut Value, path: &Pointer, value: &Value, add: bool) -> Result<(), DoesNotApply> {
    let (parent, last) = parent(object, path)?;
    match parent {
        Value::Object(members) if add || members.contains_key(&last) => {
            members.insert(last, value.clone());
        }
        Value::Array(items) if add => {
            let at = match last.as_str() {
                "-" => items.len(),
                index => position(index)?,
            };
            if at > items.len() {
                return Err(DoesNotApply);
            }
            items.insert(at, value.clone());
        }
        Value::Array(items) => {
            *items.get_mut(position(&last)?).ok_or(DoesNotApply)? = value.clone();
        }
        _ => return Err(DoesNotApply),
    }
    Ok(())
}

fn take(object: &mut Value, path: &Pointer) -> Result<(), DoesNotApply> {
    let (parent, last) = parent(object, path)?;
    match parent {
        Value::Object(members) => members.shift_remove(&last).map(drop).ok_or(DoesNotApply),
        Value::Array(items) => {
            let at = position(&last)?;
            (at < items.len())
                .then(|| drop(items.remove(at)))
                .ok_or(DoesNotApply)
        }
        _ => Err(DoesNotApply),
    }
}

/// The value above the one that a path names, and the last part of the path.
fn parent<'a>(
    object: &'a mut Value,
    path: &Pointer,
) -> Result<(&'a mut Value, String), DoesNotApply> {
    let mut tokens: Vec<String> = path
        .tokens()
        .map(|token| token.decoded().into_owned())
        .collect();
    let last = tokens.pop().ok_or(DoesNotApply)?;
    let mut value = object;
    for token in tokens {
        value = match value {
            Value::Object(members) => members.get_mut(&token),
            Value::Array(items) => items.get_mut(position(&token)?),
            _ => None,
        }
        .ok_or(DoesNotApply)?;
    }
    Ok((value, last))
}

/// An index as RFC 6901 writes it: digits without a leading zero.
fn position(token: &str) -> Result<usize, DoesNotApply> {
    let is_index = token == "0" || !token.starts_with('0');
    let digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    match is_index && digits {
        true => token.parse().map_err(|_| DoesNotApply),
        false => Err(DoesNotApply),
    }
}
