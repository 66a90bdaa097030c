//! The log inside the database: who can write to it, and which columns of which tables it knows.

use std::collections::BTreeSet;

use lectern::domains::audit::{Cell, cell_of};
use serde_json::json;

use super::log;
use crate::app::{TestApp, Who};

#[tokio::test]
async fn the_service_itself_can_only_add_to_the_log() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (tenant, user) = (app.oak.tenant, lectern_kernel::ids::decode(&admin.user_id).unwrap().1);
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let open = format!(
        "SET app.tenant_id = '{tenant}'; SET app.user_id = '{user}'; SET app.correlation_id = 'by-hand'; SET app.permissions = ',AUDIT_READ,'"
    );
    client.batch_execute(&open).await.unwrap();
    let before = app.text("SELECT string_agg(a::text, ',' ORDER BY a.id) FROM audit_entry a").await;
    let seen: i64 = client.query_one("SELECT count(*) FROM audit_entry", &[]).await.unwrap().get(0);
    assert_eq!(seen, app.count(&format!("audit_entry where tenant_id = '{tenant}'")).await);
    for statement in [
        "UPDATE audit_entry SET operation = 'nothing'",
        "UPDATE audit_entry SET actor_id = NULL WHERE false",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "INSERT INTO audit_entry (tenant_id, id, operation, outcome, resource, correlation_id) \
         VALUES (app.tenant_id(), app.uuid_v7(), 'forged', 'CHANGED', 'Course', 'x')",
        "ALTER TABLE course DISABLE TRIGGER course_audit",
        "CREATE TEMP TABLE t (tenant_id uuid, id uuid); CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION app.audit('Course', 'id')",
    ] {
        let error = client.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error}");
    }
    assert_eq!(app.text("SELECT string_agg(a::text, ',' ORDER BY a.id) FROM audit_entry a").await, before);

    // Nor can it switch the log off while it changes something.
    let change = format!(
        "BEGIN; SET LOCAL app.audit = 'off'; UPDATE app_user SET name = 'Renamed' WHERE tenant_id = '{tenant}' AND id = '{user}'; COMMIT"
    );
    client.batch_execute(&change).await.unwrap();
    assert_eq!(app.count("audit_entry where correlation_id = 'by-hand' and operation = 'system:sql' and resource = 'User'").await, 1);

    // The operator's role can't rewrite it either.
    let (operator, connection) = tokio_postgres::connect(&app.database.url("lectern_platform"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    for statement in ["UPDATE audit_entry SET operation = 'nothing'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"] {
        let error = operator.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error}");
    }
    // What it changes without naming a school is kept in the log of the row's own, with the school's id.
    operator.batch_execute("UPDATE tenant SET name = name || '!'").await.unwrap();
    for school in [&app.oak, &app.elm] {
        let entry = format!(
            "audit_entry where tenant_id = '{0}' and resource = 'Tenant' and resource_id = '{0}' and actor_id is null",
            school.tenant
        );
        assert_eq!(app.count(&entry).await, 1);
    }
    let [entry] = &log(&admin, json!({ "resource": "Tenant" })).await[..] else { panic!("one change of the school") };
    assert_eq!((&entry["before"]["name"], &entry["after"]["name"]), (&json!("Oak School"), &json!("Oak School!")));
    assert!(entry["resourceId"].as_str().unwrap().starts_with("tenant_") && entry["actor"].is_null());
}

/// Tables whose changes are recorded, with the type under which they are: out of the catalogue of the database.
const AUDITED: &str = "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.tgfoid = 'app.audit'::regproc AND NOT t.tgisinternal AND a.attname <> 'tenant_id'";

/// Columns that the trigger leaves out, whatever the table.
const LEFT_OUT: &str = "coalesce((SELECT substring(p.prosrc FROM 'derived CONSTANT text\\[\\] := ''([^'']*)''') FROM pg_proc p WHERE p.oid = 'app.audit'::regproc)::text[], '{}')";

/// Recorded, but changed by operators alone: no mutation of the API does.
const OF_OPERATORS: [&str; 0] = [];

/// Records themselves, which leave none: the log, scans at doors, versions of agents, issues of imports, ledgers, messages (which have a trigger of their own), notifications, mails,
/// held slots, and uploads.
// A SignIn stands there as a Session, an entry of a door's roster as a Ticket.
const RECORDS: [&str; 13] = [
    "AgentVersion",
    "AuditEntry",
    "CheckIn",
    "CheckInRosterEntry",
    "ImportIssue",
    "LedgerEntry",
    "Message",
    "Notification",
    "OutboxMail",
    "PointsEntry",
    "SignIn",
    "SlotHold",
    "Upload",
];

