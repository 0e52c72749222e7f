//! Asking a server that speaks OpenAI's interface: addresses, keys, its errors, and when to ask again.
//!
//! Owns the exchange: a body goes, a body comes, or a reason why not. Leaves what is in them to `images` and `chat`.

use std::{thread, time::Duration};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use ureq::{Agent, Body, http::Response};

use super::GenerateError;

/// Bytes of an answer that are read: a picture of 4096 x 4096 in base64 is smaller.
const MOST_BYTES: u64 = 128 << 20;
/// The longest that a server may tell to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// `error.code` of a prompt that the rules of the house forbid, of DALL-E and of GPT Image.
const FORBIDDEN: [&str; 2] = ["content_policy_violation", "moderation_blocked"];
/// `error.code` of an account that waiting does not fill.
const EMPTY: &str = "insufficient_quota";

/// How long to wait for a server, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Tries for one request.
    pub tries: u32,
    /// The wait before the second try; it doubles from try to try, up to `most`.
    pub first: Duration,
    /// The longest of these waits. A server's own `Retry-After` counts for more.
    pub most: Duration,
    /// The longest that one try may take.
    pub limit: Duration,
}

impl Default for Patience {
    /// Six tries from one second to one minute, as OpenAI's own clients advise for limits of rate; five minutes for a picture.
    fn default() -> Self {
        let [first, most, limit] = [1, 60, 300].map(Duration::from_secs);
        Self { tries: 6, first, most, limit }
    }
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum Fault {
    /// The rules of the house forbid it.
    Refused(String),
    /// The answer is not what was agreed.
    Answer(String),
    /// Nor would any other have one.
    All(GenerateError),
}

/// One address of a server.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    key: Option<String>,
    agent: Agent,
    patience: Patience,
}

impl Endpoint {
    /// `path` (as `chat/completions`) of the server at `base`, which may be given with or without `/v1`, or whole.
    pub fn new(base: &str, path: &str, key: Option<String>, patience: Patience) -> Self {
        let base = base.trim_end_matches('/');
        let url = match base {
            whole if whole.ends_with(path) => whole.to_owned(),
            version if version.ends_with("/v1") => format!("{version}/{path}"),
            host => format!("{host}/v1/{path}"),
        };
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(patience.limit)).build();
        Self { url, key, agent: config.into(), patience }
    }

    /// What the server answers to `body`. `seed` spreads the waits of those who ask at once.
    pub fn post(&self, body: &Value, seed: u64) -> Result<Value, Fault> {
        let sent = body.to_string();
        let answer = self.exchange(&self.url, seed, || {
            let mut request = self.agent.post(&self.url).content_type("application/json");
            if let Some(key) = &self.key {
                request = request.header("Authorization", format!("Bearer {key}"));
            }
            request.send(sent.as_bytes())
        })?;
        serde_json::from_slice(&answer).map_err(|error| Fault::Answer(format!("{}: not JSON: {error}", self.url)))
    }

    /// The file at `url`, which the server named in an answer. The key stays here.
    pub fn get(&self, url: &str, seed: u64) -> Result<Vec<u8>, Fault> {
        self.exchange(url, seed, || self.agent.get(url).call())
    }

    fn exchange(&self, url: &str, seed: u64, send: impl Fn() -> Result<Response<Body>, ureq::Error>) -> Result<Vec<u8>, Fault> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let url = || url.to_owned();
        let mut tries = 0;
        loop {
            tries += 1;
            // Full jitter: those who were refused together do not come back together.
            let most = self.patience.first.saturating_mul(1 << (tries - 1).min(16)).min(self.patience.most);
            let wait = most.mul_f64(rng.random_range(0.5..=1.0));
            let wait = match send().and_then(read) {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer.body),
                Ok(answer) => match answer.status {
                    429 | 408 | 500.. if tries < self.patience.tries && answer.code() != EMPTY => {
                        answer.wait.map_or(wait, |told| told.min(LONGEST_WAIT).max(wait))
                    }
                    status @ (429 | 408 | 500..) => {
                        return Err(Fault::All(GenerateError::Busy { url: url(), tries, status, said: answer.said() }));
                    }
                    _ if FORBIDDEN.contains(&answer.code().as_str()) => return Err(Fault::Refused(answer.said())),
                    status @ (401 | 403) => {
                        return Err(Fault::All(GenerateError::Key { url: url(), status, said: answer.said() }));
                    }
                    status => return Err(Fault::All(GenerateError::Request { url: url(), status, said: answer.said() })),
                },
                Err(error) if tries < self.patience.tries && may_pass(&error) => wait,
                Err(error) => {
                    return Err(Fault::All(GenerateError::Unreachable { url: url(), problem: error.to_string() }));
                }
            };
            tracing::info!(url = url(), tries, ?wait, "asking again");
            thread::sleep(wait);
        }
    }
}

/// Whether another try may fare better.
fn may_pass(error: &ureq::Error) -> bool {
    use ureq::Error::{BodyStalled, ConnectionFailed, Io, Protocol, Timeout};
    matches!(error, BodyStalled | ConnectionFailed | Io(_) | Protocol(_) | Timeout(_))
}

struct Answer {
    status: u16,
    /// `Retry-After`, where it is a number of seconds.
    wait: Option<Duration>,
    body: Vec<u8>,
}

fn read(mut response: Response<Body>) -> Result<Answer, ureq::Error> {
    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let wait = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec()?;
    Ok(Answer { status, wait, body })
}

impl Answer {
    fn error(&self, key: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        body.get("error")?.get(key)?.as_str().map(str::to_owned)
    }

    fn code(&self) -> String {
        self.error("code").unwrap_or_default()
    }

    /// The server's message, in a line.
    fn said(&self) -> String {
        let text = self.error("message").unwrap_or_else(|| String::from_utf8_lossy(&self.body).into_owned());
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() { "no message".to_owned() } else { line.chars().take(200).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_given_in_three_ways() {
        for (base, want) in [
            ("http://localhost:8080", "http://localhost:8080/v1/images/generations"),
            ("http://localhost:8080/v1/", "http://localhost:8080/v1/images/generations"),
            ("http://localhost:8080/v1/images/generations", "http://localhost:8080/v1/images/generations"),
        ] {
            let endpoint = Endpoint::new(base, "images/generations", None, Patience::default());
            assert_eq!(endpoint.url, want);
        }
    }
}
