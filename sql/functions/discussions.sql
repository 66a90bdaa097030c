-- What is said in a course: who takes part, who wrote what, counts that are stored, what is told.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   thread_author          the words of a thread are its author's
--   thread_moderator       who pins and closes a thread moderates the talk of its course
--   thread_closed          nothing is written in a thread that is closed
--   thread_answer_deleted  what was deleted is no answer

-- Whether the actor takes part in what is said in a course: its staff, and whoever has a live enrollment. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.talks_in(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM course c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted AND c.deleted_at IS NULL)
       AND (app.is_staff_of(wanted) OR EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = app.tenant_id() AND e.user_id = app.user_id() AND e.course_id = wanted
                                               AND app.is_live(e.status, e.expires_at)));
END
$$;

-- Whether the actor has completed a course at some time. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.has_completed(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = app.tenant_id() AND e.user_id = app.user_id() AND e.course_id = wanted AND e.first_completed_at IS NOT NULL);
END
$$;

-- Under which names the given rows were written, of those that the actor may read: announcements, threads and posts of courses that they take part in,
-- reviews of courses that they read. Reveals: to the actor, these names, whether or not they see the people.
CREATE OR REPLACE FUNCTION app.author_names(what text, written uuid[]) RETURNS TABLE (id uuid, name text)
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school   CONSTANT uuid := app.tenant_id();
    sees_all CONSTANT boolean := app.can('COURSE_UPDATE_ALL');
    courses  uuid[] := '{}';
BEGIN
    IF what <> 'review' AND NOT sees_all THEN
        courses := ARRAY(SELECT app.taught_courses() UNION SELECT app.live_courses());
    END IF;
    CASE what
        WHEN 'announcement' THEN
            RETURN QUERY SELECT a.id, u.name FROM announcement a JOIN app_user u ON u.tenant_id = school AND u.id = a.author_id
                WHERE a.tenant_id = school AND a.id = ANY (written) AND (sees_all OR a.course_id = ANY (courses));
        WHEN 'thread' THEN
            RETURN QUERY SELECT t.id, u.name FROM thread t JOIN app_user u ON u.tenant_id = school AND u.id = t.author_id
                WHERE t.tenant_id = school AND t.id = ANY (written) AND (sees_all OR t.course_id = ANY (courses));
        WHEN 'post' THEN
            RETURN QUERY SELECT p.id, u.name FROM post p JOIN app_user u ON u.tenant_id = school AND u.id = p.author_id
                WHERE p.tenant_id = school AND p.id = ANY (written) AND (sees_all OR p.course_id = ANY (courses));
        ELSE
            courses := ARRAY(SELECT DISTINCT r.course_id FROM course_review r WHERE r.tenant_id = school AND r.id = ANY (written));
            courses := ARRAY(SELECT o.id FROM unnest(courses) AS o(id) WHERE app.reads_course(o.id));
            RETURN QUERY SELECT r.id, u.name FROM course_review r JOIN app_user u ON u.tenant_id = school AND u.id = r.user_id
                WHERE r.tenant_id = school AND r.id = ANY (written) AND r.course_id = ANY (courses);
    END CASE;
END
$$;

-- Why the actor can't write in a thread that they don't see: NOT_ENROLLED where it is of a course that they read without taking part in it. Reveals: that
-- there is such a thread.
CREATE OR REPLACE FUNCTION app.thread_barrier(wanted uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT 'NOT_ENROLLED' FROM thread t WHERE t.tenant_id = app.tenant_id() AND t.id = wanted AND app.reads_course(t.course_id) AND NOT app.talks_in(t.course_id));
END
$$;

