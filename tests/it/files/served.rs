//! What is served: to whom, until when, with which headers, which part.

use reqwest::{Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use super::{DELETE, FILE, PNG, address, file, line, show, text};
use crate::{
    app::{Client, TestApp, Who},
    classroom::uuid,
};

async fn get(client: &Client, url: &str) -> Response {
    client.http.get(url).send().await.unwrap()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn what_leaves_can_not_run_in_the_origin_of_the_api() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    // A text that is a page, and a picture that is a script as well: what they are called says the service alone.
    let page = b"<html><script>alert(document.domain)</script>".as_slice();
    let polyglot = [b"GIF89a/*".as_slice(), b"*/=1;alert(1)//<script>alert(1)</script>"].concat();
    for (name, content_type, bytes, inline, disposition) in [
        ("page.html", "text/plain", page, true, "attachment; filename=\"page.html\"; filename*=UTF-8''page.html"),
        ("a.js", "application/json", page, true, "attachment; filename=\"a.js\"; filename*=UTF-8''a.js"),
        ("x.gif", "image/gif", &polyglot, true, "inline; filename=\"x.gif\"; filename*=UTF-8''x.gif"),
        ("x.gif", "image/gif", &polyglot, false, "attachment; filename=\"x.gif\"; filename*=UTF-8''x.gif"),
        ("d.pdf", "application/pdf", b"%PDF-1.7", true, "attachment; filename=\"d.pdf\"; filename*=UTF-8''d.pdf"),
        (
            "say \"hi\"; x=y.txt",
            "text/plain",
            b"a",
            false,
            "attachment; filename=\"say _hi_; x=y.txt\"; filename*=UTF-8''say%20%22hi%22%3B%20x%3Dy.txt",
        ),
        ("שלום.txt", "text/plain", b"a", false, "attachment; filename=\"____.txt\"; filename*=UTF-8''%D7%A9%D7%9C%D7%95%D7%9D.txt"),
    ] {
        let id = file(&learner, name, content_type, bytes).await["id"].as_str().unwrap().to_owned();
        let answer = get(&app.stranger(), &address(&learner, &id, inline).await).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let headers = answer.headers().clone();
        assert_eq!(header(&headers, "content-type"), content_type);
        assert_eq!(header(&headers, "content-disposition"), disposition);
        assert_eq!(header(&headers, "x-content-type-options"), "nosniff");
        assert_eq!(header(&headers, "content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(header(&headers, "cross-origin-resource-policy"), "cross-origin");
        assert_eq!(header(&headers, "content-length"), bytes.len().to_string());
        assert_eq!(header(&headers, "accept-ranges"), "bytes");
        let kept: u32 = header(&headers, "cache-control").strip_prefix("private, max-age=").unwrap().parse().unwrap();
        assert!((240..=300).contains(&kept), "{kept}");
        assert_eq!(&answer.bytes().await.unwrap()[..], bytes);
    }
}

#[tokio::test]
async fn a_name_with_line_ends_or_turned_around_never_becomes_one() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    for name in [
        "a\r\nset-cookie: x.png",
        "a\nb.png",
        "photo\u{202E}gnp.exe",
        "photo\u{2066}x.png",
        "a/b.png",
        "a\\b.png",
        ".",
        "..",
        " ",
        "\u{7f}",
    ] {
        super::refused(&app, &learner, super::CREATE, json!({ "i": super::declared(name, "image/png", PNG) }), "BAD_USER_INPUT @name")
            .await;
    }
}

#[tokio::test]
async fn an_answer_is_never_packed_and_says_so_by_its_length() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let bytes = vec![b'a'; 100_000];
    let id = file(&learner, "a.txt", "text/plain", &bytes).await["id"].as_str().unwrap().to_owned();
    let url = address(&learner, &id, false).await;
    let plain = reqwest::Client::builder().no_gzip().build().unwrap();
    let answer = plain.get(&url).header("accept-encoding", "gzip, br").send().await.unwrap();
    assert!(answer.headers().get("content-encoding").is_none());
    assert_eq!(answer.content_length(), Some(100_000));
}

#[tokio::test]
async fn an_address_holds_for_minutes_and_for_nothing_else() {
    let app = TestApp::start().await;
    let (oak, elm) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.elm, Who::Learner).await);
    let (ours, theirs) = (text(&oak, "ours.txt").await, text(&elm, "theirs.txt").await);
    let url = address(&oak, &ours, false).await;
    let stranger = app.stranger();
    assert_eq!(get(&stranger, &url).await.text().await.unwrap(), "ours.txt");

    // The same with the other school's file, or school, written into it.
    let token = url.rsplit('/').nth(1).unwrap();
    let bytes = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    let with = |at: usize, id: uuid::Uuid| {
        let mut changed = bytes.clone();
        changed[at..at + 16].copy_from_slice(id.as_bytes());
        url.replace(token, &data_encoding::BASE64URL_NOPAD.encode(&changed))
    };
    for forged in [with(19, uuid(&theirs)), with(3, app.elm.tenant), url.replace(token, "x"), url.replace(token, &"A".repeat(token.len()))]
    {
        assert_eq!(line(get(&stranger, &forged).await).await, "403 FORBIDDEN BAD_SIGNATURE", "{forged}");
    }
    // Another service's signature is none here.
    let other = TestApp::start().await;
    let foreign = url.replace(&app.url, &other.url);
    assert_eq!(line(get(&stranger, &foreign).await).await, "403 FORBIDDEN BAD_SIGNATURE");
    // An address for sending is none for fetching, nor the other way round.
    let upload = super::begin(&oak, super::declared("b.txt", "text/plain", b"b")).await;
    let sending = upload["url"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(line(get(&stranger, &format!("{}/files/{sending}/b.txt", app.url)).await).await, "403 FORBIDDEN BAD_SIGNATURE");
    let answer = stranger.http.put(format!("{}/files/uploads/{token}", app.url)).body("b").send().await.unwrap();
    assert_eq!(line(answer).await, "403 FORBIDDEN BAD_SIGNATURE");
}

