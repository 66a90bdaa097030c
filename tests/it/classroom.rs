//! What the tests of courses, enrollments and groups begin with: people, courses, groups, and a digest of all of them.

use std::time::Duration;

use lectern_kernel::ids;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Client, School, TestApp};

pub const CREATE_COURSE: &str = "mutation($i: CreateCourseInput!) { createCourse(input: $i) { id } }";
pub const PUBLISH: &str = "mutation($id: ID!) { publishCourse(id: $id) { id status } }";
pub const ARCHIVE: &str = "mutation($id: ID!) { archiveCourse(id: $id) { id status } }";
pub const DELETE_COURSE: &str = "mutation($id: ID!) { deleteCourse(id: $id) }";
pub const ENROLL: &str =
    "mutation($i: EnrollInput!) { enroll(input: $i) { id status progress enrolledAt completedAt course { id } user { id } } }";
pub const UNENROLL: &str = "mutation($id: ID!) { unenroll(id: $id) { id status progress } }";
pub const CREATE_GROUP: &str = "mutation($i: CreateGroupInput!) { createGroup(input: $i) { id } }";
pub const ADD_MEMBERS: &str = "mutation($i: AddGroupMembersInput!) { addGroupMembers(input: $i) { id memberCount } }";
pub const ADD_COURSES: &str = "mutation($i: AddGroupCoursesInput!) { addGroupCourses(input: $i) { id courses { totalCount } } }";

/// An id that no row of any school has.
pub fn nothing(kind: &str) -> String {
    ids::encode(kind, Uuid::now_v7())
}

/// Whether there is anything to do in a school for a kind of jobs that comes by itself more often than hourly.
pub async fn is_due(app: &TestApp, school: &School, kind: &str) -> bool {
    let asked = format!("SELECT app.is_due('{kind}')::text FROM set_config('app.tenant_id', '{}', true)", school.tenant);
    app.text(&asked).await.as_deref() == Some("true")
}

/// The UUID inside a TypeID, for SQL.
pub fn uuid(id: &str) -> Uuid {
    ids::decode(id).unwrap_or_else(|| panic!("{id} is no id")).1
}

/// Asks; and again for as long as the service has too much to do, which changes nothing. For many at once, who have few connections.
pub async fn insist(client: &Client, query: &str, variables: Value) -> Value {
    let mut answer = client.ask(query, variables.clone()).await;
    for _ in 0..100 {
        if answer["errors"][0]["extensions"]["code"] != "UNAVAILABLE" {
            break;
        }
        answer = client.ask(query, variables.clone()).await;
    }
    answer
}

/// Whatever is asked in the next two minutes is asked in the same hour (3600), or day of UTC (86 400).
pub async fn early_in(app: &TestApp, period: u64) {
    let left = app.text(&format!("SELECT ({period} - extract(epoch FROM now())::bigint % {period})::text")).await.unwrap();
    let left: u64 = left.parse().unwrap();
    if left < 120 {
        tokio::time::sleep(Duration::from_secs(left + 1)).await;
    }
}

/// Adds so many learners at once, `person1@oak.example` and on; answers their ids. Their password is everybody's.
pub async fn learners(app: &TestApp, school: &School, count: usize) -> Vec<String> {
    let (slug, tenant) = (school.slug, school.tenant);
    app.sql(&format!(
        "BEGIN; SET LOCAL app.audit = 'off';
         CREATE TEMPORARY TABLE newcomer ON COMMIT DROP AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, {count}) AS n;
         INSERT INTO app_user (tenant_id, id, name, email) SELECT '{tenant}', id, 'Person ' || lpad(n::text, 3, '0'), 'person' || n || '@{slug}.example' FROM newcomer;
         INSERT INTO credential (tenant_id, user_id, password_hash) SELECT '{tenant}', n.id, c.password_hash FROM newcomer n CROSS JOIN
             (SELECT password_hash FROM credential WHERE tenant_id = '{tenant}' LIMIT 1) AS c;
         INSERT INTO user_role (tenant_id, user_id, role_id) SELECT '{tenant}', n.id, r.id FROM newcomer n JOIN role r ON r.tenant_id = '{tenant}' AND r.key = 'LEARNER';
         COMMIT"
    ))
    .await;
    let sql = format!("SELECT string_agg(id::text, ',' ORDER BY name) FROM app_user WHERE tenant_id = '{tenant}' AND name LIKE 'Person %'");
    let ids = app.text(&sql).await.unwrap();
    ids.split(',').map(|id| ids::encode("user", id.parse().unwrap())).collect()
}

