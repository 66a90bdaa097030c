//! The statements of the domain. `$1` is the tenant; the policies filter again, and functions say what happens to a document (`sql/functions/knowledge.sql`). `{dc}` stands for
//! the columns of a document over the alias `dc`.

/// Of the files `$2`, those that hold documents which the actor sees; with these columns over the alias `f`.
pub fn document_files(columns: &str) -> String {
    format!("SELECT {columns} FROM app.document_files($2) AS f WHERE f.tenant_id = $1")
}

/// `$3` passages at most for the words `$2`, in documents of the project `$4`, of the bases `$5`, out of `$6`; each where it is given. With these columns of the document.
pub fn search(columns: &str) -> String {
    format!(
        "SELECT b.score, ps.page, ps.heading, ps.text, {columns} FROM app.best_passages(ARRAY(SELECT d.id FROM document d WHERE d.tenant_id = $1 AND d.passage_count > 0 \
             AND ($4::uuid IS NULL OR d.project_id = $4) AND ($6::uuid[] IS NULL OR d.id = ANY ($6)) \
             AND ($5::uuid[] IS NULL OR d.id IN (SELECT h.document_id FROM knowledge_base_document h WHERE h.tenant_id = $1 AND h.knowledge_base_id = ANY ($5)))), \
             $2, $3) AS b \
         JOIN passage ps ON ps.tenant_id = $1 AND ps.document_id = b.document_id AND ps.position = b.place \
         JOIN document dc ON dc.tenant_id = $1 AND dc.id = b.document_id ORDER BY b.score DESC, b.document_id, b.place"
    )
}

/// `$5` passages at most for the words `$4`, which mean `$6`, in the documents `$3` and those of the bases `$2`.
pub const RETRIEVE: &str = "SELECT b.document_id, b.place, d.title, ps.page, ps.heading, ps.text, b.score FROM app.best_passages(ARRAY( \
         SELECT d.id FROM document d WHERE d.tenant_id = $1 AND d.passage_count > 0 AND (d.id = ANY ($3::uuid[]) \
         OR d.id IN (SELECT h.document_id FROM knowledge_base_document h WHERE h.tenant_id = $1 AND h.knowledge_base_id = ANY ($2::uuid[])))), $4, $5, $6::real[]) AS b \
     JOIN passage ps ON ps.tenant_id = $1 AND ps.document_id = b.document_id AND ps.position = b.place \
     JOIN document d ON d.tenant_id = $1 AND d.id = b.document_id ORDER BY b.score DESC, b.document_id, b.place";

/// The document `$2` has other contents: the file `$3` or the text `$4`, of the type `$5`, with `$6` bytes.
pub const SET_CONTENTS: &str = "UPDATE document dc SET file_id = $3, text = $4, media_type = $5, byte_size = $6, revision = dc.revision + 1 \
     WHERE dc.tenant_id = $1 AND dc.id = $2 RETURNING {dc}";

/// The document `$2` is read anew.
pub const REPROCESS: &str = "UPDATE document dc SET revision = dc.revision + 1 WHERE dc.tenant_id = $1 AND dc.id = $2 RETURNING {dc}";

pub const DELETE_DOCUMENT: &str = "DELETE FROM document dc WHERE dc.tenant_id = $1 AND dc.id = $2 RETURNING dc.id";

/// The bases `$2` change: nobody deletes them meanwhile.
pub const TOUCH_BASES: &str =
    "UPDATE knowledge_base kb SET updated_at = now() WHERE kb.tenant_id = $1 AND kb.id = ANY ($2) RETURNING kb.id";

/// The base `$2` holds the documents `$3`: which of them are there.
pub const ADD_DOCUMENTS: &str = "INSERT INTO knowledge_base_document AS h (tenant_id, knowledge_base_id, document_id) \
     SELECT $1, $2, d.id FROM document d WHERE d.tenant_id = $1 AND d.id = ANY ($3) ORDER BY d.id RETURNING h.document_id";

/// The bases `$3` hold the document `$2`.
pub const ADD_TO_BASES: &str = "INSERT INTO knowledge_base_document AS h (tenant_id, knowledge_base_id, document_id) \
     SELECT $1, kb.id, $2 FROM knowledge_base kb WHERE kb.tenant_id = $1 AND kb.id = ANY ($3) ORDER BY kb.id RETURNING h.knowledge_base_id";

/// The base `$2` holds the documents `$3` no more: which of them it held.
pub const REMOVE_DOCUMENTS: &str = "DELETE FROM knowledge_base_document h WHERE h.tenant_id = $1 AND h.knowledge_base_id = $2 AND h.document_id = ANY ($3) RETURNING h.document_id";

pub const DELETE_BASE: &str = "DELETE FROM knowledge_base kb WHERE kb.tenant_id = $1 AND kb.id = $2 RETURNING kb.id";

/// What the answers `$2` went by.
pub const CITATIONS: &str = "SELECT mc.message_id, mc.marker, mc.is_cited, mc.title, mc.page, mc.heading, mc.document_id, mc.position, mc.revision \
     FROM message_citation mc WHERE mc.tenant_id = $1 AND mc.message_id = ANY ($2) ORDER BY mc.message_id, mc.marker";

/// How the passages begin that are `$3` of the documents `$2`, as long as these are of the revisions `$4`.
pub const QUOTES: &str = "SELECT ps.document_id, ps.position, ps.revision, left(ps.text, 300) FROM unnest($2::uuid[], $3::integer[], $4::integer[]) AS w(document, place, revision) \
     JOIN passage ps ON ps.tenant_id = $1 AND ps.document_id = w.document AND ps.position = w.place AND ps.revision = w.revision";

/// The job `$4` takes the revision `$3` of the document `$2`.
pub const TAKE: &str = "SELECT t.media_type, t.text, t.object, t.created_by_id, t.project_id, t.embeds FROM app.take_document($2, $3, $4) AS t WHERE app.tenant_id() = $1";

/// It says: `$5` pages, `$6` characters, and passages on the pages `$7` under the headings `$8` with the texts `$9`.
pub const FINISH: &str = "SELECT app.finish_document($2, $3, $4, $5, $6, $7, $8, $9) WHERE app.tenant_id() = $1";

/// It can't be read, because `$5`.
pub const FAIL: &str = "SELECT app.fail_document($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// What the passages `$4` of the revision `$3` of the document `$2` mean: `$5`.
pub const SET_EMBEDDINGS: &str = "SELECT app.set_embeddings($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// Looks after what waits; `$2` at most.
pub const SWEEP: &str = "SELECT app.sweep_documents($2) WHERE app.tenant_id() = $1";

/// The person `$3` is about to use `$4` tokens, for what `$2` is.
pub const RESERVE: &str = "SELECT app.reserve_tokens($2, $3, $4) WHERE app.tenant_id() = $1";

/// What `$2` is has used `$6` tokens of the model `$5`, for the person `$3` and the project `$4`; whether that is guessed, and whether the call failed.
pub const SETTLE: &str = "SELECT app.settle_call($2, $3, 'EMBEDDING', $4, NULL, $5, $6, 0, $7, $8, 0) WHERE app.tenant_id() = $1";
