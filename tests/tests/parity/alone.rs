//! Each policy alone, as WebAssembly, says what its cases expect.

use admission::Call;

use crate::cases::Case;
use crate::groups::{Group, groups};
use crate::workers::assert_none;

#[test]
fn each_policy_alone_gives_the_expected_verdict_as_wasm() {
    let mut count = 0;
    let mut failures = Vec::new();
    for group in groups() {
        count += group.cases.len();
        let differ = group
            .cases
            .iter()
            .filter_map(|case| difference(group, case));
        failures.extend(differ);
    }
    assert_none("alone as Wasm", count, &failures);
}

fn difference(group: &Group, case: &Case) -> Option<String> {
    let request = case.request();
    let (policy, module) = group.policy(&case.policy);
    let json = |value| serde_json::to_vec(value).expect("JSON can be written");
    let old_object_json = request.old_object.as_ref().map(json);
    let call = Call {
        request: &request,
        object_json: &json(&case.content.object),
        old_object_json: old_object_json.as_deref(),
        settings_json: policy.settings_json(),
    };
    match module.review(&call, Some(&group.recorded), None) {
        Ok(answer) => case.content.expect.difference(&answer.verdict),
        Err(error) => Some(format!("it {error}")),
    }
    .map(|difference| format!("{}:\n{difference}", case.name()))
}
