//! Which events the changes of a school are.

use serde_json::{Value, json};

use super::{endpoint, start};
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll, group, learners},
    payments,
};

/// The types that were emitted since it was last asked, in their order; with the data of the last.
async fn emitted(app: &TestApp) -> (String, Value) {
    let types = app.text("SELECT coalesce(string_agg(payload ->> 'type', ' ' ORDER BY (payload ->> 'at')::timestamptz, id), '') FROM job WHERE payload ? 'data'").await;
    let data = app
        .text("SELECT payload ->> 'data' FROM job WHERE payload ? 'data' ORDER BY (payload ->> 'at')::timestamptz DESC, id DESC LIMIT 1")
        .await;
    app.sql("DELETE FROM job").await;
    (types.unwrap_or_default(), data.map(|data| serde_json::from_str(&data).unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn people_are_told_of() {
    let app = start().await;
    endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input = json!({ "email": "bob@oak.example", "name": "Bob", "roleKeys": ["LEARNER", "VIEWER"] });
    let bob =
        admin.ok("mutation($i: CreateUserInput!) { createUser(input: $i) { id } }", json!({ "i": input })).await["createUser"]["id"].take();
    assert_eq!(emitted(&app).await, ("user.created".into(), json!({ "id": bob, "status": "ACTIVE" })));
    for (mutation, expected) in [
        ("updateUser(input: { id: $id, name: \"Robert\" }) { id }", "user.updated"),
        ("updateUser(input: { id: $id, name: \"Robert\" }) { id }", ""),
        ("setUserRoles(input: { userId: $id, roleKeys: [\"INSTRUCTOR\"] }) { id }", "user.updated"),
        ("setUserRoles(input: { userId: $id, roleKeys: [\"INSTRUCTOR\"] }) { id }", ""),
        ("suspendUser(id: $id) { id }", "user.suspended"),
        ("reactivateUser(id: $id) { id }", "user.reactivated"),
        ("deleteUser(id: $id)", "user.deleted"),
    ] {
        admin.ok(&format!("mutation($id: ID!) {{ {mutation} }}"), json!({ "id": bob })).await;
        assert_eq!(emitted(&app).await.0, expected, "{mutation}");
    }
    // Signing in changes nobody.
    app.sign_in_as(&app.oak, "learner@oak.example", crate::app::PASSWORD).await;
    assert_eq!(emitted(&app).await.0, "");
}

#[tokio::test]
async fn courses_enrollments_and_groups_are_told_of() {
    let app = start().await;
    endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 3).await;
    assert_eq!(emitted(&app).await.0, "user.created user.created user.created");
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    assert_eq!(
        emitted(&app).await,
        ("course.created course.published".into(), json!({ "id": algebra, "status": "PUBLISHED", "instructorId": admin.user_id }))
    );
    let enrolled = enroll(&admin, &algebra, &people[0]).await;
    assert_eq!(
        emitted(&app).await,
        ("enrollment.created".into(), json!({ "id": enrolled, "status": "NOT_STARTED", "courseId": algebra, "userId": people[0] }))
    );
    let id = json!({ "id": enrolled });
    for (mutation, expected) in [
        ("recordProgress(input: { id: $id, progress: 40 }) { id }", "enrollment.updated"),
        ("updateEnrollmentStatus(input: { id: $id, status: FAILED }) { id }", "enrollment.updated"),
        ("updateEnrollmentStatus(input: { id: $id, status: DROPPED }) { id }", "enrollment.dropped"),
        ("updateEnrollmentStatus(input: { id: $id, status: COMPLETED }) { id }", "enrollment.completed"),
    ] {
        admin.ok(&format!("mutation($id: ID!) {{ {mutation} }}"), id.clone()).await;
        assert_eq!(emitted(&app).await.0, expected, "{mutation}");
    }
    let owls = group(&admin, json!({ "name": "Owls", "autoEnroll": true })).await;
    admin
        .ok(
            "mutation($g: ID!, $c: ID!) { addGroupCourses(input: { groupId: $g, courseIds: [$c] }) { id } }",
            json!({ "g": owls, "c": algebra }),
        )
        .await;
    assert_eq!(emitted(&app).await.0, "");
    let members = json!({ "g": owls, "u": [people[1], people[2]] });
    admin.ok("mutation($g: ID!, $u: [ID!]!) { addGroupMembers(input: { groupId: $g, userIds: $u }) { id } }", members.clone()).await;
    let (types, _) = emitted(&app).await;
    assert_eq!(types, "group.members_added enrollment.created enrollment.created");
    admin.ok("mutation($g: ID!, $u: [ID!]!) { removeGroupMembers(input: { groupId: $g, userIds: $u }) { id } }", members).await;
    let mut gone = vec![people[1].clone(), people[2].clone()];
    gone.sort();
    assert_eq!(emitted(&app).await, ("group.members_removed".into(), json!({ "id": owls, "userIds": gone })));
    let spare = course(&admin, json!({ "title": "Botany" })).await;
    emitted(&app).await;
    for (mutation, expected) in [
        ("updateCourse(input: { id: $id, title: \"Botany 2\" }) { id }", "course.updated"),
        ("updateCourse(input: { id: $id, title: \"Botany 2\" }) { id }", ""),
        ("archiveCourse(id: $id) { id }", "course.archived"),
        ("deleteCourse(id: $id)", "course.deleted"),
    ] {
        admin.ok(&format!("mutation($id: ID!) {{ {mutation} }}"), json!({ "id": spare })).await;
        assert_eq!(emitted(&app).await.0, expected, "{mutation}");
    }
}

#[tokio::test]
async fn bookings_are_told_of_without_words() {
    let app = start().await;
    endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let at = |hour: u32| format!("2099-03-02T{hour:02}:00:00Z");
    let free = json!({ "i": { "startsAt": at(8), "endsAt": at(18) } });
    ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", free).await;
    let request = json!({ "i": { "startsAt": at(9), "endsAt": at(10), "notes": "Crosswind" } });
    let request_booking = "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }";
    let booking = lea.ok(request_booking, request.clone()).await["requestBooking"]["id"].take();
    assert_eq!(
        emitted(&app).await,
        (
            "booking.requested".into(),
            json!({ "id": booking, "status": "REQUESTED", "studentId": lea.user_id, "instructorId": null, "courseId": null,
                "startsAt": "2099-03-02T09:00:00.000000Z", "endsAt": "2099-03-02T10:00:00.000000Z" })
        )
    );
    let moved = format!("rescheduleBooking(input: {{ id: $id, startsAt: \"{}\", endsAt: \"{}\" }}) {{ id }}", at(11), at(12));
    let assign = format!("assignBooking(input: {{ id: $id, instructorId: \"{}\" }}) {{ id }}", ada.user_id);
    for (client, mutation, expected) in [
        (&admin, "approveBooking(id: $id) { id }", "booking.approved"),
        (&admin, &assign, "booking.assigned"),
        (&lea, &moved, "booking.rescheduled"),
        (&admin, &assign, "booking.assigned"),
    ] {
        client.ok(&format!("mutation($id: ID!) {{ {mutation} }}"), json!({ "id": booking })).await;
        assert_eq!(emitted(&app).await.0, expected, "{mutation}");
    }
    app.sql("SET session_replication_role = replica; UPDATE booking SET starts_at = now() - interval '1 hour', ends_at = now(); RESET session_replication_role").await;
    ada.ok("mutation($id: ID!) { completeBooking(id: $id) { id } }", json!({ "id": booking })).await;
    assert_eq!(emitted(&app).await.0, "booking.completed");
    let late = "mutation($id: ID!) { recordBookingOutcome(input: { id: $id, outcome: LATE, minutesLate: 5 }) { id } }";
    ada.ok(late, json!({ "id": booking })).await;
    let (event, data) = emitted(&app).await;
    assert_eq!(event, "booking.outcome_recorded");
    assert_eq!((&data["outcome"], &data["minutesLate"], &data["status"]), (&json!("LATE"), &json!(5), &json!("COMPLETED")));
    ada.ok(late, json!({ "id": booking })).await;
    assert_eq!(emitted(&app).await.0, "", "the same again is no event");
    let other = lea.ok(request_booking, request).await["requestBooking"]["id"].take();
    app.sql("UPDATE booking SET escalated_at = now() WHERE status = 'REQUESTED'").await;
    lea.ok("mutation($id: ID!) { cancelBooking(input: { id: $id, reason: \"Fog\" }) { id } }", json!({ "id": other })).await;
    assert_eq!(emitted(&app).await.0, "booking.requested booking.escalated booking.cancelled");
}

#[tokio::test]
async fn orders_and_payments_are_told_of_without_amounts_or_references() {
    let shop = payments::shop(json!({})).await;
    endpoint(&shop.app, &shop.app.oak, "https://hooks.example.invalid/").await;
    let product = shop.product(json!({})).await;
    let cart = shop.cart(&[(&product, 1)]);
    let told = |order: &str, status: &str| {
        json!({ "id": order, "kind": "PURCHASE", "status": status, "programId": shop.program, "applicationId": shop.application,
            "buyerId": shop.lea.user_id })
    };
    emitted(&shop.app).await;
    let (order, payment) = payments::place(&shop, &shop.lea, &cart, "told-of-01").await;
    assert_eq!(emitted(&shop.app).await, ("order.placed".into(), told(&order, "PENDING")));
    payments::approve(&shop, &payment, 1000).await;
    assert_eq!(emitted(&shop.app).await, ("order.paid".into(), told(&order, "PAID")));
    let (order, payment) = payments::place(&shop, &shop.lea, &cart, "told-of-02").await;
    shop.lea.ok("mutation($id: ID!) { cancelOrder(id: $id) { status } }", json!({ "id": order })).await;
    assert_eq!(emitted(&shop.app).await, ("order.placed order.cancelled".into(), told(&order, "CANCELLED")));
    payments::approve(&shop, &payment, 1000).await;
    let late = json!({ "id": payment, "orderId": order, "provider": "TEST", "status": "APPROVED", "attention": "LATE" });
    assert_eq!(emitted(&shop.app).await, ("payment.attention".into(), late));
}

#[tokio::test]
async fn an_event_of_a_change_that_is_refused_never_happened() {
    let app = start().await;
    endpoint(&app, &app.oak, "https://hooks.example.invalid/").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let both = "mutation($id: ID!) { a: createCourse(input: { title: \"A\" }) { id } b: deleteCourse(id: $id) }";
    assert_eq!(admin.refused(both, json!({ "id": super::no("course") })).await, "NOT_FOUND @id");
    assert_eq!(emitted(&app).await.0, "");
}
