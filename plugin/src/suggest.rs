//! What somebody may have meant who wrote something else.

/// The known name that is nearest to this one; `None` where none is near.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|known| {
            (
                strsim::damerau_levenshtein(&lower, &known.to_lowercase()),
                known,
            )
        })
        .filter(|(wrong, _)| *wrong <= distance(name))
        .min()
        .map(|(_, known)| known)
}

/// How many letters a misspelt name may have wrong: one in three, at least two.
fn distance(name: &str) -> usize {
    (name.chars().count() / 3).max(2)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_is_near_is_suggested_and_what_is_far_is_not() {
        let known = ["tpu-shape", "tpu-defaults", "sax-serving"];
        assert_eq!(nearest("tpu-shap", known), Some("tpu-shape"));
        assert_eq!(nearest("TPU-Defualts", known), Some("tpu-defaults"));
        assert_eq!(nearest("gke", known), None);
        assert_eq!(nearest("", []), None);
    }
}
