//! `report`, against an API server that answers from lists.

use serde_json::json;

use crate::doctor::unzipped;
use crate::recorded::{World, pod_name};
use crate::run::{Ended, sax};

fn report(world: World, more: &[&str]) -> Ended {
    let api = world.serve();
    let flags = [&["report"], &api.flags()[..], &["-n", "default"], more].concat();
    sax(&flags, "")
}

/// A healthy deployment with Events, one of which tells a secret.
fn world() -> World {
    let mut world = World::healthy();
    for (name, about, message) in [
        ("one", "sax-http", "pulled with token=abcdefgh12345678"),
        ("two", "sax-model-server-set-sax-model-server-0", "created"),
        ("three", "somebody-elses", "says something"),
    ] {
        world.add(json!({"kind": "Event", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": "default"},
            "type": "Normal", "reason": "Told", "message": message,
            "involvedObject": {"kind": "Pod", "name": about},
            "lastTimestamp": "@-1h"}));
    }
    world
}

/// The time is another in each run.
fn without_time(ended: &Ended) -> String {
    let time = regex::Regex::new(r"at \d{4}-\d\d-\d\dT[0-9:]+Z").expect("it must be a pattern");
    time.replace(&ended.to_string(), "at TIME").into_owned()
}

#[test]
fn a_deployment_is_written_down_for_somebody_else() {
    let ended = report(world(), &["sax"]);
    assert_eq!(ended.status, Some(0), "{ended}");
    insta::assert_snapshot!("report", without_time(&ended));
    let open = report(world(), &["sax", "--no-redact"]);
    assert!(open.stdout.contains("token=abcdefgh12345678"), "{open}");
}

#[test]
fn what_is_wrong_is_in_it_and_what_may_not_be_read_is_named() {
    let mut world = world();
    world.object("Node", "tpu1-3")["spec"]["unschedulable"] = true.into();
    world.state.refused.push("events");
    let ended = report(world, &["sax"]);
    // That it was made is what the exit status says.
    assert_eq!(ended.status, Some(0), "{ended}");
    assert!(
        ended.stdout.contains("problem: node/tpu1-3: is cordoned"),
        "{ended}"
    );
    let (_, missing) = ended
        .stdout
        .split_once("## Missing")
        .expect("it must be said");
    assert!(
        missing.contains("list events in namespace default"),
        "{ended}"
    );
}

#[test]
fn the_zip_file_holds_it_with_objects_and_logs_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let path = folder.path().join("out.zip");
    let path = path.to_string_lossy();
    let mut world = world();
    let pod = pod_name(0, 0);
    let log = "Authorization: Bearer abcdefgh12345678\n".to_owned();
    let logs = &mut world.state.logs;
    logs.insert(format!("{pod}/sax-model-server"), log);
    let ended = report(world, &["sax", "-f", &path]);
    assert_eq!(
        (ended.status, ended.stdout.as_str()),
        (Some(0), ""),
        "{ended}"
    );
    assert!(ended.stderr.contains("wrote "), "{ended}");
    let files = unzipped(std::path::Path::new(&*path));
    let all: String = files.iter().map(|(_, text)| text.as_str()).collect();
    assert!(!all.contains("abcdefgh12345678"), "a secret is in there");
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "report.md",
        "report.json",
        "objects/deployment-sax-http.yaml",
        "events.txt",
    ] {
        assert!(names.contains(&name), "{name} isn't in {names:?}");
    }
    let again = report(World::healthy(), &["sax", "--file", &path]);
    assert_eq!(again.status, Some(1), "{again}");
    assert!(again.stderr.contains("exists already"), "{again}");
    let wrong = report(World::healthy(), &["sax", "-f", "sax.md"]);
    assert_eq!(wrong.status, Some(1), "{wrong}");
    assert!(wrong.stderr.contains("must end in .zip"), "{wrong}");
}

#[test]
fn a_name_that_is_not_there_is_a_report_that_says_so() {
    let ended = report(World::empty(), &["sx"]);
    assert_eq!(ended.status, Some(0), "{ended}");
    assert!(
        ended
            .stdout
            .contains("no Sax deployment sx in namespace default"),
        "{ended}"
    );
}
