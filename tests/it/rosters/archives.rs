//! Files that can't be imported at all: nothing is changed.

use std::io::{Cursor, Write as _};

use serde_json::json;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    bundle,
    bundles::{MANIFEST, USERS, roster},
    people, school, summary, told, zipped,
};
use crate::app::{TestApp, Who};

/// An archive of zeros, a hundred thousand times as big unpacked.
fn bomb() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("manifest.csv", SimpleFileOptions::default()).unwrap();
    zip.write_all(MANIFEST.as_bytes()).unwrap();
    zip.start_file("users.csv", SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
    for _mebibyte in 0..32 {
        zip.write_all(&vec![b'0'; 1 << 20]).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The same archive, which says of its entry that it is small.
fn lying_bomb() -> Vec<u8> {
    let mut bytes = bomb();
    let size = (32u32 << 20).to_le_bytes();
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == size {
            bytes[at..at + 4].copy_from_slice(&100u32.to_le_bytes());
        }
    }
    bytes
}

#[tokio::test]
async fn archives_that_are_none_or_bombs_fail_and_change_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let before = school(&app).await;
    let many: Vec<(String, &str)> = (0..21).map(|n| (format!("file{n}.csv"), "x")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let mut encrypted = roster(&[]);
    for at in 0..encrypted.len() - 10 {
        // The flag of the local headers and of the directory.
        if encrypted[at..at + 4] == *b"PK\x03\x04" {
            encrypted[at + 6] |= 1;
        } else if encrypted[at..at + 4] == *b"PK\x01\x02" {
            encrypted[at + 8] |= 1;
        }
    }
    let mut cut = roster(&[]);
    cut.truncate(cut.len() / 2);
    let files = [("many", zipped(&many)), ("bomb", bomb()), ("lying", lying_bomb()), ("encrypted", encrypted), ("cut", cut)];
    for (name, bytes) in files {
        for dry_run in [true, false] {
            let run = bundle(&app, &admin, &bytes, json!({ "dryRun": dry_run })).await;
            assert_eq!(summary(&run), "FAILED BAD_ARCHIVE", "{name}");
        }
    }
    assert_eq!(school(&app).await, before);
}

#[tokio::test]
async fn files_that_lack_a_sheet_or_a_column_or_are_not_utf8_say_which() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let before = school(&app).await;
    let run = bundle(&app, &admin, &roster(&[("classes.csv", "")]), json!({})).await;
    assert_eq!((summary(&run), told(&run)), ("FAILED MISSING_FILE".to_owned(), vec!["classes.csv:1 MISSING_FILE".to_owned()]));
    let run = bundle(&app, &admin, &roster(&[("manifest.csv", "")]), json!({})).await;
    assert_eq!(told(&run), ["manifest.csv:1 MISSING_FILE"]);
    let run = bundle(&app, &admin, &roster(&[("users.csv", &USERS.replace(",email,", ",mail,"))]), json!({})).await;
    assert_eq!((summary(&run), told(&run)), ("FAILED MISSING_COLUMN".to_owned(), vec!["users.csv:1 MISSING_COLUMN".to_owned()]));
    assert!(run["issues"]["nodes"][0]["message"].as_str().unwrap().ends_with(" email"), "{run}");
    let run = people(&app, &admin, "email\na@oak.example\n", json!({})).await;
    assert_eq!(summary(&run), "FAILED MISSING_COLUMN");
    let latin = zipped(&[("manifest.csv", MANIFEST)]);
    assert_eq!(summary(&bundle(&app, &admin, &latin, json!({})).await), "FAILED MISSING_FILE");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("manifest.csv", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"propertyName,value\nfile.orgs,bulk\n").unwrap();
    zip.start_file("orgs.csv", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"sourcedId,name\no1,Sch\xfcle\n").unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    assert_eq!(summary(&bundle(&app, &admin, &bytes, json!({})).await), "FAILED BAD_ENCODING");
    assert_eq!(school(&app).await, before);
}

#[tokio::test]
async fn more_than_a_million_lines_are_too_many() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let text = format!("email,name\n{}", "a@b.de,A\n".repeat(1_000_001));
    let run = people(&app, &admin, &text, json!({})).await;
    assert_eq!((summary(&run), app.count("app_user WHERE email = 'a@b.de'").await), ("FAILED TOO_MANY_ROWS".to_owned(), 0));
}
