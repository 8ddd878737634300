//! What can't work is refused where the author sees it, with the right numbers.

use crate::shared::{admitted, fixture, temporary};

#[test]
fn a_wrong_parallelism_is_refused_at_the_jobset_with_the_right_numbers() {
    let namespace = temporary(admitted(), "wrong");
    let answer = namespace
        .try_run_with(&["apply", "-f", "-"], &fixture("demo/wrong.yaml"))
        .expect("kubectl must run");
    assert!(!answer.success, "{}", answer.stdout);
    assert!(
        answer.stderr.contains("8 VMs = 32 chips / 4"),
        "{}",
        answer.stderr
    );
    assert!(
        answer
            .stderr
            .contains("/spec/replicatedJobs/0/template/spec/parallelism"),
        "{}",
        answer.stderr
    );
}

#[test]
fn an_object_that_no_policy_can_read_is_refused_with_its_path() {
    let namespace = temporary(admitted(), "broken");
    let manifest = fixture("demo/short.yaml").replace("v5e:4x8", "v5e:4x9");
    let answer = namespace
        .try_run_with(&["apply", "-f", "-"], &manifest)
        .expect("kubectl must run");
    assert!(!answer.success, "{}", answer.stdout);
    assert!(answer.stderr.contains("4x9"), "{}", answer.stderr);
}
