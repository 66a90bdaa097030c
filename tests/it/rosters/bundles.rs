//! Bundles of OneRoster: people, classes, who is in them.

use serde_json::json;

use super::{bundle, school, summary, told, zipped};
use crate::app::{TestApp, Who};

pub const MANIFEST: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\nfile.academicSessions,bulk\nfile.courses,bulk\nfile.users,bulk\nfile.classes,bulk\nfile.enrollments,bulk\n";
pub const ORGS: &str = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\no1,,,Oak,school,,\n";
pub const SESSIONS: &str = "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\nt1,,,Autumn,term,2026-08-01,2026-12-31,,2026\n";
pub const COURSES: &str = "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\nc1,,,t1,Mathematics,M,,o1,,\n";
pub const USERS: &str = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n\
    u1,,,true,o1,teacher,t,,Tea,Cher,,,tea@oak.example,,,,,secret-password\n\
    u2,,,true,o1,student,s,,Stu,Dent,,,stu@oak.example,,,,,\n\
    u3,,,false,o1,student,z,,-,Zoe,,,zoe@oak.example,,,,,\n\
    u4,,,true,o1,guardian,g,,Gus,Dad,,,gus@oak.example,,,,,\n\
    u5,,,true,o9,student,x,,Xe,No,,,xe@oak.example,,,,,\n";
pub const CLASSES: &str = "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n\
    k1,,,Algebra 1,,c1,,scheduled,,o1,t1,,,\n\
    k2,,,Algebra 2,,c9,,scheduled,,o1,t1,,,\n";
pub const ENROLLMENTS: &str = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n\
    e1,,,k1,o1,u1,teacher,true,,\n\
    e2,,,k1,o1,u2,student,false,,\n\
    e3,,,k1,o1,u3,student,false,,\n\
    e4,,,k2,o1,u2,student,false,,\n\
    e5,,,k1,o1,u4,student,false,,\n";

/// The bundle above, with some of its files replaced.
pub fn roster(replaced: &[(&str, &str)]) -> Vec<u8> {
    let usual = [
        ("manifest.csv", MANIFEST),
        ("orgs.csv", ORGS),
        ("academicSessions.csv", SESSIONS),
        ("courses.csv", COURSES),
        ("users.csv", USERS),
        ("classes.csv", CLASSES),
        ("enrollments.csv", ENROLLMENTS),
        ("folder/users.csv", "not read"),
        ("readme.txt", "not read either"),
    ];
    let files: Vec<(&str, &str)> = usual
        .into_iter()
        .map(|(name, text)| replaced.iter().find(|(other, _)| *other == name).map_or((name, text), |(name, text)| (*name, *text)))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    zipped(&files)
}

#[tokio::test]
async fn a_bundle_brings_people_courses_and_enrollments_and_every_line_counts_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let before = school(&app).await;
    let rehearsed = bundle(&app, &admin, &roster(&[]), json!({ "dryRun": true })).await;
    assert_eq!(school(&app).await, before);
    let run = bundle(&app, &admin, &roster(&[]), json!({})).await;
    assert_eq!(
        told(&run),
        [
            "users.csv:5 role ROLE_NOT_SUPPORTED",
            "users.csv:6 orgSourcedIds UNKNOWN_REFERENCE",
            "classes.csv:3 courseSourcedId UNKNOWN_REFERENCE",
            "enrollments.csv:5 classSourcedId UNKNOWN_REFERENCE",
            "enrollments.csv:6 userSourcedId UNKNOWN_REFERENCE",
        ]
    );
    assert_eq!(
        summary(&run),
        "SUCCEEDED ORG 1/0/0/0/0 ACADEMIC_SESSION 1/0/0/0/0 COURSE 1/0/0/0/0 USER 3/0/1/0/1 CLASS 1/0/0/0/1 ENROLLMENT 2/0/1/0/2"
    );
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&run), told(&run)));
    let course = "course c JOIN app_user u ON u.tenant_id = c.tenant_id AND u.id = c.instructor_id WHERE c.title = 'Algebra 1' AND c.status = 'PUBLISHED' AND u.email = 'tea@oak.example' AND u.is_instructor";
    assert_eq!(app.count(course).await, 1);
    assert_eq!(app.count("app_user WHERE name = 'Zoe' AND status = 'SUSPENDED'").await, 1);
    assert_eq!(app.count("enrollment WHERE status = 'NOT_STARTED'").await, 2);
    // Passwords in a file are nobody's.
    assert_eq!(
        app.count("credential c JOIN app_user u ON u.tenant_id = c.tenant_id AND u.id = c.user_id WHERE u.email = 'tea@oak.example'").await,
        0
    );
    let before = school(&app).await;
    let again = bundle(&app, &admin, &roster(&[]), json!({})).await;
    assert_eq!(
        summary(&again),
        "SUCCEEDED ORG 0/0/1/0/0 ACADEMIC_SESSION 0/0/1/0/0 COURSE 0/0/1/0/0 USER 0/0/4/0/1 CLASS 0/0/1/0/1 ENROLLMENT 0/0/3/0/2"
    );
    assert_eq!(school(&app).await, before);
}

