//! The paths by which somebody comes to hold time: what has to be there before, and what is done when it counts.

use lectern_kernel::ids;

use super::*;

const REQUEST: &str = "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }";
const APPROVE: &str = "mutation($id: ID!) { approveBooking(id: $id) { id } }";
const ASSIGN: &str = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id } }";
const CONFIRM: &str = "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { id } }";
const BOOK: &str = "mutation($i: BookSlotInput!) { bookSlot(input: $i) { id } }";
const HOLD: &str = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id } }";
const SERIES: &str = "mutation($i: BookSeriesInput!) { bookSeries(input: $i) { id bookings(first: 1) { nodes { id } } } }";
const MOVE: &str = "mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id } }";
const MOVE_SERIES: &str = "mutation($i: RescheduleSeriesInput!) { rescheduleSeries(input: $i) { id } }";
const OPEN: &str = "mutation($i: OpenGroupSessionsInput!) { openGroupSessions(input: $i) { id } }";
const CHANGE: &str = "mutation($i: UpdateGroupSessionInput!) { updateGroupSession(input: $i) { id } }";
const ACCEPT: &str = "mutation($id: ID!) { acceptOffer(id: $id) { id } }";

/// A sort of booking types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    Single,
    /// Held from the request on.
    Asked,
    Group,
    AskedGroup,
}

