-- What must be known of one's own assignment before an answer to it can be judged; no row for anybody else's,
-- nor for somebody who is no member any more.
CREATE FUNCTION ranking_asked(
    the_uid uuid, person bigint, the_client_id uuid,
    OUT id bigint, OUT round_id bigint, OUT "order" smallint[], OUT task text, OUT is_repeated bool
)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    SELECT a.id, r.id, a."order", campaign.task::text, EXISTS (
        SELECT FROM ranking_annotation n WHERE n.assignment_id = a.id AND n.client_id = the_client_id
    ) INTO id, round_id, "order", task, is_repeated
    FROM ranking_assignment a
    JOIN ranking_comparison c ON c.id = a.comparison_id
    JOIN rounds_round r ON r.id = c.round_id
    JOIN campaigns_campaign campaign ON campaign.id = r.campaign_id
    JOIN campaigns_membership m ON m.campaign_id = r.campaign_id AND m.user_id = person
    WHERE a.uid = the_uid AND a.annotator_id = person;
END
$$;
