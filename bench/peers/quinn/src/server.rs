// HTTP/3 server on quinn and h3.
// GET /1k, /64m, /1g: that many bytes of zeros. POST /up: how many bytes came.
use crate::AnyError;
use bytes::{Buf, Bytes};
use std::{net::SocketAddr, sync::Arc};

type Stream = h3::server::RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

static ZEROS: [u8; 65536] = [0; 65536];

fn size_of(path: &str) -> Option<u64> {
    let name = path.strip_prefix('/')?;
    let digits = name.trim_end_matches(['k', 'm', 'g']);
    let shift = match &name[digits.len()..] {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_shl(shift)
}

async fn answer(request: http::Request<()>, mut stream: Stream) -> Result<(), AnyError> {
    let path = request.uri().path();
    if path == "/up" {
        let mut received = 0;
        while let Some(data) = stream.recv_data().await? {
            received += data.remaining();
        }
        stream.send_response(http::Response::new(())).await?;
        stream.send_data(Bytes::from(received.to_string())).await?;
        return Ok(stream.finish().await?);
    }
    let Some(mut left) = size_of(path) else {
        stream.send_response(http::Response::builder().status(404).body(())?).await?;
        return Ok(stream.finish().await?);
    };
    let head = http::Response::builder()
        .header("content-type", "application/octet-stream")
        .header("content-length", left);
    stream.send_response(head.body(())?).await?;
    while left > 0 {
        let length = left.min(ZEROS.len() as u64);
        stream.send_data(Bytes::from_static(&ZEROS[..length as usize])).await?;
        left -= length;
    }
    Ok(stream.finish().await?)
}

async fn serve(incoming: quinn::Incoming) -> Result<(), AnyError> {
    let connection = h3_quinn::Connection::new(incoming.await?);
    let mut h3 = h3::server::Connection::<_, Bytes>::new(connection).await?;
    while let Some((request, stream)) = h3.accept().await? {
        tokio::spawn(async move {
            let _ = answer(request, stream).await;
        });
    }
    Ok(())
}

fn config(cert: &str, key: &str) -> Result<quinn::ServerConfig, AnyError> {
    let chain = rustls_pemfile::certs(&mut &std::fs::read(cert)?[..]).collect::<Result<Vec<_>, _>>()?;
    let key = rustls_pemfile::private_key(&mut &std::fs::read(key)?[..])?.ok_or("no key")?;
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let crypto = quinn::crypto::rustls::QuicServerConfig::try_from(tls)?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    let mut transport = quinn::TransportConfig::default();
    transport.max_concurrent_bidi_streams(1000u32.into());
    config.transport_config(Arc::new(transport));
    Ok(config)
}

pub async fn run(port: &str, cert: &str, key: &str) -> Result<(), AnyError> {
    let address: SocketAddr = ([127, 0, 0, 1], port.parse()?).into();
    let endpoint = quinn::Endpoint::server(config(cert, key)?, address)?;
    println!("listening");
    while let Some(incoming) = endpoint.accept().await {
        tokio::spawn(async move {
            let _ = serve(incoming).await;
        });
    }
    Ok(())
}
