-- Mail: asking for one, sending it, what became of it.

-- What stands around the mails of this transaction's school: its names, its look, its clock. Reveals: that. For functions that ask for mails, and the
-- preview of one.
CREATE OR REPLACE FUNCTION app.letterhead() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT jsonb_strip_nulls(jsonb_build_object('school', t.name, 'sender', s.mail_sender_name, 'footer', s.mail_footer, 'timeZone', t.time_zone,
                                'color', s.primary_color, 'replyTo', s.support_email,
                                'logo', (SELECT jsonb_build_object('id', f.id, 'name', f.name) FROM file f
                                         WHERE f.tenant_id = s.tenant_id AND f.id = s.logo_file_id AND f.visibility = 'PUBLIC')))
                     FROM tenant t LEFT JOIN tenant_settings s ON s.tenant_id = t.tenant_id WHERE t.tenant_id = app.tenant_id()), '{}');
END
$$;

-- The same with the clock of whoever reads it, where they have one of their own. For functions that ask for mails.
CREATE OR REPLACE FUNCTION app.letterhead_for(letterhead jsonb, time_zone text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN time_zone IS NULL THEN letterhead ELSE letterhead || jsonb_build_object('timeZone', time_zone) END;

-- Asks for a mail to a person at the address that they have when it is sent, or to an address (of which the person is the one it is about):
-- a row, and the job that sends it, in this transaction. The same key again is the same mail (none: a new one). `parameters` fill the
-- template; they hold no secrets, and nothing that says who somebody is. `secrets` are the others, sealed by the service (place: this
-- school, `mail`, `secrets`). `attachments` are objects of `name`, `type` and `text`, or what app.invite_of makes of a booking. No lapse of the subscription stops this, nor, where it is
-- `spared`, the sending. Reveals: the id of the new mail; NULL where it was there already.
CREATE OR REPLACE FUNCTION app.send_mail(template text, person uuid, address text, locale text, parameters jsonb, key text DEFAULT NULL,
                                         attachments jsonb DEFAULT '[]', secrets bytea DEFAULT NULL, spared boolean DEFAULT false)
    RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made    CONSTANT uuid := app.uuid_v7();
    id_made uuid;
BEGIN
    IF person IS NULL AND address IS NULL THEN
        RAISE EXCEPTION USING MESSAGE = 'a mail goes to a person or to an address', DETAIL = template;
    END IF;
    PERFORM app.share_lock_for('told', app.tenant_id()); -- see app.forget_in_mail
    INSERT INTO mail (tenant_id, id, key, template, locale, user_id, address, address_key, is_fixed, parameters, secrets, attachments, letterhead)
        SELECT app.tenant_id(), made, coalesce(send_mail.key, made::text), send_mail.template, coalesce(send_mail.locale, app.locale_of(person)), person,
               coalesce(send_mail.address, u.email, ''),
               CASE WHEN send_mail.address IS NULL THEN u.email_key ELSE lower(send_mail.address COLLATE "und-x-icu") END,
               send_mail.address IS NOT NULL, send_mail.parameters, send_mail.secrets, send_mail.attachments,
               app.letterhead_for(app.letterhead(), u.time_zone)
        FROM (SELECT) AS once LEFT JOIN app_user u ON u.tenant_id = app.tenant_id() AND u.id = person
        ON CONFLICT ON CONSTRAINT mail_key_key DO NOTHING RETURNING mail.id INTO id_made;
    IF id_made IS NOT NULL THEN
        PERFORM app.enqueue(CASE WHEN spared THEN 'mail.send_spared' ELSE 'mail.send' END, id_made::text, jsonb_build_object('mail', id_made), subject => app.type_id('mail', id_made));
    END IF;
    RETURN id_made;
END
$$;

-- The same for many people at once, to each at the address that they have when it is sent: two statements, however many they are. `attachments` of all of them,
-- or in an object by their ids. For functions that tell people of something.
CREATE OR REPLACE FUNCTION app.send_mails(template text, people uuid[], locales text[], parameters jsonb, keys text[], attachments jsonb DEFAULT '[]') RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    letterhead CONSTANT jsonb := app.letterhead();
    usual      CONSTANT text := app.locale_of(NULL); -- of whoever has chosen no language
    made       uuid[];
BEGIN
    PERFORM app.share_lock_for('told', app.tenant_id()); -- see app.forget_in_mail
    WITH asked AS (
        INSERT INTO mail (tenant_id, id, key, template, locale, user_id, address, address_key, is_fixed, parameters, attachments, letterhead)
            SELECT u.tenant_id, app.uuid_v7(), w.key, send_mails.template, coalesce(w.locale, usual), u.id, coalesce(u.email, ''), u.email_key, false,
                   send_mails.parameters,
                   CASE jsonb_typeof(send_mails.attachments) WHEN 'object' THEN coalesce(send_mails.attachments -> u.id::text, '[]') ELSE send_mails.attachments END,
                   app.letterhead_for(letterhead, u.time_zone)
            FROM unnest(people, locales, keys) AS w(person, locale, key) JOIN app_user u ON u.tenant_id = app.tenant_id() AND u.id = w.person
            ON CONFLICT ON CONSTRAINT mail_key_key DO NOTHING RETURNING mail.id)
        SELECT array_agg(a.id ORDER BY a.id) INTO made FROM asked a;
    PERFORM app.enqueue_all('mail.send', array_agg(m.id::text ORDER BY m.id), array_agg(jsonb_build_object('mail', m.id) ORDER BY m.id),
                            array_agg(app.type_id('mail', m.id) ORDER BY m.id))
        FROM unnest(made) AS m(id);
END
$$;

-- Begins an attempt to send a mail of this transaction's school, to the address that its person has now. No row: it waits no more. Reveals,
-- to the service only: the mail, and whether its person can be written to (OK; BOUNCED, COMPLAINED: the essential alone; SUSPENDED, DELETED: no).
CREATE OR REPLACE FUNCTION app.begin_mail(wanted uuid)
    RETURNS TABLE (template text, locale text, address text, parameters jsonb, secrets bytea, attachments jsonb, letterhead jsonb, standing text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        UPDATE mail m SET attempts = m.attempts + 1, address = CASE WHEN m.is_fixed THEN m.address ELSE coalesce(k.email, '') END,
                address_key = CASE WHEN m.is_fixed THEN m.address_key ELSE k.email_key END
            FROM mail known LEFT JOIN app_user k ON k.tenant_id = known.tenant_id AND k.id = known.user_id
            WHERE known.tenant_id = app.tenant_id() AND known.id = wanted
              AND m.tenant_id = known.tenant_id AND m.id = known.id AND m.state = 'QUEUED'
            RETURNING m.template, m.locale, m.address, m.parameters, m.secrets, m.attachments, m.letterhead,
                      CASE WHEN k.deleted_at IS NOT NULL OR m.address = '' THEN 'DELETED' WHEN k.status = 'SUSPENDED' THEN 'SUSPENDED'
                           WHEN m.is_fixed OR k.id IS NULL THEN 'OK' ELSE k.email_state END;
END
$$;

-- Whom a mail of this transaction's school is to, or about. Reveals, to the service only: that.
CREATE OR REPLACE FUNCTION app.person_of_mail(wanted uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT m.user_id FROM mail m WHERE m.tenant_id = app.tenant_id() AND m.id = wanted);
END
$$;

-- Says what became of an attempt to send a mail of this transaction's school; QUEUED: it is tried again. Secrets are dropped, unless it is, or
-- they are to be kept. Reveals nothing.
CREATE OR REPLACE FUNCTION app.settle_mail(wanted uuid, new_state text, entitled text, reason text, keeps_secrets boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE mail m SET state = new_state, subject = left(entitled, 150), error = left(reason, 500),
            sent_at = CASE WHEN new_state = 'SENT' THEN clock_timestamp() END,
            secrets = CASE WHEN new_state = 'QUEUED' OR keeps_secrets THEN m.secrets END
        WHERE m.tenant_id = app.tenant_id() AND m.id = wanted AND m.state = 'QUEUED';
    IF FOUND AND new_state = 'BOUNCED' THEN
        PERFORM app.mark_address(wanted, 'BOUNCED');
    END IF;
END
$$;

-- Says of the person of a mail that their address takes none, if it is still that address. Reveals nothing.
CREATE OR REPLACE FUNCTION app.mark_address(of_mail uuid, becomes text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE app_user u SET email_state = becomes FROM mail m
        WHERE m.tenant_id = app.tenant_id() AND m.id = of_mail AND u.tenant_id = m.tenant_id AND u.id = m.user_id
          AND u.email_key = m.address_key AND u.email_state <> becomes;
END
$$;

-- What a provider of mail reports of one that it took: BOUNCED, or COMPLAINED about by its reader. A report may come before the attempt is
-- settled; the same again changes nothing, whatever was decided about the address meanwhile. Reveals: whether this transaction's school has
-- such a mail.
CREATE OR REPLACE FUNCTION app.take_mail_feedback(wanted uuid, outcome text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known text[];
BEGIN
    SELECT m.reported INTO known FROM mail m
        WHERE m.tenant_id = app.tenant_id() AND m.id = wanted AND (m.state IN ('SENT', 'BOUNCED') OR m.state = 'QUEUED' AND m.attempts > 0)
        FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF outcome = ANY (known) THEN
        RETURN true;
    END IF;
    UPDATE mail m SET reported = known || outcome,
            state = CASE WHEN outcome = 'BOUNCED' THEN 'BOUNCED' ELSE m.state END,
            secrets = CASE WHEN outcome <> 'BOUNCED' OR m.state <> 'QUEUED' THEN m.secrets END,
            error = CASE WHEN outcome = 'BOUNCED' THEN 'The provider reports that it could not be delivered.'
                         ELSE 'The provider reports that its reader complained about it.' END
        WHERE m.tenant_id = app.tenant_id() AND m.id = wanted;
    PERFORM app.mark_address(wanted, outcome);
    RETURN true;
END
$$;

-- A mail follows the job that sends it: called off, it is suppressed; given up, it has failed; run anew, it waits again.
CREATE OR REPLACE FUNCTION app.follow_mail_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE mail m SET state = CASE NEW.state WHEN 'DEAD' THEN 'FAILED' WHEN 'CANCELLED' THEN 'SUPPRESSED' ELSE 'QUEUED' END,
            error = CASE NEW.state WHEN 'DEAD' THEN coalesce(m.error, NEW.last_error) WHEN 'CANCELLED' THEN 'Called off.' ELSE m.error END,
            secrets = CASE WHEN NEW.state <> 'CANCELLED' THEN m.secrets END
        WHERE m.tenant_id = NEW.tenant_id AND m.id = (NEW.payload ->> 'mail')::uuid
          AND m.state = CASE OLD.state WHEN 'DEAD' THEN 'FAILED' ELSE 'QUEUED' END;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER job_mail AFTER UPDATE OF state ON job FOR EACH ROW
    WHEN (NEW.kind IN ('mail.send', 'mail.send_spared') AND (NEW.state IN ('DEAD', 'CANCELLED') OR OLD.state = 'DEAD')) EXECUTE FUNCTION app.follow_mail_job();

-- Nothing is written to a person who is deleted, and no mail says where they were written to, nor by which clock. Whoever tells people of something shares a lock of the
-- school: what is told at this moment is waited for, and found; what is told later finds nobody.
CREATE OR REPLACE FUNCTION app.forget_in_mail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('told', NEW.tenant_id);
    UPDATE mail m SET address = '', address_key = NULL, secrets = NULL,
            letterhead = app.letterhead_for(m.letterhead, (SELECT t.time_zone FROM tenant t WHERE t.tenant_id = NEW.tenant_id)),
            state = CASE m.state WHEN 'QUEUED' THEN 'SUPPRESSED' ELSE m.state END,
            error = CASE WHEN m.state = 'QUEUED' OR m.error IS NOT NULL THEN 'The person was deleted.' END
        WHERE m.tenant_id = NEW.tenant_id AND (m.user_id = NEW.id OR m.address_key = OLD.email_key);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_mail_forgotten AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION app.forget_in_mail();

-- Whoever's password was changed is told: it may not have been they who changed it. (Of a changed address, app.keep_former_email tells.)
CREATE OR REPLACE FUNCTION app.mail_password_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.tell_of_password(NEW.user_id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER credential_mail AFTER UPDATE ON credential FOR EACH ROW
    WHEN (OLD.changed_at <> NEW.changed_at AND OLD.password_hash <> NEW.password_hash) EXECUTE FUNCTION app.mail_password_changed();

-- Deletes some of this transaction's school's mails after 30 days. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_mail(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM mail m WHERE m.tenant_id = app.tenant_id() AND m.id IN (
        SELECT o.id FROM mail o WHERE o.tenant_id = app.tenant_id() AND o.created_at < now() - interval '30 days'
        ORDER BY o.created_at LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.letterhead(), app.send_mail(text, uuid, text, text, jsonb, text, jsonb, bytea, boolean), app.begin_mail(uuid), app.person_of_mail(uuid), app.settle_mail(uuid, text, text, text, boolean),
    app.take_mail_feedback(uuid, text), app.purge_mail(integer)
    TO lectern_app;
GRANT EXECUTE ON FUNCTION app.send_mail(text, uuid, text, text, jsonb, text, jsonb, bytea, boolean) TO lectern_platform;