/// What of the recorded tables does not stand in a log, in which `Course` and `Group.member` stand: a sentence for each.
pub async fn unseen(app: &TestApp, seen: &BTreeSet<String>) -> Vec<String> {
    let recorded = "SELECT string_agg(concat_ws(' ', c.relname, split_part(encode(t.tgargs, 'escape'), '\\000', 1), split_part(encode(t.tgargs, 'escape'), '\\000', 2),
             (SELECT string_agg(a.attname, ',') FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)), E'\\n')
         FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgfoid = 'app.audit'::regproc AND NOT t.tgisinternal";
    let mut sentences = Vec::new();
    let mut resources = BTreeSet::new();
    for line in app.text(recorded).await.unwrap().lines() {
        let [table, resource, key, columns] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        resources.insert(resource.to_owned());
        let columns: Vec<&str> = columns.split(',').collect();
        // A row without an id of its own is shown as a part of what it is recorded with.
        let part = app.registry.parts().find(|(of, column, _)| key != "id" && *of == resource && columns.contains(column));
        let expected = part.map_or_else(|| resource.to_owned(), |(_, _, name)| format!("{resource}.{name}"));
        let is_part = !["id", "tenant_id"].contains(&key);
        match (is_part && part.is_none(), OF_OPERATORS.contains(&resource), seen.contains(&expected)) {
            (true, ..) => {
                sentences.push(format!("{table} is recorded as a part of {resource} by {key}, and no `parts` of a DOMAIN names it"))
            }
            (_, false, false) => {
                sentences.push(format!("{table}: no {expected} stands in the log: let one change in tests/it/audit/day.rs"))
            }
            (_, true, true) => sentences.push(format!("{resource} is changed by a mutation: strike it from OF_OPERATORS")),
            _ => {}
        }
    }
    for kind in app.registry.kinds().filter(|kind| !RECORDS.contains(&kind.ty) && !resources.contains(kind.ty)) {
        sentences.push(format!("{}: no table of it is recorded: attach app.audit('{0}', 'id') to it", kind.ty));
    }
    sentences
}

#[tokio::test]
async fn a_recorded_table_that_the_day_leaves_out_is_named() {
    let app = crate::frame::start().await;
    let whole = [
        "Availability",
        "AvailabilityRule",
        "Booking",
        "Booking.resource",
        "Bulletin",
        "BusySource",
        "CalendarFeed",
        "Course",
        "Enrollment",
        "Group",
        "Group.course",
        "Group.member",
        "Job",
        "Resource",
        "Role",
        "Section",
        "TimeOff",
    ];
    let mut seen: BTreeSet<String> = whole
        .into_iter()
        .chain(["Session", "TenantSettings", "User", "User.role"])
        .chain(["WebhookDelivery", "WebhookEndpoint", "File", "File.audience", "NotificationSettings", "NotificationSettings.preference"])
        .chain(["ExportRun", "ImportRun", "ReportSchedule", "Invitation", "SignUpRequest"])
        .chain([
            "ApiKey",
            "PasswordChangeRequest",
            "FeatureFlag",
            "Role.manages",
            "SignInProvider",
            "Tenant",
            "TenantExport",
            "User.avatar",
            "User.permission",
            "User.provider",
            "ViewAs",
        ])
        .chain([
            "Assignment",
            "Extension",
            "RubricCriterion",
            "Submission",
            "Submission.file",
            "Submission.grade",
            "Submission.score",
            "User.accommodation",
        ])
        .chain(["Question", "Question.key", "QuestionOption", "QuestionPool", "Quiz", "Quiz.draw", "QuizAttempt", "Regrade"])
        .chain(["Announcement", "CourseReview", "Post", "Thread"])
        .chain(["Document", "Generation", "KnowledgeBase", "KnowledgeBase.document"])
        .chain([
            "Agent",
            "Agent.knowledgeBase",
            "AssistantPolicy",
            "AssistantProvider",
            "Conversation",
            "MessageFeedback",
            "Project",
            "Project.member",
        ])
        .chain([
            "BookingSeries",
            "BookingType",
            "BookingType.eligibility",
            "BookingType.instructor",
            "BookingType.requirement",
            "BookingType.resource",
            "GroupSession",
            "GroupSession.resource",
            "User.instructorLimits",
            "WaitlistEntry",
        ])
        .chain(["Application", "Application.file", "Application.sensitive", "ApplicationReview", "Attendee", "User.redFlag"])
        .chain(["Attendee.grant", "Coupon", "Coupon.uses", "Invoice", "Order", "Order.return", "OrderLine", "Payment", "PaymentSettings"])
        .chain(["Product", "Product.price", "Product.stock", "Program", "Program.course", "Program.group", "Program.reviewer"])
        .chain(["Referral", "Referral.uses", "Refund", "Refund.ticket", "Ticket"])
        .chain(["Badge", "Badge.award", "TenantSettings.level", "TenantSettings.pointsRule", "User.leaderboardAbsence"])
        .chain(["Course.instructor", "CourseMaterial", "Enrollment.lesson", "Lesson", "Lesson.content", "UnlockOverride"])
        .chain([
            "Certificate",
            "Course.certificate",
            "Course.prerequisite",
            "LearningPath",
            "LearningPath.certificate",
            "LearningPath.course",
            "PathEnrollment",
        ])
        .map(str::to_owned)
        .collect();
    assert_eq!(unseen(&app, &seen).await, [""; 0]);
    seen.remove("Bulletin");
    app.sql("DROP TRIGGER section_audit ON section").await;
    let mut told = unseen(&app, &seen).await;
    told.sort();
    assert_eq!(
        told,
        [
            "Section: no table of it is recorded: attach app.audit('Section', 'id') to it",
            "bulletin: no Bulletin stands in the log: let one change in tests/it/audit/day.rs",
        ]
    );
}

