//! What the tests of the painters share: requests, pictures, shell scripts, and a server that says what it is told to say.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use super::{grammar::Facets, http::Patience, request::Request};
use crate::{capture, frame::Picture};

/// A request for a picture of 32 x 24.
pub fn request(number: u64, prompt: &str) -> Request {
    let facets =
        Facets::from([("place".to_owned(), vec!["alley".to_owned()]), ("weather".to_owned(), vec!["rain".to_owned()])]);
    Request {
        id: format!("{number:06}"),
        seed: number,
        prompt: prompt.to_owned(),
        facets,
        camera_height: 1.4,
        width: 32,
        height: 24,
    }
}

/// A JPEG of 32 x 24 that looks like no other of another `seed`.
pub fn photo(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    // Patches of 8 x 8: what a hash of low frequencies tells apart.
    let patches: Vec<u8> = (0..12).map(|_| draw()).collect();
    let rgb = (0..32 * 24).flat_map(|at| [patches[at / 32 / 8 * 4 + at % 32 / 8]; 3]).collect();
    capture::jpeg::encode(&Picture::new(32, 24, rgb).expect("a picture")).expect("a photo")
}

/// An executable shell script in `dir`.
#[cfg(unix)]
pub fn script(dir: &Path, body: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = dir.join("script");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("may be run");
    path.display().to_string()
}

/// Patience of milliseconds, for three tries.
pub fn impatient() -> Patience {
    let [first, most, limit] = [1, 5, 1000].map(Duration::from_millis);
    Patience { tries: 3, first, most, limit }
}

/// What a server says to one request: status, headers, body.
pub type Reply = (u16, &'static str, Vec<u8>);

/// A server on this machine that gives each of its `replies` once, in their order; the last one for ever.
pub struct Server {
    /// Its address.
    pub url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Begins to listen.
    pub fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (log, here) = (Arc::clone(&heard), url.clone());
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { break };
                let mut reader = BufReader::new(stream.try_clone().expect("the stream"));
                let (mut head, mut length) = (String::new(), 0);
                while reader.read_line(&mut head).is_ok_and(|count| count > 2) {
                    let last = head.lines().last().unwrap_or_default().to_lowercase();
                    length = last.strip_prefix("content-length:").map_or(length, |told| told.trim().parse().expect("a length"));
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).expect("the body");
                log.lock().expect("the log").push(head + &String::from_utf8_lossy(&body));
                let Some((status, headers, said)) = replies.get(number).or(replies.last()) else { break };
                let said = String::from_utf8(said.clone())
                    .map_or_else(|raw| raw.into_bytes(), |text| text.replace("HERE", &here).into_bytes());
                let head = format!(
                    "HTTP/1.1 {status} As told\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
                    said.len()
                );
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&said));
            }
        });
        Self { url, heard }
    }

    /// The requests that came, head and body of each.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("the log").clone()
    }
}
