//! The grants of columns are the second witness to what a type declares: what is read may be read, what is secret may not, what
//! an input writes may be written, and nothing may be read that nobody asks for.

use std::collections::{BTreeMap, BTreeSet};

use lectern_kernel::resolve::ObjectInfo;

use crate::app::TestApp;

/// Granted beyond what types declare, and why. The list only shrinks: a line that is needed no more fails.
const BESIDE: [(&str, &str); 123] = [
    ("ledger_entry.program_id", "entries are filtered by it"),
    ("check_in.program_id", "scans are filtered by it"),
    ("application.waitlisted_at", "the audit log shows it"),
    ("application.offered_at", "the audit log shows it"),
    ("application.accepted_at", "the audit log shows it"),
    ("application.fee_credited_at", "the audit log shows it"),
    ("invoice.refund_id", "the audit log shows it"),
    ("invoice.file_id", "the audit log shows it"),
    ("payment.intent_id", "the audit log shows it"),
    ("payment.return_url", "the audit log shows it"),
    ("payment.note", "the audit log shows it"),
    ("refund.is_late", "the audit log shows it"),
    ("refund.provider_id", "the audit log shows it"),
    ("refund.failure", "the audit log shows it"),
    ("attendee.issued_tickets", "attendees are filtered by it, and seen for it"),
    ("sales_order.coupon_id", "the audit log shows it"),
    ("sales_order.billing_name", "the audit log shows it"),
    ("sales_order.billing_address", "the audit log shows it"),
    ("sales_order.billing_tax_id", "the audit log shows it"),
    ("sales_order.provider", "the audit log shows it"),
    ("order_line.position", "lines are listed by it"),
    ("order_line.kind", "the audit log shows it"),
    ("order_line.tax_included", "the audit log shows it"),
    ("ticket.order_line_id", "the tickets of a line are found by it"),
    ("ticket.program_id", "the audit log shows it"),
    ("ticket.application_id", "tickets are seen for it"),
    ("ticket.kind", "the audit log shows it"),
    ("ticket.is_exclusive", "the audit log shows it"),
    ("ticket.admission", "the audit log shows it"),
    ("ticket.generation", "the audit log shows it"),
    ("ticket.return_order_id", "the audit log shows it"),
    ("ticket.issued_at", "the audit log shows it"),
    ("announcement.told_at", "the audit log shows it"),
    ("app_user.is_instructor", "who may teach and be booked: `require_instructor`, bookings, reports"),
    ("app_user.token_version", "`logoutEverywhere` counts it up"),
    ("availability.created_at", "the audit log shows it"),
    ("booking.revision", "entries of calendars carry it"),
    ("booking.reschedule_reason", "the audit log shows it"),
    ("booking.buffer_after_minutes", "the audit log shows it"),
    ("booking.buffer_before_minutes", "the audit log shows it"),
    ("booking.holds_while_requested", "the audit log shows it"),
    ("booking.needs_no_instructor", "the audit log shows it"),
    ("booking.override", "the audit log shows it"),
    ("booking.series_starts_at", "the audit log shows it"),
    ("group_session.buffer_after_minutes", "the audit log shows it"),
    ("group_session.buffer_before_minutes", "the audit log shows it"),
    ("group_session.is_opened", "the audit log shows it"),
    ("booking.updated_at", "bench/peers/schema.sql answers whole rows of bookings"),
    ("course.series_id", "the audit log shows it"),
    ("enrollment.created_at", "`own_enrollments` reads whole rows"),
    ("enrollment.expiry_reason", "the audit log shows it"),
    ("enrollment.first_completed_at", "`own_enrollments` reads whole rows"),
    ("enrollment.is_expiry_fixed", "the audit log shows it"),
    ("enrollment.recorded_progress", "`own_enrollments` reads whole rows"),
    ("enrollment.reminded_days", "`own_enrollments` reads whole rows"),
    ("enrollment.updated_at", "`own_enrollments` reads whole rows"),
    ("export_run.period_starts_at", "the audit log shows it"),
    ("export_run.started_at", "the audit log shows it"),
    ("extension.course_id", "the audit log shows it"),
    ("feature_flag.created_at", "the audit log shows it"),
    ("file.is_export", "policies of files ask it"),
    ("file.upload_id", "an upload is looked up by it, and the audit log shows it"),
    ("import_issue.place", "issues are listed by it"),
    ("import_issue.run_id", "the issues of an import are found by it"),
    ("import_run.held_file_id", "the audit log shows it"),
    ("invitation.email_key", "invitations to an address are found by it"),
    ("job.actor_id", "the audit log shows it"),
    ("lesson.is_graded", "the audit log shows it"),
    ("mail.address_key", "mails to an address are found by it"),
    ("post.course_id", "the audit log shows it"),
    ("role.created_at", "the audit log shows it"),
    ("section.created_at", "the audit log shows it"),
    ("session.user_id", "sign-ins are found by it"),
    ("sign_up_request.email_key", "sign-ups of an address are found by it"),
    ("slot_hold.owner_id", "`slotHolds` are found by it"),
    ("submission.again_until_at", "the audit log shows it"),
    ("submission.enrollment_id", "the audit log shows it"),
    ("submission.is_again", "the audit log shows it"),
    ("submission.lesson_id", "the audit log shows it"),
    ("submission.returned_at", "the audit log shows it"),
    ("submission.version", "the audit log shows it"),
    ("tenant.created_at", "the audit log shows it"),
    ("tenant.is_listed", "the audit log shows it"),
    ("tenant.max_instructors", "the audit log shows it"),
    ("tenant.max_users", "the audit log shows it"),
    ("tenant.storage_quota", "the audit log shows it"),
    ("tenant.assistant_token_quota", "the audit log shows it"),
    ("tenant.subscription_start", "subscription_wall of every table asks it"),
    ("tenant.suspended_at", "subscription_wall of every table asks it"),
    ("tenant.suspend_reason", "the audit log shows it"),
    ("tenant_export.started_at", "the audit log shows it"),
    ("tenant_settings.created_at", "the audit log shows it"),
    ("unlock_override.created_at", "the audit log shows it"),
    ("thread.listed_at", "threads are listed by it"),
    ("webhook_delivery.failures", "the audit log shows it"),
    ("webhook_delivery.in_flight", "the audit log shows it"),
    ("webhook_delivery.job_id", "the audit log shows it"),
    ("webhook_delivery.jobs", "the audit log shows it"),
    ("webhook_endpoint.failures", "the audit log shows it"),
    ("webhook_endpoint.replayed_at", "the audit log shows it"),
    ("webhook_endpoint.replayed_from_at", "the audit log shows it"),
    ("document.revision", "new contents raise it"),
    ("generation.audience", "the job that drafts reads it"),
    ("generation.client_request_id", "the same request is found by it"),
    ("generation.knowledge_base_ids", "the job that drafts reads it"),
    ("generation.language", "the job that drafts reads it"),
    ("generation.lessons_per_section", "the job that drafts reads it"),
    ("generation.overwrites_edits", "the job that drafts reads it"),
    ("generation.questions_per_section", "the job that drafts reads it"),
    ("generation.request_digest", "one request is told from another by it"),
    ("generation.section_count", "the job that drafts reads it"),
    ("generation.updated_at", "the audit log shows it"),
    ("agent_version.agent_id", "the versions of an agent are found by it"),
    ("agent_version.knowledge_base_ids", "an agent is reverted to them"),
    ("conversation.updated_at", "the audit log shows it"),
    ("message.agent_id", "feedback is counted by it"),
    ("message.branches_at", "siblings are found by it"),
    ("message.depth", "messages are listed by it"),
    ("message.document_ids", "what was attached is read for an answer"),
    ("message.is_active", "the active branch is read by it"),
    ("message.is_shared", "what is shared is read by it"),
    ("message_feedback.agent_id", "the feedback of an agent is found by it"),
    ("message_feedback.message_id", "a message shows its rating by it"),
];

