// HTTP/3 server and load on quinn and h3:
//
//   quinn server PORT CERT KEY
//   quinn load MODE --port PORT --path PATH --ca FILE [--seconds S] [--connections C] [--streams M]
mod load;
mod server;

pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), AnyError> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["server", port, cert, key] => server::run(port, cert, key).await,
        ["load", mode, ..] => load::run(mode, &args[2..]).await,
        _ => Err("usage: quinn server PORT CERT KEY | quinn load MODE ...".into()),
    }
}
