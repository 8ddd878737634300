//! Claims about values files and what `init` writes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use admission::Request as Review;
use proptest::prelude::*;
use serde_json::{Value, json};
use tpu::{Accelerator, sax};

use super::Deployment;
use crate::cluster::ConnectionFlags;
use crate::failure::Failure;
use crate::input;
use crate::judge::Judge;
use crate::layout::File;
use crate::values::{SCHEMA, Values, ValuesFlags};

fn connection() -> ConnectionFlags {
    ConnectionFlags {
        namespace: Some("serving".to_owned()),
        ..ConnectionFlags::default()
    }
}

fn of_values(values: Values) -> Result<Deployment, Failure> {
    let flags = ValuesFlags {
        filename: None,
        values,
    };
    Deployment::of(Some("sax"), &flags, &connection())
}

fn of_file(text: &str) -> Result<Deployment, Failure> {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let path = folder.path().join("values.yaml");
    std::fs::write(&path, text).expect("must be writable");
    let flags = ValuesFlags {
        filename: Some(path),
        values: Values::default(),
    };
    Deployment::of(None, &flags, &connection())
}

fn schema() -> jsonschema::Validator {
    let schema = serde_json::from_str(SCHEMA).expect("the schema must be JSON");
    jsonschema::validator_for(&schema).expect("the schema must be one")
}

/// The tutorial's values, with these in place of its own; null takes one out.
fn tutorial_with(changes: Value) -> Value {
    let mut values =
        json!({"name": "sax", "slice": "v5e:4x8", "replicas": 2, "bucket": "my-bucket"});
    for (key, value) in changes.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(values.as_object_mut().expect("an object").remove(key)),
            value => values[key] = value.clone(),
        }
    }
    values
}

#[test]
fn what_the_schema_takes_is_what_a_file_may_say() {
    let good = [
        json!({}),
        json!({"slice": null, "model": "lm_cloud.LmCloudSpmd175B32Test"}),
        json!({"slice": null, "params": "70B", "dtype": "int8", "hbmHeadroom": "20%"}),
        json!({"slice": null, "params": 7000000000_u64, "accelerator": "v4", "hbmHeadroom": 20}),
        json!({"cell": "/sax/prod-1", "expose": "internal", "imageVersion": "v1.2.0"}),
        json!({"googleServiceAccount": "sax@my-project.iam.gserviceaccount.com", "serviceAccount": "a"}),
        json!({"adminImage": "r/a:1", "modelImage": "r/m@sha256:00", "httpImage": "r/h"}),
    ];
    let bad = [
        json!({"name": null}),
        json!({"name": "Sax"}),
        json!({"bucket": null}),
        json!({"bucket": "gs://my-bucket"}),
        json!({"bucket": "BUCKET_NAME"}),
        json!({"bucket": 5}),
        json!({"slice": null}),
        json!({"slice": "4x8"}),
        json!({"slice": ["v5e:4x8"]}),
        json!({"accelerator": "v5e"}),
        json!({"replicas": 0}),
        json!({"replicas": -1}),
        json!({"replicas": "2"}),
        json!({"replicas": 1.5}),
        json!({"replica": 1}),
        json!({"cell": "test"}),
        json!({"cell": "/sax/Test"}),
        json!({"expose": "public"}),
        json!({"dtype": "int4", "params": "70B"}),
        json!({"params": "lots"}),
        json!({"params": 175}),
        json!({"params": "70B", "hbmHeadroom": "100%"}),
        json!({"googleServiceAccount": "sax"}),
        json!({"serviceAccount": "sax sa"}),
        json!({"modelImage": "$IMAGE"}),
        json!({"modelImage": ""}),
    ];
    let schema = schema();
    for (expected, changes) in good
        .iter()
        .map(|c| (true, c))
        .chain(bad.iter().map(|c| (false, c)))
    {
        let values = tutorial_with(changes.clone());
        let by_schema = schema.is_valid(&values);
        let by_file = of_file(&values.to_string());
        let error = by_file.as_ref().err().map(ToString::to_string);
        assert_eq!(
            (by_schema, by_file.is_ok()),
            (expected, expected),
            "{values}: {error:?}"
        );
    }
}

