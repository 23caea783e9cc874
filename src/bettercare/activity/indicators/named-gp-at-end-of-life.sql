-- name: People at the end of life with a named GP when they leave hospital
-- numerator: Of these, discharges with a named GP recorded (code named-gp, value 1); unknown counts as no
-- denominator: Stays that end alive, of people on an end-of-life register of any organisation on that day
-- exclusions: Transfers between hospitals
-- source: Better Care Together roadmap of 2015; activity-rules "Named GP at end-of-life discharge"
-- version: 1
-- unit: percent
-- direction: up
-- target: 100
-- outcome: O7
-- plan indicator: named-gp-at-end-of-life
-- sphere: both
-- joins: organisations
with registered as (select person, start_at as since, end_at as until from events where event = 'register'),
discharges as (
    select s.id, s.organisation, s.locality, s.end_at, bool_or(s.code = 'named-gp' and s.value = 1) as named
    from spells s join registered r using (person)
    where s.has_beds and s.end_at is not null and coalesce(s.outcome, '') not in ('died', 'transfer')
        and r.since::date <= s.end_at::date and coalesce(r.until::date >= s.end_at::date, true)
    group by all
)
select strftime(end_at, '%Y-%m') as month, organisation as partner, locality,
    count(*) filter (coalesce(named, false)) as numerator, count(*) as denominator
from discharges
group by all
