//! Answers that come piece by piece.

use saxml::lm::{GenerateStreamItem, GenerateStreamResponse};

use super::Answer;

/// The answers so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Transcript {
    answers: Vec<Answer>,
}

impl Transcript {
    /// Takes a piece: one item for each answer.
    pub(super) fn add(&mut self, piece: GenerateStreamResponse) {
        for (index, item) in piece.items.into_iter().enumerate() {
            if self.answers.len() <= index {
                let (text, score) = (String::new(), 0.0);
                self.answers.push(Answer { text, score });
            }
            add_item(&mut self.answers[index], &item);
        }
    }

    /// The answers, best first as the server has them.
    pub(crate) fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// The first answer so far.
    pub(crate) fn first(&self) -> &str {
        self.answers.first().map_or("", |answer| &answer.text)
    }

    pub(super) fn bytes(&self) -> usize {
        self.answers.iter().map(|answer| answer.text.len()).sum()
    }
}

/// `prefix_len` counts Unicode code points, as Python does.
fn add_item(answer: &mut Answer, item: &GenerateStreamItem) {
    let kept = usize::try_from(item.prefix_len).unwrap_or(0);
    if let Some((end, _)) = answer.text.char_indices().nth(kept) {
        answer.text.truncate(end);
    }
    answer.text += &item.text;
    #[expect(deprecated, reason = "older servers send nothing else")]
    let single = item.score;
    answer.score = item.scores.first().copied().unwrap_or(single);
}

#[cfg(test)]
mod tests {
    use saxml::lm::{GenerateStreamItem, GenerateStreamResponse};

    use super::Transcript;

    fn piece(text: &str, prefix_len: i32, scores: &[f64]) -> GenerateStreamResponse {
        let item = GenerateStreamItem {
            text: text.to_owned(),
            prefix_len,
            scores: scores.to_vec(),
            ..GenerateStreamItem::default()
        };
        GenerateStreamResponse { items: vec![item] }
    }

    #[test]
    fn pieces_are_put_together_by_code_points() {
        let mut transcript = Transcript::default();
        transcript.add(piece("né", 0, &[-1.0]));
        transcript.add(piece(" dans", 2, &[-2.0]));
        assert_eq!(transcript.first(), "né dans");
        transcript.add(piece("z", 2, &[]));
        assert_eq!(transcript.first(), "néz");
        assert_eq!(transcript.answers()[0].score, 0.0);
    }

    #[test]
    fn nonsense_in_the_prefix_length_harms_nothing() {
        let mut transcript = Transcript::default();
        transcript.add(piece("a", -5, &[]));
        transcript.add(piece("b", 1_000_000, &[]));
        assert_eq!(transcript.first(), "ab");
    }
}
