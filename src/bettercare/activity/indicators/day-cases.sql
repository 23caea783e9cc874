-- name: Day cases
-- numerator: Planned treatment without a night in hospital
-- denominator: none (a count)
-- exclusions: None
-- source: The plan's indicators.csv
-- version: 1
-- unit: count
-- direction: up
-- outcome: O3
-- plan indicator: day-cases
-- sphere: physical
select month, organisation as partner, locality, count(*) as numerator, null as denominator
from events
where service = 'day-case' and event = 'spell'
group by all
