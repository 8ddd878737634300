//! An admin server's status page: how long ago it heard of each model server that has joined. No
//! RPC tells that (`facts/saxml-wire.md`, §1.1 and §3). It is a page for people, so whatever isn't
//! understood is left out, and nothing else depends on it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::exchange::Exchange;
use crate::sax::SaxError;
use crate::sax::door::Door;

/// The columns that are read, of the table that has both.
const ADDRESS: &str = "Addr";
const LAG: &str = "Lag";

/// The joined servers by address, with the seconds since each was heard of. The server asks each
/// every ten seconds, and forgets who is silent for 25.
///
/// # Errors
/// When the page doesn't come, or has no such table.
pub(in crate::sax) async fn lags(
    door: Door,
    limit: Duration,
) -> Result<BTreeMap<String, f64>, SaxError> {
    let exchange = Exchange::behind(door);
    let reply = exchange.page("/", limit).await?;
    let page = String::from_utf8_lossy(&reply.body);
    read(&page).ok_or_else(|| SaxError::Broken {
        peer: exchange.peer().clone(),
        cause: "its page has no table of servers with their lag".to_owned(),
    })
}

/// The lags in the table that has such columns; `None` where no table has.
fn read(page: &str) -> Option<BTreeMap<String, f64>> {
    let mut columns = None;
    let mut lags = BTreeMap::new();
    for row in page.split("<tr").skip(1) {
        let titles = cells(row, "<th");
        if !titles.is_empty() {
            let find = |name: &str| titles.iter().position(|title| title.starts_with(name));
            let found = find(ADDRESS).zip(find(LAG));
            if columns.is_some() && found.is_none() {
                break;
            }
            columns = found;
            continue;
        }
        let cells = cells(row, "<td");
        let Some((address, lag)) = columns else {
            continue;
        };
        let lag = cells.get(lag).and_then(|lag| lag.parse::<f64>().ok());
        let lag = lag.filter(|lag| lag.is_finite() && *lag >= 0.0);
        if let (Some(address), Some(lag)) = (cells.get(address), lag) {
            lags.insert((*address).to_owned(), lag);
        }
    }
    columns.map(|_| lags)
}

/// The texts of a row's cells; addresses and numbers hold nothing that HTML escapes.
fn cells<'a>(row: &'a str, tag: &str) -> Vec<&'a str> {
    let row = row.split("</tr").next().unwrap_or_default();
    let cells = row.split(tag).skip(1);
    let text = |cell: &'a str| {
        let (_, text) = cell.split_once('>')?;
        Some(text.split('<').next()?.trim())
    };
    cells.filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    /// As v1.1.0 and v1.2.0 write it, and with the columns of later versions.
    fn page(columns: &str, cells: &str) -> String {
        format!(
            "<!DOCTYPE html>\n<html><body><h2>Models</h2>\n<table border=\"1\">\n<tr>\n\
             <th>Name</th><th>Max</th></tr>\n<tr><td>/sax/test/m</td><td>2</td></tr></table>\n\
             <table border=\"1\"><tr><th>Addr</th>\n<th>Chip</th>{columns}</tr>\n\
             <tr>\n\t<td>10.0.0.7:10001</td><td>x</td>{cells}</tr></table></body></html>"
        )
    }

    #[test]
    fn the_lag_of_each_joined_server_is_read_whatever_columns_stand_beside_it() {
        let old = page(
            "<th>Topo</th><th>Lag (s)</th><th>Status</th>",
            "<td>4x8</td>\n<td>2.113</td><td>Idle</td>",
        );
        let new = page(
            "<th>Lag (s)</th><th>ModelStatus</th><th>ServerStatus</th>",
            "<td>2.113</td><td></td><td>Active</td>",
        );
        for page in [old, new] {
            let lags = read(&page).expect("the table must be found");
            let lags: Vec<_> = lags.into_iter().collect();
            assert_eq!(lags, [("10.0.0.7:10001".to_owned(), 2.113)], "{page}");
        }
    }

    #[test]
    fn a_table_without_servers_is_one_and_other_pages_are_none() {
        let empty = "<table><tr><th>Addr</th><th>Lag (s)</th></tr></table>";
        assert_eq!(read(empty).map(|lags| lags.len()), Some(0));
        for page in [
            "",
            "<html>",
            "<tr><th>Addr</th></tr>",
            "{\"detail\": 1}",
            "<tr><td>a</td>",
        ] {
            assert_eq!(read(page), None, "{page}");
        }
        let odd = page("<th>Lag (s)</th>", "<td>soon</td>");
        assert_eq!(read(&odd).map(|lags| lags.len()), Some(0));
    }
}
