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

#[cfg(test)]
mod tests {
    use super::{
        super::{
            GenerateError,
            testing::{Reply, Server, impatient, photo, request},
        },
        *,
    };

    fn paint(replies: Vec<Reply>) -> (Result<Painted, Failure>, Vec<String>) {
        let server = Server::new(replies);
        let images = Images::new(&server.url, "dall-e-3", Some("sk-test".to_owned()), impatient());
        (images.paint(&request(5, "a wet alley")), server.heard())
    }

    fn base64() -> Vec<u8> {
        json!({ "created": 1, "data": [{ "b64_json": STANDARD.encode(photo(1)) }] }).to_string().into_bytes()
    }

    fn error(code: &str, message: &str) -> Vec<u8> {
        json!({ "error": { "message": message, "type": "invalid_request_error", "param": null, "code": code } })
            .to_string()
            .into_bytes()
    }

    #[test]
    fn a_picture_comes_as_base64_or_from_an_address() {
        let (painted, heard) = paint(vec![(200, "", base64())]);
        assert_eq!(painted.expect("a picture").picture, photo(1));
        let (head, body) = heard[0].split_once("\r\n\r\n").expect("head and body");
        assert!(head.starts_with("POST /v1/images/generations ") && head.contains("Bearer sk-test"), "{head}");
        let want = json!({
            "model": "dall-e-3", "prompt": "a wet alley", "n": 1, "size": "32x24", "response_format": "b64_json"
        });
        assert_eq!(serde_json::from_str::<Value>(body).expect("JSON"), want);

        let address = br#"{"data":[{"url":"HERE/picture.jpg"}]}"#.to_vec();
        let (painted, heard) = paint(vec![(200, "", address), (200, "", photo(2))]);
        assert_eq!(painted.expect("a picture").picture, photo(2));
        assert!(heard[1].starts_with("GET /picture.jpg ") && !heard[1].contains("sk-test"), "{heard:?}");
    }

    #[test]
    fn a_model_that_knows_base64_alone_is_not_asked_for_it() {
        let server = Server::new(vec![(200, "", base64())]);
        let painted = Images::new(&server.url, "gpt-image-1", None, impatient()).paint(&request(5, "an alley"));
        assert!(painted.is_ok() && !server.heard()[0].contains("response_format"), "{:?}", server.heard());
    }

    #[track_caller]
    fn tries(replies: Vec<Reply>, want: usize) {
        let (painted, heard) = paint(replies);
        assert!(painted.is_ok() && heard.len() == want, "{painted:?} after {}", heard.len());
    }

    #[test]
    fn a_busy_server_is_asked_again() {
        let busy = || (429, "Retry-After: 0.02\r\n", error("rate_limit_exceeded", "slow down"));
        tries(vec![busy(), (200, "", base64())], 2);
        tries(vec![(500, "", b"oops".to_vec()), (503, "", Vec::new()), (200, "", base64())], 3);
    }

    #[track_caller]
    fn skips(reply: Reply, reason: Reason, detail: &str) {
        match paint(vec![reply]).0 {
            Err(Failure::Picture(skip)) => assert!(skip.reason == reason && skip.detail.contains(detail), "{skip:?}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_that_is_no_picture_costs_it() {
        skips((400, "", error("content_policy_violation", "Not allowed.")), Reason::Refused, "Not allowed.");
        skips((400, "", error("moderation_blocked", "No.")), Reason::Refused, "No.");
        skips((200, "", b"<html>".to_vec()), Reason::DamagedPhoto, "not JSON");
        skips((200, "", br#"{"data":[]}"#.to_vec()), Reason::DamagedPhoto, "no data[0]");
        skips((200, "", br#"{"data":[{"revised_prompt":"x"}]}"#.to_vec()), Reason::DamagedPhoto, "neither b64_json nor url");
        let mut cut = String::from_utf8(base64()).expect("text");
        cut = cut.replace("\"}]", "!\"}]");
        skips((200, "", cut.into_bytes()), Reason::DamagedPhoto, "no whole base64");
    }

    #[track_caller]
    fn stops(replies: Vec<Reply>, want: &str, asked: usize) {
        let (painted, heard) = paint(replies);
        match painted {
            Err(Failure::All(error)) => {
                assert!(error.to_string().contains(want) && heard.len() == asked, "{error}, {}", heard.len())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_with_all_pictures_ends_the_run() {
        stops(vec![(401, "", error("invalid_api_key", "Incorrect API key."))], "(401: Incorrect API key.); put a valid one", 1);
        stops(vec![(400, "", error("invalid_size", "32x24 is no size."))], "(400: 32x24 is no size.); look up which model", 1);
        stops(vec![(404, "", b"not found".to_vec())], "(404: not found)", 1);
        stops(
            vec![(429, "", error("rate_limit_exceeded", "slow"))],
            "after 3 tries (429: slow); run the same command later",
            3,
        );
        stops(vec![(429, "", error("insufficient_quota", "pay"))], "after 1 tries (429: pay)", 1);
        stops(vec![(500, "", Vec::new())], "after 3 tries (500: no message)", 3);
        let nobody = Images::new("http://127.0.0.1:9", "m", None, impatient()).paint(&request(1, "a street"));
        assert!(matches!(nobody, Err(Failure::All(GenerateError::Unreachable { .. }))), "{nobody:?}");
    }

    #[test]
    fn a_server_that_never_answers_is_given_up() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", silent.local_addr().expect("an address"));
        let patience = Patience { tries: 2, limit: std::time::Duration::from_millis(200), ..impatient() };
        match Images::new(&url, "m", None, patience).paint(&request(1, "a street")) {
            Err(Failure::All(error)) => assert!(error.to_string().contains("timeout"), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}
