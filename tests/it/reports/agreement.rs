//! All numbers of one document are of one moment, cost one statement each, and are read out of indexes.

use serde_json::{Value, json};

use super::march;
use crate::app::{TestApp, Who};

const TOTALS: &str = "{ reports { enrollmentsByStatus { count } a: overview { enrollments } courseProgress(first: 100) { enrollments }
    b: overview { enrollments completedEnrollments } bookingsByStatus { count } c: overview { bookings } } }";

fn sum(list: &Value, name: &str) -> i64 {
    list.as_array().unwrap().iter().map(|item| item[name].as_i64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_agree_while_people_enroll_and_book() {
    let app = TestApp::start().await;
    march(&app, &app.oak).await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO app_user (tenant_id, id, name, email) SELECT '{0}', app.uuid_v7(), 'Person ' || n, 'p' || n || '@oak.example' FROM generate_series(1, 400) n;
         SET session_replication_role = origin",
        app.oak.tenant
    ))
    .await;
    let ids = format!("SELECT string_agg(id::text, ' ') FROM app_user WHERE tenant_id = '{}' AND name LIKE 'Person %'", app.oak.tenant);
    let ids = app.text(&ids).await.unwrap();
    let people: Vec<String> = ids.split(' ').map(|id| lectern_kernel::ids::encode("user", id.parse().unwrap())).collect();
    let (ada, learner) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let algebra = lectern_kernel::ids::encode("course", uuid::Uuid::parse_str("00000000-0000-7000-8000-000000000011").unwrap());

    let stop = tokio_util::sync::CancellationToken::new();
    let enrolling = {
        let stop = stop.clone();
        tokio::spawn(async move {
            let enroll = "mutation($i: EnrollInput!) { enroll(input: $i) { id } }";
            let mut enrolled = 0;
            for person in people {
                if stop.is_cancelled() {
                    break;
                }
                ada.ok(enroll, json!({ "i": { "courseId": algebra, "userId": person } })).await;
                enrolled += 1;
            }
            enrolled
        })
    };
    let booking = {
        let stop = stop.clone();
        tokio::spawn(async move {
            let request =
                "mutation { requestBooking(input: { startsAt: \"2099-03-02T09:00:00Z\", endsAt: \"2099-03-02T10:00:00Z\" }) { id } }";
            while !stop.is_cancelled() {
                learner.ok(request, json!({})).await;
            }
        })
    };
    let mut totals = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let reports = admin.ok(TOTALS, json!({})).await["reports"].take();
        let total = reports["a"]["enrollments"].as_i64().unwrap();
        assert_eq!(sum(&reports["enrollmentsByStatus"], "count"), total, "{reports}");
        assert_eq!(sum(&reports["courseProgress"], "enrollments"), total, "{reports}");
        assert_eq!(reports["b"]["enrollments"], total, "{reports}");
        assert_eq!(sum(&reports["bookingsByStatus"], "count"), reports["c"]["bookings"].as_i64().unwrap(), "{reports}");
        totals.insert(total);
    }
    stop.cancel();
    let enrolled: i64 = enrolling.await.unwrap();
    booking.await.unwrap();
    assert!(totals.len() > 1, "nobody enrolled meanwhile: {totals:?}");
    assert_eq!(admin.ok(TOTALS, json!({})).await["reports"]["a"]["enrollments"], enrolled + 6);
}

#[tokio::test]
async fn each_table_is_counted_by_one_statement_whatever_there_is_to_count() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let all = "{ reports { overview { users courses publishedCourses groups enrollments completedEnrollments bookings }
        enrollmentsByStatus { count } courseProgress { enrollments course { title } } bookingsPerDay(timeZone: \"UTC\") { count }
        bookingsByStatus { count } instructorUtilisation { bookedHours instructor { name } } } }";
    let with_range = all.replacen("reports", "reports(from: \"2026-03-01T00:00:00Z\", to: \"2026-04-01T00:00:00Z\")", 1);
    let loading = app.statements(&admin, "{ reports { __typename } }", json!({})).await;
    assert_eq!(app.statements(&admin, &with_range, json!({})).await, loading + 5);
    // Without a range, the school's time zone says when its days begin: it is known.
    assert_eq!(app.cost(&admin, all, json!({})).await, (loading + 5, 1));
    march(&app, &app.oak).await;
    assert_eq!(app.statements(&admin, &with_range, json!({})).await, loading + 5);
    // What is not asked for is not counted; one field asks once, by any name.
    assert_eq!(app.statements(&admin, "{ reports { overview { total: users } } }", json!({})).await, loading + 1);
    assert_eq!(
        admin.ok("{ reports { overview { total: users ...F } } } fragment F on OverviewReport { groups }", json!({})).await["reports"]["overview"],
        json!({ "total": 6, "groups": 2 })
    );
}

