-- What the desk asks (desk.py): as the functions above, for whoever a browser's session says that it is. Null
-- where there is anything out of the ordinary, which is then asked again the long way.

-- Whose session this is, if nothing has changed since it was looked at: it runs, its person may log in, and
-- their password is the one that the login was made with.
CREATE FUNCTION ranking_known(key text, the_password text, the_hash text) RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN (
        SELECT u.id FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id
        WHERE s.session_key = key AND s.auth_hash = the_hash AND s.expire_date > statement_timestamp()
          AND u.is_active AND u.password = the_password
    );
END
$$;

CREATE FUNCTION ranking_desk_lease(
    key text, the_password text, the_hash text, the_campaign bigint, want int, hold interval
) RETURNS json
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    person bigint := ranking_known(key, the_password, the_hash);
BEGIN
    RETURN CASE WHEN person IS NOT NULL THEN ranking_lease(the_campaign, person, want, hold) END;
END
$$;

CREATE FUNCTION ranking_desk_extend(
    key text, the_password text, the_hash text, assignment uuid, hold interval
) RETURNS json
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    person bigint := ranking_known(key, the_password, the_hash);
BEGIN
    RETURN CASE WHEN person IS NOT NULL THEN to_json(ranking_extend(assignment, person, hold)) END;
END
$$;

CREATE FUNCTION ranking_desk_asked(
    key text, the_password text, the_hash text, the_uid uuid, the_client_id uuid
) RETURNS json
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    person bigint := ranking_known(key, the_password, the_hash);
    asked record;
BEGIN
    IF person IS NULL THEN
        RETURN NULL;
    END IF;
    asked := ranking_asked(the_uid, person, the_client_id);
    IF asked.id IS NOT NULL THEN
        RETURN json_build_array(asked.id, asked.round_id, asked."order", asked.task, asked.is_repeated);
    END IF;
    RETURN NULL;
END
$$;