/// What the service's role may do with a column: read it, or write it.
type Rights = (bool, bool);

/// The columns of a table.
async fn rights(app: &TestApp, table: &str) -> BTreeMap<String, Rights> {
    let may = |verb: &str| format!("has_column_privilege('lectern_app', a.attrelid, a.attnum, '{verb}')");
    let sql = format!(
        "SELECT string_agg(concat_ws(' ', a.attname, {}, {} OR {}), ',') FROM pg_attribute a
         WHERE a.attrelid = 'public.{table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped",
        may("SELECT"),
        may("INSERT"),
        may("UPDATE")
    );
    let columns = app.text(&sql).await.unwrap_or_default();
    let columns = columns.split(',').map(|column| {
        let [name, read, write] = column.split(' ').collect::<Vec<_>>()[..] else { panic!("{column}") };
        (name.to_owned(), (read == "t", write == "t"))
    });
    columns.collect()
}

/// The columns in an expression over a table, whose alias is `{}`.
fn columns_of(expression: &str) -> BTreeSet<String> {
    if expression.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return BTreeSet::from([expression.to_owned()]);
    }
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let names = expression.split("{}.").skip(1).map(|rest| rest.split(|letter| !is_of_name(letter)).next().unwrap_or_default());
    names.map(str::to_owned).collect()
}

