//! What the service tells its operator: the log and the metrics. Neither ever holds a path, a query, a token, an
//! address or anything else that says who a reader is: both name the route's pattern.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{LogFormat, LogLevels};

/// The type of what [`Metrics::encode`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds: fine where a cached page lies, coarse where something is wrong.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Starts the log, on standard error.
///
/// # Errors
/// When it was started before.
pub fn start(levels: &LogLevels, format: LogFormat) -> Result<(), TryInitError> {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false);
    let registry = tracing_subscriber::registry().with(levels.filter());
    match format {
        LogFormat::Plain => registry.with(lines).try_init(),
        LogFormat::Json => registry
            .with(lines.json().flatten_event(true).with_span_list(false))
            .try_init(),
    }
}

/// What is counted. Cheap to clone: all clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: std::sync::Arc<Registry>,
    requests: Family<Answered, Counter>,
    durations: Family<Endpoint, Histogram, fn() -> Histogram>,
    streams: Gauge,
    letters: Family<Mailed, Counter>,
    outbox: Family<Kept, Gauge>,
    advice: Family<Asked, Counter>,
}

/// What came of asking a site's adviser about a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Advised {
    /// It had no opinion.
    None,
    /// It was for it.
    Allow,
    /// It wants a moderator to look.
    Hold,
    /// It was against it.
    Reject,
    /// It took too long.
    Late,
    /// It cannot be reached, or broke off.
    Broken,
    /// Its address may not be called.
    Forbidden,
    /// Its answer was too large.
    Large,
    /// Its answer leads elsewhere.
    Redirect,
    /// Its answer had another status.
    Status,
    /// Its answer was no verdict.
    Garbage,
    /// It was left alone, since it had failed.
    Resting,
    /// There was no room for another request.
    Busy,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    outcome: Advised,
}

/// What came of trying to send a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Outcome {
    /// The server has it.
    Sent,
    /// It is tried again.
    Later,
    /// The server could not be reached.
    Unreachable,
    /// The server did not want it; it is kept as dead.
    Refused,
    /// The mailbox is gone.
    Bounced,
    /// It was tried for the last time.
    Dead,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Mailed {
    kind: String,
    outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kept {
    kind: String,
    state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    method: &'static str,
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    #[prometheus(flatten)]
    endpoint: Endpoint,
    status: &'static str,
}

impl Metrics {
    /// With everything at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("postil");
        let requests = Family::default();
        let durations =
            Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let streams: Gauge = Gauge::default();
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Which Postil this is", version);
        registry.register("http_requests", "Requests answered", requests.clone());
        let duration = "Time until the answer was ready to be sent";
        registry.register_with_unit(
            "http_request_duration",
            duration,
            Unit::Seconds,
            durations.clone(),
        );
        registry.register(
            "live_streams",
            "Live streams that are open",
            streams.clone(),
        );
        let (letters, outbox) = (Family::default(), Family::default());
        registry.register("mail_letters", "Tries to send a letter", letters.clone());
        registry.register(
            "mail_outbox",
            "Letters and other later work that wait, or were given up",
            outbox.clone(),
        );
        let advice = Family::default();
        registry.register(
            "advice",
            "Comments that a site's adviser was to be asked about",
            advice.clone(),
        );
        let registry = std::sync::Arc::new(registry);
        Self {
            registry,
            requests,
            durations,
            streams,
            letters,
            outbox,
            advice,
        }
    }

    /// Counts what came of asking a site's adviser.
    pub fn advised(&self, outcome: Advised) {
        self.advice.get_or_create(&Asked { outcome }).inc();
    }

    /// Counts what came of trying to send a letter of a kind.
    pub fn mailed(&self, kind: &str, outcome: Outcome) {
        let kind = kind.to_owned();
        self.letters.get_or_create(&Mailed { kind, outcome }).inc();
    }

    /// Says what is in the outbox: of each kind and state, how many.
    pub fn set_outbox(&self, counts: impl IntoIterator<Item = (String, String, i64)>) {
        self.outbox.clear();
        for (kind, state, count) in counts {
            self.outbox.get_or_create(&Kept { kind, state }).set(count);
        }
    }

    /// Counts an answer on a route: its pattern, such as `/v1/comments/{id}`, never a path, since a path may name
    /// somebody and each new one would be kept for ever.
    pub fn answered(&self, method: &str, route: &'static str, status: u16, took: Duration) {
        let known = METHODS.iter().copied().find(|known| *known == method);
        let endpoint = Endpoint {
            method: known.unwrap_or("OTHER"),
            route,
        };
        self.durations
            .get_or_create(&endpoint)
            .observe(took.as_secs_f64());
        let outcome = Answered {
            endpoint,
            status: CLASSES[usize::from(status / 100).clamp(1, 5) - 1],
        };
        self.requests.get_or_create(&outcome).inc();
    }

    /// Says how many live streams are open.
    pub fn set_streams(&self, open: usize) {
        self.streams.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// Everything as text (OpenMetrics 1.0), of type [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// None in fact: a string takes whatever is written to it.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// The methods that have a label of their own; a client can make up any number of others.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_class() {
        let metrics = Metrics::new();
        let answered = |status, took| metrics.answered("GET", "/v1/comments/{id}", status, took);
        answered(200, Duration::from_micros(300));
        answered(404, Duration::from_millis(2));
        answered(204, Duration::from_secs(9));
        metrics.answered("BREW", "other", 0, Duration::ZERO);
        metrics.set_streams(3);
        let text = metrics.encode().unwrap();
        for line in [
            r#"postil_http_requests_total{method="GET",route="/v1/comments/{id}",status="2xx"} 2"#,
            r#"postil_http_requests_total{method="GET",route="/v1/comments/{id}",status="4xx"} 1"#,
            r#"postil_http_requests_total{method="OTHER",route="other",status="1xx"} 1"#,
            r#"postil_http_request_duration_seconds_bucket{le="0.0005",method="GET",route="/v1/comments/{id}"} 1"#,
            r#"postil_http_request_duration_seconds_count{method="GET",route="/v1/comments/{id}"} 3"#,
            "postil_live_streams 3",
            concat!(
                "postil_build_info{version=\"",
                env!("CARGO_PKG_VERSION"),
                "\"} 1"
            ),
            "# EOF",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "no line {line} in\n{text}"
            );
        }
    }
}
