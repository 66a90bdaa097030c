//! The audit log: everything that is done stands in it, and everything that is refused; nothing secret does; nobody changes
//! it, and only those who may read it see it.

mod day;
mod forgotten;
mod readers;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

pub use self::day::Day;
use self::day::{KEYS, PASSWORDS};
use crate::{
    app::{Client, PASSWORD, TestApp, Who},
    sdl::Schema,
};

const LOG: &str = "query($f: AuditFilter, $first: Int, $after: String) { auditLog(first: $first, after: $after, filter: $f) {
    totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
    nodes { id actor { id name } operation outcome resource resourceId before after code reason correlationId at } } }";

/// What the log says under a filter, the newest first.
async fn log(client: &Client, filter: Value) -> Vec<Value> {
    let data = client.ok(LOG, json!({ "f": filter, "first": 100 })).await;
    data["auditLog"]["nodes"].as_array().unwrap().clone()
}

/// The kind of an entry: `Group.member new`, `Course changed`, `Section gone`.
fn kind(entry: &Value) -> String {
    let row = if entry["after"].is_null() { &entry["before"] } else { &entry["after"] };
    let parts: Vec<&String> = row.as_object().unwrap().keys().collect();
    let part = if let [part] = parts[..] { format!(".{part}") } else { String::new() };
    let change = match (entry["before"].is_null(), entry["after"].is_null()) {
        _ if entry["operation"] == "system:forget" => "forgotten",
        (true, false) => "new",
        (false, true) => "gone",
        _ => "changed",
    };
    format!("{}{part} {change}", entry["resource"].as_str().unwrap())
}

