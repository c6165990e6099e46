use crate::tickets::Tickets;
use crate::{certificates, initial_suite, provider, transport, H3};
use anyhow::{anyhow, bail, Context, Result};
use bytes::{Buf, Bytes};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

struct Client {
    endpoint: quinn::Endpoint,
    address: SocketAddr,
    alpn: Vec<u8>,
    downloads: Arc<Path>,
    update_keys: bool,
}

pub async fn download(testcase: &str, address: SocketAddr, ca: &str, downloads: &str, urls: &[String]) -> Result<()> {
    let alpn = std::env::var("ALPN").context("ALPN")?.into_bytes();
    let mut roots = rustls::RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots.add(certificate)?;
    }
    let mut tls = rustls::ClientConfig::builder_with_provider(provider(testcase))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![alpn.clone()];
    tls.key_log = Arc::new(rustls::KeyLogFile::new());
    tls.enable_early_data = testcase == "zerortt";
    let tickets = Arc::new(Tickets::new());
    tls.resumption = match testcase {
        "resumption" | "zerortt" => rustls::client::Resumption::store(tickets.clone()),
        _ => rustls::client::Resumption::disabled(),
    };
    let tls = quinn::crypto::rustls::QuicClientConfig::with_initial(Arc::new(tls), initial_suite())?;
    let mut config = quinn::ClientConfig::new(Arc::new(tls));
    config.transport_config(transport());
    let any = if address.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" };
    let mut endpoint = quinn::Endpoint::client(any.parse()?)?;
    endpoint.set_default_client_config(config);

    let client = Client {
        endpoint,
        address,
        alpn,
        downloads: Arc::from(Path::new(downloads)),
        update_keys: testcase == "keyupdate",
    };
    match testcase {
        "multiconnect" => {
            for url in urls {
                client.connection(std::slice::from_ref(url), None).await?;
            }
        }
        "resumption" | "zerortt" => {
            client.connection(&urls[..1], Some(&tickets)).await?;
            client.connection(&urls[1..], None).await?;
        }
        _ => client.connection(urls, None).await?,
    }
    client.endpoint.wait_idle().await;
    Ok(())
}

impl Client {
    /// Fetches all `urls` at the same time on a new connection, in 0-RTT packets when the session
    /// allows; then waits for a ticket if asked to.
    async fn connection(&self, urls: &[String], tickets: Option<&Tickets>) -> Result<()> {
        let urls: Vec<http::Uri> = urls.iter().map(|url| url.parse()).collect::<Result<_, _>>()?;
        let host = urls[0].host().ok_or_else(|| anyhow!("no host"))?.trim_matches(['[', ']']);
        let connecting = self.endpoint.connect(self.address, host)?;
        let connection = match connecting.into_0rtt() {
            Ok((connection, _)) => connection,
            Err(connecting) => connecting.await?,
        };
        if self.alpn == H3 {
            self.fetch_h3(&connection, urls).await?;
        } else {
            self.fetch_hq(&connection, urls).await?;
        }
        if let Some(tickets) = tickets {
            tickets.wait().await;
        }
        // 0x100 is H3_NO_ERROR, RFC 9114 §8.1.
        connection.close(if self.alpn == H3 { 0x100u32 } else { 0 }.into(), b"");
        Ok(())
    }

    async fn fetch_hq(&self, connection: &quinn::Connection, urls: Vec<http::Uri>) -> Result<()> {
        let mut tasks = JoinSet::new();
        for url in urls {
            let (mut send, receive) = connection.open_bi().await?;
            send.write_all(format!("GET {}\r\n", url.path()).as_bytes()).await?;
            send.finish()?;
            let update = self.update_keys.then(|| connection.clone());
            tasks.spawn(save_hq(receive, self.target(&url)?, update));
        }
        all(tasks).await
    }

    async fn fetch_h3(&self, connection: &quinn::Connection, urls: Vec<http::Uri>) -> Result<()> {
        let (mut driver, requests) = h3::client::new(h3_quinn::Connection::new(connection.clone())).await?;
        let driving = tokio::spawn(async move { std::future::poll_fn(|cx| driver.poll_close(cx)).await });
        let mut tasks = JoinSet::new();
        for url in urls {
            let mut requests = requests.clone();
            let target = self.target(&url)?;
            let update = self.update_keys.then(|| connection.clone());
            tasks.spawn(async move {
                let request = http::Request::get(url).body(())?;
                let mut stream = requests.send_request(request).await?;
                stream.finish().await?;
                save_h3(stream, target, update).await
            });
        }
        let result = all(tasks).await;
        drop(requests);
        driving.abort();
        result
    }

    fn target(&self, url: &http::Uri) -> Result<PathBuf> {
        let name = Path::new(url.path()).file_name().ok_or_else(|| anyhow!("{url} names no file"))?;
        Ok(self.downloads.join(name))
    }
}

async fn save_hq(mut receive: quinn::RecvStream, target: PathBuf, mut update: Option<quinn::Connection>) -> Result<()> {
    let mut file = File::create(target).await?;
    while let Some(chunk) = receive.read_chunk(usize::MAX, true).await? {
        if let Some(connection) = update.take() {
            connection.force_key_update();
        }
        file.write_all(&chunk.bytes).await?;
    }
    Ok(file.flush().await?)
}

type RequestStream = h3::client::RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

async fn save_h3(mut stream: RequestStream, target: PathBuf, mut update: Option<quinn::Connection>) -> Result<()> {
    let response = stream.recv_response().await?;
    if response.status() != 200 {
        bail!("status {}", response.status());
    }
    let expected: Option<u64> = response.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
    let mut file = File::create(target).await?;
    let mut received = 0;
    while let Some(mut data) = stream.recv_data().await? {
        if let Some(connection) = update.take() {
            connection.force_key_update();
        }
        let piece = data.copy_to_bytes(data.remaining());
        received += piece.len() as u64;
        file.write_all(&piece).await?;
    }
    if expected.is_some_and(|expected| expected != received) {
        bail!("{received} bytes instead of {expected:?}");
    }
    Ok(file.flush().await?)
}

async fn all(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(result) = tasks.join_next().await {
        result??;
    }
    Ok(())
}