#[test]
fn a_flag_wins_over_the_file_and_a_slice_over_an_accelerator() {
    let file = Values {
        slice: Some("v5e:4x8".to_owned()),
        replicas: Some(2),
        ..Values::default()
    };
    let said = Values {
        accelerator: Some("v4".to_owned()),
        replicas: Some(3),
        ..Values::default()
    };
    let all = said.or(file);
    assert_eq!(all.replicas, Some(3));
    assert_eq!((all.slice, all.accelerator.as_deref()), (None, Some("v4")));
}

/// The policies, loaded once.
fn judge() -> &'static Judge {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::load(&[]).expect("the policies must load"))
}

/// Values that nothing speaks against, on slices of the accelerators that Saxml can name and with
/// classes that fit them.
fn inputs() -> impl Strategy<Value = Values> {
    let served = || {
        Accelerator::all()
            .iter()
            .filter(|one| one.sax_chip().is_some())
    };
    let slices: Vec<String> = served()
        .flat_map(|accelerator| {
            let short = accelerator.short_name();
            accelerator
                .published()
                .map(move |topology| format!("{short}:{topology}"))
        })
        .collect();
    let classes: Vec<String> = sax::all()
        .iter()
        .filter(|class| !class.for_gpu())
        .map(|class| class.name().to_owned())
        .collect();
    let hardware = prop_oneof![
        prop::sample::select(slices).prop_map(|slice| (None, Some(slice))),
        prop::sample::select(classes).prop_map(|class| (Some(class), None)),
    ];
    let optional = |pattern: &'static str| prop::option::of(pattern);
    (
        hardware,
        1_u32..40,
        "[a-z0-9][a-z0-9._-]{1,30}[a-z0-9]",
        optional("/sax/[a-z]+[a-z0-9_-]{0,10}"),
        optional("[a-z][a-z0-9]{5,9}@[a-z]{6,9}[.]iam[.]gserviceaccount[.]com"),
        optional("[a-z]([a-z0-9-]{0,20}[a-z0-9])?"),
        prop::option::of(prop::sample::select(vec!["v1.1.0", "v1.2.0"])),
    )
        .prop_map(
            |((model, slice), replicas, bucket, cell, google, service, version)| Values {
                model,
                slice,
                replicas: Some(replicas),
                bucket: Some(bucket),
                cell,
                google_service_account: google,
                service_account: service,
                image_version: version.map(str::to_owned),
                ..Values::default()
            },
        )
}