async fn made(client: &Client, mutation: &str, field: &str, input: Value) -> String {
    client.ok(mutation, json!({ "i": input })).await[field]["id"].as_str().unwrap().to_owned()
}

/// A draft of this person.
pub async fn draft(client: &Client, input: Value) -> String {
    made(client, CREATE_COURSE, "createCourse", input).await
}

/// A published course of this person.
pub async fn course(client: &Client, input: Value) -> String {
    let id = draft(client, input).await;
    client.ok(PUBLISH, json!({ "id": id })).await;
    id
}

/// A group.
pub async fn group(client: &Client, input: Value) -> String {
    made(client, CREATE_GROUP, "createGroup", input).await
}

/// Enrolls somebody; answers the enrollment's id.
pub async fn enroll(client: &Client, course: &str, user: &str) -> String {
    made(client, ENROLL, "enroll", json!({ "courseId": course, "userId": user })).await
}

/// A digest of everything that is learned, to see whether a refusal has changed anything.
pub async fn everything(app: &TestApp) -> String {
    let rows = [
        "check_in",
        "product",
        "product_price",
        "product_stock",
        "coupon",
        "coupon_uses",
        "referral",
        "referral_uses",
        "program_code",
        "sales_order",
        "order_line",
        "ticket",
        "order_return",
        "credit_balance",
        "order_key",
        "attendee_grant",
        "course",
        "section",
        "course_instructor",
        "lesson",
        "lesson_content",
        "course_material",
        "unlock_override",
        "lesson_progress",
        "project",
        "project_member",
        "agent",
        "agent_version",
        "agent_knowledge_base",
        "assistant_policy",
        "conversation",
        "message",
        "message_feedback",
        "answer_run",
        "message_delta",
        "assistant_provider",
        "assistant_usage",
        "token_counter",
        "token_reservation",
        "document",
        "passage",
        "knowledge_base",
        "knowledge_base_document",
        "message_citation",
        "generation",
        "generation_source",
        "generation_call",
        "provenance",
        "announcement",
        "thread",
        "post",
        "course_review",
        "points_rule",
        "level",
        "points_entry",
        "reward_standing",
        "course_points",
        "leaderboard_absence",
        "badge",
        "badge_award",
        "quiz",
        "quiz_draw",
        "question",
        "question_option",
        "question_key",
        "question_pool",
        "quiz_attempt",
        "attempt_question",
        "regrade",
        "score_change",
        "course_prerequisite",
        "learning_path",
        "path_course",
        "path_enrollment",
        "path_step",
        "course_certificate",
        "path_certificate",
        "certificate",
        "enrollment",
        "assignment",
        "rubric_criterion",
        "submission",
        "submission_file",
        "submission_grade",
        "rubric_score",
        "submission_event",
        "lesson_grade",
        "enrollment_grade",
        "extension",
        "accommodation",
        "user_group",
        "group_member",
        "group_course",
        "application",
        "application_secret",
        "application_event",
        "application_event_secret",
        "application_file",
        "application_review",
        "red_flag",
        "attendee",
        "program",
        "program_currency",
        "program_form_key",
        "program_form_field",
        "program_reviewer",
        "program_course",
        "program_link_group",
        "program_group",
        "program_places",
        "program_group_places",
        "job",
        "mail",
        "notification",
        "notification_settings",
        "notification_preference",
        "tenant_settings",
        "feature_flag",
        "user_avatar",
        "file",
        "file_audience",
        "upload",
        "client_event",
        "webhook_endpoint",
        "webhook_event",
        "webhook_delivery",
        "account_request",
        "mailed_token",
        "sign_in_code",
        "sign_up_request",
        "sign_up_credential",
        "invitation",
        "second_factor",
        "recovery_code",
        "password_change_request",
        "password_change_credential",
        "api_key",
        "api_key_secret",
        "report_schedule",
        "export_run",
        "import_run",
        "import_issue",
        "roster_link",
        "view_as",
        "resource",
        "booking_type",
        "booking_type_instructor",
        "booking_type_requirement",
        "booking_type_resource",
        "booking_type_rule",
        "booking_assignment",
        "instructor_limit",
        "slot_hold",
        "slot_hold_resource",
        "group_session",
        "group_session_resource",
        "booking_series",
        "waitlist_entry",
        "time_claim",
        "availability_rule",
        "time_off",
        "calendar_feed",
        "busy_source",
        "busy_block",
        "booking_reminder",
        "booking_resource",
        "tenant_export",
        "sign_in_provider",
        "provider_account",
        "provider_sign_in",
        "payment",
        "refund",
        "refund_ticket",
        "payment_event",
        "payment_settings",
        "ledger_entry",
        "ledger_posting",
        "line_reversal",
        "invoice",
    ]
    .map(|table| {
        format!("SELECT '{table}' || (to_jsonb(r) - '{{updated_at,last_used_at,missed_at}}'::text[])::text AS line FROM {table} r")
    })
    .join(" UNION ALL ");
    let changes = "SELECT 'changes' || count(*) FROM audit_entry WHERE outcome = 'CHANGED' AND resource NOT IN ('Session', 'User')";
    app.text(&format!("SELECT md5(string_agg(line, '|' ORDER BY line)) FROM ({rows} UNION ALL {changes}) AS lines")).await.unwrap()
}

