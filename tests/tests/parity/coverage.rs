//! Every code has a case that fires it and one that just doesn't.

use crate::cases::{Case, cases};
use crate::groups::groups;

#[test]
fn every_code_has_a_case_that_fires_it_and_an_allowed_near_miss() {
    let mut lacking = Vec::new();
    for (policy, module) in groups()[0].loaded.policies() {
        for code in &module.description().codes {
            let folder: Vec<&Case> = cases()
                .iter()
                .filter(|case| case.policy == policy.name && case.topic == code.code)
                .collect();
            let place = format!("policies/{}/cases/{}", policy.name, code.code);
            if !folder.iter().any(|case| fires(case, &code.code)) {
                lacking.push(format!("{place}: no case fires {}", code.code));
            }
            if !folder.iter().any(|case| is_near_miss(case, &code.code)) {
                lacking.push(format!(
                    "{place}: there is no allowed-... case without {}",
                    code.code
                ));
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[test]
fn the_names_of_cases_say_what_they_expect() {
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = match case.claim.split('-').next() {
            Some("denied") => case.content.expect.denies(),
            Some("warned") => !case.content.expect.findings.is_empty(),
            Some("allowed") => !case.content.expect.denies(),
            _ => false,
        };
        if !expected {
            wrong.push(case.name());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn fires(case: &Case, code: &str) -> bool {
    let findings = &case.content.expect.findings;
    findings.iter().any(|finding| finding.code == code)
}

fn is_near_miss(case: &Case, code: &str) -> bool {
    case.claim.starts_with("allowed-") && !fires(case, code)
}