#[tokio::test]
async fn every_column_of_every_recorded_table_is_known_to_the_log() {
    let app = crate::frame::start().await;
    let columns = app
        .text(&format!(
            "SELECT string_agg(split_part(encode(t.tgargs, 'escape'), '\\000', 1) || ' ' || a.attname || ' ' || format_type(a.atttypid, NULL), E'\\n') {AUDITED} AND NOT a.attname = ANY ({LEFT_OUT})
                 AND NOT a.attname = ANY (string_to_array(split_part(encode(t.tgargs, 'escape'), '\\000', 3), ','))"
        ))
        .await
        .unwrap();
    for column in columns.lines() {
        let mut words = column.splitn(3, ' ');
        let (resource, name, ty) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let cell = cell_of(app.registry, resource, name);
        match ty {
            "uuid" => assert!(
                matches!(cell, Cell::Id(_)),
                "{column}: an id of what? Say so by the type of its column, or in the domain's `references`"
            ),
            "uuid[]" => panic!("{column}: lists of ids are not rendered"),
            "timestamp with time zone" => assert_eq!(cell, Cell::Time, "{column}: times end with _at"),
            _ => assert_eq!(cell, Cell::Plain, "{column}"),
        }
    }

    // What the service itself may not read (an enrollment key) is declared a secret, or left out altogether by the trigger. Of tables that it never
    // reads itself the log says: whose an account elsewhere is and at which provider; for which question a file was given; what came of a ticket; for
    // which tickets money went back; who has a red flag.
    let leaking = app
        .text(&format!(
            "SELECT string_agg(c.relname || '.' || a.attname, ', ') {AUDITED} AND NOT has_column_privilege('lectern_app', c.oid, a.attname, 'SELECT')
             AND NOT concat(c.relname, '.', a.attname) = ANY (ARRAY[
                 'provider_account.provider_id', 'provider_account.user_id', 'provider_account.created_at',
                 'application_file.application_id', 'application_file.key', 'application_file.is_sensitive',
                 'attendee_grant.attendee_id', 'attendee_grant.course_id', 'attendee_grant.group_id', 'attendee_grant.user_id', 'attendee_grant.state',
                 'attendee_grant.reason', 'attendee_grant.is_given', 'attendee_grant.created_at',
                 'refund_ticket.refund_id', 'refund_ticket.ticket_id', 'red_flag.user_id', 'red_flag.raised_at'])
             AND NOT a.attname = ANY ({LEFT_OUT}) AND NOT a.attname = ANY (string_to_array(split_part(encode(t.tgargs, 'escape'), '\\000', 3), ','))"
        ))
        .await;
    assert_eq!(leaking, None, "recorded, although the service may not read it");

    // Every table of a school is recorded, but these: secrets, counters, and the log itself. By hand: a decision for each.
    let unrecorded = app
        .text(
            "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
               AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'app.audit'::regproc)",
        )
        .await;
    assert_eq!(
        unrecorded.as_deref(),
        Some(
            "access_version account_request agent_version answer_run api_key_secret application_event application_event_secret \
             assistant_usage attempt_question audit_entry booking_assignment booking_reminder busy_block check_in client_event \
             course_points credential credit_balance deadline_reminder enrollment_grade failed_sign_in generation_call \
             generation_source import_issue invoice_counter known_network ledger_entry ledger_posting lesson_grade line_reversal mail \
             mailed_token message message_citation message_delta notification order_key passage password_change_credential path_step \
             payment_event platform_admin platform_audit_entry platform_credential platform_factor platform_recovery_code \
             platform_refresh_token platform_session points_entry program_code program_currency program_form_field program_form_key \
             program_group_places program_places provenance provider_sign_in recovery_code refresh_token reward_standing roster_link \
             score_change second_factor sign_in_code sign_up_credential slot_hold slot_hold_resource submission_event tenant_erasure \
             ticket_key time_claim token_counter token_reservation upload used_budget webhook_event"
        )
    );
}
