-- Hold a live lease of one's own until `hold` from now; the new deadline, or null when there is none to hold.
--
-- The commit does not wait for the disk: what a power cut takes back is some minutes of a deadline.
CREATE FUNCTION ranking_extend(assignment uuid, person bigint, hold interval) RETURNS timestamptz
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    new_deadline timestamptz;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE ranking_assignment a SET deadline = statement_timestamp() + hold
    WHERE a.uid = assignment AND a.annotator_id = person
      AND a.state = 'leased' AND a.deadline > statement_timestamp()
      AND EXISTS (
          SELECT FROM ranking_comparison c JOIN rounds_round r ON r.id = c.round_id
          JOIN campaigns_membership m ON m.campaign_id = r.campaign_id AND m.user_id = person
          WHERE c.id = a.comparison_id
      )
    RETURNING a.deadline INTO new_deadline;
    RETURN new_deadline;
END
$$;
