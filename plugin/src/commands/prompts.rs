//! Texts from the command line and from stdin.

use std::io::Read;

use crate::failure::Failure;

/// What stands for stdin.
const STDIN: &str = "-";
/// The most that is read of stdin: a prompt is text, not a file.
const LIMIT: u64 = 4 << 20;

/// The texts in their order; `-` is what stdin has, as one text or as one for each line.
pub(super) fn texts(words: &[String], lines: bool) -> Result<Vec<String>, Failure> {
    if lines && !words.iter().any(|word| word == STDIN) {
        return Err(Failure::Flag {
            flag: "--lines",
            message: "is about stdin, and no prompt is `-`".to_owned(),
        });
    }
    let mut texts = Vec::new();
    let mut read = false;
    for word in words {
        if word != STDIN {
            texts.push(word.clone());
        } else if !std::mem::replace(&mut read, true) {
            texts.extend(split(&stdin()?, lines));
        }
    }
    match texts.iter().all(|text| text.is_empty()) {
        true => Err(Failure::Flag {
            flag: "PROMPT",
            message: "is empty".to_owned(),
        }),
        false => Ok(texts),
    }
}

fn stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LIMIT + 1)
        .read_to_end(&mut bytes)?;
    let unusable = |message: String| Failure::Flag {
        flag: "stdin",
        message,
    };
    if bytes.len() as u64 > LIMIT {
        return Err(unusable(format!("has more than {} MB", LIMIT >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| unusable("is no UTF-8 text".to_owned()))
}

/// The line end at the end belongs to the tool that wrote it.
fn split(text: &str, lines: bool) -> Vec<String> {
    match lines {
        true => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect(),
        false => {
            let plain = text.strip_suffix('\n').unwrap_or(text);
            vec![plain.strip_suffix('\r').unwrap_or(plain).to_owned()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{split, texts};

    #[test]
    fn stdin_is_one_text_or_one_for_each_line() {
        assert_eq!(split("a\nb\n", false), ["a\nb"]);
        assert_eq!(split("a\nb\r\n\n", true), ["a", "b"]);
        assert_eq!(split("", false), [""]);
    }

    #[test]
    fn words_stay_in_their_order_and_nothing_is_no_prompt() {
        let words = ["a".to_owned(), "b".to_owned()];
        assert_eq!(texts(&words, false).expect("must be texts"), words);
        assert!(texts(&[String::new()], false).is_err());
        assert!(texts(&words, true).is_err());
    }
}
