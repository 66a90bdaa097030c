//! The settings that every command shares.

use std::{net::SocketAddr, path::PathBuf};

use axum::http::HeaderName;
use clap::{
    Args,
    builder::{BoolishValueParser, FalseyValueParser},
};
use ipnet::IpNet;
use lectern_kernel::{rates::COST, request::DOCUMENT_CACHE_BYTES};

use super::values::{Allowed, LogFormat, PoolerKind, Secret, ShardingKind, allowed, between, header, network};
use crate::{
    domains::{
        answers::{USUAL_ANSWERS, USUAL_CONTEXT, USUAL_MODEL},
        bookings::CHANGES,
        client_events::BATCHES,
        conversations::SENDS,
        files::{UPLOADS, USUAL_TYPES},
        payments::STRIPE,
    },
    http::{CORS_REQUEST_HEADERS, CORS_RESPONSE_HEADERS},
};

/// Settings.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address and port to serve on
    #[arg(long, env = "LECTERN_LISTEN", default_value = "127.0.0.1:8000", global = true)]
    pub listen: SocketAddr,

    /// PostgreSQL to use, as the role lectern_app (a primary and its standbys: HOST:PORT,HOST:PORT); a PostgreSQL of its own runs when left out
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", global = true)]
    pub database_url: Option<Secret>,

    /// Standbys of it that queries are read from, as the role lectern_app: one HOST:PORT, or several, separated by commas
    #[arg(long, env = "LECTERN_REPLICA_URL", hide_env_values = true, value_name = "URL", global = true)]
    pub replica_url: Option<Secret>,

    /// Milliseconds that a standby may be behind and still be read from
    #[arg(long, env = "LECTERN_REPLICA_LAG", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(300..=60_000), value_name = "MILLISECONDS", global = true)]
    pub replica_lag: u64,

    /// What stands in front of the databases that schools are spread over: `pgdog`, which DATABASE_URL leads to then; one database has all when left out
    #[arg(long, env = "LECTERN_SHARDING", value_enum, value_name = "POOLER", global = true)]
    pub sharding: Option<ShardingKind>,

    /// Each shard's own address (postgres://HOST:PORT/DATABASE), in PgDog's order, separated by blanks; user and password are those of the other URLs
    #[arg(long, env = "LECTERN_SHARD_URLS", value_delimiter = ' ', value_name = "URLS", global = true)]
    pub shard_urls: Vec<String>,

    /// The shard that a command goes to, counted from 1, where it is not to go to all of them
    #[arg(long, value_name = "NUMBER", global = true)]
    pub shard: Option<usize>,

    /// The same database as its owner (lectern_owner), for `migrate`
    #[arg(long, env = "LECTERN_OWNER_URL", hide_env_values = true, value_name = "URL", global = true)]
    pub owner_url: Option<Secret>,

    /// The same database as lectern_platform, for `seed`, `tenant` and `jobs` (and `migrate`, where lectern_owner may not become that role)
    #[arg(long, env = "LECTERN_PLATFORM_URL", hide_env_values = true, value_name = "URL", global = true)]
    pub platform_url: Option<Secret>,

    /// The same database as lectern_desk, for /platform/graphql, exports and erasures; without it there are none
    #[arg(long, env = "LECTERN_DESK_URL", hide_env_values = true, value_name = "URL", global = true)]
    pub desk_url: Option<Secret>,

    /// Address and port to serve the platform on, in place of /platform/graphql beside the schools' endpoint
    #[arg(long, env = "LECTERN_DESK_LISTEN", value_name = "ADDRESS", global = true)]
    pub desk_listen: Option<String>,

    /// Folder of the embedded PostgreSQL, the generated keys and, unless told otherwise, the files
    #[arg(long, env = "LECTERN_DATA_DIR", default_value = ".lectern", value_name = "FOLDER", global = true)]
    pub data_dir: PathBuf,

    /// Folder with the PostgreSQL programs `initdb` and `postgres` for the embedded server; searched for when left out
    #[arg(long, env = "LECTERN_PG_BIN", value_name = "FOLDER", global = true)]
    pub pg_bin: Option<PathBuf>,

    /// Never download PostgreSQL programs for the embedded server
    #[arg(long, env = "LECTERN_OFFLINE", value_parser = FalseyValueParser::new(), global = true)]
    pub offline: bool,

    /// Load the two demo schools into an empty embedded database
    #[arg(long, env = "LECTERN_DEMO", default_value_t = true, action = clap::ArgAction::Set, value_parser = BoolishValueParser::new(), value_name = "BOOL", global = true)]
    pub demo: bool,

    /// Keys that sign tokens, separated by commas: the first signs, all verify (see `lectern key`); generated for the embedded database, required for
    /// any other
    #[arg(long, env = "LECTERN_SIGNING_KEY", hide_env_values = true, value_name = "KEYS", global = true)]
    pub signing_key: Option<Secret>,

    /// Keys that seal secrets in the database, separated by commas: the first seals, all open (see `lectern key --secret`); generated for the
    /// embedded database, required for any other
    #[arg(long, env = "LECTERN_SECRET_KEYS", hide_env_values = true, value_name = "KEYS", global = true)]
    pub secret_keys: Option<Secret>,

    /// Address that people reach the service at, such as https://school.example: links to files begin with it; the listening address when left out
    #[arg(long, env = "LECTERN_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<String>,

    /// Folder that files are kept in, where LECTERN_S3_BUCKET is not set [default: files/ in the data folder]
    #[arg(long, env = "LECTERN_FILES", value_name = "FOLDER", global = true)]
    pub files: Option<PathBuf>,

    /// Bucket of an S3 server that files are kept in
    #[arg(long, env = "LECTERN_S3_BUCKET", value_name = "NAME", global = true)]
    pub s3_bucket: Option<String>,

    /// Address of the S3 server; AWS's own when left out
    #[arg(long, env = "LECTERN_S3_ENDPOINT", value_name = "URL", global = true)]
    pub s3_endpoint: Option<String>,

    /// Address of the S3 server as browsers reach it, where that is another
    #[arg(long, env = "LECTERN_S3_PUBLIC_ENDPOINT", value_name = "URL", global = true)]
    pub s3_public_endpoint: Option<String>,

    /// Region of the bucket
    #[arg(long, env = "LECTERN_S3_REGION", default_value = "us-east-1", value_name = "NAME", global = true)]
    pub s3_region: String,

    /// Name of the key to the bucket; what the environment holds for AWS (a role, AWS_ACCESS_KEY_ID) when left out
    #[arg(long, env = "LECTERN_S3_ACCESS_KEY_ID", hide_env_values = true, value_name = "KEY", global = true)]
    pub s3_access_key_id: Option<Secret>,

    /// The key to the bucket
    #[arg(long, env = "LECTERN_S3_SECRET_ACCESS_KEY", hide_env_values = true, value_name = "KEY", global = true)]
    pub s3_secret_access_key: Option<Secret>,

    /// What stands before the keys of all objects in the bucket
    #[arg(long, env = "LECTERN_S3_PREFIX", default_value = "", hide_default_value = true, value_name = "PREFIX", global = true)]
    pub s3_prefix: String,

    /// Media types that may be uploaded, separated by commas; the usual documents, images, sounds and films unless told otherwise
    #[arg(long, env = "LECTERN_FILE_TYPES", value_delimiter = ',', default_value = USUAL_TYPES, hide_default_value = true, value_name = "TYPES", global = true)]
    pub file_types: Vec<String>,

    /// Bytes that one uploaded file may have
    #[arg(long, env = "LECTERN_MAX_FILE_BYTES", default_value_t = 104_857_600, value_parser = clap::value_parser!(u32).range(1..=1_073_741_824), value_name = "BYTES", global = true)]
    pub max_file_bytes: u32,

    /// Minutes that the address of a download holds
    #[arg(long, env = "LECTERN_DOWNLOAD_MINUTES", default_value_t = 5, value_parser = clap::value_parser!(i64).range(1..=60), value_name = "MINUTES", global = true)]
    pub download_minutes: i64,

    /// Issuer (`iss`) of access tokens
    #[arg(long, env = "LECTERN_ISSUER", default_value = "lectern", global = true)]
    pub issuer: String,

    /// Minutes that an access token lasts
    #[arg(long, env = "LECTERN_ACCESS_TOKEN_MINUTES", default_value_t = 15, value_parser = clap::value_parser!(i64).range(1..=1440), global = true)]
    pub access_token_minutes: i64,

    /// Days that a refresh token lasts
    #[arg(long, env = "LECTERN_REFRESH_TOKEN_DAYS", default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=365), global = true)]
    pub refresh_token_days: i64,

    /// Days that a device token lasts
    #[arg(long, env = "LECTERN_DEVICE_TOKEN_DAYS", default_value_t = 180, value_parser = clap::value_parser!(i64).range(1..=3650), value_name = "DAYS", global = true)]
    pub device_token_days: i64,

    /// Days that it is remembered, as a hash, from which network an account has signed in
    #[arg(long, env = "LECTERN_KNOWN_NETWORK_DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650), value_name = "DAYS", global = true)]
    pub known_network_days: u32,

    /// Database connections at most [default: 8 per core]
    #[arg(long, env = "LECTERN_POOL_SIZE", value_parser = clap::value_parser!(u16).range(1..=1000), global = true)]
    pub pool_size: Option<u16>,

    /// What stands between the service and PostgreSQL: `none`, or `transaction` for a pooler that gives a server connection for
    /// one transaction (pgbouncer, PgDog). Time limits are then set in each transaction
    #[arg(long, env = "LECTERN_POOLER", value_enum, default_value_t = PoolerKind::None, global = true)]
    pub pooler: PoolerKind,

    /// Seconds that a request may take
    #[arg(long, env = "LECTERN_REQUEST_TIMEOUT", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS", global = true)]
    pub request_timeout: u64,

    /// Seconds that one statement may run in the database
    #[arg(long, env = "LECTERN_STATEMENT_TIMEOUT", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS", global = true)]
    pub statement_timeout: u64,

    /// Seconds that requests and jobs in flight may take to finish when the service stops
    #[arg(long, env = "LECTERN_DRAIN_TIMEOUT", default_value_t = 20, value_name = "SECONDS", global = true)]
    pub drain_timeout: u64,

    /// Connections at most; further ones are answered 503
    #[arg(long, env = "LECTERN_MAX_CONNECTIONS", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "COUNT", global = true)]
    pub max_connections: u32,

    /// Documents that run at once; others wait two seconds at most, then are answered 503 [default: 8 per database connection]
    #[arg(long, env = "LECTERN_MAX_REQUESTS", value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "COUNT", global = true)]
    pub max_requests: Option<u32>,

    /// Passwords that are checked at once; others wait five seconds at most [default: 1 per 4 database connections]
    #[arg(long, env = "LECTERN_MAX_SIGN_INS", value_parser = clap::value_parser!(u32).range(1..=10_000), value_name = "COUNT", global = true)]
    pub max_sign_ins: Option<u32>,

    /// WebSockets that one person may have open; or one address, where nobody is signed in
    #[arg(long, env = "LECTERN_MAX_SOCKETS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000), value_name = "COUNT", global = true)]
    pub max_sockets: u32,

    /// Operations of one WebSocket at once; one more is refused, and the others go on
    #[arg(long, env = "LECTERN_MAX_SOCKET_OPERATIONS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000), value_name = "COUNT", global = true)]
    pub max_socket_operations: u32,

    /// Seconds that a WebSocket may take to say who opens it
    #[arg(long, env = "LECTERN_SOCKET_INIT_TIMEOUT", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60), value_name = "SECONDS", global = true)]
    pub socket_init_timeout: u64,

    /// Seconds that the headers of a request may take to arrive
    #[arg(long, env = "LECTERN_HEADER_TIMEOUT", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS", global = true)]
    pub header_timeout: u64,

    /// Seconds that the body of a request may take to arrive
    #[arg(long, env = "LECTERN_BODY_TIMEOUT", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS", global = true)]
    pub body_timeout: u64,

    /// Seconds that a connection may lie idle between requests
    #[arg(long, env = "LECTERN_IDLE_TIMEOUT", default_value_t = 75, value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS", global = true)]
    pub idle_timeout: u64,

    /// Bytes that the body of a request may have, unpacked
    #[arg(long, env = "LECTERN_BODY_LIMIT", default_value_t = 1_048_576, value_name = "BYTES", global = true)]
    pub body_limit: usize,

    /// How many times its size the body of a request may unpack to, where it is gzip
    #[arg(long, env = "LECTERN_BODY_RATIO", default_value_t = 100, value_parser = between(1..=1100), value_name = "TIMES", global = true)]
    pub body_ratio: usize,

    /// Levels that a document's selections may have
    #[arg(long, env = "LECTERN_MAX_DEPTH", default_value_t = 16, value_parser = between(1..=40), value_name = "LEVELS", global = true)]
    pub max_depth: usize,

    /// What a document may cost: the sum of its fields, a list counting its page size times its items
    #[arg(long, env = "LECTERN_MAX_COMPLEXITY", default_value_t = 200_000, value_name = "COST", global = true)]
    pub max_complexity: usize,

    /// Bytes that a document's text may have
    #[arg(long, env = "LECTERN_MAX_DOCUMENT_BYTES", default_value_t = 100_000, value_parser = between(1..=10_000_000), value_name = "BYTES", global = true)]
    pub max_document_bytes: usize,

    /// Tokens (names, numbers, strings, punctuators) that a document may have
    #[arg(long, env = "LECTERN_MAX_TOKENS", default_value_t = 20_000, value_parser = between(1..=1_000_000), value_name = "TOKENS", global = true)]
    pub max_tokens: usize,

    /// Braces, brackets and parentheses that may stand within one another
    #[arg(long, env = "LECTERN_MAX_NESTING", default_value_t = 60, value_parser = between(4..=100), value_name = "LEVELS", global = true)]
    pub max_nesting: usize,

    /// Fields and fragments that a document may select, once fragments stand where they are spread
    #[arg(long, env = "LECTERN_MAX_FIELDS", default_value_t = 5_000, value_parser = between(1..=100_000), value_name = "FIELDS", global = true)]
    pub max_fields: usize,

    /// Fields, spreads and inline fragments that may stand within one another
    #[arg(long, env = "LECTERN_MAX_LEVELS", default_value_t = 30, value_parser = between(4..=60), value_name = "LEVELS", global = true)]
    pub max_levels: usize,

    /// Aliases that a document may have, once fragments stand where they are spread
    #[arg(long, env = "LECTERN_MAX_ALIASES", default_value_t = 500, value_parser = between(0..=100_000), value_name = "ALIASES", global = true)]
    pub max_aliases: usize,

    /// Directives that a document may have, once fragments stand where they are spread
    #[arg(long, env = "LECTERN_MAX_DIRECTIVES", default_value_t = 500, value_parser = between(0..=100_000), value_name = "DIRECTIVES", global = true)]
    pub max_directives: usize,

    /// Directives that one field, fragment or operation may have
    #[arg(long, env = "LECTERN_MAX_DIRECTIVES_IN_PLACE", default_value_t = 8, value_parser = between(0..=1000), value_name = "DIRECTIVES", global = true)]
    pub max_directives_in_place: usize,

    /// Fragments that a document may define
    #[arg(long, env = "LECTERN_MAX_FRAGMENTS", default_value_t = 200, value_parser = between(0..=10_000), value_name = "FRAGMENTS", global = true)]
    pub max_fragments: usize,

    /// Mutations that one document may hold
    #[arg(long, env = "LECTERN_MAX_MUTATIONS", default_value_t = 4, value_parser = between(1..=100), value_name = "MUTATIONS", global = true)]
    pub max_mutations: usize,

    /// Bytes that the values of variables may take, each counted wherever it is used
    #[arg(long, env = "LECTERN_MAX_VARIABLE_BYTES", default_value_t = 8_388_608, value_parser = between(1024..=1_073_741_824), value_name = "BYTES", global = true)]
    pub max_variable_bytes: usize,

    /// Answer `__schema` and `__type`, suggest names for misspelled ones, and serve GraphiQL
    #[arg(long, env = "LECTERN_INTROSPECTION", default_value_t = true, action = clap::ArgAction::Set, value_parser = BoolishValueParser::new(), value_name = "BOOL", global = true)]
    pub introspection: bool,

    /// Folder of trusted documents (.graphql files, manifests of Relay, Apollo or graphql-codegen): no other documents run
    #[arg(long, env = "LECTERN_TRUSTED_DOCUMENTS", value_name = "FOLDER", global = true)]
    pub trusted_documents: Option<PathBuf>,

    /// Bytes that documents read lately may take, so that they are parsed once and may be sent as their hash; 0 for none
    #[arg(long, env = "LECTERN_DOCUMENT_CACHE_BYTES", default_value_t = DOCUMENT_CACHE_BYTES, value_name = "BYTES", global = true)]
    pub document_cache_bytes: usize,

    /// Sign-ins from one address that may fail, to accounts strange to its network, before none of those is tried for a while; 0 for any number
    #[arg(long, env = "LECTERN_RATE_SIGN_INS_PER_ADDRESS", default_value_t = 20, value_name = "COUNT", global = true)]
    pub rate_sign_ins_per_address: u32,

    /// Sign-ins from one address that may fail, to accounts that have signed in from its network before, likewise; 0 for any number
    #[arg(long, env = "LECTERN_RATE_SIGN_INS_PER_KNOWN_ADDRESS", default_value_t = 200, value_name = "COUNT", global = true)]
    pub rate_sign_ins_per_known_address: u32,

    /// Sign-ins to one account that may fail before none is tried for a while, and by each device token of it; 0 for any number
    #[arg(long, env = "LECTERN_RATE_SIGN_INS_PER_ACCOUNT", default_value_t = 10, value_name = "COUNT", global = true)]
    pub rate_sign_ins_per_account: u32,

    /// Minutes after which a failed sign-in is forgotten
    #[arg(long, env = "LECTERN_RATE_SIGN_IN_MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1440), value_name = "MINUTES", global = true)]
    pub rate_sign_in_minutes: u32,

    /// Wrong enrollment keys from one address before none is tried for a while; 0 for any number
    #[arg(long, env = "LECTERN_RATE_ENROLLMENT_KEYS_PER_ADDRESS", default_value_t = 20, value_name = "COUNT", global = true)]
    pub rate_enrollment_keys_per_address: u32,

    /// Wrong enrollment keys of one person before none is tried for a while; 0 for any number
    #[arg(long, env = "LECTERN_RATE_ENROLLMENT_KEYS_PER_PERSON", default_value_t = 10, value_name = "COUNT", global = true)]
    pub rate_enrollment_keys_per_person: u32,

    /// Minutes after which a wrong enrollment key is forgotten
    #[arg(long, env = "LECTERN_RATE_ENROLLMENT_KEY_MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1440), value_name = "MINUTES", global = true)]
    pub rate_enrollment_key_minutes: u32,

    /// Wrong sign-in codes of one account before none is looked at for a while; 0 for any number
    #[arg(long, env = "LECTERN_RATE_CODES_PER_ACCOUNT", default_value_t = 10, value_name = "COUNT", global = true)]
    pub rate_codes_per_account: u32,

    /// Wrong sign-in codes from one address before none is looked at for a while; 0 for any number
    #[arg(long, env = "LECTERN_RATE_CODES_PER_ADDRESS", default_value_t = 50, value_name = "COUNT", global = true)]
    pub rate_codes_per_address: u32,

    /// Minutes after which a wrong sign-in code is forgotten
    #[arg(long, env = "LECTERN_RATE_CODE_MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1440), value_name = "MINUTES", global = true)]
    pub rate_code_minutes: u32,

    /// How often a password reset, a sign-in code and a sign-up may each be asked for, of one account; 0 for any number
    #[arg(long, env = "LECTERN_RATE_MAILS_PER_ACCOUNT", default_value_t = 5, value_name = "COUNT", global = true)]
    pub rate_mails_per_account: u32,

    /// How often any of these may be asked for, from one address; 0 for any number
    #[arg(long, env = "LECTERN_RATE_MAILS_PER_ADDRESS", default_value_t = 100, value_name = "COUNT", global = true)]
    pub rate_mails_per_address: u32,

    /// Minutes after which it is forgotten that something was asked for
    #[arg(long, env = "LECTERN_RATE_MAIL_MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1440), value_name = "MINUTES", global = true)]
    pub rate_mail_minutes: u32,

    /// Changes of bookings that one person may try a minute; 0 for any number
    #[arg(long, env = "LECTERN_RATE_BOOKINGS", default_value_t = CHANGES.a_minute, value_name = "COUNT", global = true)]
    pub rate_bookings: u64,

    /// Uploads that one person may try to begin a minute; 0 for any number
    #[arg(long, env = "LECTERN_RATE_UPLOADS", default_value_t = UPLOADS.a_minute, value_name = "COUNT", global = true)]
    pub rate_uploads: u64,

    /// Batches of client events that one person may record a minute; 0 for any number
    #[arg(long, env = "LECTERN_RATE_CLIENT_EVENTS", default_value_t = BATCHES.a_minute, value_name = "COUNT", global = true)]
    pub rate_client_events: u64,

    /// Messages that one person may send to agents a minute; 0 for any number
    #[arg(long, env = "LECTERN_RATE_MESSAGES", default_value_t = SENDS.a_minute, value_name = "COUNT", global = true)]
    pub rate_messages: u64,

    /// What the documents of one person may cost a minute; 0 for any amount
    #[arg(long, env = "LECTERN_RATE_COST", default_value_t = COST.a_minute, value_name = "COST", global = true)]
    pub rate_cost: u64,

    /// Run jobs in `serve`, too; off where `lectern worker` does
    #[arg(long, env = "LECTERN_WORKER", default_value_t = true, action = clap::ArgAction::Set, value_parser = BoolishValueParser::new(), value_name = "BOOL", global = true)]
    pub worker: bool,

    /// Database connections of the jobs at most, beside those of requests
    #[arg(long, env = "LECTERN_WORKER_POOL_SIZE", default_value_t = 8, value_parser = clap::value_parser!(u16).range(2..=1000), value_name = "COUNT", global = true)]
    pub worker_pool_size: u16,

    /// Jobs of the lane DEFAULT that a process runs at once; 0 for none of them
    #[arg(long, env = "LECTERN_JOBS_DEFAULT", default_value_t = 4, value_parser = clap::value_parser!(u16).range(0..=1000), value_name = "COUNT", global = true)]
    pub jobs_default: u16,

    /// Jobs of the lane MAIL that a process runs at once; 0 for none of them
    #[arg(long, env = "LECTERN_JOBS_MAIL", default_value_t = 4, value_parser = clap::value_parser!(u16).range(0..=1000), value_name = "COUNT", global = true)]
    pub jobs_mail: u16,

    /// Jobs of the lane DELIVERY that a process runs at once, at most half of them of one school; 0 for none of them
    #[arg(long, env = "LECTERN_JOBS_DELIVERY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(0..=1000), value_name = "COUNT", global = true)]
    pub jobs_delivery: u16,

    /// Jobs of the lane BULK that a process runs at once; 0 for none of them
    #[arg(long, env = "LECTERN_JOBS_BULK", default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=1000), value_name = "COUNT", global = true)]
    pub jobs_bulk: u16,

    /// Seconds after which a job is taken up by another worker whose own is not heard of
    #[arg(long, env = "LECTERN_JOB_LEASE", default_value_t = 60, value_parser = clap::value_parser!(u64).range(4..=3600), value_name = "SECONDS", global = true)]
    pub job_lease: u64,

    /// Seconds after which a job is tried again that has failed once; each further wait is four times as long, up to six hours
    #[arg(long, env = "LECTERN_JOB_BACKOFF", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=21_600), value_name = "SECONDS", global = true)]
    pub job_backoff: u64,

    /// Networks that webhooks and sign-in providers may lead to although they are not public, separated by commas; to a literal address in them by http as well
    #[arg(long, env = "LECTERN_WEBHOOK_ALLOW", value_delimiter = ',', value_parser = network, value_name = "NETWORKS", global = true)]
    pub webhook_allow: Vec<IpNet>,

    /// Hosts and networks that calendars may be fetched from although they are not public, separated by commas; by http as well
    #[arg(long, env = "LECTERN_CALENDAR_ALLOW", value_delimiter = ',', value_parser = allowed, value_name = "HOSTS", global = true)]
    pub calendar_allow: Vec<Allowed>,

    /// Where assistants' models are asked (the protocol of OpenAI), with /v1, such as http://127.0.0.1:11434/v1; without it only schools with an endpoint of
    /// their own are answered
    #[arg(long, env = "LECTERN_ASSISTANT_URL", value_name = "URL", global = true)]
    pub assistant_url: Option<String>,

    /// Key to that; it is sent nowhere else
    #[arg(long, env = "LECTERN_ASSISTANT_KEY", hide_env_values = true, value_name = "KEY", global = true)]
    pub assistant_key: Option<Secret>,

    /// Model that is asked where a school names none
    #[arg(long, env = "LECTERN_ASSISTANT_MODEL", default_value = USUAL_MODEL, value_name = "NAME", global = true)]
    pub assistant_model: String,

    /// Tokens that this model reads and writes together
    #[arg(long, env = "LECTERN_ASSISTANT_CONTEXT", default_value_t = USUAL_CONTEXT, value_parser = clap::value_parser!(i32).range(1024..=10_000_000), value_name = "TOKENS", global = true)]
    pub assistant_context: i32,

    /// Model that makes vectors of texts; without one documents are found by their words
    #[arg(long, env = "LECTERN_ASSISTANT_EMBEDDING_MODEL", value_name = "NAME", global = true)]
    pub assistant_embedding_model: Option<String>,

    /// Hosts and networks that schools may name for their models although they are not public, separated by commas; by http as well
    #[arg(long, env = "LECTERN_ASSISTANT_HOSTS", value_delimiter = ',', value_parser = allowed, value_name = "HOSTS", global = true)]
    pub assistant_hosts: Vec<Allowed>,

    /// Answers that a process writes at once; others wait 30 seconds at most
    #[arg(long, env = "LECTERN_MAX_ANSWERS", default_value_t = USUAL_ANSWERS, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "COUNT", global = true)]
    pub max_answers: u32,

    /// Address of Stripe's API, for all schools
    #[arg(long, env = "LECTERN_STRIPE_API_BASE", default_value = STRIPE, value_name = "URL", global = true)]
    pub stripe_api_base: String,

    /// Let schools take payments of the test provider, which moves no money [default: with the embedded database]
    #[arg(long, env = "LECTERN_TEST_PAYMENTS", action = clap::ArgAction::Set, value_parser = BoolishValueParser::new(), value_name = "BOOL", global = true)]
    pub test_payments: Option<bool>,

    /// Server that takes mails: smtp:// (with STARTTLS, unless it is this machine) or smtps://, user and password in it; without one, mails are
    /// files of the folder `outbox` in the data folder
    #[arg(long, env = "LECTERN_SMTP_URL", hide_env_values = true, value_name = "URL", global = true)]
    pub smtp_url: Option<Secret>,

    /// Seconds that the server may take over one mail
    #[arg(long, env = "LECTERN_SMTP_TIMEOUT", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=300), value_name = "SECONDS", global = true)]
    pub smtp_timeout: u64,

    /// Address that mails come from; required with LECTERN_SMTP_URL
    #[arg(long, env = "LECTERN_MAIL_FROM", value_name = "ADDRESS", global = true)]
    pub mail_from: Option<String>,

    /// Token by which a provider of mail may report at /mail/feedback what came back; nothing is there without one
    #[arg(long, env = "LECTERN_MAIL_FEEDBACK_TOKEN", hide_env_values = true, value_name = "TOKEN", global = true)]
    pub mail_feedback_token: Option<Secret>,

    /// Where people use the product: links in mails begin with it [default: the address to serve on]
    #[arg(long, env = "LECTERN_APP_URL", value_name = "URL", global = true)]
    pub app_url: Option<String>,

    /// Networks of the proxies in front, separated by commas: from them X-Forwarded-For says where a request comes from
    #[arg(long, env = "LECTERN_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network, value_name = "NETWORKS", global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// Web origins that may call the API from a browser, separated by commas; "*" for any
    #[arg(long, env = "LECTERN_CORS_ORIGINS", value_delimiter = ',', value_name = "ORIGINS", global = true)]
    pub cors_origins: Vec<String>,

    /// Headers that such a page may send beside those that the API reads, separated by commas
    #[arg(long, env = "LECTERN_CORS_REQUEST_HEADERS", value_delimiter = ',', default_value = CORS_REQUEST_HEADERS, value_parser = header, value_name = "HEADERS", global = true)]
    pub cors_request_headers: Vec<Option<HeaderName>>,

    /// Headers of an answer that such a page may read beside those that the API writes, separated by commas
    #[arg(long, env = "LECTERN_CORS_RESPONSE_HEADERS", value_delimiter = ',', default_value = CORS_RESPONSE_HEADERS, value_parser = header, value_name = "HEADERS", global = true)]
    pub cors_response_headers: Vec<Option<HeaderName>>,

    /// Address and port that metrics are served on for Prometheus, at /metrics; nowhere when left out. Not for the public
    #[arg(long, env = "LECTERN_METRICS_LISTEN", value_name = "ADDRESS", global = true)]
    pub metrics_listen: Option<SocketAddr>,

    /// Operations that metrics tell apart by their names, the first that run; all others are one
    #[arg(long, env = "LECTERN_METRICS_OPERATIONS", default_value_t = 100, value_parser = between(0..=10_000), value_name = "COUNT", global = true)]
    pub metrics_operations: usize,

    /// Collector that traces are sent to by OTLP over HTTP, such as http://collector:4318; none are made when left out
    #[arg(long, env = "LECTERN_OTLP_URL", hide_env_values = true, value_name = "URL", global = true)]
    pub otlp_url: Option<Secret>,

    /// Requests and jobs of a hundred that are traced; what a client has begun to trace is traced as it says
    #[arg(long, env = "LECTERN_TRACE_PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100), value_name = "PERCENT", global = true)]
    pub trace_percent: u8,

    /// Project of Sentry that errors are reported to (its DSN); none are when left out
    #[arg(long, env = "LECTERN_SENTRY_DSN", hide_env_values = true, value_name = "DSN", global = true)]
    pub sentry_dsn: Option<Secret>,

    /// What this deployment is called in traces and reports of errors
    #[arg(long, env = "LECTERN_ENVIRONMENT", default_value = "production", value_name = "NAME", global = true)]
    pub environment: String,

    /// What to log: a level, or a filter such as "info,lectern=debug"
    #[arg(long, env = "LECTERN_LOG", default_value = "info", value_name = "FILTER", global = true)]
    pub log: String,

    /// How log lines look
    #[arg(long, env = "LECTERN_LOG_FORMAT", default_value = "text", value_enum, global = true)]
    pub log_format: LogFormat,
}
