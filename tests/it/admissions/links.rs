//! Where links stand in mails, and what is kept of them.

use lectern::{
    domains::{
        admissions::{CONFIRM_SIGN_UP, FORMER_EMAIL, INVITATION, PASSWORD_RESET, SIGN_IN_CODE},
        mail::{Content, MailTemplate, Postman, TEMPLATES, Way},
    },
    http::HttpOptions,
};
use lectern_kernel::jobs::Outside;
use serde_json::json;

use super::{code, invited, reset_token, set, sign_up_token, to, work};
use crate::app::{TestApp, Who};

/// The text of the latest mail, as the outbox of a mailbox would show it.
fn source(template: &MailTemplate) -> [String; 2] {
    [&template.english, &template.german].map(|texts| format!("{}\n{}", texts.body, texts.action.map_or("", |(_, link)| link)))
}

#[test]
fn a_token_stands_once_in_a_link_below_the_app_and_a_code_once() {
    for (template, path) in [
        (&PASSWORD_RESET, "reset-password"),
        (&CONFIRM_SIGN_UP, "confirm-sign-up"),
        (&INVITATION, "accept-invitation"),
        (&FORMER_EMAIL, "revert-email"),
    ] {
        for text in source(template) {
            assert_eq!(text.matches("{{ token }}").count(), 1, "{text}");
            assert!(text.ends_with(&format!("\n{{{{ app }}}}/{path}?token={{{{ token }}}}")), "{text}");
        }
        assert!(template.is_essential && template.parameters.iter().any(|known| known.name == "token" && known.content == Content::Secret));
    }
    for text in source(&SIGN_IN_CODE) {
        assert_eq!(text.matches("{{ code }}").count(), 1);
        assert!(text.lines().any(|line| line == "{{ code }}"), "{text}");
    }
}

#[tokio::test]
async fn neither_a_token_nor_a_code_is_kept_as_it_is() {
    let app = TestApp::start().await;
    set(&app, json!({ "codeSignIn": "EVERYBODY" })).await;
    let token = reset_token(&app, "learner@oak.example").await;
    app.stranger().ok(super::ASK_CODE, to("oak", "learner@oak.example")).await;
    work(&app).await;
    let digits = code(&app, &app.oak, "learner@oak.example").await;
    let secret = token.split_once('.').unwrap().1;
    for table in ["mail", "mailed_token", "sign_in_code", "job", "account_request", "audit_entry"] {
        let dump = app.text(&format!("SELECT string_agg(r::text, ' ') FROM {table} r")).await.unwrap_or_default();
        assert!(!dump.contains(secret), "{table}");
        assert!(table == "mail" || table == "job" || !dump.contains(&format!(",{digits},")), "{table}");
    }
    // What is over is deleted, once for the school and once for nobody's requests.
    app.sql("UPDATE mailed_token SET expires_at = now() - interval '1 minute'; UPDATE sign_in_code SET expires_at = now() - interval '1 minute'").await;
    let purged = app
        .text(&format!(
            "SELECT app.purge_admissions(1000)::text FROM (SELECT set_config('app.tenant_id', '{}', false)) AS entered",
            app.oak.tenant
        ))
        .await;
    assert_eq!(purged.as_deref(), Some("2"));
    assert_eq!(app.count("mailed_token").await + app.count("sign_in_code").await, 0);
}

/// A service whose local outbox shows what stands in mails.
async fn with_open_outbox() -> TestApp {
    let way = Way::Outbox(std::env::temp_dir().join("lectern-test-outbox"));
    let postman = Postman::new(TEMPLATES.to_vec(), "lectern@localhost", "http://app.example/", way, true).unwrap();
    TestApp::start_beside(HttpOptions::default(), Outside::default().with(postman)).await
}

#[tokio::test]
async fn a_mail_holds_its_link_on_a_line_of_its_own_or_the_only_six_digits_and_each_is_good_as_long_as_it_says() {
    let app = with_open_outbox().await;
    app.sql("UPDATE tenant SET name = 'Oak 4567890' WHERE slug = 'oak'").await;
    let settings = json!({ "signUp": "APPROVAL", "signUpRoleKeys": ["LEARNER"], "codeSignIn": "EVERYBODY", "mailFooter": "Phone 030 123456 and 1234567" });
    set(&app, settings).await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    reset_token(&app, "instructor@oak.example").await;
    sign_up_token(&app, "neo@x.example", "LEARNER").await;
    invited(&app, &admin, "ivy@x.example", None, &["LEARNER"]).await;
    let moved = json!({ "i": { "id": learner.user_id, "email": "lea@x.example" } });
    admin.ok("mutation($i: UpdateUserInput!) { updateUser(input: $i) { id } }", moved).await;
    app.stranger().ok(super::ASK_CODE, to("oak", "pia@x.example")).await;
    work(&app).await;
    let mails = admin.ok("{ outbox { nodes { template text } } }", json!({})).await["outbox"]["nodes"].take();
    let text = |template: &str| {
        let found = mails.as_array().unwrap().iter().find(|mail| mail["template"] == template);
        found.unwrap_or_else(|| panic!("no mail {template}"))["text"].as_str().unwrap().to_owned()
    };
    for (template, path) in [
        ("password_reset", "reset-password"),
        ("confirm_sign_up", "confirm-sign-up"),
        ("invitation", "accept-invitation"),
        ("former_email", "revert-email"),
    ] {
        let text = text(template);
        let links: Vec<&str> = text.lines().filter(|line| line.contains("token=")).collect();
        let [link] = links[..] else { panic!("{text}") };
        let token = link.strip_prefix(&format!("http://app.example/{path}?token=")).unwrap_or_else(|| panic!("{link}"));
        assert!(token.len() > 60 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)), "{token}");
        assert_eq!(text.matches(token).count(), 1, "{text}");
    }
    let digits = code(&app, &app.oak, "pia@x.example").await;
    let text = text("sign_in_code");
    let rows: Vec<&str> = text.split(|letter: char| !letter.is_numeric()).filter(|row| row.len() >= 6).collect();
    assert_eq!(rows, [digits.as_str()], "{text}");
    let good_for =
        "SELECT string_agg(kind || ' ' || round(extract(epoch FROM expires_at - created_at) / 60), ', ' ORDER BY kind) FROM mailed_token";
    assert_eq!(app.text(good_for).await.unwrap(), "EMAIL_REVERT 10080, INVITATION 10080, PASSWORD_RESET 30, SIGN_UP 1440");
    let good_for = "SELECT extract(epoch FROM expires_at - created_at)::integer::text FROM sign_in_code";
    assert_eq!(app.text(good_for).await.unwrap(), "900");
}
