//! No verb hangs, whatever stands at the other end: each ends with a status, an error that names
//! the server, and a fix.

use crate::peers::{GIGABYTE, Manner, PeerServer};
use crate::run::{Ended, sax};

/// Every verb that asks Saxml, with flags that keep its deadlines short.
const VERBS: [&[&str]; 13] = [
    &[
        "publish",
        "/sax/test/m",
        "--path",
        "lm_cloud.LmCloudSpmd2BTest",
    ],
    &[
        "publish",
        "/sax/test/m",
        "--path",
        "lm_cloud.LmCloudSpmd2BTest",
        "--wait",
        "--timeout",
        "1s",
    ],
    &["update", "/sax/test/m", "--replicas", "2"],
    &["unpublish", "/sax/test/m", "-y"],
    &["get", "models", "/sax/test/m"],
    &["get", "models", "/sax/test/m", "-w"],
    &["get", "servers"],
    &["wait", "/sax/test/m", "--timeout", "1s"],
    &["generate", "/sax/test/m", "hi", "--timeout", "1s"],
    &["chat", "/sax/test/m", "--timeout", "1s"],
    &["score", "/sax/test/m", "a", "b", "--timeout", "1s"],
    &["embed", "/sax/test/m", "a", "--timeout", "1s"],
    &[
        "bench",
        "/sax/test/m",
        "--timeout",
        "1s",
        "--duration",
        "1s",
    ],
];

fn asked(verb: &[&str], way: &[&str]) -> Ended {
    sax(&[verb, way, &["--request-timeout", "1s"]].concat(), "hi\n")
}

/// An error, a fix, and no data.
fn check(verb: &[&str], manner: Manner, ended: &Ended, statuses: &[i32], server: &PeerServer) {
    let status = ended.status.unwrap_or(-1);
    assert!(statuses.contains(&status), "{verb:?} {manner:?}: {ended}");
    assert!(ended.stdout.is_empty(), "{verb:?} {manner:?}: {ended}");
    assert!(
        ended.stderr.contains("error: "),
        "{verb:?} {manner:?}: {ended}"
    );
    assert!(
        ended.stderr.contains(server.address()),
        "{verb:?} {manner:?}: {ended}"
    );
    assert!(
        !ended.stderr.contains("panicked"),
        "{verb:?} {manner:?}: {ended}"
    );
}

#[test]
fn no_verb_hangs_at_an_admin_server_that_does_not_serve() {
    for (manner, statuses) in [
        (Manner::Silent, &[124][..]),
        (Manner::Closes, &[1, 124]),
        (Manner::HalfOfGrpc, &[1, 124]),
        (Manner::HalfOfHttp, &[1, 124]),
        (Manner::HugeOfGrpc, &[1, 124]),
        (Manner::Garbage, &[1, 124]),
    ] {
        let server = PeerServer::start(manner);
        for verb in VERBS {
            let ended = asked(verb, &["--admin", server.address()]);
            check(verb, manner, &ended, statuses, &server);
        }
    }
}

#[test]
fn no_verb_hangs_at_an_http_server_that_does_not_serve() {
    for (manner, statuses) in [
        (Manner::Silent, &[124][..]),
        (Manner::Closes, &[1]),
        (Manner::HalfOfHttp, &[124]),
        (Manner::HugeOfHttp, &[1]),
        (Manner::Endless, &[1]),
        (Manner::Garbage, &[1]),
    ] {
        let server = PeerServer::start(manner);
        let url = format!("http://{}", server.address());
        for verb in VERBS {
            let ended = asked(verb, &["--endpoint", &url]);
            check(verb, manner, &ended, statuses, &server);
        }
        let most = GIGABYTE / 10 * VERBS.len() as u64;
        assert!(server.written() < most, "{manner:?}: {}", server.written());
    }
}

