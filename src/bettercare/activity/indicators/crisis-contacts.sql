-- name: Crisis response visits
-- numerator: Visits by the crisis team
-- denominator: none (a count)
-- exclusions: Rejected referrals
-- source: The plan's indicators.csv
-- version: 1
-- unit: count
-- direction: up
-- outcome: O4
-- plan indicator: crisis-contacts
-- sphere: physical
select month, organisation as partner, locality, count(*) as numerator, null as denominator
from events
where service = 'crisis-response' and event = 'contact' and coalesce(outcome, '') <> 'rejected'
group by all
