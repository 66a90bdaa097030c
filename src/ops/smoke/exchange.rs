//! What leaves the school and what comes into it: reports and the roster as files, an import that only says what it would do; and what people are
//! told of.

use std::time::Duration;

use lectern_kernel::ids;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Smoke, text};

const DELETE_SCHEDULE: &str = "mutation($id: ID!) { deleteReportSchedule(id: $id) }";
const CANCEL_JOB: &str = "mutation($id: ID!) { cancelJob(id: $id) { state } }";
const CANCEL_IMPORT: &str = "mutation($id: ID!) { cancelImport(id: $id) { state } }";
/// How something is refused that has ended meanwhile.
const ENDED: &str = "CONFLICT INVALID_TRANSITION";
/// How often, a tenth of a second apart, it is asked whether an export that has begun is done.
const PATIENCE: u32 = 50;

impl Smoke {
    pub(super) async fn exports(&mut self) -> Option<()> {
        let create = "mutation($i: CreateReportScheduleInput!) { createReportSchedule(input: $i) { id nextRunAt } }";
        let input = |hour: i32| json!({ "i": { "dataset": "BOOKINGS", "frequency": "MONTHLY", "hour": hour, "timeZone": "UTC" } });
        self.client.refused("createReportSchedule, at no hour", create, input(24), "BAD_USER_INPUT").await;
        let schedule = text(&self.client.ask("export", create, input(4)).await?["id"]);
        self.remember(&schedule, DELETE_SCHEDULE, json!({ "id": schedule }));
        let update = "mutation($i: UpdateReportScheduleInput!) { updateReportSchedule(input: $i) { isPaused nextRunAt } }";
        let nothing = json!({ "i": { "id": schedule, "frequency": null } });
        self.client.refused("updateReportSchedule, to no frequency", update, nothing, "BAD_USER_INPUT").await;
        self.client.ask("export", update, json!({ "i": { "id": schedule, "isPaused": true } })).await;
        let run = "mutation($id: ID!) { runReportSchedule(id: $id) { id state } }";
        if let Some(run) = self.client.ask("export", run, json!({ "id": schedule })).await {
            self.call_off(&text(&run["id"])).await;
        }
        let read = "query($id: ID!) { reportSchedule(id: $id) { isPaused nextRunAt runs(first: 3) { totalCount } } }";
        self.client.ask("export", read, json!({ "id": schedule })).await;
        self.remove(&schedule, "export").await;

        let report = "mutation($i: ExportReportInput!) { exportReport(input: $i) { id state } }";
        let span = |from: &str, to: &str| json!({ "i": { "dataset": "BOOKINGS", "from": from, "to": to } });
        let (first, second) = ("2001-01-01T00:00:00Z", "2001-01-02T00:00:00Z");
        self.client.refused("exportReport, backwards", report, span(second, first), "BAD_USER_INPUT").await;
        if let Some(run) = self.client.ask("export", report, span(first, second)).await {
            self.call_off(&text(&run["id"])).await;
        }
        let roster = "mutation($i: ExportRosterInput!) { exportRoster(input: $i) { id state } }";
        let run = self.client.ask("export", roster, json!({ "i": { "format": "ONEROSTER_1_2" } })).await?;
        self.call_off(&text(&run["id"])).await;
        Some(())
    }