/// The columns that statements over a type read by its declaration and by those that extend it.
fn read_by(info: &ObjectInfo) -> BTreeSet<String> {
    let Some(table) = &info.def.table else { return BTreeSet::new() };
    let expressions = info.columns.iter().map(|column| column.expression).chain(table.live).chain([table.key, "tenant_id"]);
    expressions.flat_map(columns_of).collect()
}

/// Where declarations and grants disagree, a line each.
async fn disagreements(app: &TestApp, beside: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut read: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let types: Vec<_> = app
        .registry
        .catalog()
        .objects()
        .filter_map(|info| Some((info, info.def.table.as_ref().filter(|table| table.is_table())?.name)))
        .collect();
    for (info, table) in &types {
        read.entry(table).or_default().extend(read_by(info));
    }
    for (table, read) in &read {
        let rights = rights(app, table).await;
        let may = |column: &str| rights.get(column).copied();
        for column in read.iter().filter(|column| !may(column).is_some_and(|(reads, _)| reads)) {
            found.push(format!("{table}.{column} is read by a declaration, and lectern_app may not read it"));
        }
        let of_table = types.iter().filter(|(_, name)| name == table).map(|(info, _)| info.def);
        let secrets: BTreeSet<&str> = of_table.clone().flat_map(|def| def.secrets).copied().collect();
        for column in secrets.iter().filter(|column| may(column).is_none_or(|(reads, _)| reads)) {
            found.push(format!("{table}.{column} is a secret, and lectern_app may read it, or there is no such column"));
        }
        let writes = app.registry.operations().flat_map(|operation| operation.writes.iter().flatten());
        let written: BTreeSet<&str> = writes
            .filter(|write| (write.object)().table.as_ref().is_some_and(|of| of.name == *table))
            .flat_map(|write| write.columns)
            .copied()
            .collect();
        for column in written.iter().filter(|column| !may(column).is_some_and(|(_, writes)| writes)) {
            found.push(format!("{table}.{column} is written by an input, and lectern_app may not write it"));
        }
        let is_beside = |column: &str| beside.iter().any(|(name, _)| *name == format!("{table}.{column}"));
        for (column, _) in rights.iter().filter(|(column, (reads, _))| *reads && !read.contains(*column)) {
            if !secrets.contains(column.as_str()) && !is_beside(column) {
                found.push(format!(
                    "{table}.{column} may be read, and no declaration reads it: grant less in policies/, or say why in tests/it/schema/columns.rs"
                ));
            }
        }
        for column in
            rights.iter().filter(|(column, (reads, _))| is_beside(column) && (!*reads || read.contains(*column))).map(|(name, _)| name)
        {
            found.push(format!("{table}.{column} needs no reason any more: strike it from tests/it/schema/columns.rs"));
        }
    }
    for (column, _) in beside.iter().filter(|(column, _)| !read.keys().any(|table| column.starts_with(&format!("{table}.")))) {
        found.push(format!("{column} is of no type's table: strike it from tests/it/schema/columns.rs"));
    }
    found
}

