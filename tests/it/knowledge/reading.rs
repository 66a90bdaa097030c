//! Reading documents: what each type says, what can't be read and why, readers that hang, workers that die.

use std::{
    io::{Cursor, Write as _},
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};

use lectern::{domains::knowledge::Extractor, http::HttpOptions};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str};
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{CREATE, DOCUMENT, document, finding::SEARCH};
use crate::{
    app::{Client, Folder, TestApp, Who, outside},
    classroom::{is_due, uuid},
    files,
};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A PDF of pages that say these lines.
fn pdf(pages: &[&str]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let (catalog, tree, font) = (Ref::new(1), Ref::new(2), Ref::new(3));
    let ids: Vec<(Ref, Ref)> = (0..pages.len() as i32).map(|place| (Ref::new(10 + 2 * place), Ref::new(11 + 2 * place))).collect();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids(ids.iter().map(|ids| ids.0)).count(ids.len() as i32);
    for (line, (page, content)) in pages.iter().zip(&ids) {
        let mut written = pdf.page(*page);
        written.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(tree).contents(*content);
        written.resources().fonts().pair(Name(b"F1"), font);
        written.finish();
        let mut said = Content::new();
        if !line.is_empty() {
            said.begin_text().set_font(Name(b"F1"), 12.0).next_line(72.0, 760.0).show(Str(line.as_bytes())).end_text();
        }
        pdf.stream(*content, &said.finish());
    }
    pdf.type1_font(font).base_font(Name(b"Helvetica"));
    pdf.finish()
}

/// A PDF that names an encryption by a password.
fn encrypted() -> Vec<u8> {
    let plain = pdf(&["Hidden"]);
    let mark = b"trailer\n<<";
    let at = plain.windows(mark.len()).rposition(|window| window == mark).unwrap() + mark.len();
    let key = "0".repeat(64);
    let encrypt = format!("\n/Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{key}> /U <{key}> >>\n/ID [<00> <00>]");
    [&plain[..at], encrypt.as_bytes(), &plain[at..]].concat()
}

