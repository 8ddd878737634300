//! Saxml's classes, flag strings and names against rows written by hand.

use tpu::sax::{
    self, CellName, ImageVersion, ImageVersion::*, ModelId, NameError, PLATFORM_CHIPS,
    PLATFORM_TOPOLOGIES,
};
use tpu::{Accelerator, Slice, Topology};

#[test]
fn the_tutorials_class_runs_on_exactly_32_chips() {
    let name = "saxml.server.pax.lm.params.lm_cloud.LmCloudSpmd175B32Test";
    let class = sax::find(name).expect("the tutorial's class");
    assert_eq!(class.name(), "lm_cloud.LmCloudSpmd175B32Test");
    assert_eq!(class.full_name(), name);
    assert_eq!(sax::find("lm_cloud.LmCloudSpmd175B32Test"), Some(class));
    assert_eq!(class.parameters_millions(), Some(175_000));
    assert!(class.test_mode());
    for version in [V1_1_0, V1_2_0, Head] {
        assert_eq!(class.chips(version), Some(&[32][..]));
        assert_eq!(class.quantized(version), Some(true));
    }
    let slice = Slice::parse("v5e:4x8").expect("the tutorial's slice");
    assert_eq!(slice.jax_devices(), Some(32));
}

/// Class, chips in v1.1.0, in v1.2.0, at the head; none where it isn't there.
type Row = (&'static str, &'static [u32], &'static [u32], &'static [u32]);

#[test]
fn classes_need_the_documented_chips_in_each_version() {
    let rows: [Row; 24] = [
        ("lm_cloud.LmCloudSpmd2B", &[4], &[4], &[4]),
        ("lm_cloud.LmCloudSpmd2BTest", &[1], &[1], &[1]),
        ("lm_cloud.LmCloudSpmd2B4Test", &[4], &[4], &[4]),
        ("lm_cloud.LmCloudSpmd2B8Test", &[8], &[8], &[8]),
        ("lm_cloud.LmCloudSpmd2B16Test", &[16], &[16], &[16]),
        ("lm_cloud.LmCloudSpmd2B32Test", &[32], &[32], &[32]),
        ("lm_cloud.LmCloudSpmd175B", &[16], &[16], &[16]),
        ("lm_cloud.LmCloudSpmd175BTest", &[16], &[16], &[16]),
        ("lm_cloud.LmCloudSpmd175B64Test", &[64], &[64], &[64]),
        ("lm_cloud.LmCloudSpmd175B128Test", &[128], &[128], &[128]),
        ("lm_cloud.LmCloudSpmd175B256Test", &[256], &[256], &[256]),
        ("lm_cloud.LLaMA7BFP16TPUv5e", &[4], &[4], &[4]),
        ("lm_cloud.LLaMA65B", &[4], &[4], &[4]),
        ("lm_cloud.LLaMA70BFP16TPUv5e", &[16], &[1], &[1]),
        ("lm_cloud.LLaMA70BFP16TPUv5e16", &[], &[16], &[16]),
        ("lm_cloud.LLaMA70BFP16TPUv5e64", &[64], &[64], &[64]),
        ("lm_cloud.LLaMA7BTPUv5e4", &[], &[4], &[4]),
        ("lm_cloud.LLaMA7BTPUv5e16", &[], &[], &[16]),
        ("lm_cloud.LLaMA70BINT8LinearOnlyx8", &[], &[8], &[]),
        ("lm_cloud.LLaMA70BInt8LinearOnlyx8", &[], &[], &[8]),
        ("lm_cloud.LLaMA31_405BFP16x64", &[], &[], &[64]),
        ("gptj.GPTJ4BF16BS32", &[4], &[4], &[4]),
        ("gemma.Gemma7BFP16", &[], &[1, 4, 8], &[1, 4, 8]),
        ("c4.C4SpmdGpt3AdamOrgHP", &[64], &[64], &[64]),
    ];
    for (name, old, middle, head) in rows {
        let class = sax::find(name).expect(name);
        for (version, chips) in [(V1_1_0, old), (V1_2_0, middle), (Head, head)] {
            let expected = (!chips.is_empty()).then_some(chips);
            assert_eq!(class.chips(version), expected, "{name} in {version:?}");
        }
    }
}

