-- The next comparison of a round after a place in its queue that is open to a person; nulls if none is.
--
-- Open: a slot is free, and they do not hold it nor had their say on it. "Had I this one?" is asked row by
-- row through the unique constraint: NOT EXISTS could be planned as a join with all that they ever did. The
-- plan is made once a connection and must not depend on statistics, which a new round does not have yet:
-- sequential and bitmap scans are off, so it is the queue's index (comparison_queue) whatever its length.
CREATE FUNCTION ranking_next(the_round bigint, person bigint, place int, OUT id bigint, OUT at_place int)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
BEGIN
    SELECT c.id, c.position INTO id, at_place
    FROM ranking_comparison c
    WHERE c.round_id = the_round AND c.position > place AND c.taken < c.overlap AND c.retired_at IS NULL
      AND coalesce((
          SELECT mine.state FROM ranking_assignment mine
          WHERE mine.comparison_id = c.id AND mine.annotator_id = person
      ), 'expired') = 'expired'
    ORDER BY c.position LIMIT 1;
END
$$;
