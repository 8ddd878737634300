//! The verbs that serve models, against the simulator.

use sax_simulator::Action;
use serde_json::Value;

use crate::cell::{Cell, ONE, SMALL, TUTORIAL, TWO, Way};

/// Loads that take so long that a test ends before them.
const SLOW: &str = "timeScale: 50\nloadSeconds: 3000\nservers: [{}]\n";

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("it must be JSON")
}

/// Publishes without waiting, and waits until a server is assigned.
fn assigned(cell: &Cell, model: &str, class: &str) {
    cell.done(&["publish", model, "--path", class]);
    for _ in 0..100 {
        let models = cell.done(&["get", "models", model, "-o", "json"]);
        if json(&models.stdout)["models"][0]["phase"] == "Loading" {
            return;
        }
    }
    panic!("{model} isn't assigned");
}

#[test]
fn publish_waits_for_the_servers_own_word() {
    let cell = Cell::of(&format!("{TWO}loadSeconds: 150\n"));
    let words = [
        "publish",
        "spmd",
        "--path",
        TUTORIAL,
        "--replicas",
        "2",
        "--wait",
    ];
    let published = cell.ask(Way::Admin, &words);
    assert_eq!(published.status, Some(0), "{published}");
    assert_eq!(published.stdout, "/sax/test/spmd published\n");
    for said in ["not assigned yet", ": loading", ": loaded"] {
        assert!(published.stderr.contains(said), "{said}: {published}");
    }
    let models = cell.done(&["get", "models"]);
    insta::assert_snapshot!("serve-models", cell.plain(&models));
}

#[test]
fn what_is_published_answers_every_way() {
    for version in ["v1.0.0", "v1.2.0"] {
        let cell = Cell::of(&format!("{ONE}http: {version}\n"));
        cell.publish("m", SMALL, "1");
        let question = ["generate", "m", "How many days?"];
        for way in [Way::Admin, Way::Http] {
            let answered = cell.ask(way, &question);
            let text = "canned answer to: How many days?\n";
            assert_eq!((answered.status, answered.stdout.as_str()), (Some(0), text));
        }
        let name = format!("serve-generate-http-{version}");
        insta::assert_snapshot!(name, cell.plain(&cell.ask(Way::Http, &question)));
    }
    let cell = Cell::of(ONE);
    cell.publish("m", SMALL, "1");
    let generated = cell.done(&["generate", "m", "hi"]);
    insta::assert_snapshot!("serve-generate", cell.plain(&generated));
    let streamed = cell.done(&["generate", "m", "hi there", "--stream"]);
    assert_eq!(streamed.stdout, "canned answer to: hi there\n");
    let scores = cell.done(&["score", "m", "a week has", " seven days", " ten"]);
    insta::assert_snapshot!("serve-score", cell.plain(&scores));
    let vector = cell.done(&["embed", "m", "two words", "-o", "json"]);
    let vector = json(&vector.stdout)["embeddings"][0]["embedding"].clone();
    assert_eq!(vector.as_array().map(Vec::len), Some(8));
    let table = cell.done(&["embed", "m", "two words", "-o", "table"]);
    insta::assert_snapshot!("serve-embed", cell.plain(&table));
}

#[test]
fn prompts_come_from_arguments_and_stdin_and_are_answered_in_their_order() {
    let cell = Cell::of(ONE);
    cell.publish("m", SMALL, "1");
    let words = ["generate", "m", "first", "-", "-o", "json"];
    let answered = cell.ask_with(Way::Admin, &words, "second\nline\n");
    let results = json(&answered.stdout)["results"].clone();
    assert_eq!(results[0]["prompt"], "first");
    assert_eq!(results[1]["prompt"], "second\nline");
    assert_eq!(results[1]["answers"][0]["score"], -1.25);
    let words = ["generate", "m", "-", "--lines"];
    let answered = cell.ask_with(Way::Admin, &words, "a\nb\n");
    let text = "canned answer to: a\ncanned answer to: b\n";
    assert_eq!(answered.stdout, text, "{answered}");
    let path = "jsonpath={.results[0].answers[0].text}";
    let answered = cell.done(&["generate", "m", "hi", "-o", path]);
    assert_eq!(answered.stdout, "canned answer to: hi");
    let chat = cell.ask_with(
        Way::Admin,
        &["chat", "m", "--plain"],
        "hi\n\n/clear\nbye\n/exit\nno\n",
    );
    let text = "canned answer to: hi\ncanned answer to: bye\n";
    assert_eq!(
        (chat.status, chat.stdout.as_str()),
        (Some(0), text),
        "{chat}"
    );
}

