//! Files: the way of an upload, what is served, who sees it, what it takes, and its end.

mod bytes;
mod changes;
mod deletion;
mod lists;
mod quota;
mod races;
mod refusals;
mod s3;
pub mod seam;
mod served;
mod sweep;
mod uploads;
mod visibility;

use data_encoding::HEXLOWER;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp},
    classroom,
};

pub const CREATE: &str = "mutation($i: CreateUploadInput!) { createUpload(input: $i) { id name contentType size sha256 folder status method url \
     headers { name value } expiresAt file { id } } }";
pub const COMPLETE: &str =
    "mutation($id: ID!) { completeUpload(id: $id) { id name contentType size sha256 folder visibility owner { id } publicUrl expiresAt } }";
pub const CANCEL: &str = "mutation($id: ID!) { cancelUpload(id: $id) }";
pub const UPLOAD: &str = "query($id: ID!) { upload(id: $id) { id status url method headers { name value } file { id } } }";
pub const FILE: &str = "query($id: ID!) { file(id: $id) { id name folder visibility publicUrl } }";
pub const DOWNLOAD: &str = "query($id: ID!, $inline: Boolean) { file(id: $id) { download(inline: $inline) { url expiresAt } } }";
pub const UPDATE: &str = "mutation($i: UpdateFileInput!) { updateFile(input: $i) { id name folder } }";
pub const SHOW: &str = "mutation($i: UpdateFileVisibilityInput!) { updateFileVisibility(input: $i) { id visibility publicUrl } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteFile(id: $id) }";

/// The smallest picture that is one: a pixel.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

/// The SHA-256 of bytes, in hex.
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

/// What an upload declares of bytes.
pub fn declared(name: &str, content_type: &str, bytes: &[u8]) -> Value {
    json!({ "name": name, "contentType": content_type, "size": bytes.len(), "sha256": sha256(bytes) })
}

/// Begins an upload.
pub async fn begin(client: &Client, input: Value) -> Value {
    client.ok(CREATE, json!({ "i": input })).await["createUpload"].take()
}

/// Sends bytes to where an upload takes them.
pub async fn send(client: &Client, upload: &Value, bytes: &[u8]) -> Response {
    let mut request = client.http.put(upload["url"].as_str().unwrap()).body(bytes.to_vec());
    for header in upload["headers"].as_array().unwrap() {
        request = request.header(header["name"].as_str().unwrap(), header["value"].as_str().unwrap());
    }
    request.send().await.unwrap()
}

/// An upload whose bytes have come.
pub async fn sent(client: &Client, name: &str, content_type: &str, bytes: &[u8]) -> Value {
    let upload = begin(client, declared(name, content_type, bytes)).await;
    assert_eq!(send(client, &upload, bytes).await.status(), StatusCode::OK);
    upload
}

/// A file of somebody.
pub async fn file(client: &Client, name: &str, content_type: &str, bytes: &[u8]) -> Value {
    let upload = sent(client, name, content_type, bytes).await;
    client.ok(COMPLETE, json!({ "id": upload["id"] })).await["completeUpload"].take()
}

/// A small text of somebody; its id.
pub async fn text(client: &Client, name: &str) -> String {
    file(client, name, "text/plain", name.as_bytes()).await["id"].as_str().unwrap().to_owned()
}

/// Where a file can be fetched from.
pub async fn address(client: &Client, id: &str, inline: bool) -> String {
    let data = client.ok(DOWNLOAD, json!({ "id": id, "inline": inline })).await;
    data["file"]["download"]["url"].as_str().unwrap().to_owned()
}

/// The status of an answer with the code and the reason of its error: `403 FORBIDDEN URL_EXPIRED`.
pub async fn line(response: Response) -> String {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    match body["errors"].get(0) {
        Some(error) => format!("{status} {}", crate::app::refusal(error)),
        None => status.to_string(),
    }
}

/// Shows a file to others.
pub async fn show(client: &Client, id: &str, visibility: &str, more: Value) {
    let mut input = json!({ "id": id, "visibility": visibility });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.ok(SHOW, json!({ "i": input })).await;
}

/// How many objects lie in the store below a folder, unfinished ones among them.
pub fn objects(app: &TestApp, folder: &str) -> Vec<String> {
    fn below(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, found);
            } else {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    below(&app.files().join(folder), &mut found);
    found.sort();
    found
}

/// A digest of every file, and of what the store holds.
async fn everything(app: &TestApp) -> String {
    let rows = ["file", "file_audience", "upload", "job"]
        .map(|table| format!("SELECT '{table}' || (to_jsonb(r) - 'updated_at')::text AS line FROM {table} r"));
    let entries = "SELECT 'changes' || count(*) FROM audit_entry WHERE outcome = 'CHANGED' AND resource = 'File'";
    let sql = format!(
        "SELECT md5(coalesce(string_agg(line, '|' ORDER BY line), '')) FROM ({} UNION ALL {entries}) AS lines",
        rows.join(" UNION ALL ")
    );
    format!("{:?} {:?}", app.text(&sql).await, objects(app, ""))
}

/// Asks for something that must be refused with this line, and must change nothing: neither a row nor an object.
pub async fn refused(app: &TestApp, client: &Client, query: &str, variables: Value, line: &str) {
    let (files, learned) = (everything(app).await, classroom::everything(app).await);
    assert_eq!(client.refused(query, variables.clone()).await, line, "{query} {variables}");
    assert_eq!(everything(app).await, files, "{query} {variables} was refused and changed something");
    assert_eq!(classroom::everything(app).await, learned, "{query} {variables} was refused and changed something");
}
