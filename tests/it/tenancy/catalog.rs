//! What must be true of every table and function, those that are added later among them.

use super::lines;
use crate::app::TestApp;

const NONE: [&str; 0] = [];

const TENANT_TABLES: &str = "pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped \
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace";

#[tokio::test]
async fn every_table_of_schools_stands_behind_its_wall() {
    let app = TestApp::start().await;
    let tables = lines(&app, &format!("SELECT c.relname::text FROM {TENANT_TABLES} ORDER BY 1")).await;
    assert!(tables.len() >= 15, "{tables:?}");
    let bare = format!("SELECT c.relname::text FROM {TENANT_TABLES} AND NOT (c.relrowsecurity AND c.relforcerowsecurity)");
    assert_eq!(lines(&app, &bare).await, NONE);
    let walls = "SELECT c.relname || ' ' || (SELECT string_agg(r.rolname, '+' ORDER BY r.rolname) FROM pg_roles r WHERE r.oid = ANY (p.polroles)) \
                 || ' ' || pg_get_expr(p.polqual, p.polrelid) || coalesce(' check ' || pg_get_expr(p.polwithcheck, p.polrelid), '') \
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE p.polname = 'tenant_wall' AND NOT p.polpermissive AND p.polcmd = '*' ORDER BY c.relname";
    let wall = "(tenant_id = ( SELECT (current_setting('app.tenant_id'::text, true))::uuid AS current_setting))";
    let expected: Vec<String> = tables
        .iter()
        .map(|table| match table.as_str() {
            // Functions of the service look schools up before there is one.
            "tenant" => format!("tenant lectern_app+lectern_desk {wall}"),
            // Functions search these by operators that no policy lets near an index; they name the school themselves.
            "agent" | "answer_run" | "app_user" | "attendee" | "booking_type" | "busy_source" | "calendar_feed" | "conversation"
            | "course" | "document" | "file" | "job" | "knowledge_base" | "learning_path" | "message" | "passage" | "program"
            | "project" | "report_schedule" | "resource" | "tenant_erasure" | "thread" | "user_group" => {
                format!("{table} lectern_app+lectern_desk {wall}")
            }
            table => format!("{table} lectern_app+lectern_definer+lectern_desk {wall}"),
        })
        .collect();
    assert_eq!(lines(&app, walls).await, expected);
    // Nobody else owns a table, and no policy is for everybody.
    let owners = "SELECT DISTINCT c.relowner::regrole::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')";
    assert_eq!(lines(&app, owners).await, ["lectern_owner"]);
    assert_eq!(lines(&app, "SELECT polname::text FROM pg_policy WHERE 0 = ANY (polroles)").await, NONE);
}

#[tokio::test]
async fn a_lapsed_subscription_closes_all_but_what_signing_in_needs() {
    let app = TestApp::start().await;
    let open = format!(
        "SELECT c.relname::text FROM {TENANT_TABLES} AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'subscription_wall' \
         AND NOT p.polpermissive AND p.polcmd = '*') ORDER BY 1"
    );
    assert_eq!(
        lines(&app, &open).await,
        [
            "access_version",
            "account_request",
            "api_key_secret",
            "app_user",
            "credential",
            "failed_sign_in",
            "feature_flag",
            "known_network",
            "mailed_token",
            "password_change_credential",
            "platform_admin",
            "platform_audit_entry",
            "platform_credential",
            "platform_factor",
            "platform_recovery_code",
            "platform_refresh_token",
            "platform_session",
            "provider_account",
            "provider_sign_in",
            "recovery_code",
            "refresh_token",
            "role",
            "role_manages",
            "second_factor",
            "session",
            "sign_in_code",
            "sign_up_credential",
            "tenant",
            "tenant_erasure",
            "tenant_export",
            "tenant_settings",
            "used_budget",
            "user_permission",
            "user_role"
        ]
    );
}

