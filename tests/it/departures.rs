//! A school leaves: an export of all that it has, and an erasure of it.

mod erasures;
mod exports;
mod refusals;
mod restored;

use std::{collections::BTreeMap, io::Read as _};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, enroll, group},
};

pub const EXPORT: &str = "mutation { exportTenant { id state rows files sha256 file { id } tables { name } error requestedBy { id } } }";
pub const LIST: &str = "{ tenantExports { totalCount nodes { id state rows files sha256 expiresAt finishedAt error
    file { id name size sha256 contentType download { url } } tables { name rows sha256 } requestedBy { id } } } }";

/// The entries of an archive, by their names.
pub struct Archive {
    pub entries: BTreeMap<String, Vec<u8>>,
    pub manifest: Value,
}

impl Archive {
    pub fn of(bytes: &[u8]) -> Archive {
        let mut entries = BTreeMap::new();
        for entry in tar::Archive::new(GzDecoder::new(bytes)).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            entries.insert(entry.path().unwrap().to_str().unwrap().to_owned(), content);
        }
        let manifest = serde_json::from_slice(&entries["manifest.json"]).unwrap();
        Archive { entries, manifest }
    }

    /// The rows of a table.
    pub fn rows(&self, table: &str) -> Vec<Value> {
        let lines = String::from_utf8(self.entries[&format!("tables/{table}.ndjson")].clone()).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The names of the tables, in the order of the manifest.
    pub fn tables(&self) -> Vec<&str> {
        self.manifest["tables"].as_array().unwrap().iter().map(|table| table["name"].as_str().unwrap()).collect()
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

/// Exports the admin's school; the export as it is listed, and its archive.
pub async fn export(app: &TestApp, admin: &Client) -> (Value, Archive) {
    let asked = admin.ok(EXPORT, json!({})).await["exportTenant"].take();
    app.work().await;
    let listed = admin.ok(LIST, json!({})).await["tenantExports"]["nodes"].take();
    let done = listed.as_array().unwrap().iter().find(|export| export["id"] == asked["id"]).unwrap().clone();
    assert_eq!(done["state"], "DONE", "{done}");
    let bytes = admin.http.get(done["file"]["download"]["url"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
    assert_eq!((sha256(&bytes), bytes.len() as f64), (done["sha256"].as_str().unwrap().to_owned(), done["file"]["size"].as_f64().unwrap()));
    (done, Archive::of(&bytes))
}

/// A deployment in which oak never was.
pub async fn elsewhere(app: &TestApp) -> TestApp {
    let other = TestApp::start().await;
    let sql = "SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER ALL; DELETE FROM %s WHERE tenant_id = ''{oak}''; ALTER TABLE %s ENABLE TRIGGER ALL', c.oid::regclass,
        c.oid::regclass, c.oid::regclass), ';') FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')";
    let emptied = other.text(&sql.replace("{oak}", &app.oak.tenant.to_string())).await.unwrap();
    other.sql(&emptied).await;
    other
}

/// Some of everything in the school of oak.
pub async fn a_little_life(app: &TestApp) -> (Client, Client) {
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(
        &admin,
        json!({ "title": "Algebra \u{1F600} \"quoted\"", "description": "Two\nlines", "enrollmentKey": "sesame", "tags": ["a", "b"] }),
    )
    .await;
    enroll(&admin, &algebra, &lea.user_id).await;
    group(&admin, json!({ "name": "Owls" })).await;
    crate::files::file(&admin, "notes.txt", "text/plain", b"Crosswind").await;
    lea.ok(
        "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }",
        json!({ "i": { "startsAt": "2099-03-02T09:00:00Z", "endsAt": "2099-03-02T10:00:00Z" } }),
    )
    .await;
    (admin, lea)
}
