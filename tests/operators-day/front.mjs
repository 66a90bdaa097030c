// Stands in for PgDog where its program is not at hand: it reads pgdog.toml, puts each transaction where its key says by the mapping there, and reads
// the file anew when its admin database is told RELOAD. What it does not know of PgDog it does not claim: pooling, passwords, statements over shards.
//
//   node front.mjs PORT PGDOG.TOML SEEN SOCKET...
//
// SOCKET: the socket of each shard's server, which asks nobody there for a password. SEEN: how many transactions it has led to each shard, and how many
// commands came without a key.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import net from "node:net";

const [port, config, seen, ...sockets] = process.argv.slice(2);
const NOBODY = "00000000-0000-0000-0000-000000000000";
const led = sockets.map(() => 0);
let keyless = 0;
let mapping = read();

function read() {
    const parts = readFileSync(config, "utf8").split(/^\[\[sharded_tables\.mapping\]\]/m).slice(1);
    const value = (part, name) => part.match(new RegExp(`^${name} *= *"?([^"\n#]*)"?`, "m"))?.[1].trim();
    return parts.map((part) => ({
        values: part.match(/^values *= *\[([^\]]*)\]/m)?.[1].match(/[0-9a-f-]{36}/g),
        start: value(part, "start"),
        end: value(part, "end"),
        shard: Number(value(part, "shard")),
    }));
}

/// The shard of a school: one that is named goes before every range, and of two the later one counts.
function home(key) {
    const named = mapping.filter((one) => one.values?.includes(key)).pop();
    const ranged = mapping.find((one) => !one.values && (!one.start || key >= one.start) && (!one.end || key < one.end));
    return (named ?? ranged ?? { shard: 0 }).shard;
}

class Wire {
    constructor(socket) {
        this.socket = socket;
        this.bytes = Buffer.alloc(0);
        socket.on("data", (part) => {
            this.bytes = Buffer.concat([this.bytes, part]);
            this.wake?.();
        });
        for (const end of ["end", "close", "error"]) socket.on(end, () => ((this.ended = true), this.wake?.()));
    }
    async take(count) {
        while (this.bytes.length < count) {
            if (this.ended) throw new Error("ended");
            await new Promise((wake) => (this.wake = wake));
        }
        const taken = this.bytes.subarray(0, count);
        this.bytes = this.bytes.subarray(count);
        return taken;
    }
    /// A message: its type, what is in it, and all of its bytes.
    async message() {
        const head = await this.take(5);
        const body = await this.take(head.readInt32BE(1) - 4);
        return { kind: String.fromCharCode(head[0]), body, bytes: Buffer.concat([head, body]) };
    }
    /// What a server says until it waits for more.
    async untilReady() {
        const said = [];
        for (;;) {
            const message = await this.message();
            if (message.kind === "R" && message.body.readInt32BE(0) !== 0) throw new Error("the server asks for a password");
            said.push(message);
            if (message.kind === "Z") return said;
        }
    }
}

const texts = (body) => body.toString("latin1").split("\0");
const packed = (kind, body) => {
    const head = Buffer.alloc(5);
    head.write(kind, 0, "latin1");
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
};
const answered = (tag, state) => Buffer.concat([packed("C", Buffer.from(`${tag}\0`)), packed("Z", Buffer.from(state))]);

/// The settings that a client begins with; nothing of one that wants something cancelled.
async function greeted(client) {
    for (;;) {
        const length = (await client.take(4)).readInt32BE(0);
        const body = await client.take(length - 4);
        const code = body.readInt32BE(0);
        if (code === 80877103 || code === 80877104) client.socket.write("N");
        else if (code === 196608) return body.subarray(4);
        else return undefined;
    }
}