/// Asks for something that must be refused with this line, and must change nothing.
pub async fn refused(app: &TestApp, client: &Client, query: &str, variables: Value, line: &str) {
    let before = everything(app).await;
    assert_eq!(client.refused(query, variables.clone()).await, line, "{query} {variables}");
    assert_eq!(everything(app).await, before, "{query} {variables} was refused and changed something");
}

/// Walks a list page by page, forward and then backward, and answers the texts at `pointer` of its nodes; both walks must
/// agree with each other and with the total. `list` is a root field; `arguments` go beside those of the page.
pub async fn walk(client: &Client, list: &str, arguments: &str, pointer: &str) -> Vec<String> {
    let selection = format!(
        "{{ totalCount edges {{ cursor node {{ {} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}",
        selection(pointer)
    );
    let mut walks = Vec::new();
    for (size, cursor, more, end) in [("first", "after", "hasNextPage", "endCursor"), ("last", "before", "hasPreviousPage", "startCursor")]
    {
        let query = format!("query($at: String) {{ {list}({size}: 2, {cursor}: $at {arguments}) {selection} }}");
        let (mut at, mut pages) = (Value::Null, Vec::new());
        loop {
            let page = client.ok(&query, json!({ "at": at })).await[list].take();
            let texts: Vec<String> = page["edges"].as_array().unwrap().iter().map(|edge| text(&edge["node"], pointer)).collect();
            pages.push((texts, page["totalCount"].as_u64().unwrap()));
            if page["pageInfo"][more] == json!(false) {
                break;
            }
            at = page["pageInfo"][end].clone();
        }
        if size == "last" {
            pages.reverse();
        }
        let total = pages[0].1;
        let texts: Vec<String> = pages.into_iter().flat_map(|(texts, _)| texts).collect();
        assert_eq!(texts.len() as u64, total, "{list} {arguments}");
        walks.push(texts);
    }
    assert_eq!(walks[0], walks[1], "{list}({arguments}) forward and backward");
    walks.remove(0)
}

/// `/course/title` as a selection: `course { title }`.
fn selection(pointer: &str) -> String {
    let parts: Vec<&str> = pointer.split('/').filter(|part| !part.is_empty()).collect();
    parts.join(" { ") + &" }".repeat(parts.len() - 1)
}

fn text(node: &Value, pointer: &str) -> String {
    match node.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("{pointer} in {node}"),
    }
}
