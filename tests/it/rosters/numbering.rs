//! Lines are numbered as an editor numbers them, however they end.

use serde_json::json;

use super::{bundle, bundles::roster, people, summary, told};
use crate::app::{TestApp, Who};

#[tokio::test]
async fn issues_name_the_line_that_an_editor_shows_however_lines_end() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let plain =
        "email,name,sourcedId\n\nok@oak.example,\"Okay,\nindeed\",n1\n\n\n,Nobody,n2\nb@oak.example,Bee,n1\nc@oak.example,Cee,n3\n,Last,n4";
    let expected = [
        "users.csv:3 name BAD_VALUE",
        "users.csv:7 email EMAIL_MISSING",
        "users.csv:8 sourcedId DUPLICATE_SOURCED_ID",
        "users.csv:10 email EMAIL_MISSING",
    ];
    for marked in [plain.to_owned(), format!("\u{feff}{plain}")] {
        for text in [marked.clone(), marked.replace('\n', "\r\n"), marked.replace('\n', "\r")] {
            let run = people(&app, &admin, &text, json!({ "dryRun": true })).await;
            assert_eq!(
                (summary(&run), told(&run)),
                ("SUCCEEDED USER 1/0/0/0/4".to_owned(), expected.map(str::to_owned).to_vec()),
                "{text:?}"
            );
        }
    }
}

#[tokio::test]
async fn lines_beyond_the_readers_buffer_are_numbered_alike() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut users = format!("\u{feff}{}", super::bundles::USERS.lines().next().unwrap()) + "\r\n";
    for n in 0..2000 {
        let address = if n % 1000 == 999 { "no address".to_owned() } else { format!("p{n}@oak.example") };
        users.push_str(&format!("u{n},,,true,o1,student,s,,Stu,Dent {n},,,{address},,,,,\r\n{}", if n % 7 == 0 { "\r\n" } else { "" }));
    }
    // Blank lines after the lines 0, 7, 14 and so on.
    let line = |n: usize| format!("users.csv:{} email BAD_VALUE", 2 + n + n.div_ceil(7));
    let run = bundle(
        &app,
        &admin,
        &roster(&[
            ("users.csv", &users),
            ("classes.csv", super::bundles::CLASSES.split_inclusive('\n').next().unwrap()),
            ("enrollments.csv", super::bundles::ENROLLMENTS.split_inclusive('\n').next().unwrap()),
        ]),
        json!({ "dryRun": true }),
    )
    .await;
    assert_eq!(told(&run), [line(999), line(1999)]);
}