#[tokio::test]
async fn counts_can_be_read_from_indexes_alone_under_row_security() {
    let app = TestApp::start().await;
    app.sql(&format!(
        "SET session_replication_role = replica;
         INSERT INTO course (tenant_id, id, title, status) SELECT '{0}', app.uuid_v7(), 'Course ' || n, 'PUBLISHED' FROM generate_series(1, 500) n;
         INSERT INTO enrollment (tenant_id, id, course_id, user_id) SELECT c.tenant_id, app.uuid_v7(), c.id, u.id
             FROM course c JOIN app_user u ON u.tenant_id = c.tenant_id WHERE c.tenant_id = '{0}';
         INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at, status) SELECT u.tenant_id, app.uuid_v7(), u.id, s, s + interval '1 hour', 'CANCELLED'
             FROM app_user u, generate_series(timestamptz '2026-01-01', '2027-01-01', '1 day') s WHERE u.tenant_id = '{0}';
         SET session_replication_role = origin",
        app.oak.tenant
    ))
    .await;
    // Without any other way to the rows it shows whether this one can do without visits to the table.
    app.sql(
        "DO $$ DECLARE i record; BEGIN
             FOR i IN SELECT x.indexrelid::regclass AS name, x.indrelid::regclass AS tab, c.conname FROM pg_index x LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.conrelid = x.indrelid
                      WHERE x.indrelid IN ('enrollment'::regclass, 'booking'::regclass)
                        AND x.indexrelid NOT IN ('enrollment_course_status_idx'::regclass, 'booking_status_idx'::regclass) LOOP
                 IF i.conname IS NULL THEN EXECUTE format('DROP INDEX %s', i.name);
                 ELSE EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', i.tab, i.conname); END IF;
             END LOOP; END $$",
    )
    .await;
    for table in ["enrollment", "booking"] {
        app.sql(&format!("VACUUM ANALYZE {table}")).await; // so that the visibility map is known
    }
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let asked = "{ reports { overview { enrollments bookings } enrollmentsByStatus { count } courseProgress { enrollments } bookingsByStatus { count }
        bookingsPerDay { count } instructorUtilisation { bookedHours } } dashboard { pendingBookings } }";
    let (_, runs) = app.runs(&admin, asked).await;

    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let user = lectern_kernel::ids::decode(&admin.user_id).unwrap().1;
    let open = format!("SET app.tenant_id = '{}'; SET app.user_id = '{user}'; SET app.permissions = ',BOOKING_READ_ALL,'", app.oak.tenant);
    let dear = "SET enable_seqscan = off; SET enable_bitmapscan = off";
    client.batch_execute(&format!("{open}; {dear}")).await.unwrap();
    let counts = ["CASE WHEN $4", "GROUP BY e.course_id", "GROUP BY b.status", "width_bucket", "app.hour_spans", "b.status = 'REQUESTED'"];
    let statements: Vec<String> = runs.into_iter().map(|run| run.sql).filter(|sql| counts.iter().any(|part| sql.contains(part))).collect();
    assert!(statements.len() >= 6, "{statements:#?}");
    for sql in statements {
        client.batch_execute(&format!("PREPARE counting AS {sql}")).await.unwrap();
        let types =
            client.query_one("SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'counting'", &[]).await.unwrap();
        let values = types.get::<_, Vec<String>>(0).into_iter().enumerate().map(|(at, ty)| match ty.as_str() {
            "uuid" => format!("'{}'", app.oak.tenant),
            "timestamp with time zone" => if at == 1 { "'2026-01-01'" } else { "'2026-12-01'" }.to_owned(),
            "timestamp with time zone[]" => "'{2026-03-01}'".to_owned(),
            "text[]" => "'{REQUESTED,CANCELLED}'".to_owned(),
            "boolean" => "true".to_owned(),
            "bigint" => "20".to_owned(),
            other => panic!("a value of {other}"),
        });
        let values: Vec<String> = values.collect();
        let plan = client.query(&format!("EXPLAIN EXECUTE counting({})", values.join(", ")), &[]).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        for table in ["enrollment", "booking"] {
            let mut scans = plan.iter().filter(|line| line.contains(&format!(" on {table} ")));
            assert!(scans.all(|line| line.contains("Index Only Scan")), "{sql}\n{}", plan.join("\n"));
        }
        client.batch_execute("DEALLOCATE counting").await.unwrap();
    }
}