/// All findings of the policies on the manifests of these files.
fn findings(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let read = input::of_text(&file.path, &file.text);
        found.extend(read.unusable.iter().map(ToString::to_string));
        for manifest in read.manifests {
            let review =
                Review::from_manifest(manifest.object, "serving").expect("must be a request");
            let decision = judge().decide(&review);
            let all = decision.denials.iter().chain(&decision.warnings);
            found.extend(all.map(|finding| format!("{}: {finding}", file.path)));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Nothing to object to in what is written; the file of values makes the same; the schema
    /// takes it.
    #[test]
    fn what_init_writes_has_no_finding_and_its_values_make_the_same(values in inputs()) {
        let names_account = values.service_account.is_some();
        let Ok(deployment) = of_values(values) else {
            // A class that no accelerator serves in this version, or a name that is too long.
            return Err(TestCaseError::reject("no such deployment"));
        };
        let files = deployment.subject().kustomization();
        let is_manifest = |file: &&File| {
            file.path.ends_with(".yaml") && !["kustomization.yaml", "values.yaml"].contains(&file.path.as_str())
        };
        let manifests: Vec<File> = files.iter().filter(is_manifest).cloned().collect();
        // Who names an account for Pods on their node's network is told what it doesn't do.
        let is_asked_for = |finding: &String| names_account && finding.contains("[SAX019]");
        let found: Vec<_> = findings(&manifests).into_iter().filter(|one| !is_asked_for(one)).collect();
        prop_assert_eq!(found, Vec::<String>::new());

        let values = files.iter().find(|file| file.path == "values.yaml").expect("must be there");
        let read: Value = serde_saphyr::from_str(&values.text).expect("must be YAML");
        prop_assert!(schema().is_valid(&read), "{}", values.text);
        let again = of_file(&values.text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&again.objects, &deployment.objects);
        prop_assert_eq!(again.subject().kustomization(), files);
    }
}

/// The tutorial's deployment.
fn tutorial() -> Deployment {
    of_values(Values {
        model: Some("lm_cloud.LmCloudSpmd175B32Test".to_owned()),
        replicas: Some(2),
        bucket: Some("my-bucket".to_owned()),
        ..Values::default()
    })
    .expect("must be plannable")
}

#[test]
fn every_number_says_where_it_comes_from() {
    let deployment = tutorial();
    for file in deployment.subject().kustomization() {
        if file.path == "values.yaml" || !file.path.ends_with(".yaml") {
            continue;
        }
        for line in file.text.lines().filter(|line| !line.starts_with('#')) {
            let value = line.split_once(": ").map_or("", |(_, value)| value);
            let number = value
                .trim_start_matches('"')
                .starts_with(|first: char| first.is_ascii_digit());
            assert!(!number || line.contains(" # "), "{}: {line}", file.path);
        }
    }
}

#[test]
fn the_charts_templates_are_the_manifests_once_its_values_are_filled_in() {
    let deployment = tutorial();
    let subject = deployment.subject();
    let values = serde_json::to_value(&deployment.values).expect("values must be JSON");
    let files: BTreeMap<PathBuf, String> = subject
        .chart()
        .into_iter()
        .map(|file| (file.path.into(), file.text))
        .collect();
    for manifest in subject.kustomization() {
        let Some(template) = files.get(&PathBuf::from("templates").join(&manifest.path)) else {
            continue;
        };
        let mut filled = template.replace("{{ .Release.Namespace }}", "serving");
        for (key, value) in values.as_object().expect("an object") {
            let plain = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            filled = filled
                .replace(
                    &format!("{{{{ .Values.{key} | quote }}}}"),
                    &format!("{plain:?}"),
                )
                .replace(&format!("{{{{ .Values.{key} }}}}"), &plain);
        }
        let objects = |text: &str| {
            let read = input::of_text(&manifest.path, text);
            assert!(read.unusable.is_empty(), "{:?}\n{text}", read.unusable);
            read.manifests
                .into_iter()
                .map(|manifest| manifest.object)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            objects(&filled),
            objects(&manifest.text),
            "{}",
            manifest.path
        );
    }
    for part in ["admin-server", "model-server", "http", "identity"] {
        assert!(
            files.contains_key(&PathBuf::from(format!("templates/{part}.yaml"))),
            "{part}"
        );
    }
}

#[test]
fn a_charts_schema_takes_its_values_and_no_other_slice() {
    let deployment = tutorial();
    let chart = deployment.subject().chart();
    let text = |path: &str| {
        &chart
            .iter()
            .find(|file| file.path == path)
            .expect("must be there")
            .text
    };
    let schema = serde_json::from_str(text("values.schema.json")).expect("must be JSON");
    let schema = jsonschema::validator_for(&schema).expect("must be a schema");
    let values: Value = serde_saphyr::from_str(text("values.yaml")).expect("must be YAML");
    assert!(schema.is_valid(&values));
    for (key, value, takes) in [
        ("replicas", json!(3), true),
        ("bucket", json!("other-bucket"), true),
        ("bucket", json!("BUCKET_NAME"), false),
        ("slice", json!("v5e:8x8"), false),
        ("model", json!("lm_cloud.LmCloudSpmd175B64Test"), false),
        ("name", json!("other"), false),
    ] {
        let mut changed = values.clone();
        changed[key] = value;
        assert_eq!(schema.is_valid(&changed), takes, "{key}");
    }
}
