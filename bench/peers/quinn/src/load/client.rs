// One HTTP/3 connection and its requests.
use super::{outcome::Outcome, Options};
use crate::AnyError;
use bytes::{Buf, Bytes};
use std::{sync::Arc, time::Instant};

static ZEROS: [u8; 65536] = [0; 65536];

pub fn endpoint(options: &Options) -> Result<quinn::Endpoint, AnyError> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in rustls_pemfile::certs(&mut &std::fs::read(&options.ca)?[..]) {
        roots.add(certificate?)?;
    }
    let mut provider = rustls::crypto::ring::default_provider();
    provider.kx_groups.retain(|group| group.name() == rustls::NamedGroup::X25519);
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    tls.resumption = rustls::client::Resumption::disabled();
    let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(tls)?;
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    let mut transport = quinn::TransportConfig::default();
    // What quic-go grows to at most.
    transport.stream_receive_window((6u32 << 20).into());
    transport.receive_window((15u32 << 20).into());
    config.transport_config(Arc::new(transport));
    let mut endpoint = quinn::Endpoint::client(([127, 0, 0, 1], 0).into())?;
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}

#[derive(Clone)]
pub struct Client {
    uri: http::Uri,
    connection: quinn::Connection,
    requests: h3::client::SendRequest<h3_quinn::OpenStreams, Bytes>,
}

impl Client {
    pub async fn open(options: &Options, endpoint: &quinn::Endpoint) -> Result<Client, AnyError> {
        let address = ([127, 0, 0, 1], options.port).into();
        let connection = endpoint.connect(address, "localhost")?.await?;
        let (mut driver, requests) =
            h3::client::builder().send_grease(false).build(h3_quinn::Connection::new(connection.clone())).await?;
        tokio::task::spawn_local(async move {
            let _ = std::future::poll_fn(|context| driver.poll_close(context)).await;
        });
        let uri = format!("https://localhost:{}{}", options.port, options.path).parse()?;
        Ok(Client { uri, connection, requests })
    }

    /// Reads the answer until it ends or `end` has passed.
    pub async fn get(&mut self, outcome: &Outcome, end: Option<Instant>) -> Result<(), AnyError> {
        let mut stream = self.requests.send_request(http::Request::get(self.uri.clone()).body(())?).await?;
        stream.finish().await?;
        let status = stream.recv_response().await?.status();
        if status != 200 {
            return Err(format!("status {status}").into());
        }
        while let Some(data) = stream.recv_data().await? {
            outcome.add_bytes(data.remaining() as u64);
            if end.is_some_and(|end| Instant::now() > end) {
                break;
            }
        }
        Ok(())
    }

    /// Sends until `end`; the server has to answer how many bytes it got.
    pub async fn upload(&mut self, outcome: &Outcome, end: Instant) -> Result<(), AnyError> {
        let mut stream = self.requests.send_request(http::Request::post(self.uri.clone()).body(())?).await?;
        let mut sent = 0;
        while Instant::now() < end {
            stream.send_data(Bytes::from_static(&ZEROS)).await?;
            sent += ZEROS.len() as u64;
        }
        stream.finish().await?;
        let status = stream.recv_response().await?.status();
        let mut answer = Vec::new();
        while let Some(mut data) = stream.recv_data().await? {
            answer.extend_from_slice(&data.copy_to_bytes(data.remaining()));
        }
        outcome.add_bytes(sent);
        let answer = String::from_utf8_lossy(&answer);
        if status != 200 || answer != sent.to_string() {
            return Err(format!("sent {sent} bytes, the answer is {status} {answer}").into());
        }
        Ok(())
    }

    pub fn close(&self) {
        self.connection.close(0x100u32.into(), b"");
    }
}
