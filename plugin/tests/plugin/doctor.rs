//! `doctor`, against an API server that answers from lists: one healthy cluster, and each way to
//! break it.

use serde_json::{Value, json};

use crate::doctor_cases::cases;
use crate::recorded::{ACCOUNT, World, pod_name};
use crate::run::{Ended, sax};

fn doctor(world: World, more: &[&str]) -> Ended {
    let api = world.serve();
    sax(
        &[&["doctor"], &api.flags()[..], &["-n", "default"], more].concat(),
        "",
    )
}

#[test]
fn a_healthy_deployment_gets_a_clean_verdict() {
    let ended = doctor(World::healthy(), &["sax"]);
    assert_eq!(ended.status, Some(0), "{ended}");
    insta::assert_snapshot!("doctor-healthy", ended);
    let json = doctor(World::healthy(), &["sax", "-o", "json"]);
    insta::assert_snapshot!("doctor-healthy-json", json);
}

#[test]
fn a_cluster_can_be_looked_at_before_there_is_a_deployment() {
    let ended = doctor(World::empty(), &["--preflight"]);
    assert_eq!(ended.status, Some(0), "{ended}");
    insta::assert_snapshot!("doctor-preflight", ended);
}

#[test]
fn each_way_to_break_it_is_named_with_its_object_and_its_fix() {
    for case in cases() {
        let mut world = World::healthy();
        (case.breaks)(&mut world);
        let ended = doctor(world, &[case.arguments, &["-o", "json"]].concat());
        let report: Value = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|error| panic!("{}: {error}: {ended}", case.name));
        let [check, severity, object] = case.finds;
        let findings = report["findings"]
            .as_array()
            .expect("findings must be a list");
        let found = findings.iter().find(|finding| {
            finding["check"] == check
                && finding["severity"] == severity
                && finding["object"] == object
        });
        let found = found.unwrap_or_else(|| {
            panic!(
                "{}: no {severity} of {check} about {object}: {ended}",
                case.name
            )
        });
        let told = format!("{} {}", found["message"], found["detail"]);
        for part in case.says {
            assert!(
                told.contains(part),
                "{}: {part:?} isn't said: {told}",
                case.name
            );
        }
        let fix = found["fix"].as_str().unwrap_or_default();
        assert!(
            fix.contains(case.fix),
            "{}: {:?} is no fix: {fix:?}",
            case.name,
            case.fix
        );
        let expected = if severity == "problem" { 2 } else { 0 };
        let status = if report["problems"] == 0 { 0 } else { 2 };
        assert_eq!(ended.status, Some(status), "{}", case.name);
        assert!(status >= expected, "{}: {ended}", case.name);
    }
}

#[test]
fn strict_lets_warnings_count() {
    let mut world = World::healthy();
    world.object("ServiceAccount", ACCOUNT)["metadata"]["annotations"] = Value::Null;
    assert_eq!(doctor(world, &["sax", "--strict"]).status, Some(2));
}

#[test]
fn problems_come_first_and_take_three_lines_at_most() {
    let mut world = World::healthy();
    world.object("Node", "tpu1-3")["spec"]["unschedulable"] = true.into();
    world.object("ServiceAccount", ACCOUNT)["metadata"]["annotations"] = Value::Null;
    let ended = doctor(world, &["sax"]);
    assert_eq!(ended.status, Some(2), "{ended}");
    insta::assert_snapshot!("doctor-broken", ended);
    assert!(ended.stdout.starts_with("1 problem,"), "{ended}");
}

#[test]
fn nobody_at_the_address_is_a_finding_and_no_hang() {
    let ended = sax(
        &["doctor", "--server", "http://127.0.0.1:1", "-n", "default"],
        "",
    );
    assert_eq!(ended.status, Some(2), "{ended}");
    assert!(
        ended.stdout.contains("no answer from http://127.0.0.1:1"),
        "{ended}"
    );
    assert!(ended.stdout.contains("fix: check the address"), "{ended}");
}

#[test]
fn a_missing_sign_in_program_is_named() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let path = folder.path().join("config");
    let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "gke",
        "contexts": [{"name": "gke", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "gke-gcloud-auth-plugin-missing", "interactiveMode": "Never"}}}]});
    std::fs::write(&path, config.to_string()).expect("a file must be writable");
    let path = path.to_string_lossy();
    let ended = sax(&["doctor", "--kubeconfig", &path], "");
    assert_eq!(ended.status, Some(2), "{ended}");
    assert!(
        ended.stdout.contains("gke-gcloud-auth-plugin-missing"),
        "{ended}"
    );
    assert!(ended.stdout.contains("of context gke"), "{ended}");
    assert!(
        ended
            .stdout
            .contains("fix: gcloud components install gke-gcloud-auth-plugin"),
        "{ended}"
    );
}

#[test]
fn a_bundle_holds_all_of_it_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let path = folder.path().join("out.zip");
    let mut world = World::healthy();
    let environment = json!([{"name": "HF_TOKEN", "value": "hf_0123456789abcdef"}]);
    world.object("Deployment", "sax-http")["spec"]["template"]["spec"]["containers"][0]["env"] =
        environment;
    let pod = pod_name(0, 0);
    let log = "Loading model\nAuthorization: Bearer abcdefgh12345678\n".to_owned();
    world
        .state
        .logs
        .insert(format!("{pod}/sax-model-server"), log);
    let ended = doctor(world, &["sax", "--bundle", &path.to_string_lossy()]);
    assert_eq!(ended.status, Some(0), "{ended}");
    let files = unzipped(&path);
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "report.txt",
        "report.json",
        "objects/deployment-sax-http.yaml",
        "events.txt",
    ] {
        assert!(names.contains(&name), "{name} isn't in {names:?}");
    }
    let all: String = files.iter().map(|(_, text)| text.as_str()).collect();
    assert!(
        !all.contains("hf_0123456789abcdef") && !all.contains("abcdefgh12345678"),
        "a secret is in the bundle"
    );
    let log = files
        .iter()
        .find(|(name, _)| *name == format!("logs/{pod}.sax-model-server.log"));
    assert_eq!(
        log.map(|(_, text)| text.as_str()),
        Some("Loading model\nAuthorization: Bearer REDACTED\n")
    );
    // A second bundle doesn't overwrite the first.
    let again = doctor(
        World::healthy(),
        &["sax", "--bundle", &path.to_string_lossy()],
    );
    assert_eq!(again.status, Some(1), "{again}");
    assert!(again.stderr.contains("exists already"), "{again}");
}

pub(crate) fn unzipped(path: &std::path::Path) -> Vec<(String, String)> {
    let file = std::fs::File::open(path).expect("the bundle must be there");
    let mut zip = zip::ZipArchive::new(file).expect("it must be a zip file");
    let count = zip.len();
    let mut read = |index| {
        let mut file = zip.by_index(index).expect("it must be in there");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut file, &mut text).expect("it must be text");
        let name = file.name().expect("it must have a name").into_owned();
        (name, text)
    };
    (0..count).map(&mut read).collect()
}
