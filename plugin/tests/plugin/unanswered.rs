//! No verb hangs, whatever stands at the other end: each ends by itself with a status of its own,
//! an error that names whom it asked, and a fix, and reads no more than its limit.

mod rows;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::peers::{GIGABYTE, Manner, PeerServer};
use crate::run::{Bounded, sax, sax_bounded};
use crate::verbs::{Verb, tree};
use rows::{OF_CELLS, OF_CLUSTER, OF_SAXML, Row, SILENT};

/// How many runs go on at once: most of them wait.
const SIDE_BY_SIDE: usize = 6;
/// What a run may have in memory that is sent a gigabyte: the limit of an answer, and ourselves.
const MEMORY: u64 = GIGABYTE / 8 * 5;

/// How a row ends at a server of this manner.
struct Expected<'a> {
    row: &'a Row,
    manner: Manner,
    statuses: &'a [i32],
    /// What the error must say beside the server's address.
    says: &'a str,
}

impl Expected<'_> {
    /// What is wrong with the way in which it ended.
    fn faults(&self, run: &Bounded, address: &str) -> Vec<String> {
        let ended = &run.ended;
        let said = format!("{}{}", ended.stdout, ended.stderr);
        let status = ended.status.unwrap_or(-1);
        let finds = matches!(self.row.verb, "doctor" | "version");
        let checks = [
            (!run.killed, "it hangs"),
            (self.statuses.contains(&status), "another status"),
            (said.contains(address), "it doesn't name the server"),
            (said.contains(self.says), "it doesn't say why"),
            (finds || said.contains("fix: "), "no fix"),
            (finds || ended.stdout.is_empty(), "data"),
            (!said.contains("panicked"), "a panic"),
            (run.peak < MEMORY, "too much memory"),
        ];
        let failed = checks.into_iter().filter(|(holds, _)| !holds);
        let Self { row, manner, .. } = self;
        let told = |(_, fault): (bool, &str)| {
            let (verb, rest, peak) = (row.verb, row.rest, run.peak >> 20);
            format!("{fault}: {verb} {rest:?} at {manner:?} ({peak} MB): {ended}")
        };
        failed.map(told).collect()
    }
}

/// Runs each row with flags that lead to a server.
fn run_all(server: &PeerServer, flags: &[&str], expected: &[Expected<'_>]) {
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(one) = expected.get(next.fetch_add(1, Ordering::SeqCst)) {
            let verb: Vec<_> = one.row.verb.split(' ').collect();
            let run = sax_bounded(&[&verb, flags, one.row.rest].concat(), "hi\n");
            let found = one.faults(&run, server.address());
            faults.lock().expect("nobody panics").extend(found);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(work);
        }
    });
    let faults = faults.into_inner().expect("nobody panics");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every verb that asks the API server at all.
fn of_api_server() -> impl Iterator<Item = &'static Row> {
    [OF_CLUSTER, OF_SAXML, OF_CELLS].into_iter().flatten()
}

#[test]
fn every_verb_of_the_binary_that_asks_somebody_has_a_row() {
    let named = |rows: &[&'static [Row]]| -> BTreeSet<&str> {
        rows.iter().copied().flatten().map(|row| row.verb).collect()
    };
    let all = tree();
    let verbs = |asks: fn(&Verb) -> bool| -> BTreeSet<&str> {
        let names = all
            .iter()
            .filter(|verb| asks(verb))
            .map(|verb| verb.name.as_str());
        names.filter(|name| !SILENT.contains(name)).collect()
    };
    let cluster = named(&[OF_CLUSTER, OF_SAXML, OF_CELLS]);
    assert_eq!(
        cluster,
        verbs(|verb| verb.asks_cluster),
        "verbs with --kubeconfig"
    );
    let saxml = named(&[OF_SAXML, OF_CELLS]);
    assert_eq!(
        saxml,
        verbs(|verb| verb.asks_saxml),
        "verbs with --endpoint"
    );
}

#[test]
fn no_verb_hangs_at_an_api_server_that_does_not_serve() {
    for (manner, says) in [
        (Manner::Silent, "no answer from"),
        (Manner::Closes, "no answer from"),
        (Manner::HalfOfHttp, "no answer from"),
        (Manner::Garbage, "no answer from"),
        (
            Manner::Expired,
            "doesn't accept our credentials: Unauthorized",
        ),
    ] {
        at_api_server("http", manner, says);
    }
}

#[test]
fn a_certificate_of_an_api_server_that_nobody_signed_is_named() {
    at_api_server("https", Manner::Untrusted, "isn't trusted");
}

#[test]
fn a_gigabyte_of_an_api_server_is_not_read() {
    let says = "sends more than 128 MB in one answer";
    at_api_server("http", Manner::HugeOfHttp, says);
    let read = at_api_server("http", Manner::Endless, says);
    // Each reads its limit, and the system keeps some more.
    let most = of_api_server().count() as u64 * (160 << 20);
    assert!(read < most, "{read} bytes were read, {most} are the limit");
}

/// What was read of the server.
fn at_api_server(scheme: &str, manner: Manner, says: &str) -> u64 {
    let server = PeerServer::start(manner);
    let url = format!("{scheme}://{}", server.address());
    let late = matches!(manner, Manner::Silent | Manner::HalfOfHttp);
    let expected: Vec<_> = of_api_server()
        .map(|row| Expected {
            row,
            manner,
            statuses: row.statuses(late),
            says,
        })
        .collect();
    // What sends all the time is given the time to send too much.
    let huge = matches!(manner, Manner::HugeOfHttp | Manner::Endless);
    let limit = if huge { "60s" } else { "1s" };
    let flags = ["--server", &url, "--request-timeout", limit];
    run_all(&server, &flags, &expected);
    server.written()
}

