//! Mistakes that users make with a cell (facts/plugin.md §5d, 6, 7 and 28 to 35): each gets an error
//! that names what was found and what is expected, and one fix. ARCHITECTURE.md's table of mistakes
//! says where all the others are.

use crate::cell::{Cell, ONE, SMALL, TUTORIAL, TWO, Way};
use crate::run::Ended;

/// A mistake: its number and a word, what is typed, how it ends.
type Mistake = (&'static str, &'static [&'static str], i32);

/// With nothing published.
const OF_AN_EMPTY_CELL: &[Mistake] = &[
    (
        "06-capital-letter",
        &["publish", "Spmd", "--path", TUTORIAL],
        1,
    ),
    (
        "06-leading-digit",
        &["publish", "9m", "--path", TUTORIAL],
        1,
    ),
    (
        "06-too-many-parts",
        &["publish", "/sax/a/b/c", "--path", TUTORIAL],
        1,
    ),
    (
        "06-other-cell",
        &["publish", "/sax/other/m", "--path", TUTORIAL],
        1,
    ),
    ("07-no-class", &["publish", "m", "--path", "9bad path"], 1),
    (
        "08-other-mesh",
        &[
            "publish",
            "m",
            "--path",
            "lm_cloud.LmCloudSpmd175B64Test",
            "--wait",
            "--timeout",
            "1s",
        ],
        125,
    ),
    (
        "28-no-checkpoint",
        &["publish", "m", "--path", "lm_cloud.LLaMA7BFP16TPUv5e"],
        1,
    ),
    (
        "28-empty",
        &["publish", "m", "--path", TUTORIAL, "--checkpoint", ""],
        1,
    ),
    (
        "28-none",
        &["publish", "m", "--path", TUTORIAL, "--checkpoint", "none"],
        1,
    ),
    (
        "28-null",
        &[
            "publish",
            "m",
            "--path",
            "lm_cloud.LLaMA7BFP16TPUv5e",
            "--checkpoint",
            "null",
        ],
        1,
    ),
    (
        "28-characters",
        &[
            "publish",
            "m",
            "--path",
            TUTORIAL,
            "--checkpoint",
            "gs://b/a b",
        ],
        1,
    ),
    (
        "29-none-of-a-real-class",
        &[
            "publish",
            "m",
            "--path",
            "lm_cloud.LLaMA7BFP16TPUv5e",
            "--checkpoint",
            "None",
        ],
        1,
    ),
    (
        "30-word",
        &["publish", "m", "--path", TUTORIAL, "--replicas", "two"],
        1,
    ),
    (
        "30-negative",
        &["publish", "m", "--path", TUTORIAL, "--replicas", "-1"],
        1,
    ),
    (
        "30-too-many",
        &[
            "publish",
            "m",
            "--path",
            TUTORIAL,
            "--replicas",
            "3",
            "--wait",
        ],
        125,
    ),
    ("32-nothing-published", &["generate", "m", "hi"], 1),
    ("32-wait-for-nothing", &["wait", "m"], 1),
    ("33-no-value", &["generate", "m", "hi", "--extra", "x"], 1),
    (
        "33-too-many-steps",
        &["generate", "m", "hi", "--max-decode-steps", "70000"],
        1,
    ),
    (
        "34-no-json",
        &["publish", "m", "--path", TUTORIAL, "--set", "NAME=x"],
        1,
    ),
];

/// With one model that all servers serve.
const OF_A_FULL_CELL: &[Mistake] = &[
    (
        "30-all-busy",
        &["publish", "n", "--path", TUTORIAL, "--wait"],
        125,
    ),
    (
        "31-published-twice",
        &["publish", "m", "--path", TUTORIAL],
        1,
    ),
    ("31-another-class", &["update", "m", "--path", SMALL], 1),
    (
        "31-another-checkpoint",
        &["update", "m", "--checkpoint", "gs://b/c"],
        1,
    ),
    ("32-misspelt", &["generate", "n", "hi"], 1),
    (
        "33-unknown-input",
        &["generate", "m", "hi", "--extra", "beams=4"],
        1,
    ),
    (
        "33-twice",
        &[
            "generate",
            "m",
            "hi",
            "--top-k",
            "4",
            "--extra",
            "per_example_top_k=5",
        ],
        1,
    ),
    (
        "34-no-such-override",
        &["update", "m", "--unset", "BATCH_SIZE"],
        1,
    ),
];

fn check(cell: &Cell, mistakes: &[Mistake]) {
    for (name, words, status) in mistakes {
        let ended = cell.ask(Way::Admin, words);
        assert_eq!(ended.status, Some(*status), "{name}: {ended}");
        is_whole(name, &ended);
        insta::assert_snapshot!(format!("mistake-{name}"), cell.plain(&ended));
    }
}

/// An error, one fix and no data.
fn is_whole(name: &str, ended: &Ended) {
    let errors = ended.stderr.matches("error: ").count();
    let fixes = ended.stderr.matches("fix: ").count();
    let allowed = ended.stderr.contains("--help");
    assert!(ended.stdout.is_empty(), "{name}: {ended}");
    assert_eq!(errors, 1, "{name}: {ended}");
    assert!(fixes == 1 || (fixes == 0 && allowed), "{name}: {ended}");
}

#[test]
fn mistakes_in_an_empty_cell_name_what_is_expected_and_one_fix() {
    check(&Cell::of(TWO), OF_AN_EMPTY_CELL);
}

#[test]
fn mistakes_in_a_cell_that_serves_name_what_is_expected_and_one_fix() {
    let cell = Cell::of(TWO);
    cell.publish("m", TUTORIAL, "2");
    check(&cell, OF_A_FULL_CELL);
}

#[test]
fn a_checkpoint_of_a_test_class_and_an_unknown_class_are_warned_of() {
    let cell = Cell::of(TWO);
    for (name, words) in [
        (
            "29-ignored",
            &[
                "publish",
                "m",
                "--path",
                TUTORIAL,
                "--checkpoint",
                "gs://b/c",
                "--dry-run=server",
            ][..],
        ),
        (
            "07-warned",
            &[
                "publish",
                "m",
                "--path",
                "lm_cloud.LmCloudSpmd175B32Tst",
                "--checkpoint",
                "gs://b/c",
                "--dry-run=server",
            ],
        ),
    ] {
        let ended = cell.ask(Way::Admin, words);
        assert_eq!(ended.status, Some(0), "{name}: {ended}");
        assert!(ended.stderr.contains("warning: "), "{name}: {ended}");
        insta::assert_snapshot!(format!("mistake-{name}"), cell.plain(&ended));
    }
}

#[test]
fn whoever_takes_one_port_of_saxmls_for_the_other_is_told() {
    let cell = Cell::of(ONE);
    let [_, admin, ..] = cell.flags(Way::Admin);
    let [_, http, ..] = cell.flags(Way::Http);
    let http = http.trim_start_matches("http://").to_owned();
    for (name, flags) in [
        (
            "35-http-to-grpc",
            ["--endpoint", &format!("http://{admin}")],
        ),
        ("35-grpc-to-http", ["--admin", &http]),
    ] {
        let words = [
            &["get", "models", "/sax/test/m"][..],
            &flags,
            &["--request-timeout", "2s"],
        ];
        let ended = crate::run::sax(&words.concat(), "");
        assert_eq!(ended.status, Some(1), "{name}: {ended}");
        is_whole(name, &ended);
        // What is noticed first differs.
        assert!(
            ended
                .stderr
                .contains("--admin speaks gRPC, --endpoint HTTP"),
            "{ended}"
        );
    }
}
