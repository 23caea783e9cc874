-- name: Weeks of council care in homes, people of 65 and over
-- numerator: Weeks of care in homes that councils pay for, in the month in which the package or week begins
-- denominator: none (a count)
-- exclusions: None
-- source: The plan's indicators.csv
-- version: 1
-- unit: count
-- direction: down
-- outcome: O6
-- plan indicator: care-home-weeks
-- sphere: social
select month, organisation as partner, locality, sum(weeks(start_at, end_at))::bigint as numerator, null as denominator
from events
where service = 'care-home' and event = 'care'
group by all
