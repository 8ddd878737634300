//! How a model server joins: where the admin server is stands in the bucket, and is read again and
//! again.

use std::sync::Arc;

use saxml::sax::JoinRequest;
use saxml::sax::admin_client::AdminClient;
use tonic::Status;

use super::Server;
use crate::world::Location;

/// In seconds before scaling: before the first, between two looks at the bucket, for a call, and
/// until it joins again though nothing changed.
const FIRST_SECONDS: f64 = 2.0;
const LOOK_SECONDS: f64 = 5.0;
const CALL_SECONDS: f64 = 10.0;
const AGAIN_SECONDS: f64 = 900.0;

/// Joins, and joins again whenever there is another admin server.
pub(super) async fn join(server: Arc<Server>) {
    let world = Arc::clone(&server.world);
    let Some(cell) = &server.cell else { return };
    server.log.said(
        "model_service_base.py:1214",
        &format!("Started joining SAX cell {cell}"),
    );
    let mut joined = Location::default();
    let mut looks = 0_u32;
    world.sleep(FIRST_SECONDS).await;
    loop {
        let location = world.location();
        let due = f64::from(looks) * LOOK_SECONDS >= AGAIN_SECONDS;
        if server.finds(&location) && (location != joined || due) {
            looks = 0;
            match once(&server, &location).await {
                Ok(()) => said(&server, &format!("Joined {}", location.address)),
                Err(status) => {
                    let text = status.message();
                    said(
                        &server,
                        &format!("Failed to join {}: {text}", location.address),
                    );
                }
            }
            // Refused or not: it is tried again only when the location changes, or after long.
            joined = location;
        }
        looks += 1;
        world.sleep(LOOK_SECONDS).await;
    }
}

impl Server {
    /// Does it read what this admin server wrote? Who looks in another bucket or for another cell
    /// finds nothing, and says nothing.
    fn finds(&self, location: &Location) -> bool {
        let same_cell = self.cell.as_deref() == Some(&self.world.script.cell);
        same_cell && location.is_in(self.root.as_deref())
    }
}

async fn once(server: &Server, location: &Location) -> Result<(), Status> {
    let channel = server.world.connect(&location.address);
    let channel = channel.map_err(|error| Status::unavailable(error.to_string()))?;
    let request = JoinRequest {
        address: server.address.clone(),
        model_server: Some(server.spec.clone()),
        ..JoinRequest::default()
    };
    let mut client = AdminClient::new(channel);
    let limit = server.world.scaled(CALL_SECONDS);
    let answer = tokio::time::timeout(limit, client.join(request)).await;
    let late = |_| Status::deadline_exceeded("context deadline exceeded");
    answer.map_err(late)?.map(|_| ())
}

fn said(server: &Server, text: &str) {
    server.log.said("location.go:141", text);
}