class Session {
    statements = new Map();
    constructor(client, backends) {
        this.client = client;
        this.backends = backends;
        this.open = {};
    }
    async run() {
        let batch = [];
        for (;;) {
            const message = await this.client.message();
            if (message.kind === "X") return;
            if (message.kind === "Q") await this.ask(message);
            else {
                batch.push(message);
                if (message.kind === "S") await this.exchange(batch.splice(0));
            }
        }
    }
    async ask(message) {
        const text = message.body.toString("utf8").replace(/\0$/, "");
        if (text.startsWith("BEGIN")) {
            this.open = { begin: message };
            return this.client.socket.write(answered("BEGIN", "T"));
        }
        const key = text.match(/^SET LOCAL pgdog\.sharding_key = '?([0-9a-f-]{36})/)?.[1];
        if (key) {
            this.open.key = key;
            return this.client.socket.write(answered("SET", "T"));
        }
        return this.putThrough([message], text);
    }
    async exchange(batch) {
        let text = "";
        for (const { kind, body, bytes } of batch) {
            const [one, two] = texts(body);
            if (kind === "P") this.statements.set(one, { bytes, text: two });
            if (kind === "B") text = this.statements.get(two)?.text ?? "";
        }
        return this.putThrough(batch, text);
    }
    async putThrough(batch, text) {
        let at = this.open.at ?? 0;
        if (this.open.begin && this.open.at === undefined && text) {
            if (!this.open.key) keyless += 1;
            at = this.open.at = home(this.open.key ?? NOBODY);
            led[at] += 1;
            this.backends[at].wire.socket.write(this.open.begin.bytes);
            await this.backends[at].wire.untilReady();
        } else if (!this.open.begin && text && !text.startsWith("ROLLBACK")) keyless += 1;
        const backend = this.backends[at];
        await this.prepare(backend, batch);
        backend.wire.socket.write(Buffer.concat(batch.map((message) => message.bytes)));
        const said = await backend.wire.untilReady();
        if (said.at(-1).body.toString() === "I") this.open = {};
        this.client.socket.write(Buffer.concat(said.map((message) => message.bytes)));
    }
    /// A statement is prepared by the client once, and may be run on every shard.
    async prepare(backend, batch) {
        for (const { kind, body } of batch) {
            const [one, two] = texts(body);
            if (kind === "P") backend.prepared.add(one);
            const named = kind === "B" ? two : kind === "D" && one[0] === "S" ? one.slice(1) : undefined;
            const statement = named === undefined ? undefined : this.statements.get(named);
            if (!statement || backend.prepared.has(named)) continue;
            backend.prepared.add(named);
            backend.wire.socket.write(Buffer.concat([statement.bytes, packed("S", Buffer.alloc(0))]));
            await backend.wire.untilReady();
        }
    }
}

/// The admin database, as far as it is told to read its file anew.
async function administer(client) {
    client.socket.write(Buffer.concat([packed("R", Buffer.alloc(4)), packed("Z", Buffer.from("I"))]));
    for (;;) {
        const message = await client.message();
        if (message.kind === "X") return;
        if (/^RELOAD/i.test(message.body.toString())) mapping = read();
        client.socket.write(answered("RELOAD", "I"));
    }
}

async function serve(socket) {
    const client = new Wire(socket);
    const backends = [];
    try {
        const settings = await greeted(client);
        if (!settings) return;
        const pairs = texts(settings);
        if (pairs[pairs.indexOf("database") + 1] === "admin") return await administer(client);
        const length = Buffer.alloc(8);
        length.writeInt32BE(settings.length + 8, 0);
        length.writeInt32BE(196608, 4);
        let greeting;
        for (const path of sockets) {
            const wire = new Wire(net.connect(path));
            backends.push({ wire, prepared: new Set() });
            wire.socket.write(Buffer.concat([length, settings]));
            greeting ??= await wire.untilReady();
            if (backends.length > 1) await wire.untilReady();
        }
        socket.write(Buffer.concat(greeting.map((message) => message.bytes)));
        await new Session(client, backends).run();
    } catch {
        // It ends with either side.
    } finally {
        socket.destroy();
        for (const { wire } of backends) wire.socket.destroy();
    }
}

net.createServer(serve).listen(Number(port), "127.0.0.1");
setInterval(() => {
    writeFileSync(`${seen}.new`, `led="${led.join(" ")}" keyless=${keyless}\n`);
    renameSync(`${seen}.new`, seen);
}, 200);