#[test]
fn without_a_flag_an_answer_may_not_take_for_ever_either() {
    let server = PeerServer::start(Manner::Silent);
    let url = format!("http://{}", server.address());
    let run = |row: &'static Row| {
        let verb: Vec<_> = row.verb.split(' ').collect();
        let run = sax_bounded(&[&verb, &["--server", &url][..], row.rest].concat(), "hi\n");
        let expected = Expected {
            row,
            manner: Manner::Silent,
            statuses: row.statuses(true),
            says: "no answer from",
        };
        expected.faults(&run, server.address())
    };
    let faults: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = of_api_server()
            .map(|row| scope.spawn(move || run(row)))
            .collect();
        runs.into_iter()
            .flat_map(|run| run.join().expect("it must end"))
            .collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_verb_hangs_at_an_admin_server_that_does_not_serve() {
    for (manner, statuses, says) in [
        (Manner::Silent, &[124][..], "within 1s"),
        (Manner::Closes, &[1, 124], ""),
        (Manner::HalfOfGrpc, &[1, 124], ""),
        (Manner::HalfOfHttp, &[1, 124], ""),
        (
            Manner::HugeOfGrpc,
            &[1],
            "sends more than 8 MB in one answer",
        ),
        (Manner::Garbage, &[1, 124], ""),
        (Manner::Untrusted, &[1, 124], ""),
        (
            Manner::ExpiredOfGrpc,
            &[1],
            "doesn't accept our credentials",
        ),
    ] {
        let server = PeerServer::start(manner);
        let flags = ["--admin", server.address(), "--request-timeout", "1s"];
        run_all(&server, &flags, &of_saxml(manner, statuses, says));
    }
}

#[test]
fn no_verb_hangs_at_an_http_server_that_does_not_serve() {
    for (manner, statuses, says) in [
        (Manner::Silent, &[124][..], "within 1s"),
        (Manner::Closes, &[1], ""),
        (Manner::HalfOfHttp, &[124], "within 1s"),
        (
            Manner::HugeOfHttp,
            &[1],
            "sends more than 8 MB in one answer",
        ),
        (Manner::Endless, &[1], "sends more than 8 MB in one answer"),
        (Manner::Garbage, &[1], ""),
        (Manner::Untrusted, &[1], "isn't trusted"),
        (Manner::Expired, &[1], "doesn't accept our credentials"),
    ] {
        let server = PeerServer::start(manner);
        let scheme = if manner == Manner::Untrusted {
            "https"
        } else {
            "http"
        };
        let url = format!("{scheme}://{}", server.address());
        let flags = ["--endpoint", &url, "--request-timeout", "1s"];
        run_all(&server, &flags, &of_saxml(manner, statuses, says));
        let most = GIGABYTE / 10 * OF_SAXML.len() as u64;
        assert!(server.written() < most, "{manner:?}: {}", server.written());
    }
}

fn of_saxml<'a>(manner: Manner, statuses: &'a [i32], says: &'a str) -> Vec<Expected<'a>> {
    let of = |row| Expected {
        row,
        manner,
        statuses,
        says,
    };
    OF_SAXML.iter().map(of).collect()
}

#[test]
fn nobody_at_an_address_is_said_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port must be free");
    let address = listener
        .local_addr()
        .expect("it must have an address")
        .to_string();
    drop(listener);
    for row in OF_SAXML {
        let verb: Vec<_> = row.verb.split(' ').collect();
        let ended = sax(
            &[&verb, &["--admin", &address][..], row.rest].concat(),
            "hi\n",
        );
        assert_eq!(ended.status, Some(1), "{}: {ended}", row.verb);
        assert!(ended.stderr.contains("Connection refused"), "{ended}");
    }
}

#[test]
fn whoever_presses_tab_does_not_wait_for_a_server_that_says_nothing() {
    let server = PeerServer::start(Manner::Silent);
    let url = format!("http://{}", server.address());
    for words in [
        &["status"][..],
        &["delete"],
        &["get", "models"],
        &["policy", "uninstall"],
    ] {
        let typed = [&["__complete"], words, &["--server", &url, ""]].concat();
        let run = sax_bounded(&typed, "");
        assert!(!run.killed, "{words:?} hangs");
        assert_eq!(run.ended.status, Some(0), "{words:?}: {}", run.ended);
    }
}

#[test]
fn a_sign_in_program_that_fails_or_brings_what_has_expired_is_named() {
    let server = PeerServer::start(Manner::Expired);
    let credential = json!({"apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential", "status": {"token": "old", "expirationTimestamp": "2020-01-02T03:04:05Z"}});
    let brings = format!("echo '{credential}'");
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    for (name, script, says) in [
        ("expired", brings.as_str(), "doesn't accept our credentials"),
        (
            "failing",
            "echo 'please sign in' >&2; exit 3",
            "please sign in",
        ),
        (
            "nonsense",
            "echo nonsense",
            "doesn't accept our credentials",
        ),
    ] {
        let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "gke",
            "contexts": [{"name": "gke", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": format!("http://{}", server.address())}}],
            "users": [{"name": "u", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1",
                "command": "sh", "args": ["-c", script], "interactiveMode": "Never"}}}]});
        let path = folder.path().join(name);
        std::fs::write(&path, config.to_string()).expect("a file must be writable");
        let run = sax_bounded(&["topology", "--kubeconfig", &path.to_string_lossy()], "");
        assert!(!run.killed, "{name} hangs");
        assert_eq!(run.ended.status, Some(1), "{name}: {}", run.ended);
        assert!(run.ended.stderr.contains(says), "{name}: {}", run.ended);
        assert!(run.ended.stderr.contains("fix: "), "{name}: {}", run.ended);
    }
}
