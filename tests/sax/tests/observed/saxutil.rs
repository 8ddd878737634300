//! The project's own client, as it was seen to speak.

use sax_simulator::saxutil::{Ended, run};
use saxml::sax::ModelStatus;

use crate::cell::{Cell, script};

const M1: &str = "/sax/test/m1";

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_it_said_and_ends_as_it_did() {
    let mut cell = Cell::start(script()).await;
    let publish = ["publish", M1, "lm.Fake", "None", "1"];
    assert_eq!(ask(&cell, &publish).await, ended(0, "", ""));
    let again = "Error: Failed to publish model: rpc error: code = Unknown desc = model {test m1} \
                 already exists: rpc error: code = AlreadyExists desc = AlreadyExists\n";
    assert_eq!(ask(&cell, &publish).await, ended(1, "", again));
    let usage = "Error: Provide model ID, model path, checkpoint path, and number of replicas, \
                 followed by any number of key=val overrides\n";
    assert_eq!(ask(&cell, &publish[..3]).await, ended(2, "", usage));
    cell.until(M1, ModelStatus::Loaded).await;
    let address = cell.addresses(M1).await.remove(0);
    let table = format!(
        "\
+-------+------------+-----------------+---------------+---------------------------+
| MODEL | MODEL PATH | CHECKPOINT PATH | # OF REPLICAS | (SELECTED) REPLICAADDRESS |
+-------+------------+-----------------+---------------+---------------------------+
| m1    | lm.Fake    | None            |             1 | {address:<25} |
+-------+------------+-----------------+---------------+---------------------------+
"
    );
    assert_eq!(ask(&cell, &["ls", M1]).await, ended(0, &table, ""));
    assert_eq!(ask(&cell, &["unpublish", M1]).await, ended(0, "", ""));
    let gone = "Error: Failed to unpublish model: rpc error: code = Unknown desc = model {test m1} \
                not found: rpc error: code = NotFound desc = NotFound\n";
    assert_eq!(ask(&cell, &["unpublish", M1]).await, ended(1, "", gone));
}

async fn ask(cell: &Cell, words: &[&str]) -> Ended {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let address = cell.sax.endpoints().admin.to_string();
    run(&address, &words).await.expect("it is an address")
}

fn ended(status: u8, stdout: &str, stderr: &str) -> Ended {
    Ended {
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
        status,
    }
}
