//! The attack on the functions that run with another role's rights and that the service may call: given ids, hashes and
//! words of school A, each must answer school B exactly as it answers ids, hashes and words that never existed.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::{
    isolation::settings,
    pair::{Pair, School},
};
use crate::ops::report::Check;

/// Functions that know other schools on purpose.
const BEFORE_ANY_SCHOOL: [(&str, &str); 6] = [
    ("claim_jobs", "looks over all schools for the workers: answers ids, kinds and lanes, and no more"),
    ("job_figures", "counts the jobs of all schools for whoever watches the service: answers numbers of lanes, and of no school"),
    ("due_schools", "looks over all schools for the schedules: answers their ids and moments, and no more"),
    ("find_calendar_feed", "looks a secret up over all schools: whoever knows it learns whose feed it opens, and nobody else anything"),
    ("find_credential", "resolves any school's slug before a school is known; the service answers alike whatever it finds"),
    ("sign_in_standing", "resolves any school's slug before a school is known; says yes only to what a signed device token says"),
];

#[derive(sqlx::FromRow)]
struct Function {
    name: String,
    types: Vec<String>,
    names: Vec<String>,
}

/// Attacks every such function.
pub(super) async fn attack(
    app: &mut PgConnection,
    platform: &mut PgConnection,
    pair: &Pair,
    tables: &[String],
) -> sqlx::Result<Vec<Check>> {
    let functions: Vec<Function> = sqlx::query_as(
        "SELECT p.proname::text AS name, \
                ARRAY(SELECT format_type(u.type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS u(type, nth) ORDER BY u.nth) AS types, \
                coalesce(p.proargnames[1:p.pronargs], '{}') AS names \
         FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'app'::regnamespace AND p.prorettype <> 'trigger'::regtype \
           AND has_function_privilege('lectern_app', p.oid, 'EXECUTE') ORDER BY 1",
    )
    .fetch_all(&mut *app)
    .await?;
    let mut ids = vec![pair.a.tenant];
    for table in tables {
        let sql = format!(
            "SELECT (to_jsonb(t) ->> 'id')::uuid FROM {table} t WHERE t.tenant_id = $1 AND to_jsonb(t) ->> 'id' IS NOT NULL LIMIT 1"
        );
        ids.extend(sqlx::query_scalar::<_, Uuid>(AssertSqlSafe(sql)).bind(pair.a.tenant).fetch_optional(&mut *platform).await?);
    }
    let mut checks = Vec::new();
    for function in &functions {
        if let Some((_, reason)) = BEFORE_ANY_SCHOOL.iter().find(|(name, _)| *name == function.name) {
            checks.push(Check::pass("function", function.subject(), *reason));
            continue;
        }
        sqlx::raw_sql(AssertSqlSafe(format!(
            "BEGIN; SET LOCAL statement_timeout = '30s'; SET LOCAL app.correlation_id = 'audit'; {}",
            settings(Some(&pair.b))
        )))
        .execute(&mut *app)
        .await?;
        let checked = function.compare(app, &pair.a, &ids).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut *app).await?;
        checks.push(checked?);
    }
    Ok(checks)
}

impl Function {
    fn subject(&self) -> String {
        format!("app.{}", self.name)
    }

    async fn compare(&self, app: &mut PgConnection, victim: &School, ids: &[Uuid]) -> sqlx::Result<Check> {
        let takes_ids = self.types.iter().any(|ty| ty.starts_with("uuid") || ty.starts_with("bytea"));
        let candidates = if takes_ids { ids } else { &ids[..1] };
        let mut faults = Vec::new();
        let mut controlled = String::new();
        for id in candidates {
            let never = Uuid::now_v7();
            let (Some(attack), Some(control)) = (self.call(Some(victim), *id), self.call(None, never)) else {
                faults.push("it takes a type that the audit can't fill: teach src/ops/audit/functions.rs".to_owned());
                break;
            };
            let attacked = answer(app, &attack).await?.replace(&id.to_string(), "ID");
            // The control is asked anew only where the answer differs from its last one: at first, and where the answer changes with time.
            if attacked != controlled {
                controlled = answer(app, &control).await?.replace(&never.to_string(), "ID");
            }
            if attacked != controlled || attacked.contains(&victim.word) {
                faults.push(format!("given something of A it answers {attacked}, given what never existed {controlled}"));
                break;
            }
        }
        Ok(Check::faultless(
            "function",
            self.subject(),
            &faults,
            format!("tells nothing of A to B ({} kinds of ids, words, hashes)", candidates.len()),
        ))
    }

