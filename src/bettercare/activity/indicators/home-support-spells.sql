-- name: People looked after by intensive support at home
-- numerator: Spells of intensive support at home that begin
-- denominator: none (a count)
-- exclusions: None
-- source: The plan's indicators.csv
-- version: 1
-- unit: count
-- direction: up
-- outcome: O6
-- plan indicator: home-support-spells
-- sphere: physical
select month, organisation as partner, locality, count(*) as numerator, null as denominator
from events
where service = 'intensive-community-support' and event = 'spell'
group by all