-- Threads found by the beginnings of words in title and text. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_thread(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT t.id FROM thread t WHERE t.tenant_id = app.tenant_id() AND t.search @@ wanted;
END
$$;

-- Where a thread stands in its lists: by its creation, and before all others while it is pinned.
CREATE OR REPLACE FUNCTION app.list_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.listed_at := CASE WHEN NEW.is_pinned THEN NEW.created_at + interval '1000 years' ELSE NEW.created_at END;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER thread_list BEFORE INSERT OR UPDATE ON thread FOR EACH ROW EXECUTE FUNCTION app.list_thread();

-- A thread counts its posts. Whoever writes in it, or deletes, holds its row: nothing is written in one that somebody closes at this moment. Reveals
-- nothing.
CREATE OR REPLACE FUNCTION app.count_post() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    closed boolean;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    SELECT t.is_closed INTO closed FROM thread t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.thread_id FOR NO KEY UPDATE;
    IF closed AND NEW.deleted_at IS NULL THEN
        PERFORM app.refuse('thread_closed');
    END IF;
    UPDATE thread t SET post_count = n.count, last_post_at = n.latest, answer_id = CASE WHEN t.answer_id = NEW.id AND NEW.deleted_at IS NOT NULL THEN NULL ELSE t.answer_id END
        FROM (SELECT count(*)::integer AS count, max(p.created_at) AS latest FROM post p
              WHERE p.tenant_id = NEW.tenant_id AND p.thread_id = NEW.thread_id AND p.deleted_at IS NULL) AS n
        WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.thread_id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER post_count_new AFTER INSERT ON post FOR EACH ROW EXECUTE FUNCTION app.count_post();
CREATE OR REPLACE TRIGGER post_count AFTER UPDATE ON post FOR EACH ROW EXECUTE FUNCTION app.count_post();

-- Who may change what of a thread: its words its author, what is pinned and closed a moderator of the staff. (Who reaches the row at all says its policy.)
CREATE OR REPLACE FUNCTION app.check_thread_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.title, NEW.body) IS DISTINCT FROM (OLD.title, OLD.body) AND OLD.author_id <> app.user_id() THEN
        PERFORM app.refuse('thread_author');
    ELSIF (NEW.title, NEW.body) IS DISTINCT FROM (OLD.title, OLD.body) AND OLD.is_closed AND NEW.is_closed THEN
        PERFORM app.refuse('thread_closed');
    END IF;
    IF (NEW.is_pinned, NEW.is_closed) IS DISTINCT FROM (OLD.is_pinned, OLD.is_closed) AND NOT (app.can('DISCUSSION_MODERATE') AND app.is_staff_of(OLD.course_id)) THEN
        PERFORM app.refuse('thread_moderator');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER thread_change BEFORE UPDATE ON thread FOR EACH ROW WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.check_thread_change();

-- What is marked as the answer has its words. Whoever marks holds the thread's row, as whoever deletes does. Reveals nothing.
CREATE OR REPLACE FUNCTION app.check_answer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF EXISTS (SELECT FROM post p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.answer_id AND p.deleted_at IS NOT NULL) THEN
        PERFORM app.refuse('thread_answer_deleted');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER thread_answer AFTER UPDATE OF answer_id ON thread FOR EACH ROW
    WHEN (NEW.answer_id IS NOT NULL AND NEW.answer_id IS DISTINCT FROM OLD.answer_id) EXECUTE FUNCTION app.check_answer();

-- A course keeps the mean of its reviews to one decimal, and how many they are: counted while its row is held, so that of two reviews at once both
-- count. Reveals nothing.
CREATE OR REPLACE FUNCTION app.count_review() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed record := coalesce(NEW, OLD);
BEGIN
    PERFORM app.enter_tenant(changed.tenant_id);
    PERFORM FROM course c WHERE c.tenant_id = changed.tenant_id AND c.id = changed.course_id FOR NO KEY UPDATE;
    UPDATE course c SET mean_rating = n.mean, review_count = n.count
        FROM (SELECT count(*)::integer AS count, round(avg(r.rating), 1)::double precision AS mean FROM course_review r
              WHERE r.tenant_id = changed.tenant_id AND r.course_id = changed.course_id) AS n
        WHERE c.tenant_id = changed.tenant_id AND c.id = changed.course_id AND (c.mean_rating, c.review_count) IS DISTINCT FROM (n.mean, n.count);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_review_count_new AFTER INSERT OR DELETE ON course_review FOR EACH ROW EXECUTE FUNCTION app.count_review();
CREATE OR REPLACE TRIGGER course_review_count AFTER UPDATE ON course_review FOR EACH ROW WHEN (NEW.rating <> OLD.rating) EXECUTE FUNCTION app.count_review();

-- That somebody has completed a course is remembered, whatever becomes of the completion.
CREATE OR REPLACE FUNCTION app.remember_completion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.first_completed_at := coalesce(NEW.first_completed_at, NEW.completed_at, now());
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_remember BEFORE INSERT OR UPDATE ON enrollment FOR EACH ROW
    WHEN (NEW.status = 'COMPLETED' AND NEW.first_completed_at IS NULL) EXECUTE FUNCTION app.remember_completion();

