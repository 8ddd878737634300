//! RFC 6901 JSON pointers.

use std::borrow::Cow;

/// Escapes one token of a pointer: `~` becomes `~0`, `/` becomes `~1`.
pub fn escape(token: &str) -> Cow<'_, str> {
    if !token.bytes().any(is_special) {
        return Cow::Borrowed(token);
    }
    let mut escaped = String::with_capacity(token.len() + 4);
    push_escaped(&mut escaped, token);
    Cow::Owned(escaped)
}

/// Appends an escaped token.
pub(crate) fn push_escaped(path: &mut String, token: &str) {
    let mut rest = token;
    while let Some(at) = rest.bytes().position(is_special) {
        let (plain, special) = rest.split_at(at);
        path.push_str(plain);
        path.push_str(if special.starts_with('~') { "~0" } else { "~1" });
        rest = &special[1..];
    }
    path.push_str(rest);
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'~' | b'/')
}

/// The key that a token of a pointer stands for.
pub(crate) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// The pointer one member below `path`.
pub fn join(path: &str, token: &str) -> String {
    let mut joined = String::with_capacity(path.len() + 1 + token.len());
    joined.push_str(path);
    joined.push('/');
    push_escaped(&mut joined, token);
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_tildes_in_keys_are_escaped() {
        assert_eq!(
            join("/metadata/labels", "a/b~c"),
            "/metadata/labels/a~1b~0c"
        );
        assert_eq!(unescape(&escape("a/b~c~1")), "a/b~c~1");
    }
}
