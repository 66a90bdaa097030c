//! Exactly what is offered can be booked: over random hours, zones, types, bookings and times off, each start is asked about in three ways, and all agree.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    hours::{OFF, RULE, resource},
    rehearsals::rehearse,
};

/// Repeatable chance.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    /// A moment of the three days over which the clocks of Berlin change, at a multiple of five minutes.
    fn moment(&mut self) -> Timestamp {
        first() + SignedDuration::from_mins(i64::try_from(self.below(3 * 288)).unwrap() * 5)
    }
}

fn first() -> Timestamp {
    "2099-03-28T00:00:00Z".parse().unwrap()
}

const ZONES: [&str; 5] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"];
const DAYS: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

/// Somebody or something is open by rules, and away now and then.
async fn hours(dice: &mut Dice, client: &Client, owner: Value) {
    let with = |mut input: Value| {
        input.as_object_mut().unwrap().extend(owner.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for _ in 0..=dice.below(2) {
        let (from, long) = (dice.below(24), 3 + dice.below(12));
        let days: Vec<&str> = DAYS.iter().copied().filter(|_| dice.below(4) > 0).collect();
        let days = if days.is_empty() { vec!["SUNDAY"] } else { days };
        let rule = json!({ "weekdays": days, "from": format!("{from:02}:{:02}", dice.below(4) * 15), "until": format!("{:02}:{:02}", (from + long) % 24, dice.below(12) * 5),
                           "timeZone": dice.of(&ZONES), "validFrom": "2099-01-01" });
        client.ok(RULE, with(rule)).await;
    }
    for _ in 0..dice.below(3) {
        let start = dice.moment();
        let end = start + SignedDuration::from_mins(5 + i64::try_from(dice.below(200)).unwrap());
        client.ok(OFF, with(json!({ "startsAt": start.to_string(), "endsAt": end.to_string() }))).await;
    }
}

/// A type of these people and resources, made by chance.
async fn chance(dice: &mut Dice, cast: &Cast, people: &[&Client], things: &[Value]) -> (Value, Vec<i64>) {
    let durations = [[30, 90], [60, 45], [50, 20]];
    let durations = dice.of(&durations).to_vec();
    let needs_instructor = dice.below(5) > 0;
    let instructors: Vec<Value> =
        people.iter().map(|client| json!({ "instructorId": client.user_id, "weight": 1 + dice.below(3) })).collect();
    let needs = if !needs_instructor || dice.below(2) == 0 { json!([{ "name": "Thing", "resourceIds": things }]) } else { json!([]) };
    let limits = if dice.below(2) == 0 {
        json!({ "perLearnerPerDay": 1 + dice.below(2), "perInstructorPerDay": 2 + dice.below(3) })
    } else {
        json!({})
    };
    let input = json!({
        "name": "By chance", "durations": durations, "slotStepMinutes": dice.of(&[10, 15, 20, 25, 45, 60]), "bufferBeforeMinutes": dice.below(4) * 5,
        "bufferAfterMinutes": dice.below(4) * 10, "needsInstructor": needs_instructor, "instructors": if needs_instructor { json!(instructors) } else { json!([]) },
        "requirements": needs, "strategy": dice.of(&["FIXED", "ROUND_ROBIN", "LEAST_BUSY"]), "limits": limits, "needsApproval": dice.below(4) == 0,
        "holdsWhileRequested": dice.below(2) == 0
    });
    (kind(&cast.admin, input).await, durations)
}

#[tokio::test]
async fn exactly_the_offered_slots_can_be_booked_and_each_refusal_has_the_reason_that_is_explained() {
    let cast = Cast::start().await;
    let mut dice = Dice(17);
    let (tom, bob) = (cast.instructor("tom").await, cast.instructor("bob").await);
    let mary = cast.learner("mary").await;
    let people = [&cast.ada, &tom, &bob];
    for client in people {
        hours(&mut dice, client, json!({})).await;
    }
    let things = [
        resource(&cast.admin, json!({ "name": "Open", "kind": "DEVICE", "timeZone": "Asia/Kolkata", "setupMinutes": 10 })).await,
        resource(&cast.admin, json!({ "name": "Ruled", "kind": "ROOM", "teardownMinutes": 15 })).await,
    ];
    hours(&mut dice, &cast.admin, json!({ "resourceId": things[1] })).await;
    let (mut offers, mut refusals) = (0, BTreeSet::new());
    for _ in 0..8 {
        let (flight, durations) = chance(&mut dice, &cast, &people, &things).await;
        // Some of it is taken.
        for _ in 0..12 {
            let learner = if dice.below(3) == 0 { &cast.lea.user_id } else { &mary.user_id };
            let input = json!({ "i": { "bookingTypeId": flight, "startsAt": dice.moment().to_string(), "learnerId": learner, "override": ["LIMITS"] } });
            cast.admin.ask(BOOK, input).await;
        }
        let minutes = *dice.of(&durations);
        let range = json!({ "t": flight, "f": first().to_string(), "to": (first() + SignedDuration::from_hours(72)).to_string(), "d": minutes, "z": dice.of(&ZONES) });
        let slots = cast.lea.ok(SLOTS, range).await["slots"].take();
        let offered: Vec<Timestamp> = slots["days"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|day| day["slots"].as_array().unwrap())
            .map(|slot| slot["startsAt"].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(offered.is_sorted(), "{slots}");
        let mut asked: BTreeSet<Timestamp> = (0..20).map(|_| dice.moment()).collect();
        if !offered.is_empty() {
            asked.extend((0..15).map(|_| *dice.of(&offered)));
            // Just beside what is offered.
            asked.extend(
                (0..10)
                    .map(|_| *dice.of(&offered) + SignedDuration::from_mins(5))
                    .filter(|moment| *moment < first() + SignedDuration::from_hours(72)),
            );
        }
        for start in asked {
            let is_offered = offered.contains(&start);
            let explained = cast.lea.ok(EXPLAIN, json!({ "t": flight, "s": start.to_string(), "d": minutes })).await["explainSlot"].take();
            assert_eq!(explained["isBookable"], json!(is_offered), "{start}: {explained}");
            let input = json!({ "i": { "bookingTypeId": flight, "startsAt": start.to_string(), "durationMinutes": minutes } });
            for query in [BOOK, HOLD] {
                let answer = rehearse(&cast.lea, query, input.clone()).await;
                let reason = answer.get("errors").map(|errors| errors[0]["extensions"]["reason"].clone()).unwrap_or_default();
                assert_eq!(reason, explained["reason"], "{start}: {answer}");
            }
            if is_offered {
                offers += 1;
            } else {
                refusals.insert(explained["reason"].to_string());
            }
        }
    }
    assert!(offers > 30 && refusals.len() > 3, "{offers} {refusals:?}");
}
