//! What an operator does: loading data, founding and suspending schools, migrating.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use lectern::ops;
use lectern_kernel::store::Objects;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{School, TestApp, Who, sealer};

const DASHBOARD: &str =
    "{ dashboard { pendingBookings enrollments(first: 5) { nodes { status } } upcomingBookings(first: 5) { nodes { status } } } }";

const REPORTS: &str = "{ reports {
    overview { users courses publishedCourses groups enrollments completedEnrollments bookings }
    enrollmentsByStatus { count } courseProgress(first: 5) { enrollments averageProgress completionRate }
    bookingsPerDay { count } bookingsByStatus { count } instructorUtilisation(first: 5) { availableHours bookedHours } } }";

/// The binary, knowing nothing of this machine's environment.
pub fn lectern(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lectern"));
    for (name, _) in std::env::vars_os() {
        let known = name.to_string_lossy();
        if (known.starts_with("LECTERN_") && known != "LECTERN_PG_BIN") || known == "DATABASE_URL" {
            command.env_remove(&name);
        }
    }
    // An external database needs one.
    command.env("LECTERN_SECRET_KEYS", "c2VhbHMgd2hhdCB0aGUgdGVzdHMga2VlcCBzZWNyZXQ=");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a command printed; panics where it failed.
pub fn done(output: Output) -> String {
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}\n{printed}", String::from_utf8_lossy(&output.stderr));
    printed
}

/// The one line that a command refused to work with; panics where it worked, or said more or less than that.
pub fn refused(output: Output) -> String {
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said.strip_prefix("lectern: ").unwrap_or_else(|| panic!("{said}")).trim_end().to_owned()
}

