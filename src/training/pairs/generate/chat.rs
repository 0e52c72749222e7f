//! Prompts from a chat: a model is told what a picture shall show, and what it writes is checked against the grammar.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    GenerateError,
    grammar::{Facets, Grammar},
    http::{Endpoint, Fault, Patience},
    request::Request,
};

/// Letters of a prompt; more than a text tower reads.
const LONGEST: usize = 400;

const TASK: &str = "You write prompts for a generator of street photographs, seen by somebody who walks there. You are given the \
    facets of one picture. Write one sentence in plain English that names every class given, and nothing that belongs to another class of \
    these facets; \"none\" means that there is none of it, and may be left out. Answer with JSON alone: \
    {\"prompt\": \"...\", \"facets\": {\"place\": [\"...\"], ...}}, the facets with their classes as given.";

/// A model on a server of chats, any that speaks OpenAI's `POST /v1/chat/completions`.
#[derive(Debug)]
pub struct Chat {
    endpoint: Endpoint,
    model: String,
    taken: AtomicUsize,
    refused: AtomicUsize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    prompt: String,
    facets: Facets,
}

impl Chat {
    /// `model` of the server at `url`, which is asked with `key` where it wants one.
    pub fn new(url: &str, model: &str, key: Option<String>, patience: Patience) -> Self {
        let endpoint = Endpoint::new(url, "chat/completions", key, patience);
        Self { endpoint, model: model.to_owned(), taken: AtomicUsize::new(0), refused: AtomicUsize::new(0) }
    }

    /// The request with a prompt of the model's, if that says what the request says; else with the one it has.
    pub fn rephrase(&self, grammar: &Grammar, request: &Request) -> Result<Request, GenerateError> {
        let mut request = request.clone();
        let answer = match self.endpoint.post(&self.question(grammar, &request), request.seed) {
            Ok(answer) => read(grammar, &answer, &request.facets),
            Err(Fault::All(error)) => return Err(error),
            Err(Fault::Refused(problem) | Fault::Answer(problem)) => Err(problem),
        };
        match answer {
            Ok(prompt) => {
                self.taken.fetch_add(1, Ordering::Relaxed);
                request.prompt = prompt;
            }
            Err(problem) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                tracing::info!(id = request.id, problem, "the chat's prompt is not taken");
            }
        }
        Ok(request)
    }

    fn question(&self, grammar: &Grammar, request: &Request) -> Value {
        let wanted = json!({
            "facets": request.facets,
            "camera_height_in_metres": request.camera_height,
            "words": grammar.words_for(&request.facets),
        });
        json!({
            "model": self.model,
            "messages": [{ "role": "system", "content": TASK }, { "role": "user", "content": wanted.to_string() }],
            "response_format": { "type": "json_object" },
            "seed": request.seed,
        })
    }

    /// Prompts that were taken, and those that were not.
    pub fn counts(&self) -> (usize, usize) {
        (self.taken.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }
}

/// The prompt in `answer`, or why it is none for a picture that shows `wanted`.
fn read(grammar: &Grammar, answer: &Value, wanted: &Facets) -> Result<String, String> {
    let choice = answer.pointer("/choices/0").ok_or("the answer holds no choices[0]")?;
    if choice.get("finish_reason").and_then(Value::as_str) == Some("length") {
        return Err("the answer was cut off".to_owned());
    }
    let content = choice.pointer("/message/content").and_then(Value::as_str).ok_or("the answer holds no message.content")?;
    // Some models fence what they write, whatever they are told.
    let object = content.find('{').zip(content.rfind('}')).and_then(|(start, end)| content.get(start..=end));
    let written: Written =
        serde_json::from_str(object.unwrap_or(content)).map_err(|error| format!("the message is not the JSON asked for: {error}"))?;
    let prompt = written.prompt.trim();
    if prompt.is_empty() || prompt.chars().any(char::is_control) || prompt.chars().count() > LONGEST {
        return Err(format!("the prompt is no single line of 1 to {LONGEST} letters"));
    }
    grammar.fault(prompt, &written.facets, wanted).map_or_else(|| Ok(prompt.to_owned()), Err)
}
