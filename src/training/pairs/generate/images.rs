//! A server of pictures as a painter: OpenAI's `POST /v1/images/generations`, which many servers speak.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Failure, Painted, Painter,
    http::{Endpoint, Fault, Patience},
    request::Request,
};
use crate::training::pairs::{Reason, Skip};

/// Models of this family give base64 always, and refuse to be asked for it.
const ALWAYS_BASE64: &str = "gpt-image";

/// A model on a server.
#[derive(Debug)]
pub struct Images {
    endpoint: Endpoint,
    model: String,
}

impl Images {
    /// `model` of the server at `url`, which is asked with `key` where it wants one.
    pub fn new(url: &str, model: &str, key: Option<String>, patience: Patience) -> Self {
        Self { endpoint: Endpoint::new(url, "images/generations", key, patience), model: model.to_owned() }
    }

    fn file(&self, answer: &Value, seed: u64) -> Result<Vec<u8>, Fault> {
        let picture = answer.pointer("/data/0").ok_or_else(|| Fault::Answer("the answer holds no data[0]".to_owned()))?;
        let text = |key: &str| picture.get(key).and_then(Value::as_str);
        match (text("b64_json"), text("url")) {
            (Some(base64), _) => {
                STANDARD.decode(base64.trim()).map_err(|error| Fault::Answer(format!("b64_json is no whole base64: {error}")))
            }
            (None, Some(url)) => self.endpoint.get(url, seed),
            (None, None) => Err(Fault::Answer("data[0] has neither b64_json nor url".to_owned())),
        }
    }
}

impl Painter for Images {
    fn paint(&self, request: &Request) -> Result<Painted, Failure> {
        let size = format!("{}x{}", request.width, request.height);
        let mut body = json!({ "model": self.model, "prompt": request.prompt, "n": 1, "size": size });
        if !self.model.starts_with(ALWAYS_BASE64) {
            body["response_format"] = json!("b64_json");
        }
        let answer = self.endpoint.post(&body, request.seed);
        let picture = answer.and_then(|answer| self.file(&answer, request.seed)).map_err(|fault| match fault {
            Fault::Refused(said) => Failure::Picture(Skip::new(Reason::Refused, said)),
            Fault::Answer(problem) => Failure::Picture(Skip::new(Reason::DamagedPhoto, problem)),
            Fault::All(error) => Failure::All(error),
        })?;
        Ok(Painted { picture, ..Painted::default() })
    }
}
