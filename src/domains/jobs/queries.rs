//! Reading jobs.

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::{Error, Result},
    ids::{self, Id},
    resolve::{Connection, Ctx, Forward, Loaded, filtered, list_of, one, page, registry::Registry, text},
};
use lectern_macros::queries;

use super::{
    job::{Job, JobState, JobStateCount},
    sql,
};

/// Kinds that one filter may name.
const MANY: usize = 50;

/// Which jobs.
#[derive(InputObject, Default, Clone)]
pub struct JobFilter {
    /// In one of these states.
    pub states: Option<Vec<JobState>>,
    /// Of one of these kinds; at most 50.
    pub kinds: Option<Vec<String>>,
    /// About this: an id of any kind.
    pub subject_id: Option<ID>,
}

/// The newest first.
const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "j.created_at"), id: "j.id", descending: true };

impl JobFilter {
    fn narrow(&self, registry: &Registry, list: &mut List) -> Result<()> {
        if let Some(states) = &self.states {
            let states = list.bind(states.clone());
            list.filter(format!("j.state = ANY ({states})"));
        }
        if let Some(kinds) = &self.kinds {
            if kinds.len() > MANY {
                return Err(Error::bad_input("filter.kinds", format!("must name at most {MANY} kinds")));
            }
            let named = kinds.iter().enumerate().map(|(place, kind)| text::short(&format!("filter.kinds.{place}"), kind, 60));
            let kinds = list.bind(named.collect::<Result<Vec<String>>>()?);
            list.filter(format!("j.kind = ANY ({kinds})"));
        }
        if let Some(subject) = &self.subject_id {
            let known = ids::decode(subject.as_str()).filter(|(prefix, _)| registry.kind_with_prefix(prefix).is_some());
            let (prefix, uuid) =
                known.ok_or_else(|| Error::bad_input("filter.subjectId", "is not an id; an id is a word, `_` and 26 characters"))?;
            let subject = list.bind(ids::encode(prefix, uuid));
            list.filter(format!("j.subject = {subject}"));
        }
        Ok(())
    }
}

/// Queries of jobs.
pub struct JobQueries;

#[queries]
impl JobQueries {
    /// A job; null when there is none.
    #[needs(JobManage)]
    async fn job(
        ctx: &Context<'_>,
        /// The job's id.
        id: Id<Job>,
    ) -> Result<Option<Loaded<Job>>> {
        one(ctx, id).await
    }

    /// The school's jobs, the newest first.
    #[needs(JobManage)]
    async fn jobs(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which jobs.
        filter: Option<JobFilter>,
    ) -> Result<Option<Connection<Job>>> {
        let mut list = list_of::<Job>("jobs", NEWEST);
        filter.unwrap_or_default().narrow(ctx.request().registry(), &mut list)?;
        page(ctx, filtered::<JobFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// How many jobs of the school there are in each state: every state once, in the order of the enum.
    #[needs(JobManage)]
    #[cost(5)]
    async fn jobs_by_state(ctx: &Context<'_>) -> Result<Option<Vec<JobStateCount>>> {
        let rows = ctx.tx().query(sql::COUNT_BY_STATE, &[]).await?;
        let mut counts: Vec<JobStateCount> = JobState::ALL.iter().map(|state| JobStateCount { state: *state, count: 0 }).collect();
        for row in &rows {
            let (state, count): (JobState, i64) = (row.get(0), row.get(1));
            counts[state as usize].count = i32::try_from(count).map_err(|_| Error::internal(format!("a count of {count}")))?;
        }
        Ok(Some(counts))
    }
}
