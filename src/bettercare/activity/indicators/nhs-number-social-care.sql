-- name: People with social care whose record has an NHS number
-- numerator: Of these, people whose record at the council holds a valid NHS number
-- denominator: People with council-paid care that begins in the month, each once a council
-- exclusions: None
-- source: Better Care Together roadmap of 2015; Health and Social Care Act 2012, section 251A
-- version: 1
-- unit: percent
-- direction: up
-- outcome: O5
-- plan indicator: nhs-number-county, nhs-number-rutland
-- sphere: social
-- needs: registers
with seen as (select distinct month, organisation, person, locality from events where event = 'care'),
records as (
    select organisation, id as person, bool_or(nhs_status in ('valid', 'test')) as valid
    from registers where organisation in (select organisation from seen) group by all
)
select s.month, s.organisation as partner, s.locality,
    count(*) filter (coalesce(r.valid, false)) as numerator, count(*) as denominator
from seen s left join records r using (organisation, person)
group by all
