//! Flags that all verbs about Saxml itself share.

use clap::Args;
use http::Uri;
use tpu::sax::CellName;

use crate::cluster::ConnectionFlags;
use crate::completion;
use crate::sax::parse_cell;

/// How to reach Saxml.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Saxml")]
pub(crate) struct SaxFlags {
    /// Cell, such as /sax/test; needed where the namespace has several, or where only an address
    /// is known
    #[arg(long, value_name = "CELL", value_parser = parse_cell, add = completion::cells())]
    pub(crate) cell: Option<CellName>,

    /// Ask the admin server at this address by gRPC, not through the cluster, and model servers
    /// at the addresses that it names
    #[arg(long, value_name = "HOST:PORT", value_parser = parse_address, conflicts_with = "endpoint")]
    pub(crate) admin: Option<String>,

    /// Ask the HTTP server at this URL (image sax-http, of v1.0.0 or v1.2.0), not through the
    /// cluster; it can't say whether a model is loaded
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    pub(crate) endpoint: Option<Uri>,

    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

fn parse_address(text: &str) -> Result<String, String> {
    let plain = text
        .strip_prefix("http://")
        .unwrap_or(text)
        .trim_end_matches('/');
    let port = plain.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    let uri = plain.parse::<Uri>();
    let only_authority = uri.is_ok_and(|uri| uri.authority().is_some() && uri.scheme().is_none());
    match (port, only_authority) {
        (Some(Ok(_)), true) => Ok(plain.to_owned()),
        _ => Err("must be HOST:PORT, such as 127.0.0.1:10000".to_owned()),
    }
}

fn parse_url(text: &str) -> Result<Uri, String> {
    let uri = text.parse::<Uri>().ok();
    let fits = |uri: &Uri| {
        let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
        scheme && uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none()
    };
    uri.filter(fits)
        .ok_or_else(|| "must be a URL such as http://10.0.0.7:8888".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{parse_address, parse_url};

    #[test]
    fn an_admin_server_is_a_host_and_a_port() {
        for text in ["127.0.0.1:10000", "sax-admin:10000", "[::1]:10000"] {
            assert_eq!(parse_address(text).as_deref(), Ok(text));
        }
        assert_eq!(parse_address("http://a:1/").as_deref(), Ok("a:1"));
        for text in ["a", "a:", "a:x", "a:1/b", "https://a:1", "", "a b:1"] {
            assert!(parse_address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_endpoint_is_a_url_of_http() {
        for text in ["http://a:8888", "https://a/sax", "http://[::1]:8888/"] {
            assert!(parse_url(text).is_ok(), "{text}");
        }
        for text in [
            "a:8888",
            "ftp://a",
            "http://",
            "/listall",
            "http://a/?b",
            "",
        ] {
            assert!(parse_url(text).is_err(), "{text}");
        }
    }
}
