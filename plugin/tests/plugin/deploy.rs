//! `deploy`, as far as it needs no cluster.

use crate::run::sax;

const TUTORIAL: [&str; 10] = [
    "deploy",
    "sax",
    "--model",
    "lm_cloud.LmCloudSpmd175B32Test",
    "--replicas",
    "2",
    "--bucket",
    "my-bucket",
    "--google-service-account",
    "sax-iam-sa@my-project.iam.gserviceaccount.com",
];

fn manifests(more: &[&str]) -> crate::run::Ended {
    sax(
        &[&TUTORIAL[..], &["--dry-run=client", "-o", "yaml"], more].concat(),
        "",
    )
}

#[test]
fn the_tutorials_deployment_is_one_command() {
    insta::assert_snapshot!("deploy-tutorial", manifests(&[]));
}

#[test]
fn lint_finds_nothing_in_what_is_made_and_patches_the_mark_only() {
    let mark = serde_json::json!([{
        "op": "add",
        "path": "/metadata/annotations/alpha.jobset.sigs.k8s.io~1node-selector",
        "value": "kubectl-sax.dev",
    }]);
    for more in [
        &[][..],
        &["--expose", "internal"],
        &["--slice", "v5e:4x8", "-n", "other", "--cell", "/sax/prod"],
    ] {
        let made = manifests(more);
        assert_eq!(made.status, Some(0), "{made}");
        let linted = sax(&["lint", "-f", "-", "-o", "json", "--strict"], &made.stdout);
        assert_eq!(linted.status, Some(0), "{linted}");
        let json: serde_json::Value = serde_json::from_str(&linted.stdout).expect("must be JSON");
        for result in json["results"].as_array().expect("must be a list") {
            let expected = match result["kind"].as_str() {
                Some("JobSet") => &mark,
                _ => &serde_json::json!([]),
            };
            assert_eq!(result["patch"], *expected, "{result:#}");
            assert_eq!(result["denials"], serde_json::json!([]), "{result:#}");
        }
    }
}

#[test]
fn names_and_json_are_kubectls() {
    let names = sax(
        &[&TUTORIAL[..], &["--dry-run=client", "-o", "name"]].concat(),
        "",
    );
    insta::assert_snapshot!("deploy-names", names);
    let json = sax(
        &[&TUTORIAL[..], &["--dry-run=client", "-o", "json"]].concat(),
        "",
    );
    let list: serde_json::Value = serde_json::from_str(&json.stdout).expect("must be JSON");
    assert_eq!(
        (&list["kind"], list["items"].as_array().map(Vec::len)),
        (&"List".into(), Some(5))
    );
}

#[test]
fn mistakes_name_the_flag_the_value_and_one_fix() {
    for (name, arguments) in [
        ("nothing-wanted", &["deploy", "sax", "--bucket", "b-1"][..]),
        ("no-bucket", &["deploy", "sax", "--slice", "v5e:4x8"]),
        (
            "placeholder",
            &[
                "deploy",
                "sax",
                "--slice",
                "v5e:4x8",
                "--bucket",
                "BUCKET_NAME",
            ],
        ),
        (
            "scheme",
            &[
                "deploy",
                "sax",
                "--slice",
                "v5e:4x8",
                "--bucket",
                "gs://b-1/sax-root",
            ],
        ),
        (
            "cell",
            &[
                "deploy", "sax", "--slice", "v5e:4x8", "--bucket", "b-1", "--cell", "test",
            ],
        ),
        (
            "class",
            &[
                "deploy",
                "sax",
                "--model",
                "LmCloudSpmd175B32Tset",
                "--bucket",
                "b-1",
            ],
        ),
        (
            "mesh",
            &[
                "deploy",
                "sax",
                "--model",
                "lm_cloud.LmCloudSpmd175B32Test",
                "--slice",
                "v5e:4x4",
                "--bucket",
                "b-1",
            ],
        ),
        (
            "long-name",
            &[
                "deploy",
                "a-name-that-is-too-long-for-pods",
                "--slice",
                "v5e:4x8",
                "--bucket",
                "b-1",
            ],
        ),
        (
            "no-cluster",
            &["deploy", "sax", "--slice", "v5e:4x8", "--bucket", "b-1"],
        ),
        (
            "wait-for-nothing",
            &[
                "deploy",
                "sax",
                "--slice",
                "v5e:4x8",
                "--bucket",
                "b-1",
                "--dry-run=client",
                "--wait",
            ],
        ),
    ] {
        insta::assert_snapshot!(format!("deploy-error-{name}"), sax(arguments, ""));
    }
}

#[test]
fn a_bare_dry_run_is_the_clients_with_a_warning() {
    let ended = sax(&[&TUTORIAL[..], &["--dry-run"]].concat(), "");
    assert_eq!(ended.status, Some(0), "{ended}");
    assert!(ended.stderr.contains("--dry-run=client"), "{ended}");
    assert!(
        ended
            .stdout
            .contains("serviceaccount/sax-sa created (dry run)"),
        "{ended}"
    );
}
