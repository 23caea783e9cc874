-- name: People who die where they usually live
-- numerator: Of these, deaths outside hospital: the death says home or care home, or says nothing and no hospital
--   stay covers it
-- denominator: People who died in the month, each once
-- exclusions: None; deaths in a hospice whose place is not said count as usual residence
-- source: The plan's indicators.csv; national end-of-life measure
-- version: 1
-- unit: percent
-- direction: up
-- outcome: O7
-- plan indicator: deaths-in-usual-residence
-- sphere: both
-- joins: organisations
with deaths as (
    select person, min(start_at) as died_at, arg_min(month, start_at) as month, arg_min(organisation, start_at) as organisation,
        arg_min(locality, start_at) as locality, max(outcome) as place
    from events where event = 'death'
    group by person
),
in_hospital as (
    select distinct d.person
    from deaths d join spells s using (person)
    where s.has_beds and s.start_at::date <= d.died_at::date
        and (s.end_at is null or s.end_at::date > d.died_at::date or (s.end_at::date = d.died_at::date and s.outcome = 'died'))
)
select d.month, d.organisation as partner, d.locality,
    count(*) filter (d.place in ('home', 'care-home') or (d.place is null and h.person is null)) as numerator,
    count(*) as denominator
from deaths d left join in_hospital h using (person)
group by all
