-- Words of texts and of searches, split alike wherever something is searched.
--
-- Columns lean on this function: it is made by a migration, and what it answers changes only together with the columns (a later
-- migration makes both anew). Everything that it names is in pg_catalog.

-- The words of a text, as they are compared: without accents, points and what is not seen, in lower case (as Unicode folds it: ß is ss,
-- the final sigma a sigma), split at everything that is neither a letter nor a digit. Chinese, Japanese, Thai, Lao, Burmese and Khmer
-- put no blanks between words: a run of them becomes every two neighbours, and the last character, so that what stands in the middle
-- of the run begins one of its words. Nobody searches by more than the first 64 characters of a word.
CREATE FUNCTION public.search_words(input text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    -- Accents, vowel points, variants, joiners, marks of direction.
    unseen CONSTANT text := '[\u00AD\u0300-\u036F\u0483-\u0487\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u061C\u0640'
        '\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED\u1AB0-\u1AFF\u1DC0-\u1DFF\u200C-\u200F\u202A-\u202E'
        '\u2060-\u2069\u20D0-\u20FF\uFE00-\uFE0F\uFE20-\uFE2F\uFEFF]+';
    -- Signs that are no letters, but without which the words of their scripts are others.
    signs  CONSTANT text := '\u0900-\u0963\u0971-\u0DF3\u0E31\u0E34-\u0E3A\u0E47-\u0E4E\u0EB1\u0EB4-\u0EBC\u0EC8-\u0ECE\u0F71-\u0F84'
        '\u102B-\u103E\u1056-\u1059\u105E-\u1064\u1067-\u106D\u1071-\u1074\u1082-\u108D\u17B4-\u17D3\u3099\u309A';
    -- Scripts without blanks.
    dense  CONSTANT text := '\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3005-\u3007\u3040-\u30FF\u3100-\u312F\u31F0-\u31FF\u3400-\u4DBF'
        '\u4E00-\u9FFF\uF900-\uFAFF\U00020000-\U0003FFFF';
    folded text;
BEGIN
    IF octet_length(input) = length(input) THEN -- nothing but ASCII
        folded := regexp_replace(lower(input COLLATE "C"), '[^a-z0-9]+', ' ', 'g');
    ELSE
        folded := regexp_replace(normalize(input, NFKD), unseen, '', 'g');
        folded := lower(upper(folded COLLATE "und-x-icu") COLLATE "und-x-icu");
        -- Letters whose stroke Unicode knows as no accent.
        folded := replace(replace(replace(translate(folded, 'ςøđðłħŧı', 'σoddlhti'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
        -- Put together again: が is no か, and a syllable of Hangul is one character.
        folded := regexp_replace(normalize(folded, NFC) COLLATE "und-x-icu", '[^[:alnum:]' || signs || ']+', ' ', 'g');
        IF folded ~ ('[' || dense || ']') THEN
            RETURN ARRAY(
                SELECT left(w.word, 64) FROM regexp_matches(folded, '([' || dense || ']+)|([^ ' || dense || ']+)', 'g') AS run(part)
                CROSS JOIN LATERAL (
                    SELECT part[2] AS word WHERE part[2] IS NOT NULL
                    UNION ALL SELECT substr(part[1], place, 2) FROM generate_series(1, length(part[1])) AS place) AS w);
        END IF;
    END IF;
    RETURN ARRAY(SELECT left(word, 64) FROM string_to_table(folded, ' ') AS word WHERE word <> '');
END
$$;
REVOKE ALL ON FUNCTION public.search_words(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.search_words(text) TO lectern_app, lectern_definer, lectern_platform;

-- Each column is made anew with its index: one pass over the table.
ALTER TABLE app_user DROP COLUMN search,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(name || ' ' || coalesce(email, '')))) STORED;
CREATE INDEX app_user_search_idx ON app_user USING gin (tenant_id, search);
ALTER TABLE course DROP COLUMN search,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(title || ' ' || coalesce(description, '')))) STORED;
CREATE INDEX course_search_idx ON course USING gin (tenant_id, search);
ALTER TABLE user_group DROP COLUMN search,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(name || ' ' || coalesce(description, '')))) STORED;
CREATE INDEX user_group_search_idx ON user_group USING gin (tenant_id, search);
ALTER TABLE tenant
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(slug || ' ' || name))) STORED;
CREATE INDEX tenant_search_idx ON tenant USING gin (search) WHERE is_listed AND suspended_at IS NULL;
