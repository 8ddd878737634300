//! What libFuzzer said of a run.

/// The numbers of a run; none where it didn't say them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// Inputs that were run.
    executions: Option<u64>,
    /// Edges of our code that were taken.
    edges: Option<u64>,
    /// Edges by how often an input took them.
    features: Option<u64>,
    /// Inputs that each reach something that no other does.
    corpus: Option<u64>,
}

impl Report {
    /// Reads the last line such as `#2097 DONE cov: 812 ft: 3021 corp: 312/45Kb lim: 128 ...` and the
    /// statistics `stat::number_of_executed_units: 2097`.
    pub(super) fn of(talk: &str) -> Self {
        let status = talk.lines().rev().find(|line| line.contains(" corp: "));
        let after = |word: &str| {
            let rest = status?.split_once(word)?.1.trim_start();
            number(rest)
        };
        let executed = talk.split_once("stat::number_of_executed_units:");
        Self {
            executions: executed.and_then(|(_, rest)| number(rest.trim_start())),
            edges: after(" cov: "),
            features: after(" ft: "),
            corpus: after(" corp: "),
        }
    }

    /// One line.
    pub(super) fn line(&self, target: &str) -> String {
        let shown =
            |number: Option<u64>| number.map_or("?".to_owned(), |number| number.to_string());
        format!(
            "fuzz {target} ... ok: {} executions, {} edges, {} features, {} inputs",
            shown(self.executions),
            shown(self.edges),
            shown(self.features),
            shown(self.corpus)
        )
    }
}

fn number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text[..end.unwrap_or(text.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn the_last_status_and_the_statistics_count() {
        let talk = "#8\tINITED cov: 500 ft: 501 corp: 4/10b exec/s: 0 rss: 31Mb\n\
                    #2097\tDONE   cov: 812 ft: 3021 corp: 312/45Kb lim: 128 exec/s: 69 rss: 31Mb\n\
                    Done 2097 runs in 31 second(s)\n\
                    stat::number_of_executed_units: 2097\n\
                    stat::average_exec_per_sec:     67\n";
        let expected = Report {
            executions: Some(2097),
            edges: Some(812),
            features: Some(3021),
            corpus: Some(312),
        };
        assert_eq!(Report::of(talk), expected);
        assert_eq!(
            expected.line("tpu"),
            "fuzz tpu ... ok: 2097 executions, 812 edges, 3021 features, 312 inputs"
        );
    }

    #[test]
    fn what_was_not_said_is_not_made_up() {
        assert!(Report::of("killed").line("tpu").contains("? executions"));
    }
}