#[tokio::test]
async fn an_address_ends_with_its_time_its_file_and_its_schools_subscription() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = text(&learner, "a.txt").await;
    let stranger = app.stranger();
    let data = learner.ok(super::DOWNLOAD, json!({ "id": id })).await;
    let until: jiff::Timestamp = data["file"]["download"]["expiresAt"].as_str().unwrap().parse().unwrap();
    let life = lectern_kernel::clock::now().duration_until(until).as_secs();
    assert!((240..=300).contains(&life), "{life}");
    let url = data["file"]["download"]["url"].as_str().unwrap().to_owned();

    // The time of the address alone counts: it was signed a while ago by the same keys.
    let link = lectern_kernel::store::Link {
        verb: lectern_kernel::store::Verb::Get,
        tenant: app.oak.tenant,
        id: uuid(&id),
        size: 0,
        inline: false,
        until: lectern_kernel::clock::now() - jiff::SignedDuration::from_secs(1),
    };
    let over = format!("{}/files/{}/a.txt", app.url, app.store().links().sign(&link));
    assert_eq!(line(get(&stranger, &over).await).await, "403 FORBIDDEN URL_EXPIRED");

    // Whoever lost what meanwhile: what was given out holds.
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'learner@oak.example'").await;
    assert_eq!(get(&stranger, &url).await.status(), StatusCode::OK);
    app.sql("UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'").await;
    assert_eq!(line(get(&stranger, &url).await).await, "403 SUBSCRIPTION_EXPIRED");
    app.sql("UPDATE tenant SET suspended_at = NULL WHERE slug = 'oak'").await;
    assert_eq!(get(&stranger, &url).await.status(), StatusCode::OK);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok(DELETE, json!({ "id": id })).await;
    assert_eq!(line(get(&stranger, &url).await).await, "404 NOT_FOUND");
}

