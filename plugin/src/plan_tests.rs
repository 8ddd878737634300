//! Claims about plans.

use proptest::prelude::*;

use super::{Dtype, Plan, PlanError, Wish, plan};

fn wish(model: Option<&str>, slice: Option<&str>) -> Wish {
    Wish {
        model: model.map(str::to_owned),
        slice: slice.map(str::to_owned),
        replicas: 2,
        model_image: "r/sax-model-server:v1.1.0".to_owned(),
        ..Wish::default()
    }
}

fn planned(model: Option<&str>, slice: Option<&str>) -> Plan {
    plan(&wish(model, slice)).expect("must be plannable")
}

fn refused(model: Option<&str>, slice: Option<&str>) -> (String, String) {
    let error = plan(&wish(model, slice)).expect_err("must be refused");
    (error.to_string(), error.fix())
}

#[test]
fn the_tutorials_model_gets_the_tutorials_slices() {
    let plan = planned(Some("lm_cloud.LmCloudSpmd175B32Test"), None);
    assert_eq!(plan.slice.to_string(), "v5e:4x8");
    assert_eq!((plan.vms, plan.chips_per_vm, plan.replicas), (8, 4, 2));
    assert_eq!((plan.chip, plan.platform_topology), ("tpuv5e", Some("4x8")));
    assert_eq!(
        plan.to_string(),
        "2 x v5e:4x8 = 64 chips; each slice 8 VMs of 4 chips on a node pool of its own"
    );
}

#[test]
fn a_slice_needs_no_model() {
    let plan = planned(None, Some("v4:2x2x4"));
    assert_eq!((plan.vms, plan.chips_per_vm), (4, 4));
    assert_eq!(plan.model, None);
}

#[test]
fn a_slice_of_another_size_than_the_mesh_is_refused() {
    let (error, fix) = refused(Some("lm_cloud.LmCloudSpmd175B32Test"), Some("v5e:8x8"));
    assert_eq!(
        error,
        "model \"lm_cloud.LmCloudSpmd175B32Test\": its mesh needs exactly 32 devices, \
         a v5e:8x8 slice has 64"
    );
    assert_eq!(fix, "write --slice v5e:4x8");
}

#[test]
fn a_misspelt_class_gets_a_suggestion() {
    let (error, fix) = refused(Some("lm_cloud.LmCloudSpmd175B32Tset"), None);
    assert!(
        error.contains("did you mean lm_cloud.LmCloudSpmd175B32Test"),
        "{error}"
    );
    assert_eq!(fix, "write lm_cloud.LmCloudSpmd175B32Test");
}

#[test]
fn an_unknown_class_with_a_slice_is_a_note() {
    let plan = planned(Some("my.OwnModel"), Some("v5e:4x4"));
    assert_eq!(plan.notes.len(), 1);
    assert!(plan.notes[0].contains("my.OwnModel"));
}

#[test]
fn a_class_of_a_newer_image_names_that_image() {
    let (error, fix) = refused(Some("gemma.Gemma2BFP16"), None);
    assert!(
        error.contains("the image of v1.1.0 doesn't have this class"),
        "{error}"
    );
    assert_eq!(fix, "add --image-version v1.2.0");
}

#[test]
fn chips_that_saxml_cannot_name_are_refused() {
    let (error, fix) = refused(None, Some("v6e:4x8"));
    assert!(
        error.contains("Saxml has no --platform_chip for tpu-v6e-slice"),
        "{error}"
    );
    assert_eq!(fix, "write --slice v5e:4x8");
}

#[test]
fn illegal_topologies_name_a_legal_one() {
    let (error, fix) = refused(None, Some("v5e:4x6"));
    assert!(error.starts_with("--slice \"v5e:4x6\": "), "{error}");
    assert!(fix.starts_with("take "), "{fix}");
    assert_eq!(
        refused(None, Some("v5litepod-32")).1,
        "write --slice v5e:4x8"
    );
}

#[test]
fn nothing_wanted_is_an_error() {
    assert_eq!(plan(&wish(None, None)), Err(PlanError::NothingWanted));
    let accelerator = Wish {
        accelerator: Some("v4".to_owned()),
        ..wish(None, None)
    };
    assert_eq!(plan(&accelerator), Err(PlanError::NothingWanted));
}