/// What each mutation of the day leaves, in alphabetical order: what is expected, and so by hand.
const LEAVES: [(&str, &str); 303] = [
    ("createProject", "Project new, Project.member new"),
    ("updateProject", "Project changed"),
    ("addProjectMembers", "Project.member new, Project.member new"),
    ("updateProjectMember", "Project.member changed"),
    ("transferProject", "Project changed, Project.member changed"),
    ("removeProjectMembers", "Project.member gone"),
    ("deleteProject", "Project changed"),
    ("restoreProject", "Project changed"),
    ("createAgent", "Agent new, Agent.knowledgeBase new"),
    ("updateAgent", "Agent changed"),
    ("revertAgent", "Agent changed"),
    ("activateAgent", "Agent changed"),
    ("deactivateAgent", "Agent changed"),
    ("deleteAgent", "Agent changed, Agent.knowledgeBase gone"),
    ("createConversation", "Conversation new"),
    ("updateConversation", "Conversation changed"),
    ("shareConversation", "Conversation changed"),
    ("unshareConversation", "Conversation changed"),
    ("deleteConversation", "Conversation changed"),
    ("restoreConversation", "Conversation changed"),
    ("sendMessage", "Message new"),
    ("editMessage", "Message new"),
    // What was said is in the log already.
    ("regenerateAnswer", ""),
    ("cancelAnswer", "Message changed"),
    // Which branch is shown is nobody else's.
    ("selectBranch", ""),
    ("deleteMessage", ""),
    ("rateMessage", "MessageFeedback new"),
    ("updateAssistantPolicy", "AssistantPolicy new"),
    ("setAssistantProvider", "AssistantProvider new"),
    ("removeAssistantProvider", "AssistantProvider gone"),
    ("createDocument", "Document new"),
    ("updateDocument", "Document changed"),
    ("reprocessDocument", "Document changed"),
    ("deleteDocument", "Document gone"),
    ("createKnowledgeBase", "KnowledgeBase new"),
    ("updateKnowledgeBase", "KnowledgeBase changed"),
    ("addKnowledgeBaseDocuments", "KnowledgeBase.document new"),
    ("removeKnowledgeBaseDocuments", "KnowledgeBase.document gone"),
    ("deleteKnowledgeBase", "KnowledgeBase gone"),
    ("generateCourse", "Generation new"),
    ("regenerateSection", "Generation new"),
    ("suggestGrade", "Generation new"),
    ("cancelGeneration", "Generation changed"),
    ("updatePaymentSettings", "PaymentSettings changed, PaymentSettings changed"),
    ("payOrder", "Order changed, Payment changed, Payment new"),
    ("recordPayment", "Invoice new, Order changed, Order changed, Payment changed, Payment new, Ticket changed"),
    (
        "refundOrder",
        "Invoice new, Order changed, Order changed, Payment changed, Refund changed, Refund new, Refund.ticket new, Ticket changed",
    ),
    // Credit stands in the ledger.
    ("grantCredit", ""),
    ("createProduct", "Product new, Product.price new"),
    ("updateProduct", "Product changed, Product.stock changed"),
    ("deleteProduct", "Product gone, Product.price gone"),
    ("createCoupon", "Coupon new"),
    ("updateCoupon", "Coupon.uses changed"),
    ("deleteCoupon", "Coupon gone"),
    ("createReferral", "Referral new"),
    ("updateReferral", "Referral changed, Referral.uses changed"),
    ("payApplicationFee", "Order new, OrderLine new, Payment new"),
    ("placeOrder", "Order new, Order.return new, OrderLine new, Payment new, Ticket changed, Ticket new"),
    ("cancelOrder", "Order changed, Payment changed, Ticket changed, Ticket changed"),
    // Scans are a log themselves.
    ("checkIn", "Ticket changed"),
    ("createProgram", "Program new"),
    ("updateProgram", "Program changed"),
    // The versions of a form stay for ever: the program says which one holds.
    ("setProgramForm", "Program changed"),
    ("setProgramReviewers", "Program.reviewer new"),
    ("setProgramLinks", "Program.course new, Program.group new"),
    ("setProgramGroup", "Program.group new"),
    ("removeProgramGroup", "Program.group gone"),
    ("setProgramStatus", "Program changed"),
    ("deleteProgram", "Program gone"),
    ("startApplication", "Application new, Application.file new, Application.sensitive new, Attendee new"),
    ("updateApplication", "Application changed, Application changed, Application.sensitive changed"),
    ("addAttendee", "Attendee new"),
    ("updateAttendee", "Attendee changed"),
    ("removeAttendee", "Attendee gone"),
    ("submitApplication", "Application changed"),
    ("reviewApplication", "ApplicationReview new"),
    ("decideApplication", "Application changed"),
    ("acceptPlace", "Application changed"),
    ("assignDiscount", "Application changed"),
    ("withdrawApplication", "Application changed"),
    ("reopenApplication", "Application changed"),
    ("setRedFlag", "User.redFlag new"),
    ("createAnnouncement", "Announcement new"),
    ("updateAnnouncement", "Announcement changed"),
    ("deleteAnnouncement", "Announcement gone"),
    ("createThread", "Thread new"),
    ("updateThread", "Thread changed"),
    ("deleteThread", "Post gone, Thread gone"),
    ("createPost", "Post new"),
    ("updatePost", "Post changed"),
    // It was the answer.
    ("deletePost", "Post changed, Thread changed"),
    ("reviewCourse", "CourseReview new"),
    ("deleteCourseReview", "CourseReview gone"),
    ("updatePointsRule", "TenantSettings.pointsRule new"),
    ("setLevels", "TenantSettings.level new"),
    // The ledger is a log itself.
    ("adjustPoints", ""),
    ("createBadge", "Badge new"),
    ("updateBadge", "Badge changed"),
    ("awardBadge", "Badge.award new"),
    ("revokeBadge", "Badge.award changed"),
    ("deleteBadge", "Badge gone, Badge.award gone"),
    ("setLeaderboardVisibility", "User.leaderboardAbsence new"),
    // An upload is a record itself.
    ("createUpload", ""),
    ("cancelUpload", ""),
    ("completeUpload", "File new"),
    ("updateFile", "File changed"),
    ("updateFileVisibility", "File changed, File.audience new"),
    ("deleteFile", "File gone, File.audience gone"),
    ("retryJob", "Job changed"),
    ("cancelJob", "Job changed"),
    ("createWebhookEndpoint", "WebhookEndpoint new"),
    ("updateWebhookEndpoint", "WebhookEndpoint changed"),
    ("rotateWebhookSecret", "WebhookEndpoint changed"),
    ("sendTestWebhook", ""),
    ("redeliverWebhook", "WebhookDelivery changed"),
    ("replayWebhookEvents", "WebhookEndpoint changed"),
    ("deleteWebhookEndpoint", "WebhookEndpoint gone"),
    ("recordEvents", ""),
    ("setNotificationsRead", ""),
    ("markAllNotificationsRead", ""),
    ("updateNotificationSettings", "NotificationSettings new, NotificationSettings.preference new"),
    ("exportReport", "ExportRun new"),
    ("exportRoster", "ExportRun new"),
    ("startImport", "ImportRun new"),
    ("cancelImport", "ImportRun changed"),
    ("createReportSchedule", "ReportSchedule new"),
    ("updateReportSchedule", "ReportSchedule changed"),
    ("runReportSchedule", "ExportRun new"),
    ("deleteReportSchedule", "ExportRun changed, ReportSchedule gone"),
    ("createRole", "Role new, Role.manages new"),
    ("updateRole", "Role changed, Role.manages gone, Role.manages new"),
    ("grantRole", "User.role new"),
    ("withdrawRole", "User.role gone"),
    ("setUserPermissions", "User.permission new, User.permission new"),
    ("suspendUsers", "User changed"),
    ("reactivateUsers", "User changed"),
    ("deleteUsers", "User changed, User forgotten, User.role gone"),
    ("setFeatureFlag", "FeatureFlag new"),
    ("deleteFeatureFlag", "FeatureFlag gone"),
    ("createUser", "User new, User.role new, User.role new"),
    ("updateUser", "User changed, User.avatar new"),
    ("setUserRoles", "User.role gone, User.role new"),
    ("deleteRole", "Role gone, Role.manages gone"),
    ("clearEmailState", "User changed"),
    ("updateTenantSettings", "Tenant changed, TenantSettings changed"),
    ("suspendUser", "User changed"),
    ("reactivateUser", "User changed"),
    (
        "deleteUser",
        "Enrollment changed, User changed, User forgotten, User.avatar gone, User.permission gone, User.permission gone, User.role gone, User.role gone",
    ),
    ("createCourse", "Course new"),
    ("updateCourse", "Course changed"),
    ("publishCourse", "Course changed"),
    ("archiveCourse", "Course changed"),
    ("deleteCourse", "Course changed"),
    ("createSection", "Section new"),
    ("updateSection", "Section changed"),
    ("reorderSections", "Section changed, Section changed"),
    ("deleteSection", "Section changed, Section gone"),
    ("enroll", "Enrollment new"),
    ("recordProgress", "Enrollment changed"),
    ("unenroll", "Enrollment changed"),
    ("updateEnrollmentStatus", "Enrollment changed"),
    ("addCourseInstructors", "Course.instructor new"),
    ("removeCourseInstructors", "Course.instructor gone"),
    ("createLesson", "Lesson new, Lesson.content new"),
    ("updateLesson", "Lesson changed, Lesson.content changed"),
    ("moveLesson", "Lesson changed, Lesson changed"),
    ("reorderLessons", "Lesson changed, Lesson changed"),
    ("deleteLesson", "Lesson gone, Lesson.content gone"),
    ("setSectionDrip", "Section changed"),
    ("addCourseMaterial", "CourseMaterial new"),
    ("removeCourseMaterial", "CourseMaterial gone"),
    ("setUnlockOverride", "UnlockOverride new"),
    ("removeUnlockOverride", "UnlockOverride gone"),
    ("trackLesson", "Enrollment changed, Enrollment.lesson new"),
    // Progress merely follows.
    ("completeLesson", "Enrollment.lesson changed"),
    ("reopenLesson", "Enrollment.lesson changed"),
    ("requestLessonBooking", "Booking new"),
    ("recordAttendance", "Enrollment.lesson new"),
    ("extendEnrollment", "Enrollment changed"),
    ("duplicateCourse", "Course new, Lesson new, Lesson new, Lesson.content new, Lesson.content new, Section new, Section new"),
    ("restoreCourse", "Course changed"),
    ("updateQuiz", "Quiz changed, Quiz.draw new"),
    ("createQuestion", "Question new, Question.key new, QuestionOption new, QuestionOption new"),
    ("updateQuestion", "Question changed, Question.key changed"),
    // Not where questions stand, nor what is answered.
    ("reorderQuestions", ""),
    ("deleteQuestion", "Question gone, Question.key gone, QuestionOption gone, QuestionOption gone"),
    ("createQuestionPool", "QuestionPool new"),
    ("updateQuestionPool", "QuestionPool changed"),
    ("deleteQuestionPool", "QuestionPool gone"),
    ("startQuizAttempt", "Enrollment changed, QuizAttempt new"),
    ("saveQuizAnswers", ""),
    ("submitQuizAttempt", "Enrollment.lesson new, QuizAttempt changed"),
    ("regradeQuestion", "Question changed, QuizAttempt changed, Regrade new"),
    ("voidQuizAttempt", "QuizAttempt changed"),
    ("purgeCourse", "Course gone, Lesson gone, Lesson gone, Lesson.content gone, Lesson.content gone, Section gone, Section gone"),
    ("updateAssignment", "Assignment changed"),
    ("setRubric", "Assignment changed, RubricCriterion new"),
    // The enrollment begins with it.
    ("submitAssignment", "Enrollment changed, Submission new, Submission.file new"),
    ("gradeSubmission", "Submission changed, Submission.grade new, Submission.score new"),
    ("returnSubmission", "Submission changed, Submission.grade gone, Submission.score gone"),
    ("releaseGrades", "Assignment changed"),
    ("grantExtension", "Extension new"),
    ("revokeExtension", "Extension gone"),
    ("setTimeFactor", "User.accommodation new"),
    // Approved, then assigned.
    ("confirmBooking", "Booking changed, Booking changed"),
    ("recordBookingOutcome", "Booking changed"),
    ("setInstructorLimits", "User.instructorLimits new"),
    ("setCoursePrerequisites", "Course.prerequisite new"),
    ("updateCertificateSettings", "Course.certificate new"),
    ("issueCertificate", "Certificate new"),
    ("revokeCertificate", "Certificate changed"),
    ("createLearningPath", "LearningPath new"),
    ("updateLearningPath", "LearningPath changed"),
    ("setPathCourses", "LearningPath.course new, LearningPath.course new"),
    ("publishLearningPath", "LearningPath changed"),
    ("archiveLearningPath", "LearningPath changed"),
    ("deleteLearningPath", "LearningPath changed"),
    ("enrollInPath", "Enrollment new, PathEnrollment new"),
    ("leavePath", "PathEnrollment changed"),
    ("joinGroup", "Group.member new"),
    ("createGroup", "Group new"),
    ("updateGroup", "Group changed"),
    ("addGroupMembers", "Group.member new"),
    ("addGroupCourses", "Enrollment new, Group.course new"),
    ("removeGroupCourses", "Group.course gone"),
    ("removeGroupMembers", "Group.member gone"),
    ("deleteGroup", "Group changed"),
    ("createAvailability", "Availability new"),
    ("deleteAvailability", "Availability gone"),
    ("requestBooking", "Booking new"),
    ("approveBooking", "Booking changed"),
    ("rescheduleBooking", "Booking changed"),
    ("assignBooking", "Booking changed, Booking.resource new"),
    (
        "createBookingType",
        "BookingType new, BookingType.eligibility new, BookingType.instructor new, BookingType.requirement new, BookingType.resource new",
    ),
    ("updateBookingType", "BookingType changed"),
    ("deleteBookingType", "BookingType changed"),
    // What is held is a booking, or nothing, in some minutes.
    ("holdSlot", ""),
    ("releaseSlot", ""),
    ("bookSlot", "Booking new, Booking.resource new"),
    ("openGroupSessions", "GroupSession new, GroupSession.resource new"),
    ("updateGroupSession", "Booking changed, GroupSession changed, WaitlistEntry changed"),
    ("cancelGroupSession", "Booking changed, Booking changed, GroupSession changed"),
    ("bookSeries", "Booking new, Booking new, BookingSeries new"),
    ("rescheduleSeries", "Booking changed, Booking changed"),
    ("cancelSeries", "Booking changed, Booking changed"),
    ("joinWaitlist", "WaitlistEntry new"),
    ("leaveWaitlist", "WaitlistEntry changed"),
    ("acceptOffer", "Booking new, Booking.resource new, WaitlistEntry changed"),
    ("createResource", "Resource new"),
    ("updateResource", "Resource changed"),
    ("deleteResource", "AvailabilityRule gone, Resource changed, TimeOff gone"),
    ("createAvailabilityRule", "AvailabilityRule new"),
    ("updateAvailabilityRule", "AvailabilityRule changed"),
    ("deleteAvailabilityRule", "AvailabilityRule gone"),
    ("createCalendarFeed", "CalendarFeed new"),
    ("rotateCalendarFeed", "CalendarFeed changed"),
    ("deleteCalendarFeed", "CalendarFeed gone"),
    ("createBusySource", "BusySource new"),
    // It is asked for.
    ("refreshBusySource", ""),
    ("deleteBusySource", "BusySource gone"),
    ("createTimeOff", "TimeOff new"),
    ("deleteTimeOff", "TimeOff gone"),
    ("completeBooking", "Booking changed"),
    ("cancelBooking", "Booking changed"),
    ("startViewAs", "ViewAs new"),
    ("exportTenant", "TenantExport new"),
    ("login", "Session new"),
    // The same sign-in goes on; its tokens are not recorded.
    ("refreshSession", ""),
    ("switchRole", "Session changed"),
    ("changePassword", "Session changed, Session new, User changed"),
    ("logout", "Session changed"),
    ("logoutEverywhere", "Session changed, User changed"),
    // Whether it leads to anything a worker finds out.
    ("requestSignUp", ""),
    ("requestSignInCode", ""),
    ("requestPasswordReset", ""),
    ("confirmSignUp", "SignUpRequest new"),
    ("approveSignUp", "SignUpRequest changed, User new, User.role new"),
    ("rejectSignUp", "SignUpRequest changed"),
    ("inviteUsers", "Invitation new"),
    ("resendInvitation", "Invitation changed"),
    ("revokeInvitation", "Invitation changed"),
    ("acceptInvitation", "Invitation changed, Session new, User new, User.role new"),
    ("signInWithCode", "Session new, User new, User.role new"),
    // Two sign-ins of hers end with each.
    ("revertEmailChange", "Session changed, User changed"),
    ("resetPassword", "User changed"),
    // What is begun is nothing yet; recovery codes are secrets.
    ("beginSecondFactor", ""),
    ("confirmSecondFactor", "User changed"),
    ("renewRecoveryCodes", ""),
    ("disableSecondFactor", "User changed"),
    // A sign-in of his ends with each, the first that the test made of him.
    ("resetSecondFactors", "Session changed, User changed, User changed"),
    ("signOutUsers", "Session changed, User changed"),
    ("endSignIn", "Session changed"),
    ("requestPasswordChange", "PasswordChangeRequest new"),
    ("withdrawPasswordChange", "PasswordChangeRequest changed"),
    ("rejectPasswordChange", "PasswordChangeRequest changed"),
    ("approvePasswordChange", "PasswordChangeRequest changed, Session changed, User changed"),
    ("createSignInProvider", "SignInProvider new"),
    ("updateSignInProvider", "SignInProvider changed"),
    ("beginProviderSignIn", ""),
    ("completeProviderSignIn", "Session new, User.provider new"),
    ("deleteSignInProvider", "SignInProvider gone, User.provider gone"),
    ("createApiKey", "ApiKey new"),
    ("revokeApiKey", "ApiKey changed"),
];

