//! What each command is told beside the settings.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to apply.
#[derive(Debug, Clone, Copy, Args)]
pub struct MigrateArgs {
    /// Apply functions and policies even where nothing of them changed, in the files or in the database
    #[arg(long)]
    pub all: bool,
}

/// Whom to ask.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// Address to ask [default: /readyz of the address to serve on]
    pub url: Option<String>,
}

/// How a report is printed.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Which service to try, and as whom. The password is taken from LECTERN_SMOKE_PASSWORD, or read from the terminal.
#[derive(Debug, Args)]
pub struct SmokeArgs {
    /// Address of the service
    #[arg(default_value = "http://127.0.0.1:8000")]
    pub url: String,
    /// The school's slug
    #[arg(long, default_value = DEMO_SCHOOL)]
    pub tenant: String,
    /// Email address of somebody who holds every permission
    #[arg(long, default_value = DEMO_ADMIN)]
    pub email: String,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Whom `lectern smoke` signs in as unless told otherwise.
const DEMO_SCHOOL: &str = "alpha-flight-school";
const DEMO_ADMIN: &str = "admin@alpha.example";

impl SmokeArgs {
    /// Whether it is the demo's administrator, whose password is no secret.
    pub fn is_demo(&self) -> bool {
        self.tenant == DEMO_SCHOOL && self.email == DEMO_ADMIN
    }
}

/// How much to seed.
#[derive(Debug, Args)]
pub struct SeedArgs {
    /// Instead of the demo, generate so many schools' worth of data: 100 is about 200,000 people and 1,000,000 enrollments
    #[arg(long, value_name = "SCHOOLS", value_parser = clap::value_parser!(u32).range(1..=9999))]
    pub scale: Option<u32>,
}

/// What to do with the platform.
#[derive(Debug, Subcommand)]
pub enum DeskCommand {
    /// Add an administrator of the platform; the password is read from the terminal or standard input
    AddAdmin(DeskAdmin),
}

/// An administrator of the platform to be added.
#[derive(Debug, Args)]
pub struct DeskAdmin {
    /// Their email address
    #[arg(long)]
    pub email: String,
    /// Their name
    #[arg(long)]
    pub name: String,
}

/// Which schema is printed.
#[derive(Debug, Clone, Copy, Args)]
pub struct SchemaArgs {
    /// The platform's, as it stands in schema-platform.graphql
    #[arg(long)]
    pub platform: bool,
}

/// What to do with schools.
#[derive(Debug, Subcommand)]
pub enum SchoolCommand {
    /// With those that are here, or are to be.
    #[command(flatten)]
    Here(TenantCommand),
    /// Take a school over from another deployment: what its export (`exportTenant`) holds, with the same ids. Needs LECTERN_OWNER_URL
    Import(TenantImport),
    /// Move a school to another shard, with all that it has. Its shards wait with writes meanwhile, for seconds. Needs LECTERN_OWNER_URL
    Move(TenantMove),
}

/// A school to be moved.
#[derive(Debug, Args)]
pub struct TenantMove {
    /// The school's slug
    pub slug: String,
    /// The shard that it is to lie on, counted from 1
    #[arg(long, value_name = "NUMBER")]
    pub to: usize,
    /// Command that tells PgDog where to look for it from now on, run by `sh -c` when its rows are there: LECTERN_SCHOOL is its id, LECTERN_SHARD the
    /// number of the shard as PgDog counts it, from 0
    #[arg(long, value_name = "COMMAND", required_unless_present = "remove_other")]
    pub switch: Option<String>,
    /// After a move that was cut off: remove the rows on the shard where PgDog does not look for them, and move nothing
    #[arg(long)]
    pub remove_other: bool,
}

/// A school to be taken over.
#[derive(Debug, Args)]
pub struct TenantImport {
    /// The archive of its export
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// Look whether it could be taken, and take nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What to do with schools that are here.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Create a school with its first administrator; the password is read from the terminal or standard input
    Create(TenantCreate),
    /// List every school with its subscription, caps and use
    List,
    /// Set when a school's subscription ends
    Renew(TenantRenew),
    /// Suspend a school (its people are answered SUBSCRIPTION_EXPIRED), or lift the suspension
    Suspend(TenantSuspend),
    /// Set what a school's uploaded files may take together
    Quota(TenantQuota),
}

/// Which key is made.
#[derive(Debug, Clone, Copy, Args)]
pub struct KeyArgs {
    /// A key that seals secrets, for LECTERN_SECRET_KEYS
    #[arg(long)]
    pub secret: bool,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Seal anew by the first of LECTERN_SECRET_KEYS what its other keys have sealed, so that these can go
    Reseal(KeysReseal),
}

/// Whether it is done.
#[derive(Debug, Clone, Copy, Args)]
pub struct KeysReseal {
    /// Say how much older keys have sealed, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What to do with mail.
#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// Send a mail the way that every mail goes, and say what became of it
    Test(MailTest),
}

/// A mail to see whether it arrives.
#[derive(Debug, Args)]
pub struct MailTest {
    /// Where to
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// Of this school, by its slug: under its name, and in its outbox
    #[arg(long, value_name = "SLUG")]
    pub tenant: Option<String>,
    /// In which language: `en` or `de`
    #[arg(long, default_value = "en", value_parser = ["en", "de"])]
    pub locale: String,
}

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// List jobs with what waits and what is dead in each lane, the newest first
    List(JobsList),
    /// Run jobs now that are dead, or wait for later
    Retry(JobIds),
    /// Call off jobs that wait
    Cancel(JobIds),
}

