//! What is refused because a budget is spent leaves its entry in the school's log: one of each operation and budget for as long as the budget counts.
//! The first who is refused takes a turn that is counted as the budgets themselves are, in the transaction of the entry: of several at once, at whatever
//! replica, one is told of.

use uuid::Uuid;

use super::{
    after_rollback,
    engine::{Answer, Engine, unexecuted},
};
use crate::{
    db::{ActorKind, DbError, Identity, Mode, Opening, Pool, Tx},
    rates::{Account, Closed, Spent},
    request::{Document, Root},
    resolve::registry::Operation,
};

/// What is refused, as the log says it.
pub(super) struct Refused {
    operation: String,
    about: &'static str,
    subject: Option<Uuid>,
    whose: Whose,
    is_told: bool,
}

/// In whose log that is told.
enum Whose {
    /// In that of the school of this slug, as somebody has typed it.
    School(String),
    /// In that of somebody signed in.
    Person(Identity),
}

impl Refused {
    /// Of somebody who is not signed in.
    pub(super) fn knock(document: &Document, account: &Account) -> Self {
        Refused::of(document, |operation| operation.knock.is_some(), Whose::School(account.school.clone()))
    }

    /// Of somebody who is.
    pub(super) fn guess(document: &Document, person: Identity) -> Self {
        Refused::of(document, |operation| operation.guesses.is_some(), Whose::Person(person))
    }

    fn of(document: &Document, is_it: impl Fn(&Operation) -> bool, whose: Whose) -> Self {
        let root: Option<&Root> = document.roots.iter().find(|root| root.operation.is_some_and(&is_it));
        Refused {
            operation: root.map(|root| root.name.clone()).unwrap_or_default(),
            about: root.and_then(|root| root.operation).map_or("Mutation", |operation| operation.about),
            subject: root.and_then(|root| root.subject),
            whose,
            // Of queries the log says nothing.
            is_told: !document.is_rehearsal && root.is_some(),
        }
    }
}

impl Engine {
    /// Answers that something is not tried, and sees to it that the log says so. The same is done whether or not there is such a school.
    pub(super) async fn refuse_closed(&self, closed: Closed, refused: Refused, correlation_id: &str) -> Answer {
        let Closed { error, spent } = closed;
        // The platform's desk has no school.
        if let Some(spent) = spent.filter(|_| refused.is_told && *self.actor_kind == ActorKind::TENANT) {
            let (pool, actors, code, correlation_id) = (self.pool.clone(), self.actor_kind, error.code(), correlation_id.to_owned());
            // It is done even if the client has gone meanwhile.
            let written = tokio::spawn(async move {
                if let Err(error) = write(&pool, actors, &spent, refused, code.as_str(), &correlation_id).await {
                    after_rollback::lost(&error, &correlation_id);
                }
            });
            let _ = written.await;
        }
        unexecuted(error)
    }
}

async fn write(
    pool: &Pool,
    actors: &'static ActorKind,
    spent: &Spent,
    refused: Refused,
    code: &str,
    correlation_id: &str,
) -> Result<(), DbError> {
    let Refused { operation, about, subject, whose, .. } = refused;
    let opening = Opening { mode: Mode::Write, identity: Identity::default(), correlation_id, actors };
    let (tx, _) = Tx::open(pool, &opening).await?;
    let identity = match whose {
        Whose::Person(identity) => identity,
        Whose::School(typed) => {
            let typed = if typed.contains('\0') { String::new() } else { typed };
            tx.go_to_school_named(&typed).await?;
            let tenant: Option<Uuid> = tx.value("SELECT app.school_named($2) WHERE $1::uuid IS NOT NULL", &[&typed]).await?;
            Identity { tenant: tenant.unwrap_or_default(), ..Identity::default() }
        }
    };
    if spent.is_news(&operation, identity.tenant.as_bytes(), &tx).await? {
        tx.assume(identity).await?;
        tx.query(actors.refusal, &[&operation, &about, &subject, &code, &None::<String>]).await?;
    }
    tx.commit().await
}
