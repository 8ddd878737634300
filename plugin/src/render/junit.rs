//! JUnit XML.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite, XmlString};

/// One test.
pub(crate) struct Test {
    /// What it belongs to.
    pub(crate) suite: String,
    /// Its name.
    pub(crate) name: String,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// What else it said.
    pub(crate) output: String,
}

/// How a test ended.
pub(crate) enum Outcome {
    /// Well.
    Passed,
    /// As it shouldn't, and how.
    Failed(String),
    /// Not at all, and why.
    Error(String),
}

/// A report of tests, suites in the order of their first test.
pub(crate) fn junit(name: &str, tests: impl Iterator<Item = Test>) -> String {
    let mut report = Report::new(name);
    for test in tests {
        let suite = test.suite.clone();
        let index = report
            .test_suites
            .iter()
            .position(|known| known.name.as_str() == suite);
        let index = index.unwrap_or_else(|| {
            report.add_test_suite(TestSuite::new(suite));
            report.test_suites.len() - 1
        });
        report.test_suites[index].add_test_case(test_case(test));
    }
    // Suites count their tests as they are added; the report counts its suites when they are.
    report.tests = report.test_suites.iter().map(|suite| suite.tests).sum();
    report.failures = report.test_suites.iter().map(|suite| suite.failures).sum();
    report.errors = report.test_suites.iter().map(|suite| suite.errors).sum();
    report.to_string().expect("a report must be XML")
}

fn test_case(test: Test) -> TestCase {
    let failed = |kind, text: String| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(text.lines().next().unwrap_or_default());
        status.set_description(text);
        status
    };
    let status = match test.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed(text) => failed(NonSuccessKind::Failure, text),
        Outcome::Error(text) => failed(NonSuccessKind::Error, text),
    };
    let mut case = TestCase::new(test.name, status);
    if !test.output.is_empty() {
        case.system_out = Some(XmlString::new(test.output));
    }
    case
}
