//! The simulation's remote control: one action as JSON on a line, one answer on a line.

use std::sync::{Arc, Weak};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::sax::Sax;
use crate::script::Action;

/// Serves everybody who connects.
pub(crate) async fn serve(listener: TcpListener, sax: Weak<Sax>) {
    while let Ok((stream, _)) = listener.accept().await {
        let Some(sax) = sax.upgrade() else { return };
        tokio::spawn(obey(stream, sax));
    }
}

async fn obey(stream: TcpStream, sax: Arc<Sax>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let done = match serde_json::from_str::<Action>(&line) {
            Ok(action) => sax.act(&action).map_err(|error| format!("{error:#}")),
            Err(error) => Err(error.to_string()),
        };
        let answer = match done {
            Ok(()) => "ok\n".to_owned(),
            Err(error) => format!("{error}\n"),
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
