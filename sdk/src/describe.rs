//! What a policy says of itself.

use crate::review::Operation;
use crate::verdict::{Severity, WRONG_TYPE};

/// Which reviews a policy wants to see. An empty list means "any".
#[derive(Debug, Clone, Default)]
pub struct MatchRule {
    /// `""` is the core group.
    pub api_groups: Vec<String>,
    /// Such as `v1`.
    pub api_versions: Vec<String>,
    /// Plural resources, such as `pods`.
    pub resources: Vec<String>,
    /// What the user does.
    pub operations: Vec<Operation>,
}

/// The page that `kubectl sax explain CODE` shows.
#[derive(Debug, Clone)]
pub struct CodeExplanation {
    /// Such as `TPU004`.
    pub code: String,
    /// The worst severity that the code comes with.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// Why it matters and what to do: Markdown.
    pub text: String,
}

/// Objects that a policy wants to read.
#[derive(Debug, Clone)]
pub struct WantedGrant {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
    /// Why, in one line.
    pub reason: String,
}

/// What a policy says of itself.
#[derive(Debug, Clone)]
pub struct Description {
    /// The policy's name: a DNS label.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// Any of these matches.
    pub matches: Vec<MatchRule>,
    /// JSON Schema of the settings, as JSON text.
    pub settings_schema: String,
    /// Every code that the policy can use.
    pub codes: Vec<CodeExplanation>,
    /// What it wants to read.
    pub grants: Vec<WantedGrant>,
}

impl MatchRule {
    /// Creations and updates of `resources` in any version of `api_groups`.
    pub fn creates_and_updates<'a>(
        api_groups: impl IntoIterator<Item = &'a str>,
        resources: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self {
            api_groups: api_groups.into_iter().map(str::to_owned).collect(),
            api_versions: Vec::new(),
            resources: resources.into_iter().map(str::to_owned).collect(),
            operations: vec![Operation::Create, Operation::Update],
        }
    }
}

impl Description {
    /// A policy without settings that matches nothing yet. It explains `OBJ001`, which every
    /// read can give.
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            summary: summary.to_owned(),
            matches: Vec::new(),
            settings_schema: r#"{"type":"object","additionalProperties":false}"#.to_owned(),
            codes: vec![wrong_type()],
            grants: Vec::new(),
        }
    }

    /// Adds a match rule.
    #[must_use]
    pub fn matching(mut self, rule: MatchRule) -> Self {
        self.matches.push(rule);
        self
    }

    /// Sets the JSON Schema of the settings.
    #[must_use]
    pub fn settings(mut self, schema: &str) -> Self {
        self.settings_schema = schema.to_owned();
        self
    }

    /// Adds a code with its explanation.
    #[must_use]
    pub fn code(mut self, code: &str, severity: Severity, title: &str, text: &str) -> Self {
        self.codes.push(CodeExplanation {
            code: code.to_owned(),
            severity,
            title: title.to_owned(),
            text: text.to_owned(),
        });
        self
    }

    /// Asks for reads of a kind.
    #[must_use]
    pub fn grant(mut self, api_version: &str, kind: &str, reason: &str) -> Self {
        self.grants.push(WantedGrant {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            reason: reason.to_owned(),
        });
        self
    }
}

fn wrong_type() -> CodeExplanation {
    CodeExplanation {
        code: WRONG_TYPE.to_owned(),
        severity: Severity::Deny,
        title: "a field has the wrong type".to_owned(),
        text: "A field that a policy reads holds a value of another type than Kubernetes' API \
               gives it, such as the string `\"8\"` for the number of `parallelism`. The custom \
               resource's schema may let it pass, but the controller behind it can't use it. \
               Nothing is filled into such an object. Write the type that the message names."
            .to_owned(),
    }
}
