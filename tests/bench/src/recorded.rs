//! An API server that answers lists from memory: what a client of it takes is the client's own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// What a real one gives in one answer where it is asked for no more.
const PAGE: usize = 500;

/// A running one; it ends with the process.
pub(crate) struct Recorded {
    address: String,
    spent: Arc<Spent>,
}

/// What answering took.
#[derive(Default)]
struct Spent {
    requests: AtomicU64,
    bytes: AtomicU64,
    nanoseconds: AtomicU64,
}

/// Pages of answers by path, each without what comes before the query.
type Pages = BTreeMap<&'static str, Vec<String>>;

impl Recorded {
    /// Serves these lists, by path.
    pub(crate) fn start(lists: BTreeMap<&'static str, Vec<Value>>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
        let address = format!("http://{}", listener.local_addr()?);
        let pages = lists.into_iter().map(|(path, items)| (path, pages(&items)));
        let pages: Arc<Pages> = Arc::new(pages.collect());
        let spent = Arc::new(Spent::default());
        let seen = Arc::clone(&spent);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (pages, seen) = (Arc::clone(&pages), Arc::clone(&seen));
                std::thread::spawn(move || serve(&stream, &pages, &seen));
            }
        });
        Ok(Self { address, spent })
    }

    /// Its URL.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Requests, bytes and milliseconds since the last call.
    pub(crate) fn spent(&self) -> (u64, u64, f64) {
        let nanoseconds = self.spent.nanoseconds.swap(0, Relaxed);
        let micros = u32::try_from(nanoseconds / 1000).unwrap_or(u32::MAX);
        let (requests, bytes) = (&self.spent.requests, &self.spent.bytes);
        (
            requests.swap(0, Relaxed),
            bytes.swap(0, Relaxed),
            f64::from(micros) / 1e3,
        )
    }
}

/// A list as the answers that it takes.
fn pages(items: &[Value]) -> Vec<String> {
    let chunks: Vec<_> = items.chunks(PAGE).collect();
    let last = chunks.len().saturating_sub(1);
    let page = |(index, items): (usize, &&[Value])| {
        let next = match index < last {
            true => (index + 1).to_string(),
            false => String::new(),
        };
        let metadata = json!({"resourceVersion": "1", "continue": next});
        json!({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items})
            .to_string()
    };
    match chunks.is_empty() {
        true => vec![
            json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}).to_string(),
        ],
        false => chunks.iter().enumerate().map(page).collect(),
    }
}

/// Answers until the client hangs up.
fn serve(stream: &TcpStream, pages: &Pages, spent: &Spent) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).ok()? == 0 {
            return None;
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
        }
        let start = Instant::now();
        let target = first.split(' ').nth(1)?;
        let (status, body) = answer(target, pages);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut out = stream;
        out.write_all(head.as_bytes()).ok()?;
        out.write_all(body.as_bytes()).ok()?;
        let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        spent.nanoseconds.fetch_add(took, Relaxed);
        spent.requests.fetch_add(1, Relaxed);
        spent
            .bytes
            .fetch_add(u64::try_from(body.len()).unwrap_or(u64::MAX), Relaxed);
    }
}

/// What isn't there isn't served: no kind is, that nobody recorded.
fn answer<'a>(target: &str, pages: &'a Pages) -> (&'static str, &'a str) {
    const MISSING: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"not found","reason":"NotFound","code":404}"#;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Some(pages) = pages.get(path) else {
        return ("404 Not Found", MISSING);
    };
    let mut query = query.split('&');
    let page = query.find_map(|pair| pair.strip_prefix("continue="));
    let page = page
        .and_then(|page| page.parse::<usize>().ok())
        .unwrap_or(0);
    match pages.get(page) {
        Some(page) => ("200 OK", page),
        None => ("404 Not Found", MISSING),
    }
}
