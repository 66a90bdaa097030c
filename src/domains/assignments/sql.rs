//! The statements of the domain. `$1` is the tenant; the policies filter again, and the functions of `sql/functions/assignments.sql` say what a person may
//! do.

/// What of the submissions `$2` is computed, or may be held.
pub const MARKS: &str = "SELECT m.submission_id, m.is_late, m.penalty_percent, m.points, m.final_points, m.percent, m.is_passed, m.feedback, m.graded_at, \
     m.graded_by_id, m.released_at, m.version FROM app.submission_marks($2) AS m WHERE app.tenant_id() = $1";

/// When the actor's work in the assignments `$2` is due, and how often they may still hand in.
pub const OWN_ASSIGNMENTS: &str =
    "SELECT o.assignment_id, o.due_at, o.attempts_left FROM app.own_assignments($2) AS o WHERE app.tenant_id() = $1";

/// What each criterion gave the submissions `$2`, in the order of the rubric.
pub const RUBRIC_SCORES: &str = "SELECT r.submission_id, r.criterion_id, r.points, r.comment FROM rubric_score r \
     JOIN rubric_criterion c ON c.tenant_id = $1 AND c.id = r.criterion_id \
     WHERE r.tenant_id = $1 AND r.submission_id = ANY ($2) ORDER BY c.position, r.criterion_id";

/// What has become of the submissions `$2`, the oldest first.
pub const HISTORY: &str = "SELECT v.submission_id, v.at, v.kind, v.points, v.feedback, v.by_id FROM submission_event v \
     WHERE v.tenant_id = $1 AND v.submission_id = ANY ($2) ORDER BY v.at, v.id";

/// The files of the submissions `$2`, in the order in which they were handed in.
pub const FILES: &str = "SELECT w.submission_id, w.file_id FROM submission_file w WHERE w.tenant_id = $1 AND w.submission_id = ANY ($2) \
     ORDER BY w.position";

/// Of the submissions `$2`, those that the actor may grade or give back: others' work that was not given back, in courses whose work they grade.
pub const OPEN_TO_GRADER: &str = "SELECT s.id FROM submission s WHERE s.tenant_id = $1 AND s.id = ANY ($2) AND s.status <> 'RETURNED' \
     AND s.user_id <> app.user_id() AND app.can('GRADE_MANAGE') AND (app.can('COURSE_UPDATE_ALL') OR s.course_id IN (SELECT app.taught_courses()))";

/// Of the files `$2`, those that the actor sees, and whether each is their own.
pub const OWNED_FILES: &str =
    "SELECT f.id, f.owner_id IS NOT DISTINCT FROM app.user_id() FROM file f WHERE f.tenant_id = $1 AND f.id = ANY ($2)";

/// Waits for the turn of the assignment `$2`.
pub const LOCK: &str = "SELECT app.lock_for('assignment', $2) WHERE app.tenant_id() = $1";

/// The actor hands in `$3` and the files `$4` for the assignment `$2`: the id of what is there now.
pub const HAND_IN: &str = "SELECT app.hand_in($2, $3, $4) WHERE app.tenant_id() = $1";

/// The submission `$2`, read as the version `$3`, gets `$4` points, or of the criteria `$5` the points `$6` with the comments `$7`; and the feedback `$8`.
pub const GRADE: &str = "SELECT app.grade_submission($2, $3, $4, $5, $6, $7, $8) WHERE app.tenant_id() = $1";

/// The submission `$2`, read as the version `$3`, is given back with the feedback `$4`, to be handed in again until `$5`.
pub const RETURN: &str = "SELECT app.return_submission($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// The grades of the assignment `$2` are released.
pub const RELEASE: &str = "SELECT app.release_grades($2) WHERE app.tenant_id() = $1";

/// The assignment `$2` is graded by criteria with the titles `$3`, the descriptions `$4` and the points `$5`.
pub const SET_RUBRIC: &str = "SELECT app.set_rubric($2, $3, $4, $5) WHERE app.tenant_id() = $1";

/// Reminds at most `$2` people of their deadlines. Answers how many.
pub const REMIND: &str = "SELECT app.remind_of_deadlines($2) WHERE app.tenant_id() = $1";

/// The assignment `$2`.
pub const ASSIGNMENT: &str = "SELECT {ag} FROM assignment ag WHERE ag.tenant_id = $1 AND ag.id = $2";

/// The submission `$2`.
pub const SUBMISSION: &str = "SELECT {sb} FROM submission sb WHERE sb.tenant_id = $1 AND sb.id = $2";
