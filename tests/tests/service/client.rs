//! An API server as far as a webhook sees it: it trusts what the registration says, keeps a
//! connection, and sends reviews one after the other.

use anyhow::Result;
use sax_tests::https;
use serde_json::Value;

/// One connection that is kept.
pub(crate) struct Client(https::Client);

impl Client {
    /// Connects to `address`, and trusts only the authorities of this PEM text.
    pub(crate) fn connect(address: &str, bundle: &str) -> Result<Client> {
        let client = https::Client::connect(address, "127.0.0.1", bundle.as_bytes())?;
        Ok(Client(client))
    }

    /// Sends a review; its answer's `response`.
    pub(crate) fn review(&mut self, body: &str) -> Result<Value> {
        let answer = self.0.post("/mutate?timeout=5s", body.as_bytes())?;
        let mut answer: Value = serde_json::from_slice(&answer)?;
        Ok(answer["response"].take())
    }

    /// Has the server said that it closes the connection?
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_over()
    }
}
