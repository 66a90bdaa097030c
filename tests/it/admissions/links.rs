//! Where links stand in mails, and what is kept of them.

use lectern::domains::{
    admissions::{CONFIRM_SIGN_UP, FORMER_EMAIL, INVITATION, PASSWORD_RESET, SIGN_IN_CODE},
    mail::{Content, MailTemplate},
};
use serde_json::json;

use super::{code, reset_token, set, to, work};
use crate::app::TestApp;

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