#[tokio::test]
async fn a_part_of_a_file_can_be_asked_for() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = file(&learner, "a.txt", "text/plain", b"0123456789").await["id"].as_str().unwrap().to_owned();
    let url = address(&learner, &id, false).await;
    let http = app.stranger().http;
    let ask = async |name: &'static str, value: &str| http.get(&url).header(name, value).send().await.unwrap();
    for (range, status, part, said) in [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-1", 206, "9", "bytes 9-9/10"),
        ("bytes=0-1,3-4", 200, "0123456789", ""),
        ("lines=1-2", 200, "0123456789", ""),
    ] {
        let answer = ask("range", range).await;
        assert_eq!((answer.status().as_u16(), header(answer.headers(), "content-range")), (status, said), "{range}");
        assert_eq!(answer.text().await.unwrap(), part, "{range}");
    }
    let none = ask("range", "bytes=10-").await;
    assert_eq!((none.status().as_u16(), header(none.headers(), "content-range")), (416, "bytes */10"));
    assert_eq!(none.json::<Value>().await.unwrap()["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");

    let whole = http.get(&url).send().await.unwrap();
    let etag = header(whole.headers(), "etag").to_owned();
    assert_eq!(etag, format!("\"{}\"", super::sha256(b"0123456789")));
    let known = ask("if-none-match", &etag).await;
    assert_eq!((known.status(), known.headers().get("content-length")), (StatusCode::NOT_MODIFIED, None));
    let head = http.head(&url).send().await.unwrap();
    assert_eq!((head.status(), header(head.headers(), "content-length")), (StatusCode::OK, "10"));
    assert_eq!(head.bytes().await.unwrap().len(), 0);
    assert_eq!(http.post(&url).send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_file_whose_bytes_are_gone_is_there_for_neither_get_nor_head() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = text(&learner, "a.txt").await;
    let url = address(&learner, &id, false).await;
    for object in super::objects(&app, "schools") {
        std::fs::remove_file(object).unwrap();
    }
    let http = app.stranger().http;
    let (got, head) = (http.get(&url).send().await.unwrap(), http.head(&url).send().await.unwrap());
    assert_eq!((got.status(), head.status()), (StatusCode::SERVICE_UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE));
    assert!(head.headers().get("etag").is_none());
}

#[tokio::test]
async fn a_public_picture_is_everybodys_for_as_long_as_it_is_one() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = file(&admin, "logo.png", "image/png", PNG).await["id"].as_str().unwrap().to_owned();
    let stranger = app.stranger();
    show(&admin, &id, "PUBLIC", json!({})).await;
    let url = admin.ok(FILE, json!({ "id": id })).await["file"]["publicUrl"].as_str().unwrap().to_owned();
    assert_eq!(url, format!("{}/files/public/{id}/logo.png", app.url));
    let answer = get(&stranger, &url).await;
    assert_eq!((answer.status(), header(answer.headers(), "content-type")), (StatusCode::OK, "image/png"));
    assert_eq!(header(answer.headers(), "cache-control"), "public, no-cache");
    assert_eq!(header(answer.headers(), "content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(&answer.bytes().await.unwrap()[..], PNG);

    let other = text(&admin, "secret.txt").await;
    // As it was given out before: what stands behind it is of no account.
    let elm = lectern_kernel::ids::encode("tenant", app.elm.tenant);
    assert_eq!(get(&stranger, &format!("{url}?school={elm}")).await.status(), StatusCode::OK);
    for wrong in [
        url.replace(&id, &other),
        url.replace(&id, "nothing"),
        url.replace(&id, &crate::classroom::nothing("file")),
        url.replace(&id, &lectern_kernel::ids::encode("tenant", uuid(&id))),
    ] {
        assert_eq!(line(get(&stranger, &wrong).await).await, "404 NOT_FOUND", "{wrong}");
    }
    app.sql(
        "UPDATE tenant SET subscription_start = now() - interval '2 days', subscription_end = now() - interval '1 day' WHERE slug = 'oak'",
    )
    .await;
    assert_eq!(line(get(&stranger, &url).await).await, "403 SUBSCRIPTION_EXPIRED");
    app.sql("UPDATE tenant SET subscription_end = NULL WHERE slug = 'oak'").await;
    show(&admin, &id, "TENANT", json!({})).await;
    assert_eq!(line(get(&stranger, &url).await).await, "404 NOT_FOUND");
    assert_eq!(admin.ok(FILE, json!({ "id": id })).await["file"]["publicUrl"], json!(null));
}
