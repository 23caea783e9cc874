-- name: People who need no further care after recovery help
-- numerator: Of these, people for whom no council-paid care at home, in a care home or by direct payment is in
--   place in the 28 days after
-- denominator: People whose recovery help (reablement) ended in the month and did not begin again within 28 days
-- exclusions: Help that has not ended; people who died within the 28 days; months of which 28 days later are not all
--   known yet
-- source: National adult social care measure 2D (sequel to short-term support), as events can show it
-- version: 1
-- unit: percent
-- direction: up
-- outcome: O6
-- plan indicator: reablement-success
-- sphere: social
with care as (
    select id, person, organisation, locality, service, start_at, coalesce(end_at, start_at + interval 6 day) as end_at
    from events where event = 'care'
),
deaths as (select person, min(start_at) as died_at from events where event = 'death' group by person),
ended as (
    select c.* from care c join held using (organisation) left join deaths d using (person)
    where c.service = 'reablement' and last_day(c.end_at) + 28 <= held.until
        and not coalesce(d.died_at < c.end_at + interval 29 day, false)
),
-- packages that overlap the 28 days after the end (a package of the same kind: begins in them, or the same day but
--   later)
-- (they share a month: joined by that too, few pairs have to be looked at)
ends as (select id, person, end_at, unnest(months_between(end_at, end_at + interval 28 day)) as slot from ended),
others as (
    select id, person, service, start_at, end_at, unnest(months_between(start_at, end_at)) as slot from care
    where service in ('reablement', 'home-care', 'care-home', 'direct-payments')
        and person in (select person from ended)
),
next as (
    select e.id, bool_or(n.service = 'reablement') as again,
        bool_or(n.service in ('home-care', 'care-home', 'direct-payments')) as more
    from ends e join others n on n.person = e.person and n.slot = e.slot and n.id <> e.id
    where n.start_at <= e.end_at + interval 28 day
        and ((n.service = 'reablement' and (n.end_at > e.end_at or (n.end_at = e.end_at and n.id > e.id)))
            or (n.service <> 'reablement' and n.end_at > e.end_at))
    group by e.id
)
select strftime(e.end_at, '%Y-%m') as month, e.organisation as partner, e.locality,
    count(*) filter (not coalesce(n.more, false)) as numerator,
    count(*) as denominator
from ended e left join next n using (id)
where not coalesce(n.again, false)
group by all
