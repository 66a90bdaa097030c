//! What lists of invitations and sign-ups cost.

use serde_json::json;

use crate::app::{TestApp, Who};

#[tokio::test]
async fn a_page_with_people_and_roles_costs_a_fixed_number_of_statements() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let tenant = app.oak.tenant;
    let fill = |from: u32, to: u32| {
        format!(
            "INSERT INTO invitation (tenant_id, id, email, email_key, name, role_keys, invited_by_id, expires_at)
                 SELECT '{tenant}', gen_random_uuid(), 'i' || n || '@x.example', 'i' || n || '@x.example', 'I', '{{LEARNER,VIEWER}}', u.id, now() + interval '1 day'
                 FROM generate_series({from}, {to}) AS n JOIN app_user u ON u.email = 'admin@oak.example';
             INSERT INTO sign_up_request (tenant_id, id, email, email_key, name, role_key)
                 SELECT '{tenant}', gen_random_uuid(), 's' || n || '@x.example', 's' || n || '@x.example', 'S', 'LEARNER' FROM generate_series({from}, {to}) AS n"
        )
    };
    for list in [
        "{ invitations(first: 100) { totalCount nodes { email state roles { key } invitedBy { name } user { name } } } }",
        "{ signUpRequests(first: 100) { totalCount nodes { email role { key } decidedBy { name } user { name } } } }",
    ] {
        app.sql("DELETE FROM invitation; DELETE FROM sign_up_request").await;
        app.sql(&fill(1, 2)).await;
        let few = app.statements(&admin, list, json!({})).await;
        app.sql(&fill(3, 100)).await;
        assert_eq!(app.statements(&admin, list, json!({})).await, few, "{list}");
    }
}