-- Tells of an announcement that is out. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_announcement(told uuid, course uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.wants_event('announcement.published') THEN
        PERFORM app.emit('announcement.published', app.type_id('announcement', told),
            jsonb_build_object('id', app.type_id('announcement', told), 'courseId', app.type_id('course', course)),
            CASE WHEN app.notifies('announcement.published') THEN jsonb_build_object('course', course) END);
    END IF;
END
$$;

-- One whose time has come is told of at once, any other by a job at its time. Reveals nothing.
CREATE OR REPLACE FUNCTION app.await_announcement() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.publish_at > now() THEN
        PERFORM app.enqueue('announcement.publish', NEW.id || ':' || app.slot_key(NEW.publish_at), run_at => NEW.publish_at, subject => app.type_id('announcement', NEW.id));
    ELSE
        UPDATE announcement a SET told_at = now() WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.id AND a.told_at IS NULL;
        IF FOUND THEN
            PERFORM app.tell_of_announcement(NEW.id, NEW.course_id);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER announcement_await_new AFTER INSERT ON announcement FOR EACH ROW WHEN (NEW.told_at IS NULL) EXECUTE FUNCTION app.await_announcement();
CREATE OR REPLACE TRIGGER announcement_await AFTER UPDATE OF publish_at ON announcement FOR EACH ROW
    WHEN (NEW.told_at IS NULL AND NEW.publish_at <> OLD.publish_at) EXECUTE FUNCTION app.await_announcement();

-- Tells of some announcements whose time has come, each once and in its author's name, whoever has asked for the job. Reveals: how many, where more may be left.
CREATE OR REPLACE FUNCTION app.publish_announcements(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due   record;
    count integer := 0;
BEGIN
    PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.permissions', '', true);
    FOR due IN UPDATE announcement a SET told_at = now() WHERE a.tenant_id = app.tenant_id() AND a.id IN (
        SELECT o.id FROM announcement o WHERE o.tenant_id = app.tenant_id() AND o.told_at IS NULL AND o.publish_at <= now()
        ORDER BY o.publish_at, o.id LIMIT at_most FOR NO KEY UPDATE) RETURNING a.id, a.course_id, a.author_id LOOP
        PERFORM set_config('app.user_id', due.author_id::text, true);
        PERFORM app.tell_of_announcement(due.id, due.course_id);
        count := count + 1;
    END LOOP;
    PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true);
    RETURN count;
END
$$;

-- Tells the author of a thread that somebody has written in it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_post() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.notifies('notify.thread_answered') THEN
        -- As long as they take part in the course.
        PERFORM app.emit('notify.thread_answered', app.type_id('thread', NEW.thread_id), NULL,
            jsonb_build_object('person', t.author_id, 'course', NEW.course_id, 'facts', jsonb_build_object('thread', t.title)))
            FROM thread t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.thread_id AND t.author_id <> NEW.author_id AND (
                EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = t.tenant_id AND e.user_id = t.author_id AND e.course_id = t.course_id AND app.is_live(e.status, e.expires_at))
                OR EXISTS (SELECT FROM course c WHERE c.tenant_id = t.tenant_id AND c.id = t.course_id AND c.instructor_id = t.author_id)
                OR EXISTS (SELECT FROM course_instructor i WHERE i.tenant_id = t.tenant_id AND i.course_id = t.course_id AND i.user_id = t.author_id)
                OR app.holds(t.author_id, 'COURSE_UPDATE_ALL'));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER post_tell AFTER INSERT ON post FOR EACH ROW EXECUTE FUNCTION app.tell_of_post();
CREATE OR REPLACE TRIGGER post_announce AFTER INSERT ON post FOR EACH ROW EXECUTE FUNCTION app.announce_row('post', 'id', 'thread_id');

CREATE OR REPLACE TRIGGER announcement_touch BEFORE UPDATE OF title, body, publish_at ON announcement FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER announcement_audit_new AFTER INSERT OR DELETE ON announcement FOR EACH ROW EXECUTE FUNCTION app.audit('Announcement', 'id');
-- Not that people were told.
CREATE OR REPLACE TRIGGER announcement_audit AFTER UPDATE OF title, body, publish_at ON announcement FOR EACH ROW EXECUTE FUNCTION app.audit('Announcement', 'id');
CREATE OR REPLACE TRIGGER thread_audit_new AFTER INSERT OR DELETE ON thread FOR EACH ROW EXECUTE FUNCTION app.audit('Thread', 'id');
-- Not what merely follows from its posts.
CREATE OR REPLACE TRIGGER thread_audit AFTER UPDATE ON thread FOR EACH ROW
    WHEN ((OLD.title, OLD.body, OLD.is_pinned, OLD.is_closed, OLD.answer_id) IS DISTINCT FROM (NEW.title, NEW.body, NEW.is_pinned, NEW.is_closed, NEW.answer_id))
    EXECUTE FUNCTION app.audit('Thread', 'id');
CREATE OR REPLACE TRIGGER post_audit AFTER INSERT OR UPDATE OR DELETE ON post FOR EACH ROW EXECUTE FUNCTION app.audit('Post', 'id');
CREATE OR REPLACE TRIGGER course_review_touch BEFORE UPDATE ON course_review FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER course_review_audit AFTER INSERT OR UPDATE OR DELETE ON course_review FOR EACH ROW EXECUTE FUNCTION app.audit('CourseReview', 'id');

GRANT EXECUTE ON FUNCTION app.talks_in(uuid), app.has_completed(uuid), app.author_names(text, uuid[]), app.search_thread(text), app.thread_barrier(uuid), app.publish_announcements(integer) TO lectern_app;
