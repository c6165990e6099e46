// What a run counted.
use std::{
    cell::{Cell, RefCell},
    fmt::Display,
    time::{Duration, Instant},
};

pub struct Outcome {
    start: Cell<Instant>,
    elapsed: Cell<Duration>,
    bytes: Cell<u64>,
    errors: Cell<u64>,
    first_error: RefCell<String>,
    /// Of each request or handshake, in microseconds.
    latencies: RefCell<Vec<u32>>,
}

impl Outcome {
    pub fn new() -> Self {
        Outcome {
            start: Cell::new(Instant::now()),
            elapsed: Cell::default(),
            bytes: Cell::default(),
            errors: Cell::default(),
            first_error: RefCell::default(),
            latencies: RefCell::default(),
        }
    }

    /// The preparations are over: time counts from now on.
    pub fn begin(&self) {
        self.start.set(Instant::now());
    }

    pub fn add_bytes(&self, count: u64) {
        self.bytes.set(self.bytes.get() + count);
        self.elapsed.set(self.start.get().elapsed());
    }

    /// A request or handshake that began at `since` is done.
    pub fn done(&self, since: Instant) {
        self.latencies.borrow_mut().push(since.elapsed().as_micros() as u32);
        self.elapsed.set(self.start.get().elapsed());
    }

    pub fn fail(&self, error: impl Display) {
        self.errors.set(self.errors.get() + 1);
        let mut first = self.first_error.borrow_mut();
        if first.is_empty() {
            *first = error.to_string();
        }
    }

    pub fn json(&self) -> String {
        let mut latencies = self.latencies.borrow().clone();
        latencies.sort_unstable();
        let at = |p: f64| latencies.get(((latencies.len() as f64) * p) as usize).copied().unwrap_or(0);
        format!(
            "{{\"seconds\":{:.4},\"bytes\":{},\"count\":{},\"errors\":{},\"error\":{:?},\"p50\":{},\"p99\":{},\"cpu\":{:.3}}}",
            self.elapsed.get().as_secs_f64(),
            self.bytes.get(),
            latencies.len(),
            self.errors.get(),
            self.first_error.borrow(),
            at(0.5),
            at(0.99),
            cpu_seconds(),
        )
    }
}

fn cpu_seconds() -> f64 {
    // SAFETY: getrusage fills the record that it is given, and any bit pattern is a valid one.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
