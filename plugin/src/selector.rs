//! Label selectors as kubectl's `-l` takes them: `app=sax,tier!=test,env in (a,b),!old`.

use std::collections::BTreeSet;

use kube::core::{Expression, Selector};

/// Reads a selector.
pub(crate) fn parse_selector(text: &str) -> Result<Selector, String> {
    let terms = terms(text).into_iter().filter(|term| !term.is_empty());
    terms.map(expression).collect()
}

/// The parts between the commas that stand in no brackets.
fn terms(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (index, letter) in text.char_indices() {
        match letter {
            '(' => inside = true,
            ')' => inside = false,
            ',' if !inside => {
                terms.push(text[start..index].trim());
                start = index + 1;
            }
            _ => {}
        }
    }
    terms.push(text[start..].trim());
    terms
}

fn expression(term: &str) -> Result<Expression, String> {
    if let Some(key) = term.strip_prefix('!') {
        return Ok(Expression::DoesNotExist(word(key)?));
    }
    if let Some(list) = term.strip_suffix(')') {
        return set(term, list);
    }
    // The longer signs first: each holds the shorter one.
    for (sign, of) in [
        (
            "!=",
            Expression::NotEqual as fn(String, String) -> Expression,
        ),
        ("==", Expression::Equal),
        ("=", Expression::Equal),
    ] {
        if let Some((key, value)) = term.split_once(sign) {
            return Ok(of(word(key)?, value_of(value)?));
        }
    }
    Ok(Expression::Exists(word(term)?))
}

/// `KEY in (A,B)`, `KEY notin (A,B)`
fn set(term: &str, list: &str) -> Result<Expression, String> {
    let expected = || format!("{term:?}: expected KEY in (VALUE,...) or KEY notin (VALUE,...)");
    let (front, values) = list.split_once('(').ok_or_else(expected)?;
    let (key, sign) = front
        .trim()
        .split_once(char::is_whitespace)
        .ok_or_else(expected)?;
    let values = values
        .split(',')
        .map(value_of)
        .collect::<Result<BTreeSet<_>, _>>()?;
    match sign.trim() {
        "in" => Ok(Expression::In(word(key)?, values)),
        "notin" => Ok(Expression::NotIn(word(key)?, values)),
        _ => Err(expected()),
    }
}

fn word(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fine = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    match !text.is_empty() && text.chars().all(fine) {
        true => Ok(text.to_owned()),
        false => Err(format!("{text:?}: expected a label's key, as in app=sax")),
    }
}

/// Unlike a key it may be empty.
fn value_of(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Ok(String::new()),
        value => word(value),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kube::core::SelectorExt as _;

    use super::parse_selector;

    #[test]
    fn selectors_select_as_kubectls_do() {
        let labels = BTreeMap::from([
            ("app".to_owned(), "sax".to_owned()),
            ("x.io/env".to_owned(), "a".to_owned()),
        ]);
        for (text, selects) in [
            ("", true),
            ("app=sax", true),
            ("app==sax,x.io/env!=b", true),
            ("app = other", false),
            ("app!=sax", false),
            ("x.io/env in (a, b)", true),
            ("x.io/env notin (a,b)", false),
            ("x.io/env in (c),app", false),
            ("app,!old", true),
            ("old", false),
        ] {
            let selector = parse_selector(text).expect("must be a selector");
            assert_eq!(selector.matches(&labels), selects, "{text}");
        }
        for text in [
            "=a",
            "app in a",
            "app in (a",
            "app within (a)",
            "a b",
            "app=a b",
        ] {
            assert!(parse_selector(text).is_err(), "{text}");
        }
    }
}
