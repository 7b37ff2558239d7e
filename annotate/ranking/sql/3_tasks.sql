-- What may be seen of these assignments, in their order, as a JSON array of leases.TaskItem.
--
-- It is blind: nothing here may name a model. Completions stand in the order of the assignment.
CREATE FUNCTION ranking_tasks(assignments bigint[]) RETURNS json
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    RETURN (
        SELECT coalesce(json_agg(json_build_object(
            'uid', a.uid,
            'deadline', a.deadline,
            'prompt', p.messages,
            'completions', (
                SELECT json_agg(json_build_object('position', shown.place - 1, 'text', k.text)
                                ORDER BY shown.place)
                FROM unnest(a."order") WITH ORDINALITY shown(index, place)
                JOIN ranking_completion k ON k.comparison_id = a.comparison_id AND k.index = shown.index
            ),
            'draft', CASE WHEN a.draft IS NOT NULL AND a.draft_at IS NOT NULL THEN json_build_object(
                'content', a.draft, 'version', a.draft_version, 'at', a.draft_at
            ) END
        ) ORDER BY wanted.place), '[]')
        FROM unnest(assignments) WITH ORDINALITY wanted(id, place)
        JOIN ranking_assignment a ON a.id = wanted.id
        JOIN ranking_comparison c ON c.id = a.comparison_id
        JOIN prompts_prompt p ON p.id = c.prompt_id
    );
END
$$;