#[test]
fn columns_are_found_in_expressions() {
    let found = |expression: &str| columns_of(expression).into_iter().collect::<Vec<_>>();
    assert_eq!(found("created_at"), ["created_at"]);
    assert_eq!(found("{}.deleted_at IS NOT NULL"), ["deleted_at"]);
    assert_eq!(found("app.permissions_of({}.key, {}.is_system, {}.permissions)"), ["is_system", "key", "permissions"]);
    assert_eq!(found("m.is_leader"), [""; 0]);
}

#[tokio::test]
async fn declarations_and_grants_agree_about_every_column() {
    let app = crate::frame::start().await;
    assert!(
        app.registry.operations().flat_map(|operation| operation.writes.iter().flatten()).count() > 5,
        "the inputs say what they write"
    );
    let found = disagreements(&app, &BESIDE).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn each_grant_too_many_or_too_few_is_named() {
    let app = crate::frame::start().await;
    for (hole, mend, expected) in [
        ("REVOKE SELECT (tags) ON course", "GRANT SELECT (tags) ON course", "course.tags is read by a declaration"),
        ("REVOKE SELECT (deleted_at) ON course", "GRANT SELECT (deleted_at) ON course", "course.deleted_at is read by a declaration"),
        ("GRANT SELECT (enrollment_key) ON course", "REVOKE SELECT (enrollment_key) ON course", "course.enrollment_key is a secret"),
        (
            "REVOKE INSERT (enrollment_key), UPDATE (enrollment_key) ON course",
            "GRANT INSERT (enrollment_key), UPDATE (enrollment_key) ON course",
            "course.enrollment_key is written by an input",
        ),
        (
            "REVOKE INSERT (body), UPDATE (body) ON bulletin",
            "GRANT INSERT (body), UPDATE (body) ON bulletin",
            "bulletin.body is written by an input",
        ),
        (
            "ALTER TABLE bulletin ADD hole text; GRANT SELECT ON bulletin",
            "ALTER TABLE bulletin DROP hole; GRANT SELECT ON bulletin",
            "bulletin.hole may be read",
        ),
    ] {
        let to = |sql: &str| {
            sql.split("; ")
                .map(|sql| match sql.split_once(' ').unwrap().0 {
                    "GRANT" => format!("{sql} TO lectern_app"),
                    "REVOKE" => format!("{sql} FROM lectern_app"),
                    _ => sql.to_owned(),
                })
                .collect::<Vec<_>>()
                .join("; ")
        };
        app.sql(&to(hole)).await;
        let found = disagreements(&app, &BESIDE).await;
        app.sql(&to(mend)).await;
        assert!(found.len() == 1 && found[0].starts_with(expected), "{hole}: {found:#?}");
    }
    // Nor does a reason outlive what it was for.
    let stale = [BESIDE.as_slice(), &[("course.title", "it is read anyhow"), ("nothing.at_all", "it was once")]].concat();
    let found = disagreements(&app, &stale).await;
    assert!(
        found.len() == 2 && found[0].starts_with("course.title needs no reason") && found[1].starts_with("nothing.at_all"),
        "{found:#?}"
    );
}
