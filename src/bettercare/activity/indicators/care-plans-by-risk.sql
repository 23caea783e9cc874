-- name: People at risk who have a care plan
-- numerator: Of these, people with a shared care plan in force at the end of the month, made by any organisation
-- denominator: People with a frailty score of the GP system, alive at the end of the month, in the tier of their
--   newest score up to then (of one moment: the highest)
-- exclusions: People with no electronic frailty score
-- source: Activity-rules "Care-plan coverage" and "Risk" (electronic Frailty Index: fit to .12, mild to .24,
--   moderate to .36, severe above)
-- version: 1
-- unit: percent
-- direction: up
-- outcome: O5
-- plan indicator:
-- sphere: both
-- joins: organisations
-- part: severe = Severe frailty
-- part: moderate = Moderate frailty
-- part: mild = Mild frailty
-- part: fit = Fit
with deaths as (
    select person, date_trunc('month', min(start_at)) as died from events where event = 'death' group by person
),
-- a score counts from its month to the month before the next one's, or before that of the death
scores as (
    select s.person, efi_tier(s.value) as tier, s.since,
        coalesce(least(s.next, d.died), (select max(next_start) from months)) as until
    from (
        select person, value, date_trunc('month', start_at) as since,
            lead(date_trunc('month', start_at)) over (partition by person order by start_at, value) as next
        from events where event = 'score' and code = 'efi'
    ) s left join deaths d using (person)
),
placed as (
    select s.*, coalesce(p.commissioner, 'unknown') as partner, coalesce(p.locality, 'unknown') as locality
    from scores s left join persons p on p.id = s.person
),
-- people with the same months are counted before the months are written out
everybody as (
    select tier, partner, locality, number,
        unnest(generate_series(since, until - interval 1 month, interval 1 month)) as slot
    from (select tier, partner, locality, since, until, count(*) as number from placed group by all)
),
plans as (
    select person, date_trunc('month', start_at) as since,
        coalesce(date_trunc('month', end_at), (select max(next_start) from months)) as until
    from events where event = 'plan'
),
covered as (
    select distinct s.person, s.tier, s.partner, s.locality, unnest(generate_series(greatest(s.since, p.since),
        least(s.until, p.until) - interval 1 month, interval 1 month)) as slot
    from placed s join plans p using (person)
),
planned as (select tier, partner, locality, slot, count(*) as number from covered group by all)
select strftime(e.slot, '%Y-%m') as month, e.partner, e.locality, e.tier as part,
    coalesce(any_value(c.number), 0) as numerator, sum(e.number)::bigint as denominator
from everybody e left join planned c using (tier, partner, locality, slot)
group by all
