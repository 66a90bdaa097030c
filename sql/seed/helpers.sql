-- What the seeds share. Everything here is temporary: it goes with the transaction or the session that loads the data.
-- The setting seed.slug names the school that is being loaded.

-- A fixed id for whatever a school calls by this name, shaped like a UUID of version 7 from the spring of 2025. One
-- expression without FROM, so that PostgreSQL takes it into the statement that calls it.
CREATE OR REPLACE FUNCTION pg_temp.id(what text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT overlay(overlay(overlay(md5(current_setting('seed.slug') || ':' || what) PLACING '0195' FROM 1) PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid
$$;

-- A number from 0 to 99 that looks like chance and is always the same for the same words.
CREATE OR REPLACE FUNCTION pg_temp.chance(what text) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (('x' || substr(md5('chance:' || current_setting('seed.slug') || ':' || what), 1, 8))::bit(32)::bigint % 100)::integer
$$;

-- What the audit trigger would keep of a row.
CREATE OR REPLACE FUNCTION pg_temp.kept(changed jsonb) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN changed ? 'enrollment_key'
                THEN (changed - '{tenant_id,search,updated_at,enrollment_key}'::text[])
                     || jsonb_build_object('has_enrollment_key', changed ->> 'enrollment_key' IS NOT NULL)
                ELSE changed - '{tenant_id,search,updated_at,is_instructor,email_key}'::text[]
                     -- Of a booking, what is said only where there is something to say.
                     - ARRAY(SELECT s FROM unnest('{booking_type_id,needs_no_instructor,holds_while_requested,buffer_before_minutes,buffer_after_minutes,outcome,minutes_late,reschedule_count,cancelled_at,cancelled_by_id,is_late_cancel,override,reschedule_reason,group_session_id,series_id,series_starts_at}'::text[]) AS s
                             WHERE changed ->> s IS NULL) END
$$;
