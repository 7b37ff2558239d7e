-- Lease a comparison to a person, if a slot of it is free and nobody else has it locked: the assignment's id,
-- or null.
--
-- Nobody waits here: what another transaction has locked is passed over. The row lock, with `taken < overlap`
-- looked at again under it, is what keeps a comparison from being taken too often. An expired assignment that
-- its person is offered again keeps its order and its draft.
CREATE FUNCTION ranking_take(comparison bigint, person bigint, hold interval) RETURNS bigint
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    leased bigint;
BEGIN
    UPDATE ranking_comparison SET taken = taken + 1 FROM (
        SELECT c.id FROM ranking_comparison c
        WHERE c.id = comparison AND c.taken < c.overlap AND c.retired_at IS NULL
        FOR NO KEY UPDATE SKIP LOCKED
    ) free WHERE ranking_comparison.id = free.id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO ranking_assignment
        (uid, comparison_id, annotator_id, state, "order", leased_at, deadline, skip_reason)
    SELECT gen_random_uuid(), comparison, person, 'leased', array_agg(k.index ORDER BY random()),
           statement_timestamp(), statement_timestamp() + hold, ''
    FROM ranking_completion k WHERE k.comparison_id = comparison
    ON CONFLICT (comparison_id, annotator_id)
    DO UPDATE SET state = 'leased', leased_at = EXCLUDED.leased_at, deadline = EXCLUDED.deadline
    RETURNING id INTO leased;
    RETURN leased;
END
$$;
