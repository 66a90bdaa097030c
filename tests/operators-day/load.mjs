// People at work while the day goes on, who remember what they were answered.
//
//   node load.mjs people FOLDER WRITERS READERS [PREFIX]   until SIGTERM
//   node load.mjs tries FOLDER COUNT                       writes that are read back at once, at the process that wrote and at the other one
//
// FOLDER holds `session.json` (accessToken, refreshToken) and `services`, the addresses that a balancer would send to: both are read for each request.
// `counts` says in the shell's way what became of it, and when each person's last request was begun (ms); `ledger` has a line for each write: its outcome, its title, when it was sent (ms).
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import http from "node:http";

const [mode, folder, first, second, prefix = "write"] = process.argv.slice(2);
const file = (name) => `${folder}/${name}`;
const WRITE = "mutation($t: String!) { createCourse(input: { title: $t }) { id } }";
const READ = "{ viewer { user { email } } courses(first: 5) { totalCount nodes { title } } }";
const BACK = "query($id: ID!) { course(id: $id) { title } }";
const REFRESH = "mutation($t: String!) { refreshSession(input: { refreshToken: $t }) { accessToken refreshToken } }";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const counts = { acknowledged: 0, refused: 0, unanswered: 0, answered: 0, failed: 0, refreshed: 0, latest: 0, slowest: 0, tried: 0, stale: 0 };
const said = [];
let stopped = false;

function services() {
    return readFileSync(file("services"), "utf8").split(/\s+/).filter(Boolean);
}

/// One request on a connection of its own: none is reused just when the service closes it.
function post(url, token, query, variables, headers = {}) {
    const body = JSON.stringify({ query, variables });
    const all = { "content-type": "application/json", "content-length": Buffer.byteLength(body), ...headers };
    if (token) all.authorization = `Bearer ${token}`;
    return new Promise((resolve, reject) => {
        const request = http.request(`${url}/graphql`, { method: "POST", headers: all, agent: false, timeout: 60_000 }, (response) => {
            let text = "";
            response.on("data", (part) => (text += part));
            response.on("error", reject);
            response.on("end", () => {
                try {
                    resolve({ answer: JSON.parse(text), position: response.headers["x-lectern-position"] });
                } catch {
                    reject(new Error(`no JSON: HTTP ${response.statusCode} ${text.slice(0, 200)}`));
                }
            });
        });
        request.on("timeout", () => request.destroy(new Error("no answer within a minute")));
        request.on("error", reject);
        request.end(body);
    });
}

let refreshing;
const session = () => JSON.parse(readFileSync(file("session.json"), "utf8"));

/// As somebody who stays signed in: where an access token is not taken any more, the refresh token brings a new one.
async function asked(url, query, variables, headers) {
    const { accessToken } = session();
    const found = await post(url, accessToken, query, variables, headers);
    const nobody = found.answer.errors?.some((error) => error.extensions?.code === "UNAUTHENTICATED") || found.answer.data?.viewer === null;
    if (!nobody) return found;
    refreshing ??= (async () => {
        if (session().accessToken === accessToken) {
            const renewed = (await post(url, "", REFRESH, { t: session().refreshToken })).answer;
            if (!renewed.data?.refreshSession) throw new Error(`signed out: ${JSON.stringify(renewed)}`);
            writeFileSync(file("session.new"), JSON.stringify(renewed.data.refreshSession));
            renameSync(file("session.new"), file("session.json"));
            counts.refreshed += 1;
        }
    })().finally(() => (refreshing = undefined));
    await refreshing;
    return post(url, session().accessToken, query, variables, headers);
}

function tell(why) {
    if (said.length < 20) said.push(why);
}

function failed(why) {
    counts.failed += 1;
    tell(why);
}

/// A person's next request: when it is begun, and then where it may go.
function begin(person) {
    counts[`began_${person}`] = Date.now();
    return services();
}

function show() {
    writeFileSync(file("counts.new"), Object.entries(counts).map(([name, count]) => `${name}=${count}\n`).join(""));
    renameSync(file("counts.new"), file("counts"));
}

async function writer(number) {
    for (let round = 0; !stopped; round++) {
        const all = begin(`writer_${number}`);
        const title = `${prefix} ${number} ${round}`;
        const sent = Date.now();
        let outcome = "unanswered";
        try {
            const { answer } = await asked(all[(number + round) % all.length], WRITE, { t: title });
            if (answer.data?.createCourse?.id && !answer.errors) outcome = "acknowledged";
            else if (answer.errors?.every((error) => error.extensions?.code === "UNAVAILABLE")) outcome = "refused";
            else {
                outcome = "failed";
                tell(`write: ${JSON.stringify(answer)}`);
            }
        } catch (error) {
            tell(`write: ${error.message}`);
        }
        counts[outcome] += 1;
        if (outcome === "acknowledged") {
            counts.latest = Math.max(counts.latest, sent);
            counts.slowest = Math.max(counts.slowest, Date.now() - sent);
        }
        appendFileSync(file("ledger"), `${outcome}\t${title}\t${sent}\n`);
        await sleep(outcome === "acknowledged" ? 20 : 50);
    }
}

async function reader(number) {
    for (let round = 0; !stopped; round++) {
        const all = begin(`reader_${number}`);
        try {
            const { answer } = await asked(all[(number + round) % all.length], READ, {});
            if (answer.errors || !answer.data.viewer) failed(JSON.stringify(answer));
            else counts.answered += 1;
        } catch (error) {
            failed(`read: ${error.message}`);
        }
        await sleep(20);
    }
}

async function tries(count) {
    for (let round = 0; round < count; round++) {
        const all = services();
        const [here, there] = [all[round % all.length], all[(round + 1) % all.length]];
        const title = `${prefix} ${round}`;
        const { answer, position } = await asked(here, WRITE, { t: title });
        const id = answer.data?.createCourse?.id;
        if (!id || !position) throw new Error(`not written, or without a position: ${JSON.stringify(answer)}`);
        for (const [url, headers] of [[here, {}], [there, { "x-lectern-position": position }]]) {
            const read = await asked(url, BACK, { id }, headers);
            counts.tried += 1;
            if (read.answer.data?.course?.title !== title) counts.stale += 1;
        }
    }
}

process.on("SIGTERM", () => (stopped = true));
const shows = setInterval(show, 50);
if (mode === "tries") await tries(Number(first));
else {
    const people = [];
    for (let number = 0; number < Number(first); number++) people.push(writer(number));
    for (let number = 0; number < Number(second); number++) people.push(reader(number));
    await Promise.all(people);
}
clearInterval(shows);
show();
for (const line of said) console.error(line);
