//! What an update sends, and what it warns of.

use std::collections::HashMap;

use saxml::sax::{AccessControlLists, Model};
use tpu::sax::{ImageVersion, ModelId};

use super::{changed, warning};
use crate::cli::ChangeFlags;
use crate::sax::Published;

fn published(servers: usize) -> Published {
    Published {
        id: ModelId::parse("/sax/test/m").expect("must be an id"),
        model: Model {
            model_id: "/sax/test/m".to_owned(),
            model_path: "lm.Fake".to_owned(),
            checkpoint_path: "gs://b/c".to_owned(),
            requested_num_replicas: 2,
            overrides: HashMap::from([("BATCH_SIZE".to_owned(), "4".to_owned())]),
            method_names: vec!["lm.generate".to_owned()],
            acls: Some(AccessControlLists::default()),
            ..Model::default()
        },
        servers: (0..servers).map(|index| format!("a{index}:1")).collect(),
    }
}

fn nothing() -> ChangeFlags {
    ChangeFlags {
        replicas: None,
        checkpoint: None,
        overrides: Vec::new(),
        unset: Vec::new(),
    }
}

#[test]
fn what_is_not_named_is_sent_again() {
    let change = ChangeFlags {
        replicas: Some(3),
        ..nothing()
    };
    let model = changed(&published(1), &change).expect("must be possible");
    assert_eq!(model.requested_num_replicas, 3);
    assert_eq!(model.checkpoint_path, "gs://b/c");
    assert_eq!(model.overrides["BATCH_SIZE"], "4");
    // Only answers have method names, and no access list is ever sent.
    assert!(model.method_names.is_empty() && model.acls.is_none());
}

#[test]
fn overrides_are_added_changed_and_taken_back() {
    let change = ChangeFlags {
        overrides: vec![("TOP_K".to_owned(), "40".to_owned())],
        unset: vec!["BATCH_SIZE".to_owned()],
        ..nothing()
    };
    let model = changed(&published(1), &change).expect("must be possible");
    let left: Vec<_> = model.overrides.keys().collect();
    assert_eq!(left, ["TOP_K"]);
    let unknown = ChangeFlags {
        unset: vec!["BATCH".to_owned()],
        ..nothing()
    };
    let error = changed(&published(1), &unknown).expect_err("must be refused");
    let text = "--unset: the model has no override BATCH, only BATCH_SIZE";
    assert_eq!(error.to_string(), text);
}

#[test]
fn it_is_said_where_servers_load_again_and_where_they_should() {
    let replicas = Model {
        requested_num_replicas: 3,
        ..published(1).model
    };
    let settings = Model {
        overrides: HashMap::new(),
        ..published(1).model
    };
    for (servers, model, version, told) in [
        (1, &replicas, Some(ImageVersion::V1_1_0), None),
        (
            1,
            &replicas,
            Some(ImageVersion::Head),
            Some("load it again"),
        ),
        (1, &replicas, None, Some("nightly")),
        (1, &settings, Some(ImageVersion::V1_2_0), Some("--replace")),
        (0, &settings, Some(ImageVersion::Head), None),
    ] {
        let told_of = warning(&published(servers), model, version);
        match told {
            None => assert_eq!(told_of, None),
            Some(told) => assert!(told_of.is_some_and(|text| text.contains(told)), "{told}"),
        }
    }
}