/// Which jobs are listed.
#[derive(Debug, Args)]
pub struct JobsList {
    /// Of this school alone, by its slug
    #[arg(long, value_name = "SLUG")]
    pub tenant: Option<String>,
    /// In this state alone
    #[arg(long, value_parser = ["QUEUED", "RUNNING", "SUCCEEDED", "DEAD", "CANCELLED"], ignore_case = true)]
    pub state: Option<String>,
    /// Of this kind alone
    #[arg(long)]
    pub kind: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    pub first: i64,
}

/// Which jobs are moved.
#[derive(Debug, Args)]
pub struct JobIds {
    /// Their ids, as the list shows them
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
}

/// A school to be created.
#[derive(Debug, Args)]
pub struct TenantCreate {
    /// Short name that people sign in with: lower-case letters, digits and single hyphens
    #[arg(long)]
    pub slug: String,
    /// Its name
    #[arg(long)]
    pub name: String,
    /// IANA time zone, such as Europe/Berlin
    #[arg(long, default_value = "UTC")]
    pub time_zone: String,
    /// When the subscription starts: a date (the start of that day in its time zone) or RFC 3339 [default: now]
    #[arg(long)]
    pub subscription_start: Option<String>,
    /// When the subscription ends: a date (the start of that day in its time zone) or RFC 3339 [default: never]
    #[arg(long)]
    pub subscription_end: Option<String>,
    /// How many people it may have [default: any number]
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    pub max_users: Option<i32>,
    /// How many instructors it may have, administrators counted [default: any number]
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    pub max_instructors: Option<i32>,
    /// Leave it out of the public list of schools
    #[arg(long)]
    pub unlisted: bool,
    /// Email address of the first administrator
    #[arg(long)]
    pub admin_email: String,
    /// Name of the first administrator
    #[arg(long, default_value = "Administrator")]
    pub admin_name: String,
}

/// A renewal.
#[derive(Debug, Args)]
pub struct TenantRenew {
    /// The school's slug
    pub slug: String,
    /// When the subscription ends: a date (the start of that day in its time zone) or RFC 3339; "never" for no end
    #[arg(long)]
    pub until: String,
    /// A new cap of people; "none" for no cap
    #[arg(long)]
    pub max_users: Option<String>,
    /// A new cap of instructors; "none" for no cap
    #[arg(long)]
    pub max_instructors: Option<String>,
}

/// A suspension.
#[derive(Debug, Args)]
pub struct TenantSuspend {
    /// The school's slug
    pub slug: String,
    /// Lift the suspension instead
    #[arg(long)]
    pub lift: bool,
}

/// A quota.
#[derive(Debug, Args)]
pub struct TenantQuota {
    /// The school's slug
    pub slug: String,
    /// Bytes of files, or a number with KiB, MiB, GiB or TiB, such as 20GiB; "none" for as many as there is room for
    #[arg(required_unless_present = "assistant_tokens")]
    pub bytes: Option<String>,
    /// Tokens that its assistants may use a month, such as 5000000; "none" for as many as the school allows itself
    #[arg(long, value_name = "TOKENS")]
    pub assistant_tokens: Option<String>,
}

/// What to do with the store of files.
#[derive(Debug, Subcommand)]
pub enum FilesCommand {
    /// Look for bytes that no row names any more, in all schools: what was deleted, given up, or never became a file
    Sweep(FilesSweep),
    /// Compare rows and bytes, in all schools: files whose bytes are missing or others, and bytes that no row names
    Check(FilesCheck),
}

/// How closely is looked.
#[derive(Debug, Clone, Copy, Args)]
pub struct FilesCheck {
    /// Read every byte and compare its hash, too; else whether it is there, and how many bytes it has
    #[arg(long)]
    pub bytes: bool,
}

/// Whether what is found is deleted.
#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = false)]
pub struct FilesSweep {
    /// Show what would be deleted
    #[arg(long)]
    pub dry_run: bool,
    /// Delete it, however much it is. After a database was restored, look first: files that came after the backup have no row
    #[arg(long)]
    pub confirm: bool,
}
