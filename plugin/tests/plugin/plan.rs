//! `plan` and `models`.

use serde_json::{Value, json};

use crate::run::{Ended, sax};

const MODEL: &str = "lm_cloud.LmCloudSpmd175B32Test";

fn data(arguments: &[&str]) -> Value {
    let ended = sax(arguments, "");
    assert_eq!(ended.status, Some(0), "{ended}");
    serde_json::from_str(&ended.stdout).expect("must be JSON")
}

#[test]
fn the_tutorials_sizing_is_one_command() {
    insta::assert_snapshot!(
        "plan-tutorial",
        sax(&["plan", MODEL, "--replicas", "2"], "")
    );
    let report = data(&["plan", MODEL, "--replicas", "2", "-o", "json"]);
    assert_eq!(report["weights"]["parameters"], json!(175_000_000_000_u64));
    let rule = &report["weights"]["rule"];
    assert_eq!(
        (&rule["bytes"], &rule["chips"]),
        (&json!(350_000_000_000_u64), &json!(22))
    );
    let kept = &report["weights"]["kept"];
    assert_eq!(
        (&kept["bytes"], &kept["chips"]),
        (&json!(175_000_000_000_u64), &json!(11))
    );
    assert_eq!(report["model"]["devices"], json!([32]));
    assert_eq!(report["slice"]["topology"], "4x8");
    assert_eq!(
        (&report["slice"]["vms"], &report["slice"]["chipsPerVm"]),
        (&json!(8), &json!(4))
    );
    let total = &report["total"];
    assert_eq!(
        (&total["nodePools"], &total["chips"]),
        (&json!(2), &json!(64))
    );
}

#[test]
fn plans_of_other_kinds_look_like_this() {
    for (name, arguments) in [
        (
            "params",
            &["plan", "--params", "70B", "--dtype", "int8"][..],
        ),
        ("slice", &["plan", "--slice", "v4:2x2x4"]),
        (
            "single-host",
            &[
                "plan",
                "gemma.Gemma7BFP16",
                "--image-version",
                "v1.2.0",
                "--replicas",
                "3",
            ],
        ),
        (
            "unknown-class",
            &["plan", "my.Own175BModel", "--params", "175B"],
        ),
        (
            "misspelt-class-with-params",
            &[
                "plan",
                "lm_cloud.LmCloudSpmd175B32Tset",
                "--params",
                "175B",
                "-o",
                "gcloud",
            ],
        ),
        (
            "unknown-image",
            &[
                "plan",
                "lm_cloud.LLaMA7BFP16",
                "--image-version",
                "v1.3.0",
                "-o",
                "gcloud",
            ],
        ),
        ("yaml", &["plan", MODEL, "-o", "yaml"]),
    ] {
        insta::assert_snapshot!(format!("plan-{name}"), sax(arguments, ""));
    }
}