#[test]
fn a_load_that_fails_ends_the_waiting_with_the_servers_reason() {
    let failing = "loads:\n  - {path: saxml.server.pax.lm.params.lm_cloud.LmCloudSpmd2BTest, \
                   fails: 'Invalid checkpoint path'}\n";
    let cell = Cell::of(&format!("{ONE}{failing}"));
    let published = cell.ask(Way::Admin, &["publish", "m", "--path", SMALL, "--wait"]);
    assert_eq!(published.status, Some(125), "{published}");
    let why = cell.ask(Way::Admin, &["wait", "m"]);
    insta::assert_snapshot!("serve-load-failed", cell.plain(&why));
    let asked = cell.ask(Way::Admin, &["generate", "m", "hi"]);
    assert_eq!(asked.status, Some(125), "{asked}");
    insta::assert_snapshot!(
        "serve-models-failed",
        cell.plain(&cell.done(&["get", "models"]))
    );
}

#[test]
fn a_class_that_no_server_can_serve_is_not_published_where_somebody_waits() {
    for version in ["v1.1.0", "v1.2.0", "head"] {
        let script = format!(
            "timeScale: 50\nversion: {version}\nservers: [{{chip: tpuv5e, topology: 4x4, devices: 16}}]\n"
        );
        let cell = Cell::of(&script);
        let words = ["publish", "spmd", "--path", TUTORIAL];
        let published = cell.ask(Way::Admin, &[&words[..], &["--wait"]].concat());
        insta::assert_snapshot!("serve-wrong-mesh", cell.plain(&published));
        let models = cell.done(&["get", "models", "-o", "name"]);
        assert_eq!(models.stdout, "", "{models}");
        // Without --wait servers may come later.
        let warned = cell.done(&words);
        assert!(
            warned.stderr.contains("needs exactly 32 devices"),
            "{warned}"
        );
        let waited = cell.ask(Way::Admin, &["wait", "spmd"]);
        assert_eq!(waited.status, Some(125), "{waited}");
        let asked = cell.ask(Way::Admin, &["generate", "spmd", "hi"]);
        assert_eq!(asked.status, Some(1), "{asked}");
    }
}

#[test]
fn a_server_serves_one_model_and_the_others_are_named() {
    let cell = Cell::of(TWO);
    cell.publish("first", TUTORIAL, "1");
    let words = [
        "publish",
        "second",
        "--path",
        TUTORIAL,
        "--replicas",
        "2",
        "--wait",
    ];
    insta::assert_snapshot!("serve-busy", cell.plain(&cell.ask(Way::Admin, &words)));
    let words = [
        "publish",
        "second",
        "--path",
        TUTORIAL,
        "--replicas",
        "3",
        "--dry-run=server",
    ];
    insta::assert_snapshot!("serve-too-few", cell.plain(&cell.ask(Way::Admin, &words)));
    cell.publish("second", TUTORIAL, "1");
    insta::assert_snapshot!(
        "serve-two-models",
        cell.plain(&cell.done(&["get", "models"]))
    );
}

#[test]
fn time_that_runs_out_says_how_far_it_got_and_a_question_does_not_wait() {
    let cell = Cell::of(SLOW);
    assigned(&cell, "m", SMALL);
    let waited = cell.ask(Way::Admin, &["wait", "m", "--timeout", "0"]);
    insta::assert_snapshot!("serve-timed-out", cell.plain(&waited));
    let asked = cell.ask(Way::Admin, &["generate", "m", "hi"]);
    insta::assert_snapshot!("serve-not-loaded", cell.plain(&asked));
    // The HTTP server would wait for ever.
    let asked = cell.ask(Way::Http, &["generate", "m", "hi", "--timeout", "1s"]);
    assert_eq!(asked.status, Some(124), "{asked}");
}

