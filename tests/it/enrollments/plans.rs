//! Lists stay indexed under row security, however many rows a school has.

use std::collections::BTreeSet;

use serde_json::json;
use tokio_postgres::NoTls;

use crate::{app::Who, classroom::nothing};

/// A hundred thousand enrollments of one school, and some of another.
const MANY_ROWS: &str = "SET session_replication_role = replica;
    CREATE TEMPORARY TABLE size AS SELECT tenant_id, CASE slug WHEN 'oak' THEN 1 ELSE 20 END AS part FROM tenant;
    INSERT INTO app_user (tenant_id, id, name, email) SELECT tenant_id, gen_random_uuid(), 'Person ' || n, n || '@x.example' FROM size, generate_series(1, 10000 / part) AS n;
    INSERT INTO course (tenant_id, id, title, status) SELECT tenant_id, gen_random_uuid(), 'Course ' || n, 'PUBLISHED' FROM size, generate_series(1, 4000 / part) AS n;
    INSERT INTO user_group (tenant_id, id, name) SELECT tenant_id, gen_random_uuid(), 'Group ' || n FROM size, generate_series(1, 4000 / part) AS n;
    CREATE TEMPORARY TABLE person AS SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS n FROM app_user;
    CREATE TEMPORARY TABLE lesson AS SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS n FROM course;
    CREATE TEMPORARY TABLE cohort AS SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS n FROM user_group;
    INSERT INTO enrollment (tenant_id, id, course_id, user_id, progress, enrolled_at)
        SELECT p.tenant_id, gen_random_uuid(), l.id, p.id, (p.n + l.n) % 100, now() - make_interval(mins => (p.n * k)::integer)
        FROM person p CROSS JOIN generate_series(1, 10) AS k JOIN size USING (tenant_id) JOIN lesson l ON l.tenant_id = p.tenant_id AND l.n = 1 + (p.n + k * 19) % (4000 / part);
    INSERT INTO group_member (tenant_id, group_id, user_id)
        SELECT p.tenant_id, c.id, p.id FROM person p JOIN size USING (tenant_id) JOIN cohort c ON c.tenant_id = p.tenant_id AND c.n = 1 + p.n % (4000 / part);
    INSERT INTO group_course (tenant_id, group_id, course_id)
        SELECT l.tenant_id, c.id, l.id FROM lesson l JOIN size USING (tenant_id) JOIN cohort c ON c.tenant_id = l.tenant_id AND c.n = 1 + l.n % (4000 / part);
    ANALYZE app_user, course, user_group, enrollment, group_member, group_course";

/// The lists of a school's courses, enrollments and groups, and those below one another.
fn documents() -> Vec<String> {
    let (course, user) = (nothing("course"), nothing("user"));
    let mut documents = vec![
        "{ courses { nodes { title instructor { name } } } found: courses(filter: { search: \"cou 77\" }) { nodes { title } } \
           tagged: courses(filter: { tag: \"maths\" }) { nodes { title } } newest: courses(orderBy: { field: CREATED_AT, direction: DESC }) { nodes { title } } }"
            .to_owned(),
        format!("{{ courses(filter: {{ instructorId: \"{user}\" }}) {{ nodes {{ title instructor {{ name }} }} }} }}"),
        "{ courses(first: 5) { nodes { enrollmentCount viewerEnrollment { id } sections { title } groups { nodes { name } } \
           enrollments { nodes { user { name } } } } } }"
            .to_owned(),
        "{ groups(first: 5) { nodes { memberCount members { edges { isLeader node { name } } } courses { nodes { title instructor { name } } } } } \
           newest: groups(orderBy: { field: CREATED_AT, direction: DESC }) { nodes { name } } found: groups(filter: { search: \"gro 77\" }) { nodes { name } } }"
            .to_owned(),
        "{ viewer { user { enrollments { nodes { course { title } } } groups { nodes { name } } } } }".to_owned(),
    ];
    for filter in ["statuses: [FAILED]".to_owned(), format!("courseId: \"{course}\""), format!("userId: \"{user}\"")] {
        for field in ["ENROLLED_AT", "PROGRESS"] {
            documents.push(format!("{{ enrollments(filter: {{ {filter} }}, orderBy: {{ field: {field}, direction: ASC }}) {{ nodes {{ id course {{ title }} user {{ name }} }} }} }}"));
        }
    }
    for field in ["ENROLLED_AT", "PROGRESS"] {
        documents.push(format!(
            "{{ enrollments(orderBy: {{ field: {field}, direction: DESC }}) {{ nodes {{ id course {{ title }} user {{ name }} }} }} }}"
        ));
    }
    documents
}

#[tokio::test]
async fn no_list_of_courses_enrollments_or_groups_reads_a_table_from_end_to_end() {
    let app = crate::frame::start().await;
    app.sql(MANY_ROWS).await;
    let mut ran = BTreeSet::new();
    for who in Who::ALL {
        let client = app.sign_in(&app.oak, who).await;
        for document in documents() {
            let (answer, runs) = app.runs(&client, &document).await;
            assert!(answer.errors.is_empty(), "{document}: {:?}", answer.errors);
            ran.extend(runs.into_iter().map(|run| run.sql));
        }
    }
    // One page further: after a cursor.
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for list in ["courses", "enrollments", "groups"] {
        let page = admin.ok(&format!("{{ {list} {{ pageInfo {{ endCursor }} }} }}"), json!({})).await;
        let further = format!("{{ {list}(after: {}) {{ nodes {{ id }} }} }}", page[list]["pageInfo"]["endCursor"]);
        let (answer, runs) = app.runs(&admin, &further).await;
        assert!(answer.errors.is_empty(), "{further}: {:?}", answer.errors);
        ran.extend(runs.into_iter().map(|run| run.sql));
    }

    let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let settings = format!(
        "SET ROLE lectern_app; SET plan_cache_mode = force_generic_plan; SET app.user_id = '{}'; SET app.tenant_id = '{}'; SET app.permissions = ''",
        uuid::Uuid::nil(),
        app.oak.tenant
    );
    client.batch_execute(&settings).await.unwrap();
    // The lists of these tables.
    let tables = [" FROM course c", " FROM enrollment e", " OFFSET 0) e", " FROM user_group g", " FROM app_user u JOIN group_member m"];
    let is_list = |sql: &String| sql.contains(" AS id_, ") && sql.contains(" LIMIT ") && tables.iter().any(|table| sql.contains(table));
    let statements: Vec<String> = ran.into_iter().filter(is_list).collect();
    assert!(statements.len() >= 30, "only {} statements", statements.len());
    let mut problems = Vec::new();
    for sql in &statements {
        client.batch_execute(&format!("DEALLOCATE ALL; PREPARE list AS {sql}")).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let row =
            client.query_one("SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'list'", &[]).await.unwrap();
        let nulls = vec!["NULL"; row.get::<_, i32>(0) as usize].join(", ");
        let plan: Vec<String> =
            client.query(&format!("EXPLAIN EXECUTE list({nulls})"), &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        // Those that hold many rows: of the others the planner may know by chance how small they are.
        let filled = ["app_user", "course", "user_group", "enrollment", "group_member", "group_course"];
        if plan.iter().any(|line| filled.iter().any(|table| line.contains(&format!("Seq Scan on {table} ")))) {
            problems.push(format!("{sql}\n{}", plan.join("\n")));
        }
    }
    assert!(problems.is_empty(), "{} of {}:\n{}", problems.len(), statements.len(), problems.join("\n\n"));
}
