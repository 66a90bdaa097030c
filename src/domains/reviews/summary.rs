//! How the votes on applications stand, and who is flagged: for many of them at once.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Loaded, Rows},
};
use lectern_macros::{object, resolvers};

use super::sql;
use crate::domains::{applications::Application, identity::User};

/// How the votes on an application stand.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct ReviewSummary {
    /// How many voted STRONG_YES.
    pub strong_yes: i32,
    /// How many voted YES.
    pub yes: i32,
    /// How many voted NO.
    pub no: i32,
    /// How many voted STRONG_NO.
    pub strong_no: i32,
    #[hidden]
    pub missing: Vec<Id<User>>,
}

#[resolvers]
impl ReviewSummary {
    /// The sum of all votes: 2 for STRONG_YES, 1 for YES, -1 for NO, -2 for STRONG_NO.
    async fn score(&self) -> Result<i32> {
        Ok(2 * self.strong_yes + self.yes - self.no - 2 * self.strong_no)
    }

    /// The required reviewers who have not voted yet, of those whom you may see, in the order in which they were named.
    #[cost(10)]
    async fn outstanding(&self, ctx: &Context<'_>) -> Result<Vec<Loaded<User>>> {
        let people = futures_util::future::try_join_all(self.missing.iter().map(|person| ctx.whole(*person))).await?;
        Ok(people.into_iter().flatten().collect())
    }
}

/// How the votes on an application stand; absent where the viewer may not know.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SummaryOf(pub Id<Application>);

impl Loader<SummaryOf> for Batch {
    type Value = ReviewSummary;
    type Error = Error;

    async fn load(&self, keys: &[SummaryOf]) -> Result<HashMap<SummaryOf, ReviewSummary>> {
        let applications: Vec<Id<Application>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for row in &self.tx.query(sql::SUMMARIES, &[&applications]).await? {
            let mut reader = ColumnReader::new(row);
            let of = SummaryOf(reader.next()?);
            let mut count = || -> Result<i32> { Ok(i32::try_from(reader.next::<i64>()?).unwrap_or(i32::MAX)) };
            let (strong_yes, yes, no, strong_no) = (count()?, count()?, count()?, count()?);
            found.insert(of, ReviewSummary { strong_yes, yes, no, strong_no, missing: reader.next()? });
        }
        Ok(found)
    }
}

/// Whether a person is flagged; absent where they are not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FlagOf(pub Id<User>);

impl Loader<FlagOf> for Batch {
    type Value = ();
    type Error = Error;

    async fn load(&self, keys: &[FlagOf]) -> Result<HashMap<FlagOf, ()>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::FLAGGED, &[&people]).await?;
        rows.iter().map(|row| Ok((FlagOf(ColumnReader::new(row).next()?), ()))).collect()
    }
}