#[test]
fn an_admin_server_that_restarts_during_a_load_changes_nothing() {
    let cell = Cell::of("timeScale: 10\nloadSeconds: 30\nservers: [{}]\n");
    assigned(&cell, "m", SMALL);
    // It saves what is published with its tick of a second.
    let saved = cell.ask(Way::Admin, &["wait", "m", "--timeout", "1s"]);
    assert_eq!(saved.status, Some(124), "{saved}");
    cell.act(&Action::RestartAdmin);
    let waited = cell.ask(Way::Admin, &["wait", "m", "--timeout", "60s"]);
    assert_eq!(waited.status, Some(0), "{waited}");
}

#[test]
fn a_silent_server_is_no_loaded_one() {
    let cell = Cell::of(ONE);
    cell.publish("m", SMALL, "1");
    cell.act(&Action::SilenceServer { server: 0 });
    let words = ["wait", "m", "--timeout", "0", "--request-timeout", "1s"];
    let waited = cell.ask(Way::Admin, &words);
    assert_eq!(waited.status, Some(124), "{waited}");
    assert!(waited.stderr.contains("GetStatus within 1s"), "{waited}");
    let words = ["generate", "m", "hi", "--request-timeout", "1s"];
    let asked = cell.ask(Way::Admin, &words);
    assert_eq!(asked.status, Some(1), "{asked}");
}

#[test]
fn both_kinds_of_status_codes_say_the_same() {
    let said = ["wrapped", "true"].map(|codes| {
        let cell = Cell::of(&format!("{ONE}codes: {codes}\n"));
        cell.publish("m", SMALL, "1");
        let questions: [&[&str]; 5] = [
            &["publish", "m", "--path", SMALL],
            &["update", "nope", "--replicas", "2"],
            &["unpublish", "nope", "-y"],
            &["generate", "nmo", "hi"],
            &["wait", "nope"],
        ];
        let said = questions.map(|words| cell.plain(&cell.ask(Way::Admin, words)));
        said.join("\n")
    });
    assert_eq!(said[0], said[1]);
    insta::assert_snapshot!("serve-errors", said[0]);
}

#[test]
fn update_keeps_what_it_does_not_change() {
    let cell = Cell::of(TWO);
    let words = [
        "publish",
        "m",
        "--path",
        TUTORIAL,
        "--set",
        "BATCH_SIZE=4",
        "--wait",
    ];
    cell.done(&words);
    let dry = cell.done(&["update", "m", "--replicas", "2", "--dry-run=server"]);
    assert!(dry.stdout.contains("updated (server dry run)"), "{dry}");
    let updated = cell.done(&["update", "m", "--replicas", "2", "--wait", "-o", "yaml"]);
    insta::assert_snapshot!("serve-update", updated.stdout);
    let models = json(&cell.done(&["get", "models", "m", "-o", "json"]).stdout);
    assert_eq!(models["models"][0]["overrides"]["BATCH_SIZE"], "4");
    assert_eq!(models["models"][0]["loaded"], 2);
    let same = cell.done(&["update", "m", "--replicas", "2"]);
    assert_eq!(same.stdout, "/sax/test/m unchanged\n");
}

