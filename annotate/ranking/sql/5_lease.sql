-- A person's live leases in a campaign's open round, topped up to `want`, and how the round stands; one
-- round trip. Null for somebody who is no member.
--
-- 1. The person's participation is locked: two of their tabs get the same leases.
-- 2. What they hold comes first. The rest is claimed from the queue one by one, onward from where they are,
--    and round again from the start for what somebody held then, or gave back since.
--
-- The commit waits for the disk: a power cut that took back a lease would take with it what its person ranks.
CREATE FUNCTION ranking_lease(the_campaign bigint, person bigint, want int, hold interval) RETURNS json
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    kind text;
    round record;
    part record;
    next record;
    held bigint[];
    taken bigint;
    place int;
    newest int;
    is_second_turn bool;
BEGIN
    SELECT c.kind INTO kind FROM campaigns_membership m JOIN campaigns_campaign c ON c.id = m.campaign_id
    WHERE m.campaign_id = the_campaign AND m.user_id = person;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT r.id, r.state INTO round
    FROM rounds_round r WHERE r.campaign_id = the_campaign AND r.state NOT IN ('closed', 'cancelled');
    IF NOT FOUND THEN
        RETURN json_build_object('tasks', '[]'::json, 'progress', '{}'::json);
    ELSIF round.state <> 'collecting' OR kind = 'chat' THEN
        -- What was written in a chat is ranked by who wrote it and nobody else.
        RETURN json_build_object('tasks', '[]'::json, 'progress', ranking_standing(round.id, person));
    END IF;

    part := ranking_hold_part(round.id, person);
    SELECT array_agg(a.id ORDER BY a.leased_at, c.position) INTO held
    FROM ranking_assignment a JOIN ranking_comparison c ON c.id = a.comparison_id
    WHERE a.annotator_id = person AND a.state = 'leased' AND a.deadline > statement_timestamp()
      AND c.round_id = round.id;

    place := part.cursor;
    is_second_turn := place = -1;
    WHILE coalesce(cardinality(held), 0) < want LOOP
        next := ranking_next(round.id, person, place);
        IF next.id IS NOT NULL THEN
            place := next.at_place;
            taken := ranking_take(next.id, person, hold);
            IF taken IS NOT NULL THEN
                held := held || taken;
                newest := place;
            END IF;
        ELSIF is_second_turn THEN
            EXIT;
        ELSE
            is_second_turn := true;
            place := -1;
        END IF;
    END LOOP;
    IF newest IS NOT NULL THEN
        UPDATE ranking_participation SET cursor = newest WHERE id = part.id;
    END IF;
    RETURN json_build_object(
        'tasks', ranking_tasks(held[:want]), 'progress', ranking_standing(round.id, person)
    );
END
$$;
