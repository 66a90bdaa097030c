//! Files in a bucket: an S3 server of the tests' own stands in for one.

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use lectern::http::HttpOptions;
use reqwest::StatusCode;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use serde_json::{Value, json};

use super::{COMPLETE, DELETE, DOWNLOAD, PNG, begin, declared, file, send, sent};
use crate::app::{Folder, TestApp, Who};

const KEY: (&str, &str) = ("lectern-tests", "a secret of the tests");

/// A server of S3 with one bucket, in a folder.
struct Bucket {
    folder: Folder,
    url: String,
}

impl Bucket {
    async fn start() -> Bucket {
        let folder = Folder::new("s3");
        std::fs::create_dir_all(folder.0.join("school")).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(&folder.0).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY.0, KEY.1));
        let service = builder.build();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let _gone = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Bucket { folder, url }
    }

    /// A service that keeps its files here.
    async fn app(&self, more: &[&str]) -> TestApp {
        let (endpoint, id, secret) =
            (format!("--s3-endpoint={}", self.url), format!("--s3-access-key-id={}", KEY.0), format!("--s3-secret-access-key={}", KEY.1));
        let arguments: Vec<&str> = ["--s3-bucket=school", &endpoint, &id, &secret].into_iter().chain(more.iter().copied()).collect();
        TestApp::start_with(&arguments, HttpOptions::default()).await
    }

    /// The keys of the objects below a folder.
    fn keys(&self, folder: &str) -> Vec<String> {
        let root = self.folder.0.join("school");
        fn below(root: &std::path::Path, folder: &std::path::Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    below(root, &path, found);
                } else {
                    found.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let mut found = Vec::new();
        below(&root, &root.join(folder), &mut found);
        found
    }
}

#[tokio::test]
async fn the_whole_way_of_a_file_leads_through_the_bucket() {
    let bucket = Bucket::start().await;
    let app = bucket.app(&["--s3-prefix=lectern"]).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = begin(&learner, declared("Prüfung.png", "image/png", PNG)).await;
    let url = upload["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{}/school/lectern/uploads/{}/", bucket.url, app.oak.tenant)), "{url}");
    let names: Vec<&str> = upload["headers"].as_array().unwrap().iter().map(|header| header["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["content-type", "x-amz-checksum-sha256"]);
    assert_eq!(send(&learner, &upload, PNG).await.status(), StatusCode::OK);
    let completed = learner.ok(COMPLETE, json!({ "id": upload["id"] })).await["completeUpload"].take();
    let keys = bucket.keys("lectern/schools");
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(keys[0].ends_with("_Pr_fung.png"), "{keys:?}");

    let data = learner.ok(DOWNLOAD, json!({ "id": completed["id"], "inline": true })).await;
    let address = data["file"]["download"]["url"].as_str().unwrap();
    assert!(address.starts_with(&format!("{}/school/lectern/schools/{}/", bucket.url, app.oak.tenant)), "{address}");
    let answer = app.stranger().http.get(address).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("filename*=UTF-8''Pr%C3%BCfung.png"));
    assert_eq!(&answer.bytes().await.unwrap()[..], PNG);
    // What the store signs can't be turned into something else.
    let changed = address.replace(&app.oak.tenant.to_string(), &app.elm.tenant.to_string());
    assert_eq!(app.stranger().http.get(changed).send().await.unwrap().status(), StatusCode::FORBIDDEN);

    app.work().await;
    assert_eq!(bucket.keys("lectern/uploads").len(), 0);
    learner.ok(DELETE, json!({ "id": completed["id"] })).await;
    app.work().await;
    assert_eq!(bucket.keys("lectern/schools").len(), 0);
}

#[tokio::test]
async fn other_bytes_are_refused_by_the_signature_or_at_the_latest_by_completion() {
    let bucket = Bucket::start().await;
    let app = bucket.app(&[]).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = begin(&learner, declared("a.txt", "text/plain", b"right")).await;
    // Without the header that the signature covers.
    let bare = learner.http.put(upload["url"].as_str().unwrap()).body("wrong").send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::FORBIDDEN);
    send(&learner, &upload, b"wrong").await;
    let answer: Value = learner.ask(COMPLETE, json!({ "id": upload["id"] })).await;
    let reason = answer["errors"][0]["extensions"]["reason"].as_str().unwrap();
    assert!(["UPLOAD_EMPTY", "CHECKSUM_MISMATCH"].contains(&reason), "{answer}");
    send(&learner, &upload, b"right").await;
    learner.ok(COMPLETE, json!({ "id": upload["id"] })).await;
}

#[tokio::test]
async fn an_address_can_not_change_the_file_that_it_brought() {
    let bucket = Bucket::start().await;
    let app = bucket.app(&[]).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = sent(&learner, "a.txt", "text/plain", b"first").await;
    let id = learner.ok(COMPLETE, json!({ "id": upload["id"] })).await["completeUpload"]["id"].as_str().unwrap().to_owned();
    app.work().await;
    // The store's own address holds to its end. What it brings lies where nothing is served from, until it is swept.
    assert_eq!(send(&learner, &upload, b"first").await.status(), StatusCode::OK);
    assert_eq!(bucket.keys("uploads").len(), 1);
    let url = super::address(&learner, &id, false).await;
    assert_eq!(app.stranger().http.get(url).send().await.unwrap().text().await.unwrap(), "first");
}

#[tokio::test]
async fn a_file_of_several_parts_arrives_whole() {
    let bucket = Bucket::start().await;
    let app = bucket.app(&[]).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let bytes: Vec<u8> = (0..20_000_000u32).map(|at| b'a' + (at.wrapping_mul(2_654_435_761) >> 28) as u8).collect();
    let id = file(&learner, "big.txt", "text/plain", &bytes).await["id"].as_str().unwrap().to_owned();
    let url = super::address(&learner, &id, false).await;
    let come = app.stranger().http.get(url).send().await.unwrap().bytes().await.unwrap();
    assert!(come[..] == bytes[..]);
}

#[tokio::test]
async fn a_public_picture_is_served_by_the_service_whatever_the_store_is() {
    let bucket = Bucket::start().await;
    let app = bucket.app(&[]).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = file(&admin, "logo.png", "image/png", PNG).await["id"].as_str().unwrap().to_owned();
    super::show(&admin, &id, "PUBLIC", json!({})).await;
    let url = admin.ok(super::FILE, json!({ "id": id })).await["file"]["publicUrl"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&app.url));
    let answer = app.stranger().http.get(url).send().await.unwrap();
    assert_eq!(answer.headers()["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(&answer.bytes().await.unwrap()[..], PNG);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_said_to_be_unavailable_and_changes_nothing() {
    let bucket = Bucket::start().await;
    let app = bucket.app(&[]).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = sent(&learner, "a.txt", "text/plain", b"a").await;
    let nowhere = TestApp::start_with(
        &["--s3-bucket=school", "--s3-endpoint=http://127.0.0.1:1", "--s3-access-key-id=a", "--s3-secret-access-key=b"],
        HttpOptions::default(),
    )
    .await;
    let other = nowhere.sign_in(&nowhere.oak, Who::Learner).await;
    let begun = begin(&other, declared("a.txt", "text/plain", b"a")).await;
    super::refused(&nowhere, &other, COMPLETE, json!({ "id": begun["id"] }), "UNAVAILABLE").await;
    learner.ok(COMPLETE, json!({ "id": upload["id"] })).await;
}