#[tokio::test]
async fn changes_alone_suspend_archive_and_drop_and_delete_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    bundle(&app, &admin, &roster(&[]), json!({})).await;
    let manifest = MANIFEST
        .replace("file.orgs,bulk", "file.orgs,absent")
        .replace("file.academicSessions,bulk", "file.academicSessions,absent")
        .replace("file.courses,bulk", "file.courses,absent")
        .replace("bulk", "delta");
    let users = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,email\n\
        u2,tobedeleted,2026-11-20T00:00:00Z,true,o1,student,s,,Stu,Dent,stu@oak.example\n\
        u3,active,2026-11-20T00:00:00Z,true,o1,student,z,,-,Zoe,zoe@oak.example\n";
    let classes = "sourcedId,status,dateLastModified,title,courseSourcedId,schoolSourcedId,termSourcedIds\nk1,active,2026-11-20T00:00:00Z,Algebra One,c1,o1,t1\n";
    let seats = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary\n\
        e3,tobedeleted,2026-11-20T00:00:00Z,k1,o1,u3,student,false\n";
    let replaced = [
        ("manifest.csv", manifest.as_str()),
        ("orgs.csv", ""),
        ("academicSessions.csv", ""),
        ("courses.csv", ""),
        ("users.csv", users),
        ("classes.csv", classes),
        ("enrollments.csv", seats),
    ];
    let run = bundle(&app, &admin, &roster(&replaced), json!({ "removeMissing": true })).await;
    assert_eq!(
        (summary(&run), told(&run)),
        (
            "SUCCEEDED USER 0/1/0/1/0 CLASS 0/1/0/0/0 ENROLLMENT 0/0/0/1/0".to_owned(),
            vec!["manifest.csv:7 value REMOVALS_NOT_POSSIBLE".to_owned()]
        )
    );
    assert_eq!(
        app.count("app_user WHERE (name, status) IN (('Stu Dent', 'SUSPENDED'), ('Zoe', 'ACTIVE'), ('Tea Cher', 'ACTIVE'))").await,
        3
    );
    assert_eq!(app.count("course WHERE title = 'Algebra One'").await, 1);
    assert_eq!(app.count("enrollment WHERE status = 'DROPPED'").await, 1);
    // And back again.
    let back = seats.replace("tobedeleted", "active");
    let replaced = [
        ("manifest.csv", manifest.as_str()),
        ("orgs.csv", ""),
        ("academicSessions.csv", ""),
        ("courses.csv", ""),
        ("users.csv", users),
        ("classes.csv", &classes.replace("active", "tobedeleted")),
        ("enrollments.csv", &back),
    ];
    let run = bundle(&app, &admin, &roster(&replaced), json!({})).await;
    assert_eq!(summary(&run), "SUCCEEDED USER 0/0/2/0/0 CLASS 0/0/0/1/0 ENROLLMENT 0/1/0/0/0");
    assert_eq!((app.count("course WHERE status = 'ARCHIVED'").await, app.count("enrollment WHERE status = 'DROPPED'").await), (1, 0));
}

#[tokio::test]
async fn seats_are_not_taken_beyond_a_courses_capacity() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    bundle(&app, &admin, &roster(&[]), json!({})).await;
    app.sql("UPDATE course SET capacity = 3 WHERE title = 'Algebra 1'").await;
    let mut users = USERS.to_owned();
    let mut seats = ENROLLMENTS.to_owned();
    for n in 10..14 {
        users.push_str(&format!("u{n},,,true,o1,student,x,,Person,{n},,,p{n}@oak.example,,,,,\n"));
        seats.push_str(&format!("e{n},,,k1,o1,u{n},student,false,,\n"));
    }
    let bytes = roster(&[("users.csv", &users), ("enrollments.csv", &seats)]);
    let rehearsed = bundle(&app, &admin, &bytes, json!({ "dryRun": true })).await;
    let run = bundle(&app, &admin, &bytes, json!({})).await;
    assert!(summary(&run).ends_with("ENROLLMENT 1/0/3/0/5"), "{}", summary(&run));
    assert_eq!(told(&run).iter().filter(|line| line.ends_with("COURSE_FULL")).count(), 3);
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&run), told(&run)));
}

