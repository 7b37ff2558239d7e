-- One's part in a round, made if need be, and locked until the transaction ends. Whatever a person does in a
-- round begins with this lock, so two tabs of one person come one after the other.
CREATE FUNCTION ranking_hold_part(the_round bigint, person bigint, OUT id bigint, OUT cursor int)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    LOOP
        SELECT p.id, p.cursor INTO id, cursor
        FROM ranking_participation p WHERE p.round_id = the_round AND p.annotator_id = person
        FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO ranking_participation (round_id, annotator_id, cursor, submitted)
        VALUES (the_round, person, -1, 0) ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;