#[test]
fn unpublish_waits_until_nobody_holds_it_and_its_name_is_free_again() {
    let cell = Cell::of(ONE);
    cell.publish("m", SMALL, "1");
    let refused = cell.ask(Way::Admin, &["unpublish", "m"]);
    insta::assert_snapshot!("serve-unpublish-nobody-to-ask", cell.plain(&refused));
    let unpublished = cell.done(&["unpublish", "m", "-y", "--wait"]);
    assert!(
        unpublished.stderr.contains("unloaded everywhere"),
        "{unpublished}"
    );
    let servers = cell.done(&["get", "servers", "-o", "json"]);
    assert_eq!(json(&servers.stdout)["servers"], json("[]"));
    cell.publish("m", SMALL, "1");
    let replaced = ["publish", "m", "--path", SMALL, "--replace", "-y", "--wait"];
    cell.done(&replaced);
    let gone = ["unpublish", "nope", "-y", "--ignore-not-found"];
    assert_eq!(cell.done(&gone).stdout, "");
}

#[test]
fn by_http_what_is_possible_is_done_and_what_is_not_is_said() {
    for version in ["v1.0.0", "v1.2.0"] {
        let cell = Cell::of(&format!("{ONE}http: {version}\n"));
        let http = |words: &[&str]| cell.ask(Way::Http, words);
        let published = http(&["publish", "m", "--path", SMALL]);
        assert_eq!(published.stdout, "/sax/test/m published\n", "{published}");
        let again = http(&["publish", "m", "--path", SMALL]);
        assert!(again.stderr.contains("is published already"), "{again}");
        let models = http(&["get", "models", "m"]);
        assert!(models.stdout.contains("?/1"), "{models}");
        let updated = http(&["update", "m", "--replicas", "2", "-y"]);
        assert_eq!(updated.stdout, "/sax/test/m updated\n", "{updated}");
        let nobody = http(&["update", "m", "--replicas", "3"]);
        assert_eq!(nobody.status, Some(1), "{nobody}");
        let unpublished = http(&["unpublish", "m", "-y"]);
        assert_eq!(
            unpublished.stdout, "/sax/test/m unpublished\n",
            "{unpublished}"
        );
        let missing = http(&["generate", "nope", "hi"]);
        assert!(
            missing.stderr.contains("no model /sax/test/nope"),
            "{missing}"
        );
        for words in [
            &["score", "m", "a", "b"][..],
            &["embed", "m", "a"],
            &["wait", "m"],
            &["get", "servers"],
            &["publish", "m", "--path", SMALL, "--wait"],
            &["publish", "m", "--path", SMALL, "--set", "A=1"],
        ] {
            let refused = http(words);
            assert_eq!(refused.status, Some(1), "{refused}");
            assert!(refused.stderr.contains("have no such call"), "{refused}");
        }
        let all = http(&["get", "models", "-o", "name"]);
        let lists = version == "v1.2.0";
        assert_eq!(all.status, Some(if lists { 0 } else { 1 }), "{all}");
    }
}

#[test]
fn extra_inputs_reach_the_model_and_unknown_ones_are_named() {
    let cell = Cell::of("timeScale: 50\nclasses: [{path: lm.Fake, devices: [1]}]\nservers: [{}]\n");
    cell.done(&[
        "publish",
        "m",
        "--path",
        "lm.Fake",
        "--checkpoint",
        "None",
        "--wait",
    ]);
    cell.done(&[
        "generate",
        "m",
        "hi",
        "--temperature",
        "0.5",
        "--top-k",
        "40",
    ]);
    let unknown = cell.ask(Way::Admin, &["generate", "m", "hi", "--extra", "beams=4"]);
    insta::assert_snapshot!("serve-extra-unknown", cell.plain(&unknown));
    // A class whose inputs are known is checked before anything is sent.
    cell.done(&["unpublish", "m", "-y", "--wait"]);
    cell.publish("m", SMALL, "1");
    let unknown = cell.ask(Way::Admin, &["generate", "m", "hi", "--top-k", "40"]);
    insta::assert_snapshot!("serve-extra-undeclared", cell.plain(&unknown));
}

