-- How far a round's collection is, for everybody and for one person: the fields of progress.Progress.
--
-- It is told after every lease and submit, so it must cost the same in a long queue: each figure is read off
-- the end of an index, or summed over the people of the round, never over its comparisons.
CREATE FUNCTION ranking_standing(the_round bigint, person bigint) RETURNS json
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    round record;
    my_part record;
    done int;
    wanted int;
    comparisons int;
    is_shared bool := true;
    is_waiting bool;
    is_free bool := true;
BEGIN
    SELECT r.number, r.state, r.campaign_id, r.recipe, c.kind INTO round
    FROM rounds_round r JOIN campaigns_campaign c ON c.id = r.campaign_id WHERE r.id = the_round;
    IF round.state <> 'collecting' THEN
        RETURN json_build_object('round', round.number, 'state', round.state);
    END IF;

    SELECT p.cursor, p.submitted INTO my_part
    FROM ranking_participation p WHERE p.round_id = the_round AND p.annotator_id = person;
    SELECT coalesce(sum(p.submitted), 0) INTO done
    FROM ranking_participation p WHERE p.round_id = the_round;

    IF round.kind = 'chat' THEN
        -- Comparisons are made as people write: there is more to do until the round has what it wants.
        wanted := round.recipe ->> 'comparisons';
        is_waiting := done < wanted;
        is_free := false;
    ELSE
        SELECT coalesce(max(c.position) + 1, 0) INTO comparisons
        FROM ranking_comparison c WHERE c.round_id = the_round;
        wanted := ranking_wanted(the_round, comparisons, (round.recipe ->> 'overlap')::int);

        -- With more members than a comparison has slots, nobody has a share of their own.
        SELECT count(*) > (round.recipe ->> 'overlap')::int INTO is_shared
        FROM (SELECT FROM campaigns_membership m WHERE m.campaign_id = round.campaign_id
              LIMIT (round.recipe ->> 'overlap')::int + 1) members;

        is_waiting := ranking_waits(the_round, person, coalesce(my_part.cursor, -1));
        IF NOT is_waiting THEN
            SELECT EXISTS (
                SELECT FROM ranking_comparison c
                WHERE c.round_id = the_round AND c.taken < c.overlap AND c.retired_at IS NULL
            ) INTO is_free;
        END IF;
    END IF;

    RETURN json_build_object(
        'round', round.number,
        'state', round.state,
        'mine', coalesce(my_part.submitted, 0),
        'mine_total', CASE WHEN NOT is_shared THEN comparisons END,
        'done', done,
        'wanted', wanted,
        'waiting', is_waiting,
        'reason', CASE WHEN is_waiting THEN 'ok' WHEN is_free THEN 'all_done_for_you' ELSE 'round_full' END
    );
END
$$;

-- How many annotations a round asks for: the slots of all its comparisons, and the extra ones of some (gold),
-- less those that were given up with a comparison.
CREATE FUNCTION ranking_wanted(the_round bigint, comparisons int, overlap int) RETURNS int
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    RETURN comparisons * overlap + (
        SELECT coalesce(sum(c.extra), 0) FROM ranking_comparison c
        WHERE c.round_id = the_round AND c.extra > 0
    ) - (
        SELECT coalesce(sum(c.overlap - c.submitted), 0) FROM ranking_comparison c
        WHERE c.round_id = the_round AND c.retired_at IS NOT NULL
    );
END
$$;

-- The whole collection of a round: the fields of progress.collecting_counts. Asked every second while it
-- collects, so it sums over people and over what they hold, never over the comparisons.
CREATE FUNCTION ranking_counts(the_round bigint) RETURNS json
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    per_comparison int;
    comparisons int;
BEGIN
    SELECT r.recipe ->> 'overlap' INTO per_comparison FROM rounds_round r WHERE r.id = the_round;
    SELECT coalesce(max(c.position) + 1, 0) INTO comparisons
    FROM ranking_comparison c WHERE c.round_id = the_round;
    RETURN json_build_object(
        'comparisons', comparisons,
        'wanted', ranking_wanted(the_round, comparisons, per_comparison),
        'leased', (
            SELECT count(*) FROM ranking_assignment a JOIN ranking_comparison c ON c.id = a.comparison_id
            WHERE a.state = 'leased' AND c.round_id = the_round
        ),
        'retired', (
            SELECT count(*) FROM ranking_comparison c
            WHERE c.round_id = the_round AND c.retired_at IS NOT NULL
        ),
        'submitted', (
            SELECT coalesce(sum(p.submitted), 0) FROM ranking_participation p WHERE p.round_id = the_round
        )
    );
END
$$;

-- Whether there is something for a person to rank: what they hold, or what the queue has for them. First from
-- where they are, as their next lease will look: before that all is theirs, or taken.
CREATE FUNCTION ranking_waits(the_round bigint, person bigint, place int) RETURNS bool
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM ranking_assignment a JOIN ranking_comparison c ON c.id = a.comparison_id
        WHERE a.annotator_id = person AND a.state = 'leased' AND c.round_id = the_round
    ) OR (ranking_next(the_round, person, place)).id IS NOT NULL
      OR (ranking_next(the_round, person, -1)).id IS NOT NULL;
END
$$;
