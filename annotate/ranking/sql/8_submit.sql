-- Record an answer that was found good; one round trip, one transaction, committed to disk before it returns.
--
-- 1. The round's state is held (shared), so that ending the collection waits for this answer or refuses it.
-- 2. The person's participation and the assignment are locked. The same client_id again finds the annotation
--    that it made before, whatever has happened since.
-- 3. A lease that has expired counts if its slot can be taken again at this moment.
-- 4. Annotation, assignment and counters change together. That nothing is over-collected or doubled is held
--    by constraints as well; this only says it more kindly.
--
-- `outcome` is what submissions.py makes a sentence of: recorded, repeated, undone, not collecting,
-- skipped, submitted, taken.
CREATE FUNCTION ranking_submit(
    the_assignment bigint, the_round bigint, the_client_id uuid, ranking smallint[], gaps smallint[],
    all_bad bool, rationale text, judgements jsonb, active_seconds float8
) RETURNS json
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    assignment record;
    earlier record;
    round_state text;
    new_uid uuid;
BEGIN
    SELECT r.state INTO round_state FROM rounds_round r WHERE r.id = the_round FOR SHARE;
    SELECT a.annotator_id INTO assignment FROM ranking_assignment a WHERE a.id = the_assignment;
    PERFORM ranking_hold_part(the_round, assignment.annotator_id);
    SELECT a.id, a.annotator_id, a.comparison_id, a.state INTO assignment
    FROM ranking_assignment a WHERE a.id = the_assignment FOR NO KEY UPDATE;

    SELECT n.id, n.uid, n.withdrawn_at INTO earlier
    FROM ranking_annotation n WHERE n.assignment_id = the_assignment AND n.client_id = the_client_id;
    IF FOUND THEN
        -- Also when it was amended since: it was recorded.
        IF earlier.withdrawn_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM ranking_annotation n
            WHERE n.assignment_id = the_assignment AND n.amends_id = earlier.id
        ) THEN
            RETURN json_build_object('outcome', 'undone');
        END IF;
        RETURN json_build_object(
            'outcome', 'repeated', 'uid', earlier.uid,
            'progress', ranking_standing(the_round, assignment.annotator_id)
        );
    ELSIF round_state <> 'collecting' THEN
        RETURN json_build_object('outcome', 'not collecting');
    END IF;

    IF assignment.state = 'leased' THEN
        -- Even past its deadline: nobody has reclaimed it, so the slot is still this person's.
        UPDATE ranking_comparison SET submitted = submitted + 1 WHERE id = assignment.comparison_id;
    ELSIF assignment.state = 'expired' THEN
        UPDATE ranking_comparison SET taken = taken + 1, submitted = submitted + 1
        WHERE id = assignment.comparison_id AND taken < overlap AND retired_at IS NULL;
        IF NOT FOUND THEN
            RETURN json_build_object('outcome', 'taken');
        END IF;
    ELSE
        RETURN json_build_object('outcome', assignment.state);
    END IF;
    UPDATE ranking_assignment SET state = 'submitted', draft = NULL WHERE id = the_assignment;
    UPDATE ranking_participation SET submitted = submitted + 1
    WHERE round_id = the_round AND annotator_id = assignment.annotator_id;
    INSERT INTO ranking_annotation (
        uid, assignment_id, client_id, ranking, gaps, all_bad, rationale, judgements, active_seconds, submitted_at
    ) VALUES (
        gen_random_uuid(), the_assignment, the_client_id, ranking, gaps, all_bad, rationale, judgements,
        active_seconds, statement_timestamp()
    ) RETURNING uid INTO new_uid;
    RETURN json_build_object(
        'outcome', 'recorded', 'uid', new_uid,
        'progress', ranking_standing(the_round, assignment.annotator_id)
    );
END
$$;
