//! `init`: what it writes, where, and what it refuses. And the mistakes of planning and
//! scaffolding, each with its message.

use std::fs;
use std::path::Path;

use crate::run::{sax, sax_in};

const TUTORIAL: [&str; 10] = [
    "--model",
    "lm_cloud.LmCloudSpmd175B32Test",
    "--replicas",
    "2",
    "--bucket",
    "my-bucket",
    "--google-service-account",
    "sax-iam-sa@my-project.iam.gserviceaccount.com",
    "--namespace",
    "serving",
];

fn init<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["init"], more, &TUTORIAL].concat()
}

fn read(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_tutorials_deployment_as_files() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let ended = sax_in(folder.path(), &init(&["out"]), b"");
    insta::assert_snapshot!("init-tutorial", ended);
    let out = folder.path().join("out");
    for name in [
        "identity.yaml",
        "admin-server.yaml",
        "model-server.yaml",
        "http.yaml",
        "kustomization.yaml",
        "values.yaml",
    ] {
        insta::assert_snapshot!(format!("init-tutorial-{name}"), read(&out, name));
    }
    assert_eq!(
        read(&out, "values.schema.json"),
        sax(&["init", "--schema"], "").stdout
    );
}

#[test]
fn the_tutorials_deployment_as_a_chart() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let ended = sax_in(folder.path(), &init(&["out", "--format", "helm"]), b"");
    insta::assert_snapshot!("init-chart", ended);
    let out = folder.path().join("out");
    for name in [
        "Chart.yaml",
        "values.yaml",
        "templates/model-server.yaml",
        "templates/http.yaml",
    ] {
        let label = name.replace('/', "-");
        insta::assert_snapshot!(format!("init-chart-{label}"), read(&out, name));
    }
}

#[test]
fn stdout_gets_the_objects_that_deploy_would_apply() {
    let printed = sax(&init(&["-"]), "");
    assert_eq!(printed.status, Some(0), "{printed}");
    let linted = sax(&["lint", "-f", "-", "--strict"], &printed.stdout);
    assert_eq!(linted.status, Some(0), "{linted}");
    let objects = |text: &str| -> Vec<serde_json::Value> {
        let read = text.split("---\n").map(serde_saphyr::from_str);
        read.collect::<Result<_, _>>().expect("must be YAML")
    };
    let deploy = [
        &["deploy", "sax", "--dry-run=client", "-o", "yaml"][..],
        &TUTORIAL,
    ]
    .concat();
    assert_eq!(objects(&printed.stdout), objects(&sax(&deploy, "").stdout));
}

#[test]
fn deploy_takes_the_values_file_and_flags_win_over_it() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    sax_in(folder.path(), &init(&["out"]), b"");
    let deploy = |more: &[&str]| {
        let words = [
            "deploy",
            "-f",
            "out/values.yaml",
            "-n",
            "serving",
            "--dry-run=client",
            "-o",
            "yaml",
        ];
        sax_in(folder.path(), &[&words, more].concat(), b"")
    };
    let by_flags = [
        &["deploy", "sax", "--dry-run=client", "-o", "yaml"][..],
        &TUTORIAL,
    ]
    .concat();
    assert_eq!(deploy(&[]).stdout, sax(&by_flags, "").stdout);
    let three = deploy(&["--replicas", "3"]);
    assert!(
        three
            .stdout
            .contains("  - name: sax-model-server\n    replicas: 3\n"),
        "{three}"
    );
    let other = deploy(&["other"]);
    assert!(other.stdout.contains("name: other-admin-server"), "{other}");
    let stdin = read(&folder.path().join("out"), "values.yaml");
    let piped = [
        "deploy",
        "-f",
        "-",
        "-n",
        "serving",
        "--dry-run=client",
        "-o",
        "yaml",
    ];
    assert_eq!(sax(&piped, &stdin).stdout, deploy(&[]).stdout);
}

#[test]
fn files_that_are_there_are_kept_unless_asked() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let path = folder.path().join("out");
    fs::create_dir(&path).expect("must be creatable");
    fs::write(path.join("values.yaml"), "mine").expect("must be writable");
    let refused = sax_in(folder.path(), &init(&["out"]), b"");
    insta::assert_snapshot!("init-exists", refused);
    assert_eq!(read(&path, "values.yaml"), "mine");
    assert_eq!(fs::read_dir(&path).expect("a folder").count(), 1);
    let forced = sax_in(folder.path(), &init(&["out", "--force"]), b"");
    insta::assert_snapshot!("init-force", forced);
    // What it wrote itself it makes anew.
    let again = [
        "init",
        "out",
        "-f",
        "out/values.yaml",
        "-n",
        "serving",
        "--force",
    ];
    let before = read(&path, "model-server.yaml");
    assert_eq!(sax_in(folder.path(), &again, b"").status, Some(0));
    assert_eq!(read(&path, "model-server.yaml"), before);
}

