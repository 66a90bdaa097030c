//! Every pair of paths that hold time, raced against each other for what they share: one of them has it, the other is told so, and the table at the end says who
//! won how often (`--nocapture` shows it). `LECTERN_RACES=100` races each pair a hundred times.

mod paths;

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use lectern::http::HttpOptions;
use uuid::Uuid;

use self::paths::{Path, Sort};
use super::*;
use crate::{classroom::uuid, group_sessions::open_daily, hours::resource};

/// How often each pair is raced, unless `LECTERN_RACES` says otherwise.
const ROUNDS: usize = 1;
/// Races that are run beside each other, each among people of its own.
const LANES: usize = 3;
/// Days between two races: what is moved or comes again has its days before the next one.
const STRIDE: i64 = 8;
/// Milliseconds by which one of the two comes late, in turn.
const HEAD_STARTS: [(u64, u64); 5] = [(0, 0), (0, 4), (4, 0), (12, 0), (0, 12)];
/// And by which whoever races against an offer does: a worker has to begin before it is made.
const LATE_FOR_OFFERS: [u64; 5] = [0, 20, 40, 80, 160];

/// What two that race share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shared {
    Instructor,
    Resource,
    Learner,
    /// Who teaches the one and learns in the other.
    Person,
}

const SHARED: [Shared; 4] = [Shared::Instructor, Shared::Resource, Shared::Learner, Shared::Person];

impl Shared {
    /// Whether a path claims what is shared, at this place of the two.
    fn is_claimed_by(self, path: Path, place: usize) -> bool {
        match (self, place) {
            (Shared::Instructor | Shared::Resource, _) | (Shared::Person, 0) => path.claims_instructor(),
            (Shared::Learner | Shared::Person, _) => path.claims_learner(),
        }
    }
}

/// What the `n`th race of a pair is about, and whether the second of the pair takes the first place in it.
fn contest((one, two): (Path, Path), n: usize) -> (Shared, bool) {
    let fits = |shared: Shared, first: Path, second: Path| shared.is_claimed_by(first, 0) && shared.is_claimed_by(second, 1);
    let tries = (n..n + SHARED.len()).map(|n| SHARED[n % SHARED.len()]);
    let found = tries.flat_map(|shared| [(shared, false), (shared, true)]).find(|(shared, is_swapped)| {
        let (first, second) = if *is_swapped { (two, one) } else { (one, two) };
        fits(*shared, first, second)
    });
    found.unwrap_or_else(|| panic!("{one:?} and {two:?} share nothing"))
}

/// People, rooms and booking types of their own, so that races beside each other do not meet.
pub struct Lane<'a> {
    app: &'a TestApp,
    number: usize,
    admin: Client,
    /// The first also learns: in one role, since a session acts in one.
    instructors: [Client; 2],
    learners: [Client; 3],
    rooms: [Value; 2],
    /// Booking types by instructor, room and sort.
    kinds: BTreeMap<(usize, usize, Sort), Value>,
}

/// One of two that race: with whom, where, for whom, when.
pub struct Side<'a> {
    lane: &'a Lane<'a>,
    place: usize,
    instructor: usize,
    room: usize,
    learner: usize,
    day: Timestamp,
    /// Minutes of that day.
    from: i64,
}

/// How the races of a pair have ended.
#[derive(Debug, Default)]
struct Score {
    won: [usize; 2],
    refusals: BTreeMap<String, usize>,
    problems: Vec<String>,
}

async fn person(app: &TestApp, number: usize, name: &str, role: &str) -> Client {
    app.person(&app.oak, &format!("{name}{number}@oak.example"), &[role]).await
}

