//! The tutorial's own manifests, on the cluster that the tutorial describes.

use crate::placed::{assert_each_job_has_a_pool_of_its_own, running_pods};
use crate::shared::{both_pools, plain, temporary, tutorial};

#[test]
fn without_us_the_tutorial_runs_eighteen_pods_with_each_job_on_a_pool_of_its_own() {
    let _turn = both_pools();
    let namespace = temporary(plain(), "tutorial");
    for manifest in tutorial() {
        namespace
            .apply(&manifest)
            .expect("the tutorial must be accepted");
    }
    let pods = running_pods(&namespace, 18);
    assert_each_job_has_a_pool_of_its_own(plain(), &pods, 2);
}