#[test]
fn quantisation_and_test_mode_are_the_documented_ones() {
    for (name, quantized, test) in [
        ("lm_cloud.LmCloudSpmd2B", false, false),
        ("lm_cloud.LmCloudSpmd175B", true, false),
        ("lm_cloud.LmCloudSpmd175BTest", true, true),
        ("lm_cloud.LLaMA13B", true, true),
        ("lm_cloud.LLaMA7BFP16TPUv4", false, true),
        ("lm_cloud.LLaMA70BFP16TPUv5e16", false, false),
        ("lm_cloud.LLaMA70BFP16TPUv5e32", false, true),
        ("lm_cloud.LLaMA3_8BFP16Testx4", false, true),
        ("gemma.Gemma2BInt8", true, false),
        ("gemma.Gemma7BInt8Test", true, true),
    ] {
        let class = sax::find(name).expect(name);
        assert_eq!(class.quantized(Head), Some(quantized), "{name}");
        assert_eq!(class.test_mode(), test, "{name}");
    }
    let changed = sax::find("lm_cloud.LLaMA7B").expect("in every build");
    assert_eq!(changed.quantized(V1_1_0), Some(true));
    assert_eq!(changed.quantized(Head), Some(false));
    assert_eq!(
        sax::find("lm_cloud.LLaMA3_70BFP16x8").and_then(|c| c.parameters_millions()),
        None
    );
}

#[test]
fn a_family_goes_up_to_the_size() {
    for (name, family) in [
        ("lm_cloud.LLaMA70BFP16TPUv5e16", "lm_cloud.LLaMA70B"),
        ("lm_cloud.LmCloudSpmd175B32Test", "lm_cloud.LmCloudSpmd175B"),
        ("lm_cloud.LLaMA3_70BFP16x16", "lm_cloud.LLaMA3_70B"),
        ("gptj.GPTJ", "gptj."),
    ] {
        assert_eq!(sax::find(name).expect(name).family(), family);
    }
}

#[test]
fn classes_for_gpus_are_those_that_say_so() {
    for class in sax::all() {
        assert_eq!(
            class.for_gpu(),
            class.name().contains("H100"),
            "{}",
            class.name()
        );
    }
}

#[test]
fn class_names_are_unique_valid_and_registered_somewhere() {
    for (index, class) in sax::all().iter().enumerate() {
        assert_eq!(sax::find(class.name()), Some(class));
        assert!(
            sax::model_path_valid(&class.full_name()),
            "{}",
            class.name()
        );
        let first = sax::all()
            .iter()
            .position(|other| other.name() == class.name());
        assert_eq!(first, Some(index), "{} stands twice", class.name());
        assert!(
            [V1_1_0, V1_2_0, Head]
                .iter()
                .any(|v| class.registration(*v).is_some())
        );
        for version in [V1_1_0, V1_2_0, Head] {
            let chips = class.chips(version).unwrap_or(&[1]);
            assert!(!chips.is_empty() && chips.iter().all(|count| count.is_power_of_two()));
        }
    }
}

#[test]
fn misspelt_classes_are_suggested() {
    let first = |text: &str| sax::suggestions(text).first().copied();
    assert_eq!(
        first("LmCloudSpmd175B32Test"),
        Some("lm_cloud.LmCloudSpmd175B32Test")
    );
    assert_eq!(
        first("lm_cloud.LmCloudSpmd175b32test"),
        Some("lm_cloud.LmCloudSpmd175B32Test")
    );
    assert_eq!(
        first("saxml.server.pax.lm.params.lm_cloud.LmCloudSpmd175B32Tst"),
        Some("lm_cloud.LmCloudSpmd175B32Test")
    );
    assert_eq!(first("org.example.Unrelated"), None);
    assert_eq!(sax::find("lm_cloud.LmCloudSpmd175b32test"), None);
}

#[test]
fn image_versions_come_from_tags() {
    let base = "us-docker.pkg.dev/cloud-tpu-images/inference/sax-model-server";
    let from = |tag: &str| ImageVersion::from_image(&format!("{base}{tag}"));
    assert_eq!(from(":v1.1.0"), Some(V1_1_0));
    assert_eq!(from(":v1.2.0"), Some(V1_2_0));
    assert_eq!(from(":nightly"), Some(Head));
    assert_eq!(from(":v1.1.0@sha256:00"), Some(V1_1_0));
    for version in ImageVersion::ALL {
        assert_eq!(from(&format!(":{}", version.tag())), Some(version));
    }
    for unknown in ["", ":v1.0.0", ":latest", "@sha256:00", ":1.1.0"] {
        assert_eq!(from(unknown), None, "{unknown}");
    }
    assert_eq!(
        ImageVersion::from_image("localhost:5000/sax-model-server"),
        None
    );
}