/// The rows of facts/plugin.md §5d that concern planning and scaffolding, where `plan`'s own tests
/// don't have them: number, name, arguments of `init -`, and the values file where there is one.
const MISTAKES: [(&str, &[&str], &str); 25] = [
    (
        "02-placeholder-namespace",
        &[
            "--slice",
            "v5e:4x8",
            "--bucket",
            "b-1",
            "--namespace",
            "PROJECT_ID",
        ],
        "",
    ),
    (
        "02-placeholder-bucket",
        &["--slice", "v5e:4x8", "--bucket", "BUCKET_NAME"],
        "",
    ),
    (
        "02-placeholder-project",
        &["--slice", "v5e:4x8", "--bucket", "PROJECT_ID-gke-bucket"],
        "",
    ),
    (
        "02-placeholder-version",
        &[
            "--slice",
            "v5e:4x8",
            "--bucket",
            "b-1",
            "--image-version",
            "VERSION",
        ],
        "",
    ),
    (
        "02-placeholder-account",
        &[
            "--slice",
            "v5e:4x8",
            "--bucket",
            "b-1",
            "--google-service-account",
            "sax@PROJECT_ID.iam.gserviceaccount.com",
        ],
        "",
    ),
    (
        "02-placeholder-in-values",
        &[],
        "name: sax\nslice: v5e:4x8\nbucket: BUCKET_NAME\n",
    ),
    (
        "03-bucket-scheme",
        &["--slice", "v5e:4x8", "--bucket", "gs://b-1/sax-root"],
        "",
    ),
    (
        "05-cell",
        &[
            "--slice",
            "v5e:4x8",
            "--bucket",
            "b-1",
            "--cell",
            "/sax/Test",
        ],
        "",
    ),
    (
        "07-class-typo",
        &[
            "--model",
            "lm_cloud.LmCloudSpmd175B32Tset",
            "--bucket",
            "b-1",
        ],
        "",
    ),
    (
        "07-class-of-a-newer-image",
        &["--model", "gemma.Gemma7BFP16", "--bucket", "b-1"],
        "",
    ),
    (
        "08-mesh",
        &[
            "--model",
            "lm_cloud.LmCloudSpmd175B32Test",
            "--slice",
            "v5e:4x4",
            "--bucket",
            "b-1",
        ],
        "",
    ),
    (
        "08-headroom",
        &[
            "--params",
            "31B",
            "--slice",
            "v5e:2x2",
            "--hbm-headroom",
            "10%",
            "--bucket",
            "b-1",
        ],
        "",
    ),
    (
        "11-topology-of-another",
        &["--slice", "v5e:2x2x2", "--bucket", "b-1"],
        "",
    ),
    (
        "12-chip-v6e",
        &["--slice", "v6e:4x8", "--bucket", "b-1"],
        "",
    ),
    (
        "19-long-name",
        &[
            "--name",
            "a-name-that-is-too-long-for-pods",
            "--slice",
            "v5e:4x8",
            "--bucket",
            "b-1",
        ],
        "",
    ),
    (
        "19-name-characters",
        &["--name", "My_Sax", "--slice", "v5e:4x8", "--bucket", "b-1"],
        "",
    ),
    (
        "25-account",
        &[
            "--slice",
            "v5e:4x8",
            "--bucket",
            "b-1",
            "--google-service-account",
            "sax",
        ],
        "",
    ),
    (
        "30-replicas-none",
        &["--slice", "v5e:4x8", "--bucket", "b-1", "--replicas", "0"],
        "",
    ),
    (
        "30-replicas-text",
        &[],
        "name: sax\nslice: v5e:4x8\nbucket: b-1\nreplicas: \"2\"\n",
    ),
    (
        "38-headroom",
        &[
            "--params",
            "7B",
            "--bucket",
            "b-1",
            "--hbm-headroom",
            "110%",
        ],
        "",
    ),
    (
        "38-headroom-of-nothing",
        &[
            "--slice",
            "v5e:4x8",
            "--bucket",
            "b-1",
            "--hbm-headroom",
            "10%",
        ],
        "",
    ),
    (
        "38-format",
        &[
            "--slice",
            "v5e:4x8",
            "--bucket",
            "b-1",
            "--format",
            "kustomise",
        ],
        "",
    ),
    (
        "38-unknown-value",
        &[],
        "name: sax\nslice: v5e:4x8\nbuckett: b-1\n",
    ),
    (
        "38-value-of-an-enum",
        &[],
        "name: sax\nslice: v5e:4x8\nbucket: b-1\nexpose: public\n",
    ),
    ("38-two-documents", &[], "name: sax\n---\nname: other\n"),
];

#[test]
fn each_mistake_names_the_value_what_is_expected_and_one_fix() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    for (name, arguments, values) in MISTAKES {
        fs::write(folder.path().join("values.yaml"), values).expect("must be writable");
        let file: &[&str] = if values.is_empty() {
            &[]
        } else {
            &["-f", "values.yaml"]
        };
        let words = [&["init", "-", "-n", "serving"], arguments, file].concat();
        let ended = sax_in(folder.path(), &words, b"");
        assert_eq!(
            (ended.status, ended.stdout.as_str()),
            (Some(1), ""),
            "{name}: {ended}"
        );
        insta::assert_snapshot!(format!("init-error-{name}"), ended);
    }
}

#[test]
fn a_chart_is_a_folder() {
    insta::assert_snapshot!(
        "init-chart-to-stdout",
        sax(&init(&["-", "--format", "helm"]), "")
    );
}
