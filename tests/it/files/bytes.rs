//! Bytes on the wire: how many must come, from which pages, and how little memory they take.

use std::time::Duration;

use futures_util::StreamExt as _;
use lectern::http::HttpOptions;
use reqwest::{Body, StatusCode};
use serde_json::json;

use super::{COMPLETE, address, begin, declared, line, objects, sha256};
use crate::{
    app::{TestApp, Who},
    raw,
};

#[tokio::test]
async fn as_many_bytes_come_as_were_declared_or_none_are_kept() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = begin(&learner, declared("a.txt", "text/plain", b"12345")).await;
    let url = upload["url"].as_str().unwrap();
    for bytes in ["1234", "123456", ""] {
        let answer = learner.http.put(url).header("content-length", bytes.len()).body(bytes).send().await.unwrap();
        assert_eq!(line(answer).await, "400 BAD_USER_INPUT", "{bytes}");
    }
    let unknown = Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("12345")]));
    assert_eq!(line(learner.http.put(url).body(unknown).send().await.unwrap()).await, "411 BAD_USER_INPUT");
    assert_eq!(objects(&app, "").len(), 0);
}

#[tokio::test]
async fn bytes_that_break_off_or_stand_still_leave_nothing() {
    let app = TestApp::start_with(&[], HttpOptions { body_timeout: Duration::from_millis(300), ..HttpOptions::default() }).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = begin(&learner, declared("a.txt", "text/plain", &[b'a'; 1_000_000])).await;
    let path = upload["url"].as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
    let head = format!("PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n");
    let still = raw::exchange(&app.url, &format!("{head}{}", "a".repeat(600_000)), Duration::from_secs(60)).await;
    assert!(still.starts_with("HTTP/1.1 408 "), "{still}");
    let found = objects(&app, "");
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn pages_of_the_configured_origins_may_send_and_fetch_bytes_and_no_others() {
    let origins = vec!["https://app.example".to_owned()];
    let app = TestApp::start_with(&[], HttpOptions { cors_origins: origins, ..HttpOptions::default() }).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let upload = begin(&learner, declared("a.txt", "text/plain", b"a")).await;
    let ask = async |url: &str, origin: &str, method: &str| {
        let request = learner.http.request(reqwest::Method::OPTIONS, url).header("origin", origin);
        let answer = request
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "content-type")
            .send()
            .await
            .unwrap();
        let header = |name: &str| answer.headers().get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned());
        (header("access-control-allow-origin"), header("access-control-allow-methods"))
    };
    let url = upload["url"].as_str().unwrap();
    assert_eq!(ask(url, "https://app.example", "PUT").await, ("https://app.example".to_owned(), "GET,PUT".to_owned()));
    assert_eq!(ask(url, "https://evil.example", "PUT").await.0, "");
    let (_, methods) = ask(&format!("{}/graphql", app.url), "https://app.example", "PUT").await;
    assert_eq!(methods, "GET,POST", "PUT is admitted for bytes alone");
    let sent =
        learner.http.put(url).header("origin", "https://app.example").header("content-type", "text/plain").body("a").send().await.unwrap();
    assert_eq!(sent.headers()["access-control-allow-origin"], "https://app.example");
    let refused =
        learner.http.put(format!("{}/files/uploads/x", app.url)).header("origin", "https://app.example").body("a").send().await.unwrap();
    assert_eq!(refused.headers()["access-control-allow-origin"], "https://app.example", "a page must be able to read the refusal");
    assert_eq!(line(refused).await, "403 FORBIDDEN BAD_SIGNATURE");
}

