use crate::{certificates, initial_suite, provider, transport, H3, HQ};
use anyhow::{anyhow, bail, Result};
use bytes::Bytes;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

const PIECE: usize = 65536;
const MAX_REQUEST: usize = 8192;

pub async fn serve(testcase: &str, address: SocketAddr, cert: &str, key: &str, www: &str) -> Result<()> {
    let pem = std::fs::read(key)?;
    let key = rustls_pemfile::private_key(&mut &pem[..])?.ok_or_else(|| anyhow!("{key} holds no key"))?;
    let mut tls = rustls::ServerConfig::builder_with_provider(provider(testcase))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(certificates(cert)?, key)?;
    tls.alpn_protocols = vec![HQ.to_vec(), H3.to_vec()];
    tls.max_early_data_size = u32::MAX;
    tls.key_log = Arc::new(rustls::KeyLogFile::new());
    let tls = quinn::crypto::rustls::QuicServerConfig::with_initial(Arc::new(tls), initial_suite())?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(tls));
    config.transport_config(transport());

    let endpoint = quinn::Endpoint::server(config, address)?;
    eprintln!("listening on {address}");
    let www: Arc<Path> = Arc::from(Path::new(www));
    while let Some(incoming) = endpoint.accept().await {
        if testcase == "retry" && !incoming.remote_address_validated() {
            incoming.retry()?;
            continue;
        }
        let www = www.clone();
        tokio::spawn(async move {
            if let Err(error) = connection(incoming, www).await {
                eprintln!("connection: {error}");
            }
        });
    }
    Ok(())
}

async fn connection(incoming: quinn::Incoming, www: Arc<Path>) -> Result<()> {
    let connection = incoming.await?;
    let data = connection.handshake_data().and_then(|data| data.downcast::<quinn::crypto::rustls::HandshakeData>().ok());
    if data.and_then(|data| data.protocol).as_deref() != Some(H3) {
        loop {
            let (send, receive) = connection.accept_bi().await?;
            let www = www.clone();
            tokio::spawn(async move {
                if let Err(error) = answer_hq(send, receive, &www).await {
                    eprintln!("stream: {error}");
                }
            });
        }
    }
    let mut h3: h3::server::Connection<_, Bytes> = h3::server::Connection::new(h3_quinn::Connection::new(connection)).await?;
    while let Some((request, stream)) = h3.accept().await? {
        let www = www.clone();
        tokio::spawn(async move {
            if let Err(error) = answer_h3(request, stream, &www).await {
                eprintln!("request: {error}");
            }
        });
    }
    Ok(())
}

/// The file of a request, which cannot be outside `www`.
async fn open(www: &Path, path: &str) -> Result<File> {
    let inside: PathBuf = Path::new(path).components().filter(|part| matches!(part, Component::Normal(_))).collect();
    Ok(File::open(www.join(inside)).await?)
}

async fn answer_hq(mut send: quinn::SendStream, mut receive: quinn::RecvStream, www: &Path) -> Result<()> {
    let request = String::from_utf8(receive.read_to_end(MAX_REQUEST).await?)?;
    let Some(path) = request.trim_end().strip_prefix("GET ") else {
        bail!("not a request: {request:?}");
    };
    let mut file = open(www, path).await?;
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        send.write_all(&piece[..length]).await?;
    }
    send.finish()?;
    send.stopped().await?;
    Ok(())
}

type RequestStream = h3::server::RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

async fn answer_h3(request: http::Request<()>, mut stream: RequestStream, www: &Path) -> Result<()> {
    let Ok(mut file) = open(www, request.uri().path()).await else {
        stream.send_response(http::Response::builder().status(404).body(())?).await?;
        return Ok(stream.finish().await?);
    };
    let length = file.metadata().await?.len();
    let response = http::Response::builder()
        .header("content-length", length)
        .header("content-type", "application/octet-stream")
        .body(())?;
    stream.send_response(response).await?;
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        stream.send_data(Bytes::copy_from_slice(&piece[..length])).await?;
    }
    Ok(stream.finish().await?)
}
