//! What passages and questions mean, as vectors: where the operator names a model for that, and the database compares them. Everything works without; so whatever is in the
//! way of it stops nothing.

use lectern_kernel::jobs::{Failure, Job};
use uuid::Uuid;

use super::{extract::Piece, sql};
use crate::domains::answers::{Deployment, Endpoint, embed, estimate};

/// Passages that are sent at once.
const BATCH: usize = 64;

/// Whose document it is.
#[derive(Debug, Clone, Copy)]
pub struct Whose {
    /// The document.
    pub document: Uuid,
    /// Who added it, and uses tokens by that.
    pub person: Uuid,
    /// Its project.
    pub project: Option<Uuid>,
}

/// The vectors of passages, in their order; none where there is nobody to make them, or not enough tokens.
///
/// # Errors
/// When the job is somebody else's by now, or the database can't be asked.
pub async fn of_pieces(job: &mut Job, whose: Whose, pieces: &[Piece]) -> Result<Option<Vec<Vec<f32>>>, Failure> {
    let Some(model) = Deployment::among(job.everything_outside()).embedding_model.clone() else { return Ok(None) };
    let tx = job.begin().await?;
    let endpoint = Endpoint::read(&tx, job.everything_outside()).await?;
    drop(tx);
    let Some(endpoint) = endpoint else { return Ok(None) };
    let mut vectors = Vec::with_capacity(pieces.len());
    for batch in pieces.chunks(BATCH) {
        let texts: Vec<&str> = batch.iter().map(|piece| piece.text.as_str()).collect();
        let tokens: i64 = texts.iter().map(|text| estimate(text)).sum();
        let tx = job.begin().await?;
        match tx.query(sql::RESERVE, &[&whose.document, &whose.person, &tokens]).await {
            Ok(_) => job.step(tx).await?,
            Err(error) if error.constraint() == Some("token_limit") => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let made = embed(&endpoint, &model, &texts).await;
        let (used, has_failed) = (if made.is_ok() { tokens } else { 0 }, made.is_err());
        let tx = job.begin().await?;
        tx.query(sql::SETTLE, &[&whose.document, &whose.person, &whose.project, &model, &used, &true, &has_failed]).await?;
        job.step(tx).await?;
        match made {
            Ok(made) if made.len() == texts.len() => vectors.extend(made),
            _ => return Ok(None),
        }
    }
    // One endpoint may have answered with vectors of another length by now: such are not compared.
    let is_even = vectors.windows(2).all(|pair| pair[0].len() == pair[1].len());
    Ok(is_even.then_some(vectors))
}

/// A vector as the database reads an array.
pub fn array(vector: &[f32]) -> String {
    let numbers: Vec<String> = vector.iter().map(f32::to_string).collect();
    format!("{{{}}}", numbers.join(","))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_vector_is_an_array() {
        assert_eq!(super::array(&[1.0, -0.5]), "{1,-0.5}");
    }
}