    /// A call with the victim's values, or with values that never existed.
    fn call(&self, victim: Option<&School>, id: Uuid) -> Option<String> {
        let word = victim.map_or("auditnothing", |school| &school.word);
        let several = self.types.iter().filter(|ty| *ty == "uuid").count() > 1;
        let mut arguments = Vec::new();
        for (index, ty) in self.types.iter().enumerate() {
            let name = self.names.get(index).map_or("", String::as_str);
            // Where a function takes several ids, those whose parameter names a kind get an id of that kind.
            let known = victim.filter(|_| several).and_then(|school| match name {
                "tenant" => Some(school.tenant),
                "person" | "student" => Some(school.person("LEARNER").user),
                "instructor" => Some(school.person("INSTRUCTOR").user),
                "session_id" | "family" => Some(school.person("LEARNER").session),
                _ => None,
            });
            let id = known.unwrap_or(id);
            arguments.push(match ty.as_str() {
                "uuid" => format!("'{id}'::uuid"),
                "uuid[]" => format!("ARRAY['{id}']::uuid[]"),
                // What the service itself gives, and says back.
                "text" if name == "deployment_model" => "'a-model'".to_owned(),
                "text" => format!("'{word}'"),
                "text[]" => format!("ARRAY['{word}']"),
                "bytea" => format!("sha256(uuid_send('{id}'))"),
                "bytea[]" => format!("ARRAY[sha256(uuid_send('{id}'))]"),
                "boolean" => "true".to_owned(),
                "integer" | "bigint" => "0".to_owned(),
                "integer[]" | "bigint[]" => format!("ARRAY[1]::{ty}"),
                "double precision" | "numeric" => "1".to_owned(),
                "real[]" => "ARRAY[1]::real[]".to_owned(),
                "double precision[]" => "ARRAY[1]::double precision[]".to_owned(),
                "jsonb" => "'{}'::jsonb".to_owned(),
                "date[]" => "ARRAY['2099-03-01']::date[]".to_owned(),
                "interval" => "'15 minutes'::interval".to_owned(),
                "timestamp with time zone" if name.contains("end") || name.contains("expires") => {
                    "'2099-03-04T00:00Z'::timestamptz".to_owned()
                }
                "timestamp with time zone" => "'2099-03-01T00:00Z'::timestamptz".to_owned(),
                "timestamp with time zone[]" => "ARRAY['2099-03-01T00:00Z']::timestamptz[]".to_owned(),
                _ => return None,
            });
        }
        let call = format!("app.{}({})", self.name, arguments.join(", "));
        Some(format!("SELECT coalesce(string_agg(answer::text, ' ' ORDER BY answer::text), 'nothing') FROM {call} AS answer"))
    }
}

/// What a call answers, or how it fails; nothing of it stays. In one message where it answers.
async fn answer(app: &mut PgConnection, sql: &str) -> sqlx::Result<String> {
    const UNDO: &str = "ROLLBACK TO SAVEPOINT call; RELEASE SAVEPOINT call";
    let call = format!("SAVEPOINT call; {sql}; {UNDO}");
    match sqlx::raw_sql(AssertSqlSafe(call)).fetch_all(&mut *app).await {
        Ok(rows) => rows.first().ok_or(sqlx::Error::RowNotFound)?.try_get(0),
        Err(sqlx::Error::Database(error)) => {
            sqlx::raw_sql(UNDO).execute(&mut *app).await?;
            Ok(format!("{} {}", error.code().unwrap_or_default(), error.message()))
        }
        Err(error) => Err(error),
    }
}