impl Lane<'_> {
    async fn new(app: &TestApp, number: usize) -> Lane<'_> {
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let instructors = [person(app, number, "max", "INSTRUCTOR").await, person(app, number, "bob", "INSTRUCTOR").await];
        let grants = json!({ "i": { "userId": instructors[0].user_id, "grants": ["BOOKING_REQUEST"], "denies": [] } });
        admin.ok("mutation($i: SetUserPermissionsInput!) { setUserPermissions(input: $i) { id } }", grants).await;
        let learners = [person(app, number, "ann", "LEARNER").await, person(app, number, "eve", "LEARNER").await, instructors[0].clone()];
        let mut rooms = [Value::Null, Value::Null];
        for (n, room) in rooms.iter_mut().enumerate() {
            open_daily(&instructors[n]).await;
            *room = resource(&admin, json!({ "name": format!("Room {number} {n}"), "kind": "ROOM", "capacity": 10 })).await;
        }
        let mut kinds = BTreeMap::new();
        for (instructor, room) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for (sort, extra) in Sort::ALL {
                let mut input = json!({
                    "name": format!("{sort:?}"), "durations": [60], "slotStepMinutes": 30, "instructors": [{ "instructorId": instructors[instructor].user_id }],
                    "requirements": [{ "name": "Room", "resourceIds": [rooms[room]] }]
                });
                let extra: Value = serde_json::from_str(extra).unwrap();
                input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
                kinds.insert((instructor, room, sort), kind(&admin, input).await);
            }
        }
        Lane { app, number, admin, instructors, learners, rooms, kinds }
    }

    /// The two of a race, who overlap by half an hour, the earlier one in turn; and whom or what both want.
    fn sides(&self, shared: Shared, day: Timestamp, n: usize) -> ([Side<'_>; 2], Uuid) {
        let side = |place: usize, (instructor, room, learner): (usize, usize, usize)| {
            let from = if (n + place).is_multiple_of(2) { 720 } else { 750 };
            Side { lane: self, place, instructor, room, learner, day, from }
        };
        let (two, wanted) = match shared {
            Shared::Instructor => ((0, 1, 1), uuid(&self.instructors[0].user_id)),
            Shared::Resource => ((1, 0, 1), uuid(self.rooms[0].as_str().unwrap())),
            Shared::Learner => ((1, 1, 0), uuid(&self.learners[0].user_id)),
            Shared::Person => ((1, 1, 2), uuid(&self.instructors[0].user_id)),
        };
        ([side(0, (0, 0, 0)), side(1, two)], wanted)
    }

    /// Races those of the pairs that are this lane's.
    async fn race(&self, pairs: &[(Path, Path)], rounds: usize) -> Vec<(usize, Score)> {
        let first: Timestamp = "2099-01-05T00:00:00Z".parse().unwrap();
        let mut days = (0..).map(|n: i64| first + SignedDuration::from_hours(24 * STRIDE * (n * LANES as i64 + self.number as i64)));
        let mut scores = Vec::new();
        for (n, pair) in pairs.iter().enumerate().filter(|(n, _)| n % LANES == self.number) {
            let mut score = Score::default();
            for round in 0..rounds {
                self.race_once(*pair, n + round, days.next().unwrap(), &mut score).await;
            }
            scores.push((n, score));
        }
        scores
    }

    async fn race_once(&self, (one, two): (Path, Path), n: usize, day: Timestamp, score: &mut Score) {
        let (shared, is_swapped) = contest((one, two), n);
        let (first, second) = if is_swapped { (two, one) } else { (one, two) };
        let (sides, wanted) = self.sides(shared, day, n);
        let made = (sides[0].prepare(first).await, sides[1].prepare(second).await);
        let (early, late) = match (first, second) {
            (Path::Offer, Path::Offer) => (0, 0),
            (Path::Offer, _) => (0, LATE_FOR_OFFERS[n % LATE_FOR_OFFERS.len()]),
            (_, Path::Offer) => (LATE_FOR_OFFERS[n % LATE_FOR_OFFERS.len()], 0),
            _ => HEAD_STARTS[n % HEAD_STARTS.len()],
        };
        let answers = join(
            async {
                tokio::time::sleep(Duration::from_millis(early)).await;
                sides[0].run(first, &made.0).await
            },
            async {
                tokio::time::sleep(Duration::from_millis(late)).await;
                sides[1].run(second, &made.1).await
            },
        )
        .await;
        let race = format!("{first:?} against {second:?} for one {shared:?}");
        let mut winners = 0;
        for (place, (path, answer)) in [(first, answers.0), (second, answers.1)].into_iter().enumerate() {
            match answer {
                Ok(()) => {
                    winners += 1;
                    score.won[place ^ usize::from(is_swapped)] += 1;
                }
                Err(error) => {
                    if !path.may_lose_with(&error) {
                        score.problems.push(format!("{race}: {error}"));
                    }
                    let said = format!("{} {}", error["extensions"]["code"], error["extensions"]["reason"]).replace('"', "");
                    *score.refusals.entry(said).or_default() += 1;
                }
            }
        }
        if winners != 1 {
            score.problems.push(format!("{race}: {winners} winners"));
        }
        let found = self.found(day, wanted).await;
        if found != "0 doubles, 1 held, 1 claimed, all as held: true" {
            score.problems.push(format!("{race}: {found}"));
        }
        self.forget_who_waits().await;
    }

    /// What the rows say of the hours of a race, whatever was answered: who is in two places; how often what both want is held by bookings and sessions, and how
    /// often claimed; and whether there are as many claims as there is to be claimed.
    async fn found(&self, day: Timestamp, wanted: Uuid) -> String {
        let (from, to) = (day + SignedDuration::from_hours(11), day + SignedDuration::from_hours(15));
        let (tenant, before) = (self.app.oak.tenant, day);
        let within = format!("tenant_id = '{tenant}' AND starts_at > '{before}' AND starts_at < '{to}' AND ends_at > '{from}'");
        let sql = format!(
            "WITH live AS (
                 SELECT * FROM booking WHERE {within} AND (status IN ('APPROVED', 'ASSIGNED') OR (status = 'REQUESTED' AND holds_while_requested))
             ), met AS (
                 SELECT * FROM group_session WHERE {within} AND status = 'SCHEDULED'
             ), held (party, holder, starts_at, ends_at) AS (
                 SELECT student_id, id, starts_at, ends_at FROM live
               UNION ALL
                 SELECT CASE WHEN status = 'ASSIGNED' THEN instructor_id WHEN holds_while_requested THEN requested_instructor_id END, id, starts_at, ends_at
                 FROM live WHERE group_session_id IS NULL
               UNION ALL
                 SELECT l.resource_id, b.id, b.starts_at, b.ends_at FROM live b
                 JOIN booking_resource l ON l.tenant_id = b.tenant_id AND l.booking_id = b.id WHERE b.group_session_id IS NULL
               UNION ALL
                 SELECT instructor_id, id, starts_at, ends_at FROM met
               UNION ALL
                 SELECT l.resource_id, s.id, s.starts_at, s.ends_at FROM met s
                 JOIN group_session_resource l ON l.tenant_id = s.tenant_id AND l.group_session_id = s.id
             )
             SELECT format('%s doubles, %s held, %s claimed, all as held: %s',
                 (SELECT count(*) FROM held a JOIN held b ON a.party = b.party AND a.holder < b.holder AND a.starts_at < b.ends_at AND a.ends_at > b.starts_at),
                 (SELECT count(*) FROM held WHERE party = '{wanted}'),
                 (SELECT count(*) FROM time_claim WHERE {within} AND party_id = '{wanted}'),
                 ((SELECT count(*) FROM held WHERE party IS NOT NULL) = (SELECT count(*) FROM time_claim WHERE {within}))::text)"
        );
        self.app.text(&sql).await.unwrap()
    }

    /// Whoever waited in vain waits no more.
    async fn forget_who_waits(&self) {
        let people: Vec<String> = self.learners.iter().map(|client| format!("'{}'", uuid(&client.user_id))).collect();
        let sql = format!(
            "SET app.audit = 'off'; DELETE FROM waitlist_entry WHERE status = 'WAITING' AND learner_id IN ({}); RESET app.audit",
            people.join(", ")
        );
        self.app.sql(&sql).await;
    }
}