fn platform(app: &TestApp, arguments: &[&str], typed: &str) -> Output {
    let mut child =
        lectern(arguments).env("LECTERN_PLATFORM_URL", app.database.url("lectern_platform")).stdin(Stdio::piped()).spawn().unwrap();
    // A command that refuses its arguments does not read on.
    let _unread = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

async fn school(app: &TestApp, slug: &'static str) -> School {
    let tenant = app.text(&format!("SELECT tenant_id::text FROM tenant WHERE slug = '{slug}'")).await.unwrap();
    School { slug, tenant: Uuid::parse_str(&tenant).unwrap() }
}

/// Everything that the demo says, apart from when: ids, names, states.
async fn demo_print(app: &TestApp) -> String {
    let parts = [
        "SELECT string_agg(concat_ws(' ', id, name, email, status), ';' ORDER BY id) FROM app_user",
        "SELECT string_agg(concat_ws(' ', id, key), ';' ORDER BY id) FROM role",
        "SELECT string_agg(concat_ws(' ', id, title, instructor_id, status, capacity), ';' ORDER BY id) FROM course",
        "SELECT string_agg(concat_ws(' ', id, title, position), ';' ORDER BY id) FROM section",
        "SELECT string_agg(concat_ws(' ', id, course_id, user_id, status, progress), ';' ORDER BY id) FROM enrollment",
        "SELECT string_agg(concat_ws(' ', group_id, user_id, is_leader), ';' ORDER BY group_id, user_id) FROM group_member",
        "SELECT string_agg(concat_ws(' ', id, instructor_id, starts_at), ';' ORDER BY id) FROM availability",
        "SELECT string_agg(concat_ws(' ', id, student_id, instructor_id, starts_at, status), ';' ORDER BY id) FROM booking",
    ];
    let mut print = String::new();
    for part in parts {
        let sql =
            format!("{part} WHERE tenant_id IN (SELECT tenant_id FROM tenant WHERE slug IN ('alpha-flight-school', 'bravo-academy'))");
        print.push_str(&app.text(&sql).await.unwrap());
    }
    print
}

fn objects(app: &TestApp) -> Objects {
    app.store().objects().clone()
}

#[tokio::test]
async fn the_demo_is_the_same_everywhere_and_is_loaded_once() {
    let (one, other) = (TestApp::start().await, TestApp::start().await);
    let keys = sealer();
    let places = [&one, &other].map(|app| (app.database.url("lectern_platform"), objects(app)));
    let load = |place: usize| ops::seed_demo(&places[place].0, &keys, &places[place].1);
    // Both at the same moment: what a lesson is that has just begun depends on it.
    let (first, a, b, c) = tokio::try_join!(load(0), load(1), load(1), load(1)).unwrap();
    assert!(first);
    assert_eq!([a, b, c].into_iter().filter(|loaded| *loaded).count(), 1, "of three at once one loads it");
    let print = demo_print(&one).await;
    assert!(print == demo_print(&other).await, "two databases tell different stories");

    assert!(!load(0).await.unwrap());
    assert!(print == demo_print(&one).await, "a second time changes something");
    assert_eq!(one.count("tenant").await, 4);
}

#[tokio::test]
async fn the_demo_has_something_for_every_report_and_every_person() {
    let app = TestApp::start().await;
    ops::seed_demo(&app.database.url("lectern_platform"), &sealer(), &objects(&app)).await.unwrap();
    let all = "tenant_id IN (SELECT tenant_id FROM tenant WHERE slug IN ('alpha-flight-school', 'bravo-academy'))";
    let range = async |rows: &str, least: i64, most: i64| {
        let count = app.count(&format!("{rows} {} {all}", if rows.contains(" WHERE ") { "AND" } else { "WHERE" })).await;
        assert!((least..=most).contains(&count), "{count} {rows}");
    };
    range("app_user", 60, 80).await;
    range("course", 12, 20).await;
    range("enrollment", 200, 320).await;
    range("lesson", 110, 130).await;
    range("submission", 70, 110).await;
    range("lesson_progress WHERE completed_at IS NOT NULL", 700, 1100).await;
    range("booking", 120, 260).await;
    range("audit_entry", 300, 1500).await;
    range("client_event", 1000, 1000).await;
    range("webhook_delivery WHERE state = 'DELIVERED'", 8, 40).await;
    range("webhook_delivery WHERE state = 'FAILED'", 2, 40).await;
    range("webhook_endpoint WHERE state = 'PAUSED'", 2, 2).await;
    for (who, all_of, unread) in [("learner", 6, 2), ("instructor", 4, 1), ("admin", 4, 2)] {
        let theirs = format!("notification WHERE recipient_id IN (SELECT id FROM app_user WHERE email LIKE '{who}@%')");
        range(&theirs, 2 * all_of, 2 * all_of).await;
        range(&format!("{theirs} AND read_at IS NULL"), 2 * unread, 2 * unread).await;
    }
    range("mail WHERE template IN ('enrolled', 'booking_assigned')", 4, 4).await;
    assert_eq!(app.count("job WHERE kind IN ('event.fan_out', 'webhook.deliver')").await, 0, "nothing of it is on its way");
    assert_eq!(
        app.text("SELECT count(DISTINCT time_zone)::text FROM tenant WHERE slug IN ('alpha-flight-school', 'bravo-academy')")
            .await
            .unwrap(),
        "2"
    );

    for slug in ["alpha-flight-school", "bravo-academy"] {
        let school = school(&app, slug).await;
        let id = school.tenant;
        let domain = if slug.starts_with("alpha") { "alpha.example" } else { "bravo.example" };
        let some = async |least: i64, rows: &str| {
            let count = app.count(&rows.replace("$1", &format!("'{id}'"))).await;
            assert!(count >= least, "{slug}: {count} {rows}");
        };
        let none = async |rows: &str| assert_eq!(app.count(&rows.replace("$1", &format!("'{id}'"))).await, 0, "{slug}: {rows}");

        // What people are told reads as if it had happened.
        let of_booking = "notification n JOIN booking b ON b.tenant_id = n.tenant_id AND n.subject = app.type_id('booking', b.id) WHERE n.tenant_id = $1";
        some(9, of_booking).await;
        none(&format!("{of_booking} AND (n.created_at < b.created_at OR n.created_at > b.starts_at)")).await;
        none(&format!("{of_booking} AND n.read_at IS NULL AND b.starts_at < now()")).await;
        none(&format!("{of_booking} AND n.kind IN ('BOOKING_ASSIGNED', 'BOOKING_CANCELLED') AND 'BOOKING_' || b.status <> n.kind")).await;
        none(
            "mail m LEFT JOIN notification_settings s ON s.tenant_id = m.tenant_id AND s.id = m.user_id \
             WHERE m.tenant_id = $1 AND m.template <> 'test' AND m.locale <> coalesce(s.locale, 'en')",
        )
        .await;
        for locale in ["en", "de"] {
            some(4, &format!("mail WHERE tenant_id = $1 AND locale = '{locale}'")).await;
        }

        for status in ["NOT_STARTED", "IN_PROGRESS", "COMPLETED", "FAILED", "EXPIRED", "DROPPED"] {
            some(2, &format!("enrollment WHERE tenant_id = $1 AND status = '{status}'")).await;
        }
        some(15, "enrollment WHERE tenant_id = $1 AND enrolled_at > now() - interval '30 days'").await;
        for status in ["REQUESTED", "APPROVED", "ASSIGNED", "CANCELLED"] {
            some(2, &format!("booking WHERE tenant_id = $1 AND status = '{status}' AND starts_at > now()")).await;
        }
        some(10, "booking WHERE tenant_id = $1 AND status = 'COMPLETED' AND ends_at < now()").await;
        // What the instructor who signs in can complete.
        some(
            2,
            "booking b JOIN app_user u ON u.tenant_id = b.tenant_id AND u.id = b.instructor_id AND u.email LIKE 'instructor@%' \
             WHERE b.tenant_id = $1 AND b.status = 'ASSIGNED' AND b.starts_at < now() AND b.starts_at > now() - interval '6 days'",
        )
        .await;
        some(1, "booking WHERE tenant_id = $1 AND status = 'REQUESTED' AND created_at < now() - interval '3 days' AND starts_at > now()")
            .await;
        none(
            "booking WHERE tenant_id = $1 AND (created_at > now() OR created_at > starts_at OR (status = 'COMPLETED' AND ends_at > now()))",
        )
        .await;
        none(
            "booking WHERE tenant_id = $1 AND booking_type_id IS NULL \
             AND (starts_at < now() - interval '16 days' OR starts_at > now() + interval '16 days')",
        )
        .await;
        none(
            "booking b WHERE tenant_id = $1 AND instructor_id IS NOT NULL AND booking_type_id IS NULL AND NOT EXISTS (SELECT FROM availability a WHERE a.tenant_id = $1 \
             AND a.instructor_id = b.instructor_id AND a.starts_at <= b.starts_at AND a.ends_at >= b.ends_at)",
        )
        .await;

        some(1, "import_run WHERE tenant_id = $1 AND NOT dry_run AND state = 'SUCCEEDED' AND issue_count = 3 AND file_id IS NOT NULL")
            .await;
        some(1, "import_run WHERE tenant_id = $1 AND dry_run AND state = 'SUCCEEDED'").await;
        some(6, "import_issue WHERE tenant_id = $1").await;
        some(
            1,
            "export_run x JOIN report_schedule s ON s.tenant_id = x.tenant_id AND s.id = x.schedule_id AND s.frequency = 'WEEKLY' AND s.next_run_at > now() \
             JOIN app_user u ON u.tenant_id = s.tenant_id AND u.id = s.owner_id AND u.email LIKE 'instructor@%' \
             JOIN file f ON f.tenant_id = x.tenant_id AND f.id = x.file_id AND f.owner_id = u.id AND f.expires_at > now() WHERE x.tenant_id = $1",
        )
        .await;

        for status in ["DRAFT", "ARCHIVED"] {
            some(1, &format!("course WHERE tenant_id = $1 AND status = '{status}'")).await;
        }
        some(1, "course WHERE tenant_id = $1 AND enrollment_key IS NOT NULL").await;
        some(
            1,
            "course c WHERE tenant_id = $1 AND status = 'PUBLISHED' AND capacity = (SELECT count(*) FROM enrollment e \
             WHERE e.tenant_id = $1 AND e.course_id = c.id AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED'))",
        )
        .await;
        none("course c WHERE tenant_id = $1 AND (description IS NULL OR tags = '{}' OR NOT EXISTS (SELECT FROM section s WHERE s.tenant_id = $1 AND s.course_id = c.id))").await;
        some(3, "user_group WHERE tenant_id = $1").await;
        // Courses with lessons of every kind, locked by date and by section; every progress is that of its lessons. One has none, and what was recorded.
        let without = "SELECT c.id FROM course c WHERE c.tenant_id = $1 AND c.status = 'PUBLISHED' \
                       AND NOT EXISTS (SELECT FROM lesson l WHERE l.tenant_id = $1 AND l.course_id = c.id)";
        assert_eq!(app.count(&format!("({without}) AS w").replace("$1", &format!("'{id}'"))).await, 1, "{slug}");
        some(1, &format!("enrollment e WHERE tenant_id = $1 AND status = 'IN_PROGRESS' AND progress > 0 AND course_id IN ({without})"))
            .await;
        some(6, "course c WHERE tenant_id = $1 AND 9 = (SELECT count(DISTINCT l.kind) FROM lesson l WHERE l.tenant_id = $1 AND l.course_id = c.id AND l.is_published)").await;
        for status in ["IN_PROGRESS", "COMPLETED"] {
            some(10, &format!("enrollment WHERE tenant_id = $1 AND status = '{status}' AND lessons_completed > 0")).await;
        }
        none("enrollment WHERE tenant_id = $1 AND lessons_total > 0 AND progress <> app.share_done(lessons_completed, lessons_total)")
            .await;
        none("enrollment WHERE tenant_id = $1 AND lessons_total > 0 AND (status = 'COMPLETED') <> (lessons_completed = lessons_total)")
            .await;
        for (kind, least) in [("ON_DATE", 1), ("AFTER_SECTION", 1)] {
            some(least, &format!("section WHERE tenant_id = $1 AND drip_kind = '{kind}'")).await;
        }
        some(1, "unlock_override WHERE tenant_id = $1").await;
        // A quiz whose scores go from nothing to everything, and one attempt under way.
        for (score, least) in [("0", 1), ("8", 1)] {
            some(least, &format!("quiz_attempt WHERE tenant_id = $1 AND status = 'SUBMITTED' AND score = {score}")).await;
        }
        some(1, "quiz_attempt WHERE tenant_id = $1 AND status = 'IN_PROGRESS'").await;
        some(1, "question_pool WHERE tenant_id = $1").await;
        none(
            "quiz_attempt a WHERE tenant_id = $1 AND status = 'SUBMITTED' AND score <> (SELECT coalesce(sum(q.points), 0) FROM attempt_question q \
             JOIN question_key k ON k.tenant_id = q.tenant_id AND k.question_id = q.question_id \
             WHERE q.tenant_id = $1 AND q.attempt_id = a.id AND (q.answer_number = k.number OR q.answer_options = k.option_ids))",
        )
        .await;
        some(2, "course_instructor WHERE tenant_id = $1").await;
        // Work that waits, is graded, was given back, came late, and is graded in secret; every grade is that of its work.
        for status in ["SUBMITTED", "GRADED", "RETURNED"] {
            some(1, &format!("submission WHERE tenant_id = $1 AND status = '{status}'")).await;
        }
        some(2, "submission_grade WHERE tenant_id = $1 AND released_at IS NULL").await;
        some(1, "submission s JOIN assignment a ON a.id = s.assignment_id WHERE s.tenant_id = $1 AND s.submitted_at > a.due_at").await;
        some(1, "enrollment_grade WHERE tenant_id = $1 AND current_grade < 50").await;
        some(1, "extension WHERE tenant_id = $1").await;
        // What is said, what it earned, and an announcement that is still to come.
        some(2, "thread WHERE tenant_id = $1 AND answer_id IS NOT NULL").await;
        some(1, "thread WHERE tenant_id = $1 AND is_closed").await;
        some(1, "announcement WHERE tenant_id = $1 AND publish_at > now() AND told_at IS NULL").await;
        some(10, "course_review WHERE tenant_id = $1").await;
        some(10, "badge_award WHERE tenant_id = $1").await;
        some(100, "points_entry WHERE tenant_id = $1").await;
        none(&format!("{} AND e.tenant_id = $1", crate::assignments::DRIFTED)).await;
        none(&format!("{} AND e.tenant_id = $1", crate::lessons::DRIFTED)).await;
        none(
            "user_group g JOIN group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.id JOIN group_course gc ON gc.tenant_id = g.tenant_id AND gc.group_id = g.id \
             JOIN course c ON c.tenant_id = g.tenant_id AND c.id = gc.course_id AND c.status = 'PUBLISHED' \
             WHERE g.tenant_id = $1 AND g.auto_enroll AND NOT EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = $1 AND e.user_id = m.user_id AND e.course_id = c.id)",
        )
        .await;
        some(2, "audit_entry WHERE tenant_id = $1 AND outcome = 'REFUSED'").await;
        // What is sold: applications and orders in every state, and whoever waits; the learner has a place and a ticket.
        for status in ["DRAFT", "IN_REVIEW", "ACCEPTED", "REJECTED", "WITHDRAWN", "WAITLISTED"] {
            some(1, &format!("application WHERE tenant_id = $1 AND status = '{status}'")).await;
        }
        some(3, "application WHERE tenant_id = $1 AND status = 'WAITLISTED' AND offer_expires_at IS NULL").await;
        some(1, "application WHERE tenant_id = $1 AND status = 'WAITLISTED' AND offer_expires_at > now()").await;
        for status in ["PENDING", "PAID", "EXPIRED", "CANCELLED", "REFUNDED"] {
            some(1, &format!("sales_order WHERE tenant_id = $1 AND status = '{status}'")).await;
        }
        some(1, "sales_order WHERE tenant_id = $1 AND status = 'PENDING' AND paid > 0").await;
        some(1, "sales_order WHERE tenant_id = $1 AND returned > 0").await;
        some(1, "sales_order WHERE tenant_id = $1 AND refunded BETWEEN 1 AND paid - 1").await;
        some(1, "coupon_uses WHERE tenant_id = $1 AND uses = max_uses").await;
        some(1, "ticket t JOIN application a ON a.tenant_id = t.tenant_id AND a.id = t.application_id JOIN app_user u ON u.id = a.user_id WHERE t.tenant_id = $1 AND t.status = 'ISSUED' AND u.email LIKE 'learner@%'").await;
        none("ticket WHERE tenant_id = $1 AND code_hash IS NULL").await;
        none("audit_entry WHERE tenant_id = $1 AND (at > now() OR after ? 'tenant_id' OR after ? 'enrollment_key' OR after ? 'search')")
            .await;
        some(1, "app_user WHERE tenant_id = $1 AND status = 'SUSPENDED'").await;
        some(1, "app_user WHERE tenant_id = $1 AND deleted_at IS NOT NULL").await;

        // The four who sign in, and what they find.
        for who in Who::ALL {
            let email = format!("{}@{domain}", format!("{who:?}").to_lowercase());
            let client = app.sign_in_as(&school, &email, "lectern-demo").await;
            let viewer = client.ok("{ viewer { activeRole { key } tenant { slug } } }", json!({})).await;
            let role = format!("{who:?}").to_uppercase();
            assert_eq!(viewer, json!({ "viewer": { "activeRole": { "key": role }, "tenant": { "slug": slug } } }));
            let dashboard = client.ok(DASHBOARD, json!({})).await["dashboard"].take();
            let full = |name: &str| !dashboard[name]["nodes"].as_array().unwrap().is_empty();
            match who {
                Who::Admin => assert!(dashboard["pendingBookings"].as_i64().unwrap() > 0, "{slug} {dashboard:#}"),
                Who::Instructor => assert!(full("upcomingBookings"), "{slug} {dashboard:#}"),
                Who::Learner => assert!(full("upcomingBookings") && full("enrollments"), "{slug} {dashboard:#}"),
                Who::Viewer => {}
            }
            if who != Who::Learner {
                let reports = client.ok(REPORTS, json!({})).await["reports"].take();
                for (name, report) in reports.as_object().unwrap() {
                    let numbers = match report {
                        Value::Array(rows) => rows.clone(),
                        row => vec![row.clone()],
                    };
                    assert!(!numbers.is_empty(), "{slug}: {name} is empty for {who:?}");
                    assert!(
                        numbers.iter().flat_map(|row| row.as_object().unwrap().values()).any(|number| number.as_f64() > Some(0.0)),
                        "{slug}: {name}"
                    );
                }
            }
        }
        let person = |who: &str| format!("(SELECT id FROM app_user WHERE tenant_id = $1 AND email = '{who}@{domain}')");
        let (learner, instructor) = (person("learner"), person("instructor"));
        some(4, &format!("enrollment WHERE tenant_id = $1 AND user_id = {learner}")).await;
        some(1, &format!("group_member WHERE tenant_id = $1 AND user_id = {learner}")).await;
        some(4, &format!("booking WHERE tenant_id = $1 AND student_id = {learner} AND status <> 'CANCELLED' AND starts_at > now()")).await;
        some(2, &format!("course WHERE tenant_id = $1 AND status = 'PUBLISHED' AND instructor_id = {instructor}")).await;
        some(3, &format!("booking WHERE tenant_id = $1 AND instructor_id = {instructor} AND status = 'ASSIGNED' AND starts_at > now()"))
            .await;
        some(8, &format!("availability WHERE tenant_id = $1 AND instructor_id = {instructor} AND starts_at BETWEEN now() AND now() + interval '8 days'")).await;
    }
}

#[tokio::test]
async fn generated_schools_have_the_size_they_promise_and_people_who_sign_in() {
    let app = TestApp::start().await;
    let (platform, owner) = (app.database.url("lectern_platform"), app.database.url("lectern_owner"));
    ops::seed_scale(&platform, Some(&owner), 1).await.unwrap();
    let school = school(&app, "scale-0001").await;
    let of = async |table: &str| app.count(&format!("{table} WHERE tenant_id = '{}'", school.tenant)).await;
    let mut sizes = Vec::new();
    for (table, least) in [
        ("app_user", 2000),
        ("course", 50),
        ("section", 300),
        ("enrollment", 10_000),
        ("user_group", 100),
        ("group_member", 2000),
        ("booking", 3000),
        ("availability", 2400),
    ] {
        let size = of(table).await;
        assert!((least..=least + least / 10).contains(&size), "{size} {table}");
        sizes.push(size);
    }
    assert_eq!(of("audit_entry").await, 0);
    assert!(app.text("SELECT last_analyze::text FROM pg_stat_user_tables WHERE relname = 'enrollment'").await.is_some());
    for who in Who::ALL {
        app.sign_in_as(&school, &school.email(who), "lectern-demo").await;
    }
    // Again, it adds what is missing: nothing.
    ops::seed_scale(&platform, None, 1).await.unwrap();
    assert_eq!(of("enrollment").await, sizes[3]);
}

#[tokio::test]
async fn a_school_is_founded_renewed_and_suspended_from_the_command_line() {
    let app = TestApp::start().await;
    let create = [
        "tenant",
        "create",
        "--slug",
        "ash",
        "--name",
        " Ash School ",
        "--time-zone",
        "europe/vienna",
        "--subscription-end",
        "2030-07-01",
        "--max-users",
        "40",
        "--admin-email",
        "head@ash.example",
        "--admin-name",
        "Ada Head",
    ];
    let said = done(platform(&app, &create, "xylophone kettle mountain\n"));
    assert_eq!(said, "Ash School is founded: sign in to the school ash as head@ash.example.\n");
    let ash = school(&app, "ash").await;
    let head = app.sign_in_as(&ash, "head@ash.example", "xylophone kettle mountain").await;
    let viewer = head.ok("{ viewer { user { name } activeRole { key } tenant { name timeZone subscriptionEnd } } }", json!({})).await;
    assert_eq!(
        viewer["viewer"],
        json!({ "user": { "name": "Ada Head" }, "activeRole": { "key": "ADMIN" },
                "tenant": { "name": "Ash School", "timeZone": "Europe/Vienna", "subscriptionEnd": "2030-06-30T22:00:00Z" } })
    );
    // The school with its five roles, whom one of them manages (twice), the administrator, the administrator's role, and that this makes an instructor of them.
    let of = format!("audit_entry WHERE tenant_id = '{}' AND actor_id IS NULL AND operation = ", ash.tenant);
    assert_eq!(app.count(&format!("{of} 'system:tenant-create'")).await, 10);
    assert_eq!(app.count(&format!("{of} 'system:tenant-create' AND (after::text LIKE '%argon2%' OR correlation_id = 'none')")).await, 0);

    let list = done(platform(&app, &["tenant", "list"], ""));
    assert_eq!(
        list.lines().filter(|line| line.starts_with("SLUG") || line.starts_with("ash")).collect::<Vec<_>>(),
        [
            "SLUG  NAME        TIME ZONE      STARTS      ENDS        USERS  INSTRUCTORS  STATE".to_owned(),
            format!("ash   Ash School  Europe/Vienna  {}  2030-07-01  1/40   1            active", &list.lines().nth(1).unwrap()[33..43]),
        ],
        "{list}"
    );

    const COURSES: &str = "{ courses { totalCount } }";
    let renew = |until: &str| platform(&app, &["tenant", "renew", "ash", "--until", until, "--max-users", "none"], "");
    head.ok(COURSES, json!({})).await;
    assert_eq!(
        done(platform(&app, &["tenant", "suspend", "ash"], "")),
        "ash is suspended: its people are answered SUBSCRIPTION_EXPIRED, its data is kept.\n"
    );
    assert_eq!(head.refused(COURSES, json!({})).await, "SUBSCRIPTION_EXPIRED");
    assert_eq!(done(platform(&app, &["tenant", "suspend", "ash"], "")), "ash is suspended already.\n");
    assert_eq!(done(platform(&app, &["tenant", "suspend", "ash", "--lift"], "")), "ash is no longer suspended.\n");
    head.ok(COURSES, json!({})).await;
    assert_eq!(done(renew("2031-01-01")), "The subscription of ash ends at 2031-01-01 00:00 CET.\n");
    assert_eq!(
        app.text("SELECT concat_ws(' ', subscription_end AT TIME ZONE 'UTC', max_users) FROM tenant WHERE slug = 'ash'").await.unwrap(),
        "2030-12-31 23:00:00"
    );
    assert_eq!(done(renew("never")), "The subscription of ash has no end.\n");
    assert_eq!(app.count(&format!("{of} 'system:tenant-renew' AND resource = 'Tenant'")).await, 2);
    assert_eq!(app.count(&format!("{of} 'system:tenant-suspend'")).await, 1);
    assert_eq!(refused(renew("2001-01-01")), "the subscription must end after it starts");
    assert_eq!(
        refused(platform(&app, &["tenant", "suspend", "nowhere"], "")),
        "there is no school nowhere: `lectern tenant list` shows those that there are"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_new_school_is_said_in_one_line_and_nothing_is_kept() {
    let app = TestApp::start().await;
    let rows = async || app.count("tenant").await + app.count("app_user").await + app.count("audit_entry").await;
    let before = rows().await;
    let refusal = |flag: &'static str, value: &'static str, typed: &str| {
        let mut arguments = vec!["tenant", "create", "--slug", "ash", "--name", "Ash School", "--admin-email", "head@ash.example"];
        match arguments.iter().position(|argument| *argument == flag) {
            Some(place) => arguments[place + 1] = value,
            None => arguments.extend([flag, value]),
        }
        refused(platform(&app, &arguments, typed))
    };
    let good = "xylophone kettle mountain\n";
    assert_eq!(refusal("--slug", "oak", good), "the slug oak is taken by another school");
    assert!(refusal("--slug", "Ash", good).starts_with("`--slug` must have 2 to 63 lower-case letters"));
    assert_eq!(refusal("--name", "  ", good), "`--name` must have 1 to 200 characters, not only blanks");
    for zone in ["Europe/Wien", "localtime", "Factory"] {
        let said = format!("`--time-zone` must be an IANA time zone such as Europe/Berlin, not {zone}");
        assert_eq!(refusal("--time-zone", zone, good), said);
    }
    assert!(refusal("--subscription-end", "1.7.2030", good).starts_with("`--subscription-end` must be a date such as 2026-12-31"));
    assert_eq!(refusal("--subscription-end", "2020-07-01", good), "the subscription must end after it starts");
    assert!(refusal("--admin-email", "head", good).starts_with("`--admin-email` must be an email address"));
    assert_eq!(refusal("--admin-name", "Ada", ""), "the password is missing: one line of standard input is read");
    assert_eq!(refusal("--admin-name", "Ada", "short\n"), "the password must have 10 to 128 characters");
    assert!(refusal("--admin-name", "Ada", "head@ash.example\n").starts_with("the password is too easy to guess"));
    assert_eq!(rows().await, before);
}

#[tokio::test]
async fn an_empty_database_is_migrated_once_and_used_by_the_role_of_each_task() {
    let app = TestApp::start().await;
    // Named so that a later run sweeps it away, should this one be killed.
    let name = format!("{}_empty", app.database.name);
    app.sql(&format!(r#"CREATE DATABASE "{name}" OWNER lectern_owner"#)).await;
    let url = |role: &str| app.database.url(role).replace(&app.database.name, &name);
    let total = ops::sources::embedded().unwrap().migrations.len();
    let run = |arguments: &[&str], setting: &str, role: &str| lectern(arguments).env(setting, url(role)).output().unwrap();

    assert_eq!(
        refused(run(&["seed"], "LECTERN_PLATFORM_URL", "lectern_platform")),
        "the database has no Lectern schema yet: run `lectern migrate`"
    );
    assert_eq!(
        refused(run(&["migrate"], "LECTERN_OWNER_URL", "lectern_app")),
        "the role of LECTERN_OWNER_URL is neither lectern_owner nor a member of it"
    );
    assert_eq!(
        refused(run(&["migrate"], "DATABASE_URL", "lectern_app")),
        "LECTERN_OWNER_URL is needed: the URL of the database as the role lectern_owner"
    );
    let migrate = || done(run(&["migrate"], "LECTERN_OWNER_URL", "lectern_owner"));
    assert_eq!(migrate(), format!("{total} of {total} migrations were new; functions and policies are applied.\n"));
    assert_eq!(migrate(), format!("0 of {total} migrations were new; functions and policies are applied.\n"));
    assert_eq!(
        refused(run(&["seed"], "LECTERN_PLATFORM_URL", "lectern_owner")),
        "the role lectern_owner is not lectern_platform, to which the operator's policies are written: set LECTERN_PLATFORM_URL to that role"
    );
    assert_eq!(
        done(run(&["tenant", "list"], "LECTERN_PLATFORM_URL", "lectern_platform")),
        "There is no school yet: `lectern tenant create` founds one.\n"
    );
    app.sql(&format!(r#"DROP DATABASE "{name}" WITH (FORCE)"#)).await;
}

#[test]
fn help_shows_every_setting_and_no_secret() {
    let secrets = ["DATABASE_URL", "LECTERN_OWNER_URL", "LECTERN_PLATFORM_URL", "LECTERN_SIGNING_KEY", "LECTERN_SECRET_KEYS"];
    let mut command = lectern(&["--help"]);
    for secret in secrets {
        command.env(secret, "hush-hush");
    }
    let help = done(command.output().unwrap());
    for setting in secrets.into_iter().chain(["LECTERN_LISTEN", "LECTERN_DATA_DIR"]) {
        assert!(help.contains(setting), "{help}");
    }
    assert!(!help.contains("hush-hush"), "{help}");
}
