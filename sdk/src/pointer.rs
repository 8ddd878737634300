//! RFC 6901 JSON pointers.

use std::borrow::Cow;

/// Escapes one token of a pointer: `~` becomes `~0`, `/` becomes `~1`.
pub fn escape(token: &str) -> Cow<'_, str> {
    if token.contains(['~', '/']) {
        Cow::Owned(token.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(token)
    }
}

/// The key that a token of a pointer stands for.
pub(crate) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// The pointer one member below `path`.
pub fn join(path: &str, token: &str) -> String {
    let token = escape(token);
    let mut joined = String::with_capacity(path.len() + 1 + token.len());
    joined.push_str(path);
    joined.push('/');
    joined.push_str(&token);
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
