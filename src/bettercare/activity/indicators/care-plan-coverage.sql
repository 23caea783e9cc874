-- name: People in care homes who have a care plan
-- numerator: Of these, people with a shared care plan in force at the end of the month, made by any organisation
-- denominator: People who live in a care home and are alive at the end of the month, by the commissioner of their
--   care
-- exclusions: Where somebody lived in the past is not known: today's register counts for every month
-- source: Better Care Together roadmap of 2015; the plan's indicators.csv
-- version: 1
-- unit: percent
-- direction: up
-- target: 50
-- outcome: O5
-- plan indicator: care-plan-coverage
-- sphere: both
-- joins: organisations
with residents as (
    select p.id as person, p.commissioner, p.locality, d.died_at
    from persons p
    left join (select person, min(start_at) as died_at from events where event = 'death' group by person) d on d.person = p.id
    where p.residence = 'care-home'
),
plans as (select person, start_at, end_at from events where event = 'plan'),
covered as (
    select distinct m.month, r.person
    from residents r join plans p using (person)
    join months m on p.start_at < m.next_start and coalesce(p.end_at >= m.next_start, true)
)
select m.month, coalesce(r.commissioner, 'unknown') as partner, coalesce(r.locality, 'unknown') as locality,
    count(c.person) as numerator, count(*) as denominator
from residents r cross join months m left join covered c on c.person = r.person and c.month = m.month
where coalesce(r.died_at >= m.next_start, true)
group by all
