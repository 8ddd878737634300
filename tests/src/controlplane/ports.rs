//! Ports that nobody else uses, for several clusters side by side.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, ensure};

/// Below the range from which kernels take the local end of outgoing connections (32768 on
/// Linux), so that no connection takes a port between our look and the server's start.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// `N` free ports of 127.0.0.1. Two processes that ask at once look in different places, and so
/// do two threads: nobody listens yet on what the other was given.
///
/// # Errors
/// When the whole range is taken.
pub(super) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    // Knuth's multiplicative hash spreads neighbouring process ids over the range.
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let given = GIVEN.fetch_add(u32::try_from(N)?, Ordering::Relaxed);
    let start = std::process::id()
        .wrapping_mul(2_654_435_761)
        .wrapping_add(given)
        % u32::from(COUNT);
    let start = u16::try_from(start).unwrap_or_default();
    let mut ports = [0; N];
    let mut held = Vec::with_capacity(N);
    let candidates = (0..COUNT).map(|step| FIRST + (start + step) % COUNT);
    for port in candidates {
        if held.len() == N {
            break;
        }
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            ports[held.len()] = port;
            held.push(listener);
        }
    }
    ensure!(
        held.len() == N,
        "fewer than {N} free ports between {FIRST} and {}",
        FIRST + COUNT
    );
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::free_ports;

    #[test]
    fn free_ports_are_distinct() {
        let mut ports = free_ports::<9>().expect("must find nine ports").to_vec();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 9);
    }

    #[test]
    fn who_asks_next_gets_others_though_nobody_listens_yet() {
        let first = free_ports::<9>().expect("must find nine ports");
        let second = free_ports::<9>().expect("must find nine ports");
        assert!(first.iter().all(|port| !second.contains(port)));
    }
}