fn docx(body: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    writer.write_all(body.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

fn bomb() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    let zeros = vec![b' '; 1024 * 1024];
    for _ in 0..120 {
        writer.write_all(&zeros).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Adds a document of these bytes; its id.
async fn added(client: &Client, name: &str, media_type: &str, bytes: &[u8]) -> String {
    let file = files::file(client, name, media_type, bytes).await["id"].clone();
    client.ok(CREATE, json!({ "i": { "title": name, "fileId": file } })).await["createDocument"]["id"].as_str().unwrap().to_owned()
}

async fn standing(client: &Client, id: &str) -> Value {
    let read = client.ok(DOCUMENT, json!({ "id": id })).await["document"].take();
    json!([read["state"], read["failureReason"], read["pageCount"], read["passageCount"]])
}

#[tokio::test]
async fn each_type_says_what_a_reader_of_it_would_see() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let of_pdf = added(&admin, "a.pdf", "application/pdf", &pdf(&["About the runway.", "The crosswind limit."])).await;
    let body = r#"<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>Gliders need a winch.</w:t></w:r></w:p></w:body></w:document>"#;
    let of_docx = added(&admin, "b.docx", DOCX, &docx(body)).await;
    let of_markdown = added(&admin, "c.md", "text/markdown", b"# Tow\n\nBehind a *tug*. <span>and more</span>").await;
    let of_html = document(
        &admin,
        "d",
        "<h1>Thermals</h1><p>Rising <b>air</b></p><script>steal()</script><p hidden>invisible</p>",
        json!({ "mediaType": "text/html" }),
    )
    .await;
    app.work().await;
    assert_eq!(standing(&admin, &of_pdf).await, json!(["COMPLETED", null, 2, 2]));
    assert_eq!(standing(&admin, &of_docx).await, json!(["COMPLETED", null, null, 1]));
    assert_eq!(standing(&admin, &of_markdown).await, json!(["COMPLETED", null, null, 1]));
    assert_eq!(standing(&admin, &of_html).await, json!(["COMPLETED", null, null, 1]));
    let one = async |words: &str| admin.ok(SEARCH, json!({ "q": words })).await["documentSearch"].take();
    let passage = one("crosswind").await;
    assert_eq!(json!([passage[0]["page"], passage[0]["text"]]), json!([2, "The crosswind limit."]));
    assert_eq!(one("winch").await[0]["text"], "Gliders need a winch.");
    let passage = one("tug").await;
    assert_eq!(json!([passage[0]["heading"], passage[0]["text"]]), json!(["Tow", "Tow\n\nBehind a tug. and more"]));
    assert_eq!(one("rising").await[0]["heading"], "Thermals");
    for words in ["steal", "invisible"] {
        assert_eq!(one(words).await, json!([]), "{words}");
    }
}

#[tokio::test]
async fn what_can_not_be_read_says_why_and_its_person_is_told() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut broken = pdf(&["A"]);
    broken.truncate(60);
    let many = vec!["x"; 2001];
    for (name, media_type, bytes, reason) in [
        ("scanned.pdf", "application/pdf", pdf(&["", ""]), "NO_TEXT"),
        ("broken.pdf", "application/pdf", broken, "UNREADABLE"),
        ("encrypted.pdf", "application/pdf", encrypted(), "ENCRYPTED"),
        ("long.pdf", "application/pdf", pdf(&many), "TOO_LARGE"),
        ("bomb.docx", DOCX, bomb(), "TOO_LARGE"),
        ("other.docx", DOCX, docx("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>"), "UNREADABLE"),
        ("empty.txt", "text/plain", b"\n \n".to_vec(), "NO_TEXT"),
    ] {
        let id = added(&admin, name, media_type, &bytes).await;
        app.work().await;
        let read = admin.ok(DOCUMENT, json!({ "id": id })).await["document"].take();
        assert_eq!(json!([read["state"], read["failureReason"], read["passageCount"]]), json!(["FAILED", reason, 0]), "{name}");
    }
    let told = admin.ok("{ notifications { nodes { kind } } }", json!({})).await;
    let kinds = told["notifications"]["nodes"].as_array().unwrap();
    assert_eq!(kinds.iter().filter(|one| one["kind"] == "DOCUMENT_FAILED").count(), 7, "{told}");
}

/// A service whose documents are read by this script.
async fn with_reader(folder: &Folder, script: &str, limit: Duration) -> TestApp {
    std::fs::create_dir_all(&folder.0).unwrap();
    let program = folder.0.join("reader");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    TestApp::start_beside(HttpOptions::default(), outside().with(Extractor::of(program, limit))).await
}

#[tokio::test]
async fn a_reader_that_hangs_is_ended_and_one_that_babbles_is_not_believed() {
    let folder = Folder::new("hanging-reader");
    for script in ["exec sleep 600", "cat > /dev/null; echo '{\"Ok\": \"what?\"}'", "exit 3", "kill -SEGV $$"] {
        let app = with_reader(&folder, script, Duration::from_millis(400)).await;
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let id = document(&admin, "A", "a", json!({})).await;
        let began = Instant::now();
        app.work().await;
        assert!(began.elapsed() < Duration::from_secs(120), "{script}");
        assert_eq!(standing(&admin, &id).await, json!(["FAILED", "UNREADABLE", null, 0]), "{script}");
    }
}

#[tokio::test]
async fn the_third_worker_that_dies_of_a_document_is_the_last() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = document(&admin, "A", "a", json!({})).await;
    // Two workers have died of it, and the third is not heard of any more.
    app.sql(&format!(
        "UPDATE document SET state = 'PROCESSING', worker = (SELECT j.id FROM job j WHERE j.kind = 'document.process'), attempts = 3 WHERE id = '{}';
         UPDATE job SET state = 'RUNNING', attempts = 3, losses = 2, worker = gen_random_uuid(), lease = gen_random_uuid(), leased_until = now() - interval '1 minute', started_at = now()
             WHERE kind = 'document.process'",
        uuid(&id)
    ))
    .await;
    app.work().await;
    assert_eq!(standing(&admin, &id).await, json!(["FAILED", "GAVE_UP", null, 0]));
}

#[tokio::test]
async fn two_documents_of_a_school_are_read_at_once_and_all_in_the_end() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for nth in 0..9 {
        document(&admin, &format!("D{nth}"), &format!("Text number {nth}."), json!({})).await;
    }
    // Two are being read already, by a worker that has not died yet.
    app.sql("UPDATE document d SET state = 'PROCESSING', worker = gen_random_uuid() WHERE title IN ('D0', 'D1')").await;
    app.work().await;
    assert_eq!(app.count("document WHERE state = 'PENDING'").await, 7, "they wait for a place");
    assert!(!is_due(&app, &app.oak, "document.sweep").await);
    app.sql("UPDATE document d SET state = 'FAILED', failure_reason = 'UNREADABLE' WHERE title = 'D0'; UPDATE document SET updated_at = now() - interval '5 minutes' WHERE state = 'PENDING'").await;
    assert!(is_due(&app, &app.oak, "document.sweep").await);
    let open = format!("SELECT set_config('app.tenant_id', '{}', true)", app.oak.tenant);
    app.sql(&format!("BEGIN; {open}; SELECT app.sweep_documents(1000); COMMIT")).await;
    app.work().await;
    assert_eq!(app.count("document WHERE state = 'COMPLETED'").await, 7, "whoever ends asks for the next");
}
