//! `lectern mail`, and the settings of mail.

use std::process::Command;

use super::{
    folder,
    sink::{Mood, Sink},
};
use crate::{
    app::TestApp,
    ops::{done, lectern, refused},
};

fn test(app: &TestApp, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = lectern(&["mail", "test", "--log", "off"]);
    command
        .args(arguments)
        .env("LECTERN_PLATFORM_URL", app.database.url("lectern_platform"))
        .env("DATABASE_URL", app.database.url("lectern_app"));
    command.envs(settings.iter().copied());
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_whether_mail_arrives() {
    let app = TestApp::start().await;
    let sink = Sink::start(Mood::Takes).await;
    let smtp = [("LECTERN_SMTP_URL", sink.url.as_str()), ("LECTERN_MAIL_FROM", "Post <post@mail.example>")];
    let run = async |mut command: Command| tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();

    let said = done(run(test(&app, &["ada@x.example"], &smtp)).await);
    assert_eq!(said, "The server of mail has taken the mail to ada@x.example.\n");
    done(run(test(&app, &["ada@x.example", "--tenant", "oak", "--locale", "de"], &smtp)).await);
    let subjects: Vec<String> = sink.given().iter().map(|mail| mail.header("Subject").unwrap()).collect();
    assert_eq!(subjects, ["Mail from Lectern arrives", "Post von Oak School kommt an"]);
    assert_eq!(
        app.text("SELECT string_agg(coalesce(t.slug, '-'), ' ' ORDER BY m.created_at) FROM mail m LEFT JOIN tenant t USING (tenant_id)")
            .await
            .as_deref(),
        Some("- oak")
    );

    sink.becomes(Mood::Never);
    let said = refused(run(test(&app, &["nobody@x.example"], &smtp)).await);
    assert!(said.starts_with("the mail to nobody@x.example was not sent (BOUNCED): ") && said.contains("550"), "{said}");
    sink.becomes(Mood::NotNow);
    let said = refused(run(test(&app, &["ada@x.example"], &smtp)).await);
    assert!(said.starts_with("the mail to ada@x.example was not taken, and will be tried again: ") && said.contains("450"), "{said}");

    let data = folder();
    let local = [("LECTERN_DATA_DIR", data.to_str().unwrap())];
    let said = done(run(test(&app, &["ada@x.example"], &local)).await);
    assert_eq!(said, format!("The mail to ada@x.example lies in {}.\n", data.join("outbox").display()));
    assert!(std::fs::read_dir(data.join("outbox")).unwrap().count() >= 1);
    std::fs::remove_dir_all(data).unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_an_address_or_a_setting_is_said_and_nothing_is_sent() {
    let app = TestApp::start().await;
    let fails = |arguments: &[&str], settings: &[(&str, &str)]| refused(test(&app, arguments, settings).output().unwrap());
    let smtp = ("LECTERN_SMTP_URL", "smtp://127.0.0.1:1");
    assert!(fails(&["ada"], &[]).contains("must be an email address"));
    assert_eq!(
        fails(&["ada@x.example", "--tenant", "ash"], &[]),
        "there is no school ash: `lectern tenant list` shows those that there are"
    );
    assert_eq!(fails(&["ada@x.example"], &[smtp]), "LECTERN_MAIL_FROM is needed with LECTERN_SMTP_URL: the address that mails come from");
    let unread =
        fails(&["ada@x.example"], &[("LECTERN_SMTP_URL", "http://user:hush@mail.example"), ("LECTERN_MAIL_FROM", "post@mail.example")]);
    assert_eq!(unread, "LECTERN_SMTP_URL can't be read: smtp://USER:PASSWORD@HOST:PORT or smtps://… is expected");
    assert!(fails(&["ada@x.example"], &[smtp, ("LECTERN_MAIL_FROM", "nobody")]).starts_with("LECTERN_MAIL_FROM must be an address"));
    assert_eq!(app.count("mail").await, 0);
}
