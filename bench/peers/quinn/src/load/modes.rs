// The modes of load:
//
//   bulk        one connection, one GET after another, cut off at the end
//   upload      one connection, one POST that lasts the whole time
//   requests    `connections` x `streams` GETs in flight; those under way at the end are finished
//   handshakes  `connections` loops of: new connection, full handshake, one GET, close
//   idle        opens `connections`, one GET on each, and keeps them for the time given
use super::{
    client::{endpoint, Client},
    outcome::Outcome,
    Options,
};
use crate::AnyError;
use std::{future::Future, rc::Rc, time::Duration, time::Instant};
use tokio::{sync::Semaphore, task::spawn_local, time::timeout_at};

/// Handshakes under way at a time while many connections are opened.
const OPENING: usize = 16;
/// Connections that share a socket.
const PER_SOCKET: usize = 64;
const GRACE: Duration = Duration::from_secs(30);

pub async fn run(options: Rc<Options>) -> Result<Outcome, AnyError> {
    let outcome = Rc::new(Outcome::new());
    match options.mode.as_str() {
        "bulk" => bulk(&options, &outcome).await?,
        "upload" => upload(&options, &outcome).await?,
        "requests" => requests(&options, &outcome).await?,
        "handshakes" => handshakes(&options, &outcome).await?,
        "idle" => idle(&options, &outcome).await?,
        mode => return Err(format!("unknown mode {mode}").into()),
    }
    // What was sent last, such as the closing of connections, leaves in this time.
    tokio::time::sleep(Duration::from_millis(20)).await;
    Rc::try_unwrap(outcome).map_err(|_| "a task is left".into())
}

async fn within<T>(end: Instant, work: impl Future<Output = Result<T, AnyError>>) -> Result<T, AnyError> {
    timeout_at(end.into(), work).await.map_err(|_| "time limit")?
}

async fn bulk(options: &Options, outcome: &Outcome) -> Result<(), AnyError> {
    let mut client = Client::open(options, &endpoint(options)?).await?;
    outcome.begin();
    let start = Instant::now();
    let end = start + options.duration;
    while Instant::now() < end {
        // A server that stands still is cut off soon after the end, and what it sent counts.
        let limit = end + Duration::from_millis(50);
        match timeout_at(limit.into(), client.get(outcome, Some(end))).await {
            Ok(Ok(())) => outcome.done(start),
            Ok(Err(error)) => {
                outcome.fail(error);
                break;
            }
            Err(_) => break,
        }
    }
    client.close();
    Ok(())
}

async fn upload(options: &Options, outcome: &Outcome) -> Result<(), AnyError> {
    let mut client = Client::open(options, &endpoint(options)?).await?;
    outcome.begin();
    let start = Instant::now();
    let end = start + options.duration;
    match within(end + GRACE, client.upload(outcome, end)).await {
        Ok(()) => outcome.done(start),
        Err(error) => outcome.fail(error),
    }
    client.close();
    Ok(())
}

async fn open_all(options: &Rc<Options>, outcome: &Rc<Outcome>) -> Result<Vec<Client>, AnyError> {
    let permits = Rc::new(Semaphore::new(OPENING));
    let mut tasks = Vec::new();
    let mut shared = endpoint(options)?;
    for i in 0..options.connections {
        if i % PER_SOCKET == 0 {
            shared = endpoint(options)?;
        }
        let (options, permits, endpoint) = (options.clone(), permits.clone(), shared.clone());
        tasks.push(spawn_local(async move {
            let _permit = permits.acquire().await;
            Client::open(&options, &endpoint).await.map_err(|error| error.to_string())
        }));
    }
    let mut clients = Vec::new();
    for task in tasks {
        match task.await? {
            Ok(client) => clients.push(client),
            Err(error) => outcome.fail(error),
        }
    }
    Ok(clients)
}

async fn requests(options: &Rc<Options>, outcome: &Rc<Outcome>) -> Result<(), AnyError> {
    let clients = open_all(options, outcome).await?;
    outcome.begin();
    let end = Instant::now() + options.duration;
    let mut tasks = Vec::new();
    for client in &clients {
        for _ in 0..options.streams {
            let (mut client, outcome) = (client.clone(), outcome.clone());
            tasks.push(spawn_local(async move {
                while Instant::now() < end {
                    let since = Instant::now();
                    match within(end + GRACE, client.get(&outcome, None)).await {
                        Ok(()) => outcome.done(since),
                        Err(error) => return outcome.fail(error),
                    }
                }
            }));
        }
    }
    for task in tasks {
        task.await?;
    }
    clients.iter().for_each(Client::close);
    Ok(())
}

async fn handshakes(options: &Rc<Options>, outcome: &Rc<Outcome>) -> Result<(), AnyError> {
    outcome.begin();
    let end = Instant::now() + options.duration;
    let mut tasks = Vec::new();
    for _ in 0..options.connections {
        let (options, outcome, endpoint) = (options.clone(), outcome.clone(), endpoint(options)?);
        tasks.push(spawn_local(async move {
            while Instant::now() < end {
                let since = Instant::now();
                let one = async {
                    let mut client = Client::open(&options, &endpoint).await?;
                    client.get(&outcome, None).await?;
                    client.close();
                    Ok(())
                };
                match within(end + GRACE, one).await {
                    Ok(()) => outcome.done(since),
                    Err(error) => outcome.fail(error),
                }
            }
        }));
    }
    for task in tasks {
        task.await?;
    }
    Ok(())
}

async fn idle(options: &Rc<Options>, outcome: &Rc<Outcome>) -> Result<(), AnyError> {
    outcome.begin();
    let mut clients = open_all(options, outcome).await?;
    for client in &mut clients {
        let since = Instant::now();
        match within(since + GRACE, client.get(outcome, None)).await {
            Ok(()) => outcome.done(since),
            Err(error) => outcome.fail(error),
        }
    }
    println!("{{\"held\":{}}}", clients.len());
    tokio::time::sleep(options.duration).await;
    clients.iter().for_each(Client::close);
    Ok(())
}
