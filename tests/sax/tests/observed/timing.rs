//! What is lost, forgotten and never counted, and when.

use std::time::Duration;

use sax_simulator::Action;
use sax_simulator::script::{Codes, Load};
use saxml::sax::{ModelStatus, WaitForReadyRequest};
use tonic::{Code, Request, Status};

use crate::cell::{Cell, PATIENCE, script};

const M1: &str = "/sax/test/m1";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_since_the_last_tick_is_lost_with_the_admin_server() {
    // Ticks come after seconds, not after milliseconds: none comes in between.
    let mut script = script();
    script.time_scale = 1.0;
    let mut cell = Cell::start(script).await;
    cell.publish(M1, "lm.Fake").await.expect("must be taken");
    cell.sax.act(&Action::RestartAdmin).expect("must restart");
    assert!(alive(&mut cell).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_was_saved_is_served_again_after_a_restart() {
    let mut cell = Cell::start(script()).await;
    cell.publish(M1, "lm.Fake").await.expect("must be taken");
    cell.until(M1, ModelStatus::Loaded).await;
    cell.sax.act(&Action::RestartAdmin).expect("must restart");
    assert_eq!(alive(&mut cell).await.len(), 1);
    // It was LOADED when its server joined again, so it counts.
    ready(&mut cell, PATIENCE).await.expect("must be counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_across_an_admins_restart_is_never_counted_though_it_ends_well() {
    for codes in [Codes::Wrapped, Codes::True] {
        let mut script = script();
        script.codes = codes;
        script.loads = vec![Load {
            path: "lm.Fake".to_owned(),
            seconds: Some(100.0),
            fails: None,
        }];
        let mut cell = Cell::start(script).await;
        cell.publish(M1, "lm.Fake").await.expect("must be taken");
        cell.until(M1, ModelStatus::Loading).await;
        cell.sax.act(&Action::RestartAdmin).expect("must restart");
        cell.until(M1, ModelStatus::Loaded).await;
        // So that the new admin server has seen it, too.
        while alive(&mut cell).await[0].modelet_addresses.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let status = ready(&mut cell, Duration::from_secs(1)).await;
        let status = status.expect_err("must run out of time");
        let expected = match codes {
            Codes::Wrapped => Code::Unknown,
            Codes::True => Code::DeadlineExceeded,
        };
        assert_eq!(status.code(), expected);
        assert_eq!(status.message(), "context deadline exceeded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_stays_listed_until_it_is_pruned() {
    let mut cell = Cell::start(script()).await;
    cell.publish(M1, "lm.Fake").await.expect("must be taken");
    cell.until(M1, ModelStatus::Loaded).await;
    cell.sax
        .act(&Action::StopServer { server: 0 })
        .expect("must stop");
    assert_eq!(cell.addresses(M1).await.len(), 1);
    let gone = async {
        while !cell.addresses(M1).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("must be pruned");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_serves_one_model_and_the_second_waits_for_its_end() {
    let mut cell = Cell::start(script()).await;
    cell.publish(M1, "lm.Fake").await.expect("must be taken");
    cell.until(M1, ModelStatus::Loaded).await;
    let second = "/sax/test/m2";
    cell.publish(second, "lm.Fake")
        .await
        .expect("must be taken");
    // It stays without a server while the first one's is asked again and again.
    ready(&mut cell, PATIENCE)
        .await
        .expect("the first one is ready");
    assert!(cell.addresses(second).await.is_empty());
    cell.unpublish(M1).await.expect("must go");
    cell.until(second, ModelStatus::Loaded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_answers_nothing_and_a_stopped_admin_refuses() {
    let mut cell = Cell::start(script()).await;
    cell.sax
        .act(&Action::SilenceServer { server: 0 })
        .expect("must fall silent");
    let asked = cell
        .modelet
        .get_status(saxml::sax::GetStatusRequest::default());
    let asked = tokio::time::timeout(Duration::from_millis(300), asked).await;
    assert!(asked.is_err(), "{asked:?}");
    cell.sax.act(&Action::StopAdmin).expect("must stop");
    let status = cell
        .publish(M1, "lm.Fake")
        .await
        .expect_err("nobody is there");
    assert_eq!(status.code(), Code::Unavailable);
}

async fn ready(cell: &mut Cell, limit: Duration) -> Result<(), Status> {
    let mut request = Request::new(WaitForReadyRequest {
        model_id: M1.to_owned(),
        num_replicas: 1,
    });
    request.set_timeout(limit);
    cell.admin.wait_for_ready(request).await.map(drop)
}

/// What the admin server lists once it answers again.
async fn alive(cell: &mut Cell) -> Vec<saxml::sax::PublishedModel> {
    let list = async {
        loop {
            let request = saxml::sax::ListRequest::default();
            if let Ok(listed) = cell.admin.list(request).await {
                return listed.into_inner().published_models;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, list)
        .await
        .expect("must answer")
}