#[test]
fn bench_counts_measures_and_draws() {
    let cell = Cell::of(&format!("{TWO}answerSeconds: 1\n"));
    cell.publish("m", TUTORIAL, "2");
    let words = ["bench", "m", "--requests", "12", "-c", "3", "-o", "json"];
    let measured = json(&cell.done(&words).stdout);
    assert_eq!(measured["answered"], 12);
    assert_eq!(measured["failed"], 0);
    let shortest = measured["shortest"].as_f64().expect("there must be one");
    assert!(shortest >= 0.02, "{measured}");
    let table = cell.done(&["bench", "m", "--requests", "3"]);
    assert!(
        table.stdout.contains("P99") && table.stdout.contains('█'),
        "{table}"
    );
    let picture = cell.done(&["bench", "m", "--requests", "3", "-o", "svg"]);
    assert!(picture.stdout.starts_with("<svg"), "{picture}");
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let file = folder.path().join("latency.svg");
    let path = file.to_str().expect("it must be UTF-8");
    cell.done(&["bench", "m", "--requests", "3", "--svg", path]);
    let written = std::fs::read_to_string(&file).expect("it must be written");
    assert!(written.contains("class=\"curve\""), "{written}");
}

#[test]
fn servers_and_models_are_printed_in_every_format() {
    let cell = Cell::of(TWO);
    cell.publish("m", TUTORIAL, "2");
    let servers = cell.done(&["get", "servers"]);
    insta::assert_snapshot!("serve-servers", cell.plain(&servers));
    insta::assert_snapshot!(
        "serve-models-wide",
        cell.plain(&cell.done(&["get", "models", "-o", "wide"]))
    );
    let names = cell.done(&["get", "models", "-o", "name"]);
    assert_eq!(names.stdout, "/sax/test/m\n");
    let json_text = cell.done(&["get", "models", "-o", "json"]).stdout;
    let yaml = cell.done(&["get", "models", "-o", "yaml"]).stdout;
    let read: Value = serde_saphyr::from_str(&yaml).expect("it must be YAML");
    assert_eq!(read, json(&json_text));
    let columns = "custom-columns=NAME:.model,STATE:.phase";
    let table = cell.done(&["get", "models", "-o", columns]);
    assert!(table.stdout.contains("/sax/test/m   Loaded"), "{table}");
    let colored = cell.done(&["get", "models", "--color", "always"]);
    assert!(colored.stdout.contains("\u{1b}[32mLoaded"), "{colored}");
}

#[test]
fn mistakes_are_told_before_anybody_is_asked() {
    let mistakes: [&[&str]; 13] = [
        &["publish", "Spmd", "--path", SMALL],
        &["publish", "/sax/a/b/c", "--path", SMALL],
        &["publish", "m", "--path", "9bad path"],
        &["publish", "m", "--path", "lm_cloud.LLaMA7BFP16TPUv5e"],
        &[
            "publish",
            "m",
            "--path",
            "lm_cloud.LLaMA7BFP16TPUv5e",
            "--checkpoint",
            "None",
        ],
        &["publish", "m", "--path", SMALL, "--checkpoint", "none"],
        &[
            "publish",
            "m",
            "--path",
            SMALL,
            "--checkpoint",
            "gs://b/a b",
        ],
        &["publish", "m", "--path", SMALL, "--replicas", "-1"],
        &["publish", "m", "--path", SMALL, "--set", "NAME=x"],
        &[
            "publish",
            "m",
            "--path",
            SMALL,
            "--wait",
            "--dry-run=client",
        ],
        &["update", "m"],
        &["generate", "m", "hi", "--extra", "x"],
        &["generate", "m", "hi", "--admin", "nowhere"],
    ];
    let said = mistakes.map(|words| {
        let ended = crate::run::sax(words, "");
        assert_eq!(ended.status, Some(1), "{words:?}: {ended}");
        format!("$ kubectl sax {}\n{}", words.join(" "), ended.stderr)
    });
    insta::assert_snapshot!("serve-mistakes", said.join("\n"));
}

#[test]
fn a_dry_run_of_the_client_asks_nobody() {
    let words = [
        "publish",
        "/sax/test/m",
        "--path",
        SMALL,
        "--dry-run=client",
        "-o",
        "yaml",
    ];
    let ended = crate::run::sax(&words, "");
    insta::assert_snapshot!("serve-dry-run", ended);
}
