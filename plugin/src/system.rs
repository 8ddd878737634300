//! The operating system's own words.

use std::io;

/// An error as the system words it, without the number that Rust adds: `No such file or directory`.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) if text.ends_with(')') => text[..end].to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::plain;

    #[test]
    fn the_systems_words_stand_alone() {
        let missing = std::fs::read("no/such/file").expect_err("must fail");
        assert_eq!(plain(&missing), "No such file or directory");
        assert_eq!(plain(&io::Error::other("own words")), "own words");
    }
}
