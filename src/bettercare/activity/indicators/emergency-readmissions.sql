-- name: Emergency readmission within 30 days
-- numerator: Stays followed by an emergency admission to any hospital 0 to 29 days after going home
-- denominator: Stays that ended alive, in the month in which they ended
-- exclusions: Cancer (C00-C97, Z511) and births (maternity services, O00-O99), before and after; transfers; the
--   months of which 30 days later are not all known yet
-- source: Activity-rules "Emergency readmission within 30 days"
-- version: 1
-- unit: percent
-- direction: down
-- outcome: O4
-- plan indicator:
-- sphere: physical
-- joins: organisations
with stays as (
    select * from spells
    where not (coalesce(icd(diagnosis), '')[:1] in ('C', 'O') or coalesce(icd(diagnosis), '') = 'Z511'
        or coalesce(method, '') = 'maternity' or coalesce(admission, '') = 'maternity')
),
homes as (
    select h.* from stays h join held using (organisation)
    where end_at is not null and coalesce(outcome, '') not in ('died', 'transfer')
        and last_day(end_at) + 30 <= held.until
),
again as (
    select distinct h.id
    from homes h join stays r on r.person = h.person and r.method = 'emergency' and r.id <> h.id
    where r.start_at >= h.end_at and datediff('day', h.end_at, r.start_at) between 0 and 29
        and (r.start_at > h.start_at or r.id > h.id)  -- of two that begin and end together, one follows the other
)
select strftime(h.end_at, '%Y-%m') as month, h.organisation as partner, h.locality,
    count(a.id) as numerator, count(*) as denominator
from homes h left join again a using (id)
group by all
