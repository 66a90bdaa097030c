//! Every setting, by environment and by flag. `.env.example` and `lectern --help` list the same; secrets are never printed.

mod commands;
mod settings;
mod sharding;
mod values;

use clap::{Parser, Subcommand};

pub use self::{
    commands::{
        DeskAdmin, DeskCommand, FilesCheck, FilesCommand, FilesSweep, HealthArgs, JobIds, JobsCommand, JobsList, KeyArgs, KeysCommand,
        KeysReseal, MailCommand, MailTest, MigrateArgs, ReportArgs, SchemaArgs, SchoolCommand, SeedArgs, SmokeArgs, TenantCommand,
        TenantCreate, TenantImport, TenantMove, TenantQuota, TenantRenew, TenantSuspend,
    },
    settings::Settings,
    values::{Allowed, LogFormat, PoolerKind, Secret, ShardingKind},
};

/// Learning and scheduling for many schools as one GraphQL API, kept apart by PostgreSQL's row-level security.
#[derive(Debug, Parser)]
#[command(name = "lectern", version, max_term_width = 120)]
pub struct Cli {
    /// What to do; `serve` when left out.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Settings that every command shares.
    #[command(flatten)]
    pub settings: Settings,
}

impl Cli {
    /// Reads the command line and the environment; ends the process where they can't be read.
    pub fn read() -> Cli {
        let mut cli = Cli::parse();
        let Settings {
            database_url,
            replica_url,
            owner_url,
            platform_url,
            desk_url,
            desk_listen,
            signing_key,
            secret_keys,
            s3_access_key_id,
            s3_secret_access_key,
            smtp_url,
            mail_from,
            mail_feedback_token,
            app_url,
            public_url,
            s3_bucket,
            s3_endpoint,
            s3_public_endpoint,
            files,
            pg_bin,
            trusted_documents,
            cors_origins,
            shard_urls,
            ..
        } = &mut cli.settings;
        // `NAME=` in an environment file means that it is not set.
        let secrets =
            [database_url, replica_url, owner_url, platform_url, desk_url, signing_key, secret_keys, smtp_url, mail_feedback_token];
        for secret in secrets.into_iter().chain([s3_access_key_id, s3_secret_access_key]) {
            secret.take_if(|secret| secret.expose().is_empty());
        }
        for text in [desk_listen, mail_from, app_url, public_url, s3_bucket, s3_endpoint, s3_public_endpoint] {
            text.take_if(|text| text.is_empty());
        }
        for path in [pg_bin, trusted_documents, files] {
            path.take_if(|path| path.as_os_str().is_empty());
        }
        for list in [cors_origins, shard_urls] {
            list.retain(|item| !item.is_empty());
        }
        cli
    }
}

/// What the binary does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the GraphQL API and run its jobs (with a PostgreSQL of its own, unless DATABASE_URL is set)
    Serve,
    /// Run jobs, and serve nothing: beside services that run with LECTERN_WORKER=off, or to help those that run jobs themselves
    Worker,
    /// Bring the database to the schema of this binary
    Migrate(MigrateArgs),
    /// Load the two demo schools, or generated data for measuring
    Seed(SeedArgs),
    /// Create, list, renew, suspend and import schools, and say what their files may take
    #[command(subcommand)]
    Tenant(SchoolCommand),
    /// Make the administrators of the platform
    #[command(subcommand)]
    Desk(DeskCommand),
    /// Look after the store of files
    #[command(subcommand)]
    Files(FilesCommand),
    /// List the jobs of all schools, run them anew, call them off
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Try whether mail arrives
    #[command(subcommand)]
    Mail(MailCommand),
    /// Look whether everything is as a service needs it, before or while it runs: one line each, with what to do
    Doctor(ReportArgs),
    /// Prove isolation and permissions on the database: catalog, attacks between two disposable schools, every field as every role
    Audit(ReportArgs),
    /// Compare the database with what migrations and policies make: missing, extra, changed
    Drift(ReportArgs),
    /// Try the main operations of a running service through HTTP, and clean up afterwards
    Smoke(SmokeArgs),
    /// Print the GraphQL schema
    Schema(SchemaArgs),
    /// Print a new signing key for LECTERN_SIGNING_KEY, or a key for LECTERN_SECRET_KEYS
    Key(KeyArgs),
    /// Rotate the keys that seal
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Ask a running service whether it is ready (exit code 0), as a container's health check does
    Health(HealthArgs),
    /// Print the version, the commit and how it was built
    Version,
}

#[cfg(test)]
mod tests;