#[test]
fn no_verb_hangs_at_an_api_server_that_does_not_serve() {
    for (manner, statuses) in [
        (Manner::Silent, &[1][..]),
        (Manner::Closes, &[1]),
        (Manner::HalfOfHttp, &[1]),
        (Manner::Garbage, &[1]),
        (Manner::Expired, &[1]),
    ] {
        let server = PeerServer::start(manner);
        let url = format!("http://{}", server.address());
        for verb in VERBS {
            let ended = asked(verb, &["--server", &url]);
            check(verb, manner, &ended, statuses, &server);
        }
        let of_all: [&[&str]; 8] = [
            &["get", "cells"],
            &["get", "slices"],
            &["get", "cells", "-A"],
            &["get", "slices", "-A", "-w"],
            &["get", "models", "-A"],
            &["get", "servers", "-A", "-w"],
            &["wait", "sax", "--for=endpoint", "--timeout=0"],
            &["wait", "sax", "--for=deleted", "--timeout=0"],
        ];
        for verb in of_all {
            let ended = asked(verb, &["--server", &url]);
            check(verb, manner, &ended, statuses, &server);
        }
    }
}

#[test]
fn no_verb_that_diagnoses_hangs_at_an_api_server_that_does_not_serve() {
    let verbs: [&[&str]; 8] = [
        &["doctor"],
        &["status"],
        &["report"],
        &["logs", "sax"],
        &["events", "sax"],
        &["endpoint", "sax"],
        &["port-forward", "sax"],
        &["exec", "sax", "--", "saxutil"],
    ];
    for manner in [
        Manner::Silent,
        Manner::Closes,
        Manner::HalfOfHttp,
        Manner::Garbage,
        Manner::Expired,
    ] {
        let server = PeerServer::start(manner);
        let url = format!("http://{}", server.address());
        for verb in verbs {
            let (name, rest) = verb.split_at(1);
            let flags = ["--server", &url, "--request-timeout", "1s"];
            let ended = sax(&[name, &flags, rest].concat(), "");
            // A cluster that doesn't answer is what doctor finds.
            let expected = if name == ["doctor"] { 2 } else { 1 };
            assert_eq!(ended.status, Some(expected), "{verb:?} {manner:?}: {ended}");
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert!(
                said.contains(server.address()),
                "{verb:?} {manner:?}: {ended}"
            );
            assert!(!said.contains("panicked"), "{verb:?} {manner:?}: {ended}");
        }
    }
}

#[test]
fn a_certificate_that_nobody_signed_is_named() {
    let server = PeerServer::start(Manner::Untrusted);
    let url = format!("https://{}", server.address());
    for verb in VERBS {
        let ended = asked(verb, &["--endpoint", &url]);
        check(verb, Manner::Untrusted, &ended, &[1], &server);
        assert!(ended.stderr.contains("isn't trusted"), "{ended}");
    }
}

#[test]
fn nobody_at_an_address_is_said_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port must be free");
    let address = listener
        .local_addr()
        .expect("it must have an address")
        .to_string();
    drop(listener);
    for verb in VERBS {
        let ended = asked(verb, &["--admin", &address]);
        assert_eq!(ended.status, Some(1), "{verb:?}: {ended}");
        assert!(
            ended.stderr.contains("Connection refused"),
            "{verb:?}: {ended}"
        );
    }
}

#[test]
fn a_gigabyte_of_answer_is_not_read() {
    let server = PeerServer::start(Manner::HugeOfGrpc);
    let ended = asked(&["get", "models"], &["--admin", server.address()]);
    assert_eq!(ended.status, Some(1), "{ended}");
    assert!(
        ended.stderr.contains("sends more than 8 MB in one answer"),
        "{ended}"
    );
    let server = PeerServer::start(Manner::HugeOfHttp);
    let url = format!("http://{}", server.address());
    let ended = asked(&["get", "models", "/sax/test/m"], &["--endpoint", &url]);
    assert!(
        ended.stderr.contains("sends more than 8 MB in one answer"),
        "{ended}"
    );
}