#[test]
fn what_is_said_wins_over_the_catalogue() {
    let plan = plan(&Wish {
        parameters: Some("200B".parse().expect("a number")),
        dtype: Some(Dtype::Bf16),
        ..wish(Some("lm_cloud.LmCloudSpmd175B32Test"), None)
    });
    let size = plan.expect("must be planned").size.expect("was given");
    assert_eq!(size.weights(), 400_000_000_000);
}

#[test]
fn parameters_that_exceed_the_classs_slice_are_refused() {
    let error = plan(&Wish {
        parameters: Some("300B".parse().expect("a number")),
        dtype: Some(Dtype::Bf16),
        ..wish(Some("lm_cloud.LmCloudSpmd175B32Test"), None)
    });
    let error = error.expect_err("600 GB don't fit 512 GB");
    assert!(
        error
            .to_string()
            .contains("about 600 GB, a v5e:4x8 slice has 512 GB"),
        "{error}"
    );
    assert_eq!(error.fix(), "write --slice v4:2x4x4");
}

#[test]
fn a_type_without_a_size_is_refused() {
    let dtype = Wish {
        dtype: Some(Dtype::Int8),
        ..wish(None, Some("v5e:4x8"))
    };
    assert_eq!(plan(&dtype), Err(PlanError::DtypeOfNothing));
}

#[test]
fn weights_that_leave_little_room_are_a_note() {
    let plan = plan(&Wish {
        parameters: Some("15B".parse().expect("a number")),
        dtype: Some(Dtype::Int8),
        ..wish(None, Some("v5e:1x1"))
    });
    let notes = plan.expect("must be planned").notes;
    assert!(
        notes.iter().any(|note| note.contains("93 % of the 16 GB")),
        "{notes:?}"
    );
}

#[test]
fn devices_that_nobody_documents_are_not_compared() {
    let plan = planned(
        Some("lm_cloud.LmCloudSpmd2B4Test"),
        Some("tpu-v3-slice:4x4"),
    );
    assert!(
        plan.notes
            .iter()
            .any(|note| note.contains("isn't documented")),
        "{:?}",
        plan.notes
    );
}

#[test]
fn no_replicas_and_too_many_are_errors_with_the_limit() {
    for replicas in [0, u32::MAX] {
        let wish = Wish {
            replicas,
            ..wish(None, Some("v5e:4x8"))
        };
        let error = plan(&wish).expect_err("must be refused");
        assert_eq!(
            error,
            PlanError::Replicas {
                found: replicas,
                limit: 268_435_455
            }
        );
    }
}

#[test]
fn a_headroom_takes_the_next_larger_slice() {
    let planned = |headroom: &str| {
        let wish = Wish {
            parameters: "31B".parse().ok(),
            headroom: headroom.parse().expect("must be a headroom"),
            ..wish(None, None)
        };
        plan(&wish).expect("must be plannable").slice.to_string()
    };
    // 62 GB of weights: four chips have 64 GB, of which 3 % is 1.92.
    assert_eq!(planned("0%"), "v5e:2x2");
    assert_eq!(planned("3%"), "v5e:2x2");
    assert_eq!(planned("4%"), "v5e:2x4");
}

proptest! {
    #[test]
    fn every_plan_divides_its_chips_evenly(
        accelerator in "(v4|v5e|tpu-v5-lite-device)",
        dims in prop::collection::vec(prop::sample::select(vec![1_u32, 2, 4, 8, 12, 16, 32]), 2..=3),
        replicas in 1_u32..100,
    ) {
        let topology: Vec<_> = dims.iter().map(u32::to_string).collect();
        let slice = format!("{accelerator}:{}", topology.join("x"));
        let wish = Wish { replicas, ..wish(None, Some(&slice)) };
        if let Ok(plan) = plan(&wish) {
            let chips = u64::from(plan.vms) * u64::from(plan.chips_per_vm);
            prop_assert_eq!(chips, plan.slice.chips());
        }
    }

    #[test]
    fn no_text_makes_the_planner_panic(model in ".*", slice in ".*") {
        prop_assert!(plan(&wish(Some(&model), Some(&slice))).is_err() || !slice.is_empty());
    }
}
