-- name: Ambulance responses
-- numerator: Responses at the scene
-- denominator: none (a count)
-- exclusions: None
-- source: The plan's indicators.csv
-- version: 1
-- unit: count
-- direction: neither
-- outcome: O4
-- plan indicator: ambulance-responses
-- sphere: physical
select month, organisation as partner, locality, count(*) as numerator, null as denominator
from events
where event = 'response'
group by all
