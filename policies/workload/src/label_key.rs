//! What may be the key of a label.

/// Characters of a key's name.
const NAME: usize = 63;
/// Characters of a key's prefix.
const PREFIX: usize = 253;

/// Whether `key` is `[prefix/]name` as Kubernetes has it: the name of at most 63 characters, the
/// prefix a DNS name.
pub fn is_label_key(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    prefix.is_none_or(is_dns_name)
        && name.len() <= NAME
        && name.bytes().all(inner)
        && has_plain_ends(name)
}

fn is_dns_name(prefix: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    prefix.len() <= PREFIX
        && prefix
            .split('.')
            .all(|label| label.bytes().all(inner) && has_plain_ends(label))
}

/// Whether it begins and ends with a letter or digit.
fn has_plain_ends(text: &str) -> bool {
    let plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    plain(text.as_bytes().first()) && plain(text.as_bytes().last())
}