/// Rows of `facts/plugin.md` §5d that concern planning.
#[test]
fn mistakes_name_what_was_found_what_is_expected_and_one_fix() {
    for (name, arguments) in [
        // 2 and 3: placeholders and schemes.
        (
            "02-placeholder-project",
            &["plan", MODEL, "-o", "gcloud", "--project", "PROJECT_ID"][..],
        ),
        (
            "02-placeholder-bucket",
            &[
                "plan",
                MODEL,
                "-o",
                "gcloud",
                "--bucket",
                "PROJECT_ID-gke-bucket",
            ],
        ),
        (
            "02-placeholder-zone",
            &["plan", MODEL, "-o", "gcloud", "--zone", "COMPUTE_ZONE"],
        ),
        (
            "03-bucket-scheme",
            &[
                "plan",
                MODEL,
                "-o",
                "gcloud",
                "--bucket",
                "gs://my-bucket/sax-root",
            ],
        ),
        // 7: classes.
        ("07-class-typo", &["plan", "lm_cloud.LmCloudSpmd175B32Tset"]),
        (
            "07-class-without-module",
            &["plan", "LmCloudSpmd175B32Test"],
        ),
        ("07-class-unknown", &["plan", "my.Model"]),
        ("07-class-of-a-newer-image", &["plan", "gemma.Gemma7BFP16"]),
        (
            "07-class-renamed",
            &[
                "plan",
                "lm_cloud.LLaMA70BINT8LinearOnlyx8",
                "--image-version",
                "nightly",
            ],
        ),
        // 8: slices of another size.
        ("08-slice-too-small", &["plan", MODEL, "--slice", "v5e:4x4"]),
        ("08-slice-too-large", &["plan", MODEL, "--slice", "v5e:8x8"]),
        (
            "08-slice-of-another-accelerator",
            &["plan", MODEL, "--accelerator", "tpu-v5-lite-device"],
        ),
        ("08-weights-too-large", &["plan", "lm_cloud.LLaMA65B"]),
        (
            "08-weights-as-large",
            &[
                "plan",
                "lm_cloud.LLaMA3_8BFP16x1",
                "--image-version",
                "nightly",
            ],
        ),
        ("08-params-too-large", &["plan", "--params", "900T"]),
        // 11: accelerators and topologies.
        (
            "11-accelerator-typo",
            &["plan", MODEL, "--accelerator", "v5"],
        ),
        (
            "11-slice-accelerator-typo",
            &["plan", "--slice", "tpu-v5e:4x8"],
        ),
        ("11-topology-of-another", &["plan", "--slice", "v5e:2x2x4"]),
        ("11-topology-unknown", &["plan", "--slice", "v5e:4x6"]),
        ("11-accelerator-type", &["plan", "--slice", "v5litepod-32"]),
        (
            "11-no-topologies",
            &["plan", MODEL, "--accelerator", "tpu-v3-slice"],
        ),
        // 12: chips that Saxml has no word for.
        ("12-chip-v6e", &["plan", MODEL, "--accelerator", "v6e"]),
        ("12-chip-v5p", &["plan", "--slice", "v5p:2x4x4"]),
        // 30: replicas.
        ("30-replicas-none", &["plan", MODEL, "--replicas", "0"]),
        ("30-replicas-negative", &["plan", MODEL, "--replicas=-1"]),
        ("30-replicas-word", &["plan", MODEL, "--replicas", "two"]),
        // 38: values of flags.
        ("38-output", &["plan", MODEL, "-o", "yml"]),
        ("38-params-no-unit", &["plan", "--params", "175"]),
        ("38-params-form", &["plan", "--params", "many"]),
        ("38-dtype", &["plan", "--params", "175B", "--dtype", "int4"]),
        (
            "38-dtype-of-nothing",
            &["plan", "--slice", "v5e:4x8", "--dtype", "int8"],
        ),
        (
            "38-image-version",
            &["models", "list", "--image-version", "1.1.0"],
        ),
        // 39: a region is no zone.
        (
            "39-region",
            &["plan", MODEL, "-o", "gcloud", "--zone", "us-west4"],
        ),
        (
            "commands-of-a-cluster",
            &["plan", MODEL, "-o", "gcloud", "--on-cluster"],
        ),
        ("nothing", &["plan"]),
        (
            "slice-and-accelerator",
            &["plan", "--slice", "v5e:4x8", "--accelerator", "v4"],
        ),
        (
            "describe-unknown",
            &["models", "describe", "LmCloudSpmd175B32Tset"],
        ),
    ] {
        let ended = sax(arguments, "");
        assert_eq!(
            (ended.status, ended.stdout.as_str()),
            (Some(1), ""),
            "{name}"
        );
        insta::assert_snapshot!(format!("plan-error-{name}"), ended);
    }
}

#[test]
fn the_catalogue_is_a_table_data_and_names() {
    insta::assert_snapshot!("models-list", sax(&["models", "list"], ""));
    insta::assert_snapshot!(
        "models-list-v1.1.0",
        sax(&["models", "list", "--image-version", "v1.1.0"], "")
    );
    insta::assert_snapshot!("models-describe", sax(&["models", "describe", MODEL], ""));
    insta::assert_snapshot!(
        "models-describe-yaml",
        sax(
            &["models", "describe", "gemma.Gemma7BFP16", "-o", "yaml"],
            ""
        )
    );
    let names = sax(&["models", "list", "-o", "name"], "").stdout;
    let list = data(&["models", "list", "-o", "json"]);
    let models = list["models"].as_array().expect("must be a list");
    assert_eq!(names.lines().count(), models.len());
    for (name, model) in names.lines().zip(models) {
        assert_eq!(model["name"], name);
        assert_eq!(model["class"], format!("saxml.server.pax.lm.params.{name}"));
    }
}

#[test]
fn every_name_of_the_list_can_be_described() {
    for name in sax(&["models", "list", "-o", "name"], "")
        .stdout
        .lines()
        .step_by(7)
    {
        let described = sax(&["models", "describe", name, "-o", "name"], "");
        assert_eq!(
            (described.status, described.stdout),
            (Some(0), format!("{name}\n"))
        );
    }
}

#[test]
fn yaml_and_json_are_the_same_data() {
    let arguments = ["plan", MODEL, "--replicas", "2", "-o"];
    let yaml = sax(&[&arguments[..], &["yaml"]].concat(), "").stdout;
    let read: Value = serde_saphyr::from_str(&yaml).expect("must be YAML");
    assert_eq!(read, data(&[&arguments[..], &["json"]].concat()));
}

#[test]
fn the_examples_of_the_help_work() {
    for verb in [&["plan"][..], &["models", "list"], &["models", "describe"]] {
        let help = sax(&[verb, &["--help"]].concat(), "").stdout;
        let examples: Vec<_> = help
            .lines()
            .filter_map(|line| line.strip_prefix("  kubectl sax "))
            .collect();
        assert!(!examples.is_empty(), "{verb:?}");
        for example in examples
            .into_iter()
            .filter(|example| !example.contains("--on-cluster"))
        {
            let ended: Ended = sax(&example.split(' ').collect::<Vec<_>>(), "");
            assert_eq!(ended.status, Some(0), "{example}: {ended}");
        }
    }
}
