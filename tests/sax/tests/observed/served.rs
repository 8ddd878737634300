//! From publish to unpublish: what each side says while a model comes and goes.

use sax_simulator::script::{Codes, Version};
use saxml::lm::{EmbedRequest, GenerateRequest, ScoreRequest};
use saxml::sax::watch_result::mutation::Kind;
use saxml::sax::{
    ExtraInputs, ModelStatus, StatsRequest, UpdateRequest, WaitForReadyRequest, WatchLocRequest,
};
use tonic::Code;

use crate::cell::{Cell, model, script, slow};

const M1: &str = "/sax/test/m1";
const BAD: &str = "/sax/test/bad";

#[tokio::test(flavor = "multi_thread")]
async fn a_published_model_is_assigned_loaded_and_answers() {
    let mut cell = Cell::start(slow()).await;
    assert!(cell.list("").await.is_empty());
    cell.publish(M1, "lm.Fake").await.expect("must be taken");
    let listed = cell.list("").await.remove(0);
    let expected = model(M1, "lm.Fake");
    assert_eq!(listed.model.as_ref(), Some(&expected));
    assert!(listed.modelet_addresses.is_empty(), "before the first tick");
    assert_eq!(cell.status(M1).await, None);

    let watch = WatchLocRequest {
        model_id: M1.to_owned(),
        ..WatchLocRequest::default()
    };
    let seen = cell.admin.watch_loc(watch).await.expect("must come");
    let seen = seen.into_inner();
    let admin = cell.sax.endpoints().admin.to_string();
    let (address, digits) = seen.admin_server_id.split_once('_').expect("two parts");
    assert_eq!((address, digits.len()), (admin.as_str(), 16));
    let result = seen.result.expect("must be there");
    let server = cell.sax.endpoints().servers[0].to_string();
    let kind = result.changelog[0].kind.as_ref();
    assert_eq!(kind, Some(&Kind::Addition(server.clone())));
    assert_eq!((result.next_seqno, result.has_fullset), (1, false));
    assert_eq!(cell.addresses(M1).await, [server]);

    cell.until(M1, ModelStatus::Loading).await;
    let status = generate(&mut cell, None).await.expect_err("it still loads");
    assert_eq!(status.code(), Code::NotFound);
    let wait = WaitForReadyRequest {
        model_id: M1.to_owned(),
        num_replicas: 1,
    };
    cell.admin.wait_for_ready(wait).await.expect("must load");
    assert_eq!(
        cell.status(M1).await,
        Some((ModelStatus::Loaded, String::new()))
    );
    let answer = generate(&mut cell, None).await.expect("must answer");
    assert_eq!(answer, [("canned answer to: hi".to_owned(), -1.25)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_fails_keeps_its_address_and_says_why_only_when_asked() {
    let mut cell = Cell::start(script()).await;
    cell.publish(BAD, "lm.Bad").await.expect("must be taken");
    cell.until(BAD, ModelStatus::Failed).await;
    let reason = "asked to fail".to_owned();
    assert_eq!(cell.status(BAD).await, Some((ModelStatus::Failed, reason)));
    assert_eq!(cell.addresses(BAD).await.len(), 1);
    let plain = cell
        .modelet
        .get_status(saxml::sax::GetStatusRequest::default());
    let plain = plain.await.expect("must tell").into_inner();
    assert_eq!(plain.models[0].failure_reason, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn stats_count_servers_and_what_they_can_serve_from_v1_2_0_on() {
    for version in [Version::V1_1_0, Version::V1_2_0] {
        let mut script = script();
        script.version = version;
        let mut cell = Cell::start(script).await;
        // It joins after a moment.
        cell.publish(M1, "lm.Fake").await.expect("must be taken");
        cell.until(M1, ModelStatus::Loaded).await;
        let stats = cell.admin.stats(StatsRequest::default()).await;
        let stats = stats.expect("must count").into_inner();
        let kind = &stats.model_server_type_stats[0];
        let names = (
            kind.chip_type().as_str_name(),
            kind.chip_topology().as_str_name(),
        );
        assert_eq!(names, ("CHIP_TYPE_CPU", "CHIP_TOPOLOGY_1"));
        assert_eq!(kind.num_replicas, 1);
        let capacity = &stats.num_servers_by_servable_model_path;
        let expected = (version != Version::V1_1_0).then_some(&1);
        assert_eq!(capacity.get("lm.Fake"), expected);
        assert_eq!(capacity.get("lm.Bad"), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_whose_mesh_does_not_fit_is_published_and_never_served() {
    let mut cell = Cell::start(script()).await;
    let path = "saxml.server.pax.lm.params.lm_cloud.LmCloudSpmd175B32Test";
    cell.publish(M1, path).await.expect("must be taken");
    // Another model is assigned at the same tick.
    cell.publish("/sax/test/other", "lm.Fake")
        .await
        .expect("must be taken");
    cell.until("/sax/test/other", ModelStatus::Loaded).await;
    assert!(cell.addresses(M1).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn at_head_an_update_makes_the_server_load_again_and_the_list_names_methods() {
    for version in [Version::V1_2_0, Version::Head] {
        let mut script = slow();
        script.version = version;
        let mut cell = Cell::start(script).await;
        cell.publish(M1, "lm.Fake").await.expect("must be taken");
        cell.until(M1, ModelStatus::Loaded).await;
        let mut more = model(M1, "lm.Fake");
        more.requested_num_replicas = 2;
        let update = UpdateRequest { model: Some(more) };
        cell.admin.update(update).await.expect("must be taken");
        if version == Version::Head {
            cell.until(M1, ModelStatus::Loading).await;
        }
        cell.until(M1, ModelStatus::Loaded).await;
        assert_eq!(
            cell.list(M1).await[0]
                .model
                .as_ref()
                .map(|model| model.requested_num_replicas),
            Some(2)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_unpublished_is_free_again_after_the_next_tick() {
    for (version, code) in [
        (Version::V1_1_0, Code::AlreadyExists),
        (Version::V1_2_0, Code::AlreadyExists),
        (Version::Head, Code::Unavailable),
    ] {
        let mut script = slow();
        (script.version, script.codes) = (version, Codes::True);
        let mut cell = Cell::start(script).await;
        cell.publish(M1, "lm.Fake").await.expect("must be taken");
        cell.unpublish(M1).await.expect("must go");
        let status = cell.publish(M1, "lm.Fake").await.expect_err("too early");
        assert_eq!(status.code(), code);
        let text = "model {test m1} is being unpublished, please retry later";
        assert!(status.message().starts_with(text), "{}", status.message());
        while cell.publish(M1, "lm.Fake").await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_model_that_is_unpublished_is_told_so() {
    let mut cell = Cell::start(script()).await;
    cell.publish(M1, "lm.Fake").await.expect("must be taken");
    cell.until(M1, ModelStatus::Loaded).await;
    let watch = WatchLocRequest {
        model_id: M1.to_owned(),
        ..WatchLocRequest::default()
    };
    let seen = cell.admin.watch_loc(watch.clone()).await;
    let seen = seen.expect("must come").into_inner();
    let next = WatchLocRequest {
        admin_server_id: seen.admin_server_id,
        seqno: seen.result.map_or(0, |result| result.next_seqno),
        ..watch
    };
    let wait = WaitForReadyRequest {
        model_id: M1.to_owned(),
        num_replicas: 2,
    };
    let (mut watcher, mut waiter) = (cell.admin.clone(), cell.admin.clone());
    let watching = tokio::spawn(async move { watcher.watch_loc(next).await });
    let waiting = tokio::spawn(async move { waiter.wait_for_ready(wait).await });
    // Whoever comes too late is told NotFound.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    cell.unpublish(M1).await.expect("must go");
    let closed = watching.await.expect("must end").expect("must be told");
    let closed = closed.into_inner().result.expect("must be there");
    assert_eq!((closed.has_fullset, closed.next_seqno), (true, 0));
    assert!(closed.values.is_empty() && closed.changelog.is_empty());
    let cancelled = waiting.await.expect("must end").expect_err("must be told");
    let told = (cancelled.code(), cancelled.message());
    assert_eq!(told, (Code::Cancelled, "Canceled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_looks_for_another_cell_never_joins() {
    let mut script = script();
    let mut stranger = script.servers[0].clone();
    stranger.cell = Some("/sax/other".to_owned());
    script.servers.push(stranger);
    let mut cell = Cell::start(script).await;
    let mut model = model(M1, "lm.Fake");
    model.requested_num_replicas = 2;
    let publish = saxml::sax::PublishRequest { model: Some(model) };
    cell.admin.publish(publish).await.expect("must be taken");
    cell.until(M1, ModelStatus::Loaded).await;
    assert_eq!(cell.addresses(M1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_scored_embedded_and_streamed() {
    let mut cell = Cell::start(script()).await;
    cell.publish(M1, "lm.Fake").await.expect("must be taken");
    cell.until(M1, ModelStatus::Loaded).await;
    let score = ScoreRequest {
        model_key: M1.to_owned(),
        suffix: vec!["one".to_owned(), "one two".to_owned()],
        prefix: "p".to_owned(),
        extra_inputs: None,
    };
    let score = cell.lm.score(score).await.expect("must score").into_inner();
    assert!(score.logp[0] > score.logp[1], "{:?}", score.logp);
    let embed = EmbedRequest {
        model_key: M1.to_owned(),
        text: "one two".to_owned(),
        extra_inputs: None,
    };
    let embedding = cell.lm.embed(embed).await.expect("must embed").into_inner();
    assert_eq!(embedding.embedding.len(), 8);

    let stream = cell.lm.generate_stream(request(Some("é 𝄞"), None)).await;
    let mut stream = stream.expect("must stream").into_inner();
    let mut text = String::new();
    while let Some(piece) = stream.message().await.expect("must go on") {
        let item = &piece.items[0];
        let kept = usize::try_from(item.prefix_len).expect("a length");
        text = text.chars().take(kept).chain(item.text.chars()).collect();
    }
    assert_eq!(text, "canned answer to: é 𝄞");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_the_model_does_not_declare_is_refused_with_its_true_code() {
    let mut script = script();
    script.extra_inputs = vec!["temperature".to_owned()];
    let mut cell = Cell::start(script).await;
    cell.publish(M1, "lm.Fake").await.expect("must be taken");
    cell.until(M1, ModelStatus::Loaded).await;
    generate(&mut cell, Some("temperature"))
        .await
        .expect("declared");
    let status = generate(&mut cell, Some("k"))
        .await
        .expect_err("undeclared");
    assert_eq!(status.code(), Code::InvalidArgument);
    let text = "The extra_inputs key `k` in the RPC request is not defined";
    assert!(status.message().starts_with(text), "{}", status.message());
}

async fn generate(
    cell: &mut Cell,
    extra: Option<&str>,
) -> Result<Vec<(String, f64)>, tonic::Status> {
    let answer = cell.lm.generate(request(None, extra)).await?.into_inner();
    let texts = answer.texts.into_iter();
    Ok(texts.map(|text| (text.text, text.score)).collect())
}

fn request(text: Option<&str>, extra: Option<&str>) -> GenerateRequest {
    let inputs = extra.map(|key| ExtraInputs {
        items: [(key.to_owned(), 0.5)].into(),
        ..ExtraInputs::default()
    });
    GenerateRequest {
        model_key: M1.to_owned(),
        text: text.unwrap_or("hi").to_owned(),
        extra_inputs: inputs,
    }
}
