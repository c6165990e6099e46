//! Drives quinn and h3 through the test cases of the QUIC interop runner.
//!
//!     quinn server ADDRESS PORT CERT KEY WWW
//!     quinn client ADDRESS PORT CA DOWNLOADS URL...
//!
//! Environment: TESTCASE; ALPN (client only); SSLKEYLOGFILE.

mod client;
mod server;
mod tickets;

use anyhow::{bail, Result};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub const HQ: &[u8] = b"hq-interop";
pub const H3: &[u8] = b"h3";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.len() < 6 {
        bail!("usage: server ADDRESS PORT CERT KEY WWW | client ADDRESS PORT CA DOWNLOADS URL...");
    }
    let address = SocketAddr::new(args[1].parse()?, args[2].parse()?);
    let testcase = std::env::var("TESTCASE").unwrap_or_default();
    match args[0].as_str() {
        "server" => server::serve(&testcase, address, &args[3], &args[4], &args[5]).await,
        "client" => client::download(&testcase, address, &args[3], &args[4], &args[5..]).await,
        role => bail!("unknown role {role}"),
    }
}

/// The provider of rustls, for `chacha20` with one cipher suite.
pub fn provider(testcase: &str) -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::ring::default_provider();
    if testcase == "chacha20" {
        provider.cipher_suites = vec![rustls::crypto::ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256];
    }
    Arc::new(provider)
}

/// Initial packets are protected with AES-128-GCM whatever TLS may choose, RFC 9001 §5.2.
pub fn initial_suite() -> rustls::quic::Suite {
    rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256
        .tls13()
        .and_then(|suite| suite.quic_suite())
        .expect("ring has AES-128-GCM")
}

/// Handshakes must survive 30 % loss for a while.
pub fn transport() -> Arc<quinn::TransportConfig> {
    let mut config = quinn::TransportConfig::default();
    config.max_idle_timeout(Some(Duration::from_secs(60).try_into().expect("fits")));
    Arc::new(config)
}

pub fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>> {
    let pem = std::fs::read(path)?;
    Ok(rustls_pemfile::certs(&mut &pem[..]).collect::<Result<_, _>>()?)
}
