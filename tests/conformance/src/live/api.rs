//! Asks the API server, by way of `kubectl proxy`: plain HTTP on loopback, one request a connection.

use crate::fault::Fault;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::Mutex,
    thread,
    time::Duration,
};

/// Who writes, as the API server remembers it.
const MANAGER: &str = "fieldManager=kustomize-controller";

/// Where the API server is, and which kinds it serves.
#[derive(Debug)]
pub(crate) struct Api {
    port: u16,
    /// The resource of a kind and whether it lies in a namespace, by group and version, and kind.
    kinds: Mutex<BTreeMap<(String, String), (String, bool)>>,
}

/// What the API server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) warnings: Vec<String>,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body, or what was wrong as a fault.
    pub(crate) fn value(self, what: &str) -> Result<Value, Fault> {
        if self.ok() { Ok(self.body) } else { Err(Fault::new(format!("{what}: {}", self.why()))) }
    }

    pub(crate) fn why(&self) -> String {
        self.body["message"].as_str().map_or_else(|| self.body.to_string(), str::to_owned)
    }
}

impl Api {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, kinds: Mutex::default() }
    }

    /// Another one who asks the same API server.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.port)
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, Fault> {
        for _ in 0..50 {
            let answer = self.ask("GET", path, "", &Value::Null)?;
            // An API server that has just started reads its store kind by kind.
            if answer.status != 429 {
                return answer.value(path);
            }
            thread::sleep(Duration::from_millis(200));
        }
        Err(Fault::new(format!("GET {path}: the API server is never ready for it")))
    }

    /// The items of a list.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<Value>, Fault> {
        let mut answer = self.get(path)?;
        match answer.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            // An empty list of Go is null.
            Some(Value::Null) => Ok(Vec::new()),
            _ => Err(Fault::new(format!("GET {path}: not a list: {answer}"))),
        }
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Answer, Fault> {
        self.ask("DELETE", path, "", &Value::Null)
    }

    /// Server-side apply as Flux does it, but strict: an unknown field is refused.
    pub(crate) fn apply(&self, object: &Value) -> Result<Answer, Fault> {
        let path = self.path(object)?;
        let path = format!("{path}?{MANAGER}&force=true&fieldValidation=Strict");
        self.ask("PATCH", &path, "application/apply-patch+yaml", object)
    }

    /// Where an object lies.
    pub(crate) fn path(&self, object: &Value) -> Result<String, Fault> {
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
        let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
        let (resource, namespaced) = self.resource(&root, &kind)?;
        let name = text(&object["metadata"]["name"]);
        Ok(if namespaced {
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
            format!("{root}/namespaces/{namespace}/{resource}/{name}")
        } else {
            format!("{root}/{resource}/{name}")
        })
    }

    fn resource(&self, root: &str, kind: &str) -> Result<(String, bool), Fault> {
        let key = (root.to_owned(), kind.to_owned());
        let mut kinds = self.kinds.lock().expect("nobody panics while holding it");
        if !kinds.contains_key(&key) {
            let answer = self.ask("GET", root, "", &Value::Null)?;
            for resource in answer.body["resources"].as_array().into_iter().flatten() {
                let (Some(name), Some(kind)) = (resource["name"].as_str(), resource["kind"].as_str()) else {
                    continue;
                };
                if !name.contains('/') {
                    let namespaced = resource["namespaced"] == true;
                    kinds.insert((root.to_owned(), kind.to_owned()), (name.to_owned(), namespaced));
                }
            }
        }
        let found = kinds.get(&key).cloned();
        found.ok_or_else(|| Fault::new(format!("the API server knows no {kind} in {root}")))
    }

    pub(crate) fn ask(&self, method: &str, path: &str, kind: &str, body: &Value) -> Result<Answer, Fault> {
        let fault = |it: std::io::Error| Fault::new(format!("{method} {path}: {it}"));
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(fault)?;
        let kind = if kind.is_empty() { "application/json" } else { kind };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAccept: application/json\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .map_err(fault)?;
        stream.write_all(&body).map_err(fault)?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).map_err(fault)?;
        let status = line.split_whitespace().nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
        let (mut warnings, mut chunked) = (Vec::new(), false);
        loop {
            line.clear();
            reader.read_line(&mut line).map_err(fault)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "warning" => warnings.push(value.to_owned()),
                "transfer-encoding" => chunked = value.contains("chunked"),
                _ => {}
            }
        }
        let mut content = Vec::new();
        if chunked {
            unchunk(&mut reader, &mut content).map_err(fault)?;
        } else {
            reader.read_to_end(&mut content).map_err(fault)?;
        }
        let body = serde_json::from_slice(&content)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&content).into_owned()));
        Ok(Answer { status, warnings, body })
    }
}

/// Joins the chunks of a body (RFC 9112, section 7.1).
fn unchunk(reader: &mut impl BufRead, content: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16).unwrap_or(0);
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(());
        }
        content.extend_from_slice(&chunk[..size]);
    }
}
