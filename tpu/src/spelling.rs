//! Did-you-mean: the closest of a few known words.

/// Longer input is nobody's misspelling, and must cost nothing.
const LONGEST: usize = 64;

/// How many suggestions a message can carry.
const SUGGESTIONS: usize = 3;

/// The words shown for the spellings closest to `name`, best first, without repetition. A
/// spelling counts if it differs in at most a third of the letters (one in short names).
pub(crate) fn closest(
    name: &str,
    spellings: impl Iterator<Item = (&'static str, &'static str)>,
) -> Vec<&'static str> {
    let name = name.trim().to_ascii_lowercase();
    if name.is_empty() || name.len() > LONGEST {
        return Vec::new();
    }
    let mut ranked: Vec<(usize, &'static str)> = spellings
        .filter_map(|(spelling, shown)| Some((rank(&name, spelling)?, shown)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut shown = Vec::new();
    for (_, word) in ranked {
        if !shown.contains(&word) {
            shown.push(word);
        }
    }
    shown.truncate(SUGGESTIONS);
    shown
}

fn rank(name: &str, spelling: &str) -> Option<usize> {
    let spelling = spelling.to_ascii_lowercase();
    let distance = distance(name, &spelling);
    let allowed = (name.len().min(spelling.len()) / 3).max(1);
    // Of equally distant words the ones that go on where the name ends come first: v5 is v5e.
    (distance <= allowed).then(|| 2 * distance + usize::from(!spelling.starts_with(name)))
}

/// Levenshtein distance in characters, by rows.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, a) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        row[0] = before;
        for (b, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = *cell;
            before = replaced.min(before + 1).min(diagonal + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or_default()
}
