// Load on an HTTP/3 server, by quinn and h3 on one thread. The modes are those of modes.rs. Prints one
// line of JSON: what was done in what time. `idle` prints `{"held":N}` before, when its connections
// are open.
mod client;
mod modes;
mod outcome;

use crate::AnyError;
use std::{rc::Rc, time::Duration};

pub struct Options {
    pub mode: String,
    pub port: u16,
    pub path: String,
    pub ca: String,
    pub duration: Duration,
    pub connections: usize,
    pub streams: usize,
}

fn parse(mode: &str, args: &[String]) -> Result<Options, AnyError> {
    let mut options = Options {
        mode: mode.into(),
        port: 0,
        path: "/1k".into(),
        ca: String::new(),
        duration: Duration::from_secs(3),
        connections: 1,
        streams: 1,
    };
    for pair in args.chunks(2) {
        let [name, value] = pair else {
            return Err(format!("{} needs a value", pair[0]).into());
        };
        match name.as_str() {
            "--port" => options.port = value.parse()?,
            "--path" => options.path = value.clone(),
            "--ca" => options.ca = value.clone(),
            "--seconds" => options.duration = Duration::from_secs_f64(value.parse()?),
            "--connections" => options.connections = value.parse()?,
            "--streams" => options.streams = value.parse()?,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    Ok(options)
}

pub async fn run(mode: &str, args: &[String]) -> Result<(), AnyError> {
    let options = Rc::new(parse(mode, args)?);
    let outcome = tokio::task::LocalSet::new().run_until(modes::run(options)).await?;
    println!("{}", outcome.json());
    Ok(())
}
