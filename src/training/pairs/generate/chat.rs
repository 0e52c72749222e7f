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
    let written: Written = serde_json::from_str(object.unwrap_or(content))
        .map_err(|error| format!("the message is not the JSON asked for: {error}"))?;
    let prompt = written.prompt.trim();
    if prompt.is_empty() || prompt.chars().any(char::is_control) || prompt.chars().count() > LONGEST {
        return Err(format!("the prompt is no single line of 1 to {LONGEST} letters"));
    }
    grammar.fault(prompt, &written.facets, wanted).map_or_else(|| Ok(prompt.to_owned()), Err)
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{Server, impatient, request},
        *,
    };

    const OWN: &str = "The grammar's own.";
    const FACETS: &str = r#"{"place":["alley"],"weather":["rain"]}"#;

    fn asked(status: u16, body: String) -> (Result<Request, GenerateError>, (usize, usize), String) {
        let server = Server::new(vec![(status, "", body.into_bytes())]);
        let chat = Chat::new(&server.url, "a-model", None, impatient());
        let request = chat.rephrase(&Grammar::shipped().expect("the grammar"), &request(5, OWN));
        (request, chat.counts(), server.heard().concat())
    }

    fn message(content: &str) -> String {
        json!({ "choices": [{ "message": { "role": "assistant", "content": content }, "finish_reason": "stop" }] }).to_string()
    }

    #[track_caller]
    fn check(status: u16, body: String, want: &str) {
        let (request, counts, _) = asked(status, body.clone());
        let counted = if want == OWN { (0, 1) } else { (1, 0) };
        assert_eq!((request.expect("a request").prompt.as_str(), counts), (want, counted), "{body}");
    }

    #[test]
    fn a_prompt_that_says_what_was_asked_for_is_taken() {
        let good = "A narrow alley in pouring rain";
        check(200, message(&format!("{{\"prompt\":\"{good}\",\"facets\":{FACETS}}}")), good);
        check(200, message(&format!("```json\n{{\"prompt\":\" {good} \",\"facets\":{FACETS}}}\n```")), good);
        let (_, _, heard) = asked(200, message("{}"));
        let body: Value = serde_json::from_str(heard.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
        assert!(heard.starts_with("POST /v1/chat/completions ") && body["model"] == "a-model", "{heard}");
        let told = body["messages"][1]["content"].as_str().expect("a message");
        assert!(told.contains(r#""place":["alley"]"#) && told.contains("alleyway"), "{told}");
    }

    #[test]
    fn any_other_answer_leaves_the_grammars_own_prompt() {
        let said = |prompt: &str, facets: &str| message(&format!("{{\"prompt\":\"{prompt}\",\"facets\":{facets}}}"));
        let good = "A rainy alley";
        check(200, "<html>".to_owned(), OWN);
        check(200, "{}".to_owned(), OWN);
        check(200, json!({ "choices": [{ "message": { "content": null } }] }).to_string(), OWN);
        check(200, said(good, FACETS).replace("\"stop\"", "\"length\""), OWN);
        check(200, message("Here is your prompt: A rainy alley"), OWN);
        check(200, message("{\"prompt\":\"A rainy alley\"}"), OWN);
        check(200, said("", FACETS), OWN);
        check(200, said("A rainy\\nalley", FACETS), OWN);
        check(200, said(&format!("A rainy alley{}", ", long".repeat(80)), FACETS), OWN);
        check(200, said("A rainy street", FACETS), OWN);
        check(200, said("An alley", FACETS), OWN);
        check(200, said("A rainy alley at night", FACETS), OWN);
        check(200, said(good, r#"{"place":["alley"],"weather":["hail"]}"#), OWN);
        check(200, said(good, r#"{"place":["alley"],"weather":["rain","fog"]}"#), OWN);
        check(200, said(good, r#"{"place":["alley"]}"#), OWN);
        check(200, said(good, r#"{"place":"alley","weather":"rain"}"#), OWN);
        let refused = json!({ "error": { "code": "content_policy_violation", "message": "no" } }).to_string();
        check(400, refused, OWN);
    }

    #[test]
    fn a_server_that_can_not_be_used_ends_the_run() {
        let error = asked(401, String::new()).0.expect_err("no key").to_string();
        assert!(error.contains("OPENAI_API_KEY"), "{error}");
    }
}
