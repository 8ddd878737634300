//! What a user reads where a server doesn't serve: the words of each fault, of each way to ask.
//! That every verb ends so, `unanswered` tests.

use crate::peers::{Manner, PeerServer};
use crate::run::sax;

/// Those whose words don't depend on what is noticed first, as with one that hangs up or
/// speaks something else.
const HTTP: [Manner; 6] = [
    Manner::Silent,
    Manner::HalfOfHttp,
    Manner::HugeOfHttp,
    Manner::Endless,
    Manner::Untrusted,
    Manner::Expired,
];
const GRPC: [Manner; 3] = [Manner::Silent, Manner::HugeOfGrpc, Manner::ExpiredOfGrpc];

/// All that a verb says of each, with a name for the address.
fn told(verb: &[&str], flag: &str, manners: &[Manner]) -> String {
    let told = manners.iter().map(|manner| {
        let server = PeerServer::start(*manner);
        let scheme = match (flag, manner) {
            ("--admin", _) => "",
            (_, Manner::Untrusted) => "https://",
            _ => "http://",
        };
        let address = format!("{scheme}{}", server.address());
        let flags = [flag, &address, "--request-timeout", "1s"];
        let ended = sax(&[verb, &flags].concat(), "");
        let text = ended.to_string().replace(server.address(), "SERVER");
        format!("# {manner:?}\n{text}")
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_fault_is_told_with_the_server_and_one_fix() {
    let model = ["get", "models", "/sax/test/m"];
    insta::assert_snapshot!("fault-api-server", told(&["topology"], "--server", &HTTP));
    insta::assert_snapshot!("fault-doctor", told(&["doctor"], "--server", &HTTP));
    insta::assert_snapshot!("fault-http-server", told(&model, "--endpoint", &HTTP));
    insta::assert_snapshot!("fault-admin-server", told(&model, "--admin", &GRPC));
}