#[tokio::test]
async fn every_key_begins_with_the_school() {
    let app = TestApp::start().await;
    let first_column = "(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0])";
    let indexes = format!(
        "SELECT i.indexrelid::regclass::text FROM pg_index i WHERE i.indrelid IN (SELECT c.oid FROM {TENANT_TABLES}) \
         AND {first_column} IS DISTINCT FROM 'tenant_id' ORDER BY 1"
    );
    // A slug is unique among schools: that is what it is for. The public list of schools is of all schools, and so is the queue of jobs. A public
    // file is found by its own id.
    let of_all = [
        "answer_run_beat_idx",
        "busy_source_due_idx",
        "calendar_feed_secret_idx",
        "file_public_idx",
        "job_dead_idx",
        "job_oldest_idx",
        "job_running_idx",
        "job_spared_idx",
        "job_waiting_idx",
        "report_schedule_due_idx",
        "tenant_public_idx",
        "tenant_search_idx",
        "tenant_slug_key",
    ];
    assert_eq!(lines(&app, &indexes).await, of_all);
    let keys = format!(
        "SELECT k.conrelid::regclass || '.' || k.conname FROM pg_constraint k WHERE k.contype IN ('p', 'u', 'x', 'f') AND k.conrelid IN (SELECT c.oid FROM {TENANT_TABLES}) \
         AND ((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1]) IS DISTINCT FROM 'tenant_id' \
           OR (k.contype = 'f' AND (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = k.confkey[1]) IS DISTINCT FROM 'tenant_id')) ORDER BY 1"
    );
    assert_eq!(lines(&app, &keys).await, ["tenant.tenant_slug_key"]);
    // An exclusion compares schools by equality, and a reference that is cleared keeps its school.
    let excluded =
        "SELECT conname::text FROM pg_constraint WHERE contype = 'x' AND (SELECT oprname FROM pg_operator WHERE oid = conexclop[1]) <> '='";
    assert_eq!(lines(&app, excluded).await, NONE);
    let cleared = "SELECT conname::text FROM pg_constraint k WHERE contype = 'f' AND (confdeltype IN ('n', 'd') AND (confdelsetcols IS NULL OR conkey[1] = ANY (confdelsetcols)) \
                   OR confupdtype <> 'a')";
    assert_eq!(lines(&app, cleared).await, NONE);
}

#[tokio::test]
async fn tables_without_a_school_are_few_and_hold_nothing_of_schools() {
    let app = TestApp::start().await;
    let sql = "SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace = 'public'::regnamespace \
               AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) ORDER BY 1";
    // Steps, currencies, and what was applied.
    assert_eq!(
        lines(&app, sql).await,
        [
            "_sqlx_migrations",
            "admission_transition",
            "application_transition",
            "booking_transition",
            "currency",
            "document_transition",
            "generation_transition",
            "job_transition",
            "lectern_applied",
            "message_transition",
            "order_transition",
            "payment_transition",
            "program_transition",
            "quiz_attempt_transition",
            "waitlist_transition"
        ]
    );
    let views = "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace IN ('public'::regnamespace, 'app'::regnamespace) \
                 AND (c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false))";
    assert_eq!(lines(&app, views).await, NONE);
    let elsewhere = "SELECT n.nspname::text FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1";
    assert_eq!(lines(&app, elsewhere).await, ["app", "public"]);
}

#[tokio::test]
async fn functions_that_see_more_than_their_caller_are_fenced_in() {
    let app = TestApp::start().await;
    let fenced = "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.prosecdef AND p.pronamespace::regnamespace::text !~ '^pg_' \
        AND NOT (p.pronamespace = 'app'::regnamespace AND p.proowner = 'lectern_definer'::regrole \
                 AND p.proconfig @> ARRAY['search_path=pg_catalog, public, pg_temp'] AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql'))";
    assert_eq!(lines(&app, fenced).await, NONE);
    // No acl at all means that everybody may execute it.
    let public = "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'app'::regnamespace \
        AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) g WHERE g.grantee = 0))";
    assert_eq!(lines(&app, public).await, NONE);
    let own = "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace \
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')";
    // What columns lean on: they read nothing.
    assert_eq!(lines(&app, own).await, ["joined_tags(text[])", "search_words(text)"]);
    // Trigger functions that are not definers would do what the caller may do; none of them may be called by hand either.
    let comments = "SELECT count(*)::text FROM pg_proc WHERE prosecdef AND pronamespace = 'app'::regnamespace";
    assert!(lines(&app, comments).await[0].parse::<usize>().unwrap() > 20);
}

#[tokio::test]
async fn the_roles_are_as_weak_as_they_are_meant_to_be() {
    let app = TestApp::start().await;
    let roles = "SELECT concat_ws(' ', rolname, CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, \
        CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END) \
        FROM pg_roles WHERE rolname ~ '^lectern_(app|owner|definer|desk|platform)$' ORDER BY 1";
    assert_eq!(
        lines(&app, roles).await,
        ["lectern_app login", "lectern_definer", "lectern_desk login", "lectern_owner login", "lectern_platform login"]
    );
    let members = "SELECT m.member::regrole || ' in ' || m.roleid::regrole FROM pg_auth_members m WHERE (m.member::regrole::text ~ '^lectern_' OR m.roleid::regrole::text ~ '^lectern_') \
        AND m.member::regrole::text !~ '^lectern_test_' ORDER BY 1";
    assert_eq!(
        lines(&app, members).await,
        ["lectern_owner in lectern_definer", "lectern_owner in lectern_upkeep", "lectern_upkeep in lectern_platform"]
    );
    let owned = "SELECT d.classid::regclass || ' ' || d.objid FROM pg_shdepend d WHERE d.deptype = 'o' AND d.refobjid IN ('lectern_app'::regrole, 'lectern_desk'::regrole)";
    assert_eq!(lines(&app, owned).await, NONE);
}
