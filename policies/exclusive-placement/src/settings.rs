//! What an operator can set; `settings.schema.json` says the same as JSON Schema.

use serde::Deserialize;

/// JSON Schema of [`Settings`].
pub(crate) const SCHEMA: &str = include_str!("settings.schema.json");

/// The first JobSet whose Pod webhooks step aside for our mark and whose controller was tested.
const OLDEST_JOBSET: [u64; 3] = [0, 10, 1];

/// What an operator can set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Which of the domains that fit comes first.
    pub order: Order,
    /// Whether nodes of a reservation come before others, and spot VMs last.
    pub prefer_reservations: bool,
    /// The version of the cluster's JobSet; a recent one where it is not told.
    pub job_set_version: Option<String>,
}

/// Which of the domains that fit comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The tightest fit, so that large domains stay free for large groups.
    #[default]
    Pack,
    /// The one whose failure domain has the fewest groups.
    Spread,
}

impl Settings {
    /// The version of a JobSet that is older than the oldest that we place for.
    pub(crate) fn old_job_set(&self) -> Option<&str> {
        let version = self.job_set_version.as_deref()?;
        (numbers(version)? < OLDEST_JOBSET).then_some(version)
    }
}

/// The three numbers of `v0.12.0`; a pre-release counts as its release.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let release = version.split(['-', '+']).next().unwrap_or(version);
    let mut parts = release.split('.').map(|part| part.parse().ok());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Settings {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn no_settings_are_the_defaults() {
        let settings = of("{}");
        assert_eq!(settings.order, Order::Pack);
        assert!(!settings.prefer_reservations);
        assert_eq!(settings.old_job_set(), None);
    }

    #[test]
    fn a_jobset_is_too_old_before_0_10_1() {
        let is_old = |version: &str| {
            let settings = of(&format!(r#"{{"jobSetVersion": "{version}"}}"#));
            settings.old_job_set().is_some()
        };
        assert!(["0.2.3", "v0.10.0", "0.9.12"].iter().all(|old| is_old(old)));
        let recent = ["0.10.1", "v0.11.1", "0.12.0", "1.0.0", "v0.13.0-rc.1"];
        assert!(!recent.iter().any(|recent| is_old(recent)));
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        assert!(serde_json::from_str::<Settings>(r#"{"jobsetVersion":"0.12.0"}"#).is_err());
    }
}