impl Sort {
    /// Each with what is said of it beside.
    pub const ALL: [(Sort, &'static str); 4] = [
        (Sort::Single, "{}"),
        (Sort::Asked, r#"{ "needsApproval": true, "holdsWhileRequested": true }"#),
        (Sort::Group, r#"{ "seats": 3 }"#),
        (Sort::AskedGroup, r#"{ "seats": 3, "needsApproval": true }"#),
    ];
}

/// A way to hold time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    Core,
    Confirm,
    Book,
    Ask,
    Hold,
    Series,
    Seat,
    ConfirmSeat,
    Open,
    Offer,
    Move,
    MoveByHold,
    MoveOfCore,
    MoveSeries,
    MoveSeat,
    MoveSession,
}

impl Path {
    pub const ALL: [Path; 16] = [
        Path::Core,
        Path::Confirm,
        Path::Book,
        Path::Ask,
        Path::Hold,
        Path::Series,
        Path::Seat,
        Path::ConfirmSeat,
        Path::Open,
        Path::Offer,
        Path::Move,
        Path::MoveByHold,
        Path::MoveOfCore,
        Path::MoveSeries,
        Path::MoveSeat,
        Path::MoveSession,
    ];

    /// By the names of the mutations.
    pub fn name(self) -> &'static str {
        match self {
            Path::Core => "requestBooking, approveBooking, assignBooking",
            Path::Confirm => "confirmBooking",
            Path::Book => "bookSlot",
            Path::Ask => "bookSlot, held while requested",
            Path::Hold => "holdSlot, bookSlot of it",
            Path::Series => "bookSeries",
            Path::Seat => "bookSlot of a seat",
            Path::ConfirmSeat => "confirmBooking of a seat",
            Path::Open => "openGroupSessions",
            Path::Offer => "offer of the waitlist, acceptOffer",
            Path::Move => "rescheduleBooking",
            Path::MoveByHold => "holdSlot, rescheduleBooking to it",
            Path::MoveOfCore => "rescheduleBooking without type",
            Path::MoveSeries => "rescheduleSeries",
            Path::MoveSeat => "rescheduleBooking of a seat",
            Path::MoveSession => "updateGroupSession",
        }
    }

    /// And a resource.
    pub fn claims_instructor(self) -> bool {
        self != Path::MoveOfCore
    }

    pub fn claims_learner(self) -> bool {
        self != Path::Open
    }

    /// Whether this is what the one who comes second is told: that the time is taken; of an offer that there is none, or no more; of a hold of their own that they
    /// gave it up when they took the time by the other path.
    pub fn may_lose_with(self, error: &Value) -> bool {
        let said = &error["extensions"];
        let is_taken = |clash: &Value| clash["reason"] == "BOOKING_CONFLICT";
        said["code"] == "CONFLICT"
            && match said["reason"].as_str().unwrap_or_default() {
                "BOOKING_CONFLICT" => true,
                "SERIES_CLASH" => {
                    matches!(self, Path::Series | Path::MoveSeries) && said["clashes"].as_array().unwrap().iter().all(is_taken)
                }
                "HOLD_EXPIRED" => matches!(self, Path::Hold | Path::MoveByHold),
                "INVALID_TRANSITION" | "OFFER_EXPIRED" => self == Path::Offer,
                _ => false,
            }
    }
}

/// What a mutation answers, or why it is refused.
async fn ask(client: &Client, query: &str, variables: Value) -> Result<Value, Value> {
    let mut answer = client.ask(query, variables).await;
    if answer.get("errors").is_some() {
        return Err(answer["errors"][0].take());
    }
    Ok(answer["data"].as_object_mut().unwrap().values_mut().next().unwrap().take())
}

/// What is made before a race begins.
async fn made(client: &Client, query: &str, variables: Value) -> Value {
    let mut answer = ask(client, query, variables).await.unwrap_or_else(|error| panic!("{query}: {error}"));
    answer["id"].take()
}

impl Side<'_> {
    fn learner(&self) -> &Client {
        &self.lane.learners[self.learner]
    }

    fn instructor(&self) -> &Client {
        &self.lane.instructors[self.instructor]
    }

    fn room(&self) -> &Value {
        &self.lane.rooms[self.room]
    }

    fn kind(&self, sort: Sort) -> &Value {
        &self.lane.kinds[&(self.instructor, self.room, sort)]
    }

    fn minute(&self, days: i64, minutes: i64) -> String {
        (self.day + SignedDuration::from_mins(days * 1440 + minutes)).to_string()
    }

    fn start(&self) -> String {
        self.minute(0, self.from)
    }

    fn end(&self) -> String {
        self.minute(0, self.from + 60)
    }

    /// An hour that nobody wants, some days later, from so many minutes after its start.
    fn aside(&self, minutes: i64) -> String {
        let own = if self.place == 0 { 540 } else { 900 };
        self.minute(3, own + minutes)
    }

    fn slot(&self, sort: Sort, starts_at: String) -> Value {
        json!({ "i": { "bookingTypeId": self.kind(sort), "startsAt": starts_at } })
    }

    fn series(&self, starts_at: String) -> Value {
        let input = json!({ "bookingTypeId": self.kind(Sort::Single), "startsAt": starts_at, "recurrence": "FREQ=DAILY;COUNT=2", "timeZone": "UTC" });
        json!({ "i": input })
    }

    fn moved(&self, booking: &Value, hold: Option<Value>) -> Value {
        json!({ "i": { "id": booking, "startsAt": self.start(), "endsAt": self.end(), "holdId": hold } })
    }

    fn taken(&self, booking: &Value) -> Value {
        json!({ "i": { "id": booking, "instructorId": self.instructor().user_id, "resourceIds": [self.room()] } })
    }

    /// Makes what a path starts from; answers its id.
    pub async fn prepare(&self, path: Path) -> Value {
        let (admin, learner) = (&self.lane.admin, self.learner());
        match path {
            Path::Book | Path::Ask | Path::Hold | Path::Series | Path::Seat | Path::Open => Value::Null,
            Path::Core | Path::Confirm => made(learner, REQUEST, json!({ "i": { "startsAt": self.start(), "endsAt": self.end() } })).await,
            Path::ConfirmSeat => made(learner, BOOK, self.slot(Sort::AskedGroup, self.start())).await,
            Path::Offer => self.wait().await,
            Path::Move | Path::MoveByHold => made(learner, BOOK, self.slot(Sort::Single, self.aside(0))).await,
            Path::MoveSeat => made(learner, BOOK, self.slot(Sort::Group, self.aside(0))).await,
            Path::MoveOfCore => {
                let booking = made(learner, REQUEST, json!({ "i": { "startsAt": self.aside(0), "endsAt": self.aside(60) } })).await;
                made(admin, APPROVE, json!({ "id": booking })).await
            }
            Path::MoveSeries => {
                let mut series = ask(learner, SERIES, self.series(self.aside(0))).await.unwrap_or_else(|error| panic!("{error}"));
                series["bookings"]["nodes"][0]["id"].take()
            }
            Path::MoveSession => {
                let opening = self.slot(Sort::Group, self.aside(0));
                let mut sessions = ask(self.instructor(), OPEN, opening.clone()).await.unwrap_or_else(|error| panic!("{error}"));
                made(learner, BOOK, opening).await;
                sessions[0]["id"].take()
            }
        }
    }

    /// Waits for that very hour, and asks for it to be offered; other jobs are forgotten, so that it is not behind them.
    async fn wait(&self) -> Value {
        let (tenant, entry) = (self.lane.app.oak.tenant, Uuid::now_v7());
        let (from, to) = (self.start(), self.end());
        let sql = format!(
            "BEGIN; SET LOCAL app.audit = 'off'; DELETE FROM job WHERE state = 'QUEUED' AND kind <> 'waitlist.offer';
             INSERT INTO waitlist_entry (tenant_id, id, learner_id, booking_type_id, starts_at, ends_at)
                 VALUES ('{tenant}', '{entry}', '{}', '{}', '{from}', '{to}');
             SELECT set_config('app.tenant_id', '{tenant}', true);
             SELECT app.enqueue('waitlist.offer', '{entry}', jsonb_build_object('from', '{from}', 'to', '{to}'));
             COMMIT",
            uuid(&self.learner().user_id),
            uuid(self.kind(Sort::Single).as_str().unwrap())
        );
        self.lane.app.sql(&sql).await;
        json!(ids::encode("waitlist", entry))
    }

    /// Goes the path to its end, or to where it is refused.
    pub async fn run(&self, path: Path, made: &Value) -> Result<(), Value> {
        let (admin, learner) = (&self.lane.admin, self.learner());
        let answer = match path {
            Path::Core => {
                ask(admin, APPROVE, json!({ "id": made })).await?;
                ask(admin, ASSIGN, self.taken(made)).await
            }
            Path::Confirm => ask(admin, CONFIRM, self.taken(made)).await,
            Path::ConfirmSeat => ask(admin, CONFIRM, json!({ "i": { "id": made } })).await,
            Path::Book => ask(learner, BOOK, self.slot(Sort::Single, self.start())).await,
            Path::Ask => ask(learner, BOOK, self.slot(Sort::Asked, self.start())).await,
            Path::Seat => ask(learner, BOOK, self.slot(Sort::Group, self.start())).await,
            Path::Hold => {
                let mut slot = self.slot(Sort::Single, self.start());
                slot["i"]["holdId"] = self.hold().await?;
                ask(learner, BOOK, slot).await
            }
            Path::Series => ask(learner, SERIES, self.series(self.start())).await,
            Path::Open => ask(self.instructor(), OPEN, self.slot(Sort::Group, self.start())).await,
            Path::Offer => {
                self.lane.app.work().await;
                ask(learner, ACCEPT, json!({ "id": made })).await
            }
            Path::Move | Path::MoveSeat => ask(learner, MOVE, self.moved(made, None)).await,
            Path::MoveOfCore => ask(admin, MOVE, self.moved(made, None)).await,
            Path::MoveByHold => {
                let hold = self.hold().await?;
                ask(learner, MOVE, self.moved(made, Some(hold))).await
            }
            Path::MoveSeries => {
                let to = json!({ "i": { "bookingId": made, "scope": "ALL", "startsAt": self.start() } });
                ask(learner, MOVE_SERIES, to).await
            }
            Path::MoveSession => ask(self.instructor(), CHANGE, json!({ "i": { "id": made, "startsAt": self.start() } })).await,
        };
        answer.map(drop)
    }

    /// Holds that hour; answers the hold's id.
    async fn hold(&self) -> Result<Value, Value> {
        ask(self.learner(), HOLD, self.slot(Sort::Single, self.start())).await.map(|mut hold| hold["id"].take())
    }
}