#[tokio::test]
async fn a_day_leaves_every_mutation_in_the_log_and_no_secret_and_its_rehearsal_nothing() {
    let app = TestApp::start_with(&["--webhook-allow=127.0.0.0/8"], Default::default()).await;
    let day = Day::pass(&app).await;
    day.rehearsal.assert_complete(&app);
    let passed: BTreeSet<&str> = day.done.iter().map(|done| done.operation).collect();
    let schema = Schema::of_service();
    let all: BTreeSet<&str> = schema.roots().filter(|(operation, ..)| *operation == "mutation").map(|(_, name, _)| name).collect();
    assert_eq!(passed, all, "a mutation that the day leaves out: let it happen in tests/it/audit/day.rs");
    let expected: BTreeMap<&str, &str> = LEAVES.into_iter().collect();
    assert_eq!(expected.keys().copied().collect::<BTreeSet<_>>(), all, "what it leaves stands in LEAVES of tests/it/audit/mod.rs");

    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut entries = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = admin.ok(LOG, json!({ "f": { "outcome": "CHANGED" }, "first": 100, "after": after })).await["auditLog"].take();
        entries.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let seen = entries.iter().map(|entry| kind(entry).split(' ').next().unwrap().to_owned()).collect();
    let unseen = tables::unseen(&app, &seen).await;
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
    let mut wrong = Vec::new();
    for done in &day.done {
        let mine: Vec<&Value> = entries.iter().filter(|entry| entry["correlationId"] == *done.correlation_id).collect();
        let mut kinds: Vec<String> = mine.iter().map(|entry| kind(entry)).collect();
        kinds.sort();
        if kinds.join(", ") != expected[done.operation] {
            wrong.push(format!("{} left {}, not {}", done.operation, kinds.join(", "), expected[done.operation]));
        }
        for entry in mine {
            let is_forgetting = ["deleteUser", "deleteUsers"].contains(&done.operation) && entry["operation"] == "system:forget";
            assert!(is_forgetting || entry["operation"] == done.operation, "{entry:#}");
            // A stranger is nobody yet.
            assert_eq!(entry["actor"]["id"].as_str().unwrap_or_default(), done.actor, "{}", done.operation);
            assert_eq!((&entry["code"], &entry["reason"]), (&Value::Null, &Value::Null));
            // What changed was the name of somebody whom the log has forgotten since.
            let is_forgotten = entry["after"].get("name") == Some(&Value::Null);
            assert!(is_forgotten || entry["before"] != entry["after"], "{entry:#}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // Nothing that identifies a row leaves as anything but a TypeID, and no column under the database's name for it.
    let uuid = |text: &str| uuid::Uuid::parse_str(text).is_ok();
    for entry in &entries {
        let resource_id = entry["resourceId"].as_str().unwrap_or_else(|| panic!("{entry:#}"));
        let kind = lectern::domains::registry().kind(entry["resource"].as_str().unwrap()).unwrap();
        assert!(resource_id.starts_with(&format!("{}_", kind.prefix)), "{entry:#}");
        for row in [&entry["before"], &entry["after"]] {
            let Some(row) = row.as_object() else { continue };
            if let Some(id) = row.get("id") {
                assert_eq!(id, resource_id);
            }
            for (name, value) in row.iter().chain(row.values().filter_map(Value::as_object).flatten()) {
                assert!(!name.contains('_'), "{name}: {entry:#}");
                assert!(!value.as_str().is_some_and(uuid), "{name}: {entry:#}");
            }
        }
    }

    let dump = app.text("SELECT string_agg(a::text, E'\\n') FROM audit_entry a").await.unwrap();
    let hashes = app.text("SELECT string_agg(password_hash, ' ') FROM credential").await.unwrap();
    let token_hashes = app.text("SELECT string_agg(encode(token_hash, 'hex'), ' ') FROM refresh_token").await.unwrap();
    let secrets = PASSWORDS.into_iter().chain(KEYS).chain([PASSWORD]).chain(hashes.split(' ')).chain(token_hashes.split(' '));
    for secret in secrets.chain(day.tokens.iter().map(String::as_str)) {
        assert!(secret.len() > 8 && !dump.contains(secret), "{secret} stands in the audit log");
    }
    assert!(!dump.contains("$argon2"), "a password hash stands in the audit log");

    // That there is a key is told, and that it was changed.
    let [changed] = &log(&admin, json!({ "operation": "updateCourse" })).await[..] else { panic!("one change of a course") };
    assert_eq!((&changed["before"]["hasEnrollmentKey"], &changed["after"]["hasEnrollmentKey"]), (&json!(true), &json!(true)));
    assert_eq!(changed["after"]["enrollmentKeyChanged"], true);
}

#[tokio::test]
async fn an_entry_shows_the_row_before_and_after() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let made = ada.ok("mutation { createCourse(input: { title: \"Algebra\", tags: [\"maths\"] }) { id createdAt } }", json!({})).await;
    let id = &made["createCourse"]["id"];
    ada.ok("mutation($id: ID!) { updateCourse(input: { id: $id, capacity: 12 }) { id } }", json!({ "id": id })).await;
    let [change, creation] = &log(&admin, json!({ "resourceId": id })).await[..] else { panic!("two entries") };
    let row = |capacity: Value| {
        json!({ "id": id, "title": "Algebra", "description": null, "instructorId": ada.user_id, "status": "DRAFT", "capacity": capacity,
                "hasEnrollmentKey": false, "tags": ["maths"], "deletedAt": null, "createdAt": made["createCourse"]["createdAt"], "subtitle": null,
                "code": null, "version": 1, "previousVersionId": null, "seriesId": null, "introVideoUrl": null, "introVideoSeconds": null,
                "introVideoPosterId": null, "isPrivate": false, "selfEnroll": true, "isSequential": false, "accessDays": null, "accessUntilAt": null })
    };
    assert_eq!((&creation["before"], &creation["after"]), (&Value::Null, &row(json!(null))));
    assert_eq!((&change["before"], &change["after"]), (&row(json!(null)), &row(json!(12))));
    assert_eq!(change["actor"], json!({ "id": ada.user_id, "name": "INSTRUCTOR of oak" }));
    assert_eq!((&change["resource"], &change["resourceId"], &change["outcome"]), (&json!("Course"), id, &json!("CHANGED")));

    // The same by its id; what changed nothing leaves nothing.
    let node = "query($id: ID!) { node(id: $id) { ... on AuditEntry { id operation actor { id } after } } }";
    let found = admin.ok(node, json!({ "id": change["id"] })).await;
    assert_eq!(
        found["node"],
        json!({ "id": change["id"], "operation": "updateCourse", "actor": { "id": ada.user_id }, "after": change["after"] })
    );
    ada.ok("mutation($id: ID!) { updateCourse(input: { id: $id, capacity: 12 }) { id } }", json!({ "id": id })).await;
    assert_eq!(log(&admin, json!({ "resourceId": id })).await.len(), 2);
}

#[tokio::test]
async fn each_field_of_a_document_writes_in_its_own_name_whatever_it_is_called_there() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let document = "mutation { first: createCourse(input: { title: \"One\" }) { id } ...More }
        fragment More on Mutation { createRole(input: { key: \"GUIDE\", name: \"Guide\", permissions: [] }) { id }
                                    second: createCourse(input: { title: \"Two\" }) { id } }";
    admin.post(document, json!({})).header("x-correlation-id", "three-at-once").send().await.unwrap();
    let entries = log(&admin, json!({})).await;
    let mine: Vec<(&str, &str)> = entries
        .iter()
        .filter(|entry| entry["correlationId"] == "three-at-once")
        .map(|entry| (entry["operation"].as_str().unwrap(), entry["after"]["title"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(mine, [("createCourse", "Two"), ("createRole", ""), ("createCourse", "One")]);

    // Refused by its last field, a document has done nothing; the log says which field it was, and of which thing.
    let changes = app.count("audit_entry where outcome = 'CHANGED'").await;
    let ids = "mutation { a: createCourse(input: { title: \"Three\" }) { id } b: createRole(input: { key: \"GUIDE\", name: \"Again\", permissions: [] }) { id } }";
    assert_eq!(admin.refused(ids, json!({})).await, "CONFLICT ROLE_KEY_TAKEN @key");
    assert_eq!(app.count("audit_entry where outcome = 'CHANGED'").await, changes);
    assert_eq!(app.count("course where title = 'Three'").await, 0);
    let [refusal] = &log(&admin, json!({ "outcome": "REFUSED" })).await[..] else { panic!("one refusal") };
    assert_eq!((&refusal["operation"], &refusal["resource"], &refusal["resourceId"]), (&json!("createRole"), &json!("Role"), &Value::Null));
    assert_eq!((&refusal["code"], &refusal["reason"]), (&json!("CONFLICT"), &json!("ROLE_KEY_TAKEN")));
}

#[tokio::test]
async fn a_refused_mutation_leaves_one_entry_of_the_refusal_and_nothing_else() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (ada, elm) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.elm, Who::Admin).await);
    let create = "mutation($t: String!) { createCourse(input: { title: $t }) { id } }";
    let foreign = elm.ok(create, json!({ "t": "Elsewhere" })).await["createCourse"]["id"].take();
    let own = admin.ok(create, json!({ "t": "Ours" })).await["createCourse"]["id"].take();
    admin.ok("mutation($id: ID!) { publishCourse(id: $id) { id } }", json!({ "id": own })).await;
    let update = "mutation($id: ID!) { updateCourse(input: { id: $id, title: \"Theirs\" }) { id } }";
    let before = (app.count("audit_entry").await, app.text("SELECT string_agg(c::text, ',' ORDER BY c.id) FROM course c").await);

    let refusals = [
        (&learner, create, json!({ "t": "Mine" }), "FORBIDDEN [COURSE_CREATE]", "createCourse", "Course", Value::Null),
        (&learner, update, json!({ "id": own }), "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]", "updateCourse", "Course", own.clone()),
        (&ada, update, json!({ "id": own }), "FORBIDDEN NOT_YOURS @id", "updateCourse", "Course", own.clone()),
        // The id that was asked for, though it is another school's: it says nothing that the client did not say.
        (&ada, update, json!({ "id": foreign }), "NOT_FOUND @id", "updateCourse", "Course", foreign.clone()),
        (
            &admin,
            "mutation($id: ID!) { x: publishCourse(id: $id) { id } }",
            json!({ "id": own }),
            "CONFLICT INVALID_TRANSITION @id",
            "publishCourse",
            "Course",
            own.clone(),
        ),
        // An id of another kind is refused for what it is, but only to those who may ask; others' refusal names none.
        (
            &learner,
            update,
            json!({ "id": admin.user_id }),
            "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]",
            "updateCourse",
            "Course",
            Value::Null,
        ),
    ];
    for (client, document, variables, answer, ..) in &refusals {
        assert_eq!(client.refused(document, variables.clone()).await, *answer, "{document}");
    }
    // Wrong input is no refusal.
    assert_eq!(admin.refused(create, json!({ "t": " " })).await, "BAD_USER_INPUT @title");
    assert_eq!(admin.refused(update, json!({ "id": admin.user_id })).await, "BAD_USER_INPUT @id");

    let entries = log(&admin, json!({ "outcome": "REFUSED" })).await;
    assert_eq!(entries.len(), refusals.len());
    for (entry, (client, _, _, answer, operation, resource, id)) in entries.iter().rev().zip(&refusals) {
        assert_eq!(entry["actor"]["id"], client.user_id, "{entry:#}");
        assert_eq!(entry["code"], answer.split(' ').next().unwrap());
        assert_eq!((&entry["operation"], &entry["resource"], &entry["resourceId"]), (&json!(operation), &json!(resource), id));
        assert_eq!((&entry["before"], &entry["after"]), (&Value::Null, &Value::Null));
    }
    let after = (app.count("audit_entry").await, app.text("SELECT string_agg(c::text, ',' ORDER BY c.id) FROM course c").await);
    assert_eq!(after, (before.0 + entries.len() as i64, before.1), "a refusal changed something");
    assert_eq!(app.count(&format!("audit_entry where tenant_id = '{}' and outcome = 'REFUSED'", app.elm.tenant)).await, 0);

    // A school whose subscription has lapsed keeps a log of what it is refused since.
    app.sql(&format!(
        "UPDATE tenant SET subscription_start = '2020-01-01', subscription_end = '2020-02-01' WHERE tenant_id = '{}'",
        app.elm.tenant
    ))
    .await;
    assert_eq!(elm.refused(create, json!({ "t": "Late" })).await, "SUBSCRIPTION_EXPIRED");
    let entry =
        format!("audit_entry where tenant_id = '{}' and operation = 'createCourse' and code = 'SUBSCRIPTION_EXPIRED'", app.elm.tenant);
    assert_eq!(app.count(&entry).await, 1);
}

#[tokio::test]
async fn sign_ins_stand_in_the_log_and_refused_ones_too() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let login = |tenant: &str, email: &str, password: &str| {
        let input = json!({ "tenant": tenant, "email": email, "password": password });
        ("mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken viewer { user { id } } } }", json!({ "i": input }))
    };
    let learner = app.oak.email(Who::Learner);
    let stranger = app.stranger();
    for (tenant, email, password) in
        [("oak", learner.as_str(), "wrong"), ("oak", "nobody@oak.example", PASSWORD), ("ash", &learner, PASSWORD)]
    {
        let (document, variables) = login(tenant, email, password);
        assert_eq!(stranger.refused(document, variables).await, "UNAUTHENTICATED");
    }
    let (document, variables) = login("oak", &learner, PASSWORD);
    let session = stranger.ok(document, variables).await["login"].take();

    let entries = log(&admin, json!({ "operation": "login" })).await;
    let told: Vec<(&Value, &Value, &Value)> =
        entries.iter().map(|entry| (&entry["outcome"], &entry["code"], &entry["actor"]["name"])).collect();
    let (changed, refused, unknown, none) = (json!("CHANGED"), json!("REFUSED"), json!("UNAUTHENTICATED"), Value::Null);
    assert_eq!(
        told,
        [
            (&changed, &none, &json!("LEARNER of oak")),
            (&refused, &unknown, &none), // nobody of that name
            (&refused, &unknown, &json!("LEARNER of oak")),
            (&changed, &none, &json!("ADMIN of oak")), // who reads this
        ],
        "and nothing of a school that isn't there"
    );
    assert!(entries[0]["resourceId"].as_str().unwrap().starts_with("session_"));
    assert_eq!(entries[0]["after"]["userId"], session["viewer"]["user"]["id"]);

    // A used refresh token, presented again, ends its sign-in; the log says both.
    let refresh = "mutation($t: String!) { refreshSession(input: { refreshToken: $t }) { accessToken } }";
    stranger.ok(refresh, json!({ "t": session["refreshToken"] })).await;
    assert_eq!(stranger.refused(refresh, json!({ "t": session["refreshToken"] })).await, "UNAUTHENTICATED REFRESH_TOKEN_REUSED");
    let entries = log(&admin, json!({ "operation": "refreshSession" })).await;
    let told: Vec<(&Value, &Value, &Value)> =
        entries.iter().map(|entry| (&entry["outcome"], &entry["reason"], &entry["after"]["revokedReason"])).collect();
    assert_eq!(told, [(&refused, &json!("REFRESH_TOKEN_REUSED"), &none), (&changed, &none, &json!("REUSE"))]);
    assert!(entries.iter().all(|entry| entry["actor"]["name"] == "LEARNER of oak"));
}