    /// Calls off an export; where it has begun already, its file goes as soon as there is one.
    async fn call_off(&mut self, run: &str) {
        let jobs = "query($id: ID!) { jobs(first: 1, filter: { subjectId: $id }) { nodes { id } } }";
        let Some(found) = self.client.ask("export", jobs, json!({ "id": run })).await else { return };
        let job = text(&found["nodes"][0]["id"]);
        self.remember_unless(&job, CANCEL_JOB, json!({ "id": job }), ENDED);
        self.remove(&job, "export").await;
        let read = "query($id: ID!) { exportRun(id: $id) { state file { id } } }";
        for _time in 0..PATIENCE {
            let Some(now) = self.client.look(read, json!({ "id": run })).await else { break };
            if now["state"] != "QUEUED" && now["state"] != "RUNNING" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let Some(ended) = self.client.ask("export", read, json!({ "id": run })).await else { return };
        if let Some(file) = ended["file"]["id"].as_str() {
            self.remember(file, super::DELETE_FILE, json!({ "id": file }));
            self.remove(file, "export").await;
        }
    }

    pub(super) async fn imports(&mut self) -> Option<()> {
        let bytes = b"email,name,roles\nnobody@smoke.invalid,Nobody,LEARNER\n".as_slice();
        let start = "mutation($i: StartImportInput!) { startImport(input: $i) { id state dryRun } }";
        let input = |file: &str| json!({ "i": { "fileId": file, "format": "USERS_CSV", "source": "lectern smoke", "dryRun": true } });
        let never = ids::encode("file", Uuid::now_v7());
        self.client.refused("startImport, of no file", start, input(&never), "NOT_FOUND").await;
        let file = self.upload("smoke.csv", bytes).await?;
        // A school has one import at a time: where one runs, that works.
        if let Some(run) = self.client.ask_unless("import", start, input(&file), "CONFLICT IMPORT_RUNNING").await {
            let run = text(&run["id"]);
            self.remember_unless(&run, CANCEL_IMPORT, json!({ "id": run }), ENDED);
            self.remove(&run, "import").await;
            let read = "query($id: ID!) { importRun(id: $id) { state dryRun progress counts { entity created } issues(first: 3) { totalCount } } }";
            self.client.ask("import", read, json!({ "id": run })).await;
            self.client.refused("cancelImport, ended", CANCEL_IMPORT, json!({ "id": run }), ENDED).await;
        }
        self.remove(&file, "import").await;
        Some(())
    }

    /// Nothing of the account's own is marked or chosen: what is asked for changes nothing.
    pub(super) async fn notifications(&mut self) {
        let client = &mut self.client;
        client.ask("notification", "{ unreadNotificationCount }", json!({})).await;
        client.ask("notification", "{ notificationSettings { digestHour preferences { kind inApp email isDefault } } }", json!({})).await;
        let mark = "mutation($to: DateTime) { markAllNotificationsRead(upTo: $to) }";
        let long_ago = json!({ "to": "2001-01-01T00:00:00Z" });
        client.answers("notification", "markAllNotificationsRead, of long ago", mark, long_ago, json!(0)).await;
        let set = "mutation($i: SetNotificationsReadInput!) { setNotificationsRead(input: $i) { id } }";
        let never = json!({ "i": { "ids": [ids::encode("notification", Uuid::now_v7())], "isRead": true } });
        client.refused("setNotificationsRead, unknown id", set, never, "NOT_FOUND").await;
        let choose = "mutation($i: UpdateNotificationSettingsInput!) { updateNotificationSettings(input: $i) { digestHour } }";
        client.refused("updateNotificationSettings, at no hour", choose, json!({ "i": { "digestHour": 24 } }), "BAD_USER_INPUT").await;
        client.ask("notification", choose, json!({ "i": { "preferences": [] } })).await;
    }

    /// Uploads bytes; the file's id, which is to be removed.
    async fn upload(&mut self, name: &str, bytes: &'static [u8]) -> Option<String> {
        let upload: Value = self.client.ask("file", super::CREATE_UPLOAD, super::declared(name, bytes, bytes.len())).await?;
        let id = text(&upload["id"]);
        self.remember(&id, super::CANCEL_UPLOAD, json!({ "id": id }));
        self.client.put(upload["url"].as_str().unwrap_or_default(), &upload["headers"], bytes).await?;
        let file = text(&self.client.ask("file", super::COMPLETE_UPLOAD, json!({ "id": id })).await?["id"]);
        self.left.retain(|left| left.id != id);
        self.remember(&file, super::DELETE_FILE, json!({ "id": file }));
        Some(file)
    }
}