#[test]
fn platform_chips_are_those_that_saxml_maps() {
    assert_eq!(PLATFORM_CHIPS.len(), 12);
    for known in [
        "tpuv2", "tpuv3", "tpuv4", "tpuv4i", "tpuv5e", "TPUv5e", "cpu", "h100",
    ] {
        assert!(sax::platform_chip_known(known), "{known}");
    }
    for unknown in [
        "v5e",
        "tpu-v5-lite-podslice",
        "v5litepod",
        "tpuv5p",
        "tpuv6e",
        "tpu7x",
        "",
    ] {
        assert!(!sax::platform_chip_known(unknown), "{unknown}");
    }
    for (label, chip) in [
        ("tpu-v4-podslice", Some("tpuv4")),
        ("tpu-v5-lite-podslice", Some("tpuv5e")),
        ("tpu-v5-lite-device", Some("tpuv5e")),
        ("tpu-v5p-slice", None),
        ("tpu-v6e-slice", None),
        ("tpu7x", None),
    ] {
        assert_eq!(
            Accelerator::find(label).expect(label).sax_chip(),
            chip,
            "{label}"
        );
    }
    for accelerator in Accelerator::all() {
        assert!(accelerator.sax_chip().is_none_or(sax::platform_chip_known));
    }
}

#[test]
fn platform_topologies_are_those_that_saxml_maps() {
    assert_eq!(PLATFORM_TOPOLOGIES.len(), 5 + 11 + 17);
    for known in [
        "1", "16", "4x2", "4x8", "32x32", "1x2x1", "8x8x12", "4x16x32", "8x16x16",
    ] {
        for suffix in ["", "_twisted", "_untwisted"] {
            assert!(
                sax::platform_topology_known(&format!("{known}{suffix}")),
                "{known}{suffix}"
            );
        }
    }
    for unknown in [
        "",
        "4X8",
        "32",
        "16x16x16",
        "4x8_wrapped",
        "8x4",
        "_twisted",
    ] {
        assert!(!sax::platform_topology_known(unknown), "{unknown}");
    }
    let of = |text| sax::platform_topology_of(&Topology::parse(text).expect(text));
    assert_eq!(of("4x8"), Some("4x8"));
    assert_eq!(of("16x16x16"), None);
}

#[test]
fn cells_and_models_follow_saxmls_pattern() {
    assert_eq!(
        CellName::parse("/sax/test").map(|cell| cell.name().to_owned()),
        Ok("test".into())
    );
    let id = ModelId::parse("/sax/test/spmd-2_b").expect("a model id");
    assert_eq!(id.to_string(), "/sax/test/spmd-2_b");
    assert_eq!(id.cell().to_string(), "/sax/test");
    assert_eq!(id.model(), "spmd-2_b");
    for bad in [
        "",
        "test",
        "sax/test",
        "/sax",
        "/sax/test/",
        "/sax/test/m",
        "/Sax/test",
    ] {
        assert!(
            matches!(CellName::parse(bad), Err(NameError::NotACell { .. })),
            "{bad}"
        );
    }
    for bad in [
        "/sax/",
        "/sax/Test",
        "/sax/1t",
        "/sax/-t",
        "/sax/t t",
        "/sax/té",
    ] {
        assert!(
            matches!(CellName::parse(bad), Err(NameError::CellName { .. })),
            "{bad}"
        );
    }
    for bad in ["/sax/test", "/sax/test/m/", "/sax/test/m/n", "m"] {
        assert!(
            matches!(ModelId::parse(bad), Err(NameError::NotAModel { .. })),
            "{bad}"
        );
    }
    for bad in ["/sax/test/", "/sax/test/M", "/sax/test/1"] {
        assert!(
            matches!(ModelId::parse(bad), Err(NameError::ModelName { .. })),
            "{bad}"
        );
    }
    assert!(matches!(
        ModelId::parse("/sax//m"),
        Err(NameError::CellName { .. })
    ));
}

#[test]
fn model_and_checkpoint_paths_follow_saxmls_patterns() {
    assert!(sax::model_path_valid("lm.Fake"));
    for bad in ["", "1m", "a b", "a/b", "_a"] {
        assert!(!sax::model_path_valid(bad), "{bad}");
    }
    for good in ["None", "gs://sax-data/checkpoint_00000000", "a|b", "x=1%2"] {
        assert!(sax::checkpoint_path_valid(good, V1_1_0), "{good}");
    }
    for bad in ["", "a b", "a,b", "a@b", "~/a"] {
        assert!(!sax::checkpoint_path_valid(bad, Head), "{bad}");
    }
    assert!(!sax::checkpoint_path_valid("a+b", V1_1_0));
    assert!(sax::checkpoint_path_valid("a+b", V1_2_0));
}
