-- name: Community mental health contacts
-- numerator: Contacts with community and crisis teams for mental health, all ages
-- denominator: none (a count)
-- exclusions: Rejected referrals
-- source: The plan's services.csv
-- version: 1
-- unit: count
-- direction: neither
-- outcome: O2
-- plan indicator: 
-- sphere: mental
select month, organisation as partner, locality, count(*) as numerator, null as denominator
from events
where service in ('mental-health-community', 'mental-health-crisis', 'child-mental-health') and event = 'contact' and coalesce(outcome, '') <> 'rejected'
group by all