#[tokio::test]
async fn roles_of_1_2_come_from_their_own_sheet() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let manifest = MANIFEST.replace("1.1", "1.2") + "file.roles,bulk\n";
    let users = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,primaryOrgSourcedId\n\
        u1,,,true,t,,Tea,Cher,,,tea@oak.example,o1\nu2,,,true,s,,Stu,Dent,,,stu@oak.example,o1\n";
    let roles = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\n\
        r1,,,u1,primary,teacher,,,o1\nr2,,,u1,secondary,siteAdministrator,,,o1\nr3,,,u2,primary,student,,,o1\n";
    let files = [
        ("manifest.csv", manifest.as_str()),
        ("orgs.csv", ORGS),
        ("academicSessions.csv", SESSIONS),
        ("courses.csv", COURSES),
        ("users.csv", users),
        ("roles.csv", roles),
        ("classes.csv", CLASSES),
        ("enrollments.csv", ENROLLMENTS),
    ];
    let run = bundle(&app, &admin, &zipped(&files), json!({})).await;
    assert!(summary(&run).contains("USER 2/0/0/0/0"), "{run:#}");
    let roles = app.text("SELECT string_agg(r.key, ' ' ORDER BY r.key) FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id JOIN app_user u ON u.tenant_id = ur.tenant_id AND u.id = ur.user_id WHERE u.email = 'tea@oak.example'").await;
    assert_eq!(roles.as_deref(), Some("ADMIN INSTRUCTOR"));
    let lacking: Vec<_> = files.into_iter().filter(|(name, _)| *name != "roles.csv").collect();
    assert_eq!(summary(&bundle(&app, &admin, &zipped(&lacking), json!({})).await), "FAILED MISSING_FILE");
}

#[tokio::test]
async fn a_nul_is_at_fault_in_its_own_line_alone() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let orgs = format!("{ORGS}o\0,,,Elm,school,,\n");
    let users = format!(
        "{USERS}u\0,,,true,o1,student,q,,Que,Ue,,,que@oak.example,,,,,\n\
         u7,,,true,o1,gu\0rdian,r,,Are,Ar,,,are@oak.example,,,,,\n\
         u8,,,true,o1,student,s,,E\0,Es,,,es@oak.example,,,,,\n"
    );
    let enrollments = format!("{ENROLLMENTS}e\0,,,k1,o1,u2,student,false,,\ne7,,,k\0,o1,u2,student,false,,\n");
    let bytes = roster(&[("orgs.csv", &orgs), ("users.csv", &users), ("enrollments.csv", &enrollments)]);
    let rehearsed = bundle(&app, &admin, &bytes, json!({ "dryRun": true })).await;
    let run = bundle(&app, &admin, &bytes, json!({})).await;
    assert_eq!(
        told(&run),
        [
            "orgs.csv:3 sourcedId BAD_VALUE",
            "users.csv:5 role ROLE_NOT_SUPPORTED",
            "users.csv:6 orgSourcedIds UNKNOWN_REFERENCE",
            "users.csv:7 sourcedId BAD_VALUE",
            "users.csv:8 role ROLE_NOT_SUPPORTED",
            "users.csv:9 familyName BAD_VALUE",
            "classes.csv:3 courseSourcedId UNKNOWN_REFERENCE",
            "enrollments.csv:5 classSourcedId UNKNOWN_REFERENCE",
            "enrollments.csv:6 userSourcedId UNKNOWN_REFERENCE",
            "enrollments.csv:7 sourcedId BAD_VALUE",
            "enrollments.csv:8 classSourcedId UNKNOWN_REFERENCE",
        ]
    );
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&run), told(&run)));
    // What is told shows where it stood.
    assert_eq!(run["issues"]["nodes"][0]["sourcedId"], "o\u{fffd}");
    assert!(run["issues"]["nodes"][4]["message"].as_str().unwrap().contains("gu\u{fffd}rdian"), "{run:#}");
    assert_eq!(app.count("enrollment WHERE status = 'NOT_STARTED'").await, 2);
}
