//! The statements of the domain. `$1` is the tenant; the policies filter again, and the functions of `sql/functions/certificates.sql` say who may do what.

/// What the courses `$2` certify, as far as somebody has said so.
pub const SETTINGS_OF_COURSES: &str = "SELECT s.course_id, s.is_enabled, s.title, s.text, s.signatory, s.valid_months FROM course_certificate s \
     WHERE s.tenant_id = $1 AND s.course_id = ANY ($2)";

/// The same of the paths `$2`.
pub const SETTINGS_OF_PATHS: &str = "SELECT s.path_id, s.is_enabled, s.title, s.text, s.signatory, s.valid_months FROM path_certificate s \
     WHERE s.tenant_id = $1 AND s.path_id = ANY ($2)";

/// `$2` the course, `$3` whether it certifies (null: as before), then for title, text, signatory and months whether it is changed, and to what.
pub const SET_FOR_COURSE: &str = "INSERT INTO course_certificate AS s (tenant_id, course_id, is_enabled, title, text, signatory, valid_months) \
     SELECT $1, $2, coalesce($3::boolean, false), w.title, w.text, w.signatory, w.months \
     FROM (VALUES ($4::boolean, $5::text, $6::boolean, $7::text, $8::boolean, $9::text, $10::boolean, $11::integer)) \
     AS w(sets_title, title, sets_text, text, sets_signatory, signatory, sets_months, months) \
     ON CONFLICT ON CONSTRAINT course_certificate_pkey DO UPDATE SET is_enabled = coalesce($3::boolean, s.is_enabled), \
     title = CASE WHEN $4::boolean THEN excluded.title ELSE s.title END, text = CASE WHEN $6::boolean THEN excluded.text ELSE s.text END, \
     signatory = CASE WHEN $8::boolean THEN excluded.signatory ELSE s.signatory END, \
     valid_months = CASE WHEN $10::boolean THEN excluded.valid_months ELSE s.valid_months END \
     RETURNING s.is_enabled, s.title, s.text, s.signatory, s.valid_months";

/// The same for the path `$2`.
pub const SET_FOR_PATH: &str = "INSERT INTO path_certificate AS s (tenant_id, path_id, is_enabled, title, text, signatory, valid_months) \
     SELECT $1, $2, coalesce($3::boolean, false), w.title, w.text, w.signatory, w.months \
     FROM (VALUES ($4::boolean, $5::text, $6::boolean, $7::text, $8::boolean, $9::text, $10::boolean, $11::integer)) \
     AS w(sets_title, title, sets_text, text, sets_signatory, signatory, sets_months, months) \
     ON CONFLICT ON CONSTRAINT path_certificate_pkey DO UPDATE SET is_enabled = coalesce($3::boolean, s.is_enabled), \
     title = CASE WHEN $4::boolean THEN excluded.title ELSE s.title END, text = CASE WHEN $6::boolean THEN excluded.text ELSE s.text END, \
     signatory = CASE WHEN $8::boolean THEN excluded.signatory ELSE s.signatory END, \
     valid_months = CASE WHEN $10::boolean THEN excluded.valid_months ELSE s.valid_months END \
     RETURNING s.is_enabled, s.title, s.text, s.signatory, s.valid_months";

/// The person `$2`, where the actor sees them, is given a certificate of the course `$3` or the path `$4`: which.
pub const ISSUE: &str =
    "SELECT app.issue_certificate(u.id, $3, $4) FROM app_user u WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL";

/// The certificate `$2` holds no longer, for the reason `$3`: whether there is one.
pub const REVOKE: &str = "SELECT app.revoke_certificate(ct.id, $3) FROM certificate ct WHERE ct.tenant_id = $1 AND ct.id = $2";

/// What is printed on the certificate of the school `$2` with the code `$3`, whichever school the transaction is in.
pub const VERIFY: &str = "SELECT v.status, v.school_name, v.learner_name, v.title, v.text, v.signatory, v.grade, v.issued_at, v.expires_at, v.revoked_at, v.code, \
     v.time_zone, coalesce(v.locale, 'en'), v.primary_color FROM app.verify_certificate($2, $3) AS v WHERE app.tenant_id() = $1";

/// Tells `$2` people at most that a certificate of theirs expires.
pub const REMIND: &str = "SELECT app.remind_of_certificates($2) WHERE app.tenant_id() = $1";
