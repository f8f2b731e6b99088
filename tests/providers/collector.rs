//! A Snowplow collector on the loopback that remembers what it was sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::Value as Json;

/// One request as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// `POST /com.snowplowanalytics.snowplow/tp2`
    pub request: String,
    pub content_type: String,
    pub body: String,
}

impl Received {
    /// The parameters of the only event of a POST, or of a GET's query.
    pub fn parameters(&self) -> Json {
        if let Some((_, query)) = self.request.split_once('?') {
            let url = reqwest::Url::parse(&format!("http://host/?{query}")).unwrap();
            let pairs = url.query_pairs();
            return pairs.map(|(name, value)| (name.into_owned(), Json::from(value.into_owned()))).collect();
        }
        let payload: Json = serde_json::from_str(&self.body).unwrap();
        assert_eq!(payload["schema"], "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4");
        assert_eq!(payload["data"].as_array().unwrap().len(), 1);
        payload["data"][0].clone()
    }

    /// A parameter that is JSON in URL-safe base64.
    pub fn document(&self, name: &str) -> Json {
        let parameters = self.parameters();
        let bytes = URL_SAFE.decode(parameters[name].as_str().unwrap()).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
}

pub struct Collector {
    address: std::net::SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Collector {
    /// A collector that answers every request with the status.
    pub fn answering(status: u16) -> Collector {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let sink = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = receive(&stream);
                sink.lock().unwrap().push(request);
                let head = format!("HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\n");
                let _ = write!(stream, "{head}content-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Collector { address, received }
    }

    /// Host and port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn receive(stream: &TcpStream) -> Received {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut text = String::new();
        reader.read_line(&mut text).unwrap();
        text.trim_end().to_owned()
    };
    let first = line();
    let mut length = 0;
    let mut content_type = String::new();
    loop {
        let header = line();
        let Some((name, value)) = header.split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "content-type" => value.clone_into(&mut content_type),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let request = first.rsplit_once(' ').unwrap().0.to_owned();
    Received { request, content_type, body: String::from_utf8(body).unwrap() }
}