#[tokio::test]
async fn bytes_that_come_to_their_end_after_their_upload_has_are_refused_and_not_kept() {
    // The second half is waited for while jobs run.
    let app = TestApp::start_with(&[], HttpOptions { body_timeout: Duration::from_secs(300), ..HttpOptions::default() }).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let bytes = vec![b'a'; 600_000];
    for ending in ["completed", "cancelled", "expired"] {
        let upload = begin(&learner, declared("a.txt", "text/plain", &bytes)).await;
        let (id, url) = (&upload["id"], upload["url"].as_str().unwrap());
        // The first half has come when the upload ends.
        let (go_on, gone_on) = tokio::sync::oneshot::channel::<()>();
        let halves = (bytes[..300_000].to_vec(), bytes[300_000..].to_vec());
        let body =
            futures_util::stream::once(async move { Ok::<_, std::io::Error>(halves.0) }).chain(futures_util::stream::once(async move {
                gone_on.await.unwrap();
                Ok(halves.1)
            }));
        let late = learner.http.put(url).header("content-length", bytes.len()).body(Body::wrap_stream(body));
        let late = tokio::spawn(late.send());
        while objects(&app, "uploads").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        match ending {
            "completed" => {
                assert_eq!(super::send(&learner, &upload, &bytes).await.status(), StatusCode::OK);
                learner.ok(COMPLETE, json!({ "id": id })).await;
            }
            "cancelled" => drop(learner.ok(super::CANCEL, json!({ "id": id })).await),
            _ => app.sql("UPDATE upload SET expires_at = now() - interval '1 second' WHERE completed_at IS NULL").await,
        }
        app.work().await;
        go_on.send(()).unwrap();
        assert_eq!(line(late.await.unwrap().unwrap()).await, "403 FORBIDDEN URL_EXPIRED", "{ending}");
        let kept = objects(&app, "uploads");
        assert!(kept.is_empty(), "{ending}: {kept:?}");
    }
}

/// Bytes that this process holds, as the system counts them.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[tokio::test]
#[ignore = "it measures the memory of the whole process: run it alone, as `cargo test --test it -- --ignored files::bytes`"]
async fn a_file_of_a_hundred_mebibytes_takes_no_more_memory_than_a_small_one() {
    const SIZE: usize = 100 << 20;
    const PIECE: usize = 64 << 10;
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let piece: &'static [u8] = Box::leak(vec![b'x'; PIECE].into_boxed_slice());
    let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    (0..SIZE / PIECE).for_each(|_| hash.update(piece));
    let sha256 = data_encoding::HEXLOWER.encode(hash.finish().as_ref());
    let input = json!({ "name": "big.txt", "contentType": "text/plain", "size": SIZE, "sha256": sha256 });
    let upload = begin(&learner, input).await;

    let before = resident();
    let most = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let watch = tokio::spawn({
        let most = most.clone();
        async move {
            loop {
                most.fetch_max(resident(), std::sync::atomic::Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    let pieces = futures_util::stream::iter((0..SIZE / PIECE).map(move |_| Ok::<_, std::io::Error>(piece)));
    let sent = learner.http.put(upload["url"].as_str().unwrap()).header("content-length", SIZE).body(Body::wrap_stream(pieces));
    assert_eq!(sent.send().await.unwrap().status(), StatusCode::OK);
    let file = learner.ok(COMPLETE, json!({ "id": upload["id"] })).await;
    let url = address(&learner, file["completeUpload"]["id"].as_str().unwrap(), false).await;
    let mut bytes = learner.http.get(&url).send().await.unwrap().bytes_stream();
    let mut come = 0;
    while let Some(chunk) = bytes.next().await {
        come += chunk.unwrap().len();
    }
    assert_eq!(come, SIZE);
    watch.abort();
    let grown = most.load(std::sync::atomic::Ordering::Relaxed).saturating_sub(before);
    assert!(grown < 24 << 20, "{} MiB more", grown >> 20);
}

#[tokio::test]
async fn bytes_of_megabytes_come_and_go_whole() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let bytes: Vec<u8> = (0..5_000_000u32).map(|at| b'a' + (at.wrapping_mul(2_654_435_761) >> 28) as u8).collect();
    let file = super::file(&learner, "big.txt", "text/plain", &bytes).await;
    assert_eq!(file["sha256"], sha256(&bytes));
    let url = address(&learner, file["id"].as_str().unwrap(), false).await;
    let come = learner.http.get(&url).send().await.unwrap().bytes().await.unwrap();
    assert!(come[..] == bytes[..]);
}
