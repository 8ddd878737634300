//! Saxml's log lines that say how far a server is. Sources: `model_service_base.py`,
//! `model_service_main.py` and `location.go` of v1.1.0. Pure.

/// A line that says so, and what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The marker, then what it is about.
    After(&'static str),
    /// The line is all that there is to say.
    Alone(&'static str),
}

/// Markers, the longer ones first where one begins another.
const FORMS: [Form; 11] = [
    Form::After("Successfully loaded model for key: "),
    Form::After("Loading model for key: "),
    Form::After("Failed to join "),
    Form::After("Started joining SAX cell "),
    Form::After(SKIPPED),
    Form::After(SERVED),
    Form::After("JAX process: "),
    Form::After("jax.device_count(): "),
    Form::After("Platform chip "),
    Form::After("Joined "),
    Form::Alone("loading completed."),
];

/// Of the models that a server doesn't serve it says one by one that it skips them.
const SKIPPED: &str = "Skipping unsupported model ";
/// Of those that it does it says so between them.
const SERVED: &str = "Servable model ";

/// The milestones of one log. The models that a server skips, some thirty, are one line: the first
/// of them, and how many more there are.
#[derive(Debug, Default)]
pub(crate) struct Milestones {
    first_skipped: Option<String>,
    skipped: usize,
}

impl Milestones {
    /// What a line of the log adds.
    pub(crate) fn of(&mut self, line: &str) -> Vec<String> {
        let Some(found) = milestone(line) else {
            return Vec::new();
        };
        let message = message(line);
        if message.starts_with(SKIPPED) {
            self.skipped += 1;
            self.first_skipped.get_or_insert(found);
            return Vec::new();
        }
        match message.starts_with(SERVED) {
            true => vec![found],
            false => self.end().into_iter().chain([found]).collect(),
        }
    }

    /// What is left at the end of the log.
    pub(crate) fn end(&mut self) -> Option<String> {
        let first = self.first_skipped.take();
        let more = std::mem::take(&mut self.skipped).saturating_sub(1);
        first.map(|first| match more {
            0 => first,
            1 => format!("{first} (and 1 more model)"),
            more => format!("{first} (and {more} more models)"),
        })
    }
}

/// A milestone of a line: when, where the line says so, and what. `None` for all other lines.
fn milestone(line: &str) -> Option<String> {
    let message = message(line);
    FORMS.iter().find_map(|form| match form {
        Form::After(marker) => {
            let rest = message.strip_prefix(marker)?;
            (!rest.trim().is_empty()).then_some(())
        }
        Form::Alone(marker) => message.contains(marker).then_some(()),
    })?;
    Some(match time(line) {
        Some(time) => format!("{time} {message}"),
        None => message.to_owned(),
    })
}

/// The line without what absl and glog put before it: `I0102 03:04:05.678901 7 file.py:8] `.
fn message(line: &str) -> &str {
    let is_prefix = time(line).is_some();
    let message = line.split_once("] ").filter(|_| is_prefix);
    message.map_or(line, |(_, message)| message).trim_end()
}

/// `03:04:05`, where the line begins as absl's and glog's do.
fn time(line: &str) -> Option<&str> {
    let (level, rest) = line.split_at_checked(1)?;
    let (date, rest) = rest.split_once(' ')?;
    let time = rest.get(..8)?;
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':')
    };
    let known = "IWEF".contains(level) && digits(date) && (date.len() == 4 || date.len() == 8);
    (known && digits(time) && time.matches(':').count() == 2).then_some(time)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Milestones, milestone};

    #[test]
    fn saxmls_lines_are_understood_with_and_without_their_prefix() {
        for line in [
            "JAX process: 0 / 8",
            "jax.device_count(): 32",
            "Platform chip tpuv5e, topology 4x8",
            "Servable model saxml.server.pax.lm.params.lm_cloud.LmCloudSpmd175B32Test",
            "Skipping unsupported model saxml.server.pax.lm.params.lm_cloud.LmCloudSpmd2B, Unsupported mesh shape: \
             Number of devices 32 must equal the product of mesh_shape [1, 1, 4]",
            "Started joining SAX cell /sax/test",
            "Joined 10.0.0.1:10000",
            "Failed to join 10.0.0.1:10000: Modelet.chip_type cannot be unknown",
            "Loading model for key: /sax/test/spmd",
            "loading completed.",
            "Successfully loaded model for key: /sax/test/spmd",
        ] {
            assert_eq!(milestone(line).as_deref(), Some(line));
            let logged = format!("I1125 09:10:11.123456 140 model_service_base.py:123] {line}");
            assert_eq!(milestone(&logged), Some(format!("09:10:11 {line}")));
            let glog = format!("I20231125 09:10:11.123456 140 location.go:12] {line}");
            assert_eq!(milestone(&glog), Some(format!("09:10:11 {line}")));
        }
    }

    #[test]
    fn the_models_that_a_server_skips_are_one_line_with_their_number() {
        let mut milestones = Milestones::default();
        let log = [
            "Platform chip tpuv5e",
            "Skipping unsupported model a, Unsupported mesh shape: x",
            "Servable model b",
            "Skipping unsupported model c, Unsupported mesh shape: x",
            "Compiling",
            "Skipping unsupported model d, Unsupported mesh shape: x",
            "Started joining SAX cell /sax/test",
            "Skipping unsupported model e, Unsupported mesh shape: x",
        ];
        let mut told: Vec<_> = log.iter().flat_map(|line| milestones.of(line)).collect();
        told.extend(milestones.end());
        assert_eq!(
            told,
            [
                "Platform chip tpuv5e",
                "Servable model b",
                "Skipping unsupported model a, Unsupported mesh shape: x (and 2 more models)",
                "Started joining SAX cell /sax/test",
                "Skipping unsupported model e, Unsupported mesh shape: x",
            ]
        );
        assert_eq!(milestones.end(), None);
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "",
            "I",
            "Joined ",
            "I1125 09:10:11.1 1 a.py:1] Compiling",
            "user said: Joined 10.0.0.1",
        ] {
            assert_eq!(milestone(line), None, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_much(line in "\\PC{0,80}") {
            let found = milestone(&line);
            prop_assert!(found.is_none_or(|found| !found.is_empty()));
        }
    }
}