/// Who won how often, and what the others were told.
fn table(pairs: &[(Path, Path)], scores: &BTreeMap<usize, Score>) -> String {
    let mut text = format!("{:<92} races  first  second  double  the other was told\n", "two that hold time");
    for ((one, two), (_, score)) in pairs.iter().zip(scores) {
        let told: Vec<String> = score.refusals.iter().map(|(said, count)| format!("{said} ×{count}")).collect();
        let [first, second] = score.won;
        let races = score.refusals.values().sum::<usize>() + first + second;
        let (pair, races) = (format!("{} | {}", one.name(), two.name()), races / 2);
        writeln!(
            text,
            "{pair:<92} {races:>5}  {first:>5}  {second:>6}  {:>6}  {}",
            (first + second).saturating_sub(races),
            told.join(", ")
        )
        .unwrap();
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_every_two_paths_that_hold_time_one_has_it_and_the_other_is_told() {
    let rounds = std::env::var("LECTERN_RACES").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    // A hundred rounds take longer than a token lasts.
    let app = TestApp::start_with(&["--access-token-minutes=1440"], HttpOptions::default()).await;
    let lanes = join_all((0..LANES).map(|number| Lane::new(&app, number))).await;
    let all = Path::ALL;
    let pairs: Vec<(Path, Path)> = all.iter().enumerate().flat_map(|(n, one)| all[n..].iter().map(move |two| (*one, *two))).collect();
    let scores: BTreeMap<usize, Score> = join_all(lanes.iter().map(|lane| lane.race(&pairs, rounds))).await.into_iter().flatten().collect();
    println!("{}", table(&pairs, &scores));
    let problems: Vec<&String> = scores.values().flat_map(|score| &score.problems).collect();
    assert!(problems.is_empty(), "{} problems\n{problems:#?}", problems.len());
    // Neither is always late.
    let won: [usize; 2] = [0, 1].map(|place| scores.values().map(|score| score.won[place]).sum());
    assert!(won.iter().all(|won| *won > 0) && won.iter().sum::<usize>() == pairs.len() * rounds, "{won:?}");
}
