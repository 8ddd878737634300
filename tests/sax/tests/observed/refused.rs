//! Every refusal, with the status code of either build.

use sax_simulator::script::{Codes, Version};
use saxml::Failure;
use saxml::sax::{
    AccessControlLists, JoinRequest, ListRequest, Model, ModelServer, PublishRequest, StatsRequest,
    UpdateRequest, WaitForReadyRequest, WatchLocRequest,
};
use tonic::{Code, Status};

use crate::cell::{Cell, model, script};

const M1: &str = "/sax/test/m1";
const NOPE: &str = "/sax/test/nope";

/// What is changed in a model that would be taken, and what is said then.
type Row = (fn(&mut Model), Code, &'static str);

const MODELS: [Row; 15] = [
    (
        |_| {},
        Code::AlreadyExists,
        "model {test m1} already exists",
    ),
    (
        |model| model.model_id = "/sax/test/Bad".to_owned(),
        Code::InvalidArgument,
        "model name \"Bad\" must match \"^[a-z]+[a-z0-9-_]*$\"",
    ),
    (
        |model| model.model_id = "/sax/m1".to_owned(),
        Code::InvalidArgument,
        "cell full name \"/sax\" should have the form /sax/<cell name>",
    ),
    (
        |model| model.model_id = "m1".to_owned(),
        Code::InvalidArgument,
        "model full name \"m1\" should have the form /sax/<cell name>/<model name>",
    ),
    (
        |model| model.model_id = "/sax/Test/m1".to_owned(),
        Code::InvalidArgument,
        "cell name \"Test\" must match \"^[a-z]+[a-z0-9-_]*$\"",
    ),
    (
        |model| model.model_id = "/sax/other/m".to_owned(),
        Code::InvalidArgument,
        "model /sax/other/m must be within SAX cell \"/sax/test\"",
    ),
    (
        |model| model.model_path = "9bad path".to_owned(),
        Code::InvalidArgument,
        "model path \"9bad path\" must match \"^[a-zA-Z]+[a-zA-Z0-9_.-]*$\"",
    ),
    (
        |model| model.requested_num_replicas = -1,
        Code::InvalidArgument,
        "number of replicas -1 must be non-negative",
    ),
    (
        |model| model.admin_acl = "acl/all".to_owned(),
        Code::Unimplemented,
        "ACL check is not supported",
    ),
    (
        |model| model.admin_acl = "foo".to_owned(),
        Code::InvalidArgument,
        "foo is not a valid ACL name (must start with one of [acl/])",
    ),
    (
        |model| model.acls = Some(acls("lm.generate", "acl/all")),
        Code::Unimplemented,
        "ACL check is not supported",
    ),
    (
        |model| model.acls = Some(acls("bogus", "acl/all")),
        Code::InvalidArgument,
        "bogus is not a valid method name (map[",
    ),
    (
        |model| model.checkpoint_path.clear(),
        Code::InvalidArgument,
        "checkpoint path \"\" must match ",
    ),
    (
        |model| model.checkpoint_path = "gs://a/b c".to_owned(),
        Code::InvalidArgument,
        "checkpoint path \"gs://a/b c\" must match ",
    ),
    (
        // v1.1.0 has no plus in it.
        |model| model.checkpoint_path = "gs://a/b+c".to_owned(),
        Code::InvalidArgument,
        "checkpoint path \"gs://a/b+c\" must match ",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_not_taken_is_refused_in_saxmls_words_and_either_code() {
    for codes in [Codes::Wrapped, Codes::True] {
        let mut cell = start(codes, Version::V1_1_0).await;
        cell.publish(M1, "lm.Fake").await.expect("must be taken");
        for (change, code, text) in MODELS {
            let mut model = model(M1, "lm.Fake");
            change(&mut model);
            let model = Some(model);
            let answer = cell.admin.publish(PublishRequest { model }).await;
            assert_refused(codes, &answer.expect_err(text), code, text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_model_is_not_found_by_every_call() {
    for codes in [Codes::Wrapped, Codes::True] {
        let mut cell = start(codes, Version::Head).await;
        let short = "model {test nope} not found";
        for (call, text) in [
            ("list", short),
            ("unpublish", short),
            ("update", short),
            ("stats", short),
            ("wait", short),
            ("watch", "model /sax/test/nope not found"),
        ] {
            let status = ask(&mut cell, call).await.expect_err(call);
            assert_refused(codes, &status, Code::NotFound, text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_may_not_change_the_path_and_before_head_not_the_checkpoint() {
    let path = "invalid model update: model path can't be changed";
    let checkpoint = "invalid model update: checkpoint path can't be changed";
    for version in [Version::V1_1_0, Version::V1_2_0, Version::Head] {
        let mut cell = start(Codes::Wrapped, version).await;
        cell.publish(M1, "lm.Fake").await.expect("must be taken");
        let other = Some(model(M1, "lm.Other"));
        let answer = cell.admin.update(UpdateRequest { model: other }).await;
        let status = answer.expect_err("must be refused");
        assert_refused(Codes::Wrapped, &status, Code::InvalidArgument, path);
        let other = Some(Model {
            checkpoint_path: "gs://bucket/step".to_owned(),
            ..model(M1, "lm.Fake")
        });
        let answer = cell.admin.update(UpdateRequest { model: other }).await;
        match answer {
            Ok(_) => assert_eq!(version, Version::Head),
            Err(status) => {
                let code = Code::InvalidArgument;
                assert_refused(Codes::Wrapped, &status, code, checkpoint);
                assert_ne!(version, Version::Head);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_chip_has_no_name_is_refused_before_head() {
    let nameless = JoinRequest {
        address: "127.0.0.1:1".to_owned(),
        model_server: Some(ModelServer::default()),
        ..JoinRequest::default()
    };
    let nobody = JoinRequest {
        model_server: None,
        ..nameless.clone()
    };
    let nowhere = JoinRequest::default();
    let mut cell = start(Codes::Wrapped, Version::V1_1_0).await;
    for (request, text) in [
        (nameless, "Modelet.chip_type cannot be unknown"),
        (nobody, "JoinRequest.modelet missing"),
        (nowhere, "JoinRequest.modelet_address cannot be empty"),
    ] {
        let status = cell.admin.join(request).await.expect_err(text);
        assert_refused(Codes::Wrapped, &status, Code::InvalidArgument, text);
    }
}

async fn start(codes: Codes, version: Version) -> Cell {
    let mut script = script();
    (script.codes, script.version) = (codes, version);
    Cell::start(script).await
}

async fn ask(cell: &mut Cell, call: &str) -> Result<(), Status> {
    let model_id = NOPE.to_owned();
    match call {
        "list" => cell.admin.list(ListRequest { model_id }).await.map(drop),
        "unpublish" => cell.unpublish(NOPE).await,
        "update" => {
            let model = Some(model(NOPE, "lm.Fake"));
            cell.admin.update(UpdateRequest { model }).await.map(drop)
        }
        "stats" => cell.admin.stats(StatsRequest { model_id }).await.map(drop),
        "wait" => {
            let request = WaitForReadyRequest {
                model_id,
                num_replicas: 1,
            };
            cell.admin.wait_for_ready(request).await.map(drop)
        }
        _ => {
            let request = WatchLocRequest {
                model_id,
                ..WatchLocRequest::default()
            };
            cell.admin.watch_loc(request).await.map(drop)
        }
    }
}

/// The status has the build's code and the text with its tail, and means `code`.
fn assert_refused(codes: Codes, status: &Status, code: Code, text: &str) {
    let sent = match codes {
        Codes::Wrapped => Code::Unknown,
        Codes::True => code,
    };
    assert_eq!(status.code(), sent, "{text}");
    let name = saxml::go_name(code);
    let tail = format!(": rpc error: code = {name} desc = {name}");
    assert!(status.message().starts_with(text), "{}", status.message());
    assert!(status.message().ends_with(&tail), "{}", status.message());
    assert_eq!(Failure::from(status).code, code);
}

fn acls(method: &str, list: &str) -> AccessControlLists {
    AccessControlLists {
        items: [(method.to_owned(), list.to_owned())].into(),
    }
}
