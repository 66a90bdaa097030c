//! One call to a model after the other, each paid for and kept before the next: a job that is taken up again asks for nothing a second time.

use std::{collections::HashMap, time::Duration};

use lectern_kernel::{
    db::ColumnReader,
    jobs::{Failure, Job},
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    prompts::{Prompt, again},
    shapes::Faults,
    sql,
};
use crate::domains::answers::{Completion, Endpoint, complete, estimate};

/// Why a generation ends without what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It can't be had.
    Failed(&'static str),
    /// It was called off meanwhile.
    Gone,
}

/// Whose calls these are, and where they go.
pub struct Asker {
    /// The generation.
    pub generation: Uuid,
    /// Who pays for them.
    pub person: Uuid,
    /// The model.
    pub model: String,
    /// Where it is asked.
    pub endpoint: Endpoint,
    /// How long it may be silent.
    pub silence: Duration,
    answered: HashMap<i32, String>,
}

/// What is asked at one place: the schema of its answer, and how long that may be.
#[derive(Clone)]
pub struct Place {
    /// The place; a second try has the next.
    pub at: i32,
    /// The form of the answer.
    pub schema: (&'static str, Value),
    /// Tokens of the answer at most.
    pub tokens: i32,
}

impl Asker {
    /// With what was answered before.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn begin(
        job: &mut Job,
        generation: Uuid,
        person: Uuid,
        model: String,
        endpoint: Endpoint,
        silence: Duration,
    ) -> Result<Asker, Failure> {
        let tx = job.begin().await?;
        let mut answered = HashMap::new();
        for row in &tx.query(sql::CALLS, &[&generation]).await? {
            let mut reader = ColumnReader::new(row);
            answered.insert(reader.next()?, reader.next()?);
        }
        Ok(Asker { generation, person, model, endpoint, silence, answered })
    }

    /// Whether something was answered at a place already.
    pub fn has(&self, at: i32) -> bool {
        self.answered.contains_key(&at)
    }

    /// Asks until the answer is of its form: twice at most, the second time with what was wrong.
    ///
    /// # Errors
    /// The outer one when the job can't go on; the inner one when the generation ends.
    pub async fn ask<T>(
        &mut self,
        job: &mut Job,
        place: Place,
        prompt: &Prompt,
        check: impl Fn(&str) -> Result<T, Faults>,
    ) -> Result<Result<T, Ended>, Failure> {
        let faults = match self.once(job, &place, prompt).await? {
            Err(ended) => return Ok(Err(ended)),
            Ok(answer) => match check(&answer) {
                Ok(value) => return Ok(Ok(value)),
                Err(faults) => faults,
            },
        };
        let second = Place { at: place.at + 1, ..place };
        match self.once(job, &second, &again(prompt, &faults)).await? {
            Err(ended) => Ok(Err(ended)),
            Ok(answer) => Ok(check(&answer).map_err(|_| Ended::Failed("OUTPUT_INVALID"))),
        }
    }

    async fn once(&mut self, job: &mut Job, place: &Place, prompt: &Prompt) -> Result<Result<String, Ended>, Failure> {
        if let Some(answer) = self.answered.get(&place.at) {
            return Ok(Ok(answer.clone()));
        }
        let asked = estimate(&prompt.system) + estimate(&prompt.user);
        let tx = job.begin().await?;
        match tx.query(sql::RESERVE, &[&self.generation, &self.person, &(asked + i64::from(place.tokens))]).await {
            Ok(_) => job.step(tx).await?,
            Err(error) if error.constraint() == Some("token_limit") => return Ok(Err(Ended::Failed("TOKEN_LIMIT"))),
            Err(error) => return Err(error.into()),
        }
        let completion = Completion {
            model: self.model.clone(),
            system: prompt.system.clone(),
            user: prompt.user.clone(),
            max_tokens: place.tokens,
            schema: Some(place.schema.clone()),
            timeout: self.silence,
        };
        // No transaction is open and no connection held while the model writes.
        let answer = complete(&self.endpoint, &completion).await;
        let (said, used) = match &answer {
            Ok(answer) => {
                let is_estimated = answer.prompt_tokens.is_none() || answer.completion_tokens.is_none();
                let written = answer.completion_tokens.unwrap_or_else(|| estimate(&answer.text));
                (Some(answer.text.as_str()), (answer.prompt_tokens.unwrap_or(asked), written, is_estimated))
            }
            Err(_) => (None, (0, 0, true)),
        };
        let (prompt_tokens, completion_tokens, is_estimated) = used;
        let tx = job.begin().await?;
        // The generation before its reservation, as whoever ends it does.
        let of_job = job.id;
        let still = tx
            .value::<bool>(sql::KEEP, &[&self.generation, &of_job, &place.at, &said, &prompt_tokens, &completion_tokens])
            .await?
            .unwrap_or(false);
        let has_failed = answer.is_err();
        tx.query(
            sql::SETTLE,
            &[&self.generation, &self.person, &self.model, &prompt_tokens, &completion_tokens, &is_estimated, &has_failed],
        )
        .await?;
        job.step(tx).await?;
        match answer {
            _ if !still => Ok(Err(Ended::Gone)),
            Err(failure) => Ok(Err(Ended::Failed(failure.reason()))),
            Ok(answer) => {
                self.answered.insert(place.at, answer.text.clone());
                Ok(Ok(answer.text))
            }
        }
    }
}
